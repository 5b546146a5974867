"""From stretches of speech to one embedding, and whether they are one voice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from toolkit.intervals import Span, milliseconds, union

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LEAST", "cut", "longest", "mean", "spread", "two_halves"]

PIECE = 6.0  # s: what one embedding describes at most; the mean over pieces gains nothing from longer ones
SHORTEST = 1.0  # s: a shorter stretch says little of a voice
LEAST = 5.0  # s of speech alone; a speaker of less is not compared
ROUNDS = 20


def longest(spans: Iterable[Span], *, most: float, piece: float = PIECE) -> tuple[Span, ...]:
    """The longest stretches of one voice, cut into pieces, until `most` seconds are reached; in order of start.

    Examples
    --------
    >>> longest([Span(0, 0.5), Span(1, 8), Span(10, 12)], most=7, piece=5)
    (Span(start=1, end=6), Span(start=6, end=8))
    """
    found: list[Span] = []
    for stretch in sorted(union(spans), key=lambda s: (-milliseconds(s.duration), s.start)):
        for part in cut(stretch, piece):
            if sum(milliseconds(s.duration) for s in found) < milliseconds(most):
                found.append(part)
    return tuple(sorted(found))


def spread(spans: Iterable[Span], *, most: float, piece: float = PIECE) -> tuple[Span, ...]:
    """Pieces of about `most` seconds, evenly from the whole, so that everybody who speaks is among them.

    Examples
    --------
    >>> spread([Span(0, 4), Span(6, 10)], most=4, piece=2)
    (Span(start=2, end=4), Span(start=8, end=10))
    """
    every = [part for stretch in union(spans) for part in cut(stretch, piece)]
    step = max(1.0, sum(s.duration for s in every) / most)
    wanted = {int((i + 0.5) * step) for i in range(len(every))}
    return tuple(part for i, part in enumerate(every) if i in wanted)


def cut(stretch: Span, piece: float, *, shortest: float = SHORTEST) -> tuple[Span, ...]:
    """One stretch in pieces of `piece` seconds; a rest shorter than `shortest` is left out."""
    count = math.ceil(stretch.duration / piece)
    starts = [stretch.start + i * piece for i in range(count)]
    parts = (Span(start, min(stretch.end, start + piece)) for start in starts)
    return tuple(part for part in parts if milliseconds(part.duration) >= milliseconds(shortest))


def mean(vectors: NDArray[np.float64], spans: Sequence[Span]) -> NDArray[np.float64]:
    """One embedding of length 1 from several, weighted by their length; NaN when there is none."""
    import numpy as np

    known = ~np.isnan(vectors).any(axis=1)
    weights = np.array([s.duration for s in spans])[known]
    total = (vectors[known] * weights[:, None]).sum(axis=0)
    length = float(np.linalg.norm(total))
    return np.asarray(total / length if length > 0 else np.full(vectors.shape[1], np.nan))


def two_halves(vectors: NDArray[np.float64], spans: Sequence[Span]) -> tuple[NDArray[np.bool_], float]:
    """Split the pieces into the two most different groups.

    Two means on the sphere, begun at the two pieces that are least alike.

    Returns
    -------
    tuple
        Which pieces belong to the group that speaks longer, and the cosine between the means of the two groups: that
        of one voice with itself or that of two voices. 1 when there is nothing to split.
    """
    import numpy as np

    everything = np.ones(len(vectors), dtype=bool)
    if len(vectors) < 2:
        return everything, 1.0
    likeness = vectors @ vectors.T
    seeds = np.unravel_index(int(likeness.argmin()), likeness.shape)
    centres = vectors[list(seeds)]
    first = everything
    for _ in range(ROUNDS):
        first = vectors @ centres[0] >= vectors @ centres[1]
        if first.all() or not first.any():
            return everything, 1.0
        groups = [np.flatnonzero(first), np.flatnonzero(~first)]
        moved = np.stack([mean(vectors[g], [spans[int(i)] for i in g]) for g in groups])
        if np.allclose(moved, centres):
            break
        centres = moved
    lengths = np.array([s.duration for s in spans])
    larger = first if lengths[first].sum() >= lengths[~first].sum() else ~first
    return larger, float(centres[0] @ centres[1])
