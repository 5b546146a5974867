"""Anchors: few embeddings, and everybody else told by when they speak; built by hand, no model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyannote.core import SlidingWindow, SlidingWindowFeature

from toolkit.backends.anchors import AnchoredClustering, anchors, follow, offsets, to_embed

FRAMES, STEP = 10, 0.2  # frames of a second each in chunks of ten seconds, one chunk each two seconds


def chunks_of(timeline: np.ndarray, order: list[list[int]], step: int = 2) -> SlidingWindowFeature:
    """Chunks of a recording (frames, people); `order[c]` says which person each local speaker of chunk c is."""
    data = np.zeros((len(order), FRAMES, 3), dtype=np.float32)
    for c, people in enumerate(order):
        for local, person in enumerate(people):
            data[c, :, local] = timeline[c * step : c * step + FRAMES, person]
    return SlidingWindowFeature(data, SlidingWindow(start=0, duration=float(FRAMES), step=float(step)))


@pytest.fixture
def talk() -> np.ndarray:
    """Two people in turns of three seconds, 24 s."""
    spoken = np.zeros((24, 2))
    for at in range(24):
        spoken[at, (at // 3) % 2] = 1
    return spoken


def test_anchors_hold_the_first_and_the_last() -> None:
    assert anchors(1, 5).tolist() == [0]
    assert anchors(11, 5).tolist() == [0, 5, 10]


def test_chunks_start_where_their_window_does(talk: np.ndarray) -> None:
    assert offsets(chunks_of(talk, [[0, 1]] * 8)).tolist() == [0, 2, 4, 6, 8, 10, 12, 14]


def test_only_anchors_are_embedded_when_they_heard_everybody(talk: np.ndarray) -> None:
    needed = to_embed(chunks_of(talk, [[0, 1]] * 8), 4)
    assert needed.any(axis=1).tolist() == [True, False, False, False, True, False, False, True]
    assert not needed[:, 2].any()  # the third local speaker never talks


def test_somebody_whom_no_anchor_heard_is_embedded(talk: np.ndarray) -> None:
    seen = chunks_of(talk, [[0, 1]] * 8)
    seen.data[[0, 4, 7], :, :] = 0  # the anchors hear nothing at all
    assert to_embed(seen, 4)[2, :2].all()


def test_local_speakers_follow_the_anchors_whatever_their_order(talk: np.ndarray) -> None:
    order = [[0, 1], [1, 0], [0, 1], [1, 0], [1, 0], [0, 1], [1, 0], [0, 1]]
    known = np.full((8, 3), -2, dtype=np.int8)
    for c in (0, 4, 7):
        known[c, :2] = order[c]
    found, unsure = follow(known, chunks_of(talk, order), 2)
    assert not unsure.any()
    assert found[:, :2].tolist() == order
    assert (found[:, 2] == -2).all()


def test_two_local_speakers_of_a_chunk_are_never_one_person_by_following(talk: np.ndarray) -> None:
    seen = chunks_of(talk, [[0, 1]] * 8)
    known = np.full((8, 3), -2, dtype=np.int8)
    known[[0, 4, 7], :2] = (0, 1)
    seen.data[2, :, 2] = seen.data[2, :, 0]  # heard twice
    found = follow(known, seen, 2)[0][2]
    assert sorted(found[:2].tolist()) == [0, 1] or found[2] in (0, 1)
    assert sum(k >= 0 for k in found) == 2


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), every=st.integers(2, 5))
def test_two_voices_far_apart_are_told_apart_with_few_embeddings(seed: int, every: int) -> None:
    rng = np.random.default_rng(seed)
    timeline = np.zeros((60, 2))
    at, who = 0, 0
    while at < 60:
        length = int(rng.integers(1, 5))
        timeline[at : at + length, who] = 1
        at, who = at + length, 1 - who
    order = [list(rng.permutation(2)) for _ in range(26)]
    seen = chunks_of(timeline, order)
    voices = np.eye(2, 8)
    embeddings = np.full((26, 3, 8), np.nan)
    for c, local in zip(*np.nonzero(to_embed(seen, every)), strict=True):
        embeddings[c, local] = voices[order[c][local]] + rng.normal(0, 0.02, 8)
    clustering = AnchoredClustering(metric="cosine").instantiate(
        {"method": "centroid", "min_cluster_size": 1, "threshold": 0.7}
    )
    clustering.embed = lambda _: embeddings
    hard, _, centroids = clustering(
        embeddings=embeddings, segmentations=seen, num_clusters=2, min_clusters=2, max_clusters=2
    )
    assert len(centroids) == 2
    people = {(hard[c, local], order[c][local]) for c in range(26) for local in range(2) if hard[c, local] >= 0}
    assert len(people) == 2  # each cluster is one person
    assert (hard[:, 2] == -2).all()


def test_voices_that_the_chunks_do_not_tell_apart_are_all_embedded() -> None:
    """Each chunk hears one voice only, whoever talks: who follows would be two at once, so everybody is embedded."""
    seen = SlidingWindowFeature(
        np.zeros((16, FRAMES, 3), dtype=np.float32), SlidingWindow(start=0, duration=10.0, step=2.0)
    )
    seen.data[:, :, 0] = 1
    truth = np.array([0] * 4 + [1] * 4 + [0] * 4 + [1] * 4)
    voices = np.eye(2, 8)
    asked: list[int] = []

    def embed(needed: np.ndarray) -> np.ndarray:
        asked.append(int(needed.sum()))
        found = np.full((16, 3, 8), np.nan)
        for c, local in zip(*np.nonzero(needed), strict=True):
            found[c, local] = voices[truth[c]]
        return found

    clustering = AnchoredClustering(metric="cosine").instantiate(
        {"method": "centroid", "min_cluster_size": 1, "threshold": 0.7}
    )
    clustering.embed, clustering.smallest = embed, 2
    some = embed(to_embed(seen, 5))
    hard, _, _ = clustering(embeddings=some, segmentations=seen, num_clusters=2, min_clusters=2, max_clusters=2)
    assert asked[-1] == 16 - asked[0]
    assert len({(t, k) for t, k in zip(truth, hard[:, 0], strict=True)}) == 2
    assert clustering.min_cluster_size == 1
    assert clustering.embed is None  # it holds the sound of a session, which must not outlive the call
