"""`toolkit export`: formats, consent, and never over somebody's file."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest
import typer
from click.testing import Result
from made import grant, session_result, study_with, withdraw
from typer.testing import CliRunner

from toolkit import store
from toolkit.cli import export as command
from toolkit.errors import ToolkitError
from toolkit.formats import rttm, vtt
from toolkit.formats.stm import Segment
from toolkit.study import Study
from toolkit.types import Purpose, SpeakerInterval

app = typer.Typer()
command.register(app)


@app.callback()
def group() -> None:
    """Two commands make a group, as in the real application."""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = study_with(tmp_path / "study", session_result())
    store.publish(made, session_result())
    return made


def run(study: Study, form: str, output: Path, *more: str) -> Result:
    arguments = ["export", str(study.root), "s01", "--format", form, "--output", str(output), *more]
    return CliRunner().invoke(app, arguments)


def refused(result: Result) -> tuple[int, str]:
    assert isinstance(result.exception, ToolkitError), result.output
    return result.exception.exit_code, str(result.exception)


def test_rttm_by_role_and_by_speaker(study: Study, tmp_path: Path) -> None:
    assert run(study, "rttm", tmp_path / "a.rttm").exit_code == 0
    assert [i.speaker for i in rttm.read(tmp_path / "a.rttm")["s01"]] == ["therapist", "client", "therapist"]
    run(study, "rttm", tmp_path / "b.rttm", "--labels", "speaker")
    assert rttm.read(tmp_path / "b.rttm")["s01"][0] == SpeakerInterval(1.0, 2.4, "SPEAKER_00")


def test_vtt_and_srt_hold_the_utterances(study: Study, tmp_path: Path) -> None:
    result = run(study, "vtt", tmp_path / "a.vtt")
    assert "withdrawal" in result.output
    assert "canary" not in result.output
    assert vtt.read(tmp_path / "a.vtt")[1] == Segment(3.0, 3.9, "Client", "=Tired canary")
    run(study, "srt", tmp_path / "a.srt")
    assert "Client: =Tired canary" in (tmp_path / "a.srt").read_text()


def test_json_holds_every_table(study: Study, tmp_path: Path) -> None:
    run(study, "json", tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text())
    assert content["manifest"]["session_id"] == "s01"
    assert len(content["tables"]["restricted/words"]) == 8
    assert {"session_id", "role", "measure", "value", "missing_reason"} <= set(content["tables"]["measures"][0])


def test_csv_holds_the_measures(study: Study, tmp_path: Path) -> None:
    run(study, "csv", tmp_path / "a.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert len(rows) == store.read(study, "s01", "measures").height
    assert {bool(row["value"]) ^ bool(row["missing_reason"]) for row in rows} == {True}


@pytest.mark.parametrize("form", ["vtt", "srt"])
def test_captions_need_the_transcript_purpose(study: Study, tmp_path: Path, form: str) -> None:
    grant(study, "s01", frozenset({Purpose.MEASURE}))
    code, message = refused(run(study, form, tmp_path / "a.out"))
    assert code == 3
    assert "session s01" in message
    assert "transcript" in message
    assert not (tmp_path / "a.out").exists()
    assert not study.audit_file.exists()


def test_json_leaves_text_out_without_the_transcript_purpose(study: Study, tmp_path: Path) -> None:
    grant(study, "s01", frozenset({Purpose.MEASURE}))
    assert run(study, "json", tmp_path / "a.json").exit_code == 0
    assert "canary" not in (tmp_path / "a.json").read_text()


@pytest.mark.parametrize("form", ["rttm", "vtt", "srt", "json", "csv"])
def test_nothing_is_exported_after_a_withdrawal(study: Study, tmp_path: Path, form: str) -> None:
    withdraw(study, "s01")
    assert refused(run(study, form, tmp_path / "a.out"))[0] == 3
    assert list(tmp_path.iterdir()) == [study.root]


def test_text_that_was_never_kept_is_said_so(study: Study, tmp_path: Path) -> None:
    store.publish(study, session_result(text=False))
    code, message = refused(run(study, "vtt", tmp_path / "a.vtt"))
    assert code == 2
    assert "no text was kept" in message


def test_a_file_is_not_written_over_without_force(study: Study, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    code, message = refused(run(study, "csv", tmp_path / "a.csv"))
    assert code == 2
    assert "--force" in message
    assert (tmp_path / "a.csv").read_text() == "mine"
    assert run(study, "csv", tmp_path / "a.csv", "--force").exit_code == 0
    assert (tmp_path / "a.csv").read_text().startswith("session_id,")
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize("own", ["consent.toml", "recordings/s01.wav", "results/s01/manifest.json", "overlay/s01.csv"])
def test_the_studys_own_files_are_never_written_over(study: Study, own: str) -> None:
    before = {p: p.read_bytes() for p in study.root.rglob("*") if p.is_file()}
    assert refused(run(study, "csv", study.root / own, "--force"))[0] == 2
    assert {p: p.read_bytes() for p in study.root.rglob("*") if p.is_file()} == before


def test_unknown_session_and_folder(study: Study, tmp_path: Path) -> None:
    arguments = ["export", str(study.root), "s09", "--format", "csv", "--output", str(tmp_path / "a.csv")]
    assert refused(CliRunner().invoke(app, arguments))[0] == 2
    assert refused(run(study, "csv", tmp_path / "nowhere" / "a.csv"))[0] == 2
    assert refused(run(study, "csv", tmp_path))[0] == 2
    assert CliRunner().invoke(app, ["export", str(study.root), "s01", "--format", "docx"]).exit_code == 2


def test_an_export_leaves_one_line_in_the_audit_log(study: Study, tmp_path: Path) -> None:
    run(study, "vtt", tmp_path / "a.vtt")
    (line,) = study.audit_file.read_text().splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["session"], entry["details"]["format"]) == ("export", "s01", "vtt")
    assert "a.vtt" not in line
