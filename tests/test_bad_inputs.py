"""Bad inputs through the command line: one clear line each, the right exit code, nothing half-written.

The chain runs on replayed words and speakers (backend ``files``), so that a good neighbour shows that the rest goes on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from audio_files import FORMATS, voice, write
from replay import Study, make_study

RATE = 16000
RUN = ["run", "STUDY", "bad"]


def wav(path: Path, *tracks: np.ndarray, rate: int = RATE, codec: str = "pcm_s16le") -> Path:
    return write(path, *tracks, rate=rate, muxer="wav", codec=codec)


def text_called_wav(study: Study) -> None:
    study.recording("bad.wav").write_text("this is not audio\n" * 100)


def empty(study: Study) -> None:
    study.recording("bad.wav").write_bytes(b"")


def truncated_mp3(study: Study) -> None:
    muxer, codec, rate, options = FORMATS["mp3"]
    path = write(study.recording("bad.mp3"), voice(20, rate), rate=rate, muxer=muxer, codec=codec, options=options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def half_a_wav(study: Study) -> None:
    path = wav(study.recording("bad.wav"), voice(20, RATE))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def film_without_sound(study: Study) -> None:
    write(study.recording("bad.mp4"), rate=RATE, muxer="mp4", codec="aac", film=True)


def zero_samples(study: Study) -> None:
    path = wav(study.recording("bad.wav"), voice(1, RATE))
    path.write_bytes(path.read_bytes()[:44])


def nan_samples(study: Study) -> None:
    sound = voice(10, RATE)
    sound[5000:5100] = np.nan
    wav(study.recording("bad.wav"), sound, codec="pcm_f32le")


def too_short(study: Study) -> None:
    wav(study.recording("bad.wav"), voice(0.3, RATE))


def silent(study: Study) -> None:
    wav(study.recording("bad.wav"), np.zeros(10 * RATE, np.float32))


def pipe(study: Study) -> None:
    os.mkfifo(study.recording("bad.wav"))


def folder(study: Study) -> None:
    study.recording("bad.wav").mkdir()


def gone(study: Study) -> None:
    good(study)


def good(study: Study) -> None:
    wav(study.recording("bad.wav"), voice(20, RATE))


def append(name: str, text: str) -> Callable[[Study], None]:
    def change(study: Study) -> None:
        path = study.root / name
        path.write_text(path.read_text() + text)

    return change


def edit(name: str, old: str, new: str) -> Callable[[Study], None]:
    def change(study: Study) -> None:
        path = study.root / name
        text = path.read_text()
        assert old in text, f"{name} does not hold {old!r}"
        path.write_text(text.replace(old, new))

    return change


AUDIO = [
    # what is given, exit code, words the line must hold
    (text_called_wav, 2, "text, not sound"),
    (truncated_mp3, 2, "10.0 s of 20.0 s"),
    (half_a_wav, 2, "10.0 s of 20.0 s"),
    (film_without_sound, 2, "no sound"),
    (zero_samples, 2, ""),
    (nan_samples, 2, "NaN"),
    (too_short, 2, "short"),
    (silent, 2, "silen"),
]


@pytest.mark.parametrize(("given", "code", "words"), AUDIO, ids=lambda value: getattr(value, "__name__", None))
def test_bad_audio_is_refused_in_one_line_and_the_neighbour_goes_on(
    tmp_path: Path, given: Callable[[Study], None], code: int, words: str
) -> None:
    study = make_study(tmp_path, sessions=("good",))
    given(study)
    study.add_and_consent("bad", next((study.root / "recordings").glob("bad.*")))
    alone = study.toolkit("run", study.root, "bad")
    assert alone.code == code, alone.err
    study.assert_one_line(alone, "bad", words)
    both = study.toolkit("run", study.root)
    assert both.code == 1
    assert study.results() == ["good"]


@pytest.mark.parametrize("given", [pipe, folder], ids=lambda f: f.__name__)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, given: Callable[[Study], None]) -> None:
    study = make_study(tmp_path, sessions=())
    given(study)
    end = study.toolkit(*study.add_arguments("bad", study.recording("bad.wav")))
    assert end.code == 2
    study.assert_one_line(end, "", "bad.wav")


def test_an_empty_file_is_refused_at_once(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=())
    empty(study)
    end = study.toolkit(*study.add_arguments("bad", study.recording("bad.wav")))
    assert end.code == 2
    study.assert_one_line(end, "bad", "empty")


def test_no_such_file(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=())
    end = study.toolkit(*study.add_arguments("s01", tmp_path / "nowhere.wav"))
    assert end.code == 2
    study.assert_one_line(end, "", "nowhere.wav")


def test_a_recording_that_vanished(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("good",))
    study.recording("good.wav").unlink()
    end = study.toolkit("run", study.root)
    assert end.code == 2
    study.assert_one_line(end, "good", "good.wav")


def test_another_recording_under_the_same_name(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("good",))
    wav(study.recording("good.wav"), voice(21, RATE, seed=5))
    end = study.toolkit("run", study.root)
    assert end.code == 3
    study.assert_one_line(end, "good", "recording")


@pytest.mark.parametrize(
    ("tracks", "rate"),
    [((voice(20, 8000),), 8000), ((np.stack([voice(20, RATE, seed=i) for i in range(8)]),), RATE)],
    ids=["telephone-8-kHz", "eight-channels"],
)
def test_unusual_but_good_audio_is_processed(tmp_path: Path, tracks: tuple[np.ndarray, ...], rate: int) -> None:
    study = make_study(tmp_path, sessions=("good",))
    wav(study.recording("odd.wav"), *tracks, rate=rate)
    study.add_and_consent("odd", study.recording("odd.wav"))
    end = study.toolkit("run", study.root)
    assert end.code == 0, end.err
    assert study.results() == ["good", "odd"]


def test_a_path_with_spaces_quotes_and_a_newline(tmp_path: Path) -> None:
    study = make_study(tmp_path / "a 'study' \"here\"", sessions=("good",))
    name = "a \"b\" 'c'\nd.wav"
    shutil.copy(study.recording("good.wav"), study.recording(name))
    study.add_and_consent("odd", study.recording(name))
    end = study.toolkit("run", study.root)
    assert end.code == 0, end.err
    assert study.results() == ["good", "odd"]


TABLES = [
    (edit("sessions.csv", "session_id,", "session_ID,"), RUN, 2, "session_ID"),
    (edit("sessions.csv", "language", "langauge"), RUN, 2, "langauge"),
    (append("sessions.csv", "good,recordings/good.wav,T01,C01,,,,,,\n"), RUN, 2, "good"),
    (append("toolkit.toml", "\n[wrods]\n"), RUN, 4, "did you mean words"),
    (edit("toolkit.toml", "silence_min", "silence_mim"), RUN, 4, "measures.silence_min"),
    (edit("toolkit.toml", "silence_min = 3.0", 'silence_min = "three"'), RUN, 4, "measures.silence_min"),
    (edit("toolkit.toml", "silence_min = 3.0", "silence_min = 3000.0"), RUN, 4, "measures.silence_min"),
    (edit("toolkit.toml", "silence_min = 3.0", "silence_min = = 3.0"), RUN, 4, "TOML"),
    (edit("toolkit.toml", '"files"', '"flies"'), RUN, 4, "flies"),
    (append("consent.toml", "\n[surprise]\n"), RUN, 3, "surprise"),
]


@pytest.mark.parametrize(("change", "arguments", "code", "words"), TABLES, ids=range(len(TABLES)))
def test_bad_tables_settings_and_ledgers(
    tmp_path: Path, change: Callable[[Study], None], arguments: list[str], code: int, words: str
) -> None:
    study = make_study(tmp_path, sessions=("good",))
    change(study)
    end = study.toolkit("run", study.root)
    assert end.code == code, (arguments, end.err)
    study.assert_one_line(end, "", words)
    assert study.results() == []


COMMANDS = [
    (["run", "NOWHERE"], 2, ""),
    (["run", "STUDY", "godo"], 2, "good"),
    (["show", "STUDY", "godo"], 2, "good"),
    (["show", "STUDY", "good"], 2, "toolkit run"),
    (["roles", "swap", "STUDY", "good"], 2, "toolkit run"),
    (["roles", "set", "STUDY", "good", "SPEAKER_00=doctor"], 2, "therapist"),
    (["measures", "talk_share_speach"], 2, "talk_share_speech"),
    (["export", "STUDY", "good", "--format", "rttm", "--output", "OUT"], 2, "good"),
    (["models", "path", "whisper-bsae"], 5, "whisper-base"),
    (["consent", "grant", "STUDY", "--session", "good", "--purpose", "measure", "--exclude", "5-3"], 2, "5-3"),
    (["consent", "grant", "STUDY", "--session", "godo", "--purpose", "measure"], 2, "good"),
    (["add", "STUDY", "GOOD", "--session", "good", "--therapist", "T", "--client", "C"], 2, "good"),
    (["add", "STUDY", "GOOD", "--session", "../x", "--therapist", "T", "--client", "C"], 2, "letters"),
    (
        ["add", "STUDY", "GOOD", "--session", "s9", "--therapist", "T", "--client", "C", "--recorded-on", "2026-02-30"],
        2,
        "",
    ),
]


@pytest.mark.parametrize(
    ("arguments", "code", "words"), COMMANDS, ids=[" ".join(c[0][:3]) + f"-{i}" for i, c in enumerate(COMMANDS)]
)
def test_commands_with_bad_arguments(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    study = make_study(tmp_path, sessions=("good",))
    before = study.snapshot()
    places = {
        "STUDY": study.root,
        "NOWHERE": tmp_path / "nowhere",
        "OUT": tmp_path / "out",
        "GOOD": study.recording("good.wav"),
    }
    end = study.toolkit(*(places.get(a, a) for a in arguments))
    assert end.code == code, end.err
    study.assert_one_line(end, "", words)
    assert study.snapshot() == before


def test_no_consent_expired_and_withdrawn(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("good",))
    shutil.copy(study.recording("good.wav"), study.recording("other.wav"))
    assert study.toolkit(*study.add_arguments("other", study.recording("other.wav"))).code == 0
    end = study.toolkit("run", study.root, "other")
    assert end.code == 3
    study.assert_one_line(end, "other", "")
    grant = ["consent", "grant", study.root, "--session", "other", "--purpose", "measure"]
    refused = study.toolkit(*grant, "--expires", "2001-01-01")
    ended = study.toolkit("run", study.root, "other")
    assert (refused.code, ended.code) in {(2, 3), (0, 3)}
    assert study.toolkit("run", study.root, "good").code == 0
    assert study.toolkit("consent", "withdraw", study.root, "--session", "good", "--yes").code == 0
    end = study.toolkit("run", study.root, "good")
    assert end.code == 3
    study.assert_one_line(end, "good", "withdrawn")
    assert study.results() == []


def test_a_folder_without_rights(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("good",))
    results = study.root / "results"
    results.mkdir(exist_ok=True)
    results.chmod(0o500)
    # root passes over mode bits, so the capabilities that let it are dropped
    caps = "-dac_override,-dac_read_search,-fowner"
    guard = ["setpriv", f"--bounding-set={caps}", f"--inh-caps={caps}"] if os.geteuid() == 0 else []
    if guard and shutil.which("setpriv") is None:
        pytest.skip("running as root without setpriv: mode bits have no effect")
    end = study.in_child("run", study.root, prefix=guard)
    results.chmod(0o700)
    assert end.code == 6, end.err
    study.assert_one_line(end, "", "")
    assert study.results() == []


def test_a_full_disk(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a test mount its own small disk")
    study = make_study(tmp_path, sessions=("good",))
    (study.root / "results").mkdir(exist_ok=True)
    # a results folder of 16 kB that only the child sees
    script = 'mount -t tmpfs -o size=16k none "$0" && "$@"; code=$?; ls "$0" >&2; exit $code'
    script = ["unshare", "-rm", "sh", "-c", script, str(study.root / "results")]
    end = study.in_child("run", study.root, prefix=script)
    assert end.code == 6, end.err
    study.assert_one_line(end, "good", "")
    assert study.results() == []


def test_the_crash_line_holds_no_message(tmp_path: Path) -> None:
    code = (
        "import sys; from toolkit.cli.screen import quiet_crash; sys.excepthook = quiet_crash;"
        "raise KeyError('secret speech')"
    )
    end = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert end.returncode == 1
    assert "secret" not in end.stderr
    assert "KeyError" in end.stderr
