"""Files are hostile: nothing in them runs, nothing leads out of the study, nothing is readable by others, ever."""

from __future__ import annotations

import csv
import io
import os
import pickle
import random
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import session_result, study_with
from replay import make_study

from toolkit import overlay, store, withdrawal
from toolkit.consent import audit, ledger, records
from toolkit.errors import InputError, ToolkitError
from toolkit.formats import rttm, sessions, stm, vtt
from toolkit.study import Study

# nothing in a model runs

LOADS = """
import sys, toolkit
import torch
from toolkit.backends.networks import only_weights
from toolkit.settings import SpeakerSettings
from toolkit.backends import pyannote
for attempt in (
    lambda: torch.load(sys.argv[1] + "/evil.bin", weights_only=False),
    lambda: pyannote.build(SpeakerSettings(pipeline=sys.argv[1])),
):
    try:
        attempt()
    except Exception as error:
        print(type(error).__name__)
"""


class Evil:
    """Unpickling it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.models
def test_a_crafted_checkpoint_runs_nothing_whatever_its_loader_asks_for(tmp_path: Path) -> None:
    import torch

    mark = tmp_path / "it-ran"
    torch.save({"state_dict": {}, "evil": Evil(mark)}, tmp_path / "evil.bin")
    (tmp_path / "config.yaml").write_text(
        "pipeline:\n  name: pyannote.audio.pipelines.SpeakerDiarization\n  params:\n"
        "    segmentation: $model/evil.bin\n    embedding: $model/evil.bin\n    clustering: AgglomerativeClustering\n"
        "params: {}\n"
    )
    done = subprocess.run([sys.executable, "-c", LOADS, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["UnpicklingError", "BackendError"], done.stderr
    assert not mark.exists()
    pickle.loads(pickle.dumps(Evil(mark)))  # the file would have done it
    assert mark.exists()


# private from the first byte


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits")
def test_nothing_is_ever_open_to_others(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("good",))
    script = f"""
import os, sys
os.umask(0)
real = os.open
def watched(path, flags, mode=0o777, **more):
    handle = real(path, flags, mode, **more)
    name = os.fspath(path)
    if flags & os.O_CREAT and {str(study.root)!r} in str(name) and os.fstat(handle).st_mode & 0o077:
        print("OPEN", os.path.basename(name), file=sys.stderr)
    return handle
os.open = watched
"""
    for arguments in (
        ["run", study.root],
        ["correct", "note", study.root, "good", "0:05", "x"],
        ["consent", "withdraw", study.root, "--session", "good", "--portion", "0:02-0:03", "--yes"],
    ):
        typed = ["toolkit", *map(str, arguments)]
        code = f"{script}\nsys.argv = {typed!r}\nfrom toolkit.cli import main\nmain()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "OPEN" not in done.stderr, done.stderr
    made = [p for folder in ("results", "overlay", "receipts") for p in (study.root / folder).rglob("*")]
    assert len(made) > 10
    for path in [*made, study.root / "audit.jsonl", study.root / "audit.head", study.root / "audit.anchors"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_what_a_killed_process_left_half_written_is_swept_by_the_next_run(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("good",))
    (study.root / "overlay").mkdir()
    old, new = study.root / ".consent.toml.abc.tmp", study.root / "overlay" / ".good.csv.abc.tmp"
    for path in (old, new):
        path.write_text("half")
    os.utime(old, (0, 0))
    assert study.toolkit("run", study.root).code == 0
    assert (old.exists(), new.exists()) == (False, True)  # the other may be being written now


# nothing leads out


@pytest.mark.parametrize("session", ["../s01", "/etc", "a/b", "a\\b", "..", "con", "COM1.x", "a\0b", ""])
def test_no_session_id_leads_out_of_the_study(tmp_path: Path, session: str) -> None:
    study = study_with(tmp_path / "study", session_result())
    outside = tmp_path / "s01"
    outside.mkdir()
    (outside / "manifest.json").write_text("{}")
    for attempt in (
        lambda: store.load(study, session),
        lambda: store.purge(study, session),
        lambda: withdrawal.withdraw(study, session, today=date(2026, 1, 1)),
    ):
        with pytest.raises(InputError):
            attempt()
    assert (outside / "manifest.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_results_that_are_a_link_elsewhere_are_unlinked_and_never_followed(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study", session_result())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    (study.results / "s01").symlink_to(elsewhere)
    withdrawal.withdraw(study, "s01", today=date(2026, 1, 1))
    assert (elsewhere / "precious").read_text() == "x"
    assert not (study.results / "s01").is_symlink()


# parsers: whatever they are given they take it, or refuse it in one line

TOML = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.dates()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def one_line(read: Callable[[], object]) -> None:
    """Read something, or be told in one line why not; any other exception is a defect."""
    told = ""
    try:
        read()
    except ToolkitError as error:
        told = str(error)
    assert told.isprintable()


def mutated(data: bytes, seed: int) -> bytes:
    """Some bytes changed, cut or doubled."""
    dice, made = random.Random(seed), bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(made) + 1)
        piece = bytes(dice.randrange(256) for _ in range(dice.randint(0, 3)))
        made[at : at + dice.randint(0, 4)] = dice.choice([piece, piece, made[: dice.randint(0, 40)]])
    return bytes(made)


def examples(study: Study) -> Iterator[tuple[Path, Callable[[], object]]]:
    """Every file that a study reads as text, and what reads it."""
    path = study.overlay("s01")
    yield study.consent_file, lambda: ledger.load(study.consent_file)
    yield study.sessions_file, lambda: sessions.read(study.sessions_file, root=study.root)
    yield study.settings_file, study.settings
    yield study.audit_file, lambda: audit.verify(study.audit_file)
    yield path, lambda: overlay.lines(path)
    yield study.results / "s01" / "manifest.json", lambda: store.load(study, "s01")
    yield study.results / "s01" / "turns.parquet", lambda: store.load(study, "s01")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = study_with(tmp_path_factory.mktemp("fuzz") / "study", session_result())
    store.publish(study, session_result())
    audit.append(study.audit_file, "init")
    study.overlay("s01").parent.mkdir()
    study.overlay("s01").write_text('made_on,by,what,target,value\n2026-01-01,T2,note,3.0,"a note"\n')
    return study


@pytest.mark.parametrize("which", range(7))
def test_a_mutated_file_is_read_or_refused_in_one_line(whole: Study, which: int) -> None:
    path, read = list(examples(whole))[which]
    data = path.read_bytes()
    try:
        for seed in range(300):
            path.write_bytes(mutated(data, seed))
            one_line(read)
    finally:
        path.write_bytes(data)


@BOUNDED
@given(TOML)
def test_any_table_is_a_record_or_unreadable(table: object) -> None:
    for found in (records.parse(table), records.parse_person("T1", table)):
        assert isinstance(found, ledger.Record | ledger.Unreadable)


LINES = (
    *("SPEAKER x 1 1.0 2.0 <NA> <NA> A <NA> <NA>", "a 1 b 0.0 1.5 <o> hi"),
    *("WEBVTT", "00:01.000 --> 00:02.000", "<v A>hi"),
)


@BOUNDED
@given(st.lists(st.text(max_size=40) | st.sampled_from(LINES), max_size=8).map("\n".join))
def test_any_text_is_a_format_or_refused(text: str) -> None:
    for module in (rttm, stm, vtt):
        one_line(lambda module=module: module.parse(text, "given"))


@BOUNDED
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_no_cell_of_an_export_is_a_formula(cells: list[str]) -> None:
    from toolkit.formats import csv_out

    text = csv_out.dumps([f"c{n}" for n in range(len(cells))], [cells])
    (read,) = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(read) == len(cells)
    assert not [cell for cell in read if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
