"""Reading recordings: every format gives back the sound that went in, at its time, from every channel."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from audio_files import FORMATS, consented, recording, voice, wav, write
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit.audio
from toolkit.audio import Waveform, background_db, level_db, load, reading
from toolkit.audio.apart import Order
from toolkit.audio.mix import Channels, describe
from toolkit.audio.source import open_source
from toolkit.intervals import Span
from toolkit.settings import AudioSettings
from toolkit.types import Missing

SETTINGS = AudioSettings()
PRIMING = {
    "aac": 372,
    "wma": -743,
}  # samples: raw AAC and WMA files do not tell what their encoder put before the sound


def likeness(found: np.ndarray, wanted: np.ndarray, *, shift: int = 0) -> float:
    """Correlation of two sounds, the first one starting `shift` samples late."""
    found, wanted = (found[shift:], wanted) if shift >= 0 else (found, wanted[-shift:])
    shared = min(len(found), len(wanted))
    return float(np.corrcoef(found[:shared], wanted[:shared])[0, 1])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("ending", FORMATS)
def test_formats(tmp_path: Path, ending: str, channels: int) -> None:
    muxer, codec, rate, options = FORMATS[ending]
    if ending == "ogg" and channels == 1:
        pytest.skip("FFmpeg's own Vorbis encoder writes stereo only")
    rows = np.stack([voice(3, rate)] * channels)
    path = write(tmp_path / f"a.{ending}", rows, rate=rate, muxer=muxer, codec=codec, options=options)
    audio = load(consented(path), SETTINGS)
    assert likeness(audio.mix.samples, voice(3, 16000), shift=PRIMING.get(ending, 0)) > (
        0.9 if ending == "aac" else 0.98
    )
    assert audio.mix.samples.dtype == np.float32
    assert audio.mix.rate == 16000
    assert (audio.facts.rate, audio.facts.channels, audio.facts.streams) == (rate, channels, 1)
    assert abs(audio.mix.duration - audio.facts.duration) <= 1 / 16000
    tolerance = 0.05 if ending in {"aac", "wma", "ogg"} else 0
    assert abs(len(audio.mix.samples) - 3 * 16000) <= tolerance * 16000
    assert audio.facts.warnings == ()


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000])
def test_rates_keep_time_and_level(tmp_path: Path, rate: int) -> None:
    path = wav(tmp_path / "a.wav", voice(2, rate), rate)
    audio = load(consented(path), SETTINGS)
    assert len(audio.mix.samples) == 32000
    assert likeness(audio.mix.samples, voice(2, 16000)) > 0.999
    assert audio.facts.peak_db == pytest.approx(20 * np.log10(np.abs(voice(2, 16000)).max()), abs=0.5)


@pytest.mark.parametrize(("bits", "exact"), [(8, 0.01), (16, 1e-4), (32, 1e-7)])
def test_sample_widths(tmp_path: Path, bits: int, exact: float) -> None:
    path = wav(tmp_path / "a.wav", voice(2, 16000), 16000, bits=bits)
    assert np.abs(load(consented(path), SETTINGS).mix.samples - voice(2, 16000)).max() < exact


@pytest.mark.parametrize(("ending", "muxer", "codec"), [("mp4", "mp4", "aac"), ("mkv", "matroska", "flac")])
def test_sound_of_a_film(tmp_path: Path, ending: str, muxer: str, codec: str) -> None:
    path = write(tmp_path / f"a.{ending}", voice(3, 48000), rate=48000, muxer=muxer, codec=codec, film=True)
    audio = load(consented(path), SETTINGS)
    assert len(audio.mix.samples) == 48000
    assert likeness(audio.mix.samples, voice(3, 16000)) > 0.98


def test_first_of_several_streams(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.mka", voice(2, 16000), voice(2, 16000, seed=1), rate=16000, muxer="matroska", codec="flac"
    )
    audio = load(consented(path), SETTINGS)
    assert audio.facts.streams == 2
    assert likeness(audio.mix.samples, voice(2, 16000)) > 0.999
    assert "2 sound streams" in audio.facts.warnings[0]


@pytest.mark.parametrize(
    "name", ["a b.wav", 'o\'clock "x".wav', "line\nbreak.wav", "-rf.wav", "ü 🙂.wav", "file:x.wav"]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    assert load(consented(wav(tmp_path / name, voice(1, 16000), 16000)), SETTINGS).mix.duration == 1


def test_link_to_a_recording(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to(wav(tmp_path / "a.wav", voice(1, 16000), 16000))
    assert load(consented(tmp_path / "link.wav"), SETTINGS).mix.duration == 1


def test_wav_of_a_live_recorder_declares_nothing(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", voice(2, 16000), 16000)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    audio = load(consented(path), SETTINGS)
    assert isinstance(audio.facts.declared_duration, Missing)
    assert audio.mix.duration == 2


def test_gap_in_time_stamps_is_filled_and_told(tmp_path: Path) -> None:
    sound = voice(4, 16000)
    with av.open(str(tmp_path / "a.mka"), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        for start in range(0, 64000, 800):
            if 16000 <= start < 48000:
                continue
            part = np.ascontiguousarray((sound[None, start : start + 800] * 32767).astype(np.int16))
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16000, start, Fraction(1, 16000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    audio = load(consented(tmp_path / "a.mka"), SETTINGS)
    wanted = sound.copy()
    wanted[16000:48000] = 0
    assert np.abs(audio.mix.samples - wanted).max() < 1e-3
    assert "2.0 s are missing" in audio.facts.warnings[0]


def test_channel_map_keeps_order(tmp_path: Path) -> None:
    one, two = voice(2, 44100), voice(2, 44100, seed=1)
    path = wav(tmp_path / "a.wav", np.stack([one, two]), 44100)
    audio = load(consented(path, channels=("therapist", "client")), SETTINGS)
    assert len(audio.channels) == 2
    assert likeness(audio.channels[0].samples, voice(2, 16000)) > 0.999
    assert likeness(audio.channels[1].samples, voice(2, 16000, seed=1)) > 0.999
    mean = (audio.channels[0].samples + audio.channels[1].samples) / 2
    assert np.abs(audio.mix.samples - mean).max() < 1e-6


def test_channel_with_nothing_on_it_is_told(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.stack([voice(2, 16000), np.zeros(32000)]), 16000)
    audio = load(consented(path, channels=("therapist", "client")), SETTINGS)
    assert audio.facts.warnings == ("nothing is heard on channel 2 (client)",)
    assert not audio.channels[1].samples.any()


def test_antiphase_stereo_is_heard(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.stack([voice(2, 44100), -voice(2, 44100)]), 44100)
    audio = load(consented(path), SETTINGS)
    assert abs(likeness(audio.mix.samples, voice(2, 16000))) > 0.999
    assert audio.facts.peak_db > -9
    assert "opposite phase, turned over: 2" in audio.facts.mix


@pytest.mark.parametrize("muxer", ["wav", "flac", "opus"])
def test_voice_on_the_fourth_of_eight_channels(tmp_path: Path, muxer: str) -> None:
    rows = np.zeros((8, 96000), np.float32)
    rows[3] = voice(2, 48000)
    codec = {"wav": "pcm_s24le", "flac": "flac", "opus": "libopus"}[muxer]
    audio = load(consented(write(tmp_path / "a", rows, rate=48000, muxer=muxer, codec=codec)), SETTINGS)
    assert likeness(audio.mix.samples, voice(2, 16000)) > 0.99
    assert audio.facts.peak_db == pytest.approx(20 * np.log10(np.abs(voice(2, 16000)).max()), abs=0.5)
    assert audio.facts.mix == "channel 4 of 8; silent: 1, 2, 3, 5, 6, 7, 8"


def test_two_voices_on_two_channels_are_both_in_the_mix(tmp_path: Path) -> None:
    one, two = voice(2, 16000), voice(2, 16000, seed=1) * 0.1
    audio = load(consented(wav(tmp_path / "a.wav", np.stack([one, two]), 16000)), SETTINGS)
    assert np.abs(audio.mix.samples - (one + two) / 2).max() < 1e-3


@settings(deadline=None)
@given(st.lists(st.sampled_from([-1.0, -0.3, 0.0, 0.2, 1.0]), min_size=2, max_size=8).filter(any))
def test_one_voice_never_cancels(gains: list[float]) -> None:
    sound = voice(0.5, 8000)
    block = np.stack([sound * gain for gain in gains]).astype(np.float32)
    channels = Channels(len(gains))
    channels.add(block)
    weights = np.array(channels.weights())
    assert np.abs(weights).sum() == pytest.approx(1)
    mixed = weights @ block
    assert abs(likeness(mixed, sound)) > 0.999
    assert np.abs(mixed).max() >= np.abs(block).max() / len(gains) * 0.999


def test_mix_in_words() -> None:
    assert describe((1.0,)) == "mono"
    assert describe((0.5, 0.5)) == "mean of 2 channels"
    assert describe((0.5, 0.0, -0.5)) == "mean of channels 1, 3 of 3; silent: 2; in opposite phase, turned over: 3"


EXCLUDED = (Span(0.5, 1.0), Span(2.25, float("inf")))


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("channels", [(), ("therapist", "client")])
def test_excluded_portions_are_silent_and_nothing_else_is(tmp_path: Path, rate: int, channels: tuple[str, ...]) -> None:
    path = wav(tmp_path / "a.wav", np.stack([voice(3, rate), voice(3, rate, seed=1)]), rate)
    whole = load(consented(path, channels=channels), SETTINGS)
    cut = load(consented(path, channels=channels, excluded=EXCLUDED), SETTINGS)
    for before, after in zip((whole.mix, *whole.channels), (cut.mix, *cut.channels), strict=True):
        assert not after.samples[8000:16000].any()
        assert not after.samples[36000:].any()
        for kept in (slice(0, 7960), slice(16040, 35960)):  # 2.5 ms: the reach of the resampler's filter
            assert np.array_equal(before.samples[kept], after.samples[kept])


def test_excluded_sound_leaves_no_trace(tmp_path: Path) -> None:
    rows = np.stack([voice(3, 44100), voice(3, 44100, seed=1)])
    other = rows.copy()
    other[:, 22050:44100] = 0.99
    other[1, 22050:44100] = np.nan
    a = load(consented(wav(tmp_path / "a.wav", rows, 44100, bits=32), excluded=EXCLUDED), SETTINGS)
    b = load(consented(wav(tmp_path / "b.wav", other, 44100, bits=32), excluded=EXCLUDED), SETTINGS)
    assert a.mix.samples.tobytes() == b.mix.samples.tobytes()
    assert a.facts == b.facts


def test_same_bytes_each_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.opus", np.stack([voice(2, 48000)] * 2), rate=48000, muxer="opus", codec="libopus")
    first, second = (load(consented(path), SETTINGS) for _ in range(2))
    assert first.mix.samples.tobytes() == second.mix.samples.tobytes()


def test_takes_only_a_consented_recording(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", voice(1, 16000), 16000)
    for wrong in (recording(path), path, None):
        with pytest.raises(TypeError, match=r"consent\.admit makes"):
            load(wrong, SETTINGS)  # type: ignore[arg-type]


def test_levels() -> None:
    samples = np.concatenate([np.zeros(1000), np.full(1000, 0.1), np.full(1000, -1)]).astype(np.float32)
    spans = [Span(0, 1), Span(1, 2), Span(2, 3), Span(1, 3), Span(2.5, 9), Span(5, 6), Span(1, 1)]
    levels = level_db(Waveform(samples, 1000), spans)
    assert levels == pytest.approx((-120, -20, 0, 10 * np.log10(0.505), 0, -120, -120), abs=1e-4)


PEAK_MEMORY = """
import sys
from pathlib import Path
from toolkit.audio.apart import Order
from toolkit.audio.reading import read_source
from toolkit.audio.source import open_source
from toolkit.settings import AudioSettings
with open_source(Path(sys.argv[1])) as source:
    read_source(source, Order((), ()), AudioSettings())
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_rate_and_channels(tmp_path: Path) -> None:
    small = wav(tmp_path / "small.wav", np.tile(voice(1, 16000), 40), 16000)
    rows = np.stack([voice(1, 96000, seed=seed % 3) for seed in range(8)])
    rows[6:] = 0  # makes the second pass happen
    large = tmp_path / "large.flac"
    write(large, np.tile(rows, 40), rate=96000, muxer="flac", codec="flac")
    peaks = []
    for path in (small, large):
        command = [sys.executable, "-c", PEAK_MEMORY, str(path)]
        peaks.append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    decoded = 40 * 96000 * 8 * 4 // 1024
    assert decoded > 100_000
    # what 32,768 samples of 8 channels need, a few times over
    assert peaks[1] - peaks[0] < 24_000


def test_second_pass_holds_one_waveform(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.stack([np.tile(voice(1, 16000), 200), np.zeros(3200000)]), 16000)
    with open_source(path) as source:
        reading.read_source(source, Order((), ()), SETTINGS)  # imports and caches
        tracemalloc.start()
        try:
            audio = reading.read_source(source, Order((), ()), SETTINGS)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert audio.facts.mix == "channel 1 of 2; silent: 2"
    assert peak < 1.5 * audio.mix.samples.nbytes


def test_import_is_light() -> None:
    heavy = "import sys, toolkit.audio; sys.exit(bool({'numpy', 'av'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0
    assert toolkit.audio.RATE == 16000


def test_the_background_is_the_quietest_tenth_of_what_sounds() -> None:
    rate = 16_000
    loud, fan = np.full(60 * rate, 0.5, np.float32), np.full(20 * rate, 0.01, np.float32)
    whole = Waveform(np.concatenate([np.zeros(30 * rate, np.float32), fan, loud]), rate)
    assert background_db(whole) == pytest.approx(-40.0, abs=0.01)
    assert background_db(Waveform(loud, rate)) == pytest.approx(-6.02, abs=0.01)
    assert background_db(Waveform(np.zeros(rate, np.float32), rate)) == -120.0
    assert background_db(Waveform(np.zeros(0, np.float32), rate)) == -120.0
