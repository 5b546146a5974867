"""A whole caseload: how a measure is distributed, by therapist and over time, and what varies.

Everything is of the sessions that consent covers today. A ratio is the ratio of sums, its interval drawn from whole
therapists; `variation` says how much lies between therapists. What rests on fewer than `LEAST_SHOWN` sessions (in a
period), or on fewer than `LEAST_SESSIONS` of a therapist, is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.caseload.parts import LEAST_SESSIONS, limits, quantile, rows
from toolkit.caseload.reading import Caseload, role_of
from toolkit.evaluate.double_coding import NO_DATE, Period, period_of
from toolkit.measures import MEASURES
from toolkit.measures.sums import Pooled, pooled, summed
from toolkit.measures.variation import Components, components
from toolkit.types import Missing, Ratio

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LEAST_SHOWN", "Cell", "Lack", "Summary", "lacking", "over_time", "summary", "therapists"]

LEAST_SHOWN = 5
"""Sessions of a distribution or a period: of fewer it would say what one of them was."""
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Summary:
    """One measure over the caseload.

    Attributes
    ----------
    measure
        Name in the registry.
    values
        Of the sessions, in ascending order; empty for fewer than `LEAST_SHOWN`.
    n, missing
        Sessions with a value, and without.
    quantiles
        At `SHARES`; missing for too few.
    mean
        Of the sessions' values: what the ratio of sums is not.
    together
        Ratio of sums, or mean, its interval from therapists.
    parts
        Variance within and between therapists.
    """

    measure: str
    values: tuple[float, ...]
    n: int
    missing: int
    quantiles: tuple[float, ...] | Missing
    mean: float | Missing
    together: Pooled | Missing
    parts: Components | Missing


@dataclass(frozen=True, slots=True)
class Cell:
    """A therapist, or a period: sessions with a value, the ratio of sums or mean, missing where they are too few."""

    name: str
    n: int
    together: Pooled | Missing
    middle: tuple[float, float] | Missing


@dataclass(frozen=True, slots=True)
class Lack:
    """A reason for which a measure has no value, and in how many of how many sessions."""

    measure: str
    reason: str
    sessions: int
    of: int


def summary(caseload: Caseload, measure: str) -> Summary:
    """One measure over all sessions; of sessions that name a therapist and a client alike."""
    found = rows(caseload, measure)
    own = grouped(found)
    values = sorted(v for g in own for v in g.values)
    few = Missing(f"fewer than {LEAST_SHOWN} sessions with a value")
    if len(values) < LEAST_SHOWN:
        return Summary(measure, (), len(values), found.height - len(values), few, few, few, few)
    parts = [summed(g.parts) for g in own if g.parts]
    return Summary(
        measure=measure,
        values=tuple(values),
        n=len(values),
        missing=found.height - len(values),
        quantiles=tuple(quantile(values, share) for share in SHARES),
        mean=sum(values) / len(values),
        together=pooled(parts, caseload.level, within=limits(measure)),
        parts=components([g.values for g in own], caseload.level),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Some sessions: the values that are there, and what they add to a sum."""

    name: str
    values: list[float]
    parts: list[Ratio]


def grouped(found: pl.DataFrame, by: str = "therapist") -> list[Group]:
    """The sessions of each therapist or period, by name."""
    import polars as pl

    columns = found.group_by(by).agg("value", "numerator", "denominator").sort(by)
    groups = []
    for name, values, tops, bottoms in columns.select(
        pl.col(by).cast(pl.String), "value", "numerator", "denominator"
    ).rows():
        parts = [
            Ratio(top, bottom) if top is not None and bottom is not None else Ratio(value, 1.0)
            for value, top, bottom in zip(values, tops, bottoms, strict=True)
            if value is not None or (top is not None and bottom is not None)
        ]
        groups.append(Group(name, [v for v in values if v is not None], parts))
    return groups


def therapists(caseload: Caseload, measure: str) -> tuple[Cell, ...]:
    """Each therapist's sessions as one number, by id; each session a unit of the interval."""
    return tuple(cell(g, measure, caseload.level, LEAST_SESSIONS) for g in grouped(rows(caseload, measure)))


def over_time(caseload: Caseload, measure: str, period: Period = Period.QUARTER) -> tuple[Cell, ...]:
    """Each period's sessions as one number, in order of time, sessions without a date left out."""
    import polars as pl

    found = rows(caseload, measure)
    days = {day: period_of(day, period) for day in set(found["recorded_on"])}
    dated = found.with_columns(when=pl.col("recorded_on").replace_strict(days, return_dtype=pl.String))
    dated = dated.filter(pl.col("when") != NO_DATE)
    return tuple(cell(g, measure, caseload.level, LEAST_SHOWN) for g in grouped(dated, by="when"))


def cell(group: Group, measure: str, level: float, least: int) -> Cell:
    """A group as one number; `least` sessions with a value are needed."""
    n = len(group.values)
    if n < least:
        few = Missing(f"fewer than {least} sessions with a value")
        return Cell(group.name, n, few, few)
    ordered = sorted(group.values)
    between = (quantile(ordered, 0.25), quantile(ordered, 0.75))
    return Cell(group.name, n, pooled(group.parts, level, within=limits(measure)), between)


def lacking(caseload: Caseload, measures: Sequence[str] = tuple(MEASURES)) -> tuple[Lack, ...]:
    """Why measures have no value, most sessions first; of each measure the role that it tells of."""
    import polars as pl

    wanted = pl.DataFrame({"measure": list(measures), "role": [role_of(m) for m in measures]})
    found = caseload.measures.join(wanted, on=["measure", "role"], how="semi")
    of = dict(found.group_by("measure").len().rows())
    gone = found.filter(pl.col("value").is_null()).group_by("measure", "missing_reason").len()
    return tuple(
        Lack(measure, reason or "no reason was kept", sessions, of[measure])
        for measure, reason, sessions in gone.sort(
            pl.col("len"), "measure", "missing_reason", descending=[True, False, False]
        ).rows()
    )
