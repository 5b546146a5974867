"""Volleys: how MITI counts the codes of a therapist.

A *volley* is one therapist's uninterrupted talk. It ends when somebody else talks, with these exceptions:

- An utterance that only says "I am listening" (`Code.FACILITATE`, and no change or sustain talk) does not end it,
  unless it answers: the therapist's last utterance asks (a question, or seeking collaboration) or reflects, and the
  listener goes on after its end. In doubt, fewer volleys. A listening co-therapist never answers.
- An interpreter neither ends it nor belongs to it: what is interpreted was said by somebody already.
- Everybody else ends it as a client does, also speakers whose role is not known.
- An excluded portion ends it: nobody knows who spoke there.
- Another speaker who goes on talking after the therapist's words ends it too, though that talk began earlier.

A therapist's own "mhm" begins no volley. Where a coder does not find `Code.FACILITATE`, every "yeah" ends a volley and
there are more volleys than MITI would see.

In a volley each code counts at most once, after the doubts within each utterance were settled (`settling`):

================== ===================================================================================================
counting rule      what it does
================== ===================================================================================================
volley.once        the first of a code counts, the others do not
volley.complex     a complex reflection takes the place of the simple one: one reflection a volley
volley.open        an open question takes the place of the closed one: one question a volley, open if any is
volley.permission  persuading with permission takes the place of persuading without: one of the two a volley
affirm.strikes     an affirmation that the same rule (id ``affirm…``) found in three volleys of this therapist before
                   is a habit and no longer counted. The manual lets the first two or three of a repeated affirmation
                   count; that three do, and that a rule's id stands for a wording, is our reading. An affirmation
                   without such an id was judged by a human, who heard the others.
================== ===================================================================================================

What a client says, the markers, `OTHER` and `NEUTRAL` are never counted in a volley.

References
----------
Moyers, Manuel & Ernst (2014/15), MITI 4.2.1, sections E.1 to E.3 (volleys) and E.4.f.2.a (strikes).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.coding.settling import QUESTIONS, REFLECTIONS, Settled, settle
from toolkit.intervals import Span
from toolkit.types import AppliedCode, Code, CodedUtterance, Dialogue, Missing, Role, RoleAssignment, Utterance

__all__ = ["MITI", "STRIKES", "CountedCode", "Volley", "find", "of"]

MITI = frozenset(
    {
        Code.SIMPLE_REFLECTION,
        Code.COMPLEX_REFLECTION,
        Code.OPEN_QUESTION,
        Code.CLOSED_QUESTION,
        Code.GIVING_INFORMATION,
        Code.PERSUADE,
        Code.PERSUADE_WITH_PERMISSION,
        Code.AFFIRM,
        Code.SEEK_COLLABORATION,
        Code.EMPHASIZE_AUTONOMY,
        Code.CONFRONT,
    }
)
"""The codes that are counted in volleys."""

STRIKES = 3
"""How many volleys with the same affirmation count."""

THERAPISTS = frozenset({Role.THERAPIST, Role.CO_THERAPIST})
CLIENT_TALK = frozenset({Code.CHANGE_TALK, Code.SUSTAIN_TALK})
ASKING = REFLECTIONS | QUESTIONS | {Code.SEEK_COLLABORATION}
ONCE = "volley.once"
HIGHER = {
    Code.COMPLEX_REFLECTION: (Code.SIMPLE_REFLECTION, "volley.complex"),
    Code.OPEN_QUESTION: (Code.CLOSED_QUESTION, "volley.open"),
    Code.PERSUADE_WITH_PERMISSION: (Code.PERSUADE, "volley.permission"),
}


@dataclass(frozen=True, slots=True)
class CountedCode:
    """One code of a volley that was counted, or was not, and by which counting rule.

    Attributes
    ----------
    applied
        The coder's code: its rule's id, and its evidence as words of the utterance.
    utterance
        Index of that utterance.
    start, end
        Time of that utterance, seconds.
    counting
        The counting rule that applied, of this module or of `settling`.
    """

    applied: AppliedCode
    utterance: int
    start: float
    end: float
    counting: str

    @property
    def code(self) -> Code:
        """What was coded."""
        return self.applied.code


@dataclass(frozen=True, slots=True)
class Volley:
    """One therapist's uninterrupted talk, `start` to `end` in seconds.

    `utterances` are the therapist's own, by index; `counted` holds each code once, `dropped` those that were not
    counted, both in order of their utterances.
    """

    index: int
    speaker: str
    start: float
    end: float
    utterances: tuple[int, ...]
    counted: tuple[CountedCode, ...]
    dropped: tuple[CountedCode, ...]

    @property
    def codes(self) -> frozenset[Code]:
        """What counts in it."""
        return frozenset(c.code for c in self.counted)


def of(dialogue: Dialogue) -> tuple[Volley, ...] | Missing:
    """The volleys of all therapists of a session; missing where utterances or codes are."""
    if isinstance(dialogue.utterances, Missing):
        return dialogue.utterances
    if isinstance(dialogue.codes, Missing):
        return dialogue.codes
    return find(dialogue.utterances, dialogue.codes, dialogue.roles, excluded=dialogue.excluded)


def find(
    utterances: Sequence[Utterance],
    codes: Iterable[CodedUtterance],
    roles: Mapping[str, RoleAssignment],
    *,
    excluded: Iterable[Span] = (),
) -> tuple[Volley, ...]:
    """The volleys of all therapists, in order of start.

    Parameters
    ----------
    utterances
        Of all speakers, in order of start.
    codes
        By index of the utterance; one without an entry has no codes.
    roles
        Who is a therapist; a speaker without an entry has an unknown role.
    excluded
        Portions in which nobody was heard.
    """
    coded = {c.utterance: c for c in codes}
    walk = Walk(sorted(span.start for span in excluded))
    for u in utterances:
        role = roles[u.speaker].role if u.speaker in roles else Role.UNKNOWN
        own = coded.get(u.index, CodedUtterance(u.index, ()))
        if role in THERAPISTS:
            walk.therapist_says(u, own)
        elif role is not Role.INTERPRETER:
            walk.other_says(u, own)
    walk.end()
    return tuple(walk.done)


@dataclass(slots=True)
class Walk:
    """One way through a session: the volley that may go on, if any, and until when others talk beside it."""

    cuts: Sequence[float]
    going: Going | None = None
    others_until: float = 0.0
    strikes: Counter[tuple[str, str]] = field(default_factory=Counter)
    done: list[Volley] = field(default_factory=list)

    def therapist_says(self, u: Utterance, own: CodedUtterance) -> None:
        """Go on with the volley, or begin one."""
        if listens(own, MITI):
            return
        if self.going and not self.goes_on(self.going, u):
            if self.going.speaker != u.speaker:
                self.others_until = max(self.others_until, self.going.end)
            self.end()
        if self.going is None:
            self.going = Going(u.speaker, u.start)
        self.going.add(u, settle(own), self.strikes)

    def other_says(self, u: Utterance, own: CodedUtterance) -> None:
        """End the volley, unless the other only listens."""
        only_listens = listens(own, CLIENT_TALK)
        if not only_listens:
            self.others_until = max(self.others_until, u.end)
        if self.going and (not only_listens or (self.going.asks and u.end > self.going.said[-1].end)):
            self.end()

    def goes_on(self, going: Going, u: Utterance) -> bool:
        """Whether a therapist's utterance belongs to the volley before it."""
        cut = bisect_right(self.cuts, u.start) > bisect_right(self.cuts, going.said[-1].start)
        return going.speaker == u.speaker and not cut and self.others_until <= going.end

    def end(self) -> None:
        """End the volley, if there is one."""
        if self.going:
            self.done.append(self.going.closed(len(self.done)))
        self.going = None


def listens(own: CodedUtterance, content: frozenset[Code]) -> bool:
    """Whether an utterance only says "I am listening": it is marked so and carries none of these codes."""
    said = {a.code for a in own.codes}
    return Code.FACILITATE in said and not said & content


@dataclass(slots=True)
class Going:
    """A volley that may go on: `held` has the counted codes by the place they take, a place for each pair of kinds."""

    speaker: str
    start: float
    end: float = 0.0
    asks: bool = False
    said: list[Utterance] = field(default_factory=list)
    held: dict[Code, CountedCode] = field(default_factory=dict)
    dropped: list[CountedCode] = field(default_factory=list)

    def add(self, u: Utterance, settled: Settled, strikes: Counter[tuple[str, str]]) -> None:
        """Go on with one more utterance."""
        self.said.append(u)
        self.end = max(self.end, u.end)
        stand = (*settled.kept, *(a for a, rule in settled.dropped if rule != "setup"))
        self.asks = any(a.code in ASKING for a in stand)  # who asks in order to reproach is answered all the same
        self.dropped += [CountedCode(a, u.index, u.start, u.end, rule) for a, rule in settled.dropped]
        for a in settled.kept:
            if a.code in MITI:
                self.count(CountedCode(a, u.index, u.start, u.end, ONCE), strikes)

    def count(self, new: CountedCode, strikes: Counter[tuple[str, str]]) -> None:
        """Count one code, or put it with those that are not counted."""
        place, rule = HIGHER.get(new.code, (new.code, ONCE))
        old = self.held.get(place)
        habit = (self.speaker, new.applied.rule)
        if new.code is Code.AFFIRM and old is None and new.applied.rule.startswith("affirm"):
            if strikes[habit] == STRIKES:
                self.dropped.append(ruled(new, "affirm.strikes"))
                return
            strikes[habit] += 1
        if old is None:
            self.held[place] = new
        elif old.code is place and new.code is not place:
            self.held[place] = ruled(new, rule)
            self.dropped.append(ruled(old, rule))
        else:
            self.dropped.append(ruled(new, ONCE if old.code is new.code else HIGHER[old.code][1]))

    def closed(self, index: int) -> Volley:
        """The volley as it is now."""
        return Volley(
            index=index,
            speaker=self.speaker,
            start=self.start,
            end=self.end,
            utterances=tuple(u.index for u in self.said),
            counted=tuple(sorted(self.held.values(), key=place_of)),
            dropped=tuple(sorted(self.dropped, key=place_of)),
        )


def ruled(code: CountedCode, rule: str) -> CountedCode:
    """The same code with another counting rule."""
    return CountedCode(code.applied, code.utterance, code.start, code.end, rule)


def place_of(code: CountedCode) -> tuple[float, int, int, Code]:
    """Where a code stands in its volley: earlier words first."""
    return code.start, code.utterance, code.applied.first_word, code.code
