"""Tiers, as Praat and ELAN have them: one row of labelled stretches for each thing and speaker.

Ours are called ``thing@speaker``, as ELAN's users name theirs: ``utterances@therapist``, ``words@therapist``,
``turns@therapist``, ``machine@therapist`` (codes of the machine), ``codes@therapist`` (codes of a human; empty until
somebody fills it in), and ``silences``. Several codes of one utterance stand in ``codes2@therapist`` and so on, so that
every label is one code. In a file of somebody else's each tier is a speaker; ``NAME - words`` holds the words of NAME,
as forced aligners write it, and ``NAME - phones`` is passed over.

Stretches of one tier never overlap: one that does begins where the one before it ends, and is 1 ms long at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from toolkit.formats.conversation import Coded, Conversation
from toolkit.formats.segment import Segment, by_time
from toolkit.intervals import Span
from toolkit.types import AttributedWord, SpeakerInterval

__all__ = ["CODES", "Label", "Tier", "conversation_of", "tiers_of"]

UTTERANCES, WORDS, TURNS, CODES, MACHINE, SILENCES = "utterances", "words", "turns", "codes", "machine", "silences"
THINGS = (UTTERANCES, WORDS, TURNS, CODES, MACHINE)
SHORTEST = 0.001
T = TypeVar("T", Segment, AttributedWord, SpeakerInterval, Coded)


@dataclass(frozen=True, slots=True)
class Label:
    """One stretch of a tier, seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Tier:
    """One row: what it holds, whose, and its labels in order of start."""

    thing: str
    speaker: str
    labels: tuple[Label, ...]
    number: int = 1

    @property
    def name(self) -> str:
        """As the file has it."""
        count = str(self.number) if self.number > 1 else ""
        return f"{self.thing}{count}@{self.speaker}" if self.speaker else self.thing


def apart(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Labels to the millisecond, in order, none overlapping the one before it, white space made single."""
    found: list[Label] = []
    for label in sorted(labels, key=lambda x: (x.start, x.end)):
        start = round(max(label.start, found[-1].end if found else 0.0), 3)
        end = round(max(label.end, start + SHORTEST), 3)
        found.append(Label(start, end, " ".join(label.text.split())))
    return tuple(found)


def tiers_of(conversation: Conversation) -> tuple[Tier, ...]:
    """A conversation as tiers; speakers in the order in which they first speak."""
    found: list[Tier] = []
    for who in conversation.speakers:
        found.append(
            Tier(UTTERANCES, who, apart(Label(s.start, s.end, s.text) for s in own(conversation.segments, who)))
        )
        if conversation.words:
            found.append(Tier(WORDS, who, apart(Label(w.start, w.end, w.text) for w in own(conversation.words, who))))
        if conversation.turns:
            found.append(Tier(TURNS, who, apart(Label(t.start, t.end, "turn") for t in own(conversation.turns, who))))
        for thing, human in ((MACHINE, False), (CODES, True)):
            found += code_tiers(thing, who, [c for c in own(conversation.codes, who) if c.human is human])
    if conversation.silences:
        found.append(Tier(SILENCES, "", apart(Label(s.start, s.end, "silence") for s in conversation.silences)))
    return tuple(found)


def own(things: Iterable[T], who: str) -> list[T]:
    """What is one speaker's."""
    return [thing for thing in things if thing.speaker == who]


def code_tiers(thing: str, who: str, coded: Sequence[Coded]) -> list[Tier]:
    """One tier for the first code of each utterance, one for the second, and so on; at least one for a human's."""
    most = max((len(c.codes) for c in coded), default=0)
    if thing == MACHINE and not most:
        return []
    return [
        Tier(thing, who, apart(Label(c.start, c.end, c.codes[n]) for c in coded if len(c.codes) > n), n + 1)
        for n in range(max(1, most))
    ]


def thing_of(name: str) -> tuple[str, str]:
    """What a tier of that name holds, and whose; the thing is empty for a tier to pass over."""
    head, at, who = name.partition("@")
    head = head.rstrip("0123456789")
    if at and who and head in THINGS:
        return head, who
    if name == SILENCES:
        return SILENCES, ""
    who, dash, last = name.rpartition(" - ")
    if dash and last in {"words", "phones"}:
        return (WORDS, who) if last == "words" else ("", who)
    return UTTERANCES, name


def conversation_of(
    named: Iterable[tuple[str, str, Sequence[Label]]], *, language: str, duration: float
) -> Conversation:
    """Tiers as a conversation; each with its name, the speaker it gives (or empty), and its labels."""
    parts: dict[str, list[tuple[str, Label]]] = {thing: [] for thing in (*THINGS, SILENCES, "")}
    for name, speaker, labels in named:
        thing, who = thing_of(name)
        parts[thing] += [(speaker or who, x) for x in labels if x.text.strip() or thing in {TURNS, SILENCES}]
    segments = [Segment(x.start, x.end, who, " ".join(x.text.split())) for who, x in parts[UTTERANCES]]
    words = [AttributedWord(x.start, x.end, " ".join(x.text.split()), 1.0, who) for who, x in parts[WORDS]]
    codes = [*coded(parts[MACHINE], human=False), *coded(parts[CODES], human=True)]
    return Conversation(
        segments=tuple(sorted(segments, key=by_time)),
        words=tuple(sorted(words, key=lambda w: (w.start, w.end, w.speaker or ""))),
        turns=tuple(
            SpeakerInterval(x.start, x.end, who)
            for who, x in sorted(parts[TURNS], key=lambda t: (t[1].start, t[1].end, t[0]))
            if x.text.strip()
        ),
        codes=tuple(sorted(codes, key=lambda c: (c.start, c.end, c.speaker, c.human))),
        silences=tuple(Span(x.start, x.end) for _, x in parts[SILENCES] if x.text.strip()),
        language=language,
        duration=duration,
    )


def coded(labels: Iterable[tuple[str, Label]], *, human: bool) -> list[Coded]:
    """Codes of the same stretch and speaker put together, in the order of their tiers."""
    found: dict[tuple[float, float, str], list[str]] = {}
    for who, x in labels:
        found.setdefault((x.start, x.end, who), []).append(x.text.strip())
    return [Coded(start, end, who, tuple(codes), human) for (start, end, who), codes in found.items()]
