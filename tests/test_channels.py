"""One speaker a channel: bleed goes, real overlap stays, whatever the gains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from toolkit.audio import Waveform
from toolkit.backends import channels
from toolkit.backends.channels import Frames, diarize_channels, exclusive_of, intervals, levels, without_bleed
from toolkit.errors import BackendError
from toolkit.formats import truth
from toolkit.intervals import Span, intersect, total
from toolkit.settings import Settings

STEP = 0.02
RATE = 16_000


def frames(active: list[str], level: list[list[float]]) -> Frames:
    """Activity drawn with # and ., each mark ten frames; level in dBFS a mark."""
    marks = np.array([[c == "#" for c in row] for row in active])
    return Frames(np.repeat(marks, 10, axis=1), np.repeat(np.array(level, dtype=float), 10, axis=1), 0.0, STEP)


def drawn(activity) -> list[str]:
    return ["".join("#" if m else "." for m in row[5::10]) for row in activity]


def test_bleed_is_left_out_and_overlap_stays() -> None:
    given_frames = frames(
        ["####....####", "####.#######"],
        [
            [-20, -20, -20, -20, -90, -90, -90, -45, -20, -20, -20, -20],
            [-45] * 4 + [-90] + [-20] * 3 + [-20] * 2 + [-45] * 2,
        ],
    )
    spoken, _ = without_bleed(given_frames, 12.0)
    assert drawn(spoken) == ["####....####", ".....#####.."]


def test_a_channel_with_a_lower_gain_is_not_taken_for_bleed() -> None:
    quiet = frames(
        ["###...##", "...###.."], [[-15, -15, -15, -60, -60, -60, -15, -15], [-80] * 3 + [-50] * 3 + [-80] * 2]
    )
    spoken, _ = without_bleed(quiet, 12.0)
    assert drawn(spoken) == ["###...##", "...###.."]


@given(st.floats(-40, 40))
def test_gain_changes_nothing(gain: float) -> None:
    loud = [[-20, -20, -90, -45], [-45, -20, -20, -20]]
    changed = [loud[0], [level + gain for level in loud[1]]]
    active = ["##.#", "####"]
    assert drawn(without_bleed(frames(active, loud), 12.0)[0]) == drawn(without_bleed(frames(active, changed), 12.0)[0])


def test_the_louder_channel_has_the_word() -> None:
    spoken = np.ones((2, 3), dtype=bool)
    found = exclusive_of(spoken, np.array([[0.0, -5.0, -1.0], [-3.0, -2.0, -1.0]]))
    assert found.tolist() == [[True, False, True], [False, True, False]]


@given(st.integers(1, 4), st.integers(1, 30), st.randoms(use_true_random=False))
def test_exclusive_is_one_speaker_at_a_time_wherever_anybody_speaks(rows: int, columns: int, random) -> None:
    spoken = np.array([[random.random() < 0.5 for _ in range(columns)] for _ in range(rows)])
    relative = np.array([[random.uniform(-30, 0) for _ in range(columns)] for _ in range(rows)])
    found = exclusive_of(spoken, relative)
    assert (found.sum(axis=0) == spoken.any(axis=0)).all()
    assert not (found & ~spoken).any()


def test_a_silent_channel_has_no_speech() -> None:
    spoken, _ = without_bleed(frames(["####", "...."], [[-20] * 4, [-120] * 4]), 12.0)
    assert drawn(spoken) == ["####", "...."]


def test_intervals_stay_inside_the_recording() -> None:
    found = intervals(
        np.ones((1, 10), dtype=bool), Frames(np.ones((1, 10), bool), np.zeros((1, 10)), 0.01, STEP), ["A"], 0.19
    )
    assert [(i.start, i.end, i.speaker) for i in found] == [(0.0, 0.19, "A")]


def test_levels_are_rms_in_dbfs() -> None:
    tone = np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000).astype(np.float32)
    found = levels(Waveform(np.concatenate([tone, 0 * tone]), 16000), 90, 0.0, STEP)
    assert found[20] == pytest.approx(-3.01, abs=0.05)
    assert found[80] == -120.0


def test_channels_that_do_not_fit_the_map_are_refused() -> None:
    short, long = (Waveform(np.zeros(n, dtype=np.float32), 16000) for n in (8000, 16000))
    with pytest.raises(BackendError, match="2 speakers are mapped to 1 channels"):
        diarize_channels([long], ["therapist", "client"], Settings())
    with pytest.raises(BackendError, match="differ in length"):
        diarize_channels([long, short], ["therapist", "client"], Settings())


def test_silence_in_every_channel_is_an_empty_diarization(monkeypatch) -> None:
    monkeypatch.setattr(channels, "speech_activity", lambda *_: [])
    silent = Waveform(np.zeros(16000, dtype=np.float32), 16000)
    assert diarize_channels([silent, silent], ["therapist", "client"], Settings()).regular == ()


def test_the_diarizer_refuses_a_single_waveform() -> None:
    silent = Waveform(np.zeros(16000, dtype=np.float32), 16000)
    with pytest.raises(BackendError, match="no channel for each speaker"):
        channels.create(Settings()).diarize(silent, min_speakers=2, max_speakers=2, progress=print)


@pytest.mark.models
def test_a_channel_that_is_almost_silent_keeps_its_speaker(model_store) -> None:
    """A minute of the sample session: the client as it is, 20 dB lower, and turned down to almost nothing."""
    path = ROOT / "sample_data" / "recordings" / "reflective.channels.opus"
    known = truth.read(ROOT / "sample_data" / "truth" / "reflective.json")
    therapist, client = (channel[: 60 * RATE] for channel in both_channels(path))
    heard = {}
    for lower in (0.0, 20.0, 45.0):
        quieter = [Waveform(therapist, RATE), Waveform(client * np.float32(10 ** (-lower / 20)), RATE)]
        heard[lower] = diarize_channels(quieter, ["therapist", "client"], Settings()).regular
    for who in ("therapist", "client"):
        true = intersect([i.span for i in known.speech if i.speaker == who], [Span(0.0, 60.0)])
        found = {lower: [i.span for i in intervals if i.speaker == who] for lower, intervals in heard.items()}
        for lower in (20.0, 45.0):
            assert total(intersect(found[lower], true)) > 0.85 * total(true)
            assert total(found[lower]) == pytest.approx(total(found[0.0]), rel=0.1)


def both_channels(path: Path) -> np.ndarray:
    """The two channels of a recording at 16 kHz."""
    import av

    resampler = av.AudioResampler("fltp", "stereo", RATE)
    with av.open(str(path)) as container:
        frames = [g for f in container.decode(audio=0) for g in resampler.resample(f)]
    return np.concatenate([f.to_ndarray() for f in frames], axis=1).astype(np.float32)
