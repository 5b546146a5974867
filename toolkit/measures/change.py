"""Reliable change: whether a measure moved more than its error alone could move it.

Conventions
-----------
A *phase* is some sessions of one person: the first ones (the own baseline) or the latest. Its value is their ratio of
sums, or their mean. The error of one session has two sources. One is what the session's own interval says. The other is
how much the same person's sessions differ from one another when nothing has changed: other client, other day. It is the
standard deviation within persons, pooled over the caseload (`spread`), and with the intraclass correlation as
test-retest reliability it *is* Jacobson and Truax's standard error of measurement, s * sqrt(1 - r). It holds the error
of the interval once already, so the larger of the two counts.

The error of the difference of two phases is, as theirs, the root of the summed squares, each phase's divided by its
number of sessions; for one session against one it is their sqrt(2) * SE. Two things are adapted. Intervals need not be
symmetric: towards the other phase counts the side of the interval that looks there (Newcombe's square-and-add, Zou and
Donner's MOVER). And the spread is known from few sessions only, so that Student's t takes the place of 1.96.

A change is *reliable* when the 95 % interval of the difference does not hold 0. Up to one in twenty unchanged measures
looks changed by chance; rather fewer, as a chance difference widens the spread, too. It says nothing about whether the
change is good, nor why it came.

References
----------
Jacobson & Truax (1991), J. Consult. Clin. Psychol. 59; Christensen & Mendoza (1986), Behav. Ther. 17. Newcombe (1998),
Stat. Med. 17; Zou & Donner (2008), Stat. Med. 27.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from toolkit.intervals import Span
from toolkit.measures.uncertainty import student
from toolkit.types import Missing

__all__ = ["LEAST_BASELINE", "LEVEL", "Change", "Phase", "Point", "Spread", "change", "spread", "usual"]

LEVEL = 0.95
LEAST_BASELINE = 3
"""Sessions of a baseline: fewer do not say what is usual."""
NO_SPREAD = Missing("no two sessions of one person: nothing is known of how much sessions differ")
NEVER_VARIED = Missing("it was the same in every session so far: what chance could do to it is not known")


@dataclass(frozen=True, slots=True)
class Point:
    """One session's value and its own interval, missing where nothing was sampled."""

    value: float
    interval: Span | Missing


@dataclass(frozen=True, slots=True)
class Phase:
    """Some sessions of one person as one value, and the sessions; there is at least one."""

    value: float
    points: tuple[Point, ...]

    @property
    def n(self) -> int:
        """Sessions."""
        return len(self.points)


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviation of one person's sessions, pooled over persons, and its degrees of freedom."""

    deviation: float
    freedom: int


@dataclass(frozen=True, slots=True)
class Change:
    """A later phase against an earlier one.

    Attributes
    ----------
    difference
        Later minus earlier, in the measure's unit.
    interval
        Of the difference, at `LEVEL`.
    index
        The difference over its error towards 0: Jacobson and Truax's RC.
    """

    difference: float
    interval: Span
    index: float

    @property
    def reliable(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.interval.start > 0 or self.interval.end < 0


def spread(persons: Iterable[Sequence[float]]) -> Spread | Missing:
    """How much sessions of one person differ: the root of the pooled within-person variance.

    Parameters
    ----------
    persons
        The values of each person's sessions; a person with one session tells nothing and is passed over.

    Examples
    --------
    >>> spread([[1.0, 3.0], [10.0, 12.0, 14.0], [7.0]])
    Spread(deviation=1.8257418583505538, freedom=3)
    """
    squares, freedom = 0.0, 0
    for values in persons:
        if len(values) > 1:
            mean = math.fsum(values) / len(values)
            squares += math.fsum((v - mean) ** 2 for v in values)
            freedom += len(values) - 1
    return Spread(math.sqrt(squares / freedom), freedom) if freedom else NO_SPREAD


def usual(phase: Phase, of: Spread | Missing, level: float) -> Span | Missing:
    """Where one further session would lie if nothing changed.

    Parameters
    ----------
    phase
        The baseline.
    of
        How much one person's sessions differ.
    level
        Of the sessions' own intervals.

    Returns
    -------
    Span or Missing
        At `LEVEL`; missing for a baseline of fewer than `LEAST_BASELINE` sessions.

    Examples
    --------
    >>> none = Missing("nothing was sampled")
    >>> phase = Phase(10.0, (Point(9.0, none), Point(10.0, none), Point(11.0, none)))
    >>> reach = usual(phase, Spread(1.0, 1000), 0.9)
    >>> round(reach.start, 2), round(reach.end, 2)
    (7.73, 12.27)
    """
    if phase.n < LEAST_BASELINE:
        return Missing(f"a baseline needs {LEAST_BASELINE} sessions, there are {phase.n}")
    if isinstance(of, Missing):
        return of
    one = math.sqrt(math.fsum(own_error(p, of, level, upper=up) ** 2 for p in phase.points for up in (False, True)))
    one /= math.sqrt(2 * phase.n)  # root mean square of both sides of all sessions
    if one == 0:
        return NEVER_VARIED
    reach = student((1 + LEVEL) / 2, of.freedom) * one * math.sqrt(1 + 1 / phase.n)
    return Span(phase.value - reach, phase.value + reach)


def change(earlier: Phase, later: Phase, of: Spread | Missing, level: float) -> Change | Missing:
    """How far a later phase is from an earlier one, beside what error alone could do.

    Parameters
    ----------
    earlier, later
        The two phases, without a session in common.
    of
        How much one person's sessions differ.
    level
        Of the sessions' own intervals.

    Returns
    -------
    Change or Missing
        Missing when the error is not known.

    Examples
    --------
    Jacobson and Truax's way, with s = 10 and r = 0.8: SE = 4.47, SE of the difference = 6.32, RC = -15 / 6.32.

    >>> none = Missing("nothing was sampled")
    >>> before, after = (Phase(v, (Point(v, none),)) for v in (47.5, 32.5))
    >>> found = change(before, after, Spread(10 * (1 - 0.8) ** 0.5, 10**9), 0.9)
    >>> round(found.index, 2), found.reliable
    (-2.37, True)
    """
    if isinstance(of, Missing):
        return of
    difference = later.value - earlier.value
    down = math.hypot(error(later, of, level, upper=False), error(earlier, of, level, upper=True))
    up = math.hypot(error(later, of, level, upper=True), error(earlier, of, level, upper=False))
    if down == 0 or up == 0:
        return NEVER_VARIED
    critical = student((1 + LEVEL) / 2, of.freedom)
    interval = Span(difference - critical * down, difference + critical * up)
    return Change(difference, interval, difference / (down if difference > 0 else up))


def error(phase: Phase, of: Spread, level: float, *, upper: bool) -> float:
    """Standard error of a phase's value towards one side."""
    return math.sqrt(math.fsum(own_error(p, of, level, upper=upper) ** 2 for p in phase.points)) / phase.n


def own_error(point: Point, of: Spread, level: float, *, upper: bool) -> float:
    """Standard error of one session towards one side: the larger of the spread and what its own interval says."""
    if isinstance(point.interval, Missing):
        return of.deviation
    reach = point.interval.end - point.value if upper else point.value - point.interval.start
    return max(of.deviation, reach / NormalDist().inv_cdf((1 + level) / 2))
