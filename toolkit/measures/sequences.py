"""Sequences: what the client does after each kind of therapist act.

Conventions
-----------
*The client's turn after an act* is looked for from the act's utterance on: the next thing that a client or a therapist
says and that does more than say "I am listening" must be a client's, and the turn it lies in (`Dialogue.turns`) must
begin after the act's utterance began. So an act that a therapist or co-therapist follows with more of their own has no
such turn, nor has one said into a client's turn that runs on over it, nor one before a portion that a party excluded.
A client's "yeah" that answers (a question, a reflection; as for a volley) is such a turn where it is a turn at all. Of
two clients it is the turn of the one who speaks first; interpreters and people whose role is not known are passed over.

Codes are those that stand (`toolkit.coding.settling`); an utterance that reflects and asks is both kinds of act, one
that asks openly and closedly is an open question. A sequence is no effect: who is asked a closed question may have
been saying little before.

References
----------
Moyers & Martin (2006), Moyers et al. (2009): client talk after therapist behaviour, coded with MISC and SCOPE.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from toolkit.coding.settling import REFLECTIONS
from toolkit.coding.volleys import ASKING, CLIENT_TALK, THERAPISTS
from toolkit.intervals import milliseconds
from toolkit.measures import moments
from toolkit.measures.coding import AGREEMENT_CLIENT
from toolkit.measures.confirmed import OF_CODES, of
from toolkit.measures.counts import (
    AGREEMENT_MAIN,
    AGREEMENT_OPEN,
    AGREEMENT_REFLECTION,
    CHANCE_INTERVAL,
    CODER,
    CODES_MISSING,
    not_coded,
    one_utterance,
)
from toolkit.measures.facts import NOT_A_RATIO, Facts, Outcome, RoleMeasure, absent, quotient
from toolkit.measures.turns import FLOOR, MEDIAN_INTERVAL, middle
from toolkit.measures.uncertainty import wilson
from toolkit.types import Code, Dialogue, Level, Measure, Missing, Role, Turn, Utterance

__all__ = ["FEWEST", "ROLE_MEASURES"]

FEWEST = 3
"""Of fewer client turns nothing is said: one more would change it all. A choice of this toolkit."""


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of therapist act: how measures name it, how people do, its codes, and how well they agree."""

    name: str
    words: str
    codes: frozenset[Code]
    agreement: str

    @property
    def too_few(self) -> str:
        """Why nothing is said about what follows it."""
        return f"fewer than {FEWEST} client turns follow {self.words} directly"


ACTS = (
    Act("reflection", "a reflection", REFLECTIONS, AGREEMENT_REFLECTION),
    Act("open_question", "an open question", frozenset({Code.OPEN_QUESTION}), AGREEMENT_OPEN),
    Act("closed_question", "a closed question", frozenset({Code.CLOSED_QUESTION}), AGREEMENT_OPEN),
    Act("information", "information", frozenset({Code.GIVING_INFORMATION}), AGREEMENT_MAIN),
)


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of a client or therapist with the codes that stand, and those of them that a human confirmed."""

    utterance: Utterance
    role: Role
    codes: frozenset[Code]
    confirmed: frozenset[Code]

    def answers(self, before: Said | None) -> bool:
        """Whether it is a client's and answers what a therapist said before, and goes on after that has ended."""
        asked = before is not None and before.role in THERAPISTS and bool(before.codes & ASKING)
        later = before is not None and self.utterance.end > before.utterance.end
        return self.role is Role.CLIENT and asked and later


def runs(dialogue: Dialogue) -> tuple[tuple[Said, ...], ...] | Missing:
    """What clients and therapists say, without what only says "I am listening", cut where a portion was excluded."""
    if isinstance(dialogue.utterances, Missing):
        return dialogue.utterances
    if isinstance(dialogue.codes, Missing):
        return dialogue.codes
    coded = {c.utterance: c for c in dialogue.codes}
    cuts = sorted(span.start for span in dialogue.excluded)
    found: list[list[Said]] = [[] for _ in range(len(cuts) + 1)]
    for u in dialogue.utterances:
        role = dialogue.role_of(u.speaker)
        if role is Role.CLIENT or role in THERAPISTS:
            stand = one_utterance(u, coded.get(u.index))
            found[bisect_right(cuts, u.start)].append(Said(u, role, stand.codes, stand.confirmed))
    return tuple(tuple(without_listening(run)) for run in found)


def without_listening(run: Iterable[Said]) -> Iterator[Said]:
    """The utterances that do more than say "I am listening"."""
    before: Said | None = None
    for said in run:
        if Code.FACILITATE not in said.codes or said.codes & CLIENT_TALK or said.answers(before):
            before = said
            yield said


@dataclass(frozen=True, slots=True)
class Floor:
    """Each speaker's turns in order, and what clients say in each turn, by its index."""

    turns: dict[str, list[Turn]]
    said: dict[int, list[Said]]

    @classmethod
    def of(cls, turns: Sequence[Turn], said: Iterable[Said]) -> Floor:
        """Lay utterances over turns."""
        floor = cls({}, {})
        for turn in turns:
            floor.turns.setdefault(turn.speaker, []).append(turn)
        for one in said:
            home = floor.turn_of(one)
            if home is not None:
                floor.said.setdefault(home.index, []).append(one)
        return floor

    def turn_of(self, said: Said) -> Turn | None:
        """The first turn of the speaker that an utterance reaches into; None for talk that never took the floor."""
        own = self.turns.get(said.utterance.speaker, [])
        place = bisect_right(own, said.utterance.start, key=lambda turn: turn.end)
        return own[place] if place < len(own) and own[place].start < said.utterance.end else None


@dataclass(frozen=True, slots=True)
class Answer:
    """A client's turn after an act: its length in milliseconds, the act, and all utterances in the turn."""

    length: int
    act: Said
    said: tuple[Said, ...]

    @property
    def holds_change_talk(self) -> bool:
        """Whether the client speaks for change in it."""
        return any(Code.CHANGE_TALK in s.codes for s in self.said)


def answers(facts: Facts, role: Role, act: Act) -> tuple[Answer, ...] | Missing:
    """The client's turns after a role's acts of one kind, in order of time."""
    said = runs(facts.dialogue)
    if isinstance(said, Missing):
        return said
    reason = facts.missing_role(Role.CLIENT) or not_coded(facts, act.codes)
    if reason:
        return Missing(reason)
    floor = Floor.of(facts.dialogue.turns, (s for run in said for s in run if s.role is Role.CLIENT))
    found = []
    for one, other in (pair for run in said for pair in pairwise(run)):
        acts = one.role is role and bool(one.codes & act.codes)
        turn = floor.turn_of(other) if acts and other.role is Role.CLIENT else None
        if turn is not None and milliseconds(turn.start) > milliseconds(one.utterance.start):
            length = milliseconds(turn.end) - milliseconds(turn.start)
            found.append(Answer(length, one, tuple(floor.said[turn.index])))
    return tuple(found)


def client_turn_after(facts: Facts, role: Role, *, act: Act) -> Outcome:
    """Median length of the client's turns after one kind of act."""
    found = answers(facts, role, act)
    if isinstance(found, Missing):
        return absent(found.reason)
    if len(found) < FEWEST:
        return Outcome(Missing(act.too_few), len(found), NOT_A_RATIO, NOT_A_RATIO, Missing(act.too_few))
    outcome = middle([a.length for a in found], facts.settings.measures.confidence_level, act.too_few)
    return replace(outcome, confirmed=of(confirmed_acts(found, act)))


def change_talk_after(facts: Facts, role: Role, *, act: Act) -> Outcome:
    """Share of the client's turns after one kind of act that hold change talk."""
    found = answers(facts, role, act)
    reason = found.reason if isinstance(found, Missing) else not_coded(facts, {Code.CHANGE_TALK})
    if isinstance(found, Missing) or reason:
        return absent(reason)
    hits, n = sum(a.holds_change_talk for a in found), len(found)
    if n < FEWEST:
        return Outcome(Missing(act.too_few), n, hits, n, Missing(act.too_few))
    talk = [Code.CHANGE_TALK in s.confirmed for a in found for s in a.said if Code.CHANGE_TALK in s.codes]
    outcome = quotient(hits, n, n, act.too_few, wilson(hits, n, facts.settings.measures.confidence_level))
    return replace(outcome, confirmed=of([*confirmed_acts(found, act), *talk]))


def confirmed_acts(found: Iterable[Answer], act: Act) -> list[bool]:
    """Of each code that makes an act, whether a human set or confirmed it."""
    return [code in a.act.confirmed for a in found for code in a.act.codes & act.codes]


SOURCE = "Moyers & Martin 2006; Moyers et al. 2009, by turns instead of coded parts of speech"
DIRECTLY = (
    "Directly: the first thing that client, therapist or co-therapist say after the act's utterance began is the "
    "client's, what only says “I am listening” and answers nothing passed over, and the turn began after "
    "the act's utterance did. Of two clients the one who speaks first; not across an excluded portion."
)


def turn_measure(act: Act) -> RoleMeasure:
    """The measure of the client's turns after one kind of act."""
    return RoleMeasure(
        Measure(
            name=f"client_turn_after_{act.name}",
            level=Level.ROLE,
            title=f"Client's turn after {act.words}",
            definition=f"Median length of the client's turns that come directly after {act.words} of this therapist's, "
            f"own pauses included. {DIRECTLY}",
            unit="s",
            numerator="",
            denominator="",
            missing_when=f"{CODES_MISSING}; {act.too_few}",
            interval=MEDIAN_INTERVAL,
            source=SOURCE,
            settings=(*FLOOR, *CODER),
            agreement=act.agreement,
            confirmed=f"{OF_CODES}: those of the therapist's acts",
        ),
        partial(client_turn_after, act=act),
        therapists=True,
    )


def change_talk_measure(act: Act) -> RoleMeasure:
    """The measure of change talk after one kind of act."""
    return RoleMeasure(
        Measure(
            name=f"change_talk_after_{act.name}",
            level=Level.ROLE,
            title=f"Change talk after {act.words}",
            definition=f"Of the client's turns that come directly after {act.words} of this therapist's, the share "
            f"with change talk in at least one utterance, sustain talk beside it or not. {DIRECTLY}",
            unit="share",
            numerator="such turns with change talk",
            denominator=f"client turns directly after {act.words}",
            missing_when=f"{CODES_MISSING}; {act.too_few}",
            interval=CHANCE_INTERVAL,
            source=SOURCE,
            settings=(*FLOOR, *CODER),
            agreement=f"{act.agreement}; {AGREEMENT_CLIENT}",
            confirmed=f"{OF_CODES}: those of the therapist's acts, and the change talk in the turns",
        ),
        partial(change_talk_after, act=act),
        therapists=True,
    )


ROLE_MEASURES = (
    *(turn_measure(act) for act in ACTS),
    *(change_talk_measure(act) for act in ACTS),
    *moments.ROLE_MEASURES,
)
