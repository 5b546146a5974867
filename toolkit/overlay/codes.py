"""A human's codes in place of the machine's, utterance by utterance.

A human's code has no evidence of single words, so no rule of `toolkit.coding.settling` plays one of them off against
another: what a human set stands. Where the coder gave probabilities, an utterance that a human coded has those of
somebody who is sure.

A code that the machine does not look for says nothing by its absence. Once a human has coded every utterance of all
therapists, or of all clients, their codes were looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.coding.book import BOOK
from toolkit.coding.settling import QUESTIONS, REFLECTIONS
from toolkit.intervals import milliseconds
from toolkit.overlay.values import MARKERS, Correction, What, codes_after
from toolkit.types import (
    HUMAN,
    AppliedCode,
    Chances,
    Code,
    CodedUtterance,
    Dialogue,
    Missing,
    Role,
    Utterance,
)

__all__ = ["Coded", "code"]

THERAPISTS = frozenset({Role.THERAPIST, Role.CO_THERAPIST})
REACH = 40  # utterances: as far back as the coders of this toolkit look


@dataclass(frozen=True, slots=True)
class Coded:
    """A dialogue with a human's codes, and the corrections whose utterance is not there."""

    dialogue: Dialogue
    lost: tuple[Correction, ...]


def code(dialogue: Dialogue, given: Mapping[str, str]) -> Coded:
    """Put a human's codes in place of the machine's.

    Parameters
    ----------
    dialogue
        With speakers and roles as they are to be.
    given
        Start of an utterance to its codes, as corrections have them.
    """
    said = () if isinstance(dialogue.utterances, Missing) else dialogue.utterances
    owners, lost = matched(said, given)
    if not owners:
        return Coded(dialogue, lost)
    machine = {} if isinstance(dialogue.codes, Missing) else {c.utterance: c for c in dialogue.codes}
    likely = any(isinstance(c.chances, Chances) for c in machine.values())
    codes = []
    for place, u in enumerate(said):
        before = machine.get(u.index, CodedUtterance(u.index, ()))
        if u.index in owners:
            before = by_human(before, owners[u.index], answered(said[:place], machine, u), likely=likely)
        codes.append(before)
    coded = looked_for(dialogue, said, owners.keys())
    return Coded(replace(dialogue, codes=tuple(codes), coded=coded), lost)


def matched(said: Iterable[Utterance], given: Mapping[str, str]) -> tuple[dict[int, str], tuple[Correction, ...]]:
    """Codes by index of the utterance, and the corrections that name no utterance, or two."""
    starts: dict[int, list[Utterance]] = {}
    for u in said:
        starts.setdefault(milliseconds(u.start), []).append(u)
    found, lost = {}, []
    for target, value in given.items():
        time, slash, speaker = target.partition("/")
        there = [u for u in starts.get(milliseconds(float(time)), []) if not slash or u.speaker == speaker]
        if len(there) == 1:
            found[there[0].index] = value
        else:
            lost.append(Correction(What.CODE, target, value))
    return found, tuple(lost)


def answered(before: Sequence[Utterance], machine: Mapping[int, CodedUtterance], u: Utterance) -> int:
    """Index of the utterance that a reflection hands back, -1 for none.

    The nearest earlier one by another, passing over what only says "I am listening" when there is more than that.
    """
    nearest = -1
    for other in reversed(before[-REACH:]):
        if other.speaker != u.speaker:
            coded = machine.get(other.index)
            if coded is None or all(a.code is not Code.FACILITATE for a in coded.codes):
                return other.index
            nearest = other.index if nearest < 0 else nearest
    return nearest


def by_human(before: CodedUtterance, value: str, answers: int, *, likely: bool) -> CodedUtterance:
    """One utterance with a human's codes, the machine's markers beside them where the human said nothing of them."""
    named, stay = codes_after(value, (a.code for a in before.codes))
    known = {a.code: a.answers for a in before.codes if a.answers >= 0}
    earlier = next((known[c] for c in known if c in REFLECTIONS), answers)
    new = tuple(
        AppliedCode(c, HUMAN, HUMAN, place, place - 1, earlier if c in REFLECTIONS else -1)
        for place, c in enumerate(named)
    )
    kept = tuple(a for a in before.codes if a.code in stay)
    return CodedUtterance(before.utterance, (*new, *kept), sure(named) if likely else before.chances)


def sure(named: Sequence[Code]) -> Chances:
    """Probabilities of somebody who is sure."""
    there = set(named)
    main = (
        not REFLECTIONS.isdisjoint(there),
        not QUESTIONS.isdisjoint(there),
        Code.GIVING_INFORMATION in there,
    )
    first = main.index(True) if any(main) else len(main)
    return Chances(
        reflection=float(main[0]),
        complex=float(Code.COMPLEX_REFLECTION in there),
        question=float(main[1]),
        open=float(Code.OPEN_QUESTION in there),
        input=float(main[2]),
        main_reflection=float(first == 0),
        main_question=float(first == 1),
        main_input=float(first == 2),
        main_other=float(first == 3),
        change=float(Code.CHANGE_TALK in there),
        sustain=float(Code.SUSTAIN_TALK in there),
    )


def looked_for(dialogue: Dialogue, said: Sequence[Utterance], by_hand: Iterable[int]) -> frozenset[Code]:
    """What was looked for: by the machine, and by a human who coded every utterance of a role."""
    machine = frozenset[Code]() if isinstance(dialogue.codes, Missing) else dialogue.coded
    done = set(by_hand)
    found = set(machine)
    for roles, whose in ((THERAPISTS, Role.THERAPIST), (frozenset({Role.CLIENT}), Role.CLIENT)):
        own = {u.index for u in said if dialogue.role_of(u.speaker) in roles}
        if own and own <= done:
            found |= {entry.code for entry in BOOK.values() if entry.role is whose} - MARKERS
    return frozenset(found)
