"""Tiny builders: dialogues by hand, for every test that needs one.

A `Line` is one utterance of one speaker; its words are spread evenly over its time. `dialogue` builds turns and
silences from the lines with the real code, so that a test only states what was said when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import hypothesis

from toolkit import lexicon, silences, turns, wording
from toolkit.intervals import Span
from toolkit.settings import Settings
from toolkit.syllables import syllables
from toolkit.types import (
    AppliedCode,
    AttributedWord,
    Code,
    CodedUtterance,
    Dialogue,
    MeasureValue,
    Missing,
    Role,
    RoleAssignment,
    RoleSource,
    SpeakerInterval,
    SpokenUtterance,
)

hypothesis.settings.register_profile("no deadline", deadline=None)  # no test asserts a time
hypothesis.settings.load_profile("no deadline")

SETTINGS = Settings()
T, C = "therapist", "client"


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance by hand."""

    speaker: str
    start: float
    end: float
    text: str = "some words"
    codes: tuple[Code, ...] = ()


def talk(*said: tuple[str, float, tuple[Code, ...]], gap: float = 0.5) -> list[Line]:
    """Lines one after the other, `gap` seconds between: who, how long, with which codes."""
    lines, now = [], 0.0
    for who, length, own in said:
        lines.append(Line(who, now, now + length, "some words", own))
        now += length + gap
    return lines


def activity(text: str) -> tuple[SpeakerInterval, ...]:
    """Speaker intervals from ``"A 0-2, B 2.5-4"``."""
    found = []
    for part in text.split(","):
        speaker, _, times = part.strip().partition(" ")
        start, _, end = times.partition("-")
        found.append(SpeakerInterval(float(start), float(end), speaker))
    return tuple(found)


def words(line: Line) -> tuple[AttributedWord, ...]:
    """The words of a line, spread evenly over its time."""
    texts = line.text.split()
    step = (line.end - line.start) / len(texts)
    return tuple(
        AttributedWord(line.start + i * step, line.start + (i + 1) * step, text, 0.9, line.speaker)
        for i, text in enumerate(texts)
    )


def spoken(lines: Sequence[Line]) -> tuple[SpokenUtterance, ...]:
    """One utterance a line, in order of start."""
    ordered = sorted(lines, key=lambda line: (line.start, line.end))
    said = [(line.speaker, lexicon.tokens(line.text.split())) for line in ordered]
    varied = list(wording.windows(said, SETTINGS.dialogue.variety_window))
    lists = wording.load("en")
    return tuple(
        SpokenUtterance(
            index=index,
            start=line.start,
            end=line.end,
            speaker=line.speaker,
            word_count=len(line.text.split()),
            syllable_count=sum(syllables(w, "en") for w in line.text.split()),
            words=words(line),
            wording=replace(
                wording.count(words(line), lists), window_words=varied[index][0], window_types=varied[index][1]
            ),
        )
        for index, line in enumerate(ordered)
    )


def codes(lines: Sequence[Line]) -> tuple[CodedUtterance, ...]:
    """The codes of the lines, one entry an utterance."""
    ordered = sorted(lines, key=lambda line: (line.start, line.end))
    return tuple(
        CodedUtterance(index, tuple(AppliedCode(code, "hand", "hand", 0, 0, -1) for code in line.codes))
        for index, line in enumerate(ordered)
    )


def roles(names: Mapping[str, Role]) -> dict[str, RoleAssignment]:
    """Roles given by a human."""
    return {
        name: RoleAssignment(role, 1.0 if role is not Role.UNKNOWN else 0.0, RoleSource.HUMAN)
        for name, role in names.items()
    }


def dialogue(
    lines: Sequence[Line],
    *,
    speech: Sequence[SpeakerInterval] | None = None,
    named: Mapping[str, Role] | None = None,
    excluded: Sequence[Span] = (),
    with_words: bool = True,
    settings: Settings = SETTINGS,
) -> Dialogue:
    """A dialogue from lines; `speech` replaces the activity that the lines would give."""
    heard = tuple(speech) if speech is not None else tuple(SpeakerInterval(x.start, x.end, x.speaker) for x in lines)
    said = spoken(lines) if with_words else Missing("the session has no words")
    floor = turns.build(heard, said, settings.dialogue, language="en", excluded=excluded)
    given = named if named is not None else {T: Role.THERAPIST, C: Role.CLIENT}
    return Dialogue(
        session_id="s01",
        duration=max((a.end for a in heard), default=0.0) + 1.0,
        excluded=tuple(excluded),
        roles=roles(given),
        activity=heard,
        utterances=said,
        turns=floor.turns,
        backchannels=floor.backchannels,
        interruptions=floor.interruptions,
        silences=silences.find(heard, floor.turns, excluded, settings.dialogue),
        codes=codes(lines) if with_words else Missing("the session has no words"),
        words_without_speaker=0 if with_words else Missing("the session has no words"),
        speech_without_words=0.0 if with_words else Missing("the session has no words"),
    )


def named(values: Sequence[MeasureValue], measure: str, role: str = "session") -> MeasureValue:
    """The one value of a measure and role; an error when there is none or more than one."""
    (found,) = [v for v in values if v.measure == measure and v.role == role]
    return found
