"""Measures: pure functions of a `Dialogue`, each with the text that says what its number means.

One module a family (`talk`, `turns`, `asymmetry`, `silence`, `wording`, `coding` with `miti` and `counts`, `sequences`,
`drift`);
`uncertainty` makes the intervals, `confirmed` says how much of a value a human confirmed, `book` makes the code book;
`sums`, `change` and `variation` take the numbers of several sessions.
Every measure is computed for every session: where it has no value it has a reason. Role measures come for therapist and
client always and for further roles when somebody has them; those of what a therapist does, and *patience*, only for
therapists and co-therapists, and those of what a client says only for clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.intervals import Span
from toolkit.measures import asymmetry, coding, counts, drift, sequences, silence, talk, turns, wording
from toolkit.measures.facts import Facts, Outcome, RoleMeasure, SessionMeasure, absent, gather, seconds
from toolkit.settings import Settings
from toolkit.types import Dialogue, Measure, MeasureValue, Missing, Role

__all__ = ["CLIENT_MEASURES", "MEASURES", "SESSION", "THERAPIST_MEASURES", "WINDOW_MEASURES", "compute", "notes"]

SESSION = "session"
"""What stands in the role of a measure of the whole session."""

ALWAYS = (Role.THERAPIST, Role.CLIENT)
WHEN_PRESENT = (Role.CO_THERAPIST, Role.INTERPRETER, Role.OTHER)

ROLE_MEASURES: tuple[RoleMeasure, ...] = (
    *talk.ROLE_MEASURES,
    *turns.ROLE_MEASURES,
    *wording.ROLE_MEASURES,
    *coding.ROLE_MEASURES,
    *sequences.ROLE_MEASURES,
)
SESSION_MEASURES: tuple[SessionMeasure, ...] = (
    *silence.SESSION_MEASURES,
    *turns.SESSION_MEASURES,
    *asymmetry.SESSION_MEASURES,
    *wording.SESSION_MEASURES,
    *talk.SESSION_MEASURES,
    *drift.SESSION_MEASURES,
)

MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (*(entry.measure for entry in ROLE_MEASURES), *(entry.measure for entry in SESSION_MEASURES))
}
"""Every measure by name, in the order of tables and of the code book."""

THERAPIST_MEASURES = frozenset(entry.measure.name for entry in ROLE_MEASURES if entry.therapists)
"""Measures of roles that only therapists and co-therapists have."""

CLIENT_MEASURES = frozenset(entry.measure.name for entry in ROLE_MEASURES if entry.clients)
"""Measures of roles that only clients have."""

WINDOW_MEASURES = frozenset({"talk_balance", *(entry.measure.name for entry in drift.SESSION_MEASURES)})
"""Measures of the session that have a value for each window of it."""


def compute(dialogue: Dialogue, settings: Settings) -> tuple[MeasureValue, ...]:
    """All measures of one session.

    Parameters
    ----------
    dialogue
        What happened in the session.
    settings
        `settings.measures` holds the thresholds; those of `settings.dialogue` are in the dialogue already.

    Returns
    -------
    tuple of MeasureValue
        Roles in the order of `Role`, then the session; measures in the order of `MEASURES`; windows in order of
        time. The same dialogue gives the same numbers to the last bit.
    """
    facts = gather(dialogue, settings)
    present = {dialogue.role_of(speaker) for speaker in facts.speech}
    values: list[MeasureValue] = []
    for role in (*ALWAYS, *(role for role in WHEN_PRESENT if role in present)):
        values.extend(of_role(facts, role))
    for entry in SESSION_MEASURES:
        gap = untold(entry.measure, facts)
        outcomes = (absent(gap),) if gap else entry.take(facts)
        values.extend(stated(entry.measure, SESSION, outcome, facts) for outcome in outcomes)
    return tuple(values)


def notes(dialogue: Dialogue, settings: Settings) -> tuple[str, ...]:
    """What a reader should know about the measures of one session, such as how short it is for MITI."""
    return counts.notes(gather(dialogue, settings))


def of_role(facts: Facts, role: Role) -> Iterator[MeasureValue]:
    """The measures of one role; all missing with the same reason when nobody has it."""
    reason = facts.missing_role(role)
    for entry in ROLE_MEASURES:
        if entry.suits(role):
            gap = reason or untold(entry.measure, facts)
            outcome = absent(gap) if gap else entry.take(facts, role)
            yield stated(entry.measure, role, outcome, facts)


def untold(measure: Measure, facts: Facts) -> str:
    """Why the session does not tell what a measure needs; empty where it does."""
    return next((reason for need, reason in facts.dialogue.untold.items() if need in measure.needs), "")


def stated(measure: Measure, role: str, outcome: Outcome, facts: Facts) -> MeasureValue:
    """An outcome as a value of a measure: rounded, and with the stretch it describes in seconds."""
    window = facts.session if isinstance(outcome.window, Missing) else outcome.window
    return MeasureValue(
        measure=measure.name,
        role=str(role),
        value=rounded(outcome.value),
        n=outcome.n,
        numerator=rounded(outcome.numerator),
        denominator=rounded(outcome.denominator),
        interval=rounded_span(outcome.interval),
        window=Span(0.0, facts.dialogue.duration)
        if isinstance(window, Missing)
        else Span(seconds(window.start), seconds(window.end)),
        confirmed=rounded(share(outcome)),
    )


def share(outcome: Outcome) -> float | Missing:
    """The confirmed share of an outcome; missing with the outcome's own reason where it has no value."""
    if isinstance(outcome.value, Missing):
        return outcome.value
    if isinstance(outcome.confirmed, Missing):
        return outcome.confirmed
    return outcome.confirmed.value("nothing was counted")


def rounded(number: float | Missing) -> float | Missing:
    """A number to six decimals, the last step of every measure."""
    return number if isinstance(number, Missing) else round(float(number), 6)


def rounded_span(span: Span | Missing) -> Span | Missing:
    """Both ends of an interval to six decimals."""
    return span if isinstance(span, Missing) else Span(round(float(span.start), 6), round(float(span.end), 6))
