"""Moments to listen to again, counted: those of `toolkit.coding.moments`.

A moment without a reflection is a place to listen to, and no fault of anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from toolkit.coding.moments import MARKS, Moment, find
from toolkit.coding.settling import REFLECTIONS
from toolkit.measures.coding import AGREEMENT_CLIENT
from toolkit.measures.confirmed import OF_CODES, of
from toolkit.measures.counts import AGREEMENT_REFLECTION, CHANCE_INTERVAL, CODER, CODES_MISSING
from toolkit.measures.facts import Facts, Outcome, RoleMeasure, absent, quotient
from toolkit.measures.turns import COUNT_INTERVAL
from toolkit.measures.uncertainty import poisson, wilson
from toolkit.types import Level, Measure, Missing, Role

__all__ = ["ROLE_MEASURES"]


def moments(facts: Facts, role: Role) -> tuple[Moment, ...] | Missing:
    """The moments that a role answers."""
    reason = facts.missing_role(Role.CLIENT)
    found = Missing(reason) if reason else find(facts.dialogue)
    return found if isinstance(found, Missing) else tuple(m for m in found if m.role is role)


def missed_opportunities(facts: Facts, role: Role) -> Outcome:
    """Moments that a role answers without a reflection."""
    own = moments(facts, role)
    if isinstance(own, Missing):
        return absent(own.reason)
    count = sum(not m.reflected for m in own)
    outcome = Outcome(count, len(own), interval=poisson(count, facts.settings.measures.confidence_level))
    return replace(outcome, confirmed=of(marks(facts, own)))


def reflected_opportunity_share(facts: Facts, role: Role) -> Outcome:
    """Share of the moments that a role answers with a reflection."""
    own = moments(facts, role)
    if isinstance(own, Missing):
        return absent(own.reason)
    hits = sum(m.reflected for m in own)
    interval = wilson(hits, len(own), facts.settings.measures.confidence_level)
    return replace(quotient(hits, len(own), len(own), NO_MOMENT, interval), confirmed=of(marks(facts, own)))


def marks(facts: Facts, own: Iterable[Moment]) -> Iterator[bool]:
    """Of each code that makes a moment, or that reflects it, whether a human set or confirmed it."""
    codes = () if isinstance(facts.dialogue.codes, Missing) else facts.dialogue.codes
    told = {c.utterance: {a.code for a in c.codes} & set(MARKS) for c in codes}
    heard = {v.utterances: v for v in (() if isinstance(facts.volleys, Missing) else facts.volleys)}
    for moment in own:
        yield from ((index, code) in facts.confirmed_codes for index in moment.told for code in sorted(told[index]))
        reflections = (c for c in heard[moment.volley].counted if c.code in REFLECTIONS)
        yield from ((c.utterance, c.code) in facts.confirmed_codes for c in reflections)


NO_MOMENT = "no feeling and no change talk was coded before a volley of the therapist's"
OWN = "the toolkit's own, after MITI 4.2.1's volley"
CONFIRMED = f"{OF_CODES}: feelings and change talk, and the reflections that answer them"
AGREEMENT = f"{AGREEMENT_REFLECTION}; {AGREEMENT_CLIENT}; whether a feeling was named: no figure known"

ROLE_MEASURES = (
    RoleMeasure(
        Measure(
            name="missed_opportunities",
            level=Level.ROLE,
            title="Moments to listen to again",
            definition="How many stretches of client talk with a feeling named or with change talk were followed by a "
            "volley in which no reflection counts. All that clients say before the same volley is one stretch; n is "
            "how many there were in all. Of two therapists the first to speak has the stretch. Left out: a stretch "
            "that no volley follows, and one next to an excluded portion. A place to listen to, never a fault: "
            "something else may have been the better answer, and the coder may have overheard the reflection.",
            unit="moments",
            numerator="",
            denominator="",
            missing_when=CODES_MISSING,
            interval=COUNT_INTERVAL,
            source=OWN,
            settings=CODER,
            agreement=AGREEMENT,
            confirmed=CONFIRMED,
        ),
        missed_opportunities,
        therapists=True,
    ),
    RoleMeasure(
        Measure(
            name="reflected_opportunity_share",
            level=Level.ROLE,
            title="Feeling or change talk reflected",
            definition="Stretches of client talk with a feeling named or with change talk in whose next volley a "
            "reflection counts, divided by all such stretches that a volley follows. See missed_opportunities.",
            unit="share",
            numerator="stretches followed by a reflection",
            denominator="stretches with feeling or change talk",
            missing_when=f"{CODES_MISSING}; {NO_MOMENT}",
            interval=CHANCE_INTERVAL,
            source=OWN,
            settings=CODER,
            agreement=AGREEMENT,
            confirmed=CONFIRMED,
        ),
        reflected_opportunity_share,
        therapists=True,
    ),
)
