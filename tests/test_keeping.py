"""What stages gave is on disk whole or not at all, whatever stops its writing and wherever."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import grant, session_result, study_with, withdraw
from test_store import Killed, complaint, count_calls, failing

from toolkit import store
from toolkit.batch import failures
from toolkit.batch.failures import Failure
from toolkit.consent.ledger import Ledger
from toolkit.errors import InputError, StoreError
from toolkit.study import Study
from toolkit.types import Purpose

KEY, OTHER = "a" * 64, "b" * 64
TODAY = date.today()  # noqa: DTZ011
FAILURE = Failure("words", "MemoryError", "session s01: no memory.", 1, KEY, 2)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forcing to disk is what these tests would spend their time on."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return study_with(tmp_path / "study", session_result())


def keep(study: Study, data: bytes = b"[1]", *, text: bool = False) -> None:
    store.put(study, "s01", "words" if text else "codes", KEY, data, text=text)


def files(study: Study) -> set[str]:
    return {p.name for p in study.stages("s01").rglob("*") if p.is_file() and p.name != ".lock"}


@given(st.binary(max_size=2000), st.booleans())
@settings(max_examples=20, deadline=None)
def test_what_is_kept_is_read_back_under_its_own_key_only(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, text: bool
) -> None:
    study = study_with(tmp_path_factory.mktemp("kept") / "study", session_result())
    keep(study, data, text=text)
    stage = "words" if text else "codes"
    assert store.get(study, "s01", stage, KEY, text=text) == data
    assert store.get(study, "s01", stage, KEY, text=not text) is None
    assert store.get(study, "s01", stage, OTHER, text=text) is None
    (entry,) = store.entries(study, "s01")
    assert (entry.stage, entry.key, entry.restricted) == (stage, KEY, text)
    for path in study.stages("s01").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("work", ["put", "failure"])
def test_a_kill_at_any_call_leaves_the_old_or_the_new(tmp_path: Path, work: str) -> None:
    def write(study: Study) -> None:
        if work == "put":
            store.put(study, "s01", "codes", KEY, b"new", text=False)
        else:
            failures.write(study, "s01", FAILURE)

    def read(study: Study) -> object:
        found = store.get(study, "s01", "codes", KEY, text=False)
        return found if work == "put" else failures.read(study, "s01")

    counted = study_with(tmp_path / "count", session_result())
    total = count_calls(lambda: write(counted))
    seen = []
    for at in range(1, total + 1):
        study = study_with(tmp_path / f"kill{at}", session_result())
        with pytest.MonkeyPatch.context() as patch, failing(patch, at, Killed), suppress(Killed):
            write(study)
        seen.append(read(study))
        store.sweep_stages(study, study.ledger(), TODAY)
        assert not [name for name in files(study) if "tmp" in name]
        write(study)
        assert read(study) == (b"new" if work == "put" else FAILURE)
    assert set(seen) == {None, b"new" if work == "put" else FAILURE}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_an_error_at_any_call_is_one_line_and_leaves_what_was_there(tmp_path: Path, code: int) -> None:
    counted = study_with(tmp_path / "count", session_result())
    failed, total = 0, count_calls(lambda: keep(counted, b"new"))
    for at in range(1, total + 1):
        study = study_with(tmp_path / f"fail{at}", session_result())
        with pytest.MonkeyPatch.context() as patch, failing(patch, at, lambda: OSError(code, "told by the system")):
            said = complaint(lambda study=study: keep(study, b"new"))
        failed += bool(said)
        assert "\n" not in said
        assert str(tmp_path) not in said
        there = store.get(study, "s01", "codes", KEY, text=False)
        assert there == (b"new" if any(name.endswith(".json.z") for name in files(study)) else None), "half-written"
        assert said or there == b"new"
        assert not [name for name in files(study) if "tmp" in name], f"left by an error at call {at}"
    assert failed > total / 2


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_every_flipped_bit_makes_it_nothing(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    study = study_with(tmp_path_factory.mktemp("flip") / "study", session_result())
    keep(study, b'{"a": [1.5, "x"]}' * 5)
    (entry,) = store.entries(study, "s01")
    content = bytearray(entry.path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    entry.path.write_bytes(content)
    assert store.get(study, "s01", "codes", KEY, text=False) is None


def test_sweep_goes_by_what_consent_says_today(study: Study) -> None:
    keep(study)
    keep(study, text=True)
    assert store.sweep_stages(study, study.ledger(), TODAY) == 0
    grant(study, "s01", frozenset({Purpose.MEASURE}))
    assert store.sweep_stages(study, study.ledger(), TODAY) == 1
    assert [e.stage for e in store.entries(study, "s01")] == ["codes"]
    withdraw(study, "s01")
    assert store.sweep_stages(study, study.ledger(), TODAY) == 1
    assert not list(store.entries(study, "s01"))
    keep(study)
    assert store.sweep_stages(study, Ledger(), TODAY) == 1  # a session nobody consented to


def test_purge_deletes_what_is_kept_and_the_failure(study: Study) -> None:
    store.publish(study, session_result())
    keep(study)
    keep(study, text=True)
    failures.write(study, "s01", FAILURE)
    before = len([p for p in study.results.rglob("*") if p.is_file() and not p.name.startswith(".lock")])
    assert store.purge(study, "s01") == before + 3
    assert not study.stages("s01").exists()


def test_one_process_at_a_time_has_a_session(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.store.keeping.PATIENCE", 0.1)
    with store.claimed(study, "s01"):
        with (
            pytest.raises(StoreError, match="session s01: another process is at work on it"),
            store.claimed(study, "s01"),
        ):
            pass
        with store.claimed(study, "s02"):
            pass
    with store.claimed(study, "s01"):
        pass


def test_odd_ids_name_no_folder(study: Study) -> None:
    for odd in ("../s01", "", "a/b"):
        with pytest.raises(InputError):
            store.put(study, odd, "codes", KEY, b"", text=False)
