"""Asymmetry of turn-taking: how unevenly therapist and client share the floor, how fast they take it, who cuts in.

Conventions
-----------
Each compares all therapists with all clients, and is above 0 where the therapist has more (of the floor, of the wait,
of the interruptions), 0 where both have the same. An *imbalance* is the difference over the sum, from -1 to 1. Therapy
is an asymmetric kind of talk by design: there is no norm, and 0 is not the aim.

References
----------
Linell, Gustavsson & Juvonen (1988), Linguistics 26, 415-442: dominance in dialogue. Itakura (2001), J. Pragmatics 33,
1859-1880: its dimensions, quantitative (amount of talk) and participatory (interruptions) among them. Levinson &
Torreira (2015): floor transfer.
"""

from __future__ import annotations

from dataclasses import replace

from toolkit.intervals import Span
from toolkit.measures import turns
from toolkit.measures.confirmed import OF_CHANGES, OF_TURNS
from toolkit.measures.facts import Facts, Outcome, SessionMeasure, absent, quotient, seconds
from toolkit.measures.talk import NO_INTERVAL
from toolkit.measures.uncertainty import wilson
from toolkit.types import Level, Measure, Missing, Need, Ratio, Role

__all__ = ["SESSION_MEASURES"]

ROLES_MISSING = "nobody is the therapist or nobody the client, or roles are not known"


def no_pair(facts: Facts) -> str:
    """Why therapist and client cannot be compared; empty where both are there."""
    return facts.missing_role(Role.THERAPIST) or facts.missing_role(Role.CLIENT)


def floor_imbalance(facts: Facts) -> tuple[Outcome, ...]:
    """Difference of the times for which therapist and client hold the floor, over their sum."""
    reason = no_pair(facts)
    if reason:
        return (absent(reason),)
    hers, his = (sum(turns.durations(facts, role)) for role in (Role.THERAPIST, Role.CLIENT))
    both = [turns.sure(facts, role) for role in (Role.THERAPIST, Role.CLIENT)]
    count = int(both[0].denominator + both[1].denominator)
    outcome = quotient(seconds(hers - his), seconds(hers + his), count, "neither holds the floor")
    return (replace(outcome, confirmed=both[0] + both[1]),)


def latency_difference(facts: Facts) -> tuple[Outcome, ...]:
    """Therapist's response latency minus the client's."""
    reason = no_pair(facts)
    if reason:
        return (absent(reason),)
    hers, his = (turns.response_latency_median(facts, role) for role in (Role.THERAPIST, Role.CLIENT))
    if isinstance(hers.value, Missing) or isinstance(his.value, Missing):
        return (absent("therapist or client never takes the floor from another"),)
    gap = Missing("a difference of two medians, each of which has its own interval")
    sure = Ratio(0, 0)
    for one in (hers, his):
        sure = sure if isinstance(one.confirmed, Missing) else sure + one.confirmed
    return (Outcome(hers.value - his.value, hers.n + his.n, interval=gap, confirmed=sure),)


def interruption_imbalance(facts: Facts) -> tuple[Outcome, ...]:
    """Difference of how often therapist and client interrupt, over the sum."""
    reason = no_pair(facts)
    if reason:
        return (absent(reason),)
    hers, his = (turns.interruption_count(facts, role).n for role in (Role.THERAPIST, Role.CLIENT))
    share = wilson(hers, hers + his, facts.settings.measures.confidence_level)
    limits = share if isinstance(share, Missing) else Span(2 * share.start - 1, 2 * share.end - 1)
    return (quotient(hers - his, hers + his, hers + his, "neither interrupts", limits),)


SESSION_MEASURES = (
    SessionMeasure(
        Measure(
            name="floor_imbalance",
            level=Level.SESSION,
            title="Imbalance of the floor",
            definition="Time for which the therapist holds the floor minus the time for which the client does, over "
            "their sum: from -1 (only the client) over 0 (evenly) to 1 (only the therapist). Time is that of turns, "
            "own pauses included, without excluded portions.",
            unit="ratio",
            numerator="length of the therapist's turns minus that of the client's, s",
            denominator="length of the turns of both, s",
            confirmed=OF_TURNS,
            missing_when=f"{ROLES_MISSING}; neither holds the floor",
            interval=NO_INTERVAL,
            source="Itakura 2001 (quantitative dominance); Linell et al. 1988",
            settings=turns.FLOOR,
        ),
        floor_imbalance,
    ),
    SessionMeasure(
        Measure(
            name="response_latency_difference",
            level=Level.SESSION,
            title="Difference of response latencies",
            definition="The therapist's response latency minus the client's: above 0 where the therapist takes longer "
            "to answer than the client does.",
            unit="s",
            numerator="",
            denominator="",
            confirmed=OF_CHANGES,
            missing_when=f"{ROLES_MISSING}; either never takes the floor from another",
            interval="none: a difference of two medians; each has its own",
            needs=(Need.TURN_TAKING,),
            source="Levinson & Torreira 2015 (floor transfer); the toolkit's own difference of it",
            settings=turns.FLOOR,
        ),
        latency_difference,
    ),
    SessionMeasure(
        Measure(
            name="interruption_imbalance",
            level=Level.SESSION,
            title="Imbalance of interruptions",
            definition="Interruptions by the therapist minus those by the client, over their sum: from -1 (only the "
            "client interrupts) to 1 (only the therapist).",
            unit="ratio",
            numerator="interruptions by the therapist minus those by the client",
            denominator="interruptions by both",
            missing_when=f"{ROLES_MISSING}; neither interrupts",
            interval="Wilson's for the therapist's share of them, stretched to -1 to 1: chance alone",
            needs=(Need.TURN_TAKING,),
            source="Itakura 2001 (participatory dominance)",
            settings=(
                *turns.FLOOR,
                "dialogue.interruption_lead",
                "dialogue.interruption_grace",
                "measures.confidence_level",
            ),
        ),
        interruption_imbalance,
    ),
)
