"""`toolkit doctor` finds what is wrong with a study, and says what to do."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from made import grant, session_result, study_with, withdraw
from replay import make_study

from toolkit import doctor, store
from toolkit.consent import audit, ledger
from toolkit.doctor import Finding, State, places
from toolkit.intervals import Span
from toolkit.study import Study
from toolkit.types import Purpose

TODAY = date.today()  # noqa: DTZ011 - the clinic's day


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = study_with(tmp_path / "study", session_result(), session_result("s02"))
    for session_id in ("s01", "s02"):
        store.publish(made, session_result(session_id))
    audit.append(made.audit_file, "init")
    return made


def problems(study: Study) -> list[Finding]:
    found = doctor.examine(study, today=TODAY)
    return [f for f in found if f.state is State.PROBLEM and not f.topic.startswith("model")]


def test_a_study_as_it_should_be(study: Study) -> None:
    found = list(doctor.examine(study, today=TODAY))
    assert problems(study) == []
    assert {f.topic for f in found} >= {"versions", "packages", "model", "GPU", "telemetry", "network", "disk"}
    assert {f.topic for f in found} >= {"encryption", "rights", "audit log", "consent"}
    assert "2 of 2 sessions may be measured" in next(f.found for f in found if f.topic == "consent")
    assert not any(str(study.root.parent) in f.found + f.todo for f in found)


def expect(study: Study, words: str, todo: str) -> None:
    found = problems(study)
    assert len(found) == 1, found
    assert words in found[0].found
    assert todo in found[0].todo


def test_a_stopped_withdrawal(study: Study) -> None:
    withdraw(study, "s01")
    expect(study, "withdrawal-unfinished: s01", "toolkit retention study --carry-out")


def test_a_portion_that_was_excluded_by_hand(study: Study) -> None:
    record = replace(study.ledger().record("s01"), excluded=(Span(3.0, 4.0),))
    ledger.save(study.consent_file, study.ledger().replace("s01", record))
    expect(study, "withdrawal-unfinished: s01", "toolkit retention study --carry-out")


@pytest.mark.parametrize(
    ("name", "topic", "words"),
    [
        ("toolkit.toml", "settings", "toolkit.toml is no valid TOML"),
        ("consent.toml", "consent", "consent.toml is no valid TOML"),
        ("sessions.csv", "sessions", "unknown column"),
        ("vault.toml", "encryption", "vault.toml cannot be used"),
    ],
)
def test_what_cannot_be_read_keeps_nobody_from_the_rest(study: Study, name: str, topic: str, words: str) -> None:
    everything = {f.topic for f in doctor.examine(study, today=TODAY)}
    (study.root / name).write_text("x = [\n")
    found = [f for f in problems(study) if f.topic == topic]
    assert found
    assert words in found[0].found
    assert found[0].todo
    assert {f.topic for f in doctor.examine(study, today=TODAY)} >= everything - {"consent", "at risk"}


def test_a_day_that_is_over(study: Study) -> None:
    known = study.ledger()
    record = known.record("s02")
    first, *rest = record.grants
    changed = replace(record, grants=(replace(first, keep_until=TODAY - timedelta(days=1)), *rest))
    ledger.save(study.consent_file, known.replace("s02", changed))
    expect(study, "due: s02", "--carry-out")


def test_results_that_nobody_consented_to(study: Study) -> None:
    known = study.ledger()
    ledger.save(study.consent_file, replace(known, records={"s02": known.records["s02"]}))
    expect(study, "without any consent record: s01", "toolkit consent withdraw study --session s01")


def test_results_that_outlived_consent(study: Study) -> None:
    known = study.ledger()
    record = known.record("s01")
    ended = tuple(replace(g, expires_on=TODAY - timedelta(days=1)) for g in record.grants)
    ledger.save(study.consent_file, known.replace("s01", replace(record, grants=ended)))
    expect(study, "results are kept though consent is over: s01", "toolkit consent withdraw study --session s01")


def test_text_that_outlived_its_purpose(study: Study) -> None:
    grant(study, "s01", frozenset({Purpose.MEASURE}))
    expect(study, "text is kept though consent to it is over: s01", "toolkit run study")


def test_a_damaged_table(study: Study) -> None:
    (study.results / "s01" / "turns.parquet").write_bytes(b"rot")
    (study.results / "s01" / "turns.parquet").chmod(0o600)
    expect(study, "damaged results: s01", "toolkit run study")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits")
def test_a_folder_that_others_may_look_into(study: Study) -> None:
    (study.results / "s01").chmod(0o755)
    expect(study, "others may look at results/s01", "chmod -R go-rwx study")


def test_a_log_that_was_cut(study: Study) -> None:
    study.audit_file.write_bytes(b"")
    expect(study, "missing at the end", "toolkit audit verify study")


def test_a_switch_that_was_turned_on_again(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "1")
    expect(study, "PYANNOTE_METRICS_ENABLED", "Unset")


def test_consent_that_ends_soon_and_a_recording_that_is_gone_are_worth_knowing(study: Study) -> None:
    known = study.ledger()
    record = known.record("s01")
    ends = tuple(replace(g, expires_on=TODAY + timedelta(days=9)) for g in record.grants)
    ledger.save(study.consent_file, known.replace("s01", replace(record, grants=ends)))
    study.recording("s02").path.unlink()
    notes = [f.found for f in doctor.examine(study, today=TODAY) if f.state is State.NOTE]
    assert any("ends within 30 days: s01" in n for n in notes)
    assert any("no recording there: s02" in n for n in notes)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_an_encrypted_disk_is_told_by_the_mapping_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "253:0"
    for place, uuid in ((tmp_path / "8:1", ""), (tmp_path / "253:1", "LVM-abc"), (below, "CRYPT-LUKS2-abc")):
        (place / "slaves").mkdir(parents=True)
        if uuid:
            (place / "dm").mkdir()
            (place / "dm" / "uuid").write_text(uuid)
    (tmp_path / "253:1" / "slaves" / "dm-0").symlink_to(below)
    monkeypatch.setattr(places, "MAPPED", tmp_path)
    found = [places.on_encrypted(os.makedev(*device)) for device in ((8, 1), (253, 0), (253, 1), (9, 9))]
    assert found == [False, True, True, False]


def test_the_command(tmp_path: Path) -> None:
    made = make_study(tmp_path, sessions=("good",))
    assert made.toolkit("run", made.root).code == 0
    end = made.toolkit("doctor", made.root, "--json")
    told = json.loads(end.out)
    assert (end.code, told["ok"], told["schema_version"]) == (0, True, 1), end.out
    assert {tuple(finding) for finding in told["findings"]} == {("topic", "state", "found", "todo")}
    assert {finding["state"] for finding in told["findings"]} <= {"ok", "note", "problem"}
    assert all(finding["todo"] for finding in told["findings"] if finding["state"] != "ok")
    (made.root / "results" / "good" / "turns.parquet").unlink()
    end = made.toolkit("doctor", made.root)
    assert end.code == 1
    assert "damaged results: good" in end.out
    assert str(tmp_path) not in end.out
    assert made.toolkit("doctor", tmp_path / "nowhere").code == 2
