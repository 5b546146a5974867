"""Reference JSON: the truth about one recording, for evaluation.

Four kinds are read, told apart by their keys: this project's own sample data (``speech``, ``utterances``, ``turns``,
``silences``, ``words``), two-voice role-plays (``turns`` with ``role`` and codes), read conversations (``turns`` with
``spk``), and diarization segments (``tests``). What a kind does not hold and what does not follow from it is
`Missing`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import InputError
from toolkit.formats.lines import read_text
from toolkit.intervals import Span, complement, union
from toolkit.types import AttributedWord, Missing, Role, SpeakerInterval

__all__ = ["Truth", "TruthUtterance", "from_speech", "joined_turns", "quiet", "read"]

NO_TEXT = Missing("the reference holds no text")
NO_CODES = Missing("the reference holds no codes")


@dataclass(frozen=True, slots=True)
class TruthUtterance:
    """One utterance of the reference.

    `reflection` is ``none``, ``simple`` or ``complex`` and `question` is ``none``, ``open`` or ``closed``; both are
    ``none`` when the reference holds no codes.
    """

    start: float
    end: float
    speaker: str
    text: str
    reflection: str
    question: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What a reference says of one recording; times in seconds, everything in order of start.

    Attributes
    ----------
    session_id
        The reference's own name for the recording, empty when it has none.
    duration
        Length of the recording.
    roles
        Whether speakers are named by role.
    speech
        Who spoke when.
    utterances, words
        With text; missing when the reference holds none. Words are missing when they have no times of their own.
    turns
        One interval a turn.
    silences
        Stretches between the first and the last speech in which nobody speaks, at least those of 3 s or more.
    coded
        Whether `reflection` and `question` of the utterances mean anything.
    """

    session_id: str
    duration: float | Missing
    roles: bool
    speech: tuple[SpeakerInterval, ...]
    utterances: tuple[TruthUtterance, ...] | Missing
    words: tuple[AttributedWord, ...] | Missing
    turns: tuple[SpeakerInterval, ...]
    silences: tuple[Span, ...]
    coded: bool


def read(path: Path) -> Truth:
    """Read a reference of any of the four kinds.

    Raises
    ------
    InputError
        When the file cannot be read, is no JSON, is of no known kind, or an entry lacks a key or has a wrong value:
        the message names file and line or entry, never text.
    """
    try:
        data = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path.name}, line {error.lineno}: no valid JSON ({error.msg}).") from None
    except RecursionError:
        raise InputError(f"{path.name} is nested too deeply to be a reference.") from None
    node = Node(data, path.name, "")
    if node.has("speech"):
        return sample(node)
    if node.has("tests"):
        return segments(node)
    if node.has("turns"):
        return conversation(node)
    raise InputError(f"{path.name} is no reference of a known kind.", hint="It needs speech, turns or tests.")


def sample(node: Node) -> Truth:
    """The kind this project writes beside its sample data."""
    spoken = tuple(
        TruthUtterance(
            entry.seconds("start"),
            entry.seconds("end"),
            entry.text("role"),
            entry.text("text"),
            entry.one_of("reflection", ("none", "simple", "complex")),
            entry.one_of("question", ("none", "open", "closed")),
        )
        for entry in node.each("utterances")
    )
    words = tuple(
        AttributedWord(w.seconds("start"), w.seconds("end"), w.text("text"), 1.0, w.text("role"))
        for w in node.each("words")
    )
    return Truth(
        session_id=node.text("session"),
        duration=node.seconds("duration"),
        roles=True,
        speech=in_order(interval(entry, "role") for entry in node.each("speech")),
        utterances=tuple(sorted(spoken, key=lambda u: (u.start, u.end))),
        words=tuple(sorted(words, key=lambda w: (w.start, w.end))) or Missing("the reference holds no word times"),
        turns=in_order(interval(entry, "role") for entry in node.each("turns")),
        silences=tuple(sorted(Span(s.seconds("start"), s.seconds("end")) for s in node.each("silences"))),
        coded=True,
    )


def conversation(node: Node) -> Truth:
    """Role-plays with codes, or read conversations: each entry of ``turns`` is one utterance."""
    entries = list(node.each("turns"))
    roles = bool(entries) and entries[0].has("role")
    label = "role" if roles else "spk"
    spoken = tuple(
        TruthUtterance(
            entry.seconds("start"),
            entry.seconds("end"),
            entry.text(label),
            entry.text("text"),
            subtype(entry, "reflection") if roles else "none",
            subtype(entry, "question") if roles else "none",
        )
        for entry in entries
    )
    speech = in_order(SpeakerInterval(u.start, u.end, u.speaker) for u in spoken)
    listed = node.each("silences_ge_3s") if node.has("silences_ge_3s") else None
    return Truth(
        session_id=node.text("session"),
        duration=node.seconds("duration"),
        roles=roles,
        speech=speech,
        utterances=tuple(sorted(spoken, key=lambda u: (u.start, u.end))),
        words=Missing("the reference holds no word times"),
        turns=joined_turns(speech),
        silences=quiet(speech) if listed is None else tuple(Span(s.seconds("start"), s.seconds("end")) for s in listed),
        coded=roles,
    )


def segments(node: Node) -> Truth:
    """Diarization segments of one file, without text."""
    tests = list(node.child("tests").each("diarization_tests"))
    if len(tests) != 1:
        raise InputError(f"{node.name} holds {len(tests)} recordings; a reference holds one.")
    speech = in_order(
        SpeakerInterval(s.seconds("start_sec"), s.seconds("end_sec"), f"speaker_{s.value('speaker_tag')}")
        for s in tests[0].each("segments")
    )
    return from_speech(Path(tests[0].text("audio_file")).stem, speech)


def from_speech(session_id: str, speech: Iterable[SpeakerInterval]) -> Truth:
    """The truth that follows from who spoke when: turns and silences, no text, no codes."""
    ordered = in_order(speech)
    known = {str(role) for role in Role}
    return Truth(
        session_id=session_id,
        duration=Missing("the reference does not say how long the recording is"),
        roles=bool(ordered) and all(i.speaker in known for i in ordered),
        speech=ordered,
        utterances=NO_TEXT,
        words=NO_TEXT,
        turns=joined_turns(ordered),
        silences=quiet(ordered),
        coded=False,
    )


def joined_turns(speech: Sequence[SpeakerInterval]) -> tuple[SpeakerInterval, ...]:
    """Speech in order of start, with what follows from the same speaker joined: the turns of a plain conversation."""
    turns: list[SpeakerInterval] = []
    for part in speech:
        if turns and turns[-1].speaker == part.speaker:
            turns[-1] = SpeakerInterval(turns[-1].start, max(turns[-1].end, part.end), part.speaker)
        else:
            turns.append(part)
    return tuple(turns)


def quiet(speech: Sequence[SpeakerInterval]) -> tuple[Span, ...]:
    """Stretches between the first and the last speech in which nobody speaks."""
    covered = union(i.span for i in speech)
    return complement(covered, Span(covered[0].start, covered[-1].end)) if covered else ()


def subtype(entry: Node, code: str) -> str:
    """``none``, or the subtype that AnnoMI's columns name; a code without a subtype is an InputError."""
    if entry.text(code) != "True":
        return "none"
    kinds = ("simple", "complex") if code == "reflection" else ("open", "closed")
    return entry.one_of(f"{code}_subtype", kinds)


def interval(entry: Node, label: str) -> SpeakerInterval:
    """Speaker interval of an entry."""
    return SpeakerInterval(entry.seconds("start"), entry.seconds("end"), entry.text(label))


def in_order(intervals: Iterable[SpeakerInterval]) -> tuple[SpeakerInterval, ...]:
    """Intervals in order of start, then end, then speaker."""
    return tuple(sorted(intervals, key=lambda i: (i.start, i.end, i.speaker)))


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a JSON file that knows where it stands, so that a mistake can be named without quoting it."""

    data: Any
    name: str
    where: str

    def fail(self, what: str) -> InputError:
        """The error for this place."""
        return InputError(f"{self.name}{', ' + self.where if self.where else ''}: {what}")

    def has(self, key: str) -> bool:
        """Whether this is an object with `key`."""
        return isinstance(self.data, Mapping) and key in self.data

    def value(self, key: str) -> Any:
        """What stands under `key`."""
        if not self.has(key):
            raise self.fail(f"{key} is missing.")
        return self.data[key]

    def child(self, key: str) -> Node:
        """The object under `key`."""
        return Node(self.value(key), self.name, f"{self.where}.{key}".lstrip("."))

    def each(self, key: str) -> Iterable[Node]:
        """The entries of the list under `key`, counted from 0."""
        entries = self.value(key)
        if not isinstance(entries, list):
            raise self.fail(f"{key} is no list.")
        at = f"{self.where}.{key}".lstrip(".")
        return [Node(entry, self.name, f"{at}[{index}]") for index, entry in enumerate(entries)]

    def text(self, key: str) -> str:
        """Text under `key`."""
        found = self.value(key)
        if not isinstance(found, str):
            raise self.fail(f"{key} is no text.")
        return found

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        """Text under `key` that is one of `allowed`."""
        found = self.text(key)
        if found not in allowed:
            raise self.fail(f"{key} must be one of {', '.join(allowed)}.")
        return found

    def seconds(self, key: str) -> float:
        """A finite time of 0 s or more under `key`; an ``end`` not before its ``start``."""
        found = self.value(key)
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
            raise self.fail(f"{key} must be a number of seconds, 0 or more.")
        if key.startswith("end"):
            start = self.data.get(key.replace("end", "start", 1))
            if isinstance(start, int | float) and found < start:
                raise self.fail(f"{key} comes before the start.")
        return float(found)
