"""Speech found in blocks is the speech found at once."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from toolkit.backends.speech import RATE, pieces_of_speech

SAMPLE = Path(__file__).resolve().parent.parent / "sample_data"


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return decode_audio(str(next(SAMPLE.rglob("hurried.flac"))), sampling_rate=RATE)[: 150 * RATE]


def marked(pieces: list[tuple[int, int]], length: int) -> np.ndarray:
    inside = np.zeros(length, dtype=bool)
    for start, end in pieces:
        inside[start:end] = True
    return inside


@pytest.mark.parametrize("block", [40.0, 61.3, 75.0])
def test_blocks_lose_no_speech(sound: np.ndarray, block: float) -> None:
    whole = marked(pieces_of_speech(sound, longest=30.0), len(sound))
    cut = marked(pieces_of_speech(sound, longest=30.0, block=block), len(sound))
    edges = len(sound) / RATE / block
    assert whole.sum() > 60 * RATE
    assert (whole != cut).sum() < 0.3 * RATE * edges


def test_pieces_are_in_order_apart_and_no_longer_than_asked(sound: np.ndarray) -> None:
    pieces = pieces_of_speech(sound, longest=5.0, block=20.0)
    assert all(0 <= start < end <= len(sound) for start, end in pieces)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(pieces))
    assert max(end - start for start, end in pieces) <= 5.0 * RATE


@pytest.mark.parametrize("seconds", [0.0, 0.5, 61.0])
def test_there_is_no_speech_in_silence(seconds: float) -> None:
    assert pieces_of_speech(np.zeros(int(seconds * RATE), np.float32), longest=30.0, block=20.0) == []
