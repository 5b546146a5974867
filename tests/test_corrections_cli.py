"""`toolkit code` and `toolkit correct`: sheets there and back, one correction at a time, and what `show` says of it."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from made import grant, session_result, study_with, withdraw
from replay import make_study
from typer.testing import CliRunner

from toolkit import corrections, overlay, store
from toolkit.cli import app
from toolkit.errors import ToolkitError
from toolkit.overlay import Correction, What
from toolkit.session import remeasure
from toolkit.study import Study
from toolkit.types import Purpose

Rows = list[dict[str, str]]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    result = session_result()
    made = study_with(tmp_path / "study", result)
    store.publish(made, remeasure(result, made.settings(), corrections=overlay.Corrections({})))
    return made


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def ok(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(*arguments: object) -> tuple[int, str]:
    result = run(*arguments)
    assert isinstance(result.exception, ToolkitError), result.output
    return result.exception.exit_code, str(result.exception)


def sheet(path: Path) -> Rows:
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")  # so that a spreadsheet takes it for UTF-8
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def save(path: Path, rows: Rows, *, delimiter: str = ",") -> Path:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0], delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    return path


def exported(study: Study, *more: object) -> tuple[Path, Rows]:
    path = study.root.parent / "sheet.csv"
    ok("code", "export", study.root, "s01", "-o", path, "--force", *more)
    return path, sheet(path)


def test_a_sheet_has_a_row_an_utterance_and_empty_columns(study: Study) -> None:
    path, rows = exported(study)
    assert [r["text"] for r in rows] == ["How are you?", "'=Tired canary", "You're tired."]
    assert [r["machine"] for r in rows] == ["open_question", "", "simple_reflection"]
    assert rows[2] == {
        "session": "s01", "utterance": "2", "start": "8.000", "end": "8.900", "role": "therapist",
        "text": "You're tired.", "machine": "simple_reflection", "codes": "", "note": "",
    }  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entry = json.loads(study.audit_file.read_text().splitlines()[-1])
    assert (entry["event"], entry["details"]["format"]) == ("export", "codes")


def test_a_blind_sheet_shows_nothing_of_the_machines_codes(study: Study) -> None:
    path, rows = exported(study, "--blind")
    assert "machine" not in rows[0]
    assert "question" not in path.read_text()


def test_without_the_transcript_purpose_a_sheet_has_no_text(study: Study) -> None:
    grant(study, "s01", frozenset({Purpose.MEASURE}))
    path, rows = exported(study)
    assert "text" not in rows[0]
    assert "canary" not in path.read_text()
    withdraw(study, "s01")
    path.unlink()
    assert refused("code", "export", study.root, "s01", "-o", path)[0] == 3
    assert not path.exists()


def test_a_sheet_never_lies_over_the_studys_own_files(study: Study) -> None:
    assert refused("code", "export", study.root, "s01", "-o", study.overlay("s01"), "--force")[0] == 2
    path, _ = exported(study)
    assert "there already" in refused("code", "export", study.root, "s01", "-o", path)[1]


def test_a_filled_sheet_comes_back(study: Study) -> None:
    path, rows = exported(study)
    rows[0]["codes"] = "ok"
    rows[1]["codes"] = "CT"
    rows[1]["note"] = "'=here it turns"  # a spreadsheet keeps the apostrophe before what looks like a formula
    rows[2]["codes"] = "add AF without SR"
    said = ok("code", "import", study.root, "s01", save(path, rows), "--by", "T2")
    assert "3 utterances coded, 1 notes" in said
    assert overlay.read(study.overlay("s01"), by="T2").of(What.CODE) == {
        "1.000": "open_question", "3.000": "change_talk", "8.000": "affirm",
    }  # fmt: skip
    assert [n.text for n in corrections.notes(study, "s01")] == ["=here it turns"]
    # what stands beside a human's codes in the next sheet is still the machine's
    assert [r["machine"] for r in exported(study)[1]] == ["open_question", "", "simple_reflection"]


def test_ok_means_what_the_sheet_showed_whatever_was_said_since(study: Study) -> None:
    path, rows = exported(study)
    rows[2]["codes"] = "ok"
    corrections.correct(study, "s01", [Correction(What.CODE, "8", "confront")], by="T2")
    ok("code", "import", study.root, "s01", save(path, rows), "--by", "T2")
    assert overlay.read(study.overlay("s01")).of(What.CODE) == {"8.000": "simple_reflection"}


def test_a_sheet_as_a_german_spreadsheet_saves_it(study: Study) -> None:
    path, rows = exported(study)
    rows[2] |= {"start": "8", "end": "8,9", "codes": "Complex Reflection; affirm"}
    ok("code", "import", study.root, "s01", save(path, rows, delimiter=";"), "--by", "T2")
    assert overlay.read(study.overlay("s01")).of(What.CODE) == {"8.000": "complex_reflection+affirm"}


def one_cell(column: str, text: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[1]["codes"] = "CT"
        rows[2] |= {"codes": "CR", column: text}

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (one_cell("codes", "secret"), "nothing was written: line 4: codes must be names"),
        (one_cell("codes", "none; affirm"), "line 4: codes must be names"),
        (one_cell("start", "8.5"), "line 4: it is no utterance of the session as it is now"),
        (one_cell("start", "secret"), "line 4: it is no utterance"),
        (one_cell("utterance", "7"), "line 4: it is no utterance"),
        (one_cell("session", "s02"), "line 4: it is of another session"),
        (one_cell("note", "x" * 4001), "line 4: a note is at most"),
        (lambda rows: [r.update(codes="secret") for r in rows], "line 2: codes must"),
        (lambda rows: [r.pop("codes") for r in rows], "line 1: no column codes"),
        (lambda _: None, "columns codes and note are empty"),
    ],
)
def test_one_wrong_line_and_nothing_is_written(study: Study, change: Callable[[Rows], None], told: str) -> None:
    path, rows = exported(study)
    change(rows)
    code, said = refused("code", "import", study.root, "s01", save(path, rows), "--by", "T2")
    assert (code, told in said, "secret" in said) == (2, True, False), said
    assert not study.overlay("s01").exists()


def test_what_is_beside_the_machines_codes_needs_a_sheet_that_shows_them(study: Study) -> None:
    path, rows = exported(study, "--blind")
    rows[2]["codes"] = "ok"
    assert "line 4" in refused("code", "import", study.root, "s01", save(path, rows), "--by", "T2")[1]
    rows[2]["codes"] = "CR"
    assert "pseudonymous" in refused("code", "import", study.root, "s01", save(path, rows), "--by", "")[1]
    assert "real name" in refused("code", "import", study.root, "s01", path, "--by", "Jane Doe")[1]


def test_one_thing_at_a_time(study: Study) -> None:
    assert "8.000" in ok("correct", "code", study.root, "s01", "0:08", "CR", "--by", "T2")
    assert "2.400" in ok("correct", "silence", study.root, "s01", "2.4", "reflective", "--by", "T2")
    ok("correct", "note", study.root, "s01", "0:04", "a canary's note", "--by", "T2")
    ok("correct", "turn", study.root, "s01", "3", "SPEAKER_00", "--by", "T2")
    ok("correct", "word", study.root, "s01", "9.5", "SPEAKER_00", "--by", "T2")
    said = ok("correct", "list", study.root, "s01")
    for told in ("complex_reflection", "reflective", "a canary's note", "turn_speaker", "word_speaker", "counts"):
        assert told in said
    assert "the latest" in ok("correct", "whose", study.root, "s01")
    assert "T2 count" in ok("correct", "whose", study.root, "s01", "T2")
    found = store.load(study, "s01")
    assert [t.speaker for t in found.dialogue.turns] == ["SPEAKER_00"]
    assert "no silence at 90 s" in refused("correct", "silence", study.root, "s01", "1:30", "reflective")[1]
    assert "One of: disengaged" in refused("correct", "silence", study.root, "s01", "2.4", "boring")[1]


def test_a_note_is_read_from_standard_input_and_taken_back(study: Study) -> None:
    arguments = ["correct", "note", str(study.root), "s01", "4", "-"]
    assert CliRunner().invoke(app, arguments, input="from a pipe\n").exit_code == 0
    assert [n.text for n in corrections.notes(study, "s01")] == ["from a pipe"]
    assert "taken back" in ok("correct", "note", study.root, "s01", "4", "")
    assert corrections.notes(study, "s01") == ()


def test_ratings_are_given_and_shown_with_what_stands_behind_them(study: Study) -> None:
    assert "Nobody has rated" in ok("correct", "rate", study.root, "s01")
    ok("correct", "rate", study.root, "s01", "--empathy", 4, "--partnership", 3, "--by", "T1")
    said = ok("correct", "rate", study.root, "s01", "--empathy", 2, "--by", "T2")
    assert "3.5" in said
    assert "opinion without norms" in said
    assert "1 to 5" in refused("correct", "rate", study.root, "s01", "--empathy", 6)[1]


def test_show_says_how_much_a_human_has_confirmed_and_only_then(study: Study) -> None:
    assert "confirmed" not in ok("show", study.root, "s01")
    ok("correct", "code", study.root, "s01", "8", "ok")
    ok("correct", "silence", study.root, "s01", "4", "emotional")
    said = ok("show", study.root, "s01", "--all")
    assert said.count("confirmed") == 4  # a column of each table, and what it means
    rows = {r["measure"]: r for r in json.loads(ok("show", study.root, "s01", "--json"))["measures"]}
    assert (rows["reflection_count"]["confirmed"], rows["question_count"]["confirmed"]) == (1.0, 0.0)
    (line,) = [x for x in said.splitlines() if x.startswith("Silences of 2 s")]
    assert line.split()[-1] == "100"
    (line,) = [x for x in said.splitlines() if x.startswith("Reflections  ")]
    assert line.split()[-1] == "100"


def test_a_run_lays_over_what_a_correction_did(tmp_path: Path) -> None:
    made = make_study(tmp_path, sessions=["s01"])
    study = Study.open(made.root)
    assert made.toolkit("run", made.root).code == 0
    said = [
        Correction(What.ROLE, "SPEAKER_00", "therapist"),
        Correction(What.ROLE, "SPEAKER_01", "client"),
        Correction(What.TURN, "13.5", "SPEAKER_01"),
        Correction(What.CODE, "0.5", "GI"),
    ]
    corrections.correct(study, "s01", said, by="T1")
    corrected = made.snapshot()
    assert made.toolkit("run", made.root, "--force").code == 0
    assert made.snapshot() == corrected
    assert "current" in made.toolkit("run", made.root).out
    study.overlay("s01").unlink()
    assert made.toolkit("run", made.root).code == 0
    assert not (made.root / "results" / "s01" / "machine").exists()
