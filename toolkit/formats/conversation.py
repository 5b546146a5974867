"""What files hold of a session: the one form in which every format is read and from which every format is written.

Conventions
-----------
Seconds from the start of the recording. A part that a format cannot hold is empty. Speakers are the labels of the
file, ``""`` where it names nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from toolkit.errors import InputError
from toolkit.formats.segment import Segment, by_time
from toolkit.intervals import Span
from toolkit.types import AttributedWord, SpeakerInterval

__all__ = ["Coded", "Conversation", "checked", "of_segments", "one_recording", "shared_out", "spread"]

LONGEST = 48 * 3600.0  # s: a time beyond two days is a mistake, and would make files without end
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Coded:
    """The codes of one stretch of one speaker's talk; `human` when a person gave them."""

    start: float
    end: float
    speaker: str
    codes: tuple[str, ...]
    human: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one file holds of one session.

    Attributes
    ----------
    session_id
        The name the file gives the session, empty for none.
    segments
        Who said what when, in order of start; the text is empty in formats that hold none.
    words
        Words with times of their own; empty where only whole segments have times.
    turns, codes, silences
        Who held the floor, what was coded, where nobody spoke.
    language
        Code such as ``en``, empty when the file does not say.
    duration
        Seconds; at least the end of the last segment.
    """

    segments: tuple[Segment, ...]
    session_id: str = ""
    words: tuple[AttributedWord, ...] = ()
    turns: tuple[SpeakerInterval, ...] = ()
    codes: tuple[Coded, ...] = ()
    silences: tuple[Span, ...] = ()
    language: str = ""
    duration: float = 0.0

    @property
    def speakers(self) -> tuple[str, ...]:
        """Labels in the order in which they first speak, the unnamed left out."""
        found = dict.fromkeys(s.speaker for s in sorted(self.segments, key=by_time))
        found |= dict.fromkeys(w.speaker or "" for w in self.words)
        return tuple(label for label in found if label)


def of_segments(segments: Iterable[Segment], *, session_id: str = "", language: str = "") -> Conversation:
    """A conversation of nothing but segments."""
    ordered = tuple(sorted(segments, key=by_time))
    return Conversation(ordered, session_id, language=language, duration=max((s.end for s in ordered), default=0.0))


def one_recording(found: Mapping[str, T], name: str) -> tuple[str, T]:
    """The only recording of a file.

    Raises
    ------
    InputError
        When there is none, or more than one.
    """
    if len(found) != 1:
        told = f"{name} holds {len(found)} recordings." if found else f"{name} holds no lines of a recording."
        raise InputError(told, hint="Give a file with one.")
    return next(iter(found.items()))


def checked(conversation: Conversation, name: str) -> Conversation:
    """Refuse what no session can be made of: no segment, or times that make no sense.

    Raises
    ------
    InputError
        With the name of the file, never with what stands in it.
    """
    if not conversation.segments and not conversation.words:
        raise InputError(f"{name} holds nothing that anybody says.", hint="Is this the right file, and its format?")
    spans = [(s.start, s.end) for s in conversation.segments] + [(w.start, w.end) for w in conversation.words]
    edges = [t for span in spans for t in span]
    if not all(math.isfinite(t) and 0 <= t <= LONGEST for t in edges):
        raise InputError(f"{name}: a time is below 0 or beyond {LONGEST / 3600:.0f} hours.")
    if any(end < start for start, end in spans):
        raise InputError(f"{name}: something ends before it starts.")
    return conversation


def shared_out(start: float, end: float, texts: Sequence[str]) -> list[tuple[float, float]]:
    """The time of a segment dealt out among its parts, to each by its length in characters.

    Examples
    --------
    >>> shared_out(0.0, 4.0, ["one", "o"])
    [(0.0, 3.0), (3.0, 4.0)]
    """
    sizes = [max(1, len(text)) for text in texts]
    total, done, found = sum(sizes), 0, []
    for size in sizes:
        first, last = (start + (end - start) * part / total for part in (done, done + size))
        found.append((first, last))
        done += size
    return found


def spread(segment: Segment) -> tuple[AttributedWord, ...]:
    """The words of a segment, its time dealt out among them; their probability is 1, as nobody gave one."""
    texts = segment.text.split()
    times = shared_out(segment.start, segment.end, texts)
    return tuple(
        AttributedWord(first, last, text, 1.0, segment.speaker or None)
        for text, (first, last) in zip(texts, times, strict=True)
    )
