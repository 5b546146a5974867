"""A session's results are there whole or not at all, whatever stops the toolkit and wherever."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import add, grant, session_result, study_with, withdraw

from toolkit import store
from toolkit.errors import InputError, StoreError
from toolkit.store import reading
from toolkit.study import Study
from toolkit.types import Purpose

CALLS = ("mkdir", "open", "write", "fsync", "close", "rename", "unlink", "rmdir")


class Killed(BaseException):
    """Stands for a process that ends at once: nothing catches it, so nothing is tidied up."""


@contextmanager
def failing(patch: pytest.MonkeyPatch, at: int, error: Callable[[], BaseException]) -> Iterator[list[str]]:
    """Raise at the `at`-th call to the operating system below the study; a killed process makes no further call."""
    made: list[str] = []

    def wrap(name: str) -> Callable[..., object]:
        real = getattr(os, name)

        def call(*args: object, **options: object) -> object:
            made.append(name)
            dead = len(made) > at and isinstance(error(), Killed)
            if name != "close" and (len(made) == at or dead):
                raise error()
            return real(*args, **options)

        return call

    with patch.context() as patched:
        for name in CALLS:
            patched.setattr(os, name, wrap(name))
        yield made


def tree(study: Study) -> dict[str, bytes]:
    """Every file under the results but the lock and who holds it."""
    files = (p for p in study.results.rglob("*") if p.is_file() and not p.name.startswith(".lock"))
    return {str(p.relative_to(study.results)): p.read_bytes() for p in files}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forcing to disk is what these tests spend their time on, and no test can see whether it happened."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return study_with(tmp_path / "study", session_result())


def test_what_is_published_is_read_back(study: Study) -> None:
    result = session_result()
    made = store.publish(study, result)
    assert store.manifest(study, "s01") == made
    assert store.verify(study, "s01") == ()
    assert store.sessions(study) == ("s01",)
    assert store.load(study, "s01").dialogue == result.dialogue
    assert store.load(study, "s01").utterances == result.utterances
    assert store.load_dialogue(study, "s01") == (result.dialogue, made)
    assert store.read(study, "s01", "turns").height == 3


def test_publishing_what_was_read_back_changes_no_byte(study: Study) -> None:
    store.publish(study, session_result())
    before = tree(study)
    store.publish(study, store.load(study, "s01"))
    assert tree(study) == before


def test_the_same_result_gives_the_same_bytes_in_another_process(study: Study) -> None:
    store.publish(study, session_result())
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from made import session_result; from toolkit import store; "
        "from toolkit.study import Study; from pathlib import Path; "
        "store.publish(Study(Path(sys.argv[2])), session_result())"
    )
    before = tree(study)
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "7"}
    subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(study.root)], check=True, env=environment
    )
    assert tree(study) == before


def test_files_are_for_their_owner_only(study: Study) -> None:
    store.publish(study, session_result())
    for path in [study.results / "s01", *(study.results / "s01").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path.name


def test_without_the_transcript_purpose_no_text_is_on_disk(study: Study) -> None:
    store.publish(study, session_result(text=False))
    assert not (study.results / "s01" / "restricted").exists()
    assert not any(b"canary" in data for data in tree(study).values())


def test_text_published_earlier_is_gone_when_the_purpose_is(study: Study) -> None:
    store.publish(study, session_result())
    store.publish(study, session_result(text=False))
    assert not any("restricted" in name for name in tree(study))


def count_calls(work: Callable[[], object]) -> int:
    """How many calls to the operating system a piece of work makes."""
    with pytest.MonkeyPatch.context() as patch, failing(patch, 10**9, Killed) as made:
        work()
    return len(made)


@pytest.mark.parametrize("earlier", [False, True], ids=["first", "again"])
def test_a_kill_at_any_call_leaves_the_old_or_the_new_results(tmp_path: Path, *, earlier: bool) -> None:
    old, new = session_result(key="old", text=False), session_result(key="new")
    counted = study_with(tmp_path / "count", old)
    if earlier:
        store.publish(counted, old)
    total = count_calls(lambda: store.publish(counted, new))
    seen = set()
    for at in range(1, total + 1):
        study = study_with(tmp_path / f"kill{at}", old)
        if earlier:
            store.publish(study, old)
        with pytest.MonkeyPatch.context() as patch, failing(patch, at, Killed), suppress(Killed):
            store.publish(study, new)
        store.sweep(study)
        found = store.manifest(study, "s01")
        seen.add(found.key if found else None)
        assert store.verify(study, "s01") == () if found else not store.sessions(study)
        assert found is not None or not earlier, f"results lost by a kill at call {at}"
        assert {p.name for p in study.results.iterdir()} <= {"s01", ".lock"}, f"leftovers after call {at}"
    assert seen == {"old" if earlier else None, "new"}


def complaint(work: Callable[[], object]) -> str:
    """What a piece of work says when it cannot be stored; nothing else may be raised."""
    try:
        work()
    except StoreError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_an_error_at_any_call_is_one_line_and_leaves_whole_results(tmp_path: Path, code: int) -> None:
    old, new = session_result(key="old"), session_result(key="new")
    counted = study_with(tmp_path / "count", old)
    total = count_calls(lambda: store.publish(counted, new))
    failed = 0
    for at in range(1, total + 8):
        study = study_with(tmp_path / f"fail{at}", old)
        store.publish(study, old)
        with pytest.MonkeyPatch.context() as patch, failing(patch, at, lambda: OSError(code, "told by the system")):
            said = complaint(lambda study=study: store.publish(study, new))
        failed += bool(said)
        assert "\n" not in said
        assert str(tmp_path) not in said
        assert store.manifest(study, "s01") is not None
        assert store.verify(study, "s01") == ()
        assert not [p.name for p in study.results.iterdir() if p.name.startswith(".staging")]
    assert failed > total / 2


def test_a_short_write_is_finished(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data)[:100]))
    store.publish(study, session_result())
    assert store.verify(study, "s01") == ()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full and RLIMIT_FSIZE are Linux's")
def test_a_file_size_limit_is_a_store_error_and_leaves_nothing(study: Study) -> None:
    code = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[1]); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from made import session_result; from toolkit import store; from toolkit.study import Study\n"
        "from toolkit.errors import StoreError; from pathlib import Path; study = Study(Path(sys.argv[2]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "try:\n    store.publish(study, session_result())\n"
        "except StoreError as error:\n    sys.exit(f'ONE LINE: {error}')"
    )
    ended = subprocess.run(
        [sys.executable, "-B", "-c", code, str(Path(__file__).parent), str(study.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr.startswith("ONE LINE: session s01: cannot write s01"), ended.stderr
    assert tree(study) == {}


def test_sweep_gives_the_old_results_their_name_back(study: Study) -> None:
    store.publish(study, session_result())
    (study.results / "s01").rename(study.results / ".old-s01")
    (study.results / ".staging-s01").mkdir()
    store.sweep(study)
    assert store.verify(study, "s01") == ()
    assert {p.name for p in study.results.iterdir()} == {"s01", ".lock"}


def test_purge_deletes_everything_derived_and_counts_it(study: Study) -> None:
    made = store.publish(study, session_result())
    add(study, "s02", purposes=frozenset(Purpose))
    store.publish(study, session_result("s02"))
    (study.results / ".old-s01").mkdir()
    (study.results / ".old-s01" / "words.parquet").write_bytes(b"canary")
    study.overlay("s01").parent.mkdir(exist_ok=True)
    study.overlay("s01").write_text("a human's correction")
    assert store.purge(study, "s01") == len(made.tables) + 1 + 1 + 1
    assert store.sessions(study) == ("s02",)
    assert not study.overlay("s01").exists()
    assert not any("s01" in p.name for p in study.results.iterdir())
    assert store.purge(study, "s01") == 0


def test_a_purge_killed_at_any_call_never_brings_anything_back(tmp_path: Path) -> None:
    total = 0
    for at in range(1, 200):
        study = study_with(tmp_path / f"purge{at}", session_result())
        store.publish(study, session_result())
        (study.results / "s01").rename(study.results / ".old-s01")  # as a kill between the two renames leaves it
        with pytest.MonkeyPatch.context() as patch, failing(patch, at, Killed) as made:
            try:
                store.purge(study, "s01")
            except Killed:
                pass
            else:
                total = len(made)
        store.sweep(study)
        assert store.verify(study, "s01") == () or not store.sessions(study)
        store.purge(study, "s01")
        assert {p.name for p in study.results.iterdir()} == {".lock"}
        if total:
            break
    assert total > 10


def test_a_second_writer_is_told(study: Study) -> None:
    code = (
        "import sys; from toolkit import store; from toolkit.study import Study; from pathlib import Path\n"
        "with store.writing(Study(Path(sys.argv[1]))):\n    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(study.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="another run is writing"):
            store.publish(study, session_result())
        assert tree(study) == {}
    finally:
        holder.communicate("")
    store.publish(study, session_result())


def test_writing_may_be_nested(study: Study) -> None:
    with store.writing(study):
        store.sweep(study)
        store.publish(study, session_result())
    assert store.sessions(study) == ("s01",)


def test_current_means_same_key_same_overlay_and_whole(study: Study) -> None:
    assert not store.is_current(study, "s01", key="k1")
    store.publish(study, replace(session_result(key="k1"), overlay="human"))
    assert store.is_current(study, "s01", key="k1")
    assert store.is_current(study, "s01", key="k1", overlay="human")
    assert not store.is_current(study, "s01", key="k1", overlay="")
    assert not store.is_current(study, "s01", key="k2")
    (study.results / "s01" / "turns.parquet").write_bytes(b"")
    assert not store.is_current(study, "s01", key="k1")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_flipped_bit_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    study = study_with(tmp_path_factory.mktemp("flip") / "study", session_result())
    store.publish(study, session_result())
    path = data.draw(st.sampled_from(sorted((study.results / "s01").rglob("*.parquet"))))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    assert len(store.verify(study, "s01")) == 1
    with pytest.raises(StoreError, match=r"session s01: the results are damaged"):
        store.load(study, "s01")
    assert (
        store.scan(study, path.stem if path.parent.name == "s01" else f"restricted/{path.stem}").collect().height == 0
    )


def test_verify_names_what_is_missing_and_what_does_not_belong(study: Study) -> None:
    assert store.verify(study, "s01") == ("session s01 has no results.",)
    store.publish(study, session_result())
    (study.results / "s01" / "turns.parquet").unlink()
    (study.results / "s01" / "notes.txt").write_text("stray")
    assert store.verify(study, "s01") == ("turns: missing or unreadable", "notes.txt: not named in the manifest")


def test_no_results_and_odd_ids_are_input_errors(study: Study) -> None:
    with pytest.raises(InputError, match="session s01 has no results"):
        store.load(study, "s01")
    for odd in ("../s01", "", ".old-s01", "a/b"):
        with pytest.raises(InputError):
            store.purge(study, odd)


def test_scan_reads_all_sessions_that_consent_covers(tmp_path: Path) -> None:
    results = [session_result(f"s0{n}") for n in range(1, 6)]
    study = study_with(tmp_path / "study", *results)
    for result in results:
        store.publish(study, result)

    def scanned(table: str) -> list[str]:
        return store.scan(study, table).collect()["session_id"].unique().sort().to_list()

    assert scanned("turns") == scanned("restricted/words") == ["s01", "s02", "s03", "s04", "s05"]
    withdraw(study, "s01")
    grant(study, "s02", frozenset({Purpose.MEASURE}))
    (study.results / "s03" / "manifest.json").unlink()
    grant(study, "s04", frozenset({Purpose.MEASURE}), on=date.today() + timedelta(days=2))  # noqa: DTZ011
    assert scanned("turns") == ["s02", "s05"]
    assert scanned("restricted/words") == ["s05"]
    assert store.scan(study, "turns", only=["s01", "s02"]).collect()["session_id"].unique().to_list() == ["s02"]


def test_scan_of_an_empty_study_has_the_columns(study: Study) -> None:
    assert store.scan(study, "measures").collect().columns[:3] == ["session_id", "role", "measure"]
    with pytest.raises(InputError, match="no table"):
        store.scan(study, "../turns")


def test_a_reader_overtaken_by_a_swap_reads_again(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish(study, session_result(key="old", text=False))
    real, swapped = reading.raw, []

    def overtaken(*args: object) -> str:
        text = real(*args)  # type: ignore[arg-type]
        if not swapped:
            swapped.append(True)
            store.publish(study, session_result(key="new"))
        return text

    monkeypatch.setattr(reading, "raw", overtaken)
    assert store.load(study, "s01").key in {"old", "new"}
