"""A distribution as bins of round width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.caseload.parts import quantile

__all__ = ["Bin", "bins"]

MOST = 20
TAIL = 0.99  # what lies above this quantile is in the last bin


@dataclass(frozen=True, slots=True)
class Bin:
    """How many values are at least `low` and under `high`; the last may be open: `high` and more."""

    low: float
    high: float
    count: int
    open_ended: bool = False


def bins(ordered: Sequence[float], *, whole: bool = False) -> tuple[Bin, ...]:
    """Bins of one width, 1, 2 or 5 times a power of ten, that hold every value once.

    Parameters
    ----------
    ordered
        Values in ascending order.
    whole
        Whether they are counts, so that no bin is narrower than 1.

    Examples
    --------
    >>> bins([1.0, 2.5, 3.5, 3.6, 12.0])[0]
    Bin(low=1.0, high=2.0, count=1, open_ended=False)
    """
    if not ordered:
        return ()
    low, top = ordered[0], quantile(ordered, TAIL)
    width = round_width((top - low) / (MOST - 1)) if top > low else round_width(max(abs(low), 1e-3) / MOST)
    width = max(width, 1.0) if whole else width
    first = math.floor(low / width + 1e-9)
    last = max(first, math.ceil(top / width - 1e-9) - 1)
    counts = [0] * (last - first + 1)
    for value in ordered:
        counts[min(max(math.floor(value / width + 1e-9) - first, 0), last - first)] += 1
    open_ended = ordered[-1] >= (last + 1) * width
    return tuple(
        Bin(round((first + i) * width, 12), round((first + i + 1) * width, 12), n, open_ended and i == last - first)
        for i, n in enumerate(counts)
    )


def round_width(least: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is not under it.

    Examples
    --------
    >>> round_width(0.03), round_width(1.0), round_width(2.1)
    (0.05, 1.0, 5.0)
    """
    power = 10.0 ** math.floor(math.log10(least) + 1e-9)
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= least * (1 - 1e-9))
