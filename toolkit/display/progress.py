"""A therapist's sessions over time, for a notebook; `scan` reads, the others show.

The own baseline comes first, then the other therapists of the caseload. Nothing here says that somebody is good or bad
at something: a change is put as a question, and only where it is larger than its error could make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.caseload import LISTENING, Caseload, progress, questions, read
from toolkit.caseload.parts import LEAST_OTHERS, LEAST_SESSIONS, Sitting
from toolkit.caseload.progress import Course
from toolkit.display import panels
from toolkit.display.gallery import Gallery
from toolkit.display.html import Drawing, Page, note, table
from toolkit.display.words import between, number
from toolkit.intervals import Span
from toolkit.measures import MEASURES
from toolkit.measures.change import LEVEL, Change, Phase
from toolkit.study import Study
from toolkit.types import Missing

__all__ = ["Progress", "chart", "definitions", "findings", "measures", "overview", "scan"]

MARKS = (
    "Open circle: one of the first sessions, the baseline. Filled circle: a later session. Diamond: a later session "
    "outside the usual range. Cross at the foot: no value. Thin line: the session's own 90 % interval. Shaded, dashed: "
    "where one more session would lie if nothing had changed. Thick line at the right: the middle 80 % of the other "
    "therapists."
)

USUAL = (
    "where one more session would lie, in 95 of 100 cases, if nothing changed: from how much the sessions of one "
    "person differ, pooled over the caseload, or from the sessions' own intervals where these are wider"
)
RELIABLE = (
    "latest minus first sessions, when its 95 % interval leaves out 0; the error is Jacobson and Truax's for two "
    "phases of several sessions, each side of an interval by itself. It does not say that it is good, nor why it came"
)
OTHERS = (
    f"the middle 80 % of them, one value each; shown for {LEAST_OTHERS} or more with {LEAST_SESSIONS} sessions each, "
    "so that it tells of nobody alone"
)
WORDS = (
    ("baseline", "the first sessions that have a value: their ratio of sums, or their mean", "the toolkit's own"),
    ("usual range", USUAL, "Jacobson & Truax 1991, with Student's t"),
    ("reliable change", RELIABLE, "Jacobson & Truax 1991; Zou & Donner 2008"),
    ("other therapists", OTHERS, "the toolkit's own"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """The sessions of one therapist, and the course of each measure."""

    caseload: Caseload
    therapist: str
    baseline: int
    courses: tuple[Course, ...]


def scan(
    study: str | Path, therapist: str, *, baseline: int = 3, recent: int = 3, measures: Sequence[str] = ()
) -> Progress:
    """Read a therapist's sessions and those of the caseload.

    Parameters
    ----------
    study
        Folder of the study.
    therapist
        Pseudonymous id, as in ``sessions.csv``.
    baseline, recent
        How many of the first and of the latest sessions are put together.
    measures
        Names of the code book to look at; none for those of listening.

    Raises
    ------
    InputError
        When there is no such study, no session of this therapist's with results, or no such measure.
    """
    caseload = read(Study.open(Path(study)))
    found = progress.courses(caseload, therapist, measures=measures or LISTENING, baseline=baseline, recent=recent)
    return Progress(caseload, therapist, max(baseline, 1), found)


def overview(found: Progress) -> Page:
    """Which sessions these are."""
    own = found.caseload.sessions.filter(found.caseload.sessions["therapist"] == found.therapist)
    days = sorted(day for day in own["recorded_on"] if day)
    when = f", {days[0]} to {days[-1]}" if days else ""
    others = count(len(found.caseload.therapists) - 1, "other therapist")
    told = [note(f"{count(own.height, 'session')}{when}; {others} in the caseload.")]
    if len(days) < own.height:
        undated = count(own.height - len(days), "session")
        told.append(note(f"{undated} without a date: placed last, in the order of sessions.csv."))
    return Page(f"Therapist {found.therapist}", told)


def findings(found: Progress) -> Page:
    """What changed by more than its error could make it, each as a question; what did not, and what is not known."""
    changed = [c for c in found.courses if isinstance(c.change, Change) and c.change.reliable]
    still = [c for c in found.courses if isinstance(c.change, Change) and not c.change.reliable]
    parts = []
    if changed:
        heads = ("to ask", "first sessions", "latest sessions", f"difference ({LEVEL:.0%} interval)")
        parts.append(
            table("Changed by more than the error of the measure could make it", heads, [*map(asked, changed)])
        )
    elif still:
        parts.append(note("No measure changed by more than its error could make it."))
    if still:
        names = ", ".join(MEASURES[c.measure].title.lower() for c in still)
        parts.append(note(f"Within what error could make, so no change is shown: {names}."))
    known = len(changed) + len(still)
    if known:
        chance = f"{known * (1 - LEVEL):.1f}"
        parts.append(
            note(f"By chance alone up to one measure in twenty looks changed: of these {known} about {chance}.")
        )
    lacking = [(MEASURES[c.measure].title, c.change.reason) for c in found.courses if isinstance(c.change, Missing)]
    if lacking:
        parts.append(table("Not known yet, and why", ("measure", "reason"), by_reason(lacking)))
    return Page("", parts)


def asked(course: Course) -> tuple[str, ...]:
    """One finding as a row."""
    unit = MEASURES[course.measure].unit
    change = course.change
    if not isinstance(change, Change):
        raise TypeError("only a change can be asked about")
    signed = number(change.difference, unit) if change.difference < 0 else f"+{number(change.difference, unit)}"
    return (
        questions.question(course.measure, higher=change.difference > 0),
        phase_text(course.baseline, unit),
        phase_text(course.recent, unit),
        f"{signed} ({between(change.interval.start, change.interval.end, unit)})",
    )


def by_reason(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Measures with the same reason in one row, in the order in which reasons come."""
    reasons = dict.fromkeys(reason for _, reason in rows)
    return [(", ".join(name for name, why in rows if why == reason), reason) for reason in reasons]


def chart(found: Progress) -> Gallery | Page:
    """Every measure over the sessions, each beside the own usual range and the other therapists."""
    shown = [c for c in found.courses if any(not isinstance(s.value, Missing) for s in c.sittings)]
    if not shown:
        return Page("", [note("No session has a value of these measures; see the reasons above.")])
    return Gallery("", [MARKS], [(drawing(c, found.baseline), beneath(c)) for c in shown])


def drawing(course: Course, baseline: int) -> Drawing:
    """One measure."""
    measure = MEASURES[course.measure]
    foot = min([0.0, *(s.value for s in course.sittings if not isinstance(s.value, Missing))])
    rows: list[dict[str, Any]] = []
    first = baseline if isinstance(course.baseline, Phase) else 0
    for s in course.sittings:
        state = state_of(s, course, first)
        first -= state == "first"
        rows.append(point(s, state, foot, measure.unit))
    told = "; ".join(r["label"] for r in rows)
    usual = None if isinstance(course.usual, Missing) else {"low": course.usual.start, "high": course.usual.end}
    band = None if isinstance(course.band, Missing) else {"low": course.band.start, "high": course.band.end}
    drawn = panels.course_panel(rows, usual, band, title=measure.title, unit=measure.unit)
    return Drawing(drawn, f"{measure.title} over the sessions. {beneath(course)} {told}")


def state_of(sitting: Sitting, course: Course, first_left: int) -> str:
    """Which mark a session has."""
    if isinstance(sitting.value, Missing):
        return "missing"
    if first_left > 0:
        return "first"
    usual = course.usual
    inside = isinstance(usual, Missing) or usual.start <= sitting.value <= usual.end
    return "later" if inside else "outside"


def point(sitting: Sitting, state: str, foot: float, unit: str) -> dict[str, Any]:
    """One session as a chart wants it."""
    which = f"session {sitting.session_id}{f', {sitting.recorded_on}' if sitting.recorded_on else ''}"
    value, reach = sitting.value, sitting.interval
    if isinstance(value, Missing):
        row = {"value": foot, "low": None, "high": None, "label": f"{which}: {value.reason}"}
    else:
        limits = None if isinstance(reach, Missing) else reach
        row = {
            "value": value,
            "low": limits.start if limits else None,
            "high": limits.end if limits else None,
            "label": f"{which}: {number(value, unit)}{f' ({span(limits, unit)})' if limits else ''}",
        }
    return {**row, "place": sitting.place, "state": state}


def beneath(course: Course) -> str:
    """The line under a chart: what is usual, and where the others are."""
    unit = MEASURES[course.measure].unit
    own = (
        f"usual: {number(course.baseline.value, unit)} ({span(course.usual, unit)})"
        if isinstance(course.baseline, Phase) and not isinstance(course.usual, Missing)
        else f"no usual range: {reason(course.usual)}"
    )
    others = f"others: {span(course.band, unit)}" if isinstance(course.band, Span) else "no band of others: too few"
    return f"{own}; {others}."


def measures(found: Progress) -> Page:
    """The same as a table."""
    rows = []
    for c in found.courses:
        unit = MEASURES[c.measure].unit
        rows.append(
            (
                MEASURES[c.measure].title,
                phase_text(c.baseline, unit),
                span(c.usual, unit) if isinstance(c.usual, Span) else "—",
                phase_text(c.recent, unit),
                "changed"
                if isinstance(c.change, Change) and c.change.reliable
                else "—"
                if isinstance(c.change, Missing)
                else "within error",
                span(c.band, unit) if isinstance(c.band, Span) else "—",
            )
        )
    heads = (
        "measure",
        "first sessions (baseline)",
        "usual range",
        "latest sessions",
        "change",
        "other therapists, middle 80 %",
    )
    parts = [table("", heads, rows)]
    whys = sorted({c.band.reason for c in found.courses if isinstance(c.band, Missing)})
    parts += [note(f"No band of other therapists: {why}.") for why in whys]
    return Page("", parts)


def definitions() -> Page:
    """What the words mean."""
    return Page("", [table("What the words mean", ("word", "meaning", "source"), WORDS)])


def phase_text(phase: Phase | Missing, unit: str) -> str:
    """The value of a phase and its sessions."""
    return "—" if isinstance(phase, Missing) else f"{number(phase.value, unit)} ({count(phase.n, 'session')})"


def span(found: Span | Missing | None, unit: str) -> str:
    """The ends of a range with the unit where it is short."""
    if not isinstance(found, Span):
        return "—"
    return f"{between(found.start, found.end, unit)}{' %' if unit == 'share' else ' s' if unit == 's' else ''}"


def reason(found: object) -> str:
    """Why something is missing."""
    return found.reason if isinstance(found, Missing) else ""


def count(n: int, thing: str) -> str:
    """A number of things in words.

    Examples
    --------
    >>> count(1, "session"), count(3, "session")
    ('1 session', '3 sessions')
    """
    return f"{n:,} {thing}{'' if n == 1 else 's'}".replace(",", " ")
