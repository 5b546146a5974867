"""CTM: one word a line (NIST sclite): ``<file> <channel> <start> <duration> <word> [<probability>]``.

Seconds. ``;;`` begins a comment. A CTM names no speaker; where it has several channels each is taken for one, as it is
in recordings of one speaker a channel, and so it is written.
"""

from __future__ import annotations

from toolkit.errors import InputError
from toolkit.formats.conversation import Conversation, one_recording
from toolkit.formats.lines import mistake, numbered, seconds
from toolkit.formats.segment import Segment
from toolkit.types import AttributedWord

__all__ = ["dump", "load"]

GAP = 1.0  # s: a longer pause between two words begins another segment


def load(text: str, name: str) -> Conversation:
    """The words of the one recording of a file; segments are runs of them without a pause of 1 s.

    Raises
    ------
    InputError
        When a line is wrong, with its number, or the file holds no recording or several.
    """
    found: dict[str, list[tuple[str, AttributedWord]]] = {}
    for number, line in numbered(text, comment=";;"):
        fields = line.split()
        if len(fields) < 5:
            raise mistake(name, number, f"a CTM line has 5 fields or more, this one has {len(fields)}.")
        start = seconds(fields[2], name, number, "start")
        length = seconds(fields[3], name, number, "duration")
        sure = 1.0 if len(fields) < 6 or fields[5] in {"NA", "<NA>"} else probability(fields[5], name, number)
        word = AttributedWord(start, round(start + length, 6), fields[4], sure, None)
        found.setdefault(fields[0], []).append((fields[1], word))
    session_id, lines = one_recording(found, name)
    several = len({channel for channel, _ in lines}) > 1
    words = sorted(
        (AttributedWord(w.start, w.end, w.text, w.probability, channel if several else None) for channel, w in lines),
        key=lambda w: (w.start, w.end, w.speaker or ""),
    )
    return Conversation(runs(words), session_id, tuple(words), duration=max(w.end for w in words))


def probability(field: str, name: str, number: int) -> float:
    """A probability; one of more than 1 is taken for 1."""
    return min(1.0, seconds(field, name, number, "probability"))


def runs(words: list[AttributedWord]) -> tuple[Segment, ...]:
    """Words of one speaker without a long pause, each run as a segment."""
    open_: dict[str, list[AttributedWord]] = {}
    done: list[list[AttributedWord]] = []
    for word in words:
        run = open_.get(word.speaker or "")
        if run is None or word.start - run[-1].end > GAP:
            done.append([])
            run = open_[word.speaker or ""] = done[-1]
        run.append(word)
    return tuple(
        Segment(run[0].start, max(w.end for w in run), run[0].speaker or "", " ".join(w.text for w in run))
        for run in done
    )


def dump(conversation: Conversation) -> str:
    """The words of a conversation in order of start, the speaker as channel; times to the millisecond.

    Raises
    ------
    InputError
        When the session's id or a speaker is empty or holds white space, which CTM has no way to write.
    """
    rows = []
    for word in sorted(conversation.words, key=lambda w: (w.start, w.end, w.speaker or "")):
        channel, start, end = word.speaker or "1", round(word.start, 3), round(word.end, 3)
        for field in (conversation.session_id, channel):
            if not field or len(field.split()) != 1:
                raise InputError("CTM cannot hold a session id or speaker that is empty or has spaces.")
        told = "_".join(word.text.split())
        if told:
            rows.append(
                f"{conversation.session_id} {channel} {start:.3f} {end - start:.3f} {told} {word.probability:.3f}\n"
            )
    return "".join(rows)
