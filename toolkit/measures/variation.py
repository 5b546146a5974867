"""Variation within and between therapists: variance components and the intraclass correlation ICC(1).

Conventions
-----------
One-way random effects: a value is the caseload's mean, plus what is the therapist's, plus what is the session's. The
components are those of the analysis of variance, for groups of unequal size: the within-therapist variance is the mean
square within, the between-therapist variance is (mean square between - mean square within) / n0, where n0 = (N - sum of
n_i squared / N) / (k - 1) stands for the size of a group. A negative estimate means that therapists differ no more than
sessions do: the component is then 0, and the ICC keeps its sign. The *ICC* is the share of all variance that lies
between therapists: how alike two sessions of one therapist are. What differs between clients, who are seen by one
therapist each, is in it too. It describes the caseload, not a therapist.

The interval is Thomas and Hultquist's, from the F distribution with n0 as the size of a group.

References
----------
Searle, Casella & McCulloch (1992), Variance Components, section 3.6; Shrout & Fleiss (1979), ICC(1,1); Thomas &
Hultquist (1978), Ann. Stat. 6; Donner (1986), Int. Stat. Rev. 54.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from toolkit.intervals import Span
from toolkit.types import Missing

__all__ = ["DEFINITION", "LEAST_GROUPS", "SOURCE", "Components", "components"]

LEAST_GROUPS = 3
DEFINITION = (
    "ICC(1) of a one-way random effects model: the share of all variance between sessions that lies between "
    "therapists, from the mean squares between and within them, for unequal numbers of sessions; "
    "what differs between clients of different therapists is in it"
)
SOURCE = "Searle, Casella & McCulloch 1992; Shrout & Fleiss 1979; interval: Thomas & Hultquist 1978"


@dataclass(frozen=True, slots=True)
class Components:
    """What makes sessions differ.

    Attributes
    ----------
    between, within
        Standard deviations, in the measure's unit: of therapists around the caseload, of sessions around their
        therapist.
    icc
        Share of the variance that lies between therapists.
    interval
        Of the ICC, missing where it cannot be had.
    groups, n
        Therapists and sessions.
    """

    between: float
    within: float
    icc: float
    interval: Span | Missing
    groups: int
    n: int


def components(groups: Iterable[Sequence[float]], level: float) -> Components | Missing:
    """Variance components of values in groups.

    Parameters
    ----------
    groups
        The values of each therapist's sessions; empty ones are passed over.
    level
        Confidence level of the interval, 0 to 1.

    Returns
    -------
    Components or Missing
        Missing for fewer than `LEAST_GROUPS` therapists, where none has two sessions, and where all values are equal.

    Examples
    --------
    >>> found = components([[1.0, 3.0], [5.0, 7.0], [9.0, 11.0]], 0.9)
    >>> round(found.between, 3), round(found.within, 3), round(found.icc, 3)
    (3.873, 1.414, 0.882)
    """
    known = [g for g in groups if g]
    k, n = len(known), sum(len(g) for g in known)
    if k < LEAST_GROUPS:
        return Missing(f"fewer than {LEAST_GROUPS} therapists")
    if n == k:
        return Missing("no therapist has two sessions")
    means = [math.fsum(g) / len(g) for g in known]
    grand = math.fsum(v for g in known for v in g) / n
    inside = math.fsum((v - m) ** 2 for g, m in zip(known, means, strict=True) for v in g) / (n - k)
    across = math.fsum(len(g) * (m - grand) ** 2 for g, m in zip(known, means, strict=True)) / (k - 1)
    size = (n - math.fsum(len(g) ** 2 for g in known) / n) / (k - 1)
    whole = across + (size - 1) * inside
    if whole <= 1e-18 * max(1.0, grand**2):
        return Missing("it is the same in every session")
    between = max(0.0, (across - inside) / size)
    reach = interval(across / inside, (k, n, size), level) if inside > 0 else Missing("sessions do not differ")
    return Components(math.sqrt(between), math.sqrt(inside), (across - inside) / whole, reach, k, n)


def interval(ratio: float, shape: tuple[int, int, float], level: float) -> Span:
    """Of the ICC from the ratio of mean squares; `shape` is groups, values and the size of a group."""
    from scipy.special import fdtri

    k, n, size = shape
    outside = (1 + level) / 2
    low = ratio / float(fdtri(k - 1, n - k, outside))
    high = ratio * float(fdtri(n - k, k - 1, outside))
    return Span((low - 1) / (low + size - 1), (high - 1) / (high + size - 1))
