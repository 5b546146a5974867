"""How well two codings of the same utterances agree: labels, numbers of dialogues, and probabilities.

Conventions
-----------
One side is the reference (people), the other what a coder found. Every value keeps what it was counted from and is
`Missing` with its reason where the statistic is not defined: never 0, never not-a-number.

References
----------
Kappa: Cohen (1960). Intraclass correlation: Shrout & Fleiss (1979), McGraw & Wong (1996). Percentile bootstrap: Efron
& Tibshirani (1993). Brier (1950). Expected calibration error: Naeini et al. (2015), here with bins of equal mass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.evaluate.metrics import Matches
from toolkit.intervals import Span
from toolkit.types import Missing

__all__ = ["BINS", "LEVEL", "Calibration", "Confusion", "Estimate", "Statistic", "calibration", "estimate"]
__all__ += ["icc_agreement", "spearman"]

Numbers = npt.NDArray[np.float64]
Statistic = Callable[[Numbers], Numbers]
"""Takes tables of shape (…, dialogues, 2) and gives one value a table, not-a-number where it is not defined."""

LEVEL = 0.9
RESAMPLES = 2000
SEED = 20
LEAST_DIALOGUES = 3  # two always correlate perfectly
LEAST_RESAMPLED = 5  # dialogues: fewer have too few distinct resamples for an interval
LEAST_DEFINED = 0.9  # share of resamples in which the statistic must be defined
BINS = 10
LEAST_CALIBRATED = 5 * BINS  # utterances: five a bin


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each pair of labels was given to the same utterance: (reference, found) to a count."""

    labels: tuple[str, ...]
    counts: Counter[tuple[str, str]]

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(self.labels, self.counts + other.counts)

    @property
    def n(self) -> int:
        """Utterances."""
        return self.counts.total()

    @property
    def right(self) -> int:
        """Utterances with the same label on both sides."""
        return sum(count for (there, found), count in self.counts.items() if there == found)

    def matches(self, label: str) -> Matches:
        """One label: right, found, in the reference; its `value` is F1, missing when neither side has the label."""
        there = sum(count for (a, _), count in self.counts.items() if a == label)
        found = sum(count for (_, b), count in self.counts.items() if b == label)
        return Matches(self.counts[label, label], found, there)

    def scored(self) -> tuple[str, ...]:
        """The labels that either side has."""
        return tuple(label for label in self.labels if not isinstance(self.matches(label).value(), Missing))

    def macro_f1(self) -> float | Missing:
        """Unweighted mean of F1 over the labels that either side has."""
        values = [value for x in self.labels if not isinstance(value := self.matches(x).value(), Missing)]
        return sum(values) / len(values) if values else Missing("nothing to compare")

    def accuracy(self) -> float | Missing:
        """Share of utterances with the same label on both sides."""
        return self.right / self.n if self.n else Missing("nothing to compare")

    def kappa(self) -> float | Missing:
        """Cohen's kappa, unweighted: agreement beyond what both sides' own frequencies give by chance.

        Examples
        --------
        >>> counts = Counter({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
        >>> Confusion(("yes", "no"), counts).kappa()
        0.4
        """
        if not self.n:
            return Missing("nothing to compare")
        matches = [self.matches(label) for label in self.labels]
        chance = sum(m.there * m.found for m in matches)  # times n squared: whole numbers compare exactly
        if chance == self.n**2:
            return Missing("both sides give every utterance the same one label")
        return (self.right * self.n - chance) / (self.n**2 - chance)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic over `n` dialogues and its bootstrap interval at `LEVEL`, dialogues drawn with replacement."""

    value: float | Missing
    n: int
    interval: Span | Missing


def estimate(pairs: Sequence[tuple[float, float]], statistic: Statistic) -> Estimate:
    """A statistic of one number a dialogue on both sides, and how far it moves when other dialogues are drawn.

    Parameters
    ----------
    pairs
        Reference and found, one pair a dialogue.
    statistic
        `spearman` or `icc_agreement`.

    Returns
    -------
    Estimate
        The value is missing for fewer than 3 dialogues and where a side never varies; the interval (percentiles of
        2000 seeded resamples) for fewer than 5, and where more than a tenth of the resamples has no value.
    """
    n = len(pairs)
    if n < LEAST_DIALOGUES:
        why = Missing(f"fewer than {LEAST_DIALOGUES} dialogues")
        return Estimate(why, n, why)
    table = np.asarray(pairs, dtype=np.float64)
    value = float(statistic(table))
    if np.isnan(value):
        why = Missing("the number does not vary over the dialogues")
        return Estimate(why, n, why)
    if n < LEAST_RESAMPLED:
        return Estimate(value, n, Missing(f"fewer than {LEAST_RESAMPLED} dialogues"))
    drawn = np.random.default_rng(SEED).integers(n, size=(RESAMPLES, n))
    values = statistic(table[drawn])
    there = values[~np.isnan(values)]
    if len(there) < LEAST_DEFINED * RESAMPLES:
        return Estimate(value, n, Missing("the number hardly varies over the dialogues"))
    low, high = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, n, Span(float(low), float(high)))


def spearman(tables: Numbers) -> Numbers:
    """Spearman's rank correlation, ties given their mean rank; not defined where a side is constant."""
    from scipy.stats import rankdata

    ranks = rankdata(tables, axis=-2)
    centred = ranks - ranks.mean(axis=-2, keepdims=True)
    spread = np.sqrt((centred**2).sum(axis=-2).prod(axis=-1))
    varied = np.all(np.ptp(tables, axis=-2) > 0, axis=-1)
    return np.clip(over(centred.prod(axis=-1).sum(axis=-1), spread, where=varied), -1.0, 1.0)


def icc_agreement(tables: Numbers) -> Numbers:
    """ICC(2,1) of Shrout & Fleiss: two-way random effects, absolute agreement, a single rater.

    McGraw & Wong call it ICC(A,1); the two-way mixed model has the same formula. A coder that finds twice as many of
    everything correlates perfectly and agrees badly. Any number of raters, as columns. Not defined where all numbers
    are the same.
    """
    n, k = tables.shape[-2:]
    grand = tables.mean(axis=(-2, -1), keepdims=True)
    rows = tables.mean(axis=-1, keepdims=True) - grand
    columns = tables.mean(axis=-2, keepdims=True) - grand
    between = k * (rows**2).sum(axis=(-2, -1)) / (n - 1)
    raters = n * (columns**2).sum(axis=(-2, -1)) / (k - 1)
    error = ((tables - grand - rows - columns) ** 2).sum(axis=(-2, -1)) / ((n - 1) * (k - 1))
    whole = between + (k - 1) * error + k * (raters - error) / n
    return over(between - error, whole, where=np.ptp(tables, axis=(-2, -1)) > 0)


def over(top: Numbers, bottom: Numbers, *, where: npt.NDArray[np.bool_] | bool, otherwise: float = np.nan) -> Numbers:
    """Quotients where they are defined, not-a-number (or what is given) elsewhere."""
    quotients: Numbers = np.divide(top, bottom, out=np.full(np.shape(top), otherwise), where=where)
    return quotients


@dataclass(frozen=True, slots=True)
class Calibration:
    """How probabilities compare with what happened.

    Attributes
    ----------
    n, events
        Utterances, and those in which it was so.
    mean
        Mean probability; a calibrated coder's is the share of events.
    brier
        Mean squared difference of probability and outcome (0 or 1); 0 is perfect, 0.25 is what a coin knows.
    error
        Expected calibration error: `BINS` bins of equal mass, the mean difference of probability and share of events,
        weighted by bin; equal probabilities stay in one bin. Missing below 50 utterances.
    """

    n: int
    events: int
    mean: float | Missing
    brier: float | Missing
    error: float | Missing


def calibration(chances: Sequence[float], happened: Sequence[bool]) -> Calibration:
    """Calibration of probabilities of one event."""
    if not chances:
        why = Missing("no utterance has both a probability and a reference")
        return Calibration(0, 0, why, why, why)
    told, true = np.asarray(chances, np.float64), np.asarray(happened, np.float64)
    brier, mean = float(((told - true) ** 2).mean()), float(told.mean())
    error: float | Missing = Missing(f"fewer than {LEAST_CALIBRATED} utterances, too few for {BINS} bins")
    if len(told) >= LEAST_CALIBRATED:
        edges = np.quantile(told, np.arange(1, BINS) / BINS)
        bins = np.searchsorted(edges, told, side="right")
        error = float(np.abs(np.bincount(bins, weights=told - true, minlength=BINS)).sum() / len(told))
    return Calibration(len(told), sum(happened), mean, brier, error)
