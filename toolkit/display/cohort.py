"""Hundreds to thousands of sessions, for a notebook; `scan` reads, the others show.

Therapists stand in the order of their ids, never of their values: a caseload is no league table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import collect
from toolkit.caseload import LISTENING, Caseload, cohort, read
from toolkit.caseload.bins import Bin, bins
from toolkit.caseload.cohort import LEAST_SHOWN, SHARES, Cell, Summary
from toolkit.caseload.parts import LEAST_SESSIONS, rows
from toolkit.display import panels
from toolkit.display.gallery import Gallery
from toolkit.display.html import Drawing, Page, note, table
from toolkit.display.progress import count, span
from toolkit.display.words import COUNTS, number
from toolkit.errors import InputError, ToolkitError
from toolkit.evaluate.double_coding import Period
from toolkit.measures import MEASURES
from toolkit.measures.sums import Pooled
from toolkit.measures.variation import DEFINITION, SOURCE, Components
from toolkit.study import Study
from toolkit.types import Missing, Purpose

__all__ = ["Cohort", "definitions", "distributions", "export", "measures", "missing", "over_time", "overview", "scan"]
__all__ += ["therapists", "variation"]

MOST_NAMES = 30  # therapists drawn one by one; more are drawn as a distribution
MONTHS = 24  # up to so many months one sees months, then quarters
SHOWN = 6  # measures named in a row of what is missing

SUMS = (
    "numerators of all sessions over denominators of all sessions: a session in which more happened weighs more; a "
    "measure without them is averaged. Interval: as if other therapists had been recorded"
)
WORDS = (
    ("ratio of sums", SUMS, "Cochran 1977"),
    ("ICC", DEFINITION, SOURCE),
    ("nine in ten", f"from the {SHARES[0]:.0%} to the {SHARES[-1]:.0%} quantile of sessions", ""),
    (
        "left out",
        f"distributions and periods of fewer than {LEAST_SHOWN} sessions, therapists with fewer than {LEAST_SESSIONS}",
        "the toolkit's own",
    ),
)


@dataclass(frozen=True, slots=True)
class Cohort:
    """All sessions, and the summary of each measure that is shown."""

    caseload: Caseload
    summaries: tuple[Summary, ...]


def scan(study: str | Path, measures: Sequence[str] = ()) -> Cohort:
    """Read all sessions of a study that have results and that consent covers today.

    Parameters
    ----------
    study
        Folder of the study.
    measures
        Names of the code book to look at; none for those of listening.

    Raises
    ------
    InputError
        When there is no such study.
    """
    caseload = read(Study.open(Path(study)))
    return Cohort(caseload, tuple(cohort.summary(caseload, m) for m in measures or LISTENING))


def overview(found: Cohort) -> Page:
    """How many sessions, of whom, when, how long."""
    sessions = found.caseload.sessions
    days = sorted(day for day in sessions["recorded_on"] if day)
    seconds = rows(found.caseload, "silence_share")["denominator"].sum() or 0.0
    listed = len(found.caseload.study.recordings())
    facts = [
        ("sessions with results that consent covers today", f"{sessions.height} of {listed} in sessions.csv"),
        ("therapists", str(len(found.caseload.therapists))),
        ("clients", str(sessions["client"].n_unique())),
        ("session time", f"{seconds / 3600:.0f} h"),
        ("dates", f"{days[0]} to {days[-1]}" if days else "—"),
        ("without a date", str(sessions.height - len(days))),
    ]
    return Page("Caseload", [table("", ("what", "how many"), facts)])


def distributions(found: Cohort) -> Gallery | Page:
    """How many sessions have which values."""
    shown = [s for s in found.summaries if s.values]
    if not shown:
        return Page("", [note(f"Fewer than {LEAST_SHOWN} sessions with a value: nothing is shown.")])
    return Gallery("", ["Bars: sessions. Dashed line: the median."], [*map(distribution, shown)])


def distribution(summary: Summary) -> tuple[Drawing, str]:
    """One measure, and the line below it."""
    measure = MEASURES[summary.measure]
    middle = summary.quantiles if isinstance(summary.quantiles, tuple) else ()
    told = f"{count(summary.n, 'session')}, {summary.missing} without a value"
    if middle:
        low, quarter, half, three, high = (number(q, measure.unit) for q in middle)
        told = f"median {half}; half of them {quarter} to {three}, nine in ten {low} to {high}; {told}"
    lines = [{"at": middle[2], "name": "median"}] if middle else []
    drawn = panels.histogram_panel(
        [bar(b, measure.unit) for b in bins(summary.values, whole=measure.unit in COUNTS)],
        lines,
        title=measure.title,
        unit=measure.unit,
    )
    return Drawing(drawn, f"{measure.title}: {told}"), told


def bar(one: Bin, unit: str, thing: str = "session") -> dict[str, Any]:
    """One bar."""
    reach = f"{number(one.low, unit)} {'or more' if one.open_ended else f'to {number(one.high, unit)}'}"
    return {"low": one.low, "high": one.high, "count": one.count, "label": f"{reach}: {count(one.count, thing)}"}


def measures(found: Cohort) -> Page:
    """Each measure as a ratio of sums or a mean, with its interval, beside the mean of the sessions' values."""
    lines = []
    for s in found.summaries:
        unit = MEASURES[s.measure].unit
        whole = s.together
        lines.append(
            (
                MEASURES[s.measure].title,
                str(s.n),
                str(s.missing),
                number(whole.value, unit) if isinstance(whole, Pooled) else "—",
                span(whole.interval, unit)
                if isinstance(whole, Pooled) and not isinstance(whole.interval, Missing)
                else "—",
                number(s.mean, unit) if isinstance(s.mean, float) else "—",
                number(s.quantiles[2], unit) if isinstance(s.quantiles, tuple) else "—",
            )
        )
    heads = (
        "measure",
        "sessions",
        "without a value",
        "ratio of sums, or mean",
        "90 % interval",
        "mean of sessions",
        "median",
    )
    return Page("", [table("The caseload", heads, lines)])


def therapists(found: Cohort) -> Gallery | Page:
    """Each therapist's ratio of sums or mean; the distribution of them where they are many."""
    drawings = []
    for s in found.summaries:
        cells = cohort.therapists(found.caseload, s.measure)
        shown = [c for c in cells if isinstance(c.together, Pooled)]
        if not shown:
            continue
        hidden = len(cells) - len(shown)
        below = count(len(shown), "therapist") + (f", {hidden} with too few sessions" if hidden else "")
        drawn = named(s.measure, shown) if len(shown) <= MOST_NAMES else spread_out(s.measure, shown)
        drawings.append((drawn, below))
    if not drawings:
        return Page("", [note(f"No therapist has {LEAST_SESSIONS} sessions with a value: nothing is shown.")])
    many = len(found.caseload.therapists) > MOST_NAMES
    one_by_one = "Dots: all sessions of a therapist. Line: 90 % interval. In the order of ids."
    told = "Bars: therapists. Dashed line: the middle one." if many else one_by_one
    return Gallery("", [told], drawings)


def named(measure: str, cells: Sequence[Cell]) -> Drawing:
    """Therapists one by one."""
    shown = [as_cell(c, measure) for c in cells]
    drawn = panels.cells_panel(shown, title=MEASURES[measure].title, unit=MEASURES[measure].unit, across=False)
    return Drawing(drawn, f"{MEASURES[measure].title} by therapist: {'; '.join(c['label'] for c in shown)}")


def spread_out(measure: str, cells: Sequence[Cell]) -> Drawing:
    """How many therapists have which values."""
    unit, title = MEASURES[measure].unit, MEASURES[measure].title
    values = sorted(c.together.value for c in cells if isinstance(c.together, Pooled))
    bars = [bar(b, unit, "therapist") for b in bins(values)]
    middle = [{"at": values[len(values) // 2], "name": "median"}]
    drawn = panels.histogram_panel(bars, middle, title=title, unit=unit)
    return Drawing(drawn, f"{title}, therapists: {'; '.join(b['label'] for b in bars if b['count'])}")


def as_cell(cell: Cell, measure: str) -> dict[str, Any]:
    """A therapist or a period as a chart wants it."""
    unit, whole, middle = MEASURES[measure].unit, cell.together, cell.middle
    if not isinstance(whole, Pooled):
        raise TypeError("only what has a value can be drawn")
    reach = None if isinstance(whole.interval, Missing) else whole.interval
    return {
        "name": cell.name,
        "value": whole.value,
        "low": reach.start if reach else None,
        "high": reach.end if reach else None,
        "q1": whole.value if isinstance(middle, Missing) else middle[0],
        "q3": whole.value if isinstance(middle, Missing) else middle[1],
        "label": f"{cell.name}: {number(whole.value, unit)}{f' ({span(reach, unit)})' if reach else ''}, "
        f"{count(cell.n, 'session')}",
    }


def over_time(found: Cohort) -> Gallery | Page:
    """Months, or quarters where there are many."""
    months = {day[:7] for day in found.caseload.sessions["recorded_on"] if day}
    period = Period.MONTH if len(months) <= MONTHS else Period.QUARTER
    drawings = []
    for s in found.summaries:
        cells = cohort.over_time(found.caseload, s.measure, period)
        shown = [as_cell(c, s.measure) for c in cells if isinstance(c.together, Pooled)]
        if len(shown) > 1:
            title, unit = MEASURES[s.measure].title, MEASURES[s.measure].unit
            hidden = len(cells) - len(shown)
            drawn = panels.cells_panel(shown, title=title, unit=unit, across=True)
            told = f"{title} over time: {'; '.join(c['label'] for c in shown)}"
            drawings.append(
                (Drawing(drawn, told), f"{count(hidden, str(period))} with too few sessions" if hidden else "")
            )
    if not drawings:
        return Page("", [note(f"Nothing is shown: it takes two periods of {LEAST_SHOWN} sessions with a value.")])
    dots = f"Dots: all sessions of a {period}, as ratio of sums or mean."
    told = f"{dots} Line: 90 % interval. Shaded: the middle half of sessions."
    return Gallery("", [told], drawings)


def variation(found: Cohort) -> Page:
    """How much of what differs between sessions lies between therapists."""
    lines = []
    gone = []
    for s in found.summaries:
        measure = MEASURES[s.measure]
        if isinstance(s.parts, Components):
            reach = (
                ""
                if isinstance(s.parts.interval, Missing)
                else (f" ({s.parts.interval.start:z.2f} to {s.parts.interval.end:z.2f})")
            )
            lines.append(
                (
                    measure.title,
                    number(s.parts.within, measure.unit),
                    number(s.parts.between, measure.unit),
                    f"{s.parts.icc:z.2f}{reach}",
                    f"{s.parts.groups}, {s.parts.n}",
                )
            )
        else:
            gone.append((measure.title, s.parts.reason))
    heads = (
        *("measure", "within a therapist (standard deviation)", "between therapists (standard deviation)"),
        *("ICC (90 % interval)", "therapists, sessions"),
    )
    parts = [table("", heads, lines)] if lines else []
    if gone:
        parts.append(table("Missing, and why", ("measure", "reason"), gone))
    return Page("", parts)


def missing(found: Cohort) -> Page:
    """Why values are missing, by reason."""
    reasons: dict[str, list[cohort.Lack]] = {}
    for lack in cohort.lacking(found.caseload):
        reasons.setdefault(lack.reason, []).append(lack)
    lines = []
    for reason, lacks in sorted(reasons.items(), key=lambda item: (-item[1][0].sessions, item[0])):
        names = [MEASURES[x.measure].title for x in lacks]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        most = lacks[0]
        lines.append(
            (reason, f"{most.sessions} of {most.of}", f"{most.sessions / most.of:.1%}", ", ".join(names[:SHOWN]) + more)
        )
    if not lines:
        return Page("", [note("Every measure has a value in every session.")])
    return Page("", [table("", ("reason", "sessions, at most", "share", "measures"), lines)])


def export(found: Cohort, output: str | Path, *, purpose: str = "research") -> Page:
    """Write the tidy table where a file is named, and say what is in it; a file that is there is left as it is.

    Parameters
    ----------
    found
        What `scan` read.
    output
        A ``.csv`` or ``.parquet``; empty writes nothing.
    purpose
        What the table is for: only sessions whose people all agreed to it today are in it.
    """
    if not str(output):
        return Page("", [note("Nothing was written: name a file in EXPORT above.")])
    try:
        if purpose not in collect.PURPOSES:
            raise InputError(f"no purpose {purpose[:40]}.", hint=f"One of: {', '.join(collect.PURPOSES)}.")
        there = collect.write(found.caseload.study, Path(output), purpose=Purpose(purpose))
    except ToolkitError as error:
        return Page("", [note(f"Nothing was written: {error}")])
    told = (
        f"{Path(output).name}: one row a session, role and measure, of {count(len(there), 'session')} that consent "
        f"covers for {purpose}, without dates and without text. The audit log has it; a withdrawal does not reach it."
    )
    return Page("", [note(told)])


def definitions() -> Page:
    """What the numbers mean."""
    return Page("", [table("What the numbers mean", ("word", "meaning", "source"), WORDS)])
