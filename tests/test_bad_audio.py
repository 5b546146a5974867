"""Recordings that decoders accept silently, or hang on: each is refused with one line that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audio_files import FORMATS, consented, unchecked, voice, wav, wav_bytes, write

from toolkit.audio import decode, load, loading, reading
from toolkit.audio.apart import Order
from toolkit.audio.source import BadRecordingError, open_source
from toolkit.errors import ConsentError, InputError, ToolkitError
from toolkit.intervals import Span
from toolkit.settings import AudioSettings
from toolkit.types import Missing

SETTINGS = AudioSettings()
SOUND = voice(5, 48000)


def refused(path: Path, settings: AudioSettings = SETTINGS, **options) -> str:
    """The one line a recording is refused with."""
    made = consented(path, **options) if path.is_file() else unchecked(path)
    with pytest.raises(InputError) as caught:
        load(made, settings)
    line = str(caught.value)
    assert line.startswith("session s01: ")
    assert line.isprintable()
    assert str(path.parent) not in line
    assert caught.value.hint
    return line


def encoded(folder: Path, ending: str, *, channels: int = 2, **options) -> Path:
    muxer, codec, rate, extra = FORMATS[ending]
    rows = np.stack([voice(5, rate)] * channels)
    return write(folder / f"a.{ending}", rows, rate=rate, muxer=muxer, codec=codec, options=extra, **options)


def cut(path: Path, share: float = 0.6) -> Path:
    os.truncate(path, int(path.stat().st_size * share))
    return path


def text(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def with_value(value: float) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        rows = voice(2, 16000).copy()
        rows[9000] = value
        wav(path, rows, 16000, bits=32)

    return build


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (text(b""), "is empty (0 bytes)"),
    "text": (text("Träume\n".encode() * 200), "text, not sound"),
    "one byte": (text(b"\0"), "damaged or no sound file"),
    "noise": (text(np.random.default_rng(1).bytes(9000)), "damaged or no sound file"),
    "hls playlist": (text(b"#EXTM3U\n#EXTINF:5,\nreal.wav\n#EXT-X-ENDLIST\n"), "playlist"),
    "concat script": (text(b"ffconcat version 1.0\nfile real.wav\n"), "playlist"),
    "picture": (text(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(13)), "not read as a recording"),
    "header only": (text(wav_bytes(np.zeros((1, 0)), 16000)), "holds no sound"),
    "half a header": (text(wav_bytes(np.zeros((1, 9)), 16000)[:30]), "damaged or no sound file"),
    "NaN": (with_value(np.nan), "no numbers"),
    "infinite": (with_value(np.inf), "no numbers"),
    "minus infinite": (with_value(-np.inf), "no numbers"),
    "another scale": (with_value(32767), "samples up to 32767"),
    "digital silence": (lambda p: wav(p, np.zeros(32000), 16000), "is silent"),
    "dither only": (lambda p: wav(p, np.resize([0, 1 / 32767], 32000), 16000), "is silent"),
    "too short": (lambda p: wav(p, voice(0.5, 16000), 16000), "too short: 0.50 s"),
    "too many channels": (lambda p: wav(p, np.stack([voice(1, 8000)] * 9), 8000), "has 9 channels"),
    "rate too low": (lambda p: wav(p, voice(1, 1000), 1000), "1000 samples a second"),
    "rate of another recording": (
        lambda p: wav(p, voice(3, 16000), 16000, header_rate=48000, byte_rate=32000),
        "header contradicts itself",
    ),
    "counter ran over": (
        lambda p: p.write_bytes(wav_bytes(voice(2, 16000) * 2, 16000) + b"\xff\x90" * 40000),
        "holds more than the 2.0 s",
    ),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("name", ["a.wav", "a.m3u8"])
def test_refused(tmp_path: Path, case: str, name: str) -> None:
    wav(tmp_path / "real.wav", voice(2, 16000), 16000)
    build, expected = BAD[case]
    build(tmp_path / name)
    assert expected in refused(tmp_path / name)


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "m4a", "ogg", "opus", "webm", "wma", "aiff", "mka"])
def test_cut_off(tmp_path: Path, ending: str) -> None:
    assert "cut off" in refused(cut(encoded(tmp_path, ending)))


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "opus", "webm", "wma"])
def test_cut_off_and_accepted(tmp_path: Path, ending: str) -> None:
    audio = load(consented(cut(encoded(tmp_path, ending))), replace(SETTINGS, accept_truncated=True))
    assert 2 < audio.mix.duration < 4
    assert any("cut off" in warning for warning in audio.facts.warnings)


@pytest.mark.parametrize("length", [1, 200, 20000])
def test_rot_in_flac(tmp_path: Path, length: int) -> None:
    path = encoded(tmp_path, "flac")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + length] = bytes(b ^ 0x55 for b in data[middle : middle + length])
    path.write_bytes(data)
    assert "damaged" in refused(path)
    audio = load(consented(path), replace(SETTINGS, accept_truncated=True))
    assert audio.mix.duration == 5  # what is lost is silent, and all after it is at its time
    late = audio.mix.samples[4 * 16000 :]
    assert np.corrcoef(late, voice(5, 16000)[4 * 16000 :])[0, 1] > 0.999


def test_header_that_claims_less(tmp_path: Path) -> None:
    path = encoded(tmp_path, "flac")
    data = bytearray(path.read_bytes())
    assert int.from_bytes(data[22:26], "big") == 5 * 48000
    data[22:26] = (2 * 48000).to_bytes(4, "big")
    path.write_bytes(data)
    assert "its header says 2.0 s" in refused(path)


def test_rate_that_lies_throughout_cannot_be_known(tmp_path: Path) -> None:
    audio = load(consented(wav(tmp_path / "a.wav", voice(3, 16000), 16000, header_rate=48000)), SETTINGS)
    assert audio.facts.rate == 48000
    assert audio.mix.duration == pytest.approx(1)


def test_film_without_sound(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", rate=48000, muxer="mp4", codec="aac", film=True)
    assert "pictures but no sound" in refused(path)


@pytest.mark.parametrize("mark", [b"drms", b"enca"])
def test_protected(tmp_path: Path, mark: bytes) -> None:
    path = encoded(tmp_path, "m4a")
    data = path.read_bytes()
    at = data.index(b"mp4a", data.index(b"stsd"))
    path.write_bytes(data[:at] + mark + data[at + 4 :])
    assert "protected (DRM)" in refused(path)


def test_too_long_is_refused_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wav(tmp_path / "a.wav", voice(40, 8000), 8000)

    def decoded(_self: decode.Decoder) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(decode.Decoder, "blocks", decoded)
    with open_source(path) as source, pytest.raises(BadRecordingError, match=r"longer than 0\.01 hours"):
        reading.read_source(source, Order((), ()), replace(SETTINGS, max_hours=0.01))


def test_too_long_is_found_while_decoding(tmp_path: Path) -> None:
    path = write(tmp_path / "a.aac", voice(40, 16000), rate=16000, muxer="adts", codec="aac")
    assert isinstance(load(consented(path), SETTINGS).facts.declared_duration, Missing)
    assert "longer than 0.01 hours" in refused(path, replace(SETTINGS, max_hours=0.01))


def test_nothing_left_outside_exclusions(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", voice(2, 16000), 16000)
    assert "silent outside the excluded portions" in refused(path, excluded=(Span(0, 9),))


@pytest.mark.parametrize("labels", [("therapist",), ("therapist", "client", "other")])
def test_channel_map_of_another_recording(tmp_path: Path, labels: tuple[str, ...]) -> None:
    path = wav(tmp_path / "a.wav", np.stack([voice(2, 16000), voice(2, 16000, seed=1)]), 16000)
    assert f"{len(labels)} channels are named in sessions.csv, the recording has 2" in refused(path, channels=labels)


@pytest.mark.parametrize("gain", [1.0, -1.0, 0.3])
def test_channel_map_of_one_sound(tmp_path: Path, gain: float) -> None:
    path = wav(tmp_path / "a.wav", np.stack([voice(2, 16000), gain * voice(2, 16000)]), 16000)
    assert "channels 1 and 2 hold the same sound" in refused(path, channels=("therapist", "client"))


def test_missing(tmp_path: Path) -> None:
    assert "there is no recording gone.wav" in refused(tmp_path / "gone.wav")


def test_names_with_control_characters_stay_one_line(tmp_path: Path) -> None:
    assert "there is no recording a�b�[31m.wav" in refused(tmp_path / "a\nb\x1b[31m.wav")


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    assert "a.wav is a folder" in refused(tmp_path / "a.wav")


def test_fifo_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    assert "a.wav is a pipe or a device" in refused(tmp_path / "a.wav")


def test_device_and_links_that_lead_nowhere(tmp_path: Path) -> None:
    for name, target in {"zero": "/dev/zero", "gone": "gone.wav", "loop": "loop.wav"}.items():
        (tmp_path / f"{name}.wav").symlink_to(target)
    (tmp_path / "gone.wav").unlink()
    (tmp_path / "gone.wav").symlink_to("nowhere.wav")
    assert "a pipe or a device" in refused(tmp_path / "zero.wav")
    assert "there is no recording" in refused(tmp_path / "gone.wav")
    assert "cannot be opened" in refused(tmp_path / "loop.wav")


READ_UNREADABLE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from audio_files import unchecked
from toolkit.audio import load
from toolkit.settings import AudioSettings
load(unchecked(Path(sys.argv[2])), AudioSettings())
"""


def test_without_the_right_to_read(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", voice(1, 16000), 16000)
    path.chmod(0)
    command = [sys.executable, "-c", READ_UNREADABLE, str(Path(__file__).parent), str(path)]
    if os.geteuid() == 0:  # root reads everything; without these capabilities it does not
        if not shutil.which("setpriv"):
            pytest.skip("root may read everything here, and there is no setpriv to take that away")
        drop = "-dac_override,-dac_read_search,-fowner"
        command = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}", *command]
    told = subprocess.run(command, check=False, capture_output=True, text=True).stderr
    assert "InputError: session s01: the recording a.wav may not be read." in told


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something to the recording once it is open and before it is decoded."""
    real = loading.read_apart

    def read_apart(*given):
        act()
        return real(*given)

    monkeypatch.setattr(loading, "read_apart", read_apart)


def test_written_to_while_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wav(tmp_path / "a.wav", voice(2, 16000), 16000)
    meanwhile(monkeypatch, lambda: path.write_bytes(path.read_bytes() + b"\0\0"))
    assert "changed while it was read" in refused(path)


def test_shortened_while_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encoded(tmp_path, "flac")
    meanwhile(monkeypatch, lambda: cut(path))
    assert "changed while it was read" in refused(path)


def test_replaced_while_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wav(tmp_path / "a.wav", voice(2, 16000), 16000)
    other = Path(shutil.copy2(path, tmp_path / "b.wav"))
    meanwhile(monkeypatch, lambda: other.replace(path))
    assert "changed while it was read" in refused(path)


def test_another_file_than_the_one_let_in(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", voice(2, 16000), 16000)
    made = consented(path)
    wav(path, voice(2, 16000, seed=1), 16000)
    with pytest.raises(ConsentError, match=r"session s01: .*\(rule: other-recording\)"):
        load(made, SETTINGS)


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "m4a", "ogg", "opus", "webm", "wma"])
def test_mutated_files_are_read_or_refused_in_one_line(
    tmp_path: Path, ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    original = encoded(tmp_path, ending).read_bytes()
    random = np.random.default_rng(len(ending))
    for _ in range(12):
        data = bytearray(original)
        for at in random.integers(0, len(data) if random.random() < 0.5 else 400, 20):
            data[at] = random.integers(256)
        path = tmp_path / "mutated"
        path.write_bytes(data)
        try:
            audio = load(consented(path), SETTINGS)
        except ToolkitError as error:
            line = str(error)
        else:
            line = "read"
            assert np.isfinite(audio.mix.samples).all()
            assert 1 <= audio.mix.duration < 60
        assert line.isprintable()
    assert capfd.readouterr().err == ""
