"""Turns: who holds the floor how long, how it changes hands, who cuts in and who supports.

Turns, backchannels and interruptions are those of `toolkit.turns`; the floor transfer offset (FTO) is the start of a
turn minus the end of the one before it, negative where they overlap. It is taken only where the speaker changes and
nothing doubtful (an excluded portion, words or noise in a silence) lies in between.

References
----------
Levinson & Torreira (2015): about 0.2 s is typical. Heldner & Edlund (2010): overlaps and gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.intervals import Span, in_milliseconds, intersect, milliseconds, multiply_covered, total, union
from toolkit.measures.confirmed import (
    OF_CHANGES,
    OF_SILENCES,
    OF_SPEECH,
    OF_TURNS,
    of_changes,
    of_silences,
    of_speech,
    of_turns,
)
from toolkit.measures.facts import (
    NO_SAMPLING,
    NOBODY_SPEAKS,
    Facts,
    Outcome,
    RoleMeasure,
    SessionMeasure,
    absent,
    quotient,
    seconds,
)
from toolkit.measures.talk import NO_INTERVAL, ROLES_MISSING
from toolkit.measures.uncertainty import median, median_interval, poisson
from toolkit.types import Level, Measure, Missing, Need, Ratio, Role, Turn

__all__ = [
    "COUNT_INTERVAL",
    "FLOOR",
    "MEDIAN_INTERVAL",
    "ROLE_MEASURES",
    "SESSION_MEASURES",
    "counted",
    "durations",
    "interruption_count",
    "middle",
    "response_latency_median",
    "sure",
]

COUNT_INTERVAL = "exact Poisson limits: chance alone, events independent; not the errors of the detection"
MEDIAN_INTERVAL = "exact, from order statistics: chance alone; missing for too few values (under 5 at 90 %)"
FLOOR = ("dialogue.ipu_gap", "dialogue.backchannel_max", "dialogue.backchannel_max_words")


def middle(times: Sequence[int], level: float, when_none: str) -> Outcome:
    """The median of times in milliseconds, in seconds."""
    if not times:
        return absent(when_none)
    limits = median_interval(times, level)
    if not isinstance(limits, Missing):
        limits = Span(seconds(limits.start), seconds(limits.end))
    return Outcome(seconds(median(times)), len(times), interval=limits)


def counted(count: int, level: float) -> Outcome:
    """A count of events with its interval."""
    return Outcome(count, count, interval=poisson(count, level))


def of_role(facts: Facts, role: Role) -> tuple[Turn, ...]:
    """A role's turns."""
    return tuple(t for t in facts.dialogue.turns if facts.dialogue.role_of(t.speaker) is role)


def durations(facts: Facts, role: Role) -> tuple[int, ...]:
    """Lengths of a role's turns without excluded portions, milliseconds."""
    own = in_milliseconds(Span(t.start, t.end) for t in of_role(facts, role))
    return tuple(int(s.duration - total(intersect([s], facts.excluded))) for s in own)


def sure(facts: Facts, role: Role) -> Ratio:
    """Confirmed turns of a role over its turns."""
    return of_turns(facts, (t.index for t in of_role(facts, role)))


def turn_count(facts: Facts, role: Role) -> Outcome:
    """How many turns a role has."""
    count = len(of_role(facts, role))
    return Outcome(count, count, confirmed=sure(facts, role))


def turn_duration_mean(facts: Facts, role: Role) -> Outcome:
    """Mean length of a role's turns."""
    lengths = durations(facts, role)
    outcome = quotient(seconds(sum(lengths)), len(lengths), len(lengths), "the role has no turn", NO_SAMPLING)
    return replace(outcome, confirmed=sure(facts, role))


def longest_turn(facts: Facts, role: Role) -> Outcome:
    """The longest turn of a role."""
    lengths = durations(facts, role)
    if not lengths:
        return absent("the role has no turn")
    return Outcome(seconds(max(lengths)), len(lengths), confirmed=sure(facts, role))


def response_latency_median(facts: Facts, role: Role) -> Outcome:
    """Median FTO of a role's turns after another role's."""
    turns, role_of = facts.dialogue.turns, facts.dialogue.role_of
    changes = {
        place: offset
        for place, offset in facts.floor_changes
        if role_of(turns[place].speaker) is role and role_of(turns[place - 1].speaker) is not role
    }
    level = facts.settings.measures.confidence_level
    outcome = middle([*changes.values()], level, "the role never takes the floor from another")
    return replace(outcome, confirmed=of_changes(facts, changes))


def interruption_count(facts: Facts, role: Role) -> Outcome:
    """How often a role takes the floor by interrupting."""
    events = [i for i in facts.dialogue.interruptions if i.succeeded and facts.dialogue.role_of(i.speaker) is role]
    return counted(len(events), facts.settings.measures.confidence_level)


def backchannel_count(facts: Facts, role: Role) -> Outcome:
    """How many backchannels a role gives."""
    events = [b for b in facts.dialogue.backchannels if facts.dialogue.role_of(b.speaker) is role]
    return counted(len(events), facts.settings.measures.confidence_level)


def fto_median(facts: Facts) -> tuple[Outcome, ...]:
    """Median FTO of all changes of speaker."""
    changes = dict(facts.floor_changes)
    outcome = middle([*changes.values()], facts.settings.measures.confidence_level, "the floor never changes")
    return (replace(outcome, confirmed=of_changes(facts, changes)),)


def overlap_share(facts: Facts) -> tuple[Outcome, ...]:
    """Share of the time with speech in which two or more people speak."""
    together = multiply_covered(facts.speech.values())
    anyone = total(union(s for spans in facts.speech.values() for s in spans))
    outcome = quotient(seconds(total(together)), seconds(anyone), len(together), NOBODY_SPEAKS)
    return (replace(outcome, confirmed=of_speech(facts)),)


def patience(facts: Facts, role: Role) -> Outcome:
    """Median silence between the client's stop and the role's next sound."""
    role_of = facts.dialogue.role_of
    own = [s for s in facts.silences() if role_of(s.before) is Role.CLIENT and role_of(s.after) is role]
    waits = [milliseconds(s.end) - milliseconds(s.start) for s in own]
    level = facts.settings.measures.confidence_level
    return replace(
        middle(waits, level, "the role breaks no silence of the client's"),
        confirmed=of_silences(own),
    )


ROLE_MEASURES = (
    RoleMeasure(
        Measure(
            name="turn_count",
            level=Level.ROLE,
            title="Turns",
            definition="How many turns the role has. A turn is one speaker holding the floor, own pauses included; the "
            "other's backchannels do not end it, an answer to a direct question does.",
            unit="turns",
            numerator="",
            denominator="",
            confirmed=OF_TURNS,
            missing_when=ROLES_MISSING,
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 1; MITI 4.2.1 (volley)",
            settings=FLOOR,
        ),
        turn_count,
    ),
    RoleMeasure(
        Measure(
            name="turn_duration_mean",
            level=Level.ROLE,
            title="Mean turn",
            definition="Mean length of the role's turns from first to last speech, pauses included, without excluded "
            "portions.",
            unit="s",
            numerator="summed length of the role's turns, s",
            denominator="turns of the role",
            confirmed=OF_TURNS,
            missing_when=f"{ROLES_MISSING}; the role has no turn",
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 3",
            settings=FLOOR,
        ),
        turn_duration_mean,
    ),
    RoleMeasure(
        Measure(
            name="longest_turn",
            level=Level.ROLE,
            title="Longest turn",
            definition="Length of the role's longest turn (monologue), pauses included, without excluded portions.",
            unit="s",
            numerator="",
            denominator="",
            confirmed=OF_TURNS,
            missing_when=f"{ROLES_MISSING}; the role has no turn",
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 3",
            settings=FLOOR,
        ),
        longest_turn,
    ),
    RoleMeasure(
        Measure(
            name="response_latency_median",
            level=Level.ROLE,
            title="Response latency",
            definition="Median time from the end of another role's turn to the start of this role's next one (floor "
            "transfer offset); negative where they overlap. About 0.2 s is typical of everyday talk.",
            unit="s",
            numerator="",
            denominator="",
            confirmed=OF_CHANGES,
            missing_when=f"{ROLES_MISSING}; the role never takes the floor from another",
            interval=MEDIAN_INTERVAL,
            needs=(Need.TURN_TAKING,),
            source="Heldner & Edlund 2010; Levinson & Torreira 2015",
            settings=(*FLOOR, "measures.confidence_level"),
        ),
        response_latency_median,
    ),
    RoleMeasure(
        Measure(
            name="interruption_count",
            level=Level.ROLE,
            title="Interruptions",
            definition="How often the role starts speaking well before the other would have ended, overlaps longer "
            "than the grace time and takes the floor. Failed attempts, joint starts and backchannels do not count.",
            unit="interruptions",
            numerator="",
            denominator="",
            missing_when=ROLES_MISSING,
            interval=COUNT_INTERVAL,
            needs=(Need.TURN_TAKING,),
            source="the toolkit's standards, section 1",
            settings=(
                *FLOOR,
                "dialogue.interruption_lead",
                "dialogue.interruption_grace",
                "measures.confidence_level",
            ),
        ),
        interruption_count,
    ),
    RoleMeasure(
        Measure(
            name="backchannel_count",
            level=Level.ROLE,
            title="Backchannels",
            definition="How many short tokens (mhm, yeah, right …, from a closed list per language) the role gives "
            "inside the other's turn without taking the floor. Where the recogniser heard no words, the length alone "
            "decides. Recognisers drop such tokens, so read it as a lower bound where words decide.",
            unit="backchannels",
            numerator="",
            denominator="",
            missing_when=f"{ROLES_MISSING}; the language has no list of backchannels",
            interval=COUNT_INTERVAL,
            needs=(Need.TURN_TAKING, Need.BACKCHANNELS),
            source="the toolkit's standards, section 1; Ward & Tsukahara 2000",
            settings=(*FLOOR, "measures.confidence_level"),
        ),
        backchannel_count,
    ),
    RoleMeasure(
        Measure(
            name="patience",
            level=Level.ROLE,
            title="Patience",
            definition="How long the therapist waits after the client stops: median length of the silences that come "
            "when the client has the floor and that the therapist breaks, were it only by a backchannel. Silences of "
            "every length; one that the client breaks is not in it.",
            unit="s",
            numerator="",
            denominator="",
            confirmed=OF_SILENCES,
            missing_when=f"{ROLES_MISSING}; the therapist breaks no silence of the client's",
            interval=MEDIAN_INTERVAL,
            needs=(Need.SILENCES,),
            source="the toolkit's standards, section 2",
            settings=(*FLOOR, "dialogue.noise_margin", "dialogue.noise_above", "measures.confidence_level"),
        ),
        patience,
        therapists=True,
    ),
)

SESSION_MEASURES = (
    SessionMeasure(
        Measure(
            name="fto_median",
            level=Level.SESSION,
            title="Floor transfer offset",
            definition="Median time from the end of a turn to the start of another speaker's next turn; negative where "
            "they overlap. About 0.2 s is typical of everyday talk.",
            unit="s",
            numerator="",
            denominator="",
            confirmed=OF_CHANGES,
            missing_when="the floor never changes",
            interval=MEDIAN_INTERVAL,
            needs=(Need.TURN_TAKING,),
            source="Levinson & Torreira 2015; Heldner & Edlund 2010",
            settings=(*FLOOR, "measures.confidence_level"),
        ),
        fto_median,
    ),
    SessionMeasure(
        Measure(
            name="overlap_share",
            level=Level.SESSION,
            title="Overlap",
            definition="Time in which two or more people speak, divided by the time in which anyone speaks. "
            "Backchannels in overlap count.",
            unit="share",
            numerator="time with two or more speakers, s",
            denominator="time with one speaker or more, s",
            confirmed=OF_SPEECH,
            missing_when="nobody speaks",
            interval=NO_INTERVAL,
            needs=(Need.TURN_TAKING,),
            source="Heldner & Edlund 2010",
        ),
        overlap_share,
    ),
)
