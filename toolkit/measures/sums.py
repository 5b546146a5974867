"""Several sessions as one number: the ratio of sums, or the mean, and its interval.

Conventions
-----------
A caseload's ratio is the ratio of sums, never the mean of ratios: a session in which more happened weighs more. What
has no numerator and denominator is averaged: that is the ratio of its sum over the number of sessions. The interval
answers how far the number might move if other sessions (of a caseload: other therapists) had been recorded instead. It
is the linearised one of a ratio estimator with what was drawn as the unit: sessions of one therapist are alike, so over
a caseload a unit is a therapist with all of their sessions.

References
----------
Cochran (1977), Sampling Techniques, 3rd ed., sections 6.3 and 9A.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.intervals import Span
from toolkit.measures.uncertainty import student
from toolkit.types import Missing, Ratio

__all__ = ["ANY", "LEAST", "Pooled", "pooled", "summed"]

LEAST = 3
"""Units: fewer say next to nothing of how units differ."""
ANY = Span(-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Pooled:
    """A ratio of sums over `n` units and its interval, missing with the reason why there is none."""

    value: float
    n: int
    interval: Span | Missing


def summed(parts: Sequence[Ratio]) -> Ratio:
    """The sum of ratios, the same to the last bit in whatever order they come.

    Examples
    --------
    >>> summed([Ratio(1, 2), Ratio(3, 10)])
    Ratio(numerator=4.0, denominator=12.0)
    """
    return Ratio(math.fsum(p.numerator for p in parts), math.fsum(p.denominator for p in parts))


def pooled(parts: Sequence[Ratio], level: float, *, within: Span = ANY) -> Pooled | Missing:
    """The ratio of sums of some units.

    Parameters
    ----------
    parts
        One ratio a unit; for a mean its sum over its count.
    level
        Confidence level, 0 to 1.
    within
        What values the ratio can have: the interval is cut to it.

    Returns
    -------
    Pooled or Missing
        Missing when the denominators add up to nothing; no interval for fewer than `LEAST` units, and where they do not
        differ.

    Examples
    --------
    >>> found = pooled([Ratio(2, 4), Ratio(3, 4), Ratio(4, 4)], 0.9)
    >>> found.value, round(found.interval.start, 3), round(found.interval.end, 3)
    (0.75, 0.329, 1.171)
    """
    parts = [p for p in parts if p.denominator > 0 or p.numerator > 0]
    total = summed(parts)
    value = total.value("there is nothing to divide by in any session")
    if isinstance(value, Missing):
        return value
    n = len(parts)
    if n < LEAST:
        return Pooled(value, n, Missing(f"fewer than {LEAST} to tell how much they differ"))
    rest = math.fsum((p.numerator - value * p.denominator) ** 2 for p in parts)
    error = math.sqrt(n / (n - 1) * rest) / total.denominator
    if error < 1e-12 * max(1.0, abs(value)):
        return Pooled(value, n, Missing("they do not differ"))
    reach = student((1 + level) / 2, n - 1) * error
    low, high = max(within.start, value - reach), min(within.end, value + reach)
    return Pooled(value, n, Span(min(low, value), max(high, value)))
