"""Speakers of a long recording from few embeddings: some chunks are anchors, the others are told by when people speak.

Conventions
-----------
The diarizer hears a recording in overlapping chunks of ten seconds, and names up to three *local* speakers in each.
Stock pipelines embed every local speaker of every chunk, so each second of speech is embedded ten times. Here only
every so many chunks are *anchors*: their local speakers are embedded and clustered. A local speaker of another chunk
is whoever of the clustered speakers talks at the same time in the anchors around it; the assignment is one to one and
shares the most time. One who talks where no anchor heard anybody is embedded too, and so is one who would be two of
the clustered speakers at once: there two voices were taken for one, and where they change is found by embedding. Where
that happens often, the voices are too much alike for short cuts, and all are embedded.

So the number of embeddings, and with it time and the memory of the clustering, goes down with the distance of anchors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from pyannote.core import SlidingWindowFeature
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

__all__ = ["AnchoredClustering", "anchors", "to_embed"]

ALONE = 0.5  # share of a local speaker's frames outside all anchors' speech from which it is embedded by itself
PURE = 0.9  # share of a local speaker's time that must be that of one clustered speaker, else it is embedded by itself
DOUBTFUL = 0.25  # share of those who follow: from more doubtful ones on, everybody is embedded, as the library does
INACTIVE = -2  # pyannote's mark for a local speaker who belongs to nobody

Array = np.ndarray[Any, Any]


def anchors(chunks: int, every: int) -> Array:
    """Places of the anchors among so many chunks: every so many, and the last.

    Examples
    --------
    >>> anchors(8, 3).tolist()
    [0, 3, 6, 7]
    """
    return np.unique(np.r_[0:chunks:every, chunks - 1])


def offsets(segmentations: Any) -> Array:
    """First frame of each chunk, counted in frames from the start of the recording."""
    window, (chunks, frames, _) = segmentations.sliding_window, segmentations.data.shape
    first: Array = np.round(np.arange(chunks) * window.step * frames / window.duration).astype(int)
    return first


def timeline(active: Array, starts: Array, length: int) -> Array:
    """Frames in which each speaker talks, (speakers, length), from chunks (chunks, frames, speakers)."""
    whole = np.zeros((active.shape[2], length), dtype=bool)
    for start, chunk in zip(starts, active, strict=True):
        whole[:, start : start + len(chunk)] |= chunk.T > 0
    return whole


def to_embed(segmentations: Any, every: int) -> Array:
    """Which local speakers need an embedding, (chunks, speakers): those of anchors, and whom no anchor heard."""
    active = np.nan_to_num(segmentations.data) > 0
    chunks, frames, _ = active.shape
    chosen, starts = anchors(chunks, every), offsets(segmentations)
    heard = timeline(active[chosen].any(axis=2, keepdims=True), starts[chosen], starts[-1] + frames)[0]
    spoken = active.sum(axis=1)
    unheard = np.stack([chunk.T @ ~heard[s : s + frames] for chunk, s in zip(active.astype(int), starts, strict=True)])
    found: Array = unheard > ALONE * np.maximum(spoken, 1)
    found[chosen] = True
    found &= spoken > 0
    return found


class AnchoredClustering(AgglomerativeClustering):  # type: ignore[misc]
    """pyannote's agglomerative clustering of the embeddings there are; the other local speakers follow in time.

    Parameters
    ----------
    metric
        Of the embeddings.

    Attributes
    ----------
    embed
        Gives embeddings (chunks, speakers, dimension) of the local speakers marked in an array (chunks, speakers). Set
        for each recording, whose sound it holds, and let go of by the call.
    smallest
        Least size of a cluster when everybody is embedded.
    """

    embed: Callable[[Array], Array] | None = None
    smallest: int = 1

    def __call__(self, embeddings: Array, segmentations: Any = None, **bounds: Any) -> tuple[Array, Array, Array]:
        """Clusters of all local speakers.

        Parameters
        ----------
        embeddings
            (chunks, speakers, dimension); NaN where there is none.
        segmentations
            (chunks, frames, speakers), with the window of the chunks.
        bounds
            Number of clusters, as pyannote gives it.

        Returns
        -------
        tuple of array
            Cluster (chunks, speakers), -2 for nobody; similarity (chunks, speakers, clusters); centroids.
        """
        embed, self.embed = self.embed, None
        if embed is None:
            raise RuntimeError("embed must be set for each recording")
        known: Array = np.asarray(~np.isnan(embeddings).any(axis=2))
        chunks = np.flatnonzero(known.any(axis=1))
        some = SlidingWindowFeature(segmentations.data[chunks], segmentations.sliding_window)
        hard, soft, centroids = super().__call__(embeddings=embeddings[chunks], segmentations=some, **bounds)
        named = np.full(known.shape, INACTIVE, dtype=np.int8)
        named[chunks] = np.where(known[chunks], hard, INACTIVE)
        found, unsure = follow(named, segmentations, len(centroids))
        others = (found != INACTIVE) & ~known
        if unsure.sum() > DOUBTFUL * others.sum():
            every = np.where(known[..., None], embeddings, embed(others))
            return self.as_the_library(every, segmentations, bounds)
        similar = np.zeros((*known.shape, soft.shape[2]))
        similar[chunks] = soft
        if unsure.any():
            similar[unsure] = 2 - cdist(embed(unsure)[unsure], centroids, metric=self.metric)
            heard = unsure & ~np.isnan(similar).any(axis=2)
            found[heard] = similar[heard].argmax(axis=1)
        return found, similar, centroids

    def as_the_library(
        self, embeddings: Array, segmentations: Any, bounds: dict[str, Any]
    ) -> tuple[Array, Array, Array]:
        """Cluster everybody; a cluster needs as many embeddings more as there are more of them."""
        of_anchors = self.parameters(instantiated=True)
        self.instantiate(of_anchors | {"min_cluster_size": self.smallest})
        try:
            found: tuple[Array, Array, Array] = super().__call__(
                embeddings=embeddings, segmentations=segmentations, **bounds
            )
        finally:
            self.instantiate(of_anchors)
        return found


def follow(clusters: Array, segmentations: Any, count: int) -> tuple[Array, Array]:
    """Give local speakers without a cluster the one whose speaker talks at the same time, one to one in a chunk.

    Parameters
    ----------
    clusters
        (chunks, speakers); -2 where none is known.
    segmentations
        (chunks, frames, speakers).
    count
        Number of clusters.

    Returns
    -------
    tuple of array
        Clusters, and for which local speakers they are doubtful, both (chunks, speakers).
    """
    active = np.nan_to_num(segmentations.data) > 0
    frames = active.shape[1]
    starts = offsets(segmentations)
    talk = np.zeros((count, starts[-1] + frames), dtype=bool)
    for chunk, start, named in zip(active, starts, clusters, strict=True):
        for local in np.flatnonzero(named >= 0):
            talk[named[local], start : start + frames] |= chunk[:, local]
    found, unsure = clusters.copy(), np.zeros(clusters.shape, dtype=bool)
    for chunk, start, named, doubtful in zip(active, starts, found, unsure, strict=True):
        open_ = np.flatnonzero((named < 0) & chunk.any(axis=0))
        free = [k for k in range(count) if k not in named]
        if not len(open_) or not free:
            continue
        shared = chunk[:, open_].T.astype(int) @ talk[free, start : start + frames].T.astype(int)
        for row, column in zip(*linear_sum_assignment(shared, maximize=True), strict=True):
            if shared[row, column]:
                named[open_[row]] = free[column]
                doubtful[open_[row]] = shared[row, column] < PURE * chunk[:, open_[row]].sum()
    return found, unsure
