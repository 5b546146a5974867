"""Moments to listen to again: the client names a feeling or speaks for change, and what comes next is no reflection.

A *moment* is all that clients say before one and the same volley in which some utterance carries `FEELING` or
`CHANGE_TALK`. It is *reflected* when a reflection counts in that volley (`toolkit.coding.volleys`: what only sets up a
question does not). The volley is the first that begins after a marked utterance begins and that goes on after it has
ended: a word thrown in while the client talks is no answer, nor is an "mhm", and the client speaks on. Of two
therapists the first to speak has the moment; two clients are heard together.

A moment without a reflection is a place to listen to, and no fault: a question, a silence or a word of comfort may have
been the better answer, and the coder may have overheard the reflection. Only a human who listens can say.

Nothing is known about a portion that a party excluded: a moment whose volley would begin after one, or may have gone on
inside it, is left out; so is one that no volley follows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.coding import volleys
from toolkit.coding.settling import REFLECTIONS
from toolkit.coding.volleys import Volley
from toolkit.intervals import Span
from toolkit.types import Code, CodedUtterance, Dialogue, Missing, Role, Utterance

__all__ = ["MARKS", "Moment", "find"]

MARKS = (Code.FEELING, Code.CHANGE_TALK)
"""What makes client talk a moment."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One stretch of client talk with feeling or change talk, and the volley after it.

    Attributes
    ----------
    start, end
        From the first to the last utterance with feeling or change talk, seconds.
    told
        Indices of all of them.
    marks
        `FEELING`, `CHANGE_TALK` or both, in this order.
    role
        Whose volley it is: therapist or co-therapist.
    volley
        Indices of the volley's utterances.
    held
        What counts in the volley, each code once, in the order of the code book; empty when nothing does.
    """

    start: float
    end: float
    told: tuple[int, ...]
    marks: tuple[Code, ...]
    role: Role
    volley: tuple[int, ...]
    held: tuple[Code, ...]

    @property
    def utterance(self) -> int:
        """Index of the first utterance with feeling or change talk."""
        return self.told[0]

    @property
    def reflected(self) -> bool:
        """Whether a reflection counts in the volley."""
        return not REFLECTIONS.isdisjoint(self.held)


def find(dialogue: Dialogue) -> tuple[Moment, ...] | Missing:
    """Every moment of a session, reflected or not.

    Returns
    -------
    tuple of Moment, or Missing
        In order of time. Missing when the session has no words or codes, and when its coder does not look for
        reflections, feeling or change talk: a moment that could not be found would look like one that was not there.
    """
    if isinstance(dialogue.utterances, Missing):
        return dialogue.utterances
    if isinstance(dialogue.codes, Missing):
        return dialogue.codes
    lacking = {*REFLECTIONS, *MARKS} - dialogue.coded
    if lacking:
        names = " and ".join(code.replace("_", " ") for code in Code if code in lacking)
        return Missing(f"the coder of this session does not code: {names}")
    marks = marks_of(dialogue.codes)
    spoken = volleys.find(dialogue.utterances, dialogue.codes, dialogue.roles, excluded=dialogue.excluded)
    unknown = Unknown.of(dialogue.utterances, dialogue.codes, dialogue.excluded)
    told: dict[int, list[Utterance]] = {}  # by the place of the volley that answers
    for u in dialogue.utterances:
        if u.index in marks and dialogue.role_of(u.speaker) is Role.CLIENT:
            place = bisect_right(spoken, u.start, key=lambda v: v.start)
            while place < len(spoken) and spoken[place].end <= u.end:
                place += 1
            if place < len(spoken) and not unknown.between(u, spoken[place]):
                told.setdefault(place, []).append(u)
    return tuple(
        moment(own, spoken[place], marks, dialogue.role_of(spoken[place].speaker))
        for place, own in sorted(told.items())
    )


def marks_of(codes: Sequence[CodedUtterance]) -> dict[int, frozenset[Code]]:
    """Feeling and change talk by index of the utterance, for those that have any."""
    found = {c.utterance: frozenset(a.code for a in c.codes) & set(MARKS) for c in codes}
    return {index: own for index, own in found.items() if own}


@dataclass(frozen=True, slots=True)
class Unknown:
    """Where excluded portions begin, and where anybody says more than "I am listening"; both in order, seconds."""

    cuts: Sequence[float]
    said: Sequence[float]

    @classmethod
    def of(cls, said: Sequence[Utterance], codes: Sequence[CodedUtterance], excluded: Sequence[Span]) -> Unknown:
        """Read a dialogue."""
        listening = {c.utterance for c in codes if volleys.listens(c, frozenset(MARKS))}
        return cls(sorted(span.start for span in excluded), [u.start for u in said if u.index not in listening])

    def between(self, u: Utterance, volley: Volley) -> bool:
        """Whether a portion was excluded after an utterance and before its volley, or where that may have gone on."""
        after = bisect_right(self.said, volley.end)
        until = self.said[after] if after < len(self.said) else float("inf")
        return bisect_right(self.cuts, until) > bisect_right(self.cuts, u.start)


def moment(told: Sequence[Utterance], volley: Volley, marks: Mapping[int, frozenset[Code]], role: Role) -> Moment:
    """The marked utterances before a volley, and the volley, as a moment."""
    return Moment(
        start=told[0].start,
        end=max(u.end for u in told),
        told=tuple(u.index for u in told),
        marks=tuple(mark for mark in MARKS if any(mark in marks[u.index] for u in told)),
        role=role,
        volley=volley.utterances,
        held=tuple(code for code in Code if code in volley.codes),
    )
