"""One measure over some sessions: its values, what they add up to, and where a caseload's therapists lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.caseload.reading import Caseload, role_of
from toolkit.intervals import Span
from toolkit.measures import MEASURES
from toolkit.measures.change import Phase, Point
from toolkit.measures.sums import Pooled, pooled, summed
from toolkit.types import Missing, Ratio

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LEAST_OTHERS", "LEAST_SESSIONS", "Sitting", "by_therapist", "limits", "middle", "phase"]
__all__ += ["quantile", "rows", "sittings", "together"]

LEAST_SESSIONS = 3
"""Of a therapist: what rests on fewer is not shown as theirs."""
LEAST_OTHERS = 5
"""Therapists in a band: of fewer it would say what one of them does."""
BAND = (0.1, 0.9)  # quantiles of the band: the middle 80 % of the therapists
NONE = Missing("there is no interval for this value")
SIGNED = frozenset({"response_latency_median", "fto_median", "response_latency_difference"})  # may be negative
RANGES: Mapping[str, Span] = {
    **dict.fromkeys(("floor_imbalance", "interruption_imbalance"), Span(-1.0, 1.0)),
    **dict.fromkeys((name for name in MEASURES if name.startswith("style_matching")), Span(0.0, 1.0)),
}
"""Ratios that end before infinity."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One session's value of one measure.

    Attributes
    ----------
    session_id, recorded_on, place
        Which session, when (may be empty), and which of its therapist's.
    value
        In the measure's unit, or missing with the reason.
    interval
        Of the value.
    ratio
        What was divided; missing for a value that is no ratio. It is there, too, where a value is not shown because it
        is too uncertain: parts add up.
    """

    session_id: str
    recorded_on: str
    place: int
    value: float | Missing
    interval: Span | Missing
    ratio: Ratio | Missing

    @property
    def part(self) -> Ratio | Missing:
        """What the session adds to a sum: its ratio, or its value as one of a mean."""
        if not isinstance(self.ratio, Missing):
            return self.ratio
        return self.value if isinstance(self.value, Missing) else Ratio(self.value, 1.0)


def rows(caseload: Caseload, measure: str) -> pl.DataFrame:
    """The rows of one measure with their session's, sorted by therapist and place."""
    import polars as pl

    found = caseload.measures.filter((pl.col("measure") == measure) & (pl.col("role") == role_of(measure)))
    return caseload.sessions.join(found, on="session_id", how="inner").sort("therapist", "place")


def sittings(caseload: Caseload, measure: str, therapist: str) -> tuple[Sitting, ...]:
    """A therapist's sessions in order, each with its value of one measure."""
    return tuple(sitting(r) for r in rows(caseload, measure).iter_rows(named=True) if r["therapist"] == therapist)


def by_therapist(caseload: Caseload, measure: str) -> dict[str, tuple[Sitting, ...]]:
    """The same of every therapist, by id in alphabetical order."""
    found: dict[str, list[Sitting]] = {}
    for r in rows(caseload, measure).iter_rows(named=True):
        found.setdefault(r["therapist"], []).append(sitting(r))
    return {therapist: tuple(own) for therapist, own in sorted(found.items())}


def sitting(row: dict[str, Any]) -> Sitting:
    """A row as a value."""
    parts = (row["numerator"], row["denominator"])
    return Sitting(
        session_id=row["session_id"],
        recorded_on=row["recorded_on"],
        place=row["place"],
        value=Missing(row["missing_reason"]) if row["value"] is None else row["value"],
        interval=NONE if row["low"] is None or row["value"] is None else Span(row["low"], row["high"]),
        ratio=Missing("this value is no ratio") if None in parts else Ratio(*parts),
    )


def phase(own: Sequence[Sitting]) -> Phase | Missing:
    """Some sessions as one: their ratio of sums or mean, and the values that are there; missing where none is."""
    there = [s for s in own if not isinstance(s.value, Missing)]
    if not there:
        reasons = sorted({s.value.reason for s in own if isinstance(s.value, Missing)})
        return Missing("; ".join(reasons) or "there is no session")
    total = summed([s.part for s in own if not isinstance(s.part, Missing)])
    value = total.value("there is nothing to divide by")
    points = tuple(Point(s.value, s.interval) for s in there if not isinstance(s.value, Missing))
    return value if isinstance(value, Missing) else Phase(value, points)


def together(own: Sequence[Sitting], measure: str, level: float) -> Pooled | Missing:
    """Sessions of one therapist as one number with its interval, each session a unit."""
    parts = [s.part for s in own if not isinstance(s.part, Missing)]
    if not parts:
        found = phase(own)
        return found if isinstance(found, Missing) else Missing("there is no session")
    return pooled(parts, level, within=limits(measure))


def limits(measure: str) -> Span:
    """What values a measure can have.

    Examples
    --------
    >>> limits("silence_share"), limits("patience")
    (Span(start=0.0, end=1.0), Span(start=0.0, end=inf))
    """
    if measure in RANGES:
        return RANGES[measure]
    return Span(-math.inf if measure in SIGNED else 0.0, 1.0 if MEASURES[measure].unit == "share" else math.inf)


def middle(values: Iterable[float]) -> Span | Missing:
    """The band of a caseload: where the middle 80 % of therapists lie, one value each.

    Missing for fewer than `LEAST_OTHERS`.

    Examples
    --------
    >>> middle([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    Span(start=1.5, end=5.5)
    """
    ordered = sorted(values)
    if len(ordered) < LEAST_OTHERS:
        return Missing(f"fewer than {LEAST_OTHERS} other therapists with {LEAST_SESSIONS} sessions")
    return Span(quantile(ordered, BAND[0]), quantile(ordered, BAND[1]))


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile by linear interpolation between neighbours.

    Examples
    --------
    >>> quantile([1.0, 2.0, 4.0], 0.75)
    3.0
    """
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
