"""One row a bad input: what is given, what is said of it, the exit code; and nothing is lost or left over.

The chain runs on replayed words and speakers (backend ``files``). Every row starts from a copy of one study with a good
session, whose results must be the same to the byte afterwards. Rows with exit code 0 look odd and are good.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audio_files import FORMATS, consented, voice, wav, wav_bytes, write
from replay import End, Study, make_study

from toolkit.audio import load, loading
from toolkit.errors import InputError
from toolkit.manifest import SCHEMA_VERSION
from toolkit.settings import AudioSettings

RATE = 16000
Given = Callable[[Study], Any]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = make_study(tmp_path_factory.mktemp("sixty"), sessions=("good",))
    end = study.toolkit("run", study.root)
    assert end.code == 0, end.err
    return study.root


@pytest.fixture
def study(template: Path, tmp_path: Path) -> Study:
    shutil.copytree(template, tmp_path / "study")
    return Study(tmp_path / "study")


def contents(study: Study) -> dict[str, bytes]:
    """Every file but locks, the log, what stages gave, and what stands for the bad recording."""
    names = (p for p in sorted(study.root.rglob("*")) if p.is_file() and not p.is_symlink() and p.stem != "bad")
    return {
        str(p.relative_to(study.root)): p.read_bytes()
        for p in names
        if "lock" not in p.name and not p.name.startswith("audit.") and "stages" not in p.parts
    }


def check(study: Study, end: End, before: dict[str, bytes], code: int, words: str) -> None:
    """The exit code, one line with these words, no path, and the study as it was."""
    told = end.err + end.out
    assert end.code == code, told
    assert " ".join(words.lower().split()) in " ".join(told.lower().split()), told
    assert str(study.root.parent) not in told
    assert "Traceback" not in told
    assert "internal error" not in told
    if code:
        assert len([line for line in end.err.splitlines() if line.startswith("error: ")]) <= 1
        assert contents(study) == before
    left = [p.name for p in study.root.rglob("*") if p.name.endswith(".tmp") or p.name.startswith((".staging", ".old"))]
    assert left == []


# recordings: the file is put beside the good one, with a row and consent of its own


def raw(data: bytes) -> Given:
    return lambda study: study.recording("bad.wav").write_bytes(data)


def sound(rows: np.ndarray, rate: int = RATE, **options: Any) -> Given:
    return lambda study: wav(study.recording("bad.wav"), rows, rate, **options)


def spoiled(value: float) -> Given:
    rows = voice(5, RATE).copy()
    rows[30000] = value
    return sound(rows, bits=32)


def encoded(ending: str, *, keep: float = 1.0, film: bool = False, silent: bool = False) -> Given:
    def give(study: Study) -> None:
        muxer, codec, rate, _ = FORMATS[ending]
        tracks = () if silent else (voice(5, rate),)
        path = write(study.recording(f"bad.{ending}"), *tracks, rate=rate, muxer=muxer, codec=codec, film=film)
        os.truncate(path, int(path.stat().st_size * keep))

    return give


def header(*, tag: int = 1, channels: int = 1, rate: int = RATE, bits: int = 16, size: int | None = None) -> Given:
    """A wav of two seconds whose header says something else."""
    data = wav_bytes(voice(2, RATE), RATE)
    frame = max(1, channels * bits // 8)
    told = struct.pack("<HHIIHH", tag, channels, rate, min(rate * frame, 2**32 - 1), frame % 65536, bits)
    length = struct.pack("<I", len(data) - 44 if size is None else size)
    return raw(data[:20] + told + data[36:40] + length + data[44:])


def ten_hours(study: Study) -> None:
    """Ten hours of silence that take no room on the disk."""
    path = study.recording("bad.wav")
    seconds, rate = 36000, 8000
    path.write_bytes(wav_bytes(np.zeros((1, 0)), rate, bits=8)[:40] + struct.pack("<I", seconds * rate))
    os.truncate(path, 44 + seconds * rate)


def rot(study: Study) -> None:
    encoded("flac")(study)
    path = study.recording("bad.flac")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)


def protected(study: Study) -> None:
    encoded("m4a")(study)
    path = study.recording("bad.m4a")
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"drms", 1))


def only_on_four(study: Study) -> None:
    rows = np.zeros((8, 20 * RATE), np.float32)
    rows[3] = voice(20, RATE)
    wav(study.recording("bad.wav"), rows, RATE)


def two_streams(study: Study) -> None:
    tracks = voice(20, RATE), voice(20, RATE, seed=3)
    write(study.recording("bad.mka"), *tracks, rate=RATE, muxer="matroska", codec="pcm_s16le")


LONG = voice(20, RATE)
AUDIO: dict[str, tuple[Given, int, str]] = {
    "text called wav": (raw(b"this is no sound\n" * 50), 2, "text, not sound"),
    "one byte": (raw(b"\0"), 2, "damaged or no sound file"),
    "noise": (raw(np.random.default_rng(1).bytes(9000)), 2, "damaged or no sound file"),
    "zip": (raw(b"PK\3\4" + bytes(200)), 2, "damaged or no sound file"),
    "picture": (raw(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(13)), 2, "not read as a recording"),
    "playlist": (raw(b"#EXTM3U\n#EXTINF:5,\ngood.wav\n"), 2, "playlist"),
    "concat script": (raw(b"ffconcat version 1.0\nfile good.wav\n"), 2, "playlist"),
    "header only": (raw(wav_bytes(np.zeros((1, 0)), RATE)), 2, "no sound"),
    "half a header": (raw(wav_bytes(np.zeros((1, 9)), RATE)[:30]), 2, "damaged or no sound file"),
    "half a wav": (encoded("wav", keep=0.5), 2, "cut off"),
    "half an mp3": (encoded("mp3", keep=0.5), 2, "cut off"),
    "half an opus": (encoded("opus", keep=0.5), 2, "cut off"),
    "half an m4a": (encoded("m4a", keep=0.5), 2, "bad"),
    "flac with rot": (rot, 2, "damaged"),
    "protected": (protected, 2, "DRM"),
    "film without sound": (encoded("m4a", film=True, silent=True), 2, "no sound"),
    "codec that is not there": (header(tag=0x7777), 2, "bad"),
    "rate of 0 Hz": (header(rate=0), 2, "bad"),
    "rate of 1 Hz": (header(rate=1), 2, "bad"),
    "rate of 4 GHz": (header(rate=4_000_000_000), 2, "bad"),
    "768 kHz in the header": (header(rate=768_000), 2, "short"),
    "255 channels": (header(channels=255), 2, "channels"),
    "9 channels": (sound(np.stack([voice(2, 8000)] * 9), 8000), 2, "9 channels"),
    "no channel": (header(channels=0), 2, "bad"),
    "header that says ten hours": (header(size=10 * 3600 * RATE * 2), 2, "longer than 4 hours"),
    "ten hours": (ten_hours, 2, "longer than 4 hours"),
    "255 channels in fact": (sound(np.stack([voice(2, 8000)] * 255), 8000), 2, "255 channels"),
    "NaN": (spoiled(np.nan), 2, "NaN"),
    "minus infinity": (spoiled(-np.inf), 2, "infinite"),
    "infinity": (spoiled(np.inf), 2, "infinite"),
    "another scale": (spoiled(32767.0), 2, "32767"),
    "silence": (sound(np.zeros(5 * RATE, np.float32)), 2, "silent"),
    "one sample": (sound(np.ones(1, np.float32)), 2, "short"),
    "a third of a second": (sound(voice(0.3, RATE)), 2, "short"),
    "768 kHz": (sound(voice(4, 768_000), 768_000), 0, "done"),
    "a rate that lies throughout": (sound(voice(20, RATE), header_rate=48_000), 0, "done"),  # nobody can know
    "two sound streams": (two_streams, 0, "done"),  # the first, and the results say so
    "eight bits": (sound(voice(20, RATE), bits=8), 0, "done"),
    "telephone": (sound(voice(20, 8000), 8000), 0, "done"),
    "antiphase stereo": (sound(np.stack([LONG, -LONG])), 0, "done"),
    "a voice on channel four only": (only_on_four, 0, "done"),
}


@pytest.mark.parametrize("case", AUDIO)
def test_a_bad_recording(study: Study, case: str) -> None:
    given, code, words = AUDIO[case]
    given(study)
    path = next((study.root / "recordings").glob("bad.*"))
    data = path.read_bytes()
    study.add_and_consent("bad", path)
    before = contents(study)
    end = study.toolkit("run", study.root, "bad")
    check(study, end, before, code, words)
    assert path.read_bytes() == data
    assert study.results() == (["good"] if code else ["bad", "good"])


def after_consent(change: Callable[[Path], object]) -> Given:
    def give(study: Study) -> None:
        path = study.recording("bad.wav")
        wav(path, voice(5, RATE), RATE)
        study.add_and_consent("bad", path)
        change(path)

    return give


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("bad.wav")


CHANGED: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "gone": (Path.unlink, 2, "bad.wav"),
    "emptied": (lambda p: os.truncate(p, 0), 3, "not the file that consent was given for"),
    "another recording": (lambda p: wav(p, voice(5, RATE, seed=7), RATE), 3, "other-recording"),
    "grown by a byte": (lambda p: p.write_bytes(p.read_bytes() + b"\0"), 3, "other-recording"),
    "a pipe": (to_pipe, 2, "not a file"),
    "a folder": (to_folder, 2, "not a file"),
    "a device": (to_device, 2, "not a file"),
    "a link to itself": (to_nowhere, 2, "cannot be opened"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_recording_that_is_another_thing_by_now(study: Study, case: str) -> None:
    change, code, words = CHANGED[case]
    after_consent(change)(study)
    before = contents(study)
    check(study, study.toolkit("run", study.root, "bad"), before, code, words)
    assert study.results() == ["good"]


@pytest.mark.parametrize("how", ["grows", "shrinks", "is replaced"])
def test_a_recording_that_changes_while_it_is_read(study: Study, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    path, real = study.recording("bad.wav"), loading.read_apart
    wav(path, voice(5, RATE), RATE)
    study.add_and_consent("bad", path)
    data = path.read_bytes()

    def meanwhile(*given: Any) -> Any:
        if how == "is replaced":
            path.unlink()
        path.write_bytes(data[:50_000] if how == "shrinks" else data + bytes(2 * (how == "grows")))
        return real(*given)

    before = contents(study)
    monkeypatch.setattr(loading, "read_apart", meanwhile)
    check(study, study.toolkit("run", study.root, "bad"), before, 2, "changed while it was read")
    assert study.results() == ["good"]


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "m4a", "opus", "webm", "ogg", "wma"])
def test_cut_at_every_kilobyte(tmp_path: Path, ending: str) -> None:
    muxer, codec, rate, options = FORMATS[ending]
    whole = tmp_path / "whole"
    write(whole, np.stack([voice(1.2, rate)] * 2), rate=rate, muxer=muxer, codec=codec, options=options)
    length, data = load(consented(whole), AudioSettings()).mix.duration, whole.read_bytes()
    sizes = range(1024, len(data), 1024)
    told: list[str] = []
    for size in sizes:
        path = tmp_path / f"cut.{ending}"
        path.write_bytes(data[:size])
        try:
            heard = load(consented(path), AudioSettings())
        except InputError as error:
            told.append(str(error))
        else:  # so little is missing that no decoder could tell
            assert heard.mix.duration >= length - 0.1 - 0.005 * length, size
    assert len(told) >= 0.8 * len(sizes)
    assert all(line.startswith("session s01: ") and line.isprintable() for line in told)


# tables, ledgers and settings


def edited(name: str, change: Callable[[bytes], bytes]) -> Given:
    def give(study: Study) -> None:
        path = study.root / name
        path.write_bytes(change(path.read_bytes()))

    return give


def line(name: str, text: str) -> Given:
    return edited(name, lambda data: data + text.encode())


def swapped(name: str, old: str, new: str) -> Given:
    def change(data: bytes) -> bytes:
        assert old.encode() in data, (name, old)
        return data.replace(old.encode(), new.encode(), 1)

    return edited(name, change)


def row(text: str) -> Given:
    """A row of ``sessions.csv`` that has no transcript, the last two columns."""
    return line("sessions.csv", f"{text},,\n")


def grown(name: str, size: int) -> Given:
    """So many megabytes that take no room on the disk."""
    return lambda study: os.truncate(study.root / name, size << 20)


def piped(name: str) -> Given:
    return lambda study: to_pipe(study.root / name)


def linked(name: str, target: str) -> Given:
    def give(study: Study) -> None:
        (study.root / name).unlink()
        (study.root / name).symlink_to(target)

    return give


def corrections(data: bytes) -> Given:
    def give(study: Study) -> None:
        (study.root / "overlay").mkdir(mode=0o700, exist_ok=True)
        (study.root / "overlay" / "good.csv").write_bytes(data)

    return give


DOTTED, DEEP = ".".join("a" * 50_000), "[" * 100_000
MANY = "".join(f"m{n},recordings/m{n}.wav,T01,C{n},,,,,,\n" for n in range(100_000))
RECORD = '\n[sessions.bad]\nparties = [{{ role = "client", id = "C1" }}]\n{}\n'
FILES: dict[str, tuple[Given, int, str]] = {
    # sessions.csv
    "sessions: UTF-16": (edited("sessions.csv", lambda d: d.decode().encode("utf-16")), 2, "UTF-16"),
    "sessions: Latin-1": (edited("sessions.csv", lambda d: d + b"M\xfcller,"), 2, "line 3: not UTF-8"),
    "sessions: byte order mark": (edited("sessions.csv", lambda d: b"\xef\xbb\xbf" + d), 0, "current"),
    "sessions: semicolons": (edited("sessions.csv", lambda d: d.replace(b",", b";")), 0, "current"),
    "sessions: empty": (edited("sessions.csv", lambda _: b""), 2, "is empty"),
    "sessions: unknown column": (swapped("sessions.csv", "language", "langauge"), 2, "Did you mean language?"),
    "sessions: missing column": (swapped("sessions.csv", "therapist,", ""), 2, "column therapist is missing"),
    "sessions: column twice": (swapped("sessions.csv", "language", "speakers"), 2, "speakers is there twice"),
    "sessions: duplicate": (row("good,recordings/x.wav,T1,C1,,,,"), 2, "there already, on line 2"),
    "sessions: duplicate but for capitals": (row("GOOD,recordings/x.wav,T1,C1,,,,"), 2, "there already, on line 2"),
    "sessions: too few values": (line("sessions.csv", "bad,recordings/x.wav\n"), 2, "line 3: 2 values, but 10 columns"),
    "sessions: too many values": (row("bad,a,b,c,d,e,f,g,h,i"), 2, "line 3: 12 values"),
    "sessions: open quote": (row('bad,"recordings/x.wav,T1,C1,,,,'), 2, "line 3"),
    "sessions: NUL byte": (row("bad,x\0.wav,T1,C1,,,,"), 2, "line 3"),
    "sessions: no such day": (row("bad,x.wav,T1,C1,2026-02-30,,,"), 2, "'2026-02-30' is no date"),
    "sessions: day of a spreadsheet": (row("bad,x.wav,T1,C1,30.11.2026,,,"), 2, "Write it as 2026-11-23"),
    "sessions: id leads out": (row("../bad,x.wav,T1,C1,,,,"), 2, "cannot be a folder name"),
    "sessions: id is a device": (row("CON,x.wav,T1,C1,,,,"), 2, "cannot be a folder name"),
    "sessions: a name for a pseudonym": (row("bad,x.wav,Jane Doe,C1,,,,"), 2, "pseudonymous id"),
    "sessions: one person in both roles": (row("bad,x.wav,T1,T1,,,,"), 2, "the same person"),
    "sessions: speakers turned into a day": (row("bad,x.wav,T1,C1,,,2-Apr,"), 2, "turn 2-4 into a date"),
    "sessions: language by name": (row("bad,x.wav,T1,C1,,english,,"), 2, "no language code"),
    "sessions: channel nearly right": (row("bad,x.wav,T1,C1,,,,therapst;client"), 2, "Did you mean therapist?"),
    "sessions: 100,000 rows": (line("sessions.csv", MANY), 0, "current"),
    "sessions: too large": (grown("sessions.csv", 65), 2, "larger than 64 MB"),
    "sessions: a pipe": (piped("sessions.csv"), 2, "it is no file"),
    # consent.toml
    "consent: not UTF-8": (edited("consent.toml", lambda d: d + b"# \xff\n"), 3, "not UTF-8"),
    "consent: byte order mark": (edited("consent.toml", lambda d: b"\xef\xbb\xbf" + d), 0, "current"),
    "consent: no TOML": (line("consent.toml", "\n[sessions.bad\n"), 3, "at line"),
    "consent: no such day": (line("consent.toml", RECORD.format("withdrawn_on = 2026-02-30")), 3, "at line"),
    "consent: schema to come": (swapped("consent.toml", "schema_version = 1", "schema_version = 2"), 3, "knows 1"),
    "consent: no schema": (swapped("consent.toml", "schema_version = 1", ""), 3, "unknown-schema"),
    "consent: unknown top field": (line("consent.toml", "\n[session]\n"), 3, "unknown-field"),
    "consent: unknown field": (swapped("consent.toml", "granted_on", "grantedon"), 3, "did you mean granted_on?"),
    "consent: unknown purpose": (swapped("consent.toml", '"measure"', '"measrue"'), 3, "did you mean measure?"),
    "consent: unknown role": (swapped("consent.toml", 'role = "therapist"', 'role = "doctor"'), 3, "unknown-role"),
    "consent: nobody may open it": (
        swapped("consent.toml", "granted_on", "listeners = []\ngranted_on"),
        3,
        "names nobody",
    ),
    "consent: day in quotes": (
        swapped("consent.toml", "granted_on = ", 'keep_until = "2027-01-01"\ngranted_on = '),
        3,
        "without quotes",
    ),
    "consent: an id that leads out": (
        line("consent.toml", RECORD.format("withdrawn_on = 2026-01-01").replace("bad", '"../good"')),
        0,
        "current",
    ),
    "consent: everything is over": (
        swapped("consent.toml", "granted_on = ", "keep_until = 2020-01-01\ngranted_on = "),
        3,
        "retention-over",
    ),
    "consent: too large": (grown("consent.toml", 33), 3, "larger than 32 MB"),
    "consent: a pipe": (piped("consent.toml"), 3, "it is no file"),
    "consent: a device": (linked("consent.toml", "/dev/zero"), 3, "it is no file"),
    "consent: nested without end": (line("consent.toml", f"\nx = {DEEP}"), 3, "nested too deeply"),
    "consent: a name of 50,000 parts": (line("consent.toml", f"\n[sessions.bad]\n{DOTTED} = 1\n"), 3, "dotted parts"),
    "consent: a number of 5,000 digits": (line("consent.toml", f"\nx = {'1' * 5000}"), 3, "too many digits"),
    # toolkit.toml
    "settings: not UTF-8": (edited("toolkit.toml", lambda d: d + b"# \xff\n"), 4, "must be UTF-8"),
    "settings: no TOML": (swapped("toolkit.toml", "silence_min = 3.0", "silence_min = = 3.0"), 4, "at line"),
    "settings: too large": (grown("toolkit.toml", 2), 4, "larger than 1 MB"),
    "settings: a pipe": (piped("toolkit.toml"), 4, "it is no file"),
    "settings: nested without end": (line("toolkit.toml", f"\nx = {DEEP}"), 4, "nested too deeply"),
    "settings: a name of 50,000 parts": (line("toolkit.toml", f"\n{DOTTED} = 1\n"), 4, "dotted parts"),
    "settings: many names of 900 parts": (
        line("toolkit.toml", "".join(f"\n{'a.' * 900}k{n} = 1" for n in range(500))),
        4,
        "dotted parts",
    ),
    "settings: a number of 5,000 digits": (line("toolkit.toml", f"\nx = {'1' * 5000}"), 4, "too many digits"),
    "settings: unknown section": (line("toolkit.toml", "\n[wrods]\n"), 4, "Did you mean words?"),
    "settings: unknown name": (
        swapped("toolkit.toml", "silence_min", "silence_mim"),
        4,
        "Did you mean measures.silence_min?",
    ),
    "settings: wrong type": (
        swapped("toolkit.toml", "silence_min = 3.0", "silence_min = true"),
        4,
        "measures.silence_min must be of type float",
    ),
    "settings: out of range": (
        swapped("toolkit.toml", "silence_min = 3.0", "silence_min = -3.0"),
        4,
        "Allowed: 0.2 to 60",
    ),
    "settings: no number": (
        swapped("toolkit.toml", "silence_min = 3.0", "silence_min = nan"),
        4,
        "measures.silence_min",
    ),
    "settings: not a section": (edited("toolkit.toml", lambda _: b'words = "x"\n'), 4, "must be a section"),
    "settings: unknown choice": (
        swapped("toolkit.toml", 'device = "auto"', 'device = "gpu"'),
        4,
        "One of: auto, cpu, cuda",
    ),
    # what people and the vault add
    "corrections: no table": (corrections(b"\0\xff,"), 2, "good.csv cannot be read"),
    "corrections: other columns": (corrections(b"by,what\n"), 2, "the columns must be"),
    "corrections: unknown kind": (
        corrections(b"made_on,by,what,target,value\n2026-01-01,T1,wish,1.0,x\n"),
        2,
        "good.csv line 2",
    ),
    "vault.toml of another kind": (lambda s: (s.root / "vault.toml").write_text("version = 2"), 4, "cannot be used"),
    "vault.toml: a pipe": (lambda s: os.mkfifo(s.root / "vault.toml"), 4, "cannot be used"),
    "settings: unknown backend": (swapped("toolkit.toml", '"files"', '"flies"'), 4, "flies"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_table_ledger_or_settings(study: Study, case: str) -> None:
    given, code, words = FILES[case]
    given(study)
    before = contents(study)
    check(study, study.toolkit("run", study.root, "good"), before, code, words)


# results


def result(name: str, change: Callable[[Path], object]) -> Given:
    return lambda study: change(study.root / "results" / "good" / name)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def replaced(old: str, new: str) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


SHOW, EXPORT = ["show", "STUDY", "good"], ["export", "STUDY", "good", "--format", "json", "--output", "OUT"]
RESULTS: dict[str, tuple[Given, list[str], int, str]] = {
    "a bit flipped": (result("turns.parquet", flip), EXPORT, 6, "damaged"),
    "a bit flipped, shown": (result("turns.parquet", flip), SHOW, 6, "damaged"),
    "a table deleted": (result("measures.parquet", Path.unlink), SHOW, 6, "damaged"),
    "a table deleted, exported": (result("measures.parquet", Path.unlink), EXPORT, 6, "damaged"),
    "manifest deleted": (result("manifest.json", Path.unlink), SHOW, 2, "no results"),
    "manifest of a later version": (
        result("manifest.json", replaced(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99')),
        SHOW,
        6,
        "schema version 99",
    ),
    "manifest without end": (result("manifest.json", lambda p: os.truncate(p, 200)), SHOW, 6, "damaged"),
    "manifest emptied": (result("manifest.json", lambda p: os.truncate(p, 0)), EXPORT, 6, "damaged"),
    "manifest of another session": (
        result("manifest.json", replaced('"session_id": "good"', '"session_id": "other"')),
        EXPORT,
        6,
        "damaged",
    ),
    "log cut": (
        lambda s: (s.root / "audit.jsonl").write_bytes(b""),
        ["audit", "verify", "STUDY"],
        6,
        "missing at the end",
    ),
    "log flipped": (lambda s: flip(s.root / "audit.jsonl"), ["audit", "verify", "STUDY"], 6, "not as it was written"),
}


@pytest.mark.parametrize("case", RESULTS)
def test_bad_results(study: Study, tmp_path: Path, case: str) -> None:
    given, arguments, code, words = RESULTS[case]
    given(study)
    before = contents(study)
    check(study, study.toolkit(*placed(arguments, study, tmp_path)), before, code, words)
    assert not (tmp_path / "out").exists()
    if arguments[0] != "audit":
        made_again = study.toolkit("run", study.root, "good")
        assert made_again.code == 0, made_again.err
        assert study.toolkit(*placed(arguments, study, tmp_path)).code == 0


def placed(arguments: list[str], study: Study, folder: Path) -> Iterator[object]:
    places = {
        "STUDY": study.root,
        "OUT": folder / "out",
        "NEAR": study.root.parent / "stduy",
        "GOOD": study.recording("good.wav"),
    }
    return (places.get(a, a) for a in arguments)


# commands

COMMANDS: dict[str, tuple[list[str], int, str]] = {
    "study nearly right": (["run", "NEAR"], 2, "Did you mean study?"),
    "study is a file": (["run", "GOOD"], 2, "is a file"),
    "session nearly right": (["run", "STUDY", "goood"], 2, "Did you mean good?"),
    "session unknown": (["show", "STUDY", "zzz"], 2, "Known: good"),
    "session leads out": (["show", "STUDY", "../good"], 2, "no session"),
    "measure nearly right": (["measures", "talk_share_speach"], 2, "talk_share_speech"),
    "model nearly right": (["models", "path", "whisper-bsae"], 5, "whisper-base"),
    "purpose nearly right": (["consent", "grant", "STUDY", "--session", "good", "--purpose", "mesure"], 2, "measure"),
    "portion backwards": (
        ["consent", "withdraw", "STUDY", "--session", "good", "--portion", "9-3", "--yes"],
        2,
        "ends before",
    ),
    "withdrawal of nobody": (["consent", "withdraw", "STUDY", "--session", "goood", "--yes"], 2, "Did you mean good?"),
    "day that is over": (
        ["consent", "grant", "STUDY", "--session", "good", "--purpose", "measure", "--keep-until", "2001-01-01"],
        2,
        "over already",
    ),
    "listener by name": (
        ["consent", "grant", "STUDY", "--session", "good", "--purpose", "measure", "--listener", "Jane Doe"],
        2,
        "pseudonymous",
    ),
    "output is the study's": (["export", "STUDY", "good", "--format", "csv", "--output", "STUDY"], 2, "folder"),
    "recordings without carrying out": (["retention", "STUDY", "--recordings"], 2, "--carry-out"),
    "head that is none": (["audit", "verify", "STUDY", "--head", "12"], 2, "no head"),
    "command nearly right": (["rnu", "STUDY"], 2, "run"),
    "option nearly right": (["run", "STUDY", "--froce"], 2, "--force"),
    "opener by name": (["--as", "Jane Doe", "show", "STUDY", "good"], 2, "pseudonymous"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_bad_command(study: Study, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_USER", "")
    arguments, code, words = COMMANDS[case]
    before = contents(study)
    check(study, study.toolkit(*placed(arguments, study, tmp_path)), before, code, words)


def test_a_read_only_disk(study: Study) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a test mount a disk")
    before = contents(study)
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && "$@"'
    prefix = ["unshare", "-rm", "sh", "-c", script, str(study.root)]
    for arguments in (
        ["run", study.root, "--force"],
        ["consent", "withdraw", study.root, "--session", "good", "--yes"],
    ):
        check(study, study.in_child(*arguments, prefix=prefix), before, 6, "read-only")


def test_there_are_sixty() -> None:
    assert sum(map(len, (AUDIO, CHANGED, FILES, RESULTS, COMMANDS))) >= 60
