"""A study's folder, and files that are there whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from toolkit import atomic
from toolkit.errors import ConfigError, InputError, StoreError
from toolkit.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study")


def test_where_things_are(study: Study) -> None:
    root = study.root
    assert study.settings_file == root / "toolkit.toml"
    assert study.sessions_file == root / "sessions.csv"
    assert study.consent_file == root / "consent.toml"
    assert study.audit_file == root / "audit.jsonl"
    assert study.results == root / "results"
    assert study.overlay("s01") == root / "overlay" / "s01.csv"
    assert Study.open(root) == study
    assert root.stat().st_mode & 0o777 == 0o700


def test_a_session_by_nearly_its_name(study: Study) -> None:
    with pytest.raises(InputError, match="toolkit add"):
        study.recording("s01")
    study.sessions_file.write_text("session_id,recording,therapist,client,recorded_on\nsession-12,a,T,C,\n")
    with pytest.raises(InputError, match=r"Did you mean session-12\?"):
        study.recording("session12")
    with pytest.raises(InputError, match=r"Known: session-12\."):
        study.recording("x")
    assert study.recording("session-12").path == study.root / "a"


def test_a_broken_setting_is_a_config_error(study: Study) -> None:
    study.settings_file.write_text("[audio]\nmax_hour = 1\n")
    with pytest.raises(ConfigError, match=r"audio\.max_hours"):
        study.settings()


def test_a_study_from_inside_itself(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study.root)
    here = Study.open(Path())
    assert here.name == "study"
    monkeypatch.chdir(study.results)
    with pytest.raises(InputError, match="results is no study"):
        Study.open(Path())


def test_create_finishes_what_another_run_began(tmp_path: Path) -> None:
    (tmp_path / "consent.toml").write_text("schema_version = 1\n# mine\n")
    study = Study.create(tmp_path)
    assert study.consent_file.read_text() == "schema_version = 1\n# mine\n"
    assert study.recordings() == {}


def test_two_additions_at_once_lose_nothing(study: Study) -> None:
    def add(number: int) -> None:
        path = study.root / f"{number}.wav"
        path.write_bytes(b"x")
        study.add(path, {"session_id": f"s{number}", "therapist": "T", "client": "C", "recorded_on": ""})

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(study.recordings()) == [f"s{n}" for n in range(8)]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "one")
    atomic.write_text(path, "tw\u00f6\n")
    assert path.read_bytes() == "tw\u00f6\n".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize(
    ("number", "said"),
    [(28, "the disk is full"), (30, "the disk is read-only"), (13, "no permission"), (5, "the disk reported an error")],
)
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, said: str
) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "old")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(step, fail)
        with pytest.raises(StoreError) as caught:
            atomic.write_text(path, "new")
    assert str(caught.value).startswith(f"cannot write a.txt: {said}.")
    assert str(tmp_path) not in str(caught.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic.write_text(tmp_path / "a.txt", "new")
    assert list(tmp_path.iterdir()) == []


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write a\.txt: its folder is not there"):
        atomic.write_text(tmp_path / "gone" / "a.txt", "x")
    with pytest.raises(StoreError, match="its name is too long"):
        atomic.write_text(tmp_path / ("a" * 300), "x")


def test_a_lock_that_is_held(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    hold = "import sys, filelock as f; a = f.FileLock(sys.argv[1]); a.acquire(); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="another toolkit command"), atomic.locked(lock, seconds=0.05):
            pass
        other.communicate("\n")
    with atomic.locked(lock, seconds=0.05):
        pass
