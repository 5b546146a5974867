"""How much of a measure a human has confirmed: a share of what it counts.

Conventions
-----------
A measure counts speech, turns, silences or codes. Of these a human may have set or confirmed some:

- *speech*, when the speaker of its turn or word was set, were it to the one it had;
- a *turn*, when that holds for all of its speech;
- a *silence*, when it was given a category of PICS: somebody listened to it;
- a *code*, when it is in an utterance's codes as a human set them.

The share is confirmed things over things counted, of speech by time. It is missing where the measure has no value,
where it counted nothing, and where it counts nothing of this kind. It does not say who is right. Nor does it say
anything of what neither machine nor human found: that a human took a code away shows in the value, not in the share.
"""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.intervals import Span, intersect, total
from toolkit.measures.facts import Facts, seconds
from toolkit.types import Missing, Ratio, Role, Silence

__all__ = [
    "OF_CHANGES",
    "OF_CODES",
    "OF_OWN_SPEECH",
    "OF_SILENCES",
    "OF_SPEECH",
    "OF_TURNS",
    "of",
    "of_changes",
    "of_own_speech",
    "of_silences",
    "of_speech",
    "of_turns",
]

OF_OWN_SPEECH = "share of the role's speaking time whose speaker a human set or confirmed"
OF_SPEECH = (
    "share of all speaking time (overlap between two roles counts for both) whose speaker a human set or confirmed"
)
OF_TURNS = "share of the turns counted whose speaker a human set or confirmed, for all speech in the turn"
OF_CHANGES = "share of the changes of floor counted whose turns, before and after, a human both confirmed so"
OF_SILENCES = "share of the silences counted to which a human gave a category of PICS"
OF_CODES = "share of the codes counted that a human set or confirmed"


def of(things: Iterable[bool]) -> Ratio:
    """Confirmed things over things.

    Examples
    --------
    >>> of([True, False, True, True])
    Ratio(numerator=3, denominator=4)
    """
    told = list(things)
    return Ratio(sum(told), len(told))


def of_own_speech(facts: Facts, role: Role, within: Span | None = None) -> Ratio:
    """Confirmed speaking time of a role over its speaking time, seconds; `within` in milliseconds."""
    own = facts.talk(role)
    if within is not None:
        own = intersect(own, [within])
    whose = (s for name, spans in facts.confirmed.items() if facts.dialogue.role_of(name) is role for s in spans)
    return Ratio(seconds(total(intersect(own, whose))), seconds(total(own)))


def of_speech(facts: Facts, within: Span | None = None) -> Ratio:
    """The same, summed over all roles."""
    parts = [of_own_speech(facts, role, within) for role in Role]
    return sum(parts[1:], start=parts[0])


def of_turns(facts: Facts, turns: Iterable[int]) -> Ratio:
    """Confirmed turns over turns, by their index."""
    return of(index in facts.confirmed_turns for index in turns)


def of_changes(facts: Facts, places: Iterable[int]) -> Ratio:
    """Changes of floor between two confirmed turns over changes of floor, by the place of the later turn."""
    turns = facts.dialogue.turns
    return of({turns[place - 1].index, turns[place].index} <= facts.confirmed_turns for place in places)


def of_silences(silences: Iterable[Silence]) -> Ratio:
    """Silences with a category over silences."""
    return of(not isinstance(s.category, Missing) for s in silences)
