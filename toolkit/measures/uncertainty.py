"""Intervals around a value, and what they mean.

An interval answers one question: how far might this number move by chance alone if the same people went on talking in
the same way and another stretch of the same length were counted? It says nothing about errors of the recogniser, the
diarizer or the coder, and it treats events as independent. Where that question makes no sense (a share of a time that
was measured in full) a measure has no interval, and says so.

References
----------
Wilson (1927), J. Am. Stat. Assoc. 22; Garwood (1936), Biometrika 28 (exact Poisson limits); order statistics for a
median: Conover, Practical Nonparametric Statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

from toolkit.intervals import Span
from toolkit.types import Missing

__all__ = ["median", "median_interval", "odds", "poisson", "student", "wilson"]


def wilson(hits: int, n: int, level: float) -> Span | Missing:
    """Wilson's interval of a share of counts.

    Parameters
    ----------
    hits, n
        How many of how many.
    level
        Confidence level, 0 to 1.

    Returns
    -------
    Span or Missing
        Inside 0 to 1; missing when `n` is 0.

    Examples
    --------
    >>> share = wilson(5, 10, 0.9)
    >>> round(share.start, 3), round(share.end, 3)
    (0.269, 0.731)
    """
    if n == 0:
        return Missing("nothing was counted")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if hits == 0 else max(0.0, middle - reach)
    high = 1.0 if hits == n else min(1.0, middle + reach)
    return Span(low, high)


def odds(top: int, bottom: int, level: float) -> Span | Missing:
    """Interval of the ratio of two counts: Wilson's for the share of the first among both, turned into a ratio.

    Missing when `bottom` is 0.
    """
    if bottom == 0:
        return Missing("the second count is 0")
    share = wilson(top, top + bottom, level)
    return share if isinstance(share, Missing) else Span(share.start / (1 - share.start), share.end / (1 - share.end))


def poisson(count: int, level: float) -> Span:
    """Exact (Garwood) limits of a count of independent events.

    Examples
    --------
    >>> limits = poisson(4, 0.9)
    >>> round(limits.start, 3), round(limits.end, 3)
    (1.366, 9.154)
    """
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else root(lambda mean: 1 - at_most(count - 1, mean) - tail, 0.0, float(count))
    high = root(lambda mean: tail - at_most(count, mean), float(count), count + 20 + 10 * math.sqrt(count + 1))
    return Span(low, high)


def at_most(count: int, mean: float) -> float:
    """Probability that a Poisson variable is `count` or less, summed outwards from its largest term."""
    if mean == 0:
        return 1.0
    mode = min(count, int(mean))
    largest = math.exp(mode * math.log(mean) - mean - math.lgamma(mode + 1))
    found = term = largest
    for k in range(mode, 0, -1):
        term *= k / mean
        found += term
        if term < found * 1e-17:
            break
    term = largest
    for k in range(mode + 1, count + 1):
        term *= mean / k
        found += term
        if term < found * 1e-17:
            break
    return min(1.0, found)


def root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses 0 between `low` and `high`, by halving."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def median(values: Sequence[int]) -> float:
    """The middle value, or the mean of the two middle ones; of whole numbers, so that it is exact."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def median_interval(values: Sequence[int], level: float) -> Span | Missing:
    """Exact interval of a median from order statistics; no assumption about the shape.

    The closest pair of ranks, symmetric about the middle, that covers the median with at least `level`. Missing for
    too few values: 5 are needed at 90 %.
    """
    ordered, n = sorted(values), len(values)
    ways, below, rank = 1, 0, 0  # of n fair coins: ways to throw exactly, and fewer than, `rank` heads
    while rank < n // 2 and (below + ways) / 2**n <= (1 - level) / 2:
        below += ways
        ways = ways * (n - rank) // (rank + 1)
        rank += 1
    if rank == 0:
        return Missing(f"{n} values are too few for an interval of a median")
    return Span(ordered[rank - 1], ordered[n - rank])


def student(probability: float, freedom: int) -> float:
    """Quantile of Student's t distribution.

    Examples
    --------
    >>> round(student(0.975, 2), 3), round(student(0.975, 10**9), 3)
    (4.303, 1.96)
    """
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))
