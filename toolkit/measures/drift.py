"""Drift: reflections, questions and change talk window by window, so that one sees where a session turned.

The windows are those of `talk_balance`: of `settings.measures.window` (five minutes) from the first speech on; the last
is what remains and may be short, and so may what is left of one in which a portion was excluded. A volley or utterance
belongs to the window in which it begins, so the counts of all windows add up to that of the session. Counts of five
minutes are small: read them beside their intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.coding.settling import QUESTIONS, REFLECTIONS
from toolkit.intervals import Span, milliseconds
from toolkit.measures.coding import AGREEMENT_CLIENT
from toolkit.measures.confirmed import OF_CODES
from toolkit.measures.counts import (
    AGREEMENT_QUESTION,
    AGREEMENT_REFLECTION,
    CODER,
    CODES_MISSING,
    COUNT_INTERVAL,
    WILSON_INTERVAL,
    Marked,
    Tally,
    Unit,
    decide,
    marked,
    not_coded,
)
from toolkit.measures.facts import Facts, Outcome, SessionMeasure, absent
from toolkit.measures.talk import windows
from toolkit.types import Code, Level, Measure, Missing, Role

__all__ = ["SESSION_MEASURES"]

NOBODY = "nobody speaks in this window"
NEITHER = "neither change talk nor sustain talk was coded in this window"
CHANGE = frozenset({Code.CHANGE_TALK})
BOTH_SIDES = CHANGE | {Code.SUSTAIN_TALK}


def reflections_per_window(facts: Facts) -> tuple[Outcome, ...]:
    """The therapist's reflections in each window."""
    return each_window(facts, Role.THERAPIST, Tally(REFLECTIONS))


def questions_per_window(facts: Facts) -> tuple[Outcome, ...]:
    """The therapist's questions in each window."""
    return each_window(facts, Role.THERAPIST, Tally(QUESTIONS))


def change_talk_share_per_window(facts: Facts) -> tuple[Outcome, ...]:
    """Change talk among change and sustain talk in each window."""
    return each_window(facts, Role.CLIENT, Tally(CHANGE, BOTH_SIDES, Unit.UTTERANCE, NEITHER))


def each_window(facts: Facts, role: Role, wanted: Tally) -> tuple[Outcome, ...]:
    """A count or share of codes of one role, window by window; one answer when nobody speaks in the whole session."""
    found = marked(facts, role, wanted.unit)
    reason = facts.missing_role(role) or (found.reason if isinstance(found, Missing) else "")
    reason = reason or not_coded(facts, wanted.top | wanted.bottom)
    if isinstance(facts.session, Missing):
        return (absent(reason),)
    stretches = windows(facts.session, round(facts.settings.measures.window * 1000))
    units = shared_out([] if isinstance(found, Missing) else found, stretches)
    outcomes = []
    for window, own in zip(stretches, units, strict=True):
        nobody = NOBODY if facts.talk_of_all(within=window) == 0 else ""
        outcome = absent(reason or nobody) if reason or nobody else decide(facts, wanted, own)
        outcomes.append(replace(outcome, window=window))
    return tuple(outcomes)


def shared_out(units: Sequence[Marked], stretches: Sequence[Span]) -> list[list[Marked]]:
    """The units of each window: a unit belongs to the window in which it begins.

    One that begins before the first speech (words are timed apart from speech) belongs to the first window, one that
    begins after the last to the last.
    """
    found: list[list[Marked]] = [[] for _ in stretches]
    for unit in units:
        begins = milliseconds(unit.span.start)
        place = sum(window.start <= begins for window in stretches) - 1
        found[max(place, 0)].append(unit)
    return found


def count_measure(what: str, holds: str, agreement: str) -> Measure:
    """The measure of one kind of act, window by window."""
    return Measure(
        name=f"{what}_per_window",
        level=Level.SESSION,
        title=f"{what.capitalize()} over the session",
        definition=f"Volleys of the therapist that hold {holds}, in one window of the session; a volley belongs to "
        "the window in which it begins. Windows follow each other from the first speech on; the last one is what "
        "remains and may be short.",
        unit="volleys",
        numerator="",
        denominator="",
        missing_when=f"{CODES_MISSING}; {NOBODY}",
        interval=COUNT_INTERVAL,
        source="MITI 4.2.1's count; in windows the toolkit's own",
        settings=("measures.window", *CODER),
        agreement=agreement,
        confirmed=OF_CODES,
    )


SESSION_MEASURES = (
    SessionMeasure(
        count_measure("reflections", "a reflection, simple or complex", AGREEMENT_REFLECTION), reflections_per_window
    ),
    SessionMeasure(count_measure("questions", "a question, open or closed", AGREEMENT_QUESTION), questions_per_window),
    SessionMeasure(
        Measure(
            name="change_talk_share_per_window",
            level=Level.SESSION,
            title="Change talk over the session",
            definition="The clients' utterances with change talk divided by those with change talk and those with "
            "sustain talk together, in one window of the session; an utterance with both counts for both, and belongs "
            "to the window in which it begins. Windows follow each other from the first speech on; the last one is "
            "what remains and may be short.",
            unit="share",
            numerator="utterances with change talk in the window",
            denominator="utterances with change talk and utterances with sustain talk in the window",
            confirmed=OF_CODES,
            missing_when=f"{CODES_MISSING}; {NOBODY}; {NEITHER}",
            interval=WILSON_INTERVAL,
            source="MISC: % change talk; in windows the toolkit's own",
            scheme="MISC",
            settings=("measures.window", *CODER),
            agreement=AGREEMENT_CLIENT,
        ),
        change_talk_share_per_window,
    ),
)
