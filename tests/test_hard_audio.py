"""Recordings made harder: levels, bands and noise are as said, and the truth moves with the sound."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audio_files import write
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import InputError
from toolkit.evaluate.recordings import gather, study_of
from toolkit.formats import truth as truths_on_disk
from toolkit.formats.truth import Truth, TruthUtterance
from toolkit.intervals import Span
from toolkit.types import AttributedWord, Missing, SpeakerInterval

sys.path.insert(0, str(ROOT / "pipelines"))

import hard_audio
from hard_sound import effects, files, truths

RATE = 16_000
SHE, HE = "therapist", "client"


def hiss(seconds: float, *, rms: float = 0.1, seed: int = 0) -> np.ndarray:
    """White noise of one channel."""
    made = np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * rms
    return np.clip(made, -1, 1).astype(np.float32)[None, :]


def spoken(spans: list[tuple[float, float]], seconds: float, *, rms: float, seed: int = 0) -> np.ndarray:
    """A voice that is hiss where it speaks and digital silence elsewhere."""
    made = np.zeros((1, round(seconds * RATE)), np.float32)
    sound = hiss(seconds, rms=rms, seed=seed)
    for start, end in spans:
        part = slice(round(start * RATE), round(end * RATE))
        made[:, part] = sound[:, part]
    return made


def power(sound: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and power of the first channel."""
    from scipy import signal

    return signal.welch(sound[0], fs=rate, nperseg=2048)


def in_db(ratio: float) -> float:
    return 10 * float(np.log10(ratio))


def rms_db(sound: np.ndarray) -> float:
    return in_db(float(np.mean(np.square(sound, dtype=np.float64))))


def test_a_level_counts_only_the_stretches_of_speech() -> None:
    voice = spoken([(1, 2), (3, 4)], 5, rms=0.1)
    assert effects.level(voice, [Span(1, 2), Span(3, 4)], RATE) == pytest.approx(-20, abs=0.1)
    assert effects.level(voice, [Span(0, 5)], RATE) == pytest.approx(-20 + in_db(2 / 5), abs=0.1)
    assert effects.level(voice, [], RATE) == -120


def test_a_telephone_passes_300_to_3400_hz_in_256_steps() -> None:
    sound, rate = effects.telephone(hiss(10), RATE)
    assert rate == 8000
    assert sound.shape == (1, 80_000)
    assert len(np.unique(sound)) <= 256
    frequency, found = power(sound, rate)
    passed = float(np.median(found[(frequency > 500) & (frequency < 3000)]))
    assert in_db(float(found[frequency < 150].max()) / passed) < -25
    assert in_db(float(found[frequency > 3850].max()) / passed) < -25
    assert in_db(float(found[(frequency > 400) & (frequency < 3200)].min()) / passed) > -3


def test_a_telephone_does_not_move_sound() -> None:
    from scipy import signal

    before = hiss(2)
    after, _ = effects.telephone(before, RATE)
    slow = signal.resample_poly(before[0], 1, 2)
    # where the same stretch fits best among starts up to 100 samples early or late
    lag = int(np.argmax(np.correlate(after[0, 3900:12100], slow[4000:12000], "valid"))) - 100
    assert lag == 0


@pytest.mark.parametrize("peak", [0.9, 0.3, 0.1])
def test_companding_costs_about_as_much_at_every_level(peak: float) -> None:
    clean = (peak * np.sin(np.arange(RATE) * 0.37)).astype(np.float32)[None, :]
    assert 34 < rms_db(clean) - rms_db(effects.mu_law(clean) - clean) < 40  # G.711 gives 37 to 38 dB


def test_near_and_far_differ_by_what_was_said() -> None:
    near, far = spoken([(0, 4)], 10, rms=0.1), spoken([(5, 9)], 10, rms=0.1, seed=1)
    mixed = effects.far_and_near(near, far, 15.0)
    difference = effects.level(mixed, [Span(0, 4)], RATE) - effects.level(mixed, [Span(5, 9)], RATE)
    assert difference == pytest.approx(15, abs=0.1)


def test_echo_falls_by_60_db_in_the_time_said() -> None:
    response = effects.impulse_response(0.5, RATE, np.random.default_rng(1))
    left = 10 * np.log10(np.cumsum(response[:0:-1] ** 2)[::-1] / np.sum(response[1:] ** 2))  # Schroeder
    first, last = int(np.argmax(left < -5)), int(np.argmax(left < -25))
    assert 3 * (last - first) / RATE == pytest.approx(0.5, rel=0.1)
    assert np.sum(response[1:] ** 2) == pytest.approx(response[0] ** 2)


def test_echo_smears_behind_sound_and_never_before_it() -> None:
    click = np.zeros((1, RATE), np.float32)
    click[0, 4000] = 0.5
    wet = effects.echo(click, 0.5, RATE, np.random.default_rng(1))
    assert wet.shape == click.shape
    assert int(np.argmax(np.abs(wet[0]))) == 4000
    assert np.abs(wet[0, :4000]).max() < 1e-6
    assert np.abs(wet[0, 4100:8000]).max() > 0.001


def test_noise_lies_so_far_below_the_speech() -> None:
    voice = spoken([(1, 4), (6, 9)], 10, rms=0.05)
    spans = [Span(1, 4), Span(6, 9)]
    noisy = effects.with_noise(voice, spans, RATE, np.random.default_rng(1), snr=10.0)
    assert rms_db(voice[:, RATE : 4 * RATE]) - rms_db(noisy - voice) == pytest.approx(10, abs=0.1)


def test_noise_is_steady_and_falls_by_3_db_an_octave() -> None:
    made = effects.noise(30 * RATE, RATE, np.random.default_rng(1))
    assert made.shape == (1, 30 * RATE)
    assert rms_db(made) == pytest.approx(0, abs=0.01)
    seconds = [rms_db(made[:, i * RATE : (i + 1) * RATE]) for i in range(30)]
    assert max(seconds) - min(seconds) < 2
    frequency, found = power(made, RATE)
    octaves = [in_db(float(found[(frequency > f) & (frequency < 2 * f)].mean())) for f in (200, 400, 800, 1600, 3200)]
    assert np.diff(octaves) == pytest.approx(-3, abs=0.7)


def test_music_is_tones_that_fade_in_and_out() -> None:
    made = effects.music(10, RATE, np.random.default_rng(1))
    assert made.shape == (1, 10 * RATE)
    assert rms_db(made) == pytest.approx(0, abs=0.01)
    edge = RATE // 100
    assert rms_db(made[:, :edge]) < -30
    assert rms_db(made[:, -edge:]) < -30
    _, found = power(made, RATE)
    flatness = np.exp(np.mean(np.log(found + 1e-20))) / np.mean(found)
    assert flatness < 0.01  # white noise has 1


def test_a_voice_bleeds_into_the_other_channel_lower_and_later() -> None:
    apart = np.concatenate([spoken([(1, 2)], 5, rms=0.1), spoken([(3, 4)], 5, rms=0.1, seed=1)])
    made = effects.bleed(apart, -15.0, 0.004, RATE)
    assert effects.level(made[1:], [Span(1.01, 2)], RATE) - effects.level(made[:1], [Span(1.01, 2)], RATE) == (
        pytest.approx(-15, abs=0.1)
    )
    assert np.flatnonzero(made[1])[0] == RATE + 64
    assert not made[0, :RATE].any()


def test_what_is_too_loud_is_turned_down_and_not_clipped() -> None:
    loud = effects.below_peak(hiss(1, rms=0.2) * 4)
    assert np.abs(loud).max() == pytest.approx(effects.PEAK)
    assert np.sum(np.abs(loud) >= effects.PEAK * 0.999) < 10
    quiet = hiss(1, rms=0.01)
    assert effects.below_peak(quiet) is quiet


@pytest.mark.parametrize("make", [effects.noise, lambda n, r, g: effects.music(n / r, r, g)])
def test_a_seed_gives_the_same_samples(make) -> None:
    first, again, other = (make(RATE, RATE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def known(*, words: bool = True) -> Truth:
    """Two utterances of her, one of his between; 3.5 s of silence before the last; 10 s long."""
    said = (
        TruthUtterance(1.0, 2.0, SHE, "How are you?", "none", "open"),
        TruthUtterance(2.5, 4.0, HE, "Tired.", "none", "none"),
        TruthUtterance(7.5, 8.0, SHE, "You're tired.", "simple", "none"),
    )
    speech = tuple(SpeakerInterval(u.start, u.end, u.speaker) for u in said)
    timed = tuple(AttributedWord(u.start, u.end, u.text, 1.0, u.speaker) for u in said)
    none = Missing("the reference holds no word times")
    return Truth("s1", 10.0, True, speech, said, timed if words else none, speech, (Span(4.0, 7.5),), True)


@pytest.mark.parametrize("words", [True, False])
def test_a_reference_reads_back_as_it_was(tmp_path: Path, words: bool) -> None:
    files.write_reference(tmp_path, known(words=words))
    assert truths_on_disk.read(tmp_path / "s1.json") == known(words=words)
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".json", ".rttm", ".stm"]


def test_everything_moves_behind_a_lead() -> None:
    late = truths.shifted(known(), 60.0, 70.0)
    assert late.duration == 70.0
    assert late.silences == (Span(64.0, 67.5),)
    assert [(u.start, u.text) for u in late.utterances] == [
        (61.0, "How are you?"),
        (62.5, "Tired."),
        (67.5, "You're tired."),
    ]
    assert [w.start for w in late.words] == [61.0, 62.5, 67.5]
    assert (
        late.turns == late.speech == tuple(SpeakerInterval(i.start + 60, i.end + 60, i.speaker) for i in known().speech)
    )


@given(by=st.integers(0, 7_200_000).map(lambda x: x / 1000))
def test_moving_there_and_back_changes_nothing(by: float) -> None:
    assert truths.shifted(truths.shifted(known(), by, 10.0 + by), -by, 10.0) == known()


def test_over_a_seam_there_may_be_a_silence_and_one_turn() -> None:
    # the last speech ends at 8 of 10 s, the first begins at 1 s: 3 s of silence, and it is the same speaker
    twice = truths.repeated(known(), 10.0, 2)
    assert twice.duration == 20.0
    assert twice.silences == (Span(4.0, 7.5), Span(8.0, 11.0), Span(14.0, 17.5))
    assert [(t.start, t.end, t.speaker) for t in twice.turns] == [
        (1.0, 2.0, SHE),
        (2.5, 4.0, HE),
        (7.5, 12.0, SHE),
        (12.5, 14.0, HE),
        (17.5, 18.0, SHE),
    ]
    assert truths.repeated(known(), 9.5, 2).silences == (Span(4.0, 7.5), Span(13.5, 17.0))  # 2.5 s is none


def test_recordings_without_words_have_none_together() -> None:
    both = truths.joined([(known(), 10.0), (known(words=False), 10.0)])
    assert both.words == Missing("the reference holds no word times")
    assert len(both.utterances) == 6


@given(times=st.integers(1, 40), limit=st.floats(5, 400))
def test_a_cut_takes_whole_utterances_only(times: int, limit: float) -> None:
    whole = truths.repeated(known(), 10.0, times)
    at = truths.last_quiet(whole, min(limit, 10.0 * times))
    part = truths.cut(whole, at)
    assert part.duration == at <= limit
    assert part.utterances == tuple(u for u in whole.utterances if u.end <= at)
    assert not any(u.start < at < u.end for u in whole.utterances)
    assert all(t.end <= at for t in (*part.turns, *part.silences, *part.words))
    # no utterance was lost that would have fitted: the next one ends beyond the limit
    later = [u for u in whole.utterances if u.start >= at]
    assert not later or later[0].end >= min(limit, 10.0 * times)


def test_where_somebody_always_speaks_nothing_can_be_cut() -> None:
    whole = Truth("s1", 9.0, True, (SpeakerInterval(0, 9, SHE),), Missing(""), Missing(""), (), (), True)
    with pytest.raises(InputError, match="s1 cannot be cut within 5 s"):
        truths.last_quiet(whole, 5.0)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Sample data of one session of 10 s, mixed at 16 kHz and with a channel a speaker."""
    folder = tmp_path / "sample"
    (folder / "recordings").mkdir(parents=True)
    (folder / "truth").mkdir()
    she, he = spoken([(1, 2), (7.5, 8)], 10, rms=0.1), spoken([(2.5, 4)], 10, rms=0.05, seed=1)
    write(folder / "recordings" / "s1.flac", she + he, rate=RATE, muxer="flac", codec="flac")
    apart = np.concatenate([she, he])
    write(folder / "recordings" / "s1.channels.flac", apart, rate=RATE, muxer="flac", codec="flac")
    (folder / "truth" / "s1.json").write_text(truths.as_json(known()))
    return folder


def make(sample: Path, output: Path, *more: str) -> int:
    return hard_audio.main(["--sample", str(sample), "--output", str(output), *more])


def test_every_variant_is_made_and_gathered(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hard_audio, "LONG_SECONDS", 61.0)
    monkeypatch.setattr(hard_audio, "SILENCE_SECONDS", 20.0)
    assert make(sample, tmp_path / "hard") == 0
    assert "10 variants" in capsys.readouterr().out
    cases = {c.session_id: c for c in gather(tmp_path / "none", tmp_path / "hard")}
    names = {v: f"s1.{v}{'.channels' if r.channels else ''}" for v, r in hard_audio.VARIANTS.items()}
    assert set(cases) == {"s1", "s1.channels", *names.values()}
    for variant, name in names.items():
        case = cases[name]
        assert case.variant is not None
        assert case.variant.name == variant
        assert case.variant.original == ("s1.channels" if hard_audio.VARIANTS[variant].channels else "s1")
        sound = files.decode(case.recording)
        assert sound.shape[1] / RATE == pytest.approx(case.truth.duration, abs=0.001)
        assert len(sound) == (len(case.channels) or 1)
    assert cases["s1.telephone"].truth == replace(known(), session_id="s1.telephone")
    assert cases["s1.music"].truth.speech[0].start == 61.0
    assert cases["s1.silence"].truth.speech[0].start == 21.0
    assert len(cases["s1.three-hours"].truth.utterances) == 18
    study = study_of(list(cases.values()), tmp_path / "study")
    assert set(study.recordings()) == set(cases)


def test_levels_in_the_files_are_as_said(sample: Path, tmp_path: Path) -> None:
    assert make(sample, tmp_path / "hard", "--variant", "far-near", "noise", "unequal", "nearly-silent", "bleed") == 0
    folder = tmp_path / "hard" / "audio" / "hard"
    hers, his = [Span(1.01, 2)], [Span(2.51, 4)]

    def difference(name: str, first: slice, second: slice) -> float:
        sound = files.decode(folder / f"s1.{name}.flac")
        return effects.level(sound[first], hers, RATE) - effects.level(sound[second], his, RATE)

    left, right = slice(0, 1), slice(1, 2)
    assert difference("far-near", left, left) == pytest.approx(15, abs=0.1)
    assert difference("unequal.stereo", left, right) == pytest.approx(6 + 20, abs=0.2)
    assert difference("nearly-silent.stereo", left, right) == pytest.approx(6 + 45, abs=0.5)
    bled = files.decode(folder / "s1.bleed.stereo.flac")
    assert effects.level(bled[left], hers, RATE) - effects.level(bled[right], hers, RATE) == pytest.approx(15, abs=0.2)
    noisy = files.decode(folder / "s1.noise.flac")
    alone = effects.level(noisy, [Span(4.5, 7.4)], RATE)
    speech = in_db(10 ** (effects.level(noisy, [i.span for i in known().speech], RATE) / 10) - 10 ** (alone / 10))
    assert speech - alone == pytest.approx(10, abs=0.5)


def test_the_same_seed_gives_the_same_files_whatever_else_is_made(sample: Path, tmp_path: Path) -> None:
    made = {}
    for name, more in (("a", ["noise", "echo"]), ("b", ["echo"]), ("c", ["echo", "--seed", "2"])):
        assert make(sample, tmp_path / name, "--variant", *more) == 0
        made[name] = (tmp_path / name / "audio" / "hard" / "s1.echo.flac").read_bytes()
    assert made["a"] == made["b"] != made["c"]


def test_without_channels_their_variants_are_left_out(sample: Path, tmp_path: Path) -> None:
    (sample / "recordings" / "s1.channels.flac").unlink()
    assert make(sample, tmp_path / "hard", "--variant", "far-near", "bleed", "echo") == 0
    rows = json.loads((tmp_path / "hard" / "audio" / "hard" / "variants.json").read_text())["variants"]
    assert [row["session"] for row in rows] == ["s1.echo"]


def test_nothing_to_start_from_is_one_line(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(tmp_path / "none", tmp_path / "hard") == 2
    assert make(sample, tmp_path / "hard", "--recording", "s2") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "no coded two-person recording" in lines[1]
