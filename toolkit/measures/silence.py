"""Silence: how often and how long nobody speaks between the first and the last speech.

Only silences whose evidence is `SILENT` count: those with recognised words or loud noise in them are doubtful, those
beside an excluded portion have no known length. What a silence meant needs a human; the numbers only say where to look.

References
----------
Levitt (2001) and Frankel, Levitt et al. (2006), Pausing Inventory Categorization System: silences of 3 s or more.
"""

from __future__ import annotations

from dataclasses import replace

from toolkit.intervals import milliseconds
from toolkit.measures.confirmed import OF_SILENCES, of_silences
from toolkit.measures.facts import NOBODY_SPEAKS, Facts, Outcome, SessionMeasure, absent, quotient, seconds
from toolkit.measures.talk import NO_INTERVAL
from toolkit.measures.turns import COUNT_INTERVAL, counted
from toolkit.types import Level, Measure, Missing, Need

__all__ = ["SESSION_MEASURES"]

SHORT_SILENCE = 2.0
"""Seconds: the other length in use, part of the name of the measure and so no setting."""

CHECKED = ("dialogue.noise_margin", "dialogue.noise_above")


def lengths(facts: Facts) -> tuple[int, ...]:
    """Lengths of the silences that count, milliseconds."""
    return tuple(milliseconds(s.end) - milliseconds(s.start) for s in facts.silences())


def at_least(facts: Facts, shortest: float) -> tuple[Outcome, ...]:
    """How many silences last `shortest` seconds or more."""
    if isinstance(facts.session, Missing):
        return (absent(NOBODY_SPEAKS),)
    least = milliseconds(shortest)
    long = [s for s in facts.silences() if milliseconds(s.end) - milliseconds(s.start) >= least]
    outcome = counted(len(long), facts.settings.measures.confidence_level)
    return (replace(outcome, confirmed=of_silences(long)),)


def silence_count(facts: Facts) -> tuple[Outcome, ...]:
    """Silences of `silence_min` or more."""
    return at_least(facts, facts.settings.measures.silence_min)


def silence_count_2s(facts: Facts) -> tuple[Outcome, ...]:
    """Silences of 2 s or more."""
    return at_least(facts, SHORT_SILENCE)


def silence_share(facts: Facts) -> tuple[Outcome, ...]:
    """Share of the session in which nobody speaks."""
    found = lengths(facts)
    outcome = quotient(seconds(sum(found)), seconds(facts.session_time()), len(found), NOBODY_SPEAKS)
    return (replace(outcome, confirmed=of_silences(facts.silences())),)


def longest_silence(facts: Facts) -> tuple[Outcome, ...]:
    """The longest silence."""
    found = lengths(facts)
    reason = NOBODY_SPEAKS if isinstance(facts.session, Missing) else "no silence between two stretches of speech"
    if not found:
        return (absent(reason),)
    return (Outcome(seconds(max(found)), len(found), confirmed=of_silences(facts.silences())),)


SESSION_MEASURES = (
    SessionMeasure(
        Measure(
            name="silence_count",
            level=Level.SESSION,
            title="Silences",
            definition="How many silences last 3 s or more (the set minimum): stretches between the first and the last "
            "speech in which no speech, no words and no loud noise were found.",
            unit="silences",
            numerator="",
            denominator="",
            confirmed=OF_SILENCES,
            missing_when="nobody speaks",
            interval=COUNT_INTERVAL,
            needs=(Need.SILENCES,),
            source="Levitt 2001; Frankel, Levitt et al. 2006",
            scheme="PICS",
            settings=("measures.silence_min", *CHECKED, "measures.confidence_level"),
        ),
        silence_count,
    ),
    SessionMeasure(
        Measure(
            name="silence_count_2s",
            level=Level.SESSION,
            title="Silences of 2 s or more",
            definition="How many silences last 2 s or more, the length used in research on conversational pauses; "
            "otherwise as silence_count.",
            unit="silences",
            numerator="",
            denominator="",
            confirmed=OF_SILENCES,
            missing_when="nobody speaks",
            interval=COUNT_INTERVAL,
            needs=(Need.SILENCES,),
            source="the toolkit's standards, section 2",
            settings=(*CHECKED, "measures.confidence_level"),
        ),
        silence_count_2s,
    ),
    SessionMeasure(
        Measure(
            name="silence_share",
            level=Level.SESSION,
            title="Share of silence",
            definition="Time in silences of every length divided by the session time: from the first to the last "
            "speech, without excluded portions.",
            unit="share",
            numerator="time in silences, s",
            denominator="session time, s",
            confirmed=OF_SILENCES,
            missing_when="nobody speaks",
            interval=NO_INTERVAL,
            needs=(Need.SILENCES,),
            source="the toolkit's standards, section 2",
            settings=CHECKED,
        ),
        silence_share,
    ),
    SessionMeasure(
        Measure(
            name="longest_silence",
            level=Level.SESSION,
            title="Longest silence",
            definition="Length of the longest silence, of those that count.",
            unit="s",
            numerator="",
            denominator="",
            confirmed=OF_SILENCES,
            missing_when="nobody speaks; no silence between two stretches of speech",
            interval=NO_INTERVAL,
            needs=(Need.SILENCES,),
            source="the toolkit's standards, section 2",
            settings=CHECKED,
        ),
        longest_silence,
    ),
)
