"""`toolkit init`, `add` and `consent`, as somebody types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from toolkit.cli import add, consent, init
from toolkit.cli.consent_lines import clock, parse_portion, parse_time
from toolkit.consent import audit
from toolkit.errors import ConsentError, InputError, StoreError, ToolkitError
from toolkit.intervals import Span
from toolkit.study import Study
from toolkit.types import Purpose

ROOT = Path(__file__).resolve().parent.parent

app = typer.Typer(pretty_exceptions_enable=False)
for module in (init, add, consent):
    module.register(app)


def invoke(*arguments: str | Path, typed: str | None = None) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=typed)


def ok(*arguments: str | Path, typed: str | None = None) -> str:
    result = invoke(*arguments, typed=typed)
    assert result.exit_code == 0, (result.output, result.exception)
    return " ".join(result.output.split())


def fails(kind: type[ToolkitError], *arguments: str | Path) -> str:
    result = invoke(*arguments)
    assert type(result.exception) is kind or isinstance(result.exception, kind), (result.output, result.exception)
    message = str(result.exception)
    assert "\n" not in message
    return message


@pytest.fixture
def study(tmp_path: Path) -> Path:
    ok("init", tmp_path / "my study")
    return tmp_path / "my study"


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "tuesday.wav"
    path.write_bytes(b"RIFF")
    return path


def put(study: Path, audio: Path, session: str = "s01", *more: str) -> str:
    return ok("add", study, audio, "--session", session, "--therapist", "T01", "--client", "C01", *more)


def agree(study: Path, *more: str) -> str:
    return ok("consent", "grant", study, "--session", "s01", "--purpose", "measure", *more)


def listed(study: Path) -> dict[str, object]:
    found = json.loads(invoke("consent", "list", study, "--json").output)["sessions"]
    assert len(found) == 1
    return dict(found[0])


def events(study: Path) -> list[str]:
    assert audit.verify(study / "audit.jsonl").ok
    return [json.loads(line)["event"] for line in (study / "audit.jsonl").read_text().splitlines()]


def test_init_says_what_to_type_next(tmp_path: Path) -> None:
    said = ok("init", tmp_path / "my study")
    assert f"toolkit add '{tmp_path / 'my study'}' RECORDING --session s01" in said
    assert {"toolkit.toml", "sessions.csv", "consent.toml", "recordings", "results", "audit.jsonl"} <= {
        p.name for p in (tmp_path / "my study").iterdir()
    }
    opened = Study.open(tmp_path / "my study")
    assert opened.recordings() == {}
    assert dict(opened.ledger().records) == {}
    opened.settings()


def test_init_refuses_a_study_and_a_file_and_keeps_other_files(study: Path, audio: Path) -> None:
    before = {p: p.read_bytes() for p in study.iterdir() if p.is_file()}
    assert "is a study already" in fails(InputError, "init", study)
    assert {p: p.read_bytes() for p in study.iterdir() if p.is_file()} == before
    assert "is a file" in fails(InputError, "init", audio)
    ok("init", audio.parent / "deep" / "er")
    (audio.parent / "full").mkdir()
    (audio.parent / "full" / "mine.wav").write_bytes(b"x")
    ok("init", audio.parent / "full")
    assert (audio.parent / "full" / "mine.wav").read_bytes() == b"x"


def test_init_on_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def full(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls >= 4:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "the disk is full" in fails(StoreError, "init", tmp_path / "new" / "study")
    assert list(tmp_path.iterdir()) == []


def test_add(study: Path, audio: Path) -> None:
    said = put(study, audio)
    assert "Added session s01: tuesday.wav, 2 speakers" in said
    assert f"toolkit consent grant '{study}' --session s01 --purpose measure" in said
    recording = Study.open(study).recording("s01")
    assert recording.path == audio
    assert str(audio) in (study / "sessions.csv").read_text()
    assert audio.read_bytes() == b"RIFF"
    assert events(study) == ["init", "add"]


def test_add_writes_a_path_inside_the_study_relative(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = study / "recordings" / 'a "b",\n c.wav'
    odd.write_bytes(b"x")
    monkeypatch.chdir(study / "recordings")
    ok("add", "..", odd.name, "--session", "s01", "--therapist", "T01", "--client", "C01")
    assert str(study) not in (study / "sessions.csv").read_text()
    assert Study.open(study).recording("s01").path == odd


def test_add_with_everything(study: Path, audio: Path) -> None:
    said = put(study, audio, "s01", "--channels", "therapist,client", "--language", "en", "--recorded-on", "2026-11-01")
    assert "one a channel (therapist, client)" in said
    recording = Study.open(study).recording("s01")
    assert recording.channels == ("therapist", "client")
    assert (recording.language, recording.recorded_on) == ("en", "2026-11-01")


def test_add_number_of_speakers(study: Path, audio: Path) -> None:
    assert "3 to 5 speakers" in put(study, audio, "s01", "--min-speakers", "3", "--max-speakers", "5")
    other = audio.with_name("other.wav")
    other.write_bytes(b"x")
    assert "4 speakers" in put(study, other, "s02", "--speakers", "4")
    third = audio.with_name("third.wav")
    third.write_bytes(b"x")
    base = ("add", study, third, "--session", "s03", "--therapist", "T01", "--client", "C01")
    assert "--speakers excludes" in fails(InputError, *base, "--speakers", "2", "--min-speakers", "2")
    assert "--speakers excludes" in fails(InputError, *base, "--speakers", "2", "--max-speakers", "2")
    assert "go together" in fails(InputError, *base, "--max-speakers", "3")
    assert "is more than" in fails(InputError, *base, "--min-speakers", "3", "--max-speakers", "2")
    assert "no number of speakers" in fails(InputError, *base, "--speakers", "0")
    assert "no number of speakers" in fails(InputError, *base, "--speakers", "-1")
    assert "2 channels, but 3" in fails(InputError, *base, "--speakers", "3", "--channels", "therapist,client")
    assert list(Study.open(study).recordings()) == ["s01", "s02"]


def test_add_refuses(study: Path, audio: Path, tmp_path: Path) -> None:
    put(study, audio)
    before = (study / "sessions.csv").read_bytes()
    empty, pipe, other = tmp_path / "empty.wav", tmp_path / "pipe", tmp_path / "other.wav"
    empty.touch()
    os.mkfifo(pipe)
    other.write_bytes(b"x")
    link = tmp_path / "link.wav"
    link.symlink_to(audio)
    people = ("--therapist", "T01", "--client", "C01")
    for path, session, said in (
        (other, "s01", "in sessions.csv already"),
        (other, "S01", "in sessions.csv already"),
        (audio, "s02", "is session s01 already"),
        (link, "s02", "is session s01 already"),
        (empty, "s02", "is empty"),
        (pipe, "s02", "is not a file"),
        (tmp_path, "s02", "is not a file"),
        (tmp_path / "gone.wav", "s02", "no such recording: gone.wav"),
        (other, "../s02", "cannot be a folder name"),
        (other, "nul", "cannot be a folder name"),
    ):
        message = fails(InputError, "add", study, path, "--session", session, *people)
        assert said in message
        assert str(tmp_path) not in message
    wrong = ("add", study, other, "--session", "s02", "--therapist", "T01", "--client")
    assert "pseudonymous id" in fails(InputError, *wrong, "Jane Doe")
    assert "the same person" in fails(InputError, *wrong, "T01")
    assert "is no date" in fails(InputError, *wrong, "C01", "--recorded-on", "yesterday")
    assert "Did you mean client" in fails(InputError, *wrong, "C01", "--channels", "therapist,cleint")
    assert (study / "sessions.csv").read_bytes() == before
    assert events(study) == ["init", "add"]


def test_grant(study: Path, audio: Path) -> None:
    put(study, audio)
    said = agree(study, "--purpose", "transcript", "--expires", "2099-01-02", "--exclude", "1:05-1:20.5", "--by", "Jo")
    assert "therapist T01, client C01" in said
    assert "measure: granted up to and with 2099-01-02" in said
    assert "transcript: granted" in said
    assert "1:05 to 1:20.5" in said
    assert f"toolkit run '{study}'" in said
    record = Study.open(study).ledger().record("s01")
    assert record is not None
    assert record.excluded == (Span(65, 80.5),)
    assert len(record.recording_sha256) == 64
    assert {g.recorded_by for g in record.grants} == {"Jo"}
    assert listed(study)["state"] == "granted"
    assert listed(study)["purposes"] == ["measure", "transcript"]
    log = (study / "audit.jsonl").read_text()
    assert "Jo" not in log
    assert "T01" not in log
    assert "tuesday" not in log
    assert events(study) == ["init", "add", "grant"]


def test_granting_again_says_what_is_granted_now(study: Path, audio: Path) -> None:
    put(study, audio)
    agree(study, "--exclude", "0-10")
    said = ok("consent", "grant", study, "--session", "s01", "--purpose", "transcript", "--exclude", "20-30")
    assert "measure: granted until withdrawn" in said
    assert "transcript: granted until withdrawn" in said
    assert "0:00 to 0:10, 0:20 to 0:30" in said
    shorter = agree(study, "--expires", "2099-01-02")
    assert "measure: granted up to and with 2099-01-02" in shorter
    assert "transcript: granted until withdrawn" in shorter


def test_one_party_after_the_other(study: Path, audio: Path) -> None:
    put(study, audio)
    said = agree(study, "--party", "T01", "--also", "interpreter=I01")
    assert "measure: not granted by client C01, interpreter I01" in said
    assert "Nothing can be measured before" in said
    assert "Next:" not in said
    fails(ConsentError, "consent", "check", study)
    agree(study, "--party", "C01")
    said = agree(study, "--party", "I01")
    assert "measure: granted until withdrawn" in said
    ok("consent", "check", study)


def test_grant_reminds_of_people_who_are_not_in_the_record(study: Path, audio: Path) -> None:
    put(study, audio, "s01", "--speakers", "3")
    assert "3 people speak, 2 are in the record" in agree(study)
    assert "people speak" not in agree(study, "--also", "client=C02")


def test_grant_refuses(study: Path, audio: Path) -> None:
    put(study, audio)
    before = (study / "consent.toml").read_bytes()
    base = ("consent", "grant", study, "--session", "s01", "--purpose")
    yesterday = (consent.this_day() - timedelta(days=1)).isoformat()
    for more, said in (
        (("mesure",), "Did you mean measure?"),
        (("qqq",), "One of: measure"),
        (("measure", "--expires", "soon"), "is no date"),
        (("measure", "--expires", yesterday), "is over already"),
        (("measure", "--exclude", "10"), "is no portion"),
        (("measure", "--exclude", "20-10"), "ends before it starts"),
        (("measure", "--exclude", "a-b"), "is no portion"),
        (("measure", "--party", "C99"), "Known: therapist T01, client C01"),
        (("measure", "--also", "I01"), "ROLE=ID"),
        (("measure", "--also", "interpretr=I01"), "Did you mean interpreter=I01?"),
    ):
        assert said in fails(InputError, *base, *more)
    assert "Did you mean s01?" in fails(
        InputError, "consent", "grant", study, "--session", "s1", "--purpose", "measure"
    )
    audio.unlink()
    assert "no such recording: tuesday.wav" in fails(InputError, *base, "measure")
    assert (study / "consent.toml").read_bytes() == before


def test_another_file_under_the_same_name(study: Path, audio: Path) -> None:
    put(study, audio)
    agree(study)
    audio.write_bytes(b"something else")
    message = fails(ConsentError, "consent", "grant", study, "--session", "s01", "--purpose", "transcript")
    assert "other-recording" in message
    result = invoke("consent", "check", study)
    assert isinstance(result.exception, ConsentError)
    assert "other-recording" in result.output


def test_check(study: Path, audio: Path) -> None:
    put(study, audio)
    result = invoke("consent", "check", study)
    assert isinstance(result.exception, ConsentError)
    assert result.exception.exit_code == 3
    assert "1 of 1 sessions may not be measured" in str(result.exception)
    assert "no-record" in result.output
    agree(study)
    said = ok("consent", "check", study)
    assert "s01 yes measure" in said
    assert "Audit log: 3 lines, as they were written." in said
    moved = audio.rename(audio.with_name("moved.wav"))
    assert "1 of 1" in fails(InputError, "consent", "check", study)
    moved.rename(audio)
    log = study / "audit.jsonl"
    log.write_text(log.read_text().replace('"s01"', '"s02"'))
    assert "audit.jsonl has been changed" in fails(StoreError, "consent", "check", study)


def test_list(study: Path, audio: Path) -> None:
    assert "no sessions yet" in ok("consent", "list", study)
    put(study, audio)
    assert listed(study) == {
        "session_id": "s01",
        "parties": [],
        "purposes": [],
        "expires_on": None,
        "excluded": [],
        "recording_sha256": None,
        "keep_until": None,
        "listeners": {},
        "withdrawn_on": None,
        "state": "no-record",
    }
    agree(study, "--expires", "2099-01-02", "--exclude", "0:10-0:20")
    shown = listed(study)
    assert (shown["expires_on"], shown["excluded"]) == ("2099-01-02", [[10.0, 20.0]])
    said = ok("consent", "list", study)
    assert "2099-01-02" in said
    text = (study / "consent.toml").read_text()
    (study / "consent.toml").write_text(text.replace("expires_on", "expiry"))
    assert listed(study)["state"] == "unknown-field"
    (study / "consent.toml").write_text(text.replace("2099-01-02", "2020-01-02"))
    assert listed(study)["state"] == "expired"


def results(study: Path) -> Path:
    folder = study / "results" / "s01" / "restricted"
    folder.mkdir(parents=True)
    (folder / "words.parquet").write_bytes(b"canary")
    (folder.parent / "manifest.json").write_bytes(b"canary")
    (study / "overlay").mkdir()
    (study / "overlay" / "s01.csv").write_text("canary")
    return folder.parent


def test_withdraw_deletes_what_was_derived_and_leaves_the_recording(study: Path, audio: Path) -> None:
    put(study, audio)
    agree(study, "--purpose", "transcript")
    folder = results(study)
    assert invoke("consent", "withdraw", study, "--session", "s01", typed="n\n").exit_code == 1
    assert invoke("consent", "withdraw", study, "--session", "s01", typed="").exit_code == 1
    assert folder.exists()
    said = ok("consent", "withdraw", study, "--session", "s01", typed="y\n")
    assert "consent is withdrawn" in said
    assert "The recording itself was left" in said
    assert not folder.exists()
    assert not any(b"canary" in p.read_bytes() for p in study.rglob("*") if p.is_file())
    assert audio.read_bytes() == b"RIFF"
    assert listed(study)["state"] == "withdrawn"
    assert "withdrawn" in invoke("consent", "check", study).output
    assert events(study) == ["init", "add", "grant", "withdraw", "purge"]


def test_withdrawal_counts_even_when_deleting_fails(study: Path, audio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(study, audio)
    agree(study)
    folder = results(study)

    def busy(*_: object) -> int:
        raise StoreError("another command is writing.", hint="Wait.")

    with monkeypatch.context() as patched:
        patched.setattr("toolkit.store.derived.forget", busy)
        message = fails(StoreError, "consent", "withdraw", study, "--session", "s01", "--yes")
    assert "session s01: consent is withdrawn, but not everything is deleted" in message
    assert listed(study)["state"] == "withdrawn"
    ok("consent", "withdraw", study, "--session", "s01", "--yes")
    assert not folder.exists()


def test_withdrawing_twice_and_granting_anew(study: Path, audio: Path) -> None:
    put(study, audio)
    agree(study, "--purpose", "transcript")
    ok("consent", "withdraw", study, "--session", "s01", "--yes")
    first = listed(study)["withdrawn_on"]
    ok("consent", "withdraw", study, "--session", "s01", "--yes")
    assert listed(study)["withdrawn_on"] == first
    audio.write_bytes(b"another file")
    said = agree(study)
    assert "The withdrawal of" in said
    assert listed(study)["purposes"] == [Purpose.MEASURE]
    ok("consent", "check", study)


def test_withdraw_works_without_a_record_and_with_an_unreadable_one(study: Path, audio: Path) -> None:
    put(study, audio)
    ok("consent", "withdraw", study, "--session", "s01", "--yes")
    assert listed(study)["state"] == "withdrawn"
    text = (study / "consent.toml").read_text()
    (study / "consent.toml").write_text(text.replace("withdrawn_on", "withdrawn"))
    assert listed(study)["state"] == "unknown-field"
    folder = results(study)
    ok("consent", "withdraw", study, "--session", "s01", "--yes")
    assert not folder.exists()
    assert listed(study)["state"] == "withdrawn"


def test_withdraw_refuses_what_it_does_not_know(study: Path, audio: Path) -> None:
    put(study, audio)
    assert "Did you mean s01?" in fails(InputError, "consent", "withdraw", study, "--session", "s1", "--yes")
    assert "folder name" in fails(InputError, "consent", "withdraw", study, "--session", "../s01", "--yes")


def test_no_study(tmp_path: Path, study: Path) -> None:
    assert "Did you mean my study?" in fails(InputError, "consent", "list", tmp_path / "my studdy")
    assert "around it, my study" in fails(InputError, "consent", "list", study / "results")
    assert "/my study?" in fails(InputError, "consent", "list", tmp_path)
    assert "is a file" in fails(InputError, "consent", "list", study / "toolkit.toml")


@pytest.mark.parametrize(
    "command", [["init"], ["add"], *(["consent", c] for c in ("grant", "withdraw", "list", "check"))]
)
def test_help_has_an_example(command: list[str]) -> None:
    said = ok(*command, "--help")
    assert f"Example: toolkit {' '.join(command)}" in said


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90.5", 90.5), ("1:05", 65), ("90:00", 5400), ("1:02:03.5", 3723.5), ("0", 0), ("00:00:01", 1)],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds
    assert parse_time(clock(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "-1", "1:60", "1:75:00", "1:2:3:4", "1m", "inf", "nan", "1e3", ":10", "10:"])
def test_what_is_no_time(text: str) -> None:
    assert parse_time(text) is None


def test_portions() -> None:
    assert parse_portion("0:10 - 0:20") == Span(10, 20)
    assert parse_portion("10\u201320") == Span(10, 20)


def toolkit(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "toolkit", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_same_from_a_shell(tmp_path: Path, audio: Path) -> None:
    study = tmp_path / "study"
    assert toolkit("init", study).returncode == 0
    added = toolkit("add", study, audio, "--session", "s01", "--therapist", "T01", "--client", "C01")
    assert added.returncode == 0
    refused = toolkit("consent", "check", study)
    assert refused.returncode == 3
    assert refused.stderr.startswith("error: 1 of 1 sessions")
    assert len(refused.stderr.splitlines()) == 1
    again = toolkit("init", study)
    assert (again.returncode, again.stdout) == (2, "")
    assert toolkit("consent", "grant", study, "--session", "s01", "--purpose", "measure").returncode == 0
    assert toolkit("consent", "check", study).returncode == 0
