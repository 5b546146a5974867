"""The compacted dataset gives the same rows as the sessions' own folders, and never a session that may not be read."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from made import add, grant, session_result, study_with, withdraw
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from toolkit import store, tables
from toolkit.cli import app
from toolkit.consent import audit
from toolkit.formats import csv_out
from toolkit.store import collected, collecting, reading
from toolkit.study import Study
from toolkit.tables.writing import neutral
from toolkit.types import Purpose

IDS = [f"s{number:02d}" for number in range(1, 13)]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of about three sessions, read also when few are asked for; nothing forced to disk."""
    monkeypatch.setattr(collecting, "SIZE", 3)
    monkeypatch.setattr(reading, "FEW", 0)
    monkeypatch.setattr(os, "fsync", lambda _: None)


def published(folder: Path, ids: list[str]) -> Study:
    results = [session_result(s, key=f"key of {s}") for s in ids]
    study = study_with(folder / "study", *results)
    for result in results:
        store.publish(study, result)
    return study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return published(tmp_path, IDS)


def scans(study: Study) -> dict[str, pl.DataFrame]:
    return {name: store.scan(study, name).collect() for name in tables.SCHEMAS}


def dataset(study: Study) -> dict[str, bytes]:
    home = collected.folder(study)
    return {str(p.relative_to(home)): p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file()}


def republish(study: Study) -> None:
    store.publish(study, replace(session_result("s04", key="new"), rejected_words=9))


def damage(study: Study) -> None:
    path = next(collected.folder(study).rglob("turns.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


CHANGES: dict[str, Callable[[Study], None]] = {
    "nothing": lambda _: None,
    "a session is published again": republish,
    "sessions are added": lambda study: [
        (add(study, s, purposes=frozenset(Purpose)), store.publish(study, session_result(s)))
        for s in ("a1", "s055", "z")
    ],
    "consent is withdrawn, nothing deleted yet": lambda study: withdraw(study, "s05"),
    "consent covers another purpose only": lambda study: grant(study, "s06", frozenset({Purpose.RESEARCH})),
    "a session is withdrawn and deleted": lambda study: (withdraw(study, "s07"), store.purge(study, "s07")),
    "a file of the dataset is damaged": damage,
    "a manifest is gone": lambda study: (study.results / "s08" / "manifest.json").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_was_collected_gives_the_rows_of_the_sessions_own_folders(study: Study, change: Callable) -> None:
    assert store.collect(study).sessions == len(IDS)
    change(study)
    with_dataset = scans(study)
    for part in collected.homes(study):
        collected.discard(part)
    without = scans(study)
    for name, frame in without.items():
        assert_frame_equal(with_dataset[name], frame)
    assert without["measures"]["session_id"].is_sorted()
    assert without["measures"].height > 0


def test_the_dataset_is_used(study: Study) -> None:
    store.collect(study)
    for session_id in IDS:
        (study.results / session_id / "measures.parquet").unlink()
    assert store.scan(study, "measures").collect()["session_id"].n_unique() == len(IDS)


@settings(max_examples=8)
@given(st.permutations(IDS), st.sets(st.integers(0, len(IDS) - 1)))
def test_the_order_of_building_changes_no_byte(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], stops: set[int]
) -> None:
    at_once = published(tmp_path_factory.mktemp("at-once"), IDS)
    store.collect(at_once)
    bit_by_bit = study_with(tmp_path_factory.mktemp("bits") / "study", *(session_result(s) for s in IDS))
    for number, session_id in enumerate(order):
        store.publish(bit_by_bit, session_result(session_id, key=f"key of {session_id}"))
        if number in stops:
            store.collect(bit_by_bit)
    store.collect(bit_by_bit)
    assert dataset(bit_by_bit) == dataset(at_once)


def test_only_what_changed_is_made_again(study: Study) -> None:
    first = store.collect(study)
    assert first.made == first.parts > 2
    assert store.collect(study).made == 0
    republish(study)
    again = store.collect(study)
    assert (again.made, again.parts) == (1, first.parts)


def test_a_withdrawn_session_is_in_no_file_at_once(study: Study) -> None:
    store.collect(study)
    withdraw(study, "s05")
    assert "s05" not in store.scan(study, "measures").collect()["session_id"].to_list()
    store.purge(study, "s05")
    for path in collected.folder(study).rglob("*.parquet"):
        assert "s05" not in pl.read_parquet(path)["session_id"].to_list()
    assert not any(b"s05" in data for name, data in dataset(study).items() if name.endswith(".json"))
    assert store.collect(study).sessions == len(IDS) - 1


def test_a_session_that_consent_covers_no_more_leaves_the_file_with_the_next_collecting(study: Study) -> None:
    store.collect(study)
    grant(study, "s06", frozenset({Purpose.RESEARCH}))
    assert store.collect(study).uncovered == ("s06",)
    assert all("s06" not in part.sessions for part in collected.parts(study))


def test_no_text_is_in_the_dataset(study: Study) -> None:
    store.collect(study)
    assert not any(b"canary" in data or "restricted" in name for name, data in dataset(study).items())
    frames = [pl.read_parquet(p) for p in collected.folder(study).rglob("*.parquet")]
    assert all("text" not in frame.columns for frame in frames)


def test_a_damaged_session_is_left_out_until_it_is_whole(study: Study) -> None:
    path = study.results / "s03" / "turns.parquet"
    right = path.read_bytes()
    path.write_bytes(right[:-1])
    assert store.collect(study).damaged == ("s03",)
    path.write_bytes(right)
    assert store.collect(study).damaged == ()
    assert store.collect(study).made == 0


def test_what_a_stopped_collecting_leaves_does_no_harm(study: Study) -> None:
    store.collect(study)
    whole = {p.name for p in collected.homes(study)}
    before = scans(study)
    (collected.folder(study) / ".staging-x").mkdir()
    (collected.folder(study) / ".staging-x" / "turns.parquet").write_bytes(b"half")
    kept = [(p.home, p.home.with_name(f"0{p.home.name}")) for p in collected.parts(study)]
    for home, copy in kept:  # the same sessions a second time, as between making the new parts and deleting the old
        copy.mkdir()
        for file in home.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
    for name, frame in scans(study).items():
        assert_frame_equal(frame, before[name])
    store.collect(study)
    assert {p.name for p in collected.homes(study)} == whole


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["collect", *map(str, arguments)], catch_exceptions=True)
    return str(result.exception) if result.exception else result.output


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_researcher_gets_only_what_was_agreed_to_for_research(study: Study, tmp_path: Path, form: str) -> None:
    grant(study, "s02", frozenset({Purpose.MEASURE}))
    grant(study, "s03", frozenset({Purpose.RESEARCH}))
    withdraw(study, "s04")
    output = tmp_path / f"measures.{form}"
    said = run(study.root, "--output", output)
    assert f"measures of {len(IDS) - 3} sessions" in said, said
    table = pl.read_parquet(output) if form == "parquet" else pl.read_csv(output)
    assert set(table["session_id"]) == set(IDS) - {"s02", "s03", "s04"}
    assert table.columns[:6] == ["session_id", "therapist", "client", "role", "measure", "value"]
    assert set(table["therapist"]) == {"T1"}
    assert table.filter(pl.col("value").is_null())["missing_reason"].null_count() == 0
    line = json.loads(study.audit_file.read_text().splitlines()[-1])
    assert line["event"] == "export"
    assert line["details"]["sessions"] == len(IDS) - 3
    assert audit.verify(study.audit_file).ok
    assert f"measures of {len(IDS) - 2} sessions" in run(
        study.root, "--output", output, "--purpose", "measure", "--force"
    )


def test_a_table_is_the_same_bytes_however_it_was_collected(study: Study, tmp_path: Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    run(study.root, "--output", first)
    republish(study)
    store.publish(study, session_result("s04", key="key of s04"))
    run(study.root, "--output", second)
    assert first.read_bytes() == second.read_bytes()


def test_refused_outputs(study: Study, tmp_path: Path) -> None:
    assert "neither .parquet nor .csv" in run(study.root, "--output", tmp_path / "x.xlsx")
    for own in (study.results / "x.csv", study.sessions_file):
        assert "belongs to the study itself" in run(study.root, "--output", own, "--force")
    there = tmp_path / "there.csv"
    there.write_text("mine")
    assert "is there already" in run(study.root, "--output", there)
    assert "not for voiceprint" in run(study.root, "--output", tmp_path / "x.csv", "--purpose", "voiceprint")
    for session_id in IDS:
        withdraw(study, session_id)
    assert "no session with results is covered" in run(study.root, "--output", tmp_path / "y.csv")
    assert there.read_text() == "mine"
    assert {p.name for p in tmp_path.iterdir()} == {"study", "there.csv"}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=1, max_size=5))
def test_cells_are_neutralised_as_in_every_other_csv(texts: list[str]) -> None:
    frame = pl.DataFrame({"text": texts})
    assert neutral(frame.lazy()).collect()["text"].to_list() == [csv_out.neutral(text) for text in texts]


def test_a_formula_in_a_cell_is_text_in_the_csv(tmp_path: Path) -> None:
    tables.write(pl.LazyFrame({"a": ["=1+1", "+2", "plain", None], "b": [-1.5, 2.0, None, 0.1]}), tmp_path / "x.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "x.csv").read_text())))
    assert rows == [["a", "b"], ["'=1+1", "-1.5"], ["'+2", "2.0"], ["plain", ""], ["", "0.1"]]


def test_synthetic_studies_are_whole_and_reproducible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "pipelines"))
    import synthetic

    one = synthetic.make(tmp_path / "one", 6, workers=1)
    assert all(store.verify(one, s) == () for s in store.sessions(one))
    assert store.load(one, "s00003").dialogue.session_id == "s00003"
    assert store.collect(one).sessions == 6
    two = synthetic.make(tmp_path / "two", 6, workers=2)
    store.collect(two)
    assert dataset(one) == dataset(two)
    assert sys.modules.pop("synthetic")
