"""Consent is taken back: nothing of the session is left, whenever the deletion is stopped; a receipt says what was."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from made import session_result, study_with, withdraw
from replay import Study as Driven
from replay import make_study

from toolkit import (
    api,
    caseload,
    collect,
    corrections,
    export,
    lab,
    overlay,
    report,
    retention,
    store,
    tables,
    vaulting,
    withdrawal,
)
from toolkit.consent import Party, audit, ledger, voices
from toolkit.consent.voices import Voice
from toolkit.display import scan as look
from toolkit.display.player import payload
from toolkit.errors import ConsentError, InputError, StoreError
from toolkit.intervals import Span
from toolkit.overlay import Correction, What
from toolkit.privacy import identities
from toolkit.store import derived, keeping, reading
from toolkit.study import Study
from toolkit.types import Purpose, Role
from toolkit.vaulting import Keeping
from toolkit.withdrawal import Reason, carrying_out

TODAY = date.today()  # noqa: DTZ011 - the clinic's day
CANARY = "canary"  # said in the session, and written in a note


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two sessions with results, corrections and an enrolled voice of the client of one of them."""
    made = study_with(tmp_path / "study", session_result(), session_result("s02"))
    for session_id in ("s01", "s02"):
        store.publish(made, session_result(session_id))
    notes = [Correction(What.NOTE, "3.2", CANARY), Correction(What.NOTE, "8", "later")]
    corrections.correct(made, "s01", notes, by="T2")
    keeping.put(made, "s01", "words", "ab" * 32, CANARY.encode(), text=True)
    keeping.put(made, "s01", "decode", "cd" * 32, b"{}", text=False)
    store.collect(made)
    return made


def of_session(study: Study, session_id: str) -> dict[str, bytes]:
    """Everything that is derived from a session, by path."""
    return {
        str(path.relative_to(study.root)): path.read_bytes()
        for name in derived.KINDS
        for path in derived.load(name).found(study, session_id)
    }


def own_files(study: Study, session_id: str) -> dict[str, bytes]:
    """What is derived from a session alone: a part of the compacted dataset goes with any of its sessions."""
    return {name: data for name, data in of_session(study, session_id).items() if ".collected" not in name}


def contents(study: Study) -> list[bytes]:
    """The bytes of every file of the study but the recordings and what is of the other session."""
    apart = (study.recordings_folder, study.results / "s02")
    files = [p for p in study.root.rglob("*") if p.is_file()]
    return [p.read_bytes() for p in files if not any(p.is_relative_to(folder) for folder in apart)]


def nothing_left(study: Study, before: dict[str, bytes]) -> None:
    """No derived file, no copy of one under another name, and no word of it in any file."""
    assert of_session(study, "s01") == {}
    hashes = {hashlib.sha256(data).hexdigest() for data in before.values()}
    for data in contents(study):
        assert hashlib.sha256(data).hexdigest() not in hashes
        assert CANARY.encode() not in data
    assert [p.name for p in (study.root / "receipts").iterdir() if p.suffix != ".json"] == []
    assert audit.verify(study.audit_file).ok


def receipts(study: Study) -> list[dict]:
    return [json.loads(p.read_text()) for p in sorted((study.root / "receipts").glob("*.json"))]


def test_everything_derived_goes_and_a_receipt_says_what(study: Study) -> None:
    before = of_session(study, "s01")
    others = own_files(study, "s02")
    assert {name.split("/")[0] for name in before} == {"results", "overlay", "stages"}
    audit.append(study.audit_file, "export", session_id="s01", format="vtt")
    receipt = withdrawal.withdraw(study, "s01", today=TODAY)
    nothing_left(study, before)
    assert own_files(study, "s02") == others
    assert study.recording("s01").path.exists()
    (told,) = receipts(study)
    assert told["reason"] == "withdrawal"
    kinds = {r["kind"]: r["files"] for r in told["removed"]}
    assert (kinds["stages"], kinds["corrections"]) == (2, 1)
    assert kinds["results"] + kinds["compacted tables"] == len(before) - 3
    assert sorted(h for r in told["removed"] for h in r["sha256"]) == sorted(
        hashlib.sha256(data).hexdigest() for data in before.values()
    )
    assert [line.split()[2] for line in told["earlier_exports"]] == ["vtt"]
    assert told["not_reached"] == ["backups", "recording"]
    assert receipt.files == len(before)
    last = list(audit.entries(study.audit_file))[-1]
    assert (last["event"], last["details"]["files"], last["details"]["reason"]) == ("purge", len(before), "withdrawal")
    assert last["details"]["sha256"] == hashlib.sha256(receipt.path.read_bytes()).hexdigest()
    assert told["audit"] == f"{last['n'] - 1}:{last['previous']}"
    assert (study.root / "receipts").stat().st_mode & 0o777 == 0o700


def test_reports_in_the_studys_folder_go_too(study: Study, tmp_path: Path) -> None:
    own, other = study.root / "for supervision", tmp_path / "elsewhere.html"
    own.mkdir()
    for session_id, path in (("s01", own / "monday.html"), ("s02", own / "s02.html"), ("s01", other)):
        report.write(study, session_id, path, form=report.Form.HTML)
    (own / "notes.html").write_text("<p>somebody's own page</p>")
    before = of_session(study, "s01")
    assert "for supervision/monday.html" in before
    told = withdrawal.withdraw(study, "s01", today=TODAY)
    assert of_session(study, "s01") == {}
    assert audit.verify(study.audit_file).ok
    assert sorted(p.name for p in own.iterdir()) == ["notes.html", "s02.html"]
    assert {f.kind: f.files for f in told.removed}["reports"] == 1
    assert other.exists()  # outside: the receipt names it among the exports
    (receipt,) = receipts(study)
    assert len(receipt["earlier_exports"]) == 2


def test_every_flipped_bit_of_a_receipt_is_found(study: Study) -> None:
    path = withdrawal.withdraw(study, "s01", today=TODAY).path
    data = path.read_bytes()
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        assert f"receipts/{path.name} is not as it was written." in audit.verify(study.audit_file).problems
    path.unlink()
    assert audit.verify(study.audit_file).problems == (f"receipts/{path.name} is missing.",)


def test_the_recording_goes_only_when_asked_for_and_only_the_one_consent_was_given_for(study: Study) -> None:
    recording = study.recording("s01").path
    digest = hashlib.sha256(recording.read_bytes()).hexdigest()
    other = study.recording("s02").path
    other.write_bytes(b"another recording under the same name")
    assert withdrawal.withdraw(study, "s01", today=TODAY, recording=True).recording == digest
    assert not recording.exists()
    assert withdrawal.withdraw(study, "s02", today=TODAY, recording=True).recording == ""
    assert other.exists()


def test_an_imported_transcript_is_left_like_a_recording_and_goes_when_asked_for(study: Study) -> None:
    transcripts = {}
    for session_id in ("s01", "s02"):
        path = transcripts[session_id] = study.root.parent / f"{session_id}.vtt"
        path.write_text(f"WEBVTT of {session_id}")
        study.bring(path, {"session_id": session_id, "transcript_speakers": "therapist;client"})
        known = study.ledger()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        record = replace(known.record(session_id), transcript_sha256=digest)
        ledger.save(study.consent_file, known.replace(session_id, record))
    left = withdrawal.withdraw(study, "s02", today=TODAY)
    assert (left.not_reached, left.transcript) == (("backups", "recording", "transcript"), "")
    assert transcripts["s02"].exists()
    gone = withdrawal.withdraw(study, "s01", today=TODAY, recording=True)
    assert gone.not_reached == ("backups",)
    assert gone.transcript == hashlib.sha256(b"WEBVTT of s01").hexdigest()
    assert not transcripts["s01"].exists()


def test_a_table_of_many_sessions_that_was_exported_is_among_the_earlier_exports(study: Study, tmp_path: Path) -> None:
    collect.write(study, tmp_path / "measures.csv", purpose=Purpose.MEASURE)
    (told,) = withdrawal.withdraw(study, "s01", today=TODAY).exports
    assert told.endswith(" csv of 2 sessions")


def test_a_portion_that_was_taken_back_is_not_shown_from_the_compacted_tables(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FEW", 0)
    withdrawal.withdraw(study, "s01", today=TODAY, portions=[Span(3.0, 4.0)])
    store.publish(study, session_result())  # as a run that began before would
    store.collect(study)
    assert set(store.scan(study, "measures").collect()["session_id"]) == {"s02"}


def test_a_withdrawn_session_is_nowhere_to_be_seen_before_anything_is_deleted(study: Study) -> None:
    withdraw(study, "s01")  # as if the process was killed right after the ledger was written
    assert of_session(study, "s01")
    assert set(store.scan(study, "measures").collect()["session_id"]) == {"s02"}
    for opened in (
        lambda: store.load(study, "s01"),
        lambda: store.read(study, "s01", "turns"),
        lambda: look(study.root, "s01"),
        lambda: corrections.notes(study, "s01"),
    ):
        with pytest.raises(ConsentError, match=r"withdrawn|purpose"):
            opened()
    assert withdrawal.unfinished(study) == ("s01",)
    before = of_session(study, "s01")
    assert [r.session_id for r in withdrawal.finish_all(study)] == ["s01"]
    nothing_left(study, before)
    assert withdrawal.finish_all(study) == ()


def test_of_a_portion_only_what_is_about_it_goes_and_nothing_is_shown_until_it_is_made_again(study: Study) -> None:
    receipt = withdrawal.withdraw(study, "s01", today=TODAY, portions=[Span(3.0, 4.0)])
    assert receipt.reason is Reason.PORTION
    assert study.ledger().record("s01").excluded == (Span(3.0, 4.0),)
    assert study.ledger().record("s01").withdrawn_on is None
    assert [line.correction.value for line in overlay.lines(study.overlay("s01"))] == ["later"]
    assert store.sessions(study) == ("s02",)
    store.publish(study, session_result())  # as a run that began before would
    assert set(store.scan(study, "measures").collect()["session_id"]) == {"s02"}
    with pytest.raises(InputError, match="portion that was taken back"):
        store.load(study, "s01")
    made = session_result()
    cut = replace(made.dialogue, excluded=(Span(3.0, 4.0), Span(15.0, 16.0)))
    store.publish(study, replace(made, dialogue=cut))
    assert set(store.scan(study, "measures").collect()["session_id"]) == {"s01", "s02"}


def edit_by_hand(study: Study, portion: Span) -> None:
    """Exclude a portion of s01 in the ledger's own file, as somebody with an editor does."""
    record = study.ledger().record("s01")
    ledger.save(study.consent_file, study.ledger().replace("s01", replace(record, excluded=(portion,))))


def nothing_of_the_portion(study: Study) -> None:
    """What was made with it is gone, with a receipt that says why; what people said of the rest is there."""
    assert {name.split("/")[0] for name in own_files(study, "s01")} == {"overlay"}
    assert [line.correction.value for line in overlay.lines(study.overlay("s01"))] == ["later"]
    assert not [data for data in contents(study) if CANARY.encode() in data]
    assert [told["reason"] for told in receipts(study)] == ["portion"]
    assert audit.verify(study.audit_file).ok
    assert withdrawal.unfinished(study) == ()


EXCLUDE = ("--session", "s01", "--purpose", "measure", "--exclude", "3-4")


def test_a_portion_excluded_by_a_grant_goes_at_once(study: Study) -> None:
    others = own_files(study, "s02")
    told = Driven(study.root).toolkit("consent", "grant", study.root, *EXCLUDE)
    assert told.code == 0, told.err
    assert "derived files made with the portion deleted; receipt: receipts/s01.portion-1.json" in told.out
    nothing_of_the_portion(study)
    assert own_files(study, "s02") == others
    made = session_result()
    cut = replace(made.dialogue, excluded=(Span(3.0, 4.0), Span(15.0, 16.0)))
    store.publish(study, replace(made, dialogue=cut))
    before = of_session(study, "s01")
    assert Driven(study.root).toolkit("consent", "grant", study.root, *EXCLUDE).code == 0  # nothing new to delete
    assert withdrawal.finish_all(study) == ()
    assert of_session(study, "s01") == before


def test_a_portion_that_cannot_be_deleted_now_is_said_and_deleted_later(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(store, "writing", lambda _study: (_ for _ in ()).throw(StoreError("another run is writing.")))
        told = Driven(study.root).toolkit("consent", "grant", study.root, *EXCLUDE)
    assert told.code == 6
    assert "left out from now on, but what was made of it is not deleted yet: another run is writing." in told.err
    portion_is_nowhere_to_be_seen(study, Span(3.0, 4.0))
    withdrawal.finish_all(study)
    nothing_of_the_portion(study)


@pytest.mark.parametrize("command", [["collect"], ["clean"], ["retention", "--carry-out", "--yes"]])
def test_a_portion_excluded_by_hand_goes_with_the_next_command_that_writes(study: Study, command: list[str]) -> None:
    edit_by_hand(study, Span(3.0, 4.0))
    assert withdrawal.unfinished(study) == ("s01",)
    first, *options = command
    told = Driven(study.root).toolkit(first, study.root, *options)
    assert told.code == 0, told.err
    nothing_of_the_portion(study)


def test_a_portion_excluded_by_hand_goes_with_the_next_run(tmp_path: Path) -> None:
    made = make_study(tmp_path, sessions=("good",))
    assert made.toolkit("run", made.root).code == 0
    stages = {p.name: p.read_bytes() for p in (made.root / "stages/good").rglob("*.json.z")}
    book = made.root / "consent.toml"
    book.write_text(book.read_text().replace("[sessions.good]\n", "[sessions.good]\nexcluded = [[2.0, 4.0]]\n"))
    assert made.toolkit("run", made.root).code == 0
    assert json.loads((made.root / "results/good/manifest.json").read_text())["excluded"] == [[2.0, 4.0]]
    after = {p.name for p in (made.root / "stages/good").rglob("*.json.z")}
    assert not after & stages.keys()
    again = (made.root / "results/good/manifest.json").stat().st_ino
    assert made.toolkit("run", made.root).code == 0
    assert (made.root / "results/good/manifest.json").stat().st_ino == again
    book.write_text(book.read_text().replace("excluded = [[2.0, 4.0]]\n", ""))  # given back, and taken back again
    assert made.toolkit("run", made.root).code == 0
    book.write_text(book.read_text().replace("[sessions.good]\n", "[sessions.good]\nexcluded = [[2.0, 4.0]]\n"))
    study = Study(made.root)
    assert withdrawal.unfinished(study) == ("good",)
    withdrawal.finish_all(study)
    assert own_files(study, "good") == {}


def test_a_note_of_what_is_gone_that_cannot_be_read_counts_for_nothing(study: Study) -> None:
    Driven(study.root).toolkit("consent", "grant", study.root, *EXCLUDE)
    store.publish(study, session_result())
    noted = study.root / "receipts" / "portions.done"
    for spoiled in (b"", b"[1]", b'{"s01": [[3.0]]}', b"\xff", b"[" * 100_000):
        noted.write_bytes(spoiled)
        assert withdrawal.unfinished(study) == ("s01",)


def portion_is_nowhere_to_be_seen(study: Study, portion: Span) -> None:
    """No number, code, silence or word of a session from which a portion was taken back, wherever one may look."""
    for table in tables.SCHEMAS:
        assert "s01" not in set(store.scan(study, table).collect()["session_id"])
    assert caseload.read(study).sessions["session_id"].to_list() == ["s02"]
    assert lab.newest(study)[0] == "s02"
    there = store.is_there(study, "s01")
    why = "portion that was taken back" if there else "no results"
    for opened in (
        lambda: api.load(study, "s01"),
        lambda: store.read(study, "s01", "silences"),
        lambda: store.load_dialogue(study, "s01"),
        lambda: look(study.root, "s01"),
        lambda: payload.session(study, "s01"),
        lambda: report.write(study, "s01", study.root.parent / "report.html", form=report.Form.HTML),
        lambda: export.export(study, "s01", study.root.parent / "s01.json", form=export.Format.JSON),
    ):
        with pytest.raises(InputError, match=why):
            opened()
    assert study.ledger().record("s01").excluded == (portion,)


def test_results_from_before_a_portion_was_excluded_are_not_shown_until_they_are_made_again(study: Study) -> None:
    portion = Span(3.0, 4.0)
    record = study.ledger().record("s01")
    ledger.save(study.consent_file, study.ledger().replace("s01", replace(record, excluded=(portion,))))
    before = of_session(study, "s01")
    portion_is_nowhere_to_be_seen(study, portion)
    store.collect(study)  # brings none of it back
    portion_is_nowhere_to_be_seen(study, portion)
    assert own_files(study, "s01").items() <= before.items()


LEFT = tuple(f"results/{mark}s01" for mark in ("", ".staging-", ".old-", ".purged-old-", ".purged-results-"))


@pytest.mark.parametrize("left", [*(f"{folder}/x" for folder in LEFT), "overlay/.s01.csv.abc.tmp"])
def test_whatever_a_stop_left_is_found_by_listing(study: Study, left: str) -> None:
    withdrawal.withdraw(study, "s01", today=TODAY)
    path = study.root / left
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    assert withdrawal.unfinished(study) == ("s01",)
    assert [r.files for r in withdrawal.finish_all(study)] == [1]
    assert not path.exists()


def test_a_new_portion_after_a_stop_is_added_and_the_whole_session_swallows_it(study: Study) -> None:
    plan = withdrawal.Plan(Reason.PORTION, portions=(Span(1, 2),))
    carrying_out.begin(study, "s01", today=TODAY, plan=plan)
    before = of_session(study, "s01")
    withdrawal.withdraw(study, "s01", today=TODAY)
    nothing_left(study, before)
    assert [r["reason"] for r in receipts(study)] == ["withdrawal"]


def test_a_voice_goes_with_the_last_session_of_its_person(study: Study) -> None:
    known = study.ledger()
    people = [Party(Role.CLIENT, "C1"), Party(Role.THERAPIST, "T1")]
    for party in people:
        given = ledger.Grant(party, frozenset({Purpose.VOICEPRINT}), date(2026, 1, 1), None)
        known = known.replace_person(party.id, ledger.grant(None, given, by=[party], recording_sha256=""))
    ledger.save(study.consent_file, known)
    for party in people:
        voices.keep(study.ledger(), Voice(party, (0.6, 0.8), "ab" * 32), today=TODAY)
    withdrawal.withdraw(study, "s01", today=TODAY)
    assert len(list((study.root / "voices").iterdir())) == 2  # both serve session s02
    receipt = withdrawal.withdraw(study, "s02", today=TODAY)
    assert list((study.root / "voices").iterdir()) == []
    assert [f.files for f in receipt.removed if f.kind == "voices"] == [2]
    voices.keep(
        study.ledger(), Voice(people[1], (0.6, 0.8), "ab" * 32), today=TODAY
    )  # enrolled anew, for sessions to come
    assert withdrawal.finish_all(study) == ()
    assert len(list((study.root / "voices").iterdir())) == 1


def test_a_changed_audit_log_is_reported_and_keeps_nothing(study: Study) -> None:
    before = of_session(study, "s01")
    lines = study.audit_file.read_bytes().splitlines(keepends=True)
    study.audit_file.write_bytes(b"".join(lines[:-1]) + lines[-1].replace(b"2", b"3"))
    with pytest.raises(StoreError, match="not as it was written"):
        withdrawal.withdraw(study, "s01", today=TODAY)
    assert of_session(study, "s01") == {}
    assert before


def test_nobody_knows_the_session(study: Study) -> None:
    before = contents(study)
    with pytest.raises(InputError, match="s99"):
        withdrawal.withdraw(study, "s99", today=TODAY)
    with pytest.raises(InputError, match="folder name"):
        withdrawal.withdraw(study, "../s01", today=TODAY)
    assert contents(study) == before


# a kill at any moment

CALLS = ("mkdir", "open", "write", "fsync", "close", "rename", "replace", "unlink", "rmdir", "ftruncate")


def killed_at(work: Callable[[], object], at: int) -> int:
    """Do the work in a process that kills itself at the `at`-th call that changes a file; returns how many it made.

    0 stands for a process that was killed.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - the child never comes back
        made = [0]
        say, leave = os.write, os._exit

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **options: object) -> object:
                made[0] += 1
                if made[0] == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **options)

            return call

        try:
            for name in CALLS:
                setattr(os, name, counted(getattr(os, name)))
            work()
            say(write_end, str(made[0]).encode())
        finally:
            leave(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return int(told or b"0")


@pytest.fixture(params=["plain", "vault"])
def kept(request: pytest.FixtureRequest, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study as it is, and encrypted, with its key at hand."""
    if request.param == "vault":
        monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
        vaulting.init(study, [], Keeping(tmp_path / "owner.key"))
    return study


@pytest.fixture
def moments() -> int:
    """At how many moments a deletion is killed; more by hand: TOOLKIT_KILLS=50."""
    return int(os.environ.get("TOOLKIT_KILLS", "12"))


PORTION = Span(3.0, 4.0)
TAKEN_BACK: dict[str, Callable[[Study], object]] = {
    "withdraw": lambda study: withdrawal.withdraw(study, "s01", today=TODAY, portions=[PORTION]),
    "grant": lambda study: Driven(study.root).toolkit("consent", "grant", study.root, *EXCLUDE),
    "by hand": withdrawal.finish_all,
}


@pytest.mark.parametrize("how", TAKEN_BACK)
def test_killed_at_any_moment_a_portion_is_absent_from_the_first_on(
    kept: Study, tmp_path: Path, how: str, moments: int
) -> None:
    if how == "by hand":
        edit_by_hand(kept, PORTION)
    again = tmp_path / "again"

    def work() -> object:
        return TAKEN_BACK[how](Study(again))

    shutil.copytree(kept.root, again)
    calls = killed_at(work, at=-1)
    dice = random.Random(20261125)
    seen = 0
    for at in sorted(dice.sample(range(1, calls + 1), moments)):
        shutil.rmtree(again)
        shutil.copytree(kept.root, again)
        made = killed_at(work, at)  # a run may come out some calls shorter than the one that was counted
        assert made == 0 or made < at
        stopped = Study(again)
        if stopped.ledger().record("s01").excluded:
            seen += 1
            portion_is_nowhere_to_be_seen(stopped, PORTION)
        elif not withdrawal.unfinished(stopped):  # nothing is written yet: nothing was taken back
            continue
        withdrawal.finish_all(stopped)
        portion_is_nowhere_to_be_seen(stopped, PORTION)
        nothing_of_the_portion(stopped)
    assert seen > moments // 2


def test_killed_at_fifty_random_moments_and_resumed_nothing_of_the_session_is_left(kept: Study, tmp_path: Path) -> None:
    before = of_session(kept, "s01")
    again = tmp_path / "again"

    def work() -> object:
        return withdrawal.withdraw(Study(again), "s01", today=TODAY)

    shutil.copytree(kept.root, again)
    calls = killed_at(work, at=-1)
    assert calls > 60
    dice = random.Random(20261124)
    kills = 0
    for at in sorted(dice.sample(range(1, calls + 1), 50)):
        shutil.rmtree(again)
        shutil.copytree(kept.root, again)
        kills += killed_at(work, at) == 0
        stopped = Study(again)
        if stopped.ledger().record("s01").withdrawn_on:  # from the first moment on
            assert "s01" not in set(store.scan(stopped, "measures").collect()["session_id"])
            withdrawal.finish_all(stopped)
        else:
            withdrawal.withdraw(stopped, "s01", today=TODAY)
        nothing_left(stopped, before)
        assert own_files(stopped, "s02") == own_files(kept, "s02")
        for told in receipts(stopped):
            assert told["session"] == "s01"
    assert kills == 50


def test_a_portion_taken_back_at_the_command_line_is_measured_again(tmp_path: Path) -> None:
    made = make_study(tmp_path, sessions=("good",))
    assert made.toolkit("run", made.root).code == 0
    before = json.loads((made.root / "results/good/manifest.json").read_text())
    end = made.toolkit("consent", "withdraw", made.root, "--session", "good", "--portion", "0:02-0:04", "--yes")
    assert end.code == 0, end.err
    assert "the portion is left out from now on" in end.out
    after = json.loads((made.root / "results/good/manifest.json").read_text())
    assert (before["excluded"], after["excluded"]) == ([], [[2.0, 4.0]])
    assert after["counts"]["words"] < before["counts"]["words"]
    assert made.toolkit("audit", "verify", made.root).code == 0
    assert made.toolkit("consent", "withdraw", made.root, "--session", "good", "--portion", "4-2", "--yes").code == 2


# retention


def keep_until(study: Study, session_id: str, day: date) -> None:
    known = study.ledger()
    record = known.record(session_id)
    first, *rest = record.grants
    changed = replace(record, grants=(replace(first, keep_until=day), *rest))
    ledger.save(study.consent_file, known.replace(session_id, changed))


def test_what_is_due_is_not_shown_listed_and_deleted(study: Study) -> None:
    keep_until(study, "s01", TODAY - timedelta(days=1))
    keep_until(study, "s02", TODAY)
    before = of_session(study, "s01")
    assert [(d.session_id, d.state) for d in retention.dates(study, today=TODAY)] == [("s01", "due"), ("s02", "kept")]
    assert set(store.scan(study, "measures").collect()["session_id"]) == {"s02"}
    due = [d for d in retention.dates(study, today=TODAY) if d.is_due]
    (receipt,) = retention.carry_out(study, due, today=TODAY, recordings=False)
    assert (receipt.session_id, receipt.reason) == ("s01", Reason.RETENTION)
    nothing_left(study, before)
    assert study.recording("s01").path.exists()
    assert study.ledger().record("s01").withdrawn_on is None
    assert [d.state for d in retention.dates(study, today=TODAY)] == ["gone", "kept"]


def test_what_is_due_goes_whole_where_a_portion_of_it_was_still_to_go(study: Study) -> None:
    edit_by_hand(study, Span(3.0, 4.0))
    keep_until(study, "s01", TODAY - timedelta(days=1))
    before = of_session(study, "s01")
    due = [d for d in retention.dates(study, today=TODAY) if d.is_due]
    told = list(retention.carry_out(study, due, today=TODAY, recordings=False))
    assert [receipt.reason for receipt in told] == [Reason.PORTION, Reason.RETENTION]
    (study.root / "receipts" / "portions.done").unlink()
    nothing_left(study, before)


def test_retention_at_the_command_line(tmp_path: Path) -> None:
    made = make_study(tmp_path, sessions=("good",))
    grant = ["consent", "grant", made.root, "--session", "good", "--purpose", "measure", "--keep-until", "2099-12-31"]
    assert "kept until 2099-12-31" in made.toolkit(*grant, "--listener", "S01").out
    assert made.toolkit("run", made.root).code == 0
    assert made.toolkit("retention", made.root).code == 0
    assert made.toolkit("show", made.root, "good").code == 3
    assert made.toolkit("--as", "S01", "show", made.root, "good").code == 0
    os.environ.pop("TOOLKIT_USER")
    ledger_file = made.root / "consent.toml"
    ledger_file.write_text(ledger_file.read_text().replace("2099-12-31", "2026-01-31"))
    refused = made.toolkit("run", made.root)
    assert (refused.code, "retention-over" in refused.err) == (3, True)
    due = made.toolkit("retention", made.root, "--json")
    assert (due.code, json.loads(due.out)["sessions"][0]["state"]) == (1, "due")
    assert made.toolkit("retention", made.root, "--recordings").code == 2
    assert made.recording("good.wav").exists()
    assert made.toolkit("retention", made.root, "--carry-out", "--recordings", "--yes").code == 0
    assert not made.recording("good.wav").exists()
    assert made.results() == []
    assert made.toolkit("audit", "verify", made.root).code == 0


# listeners


def listeners(study: Study, session_id: str, purposes: frozenset[Purpose], *who: str) -> None:
    known = study.ledger()
    record = known.record(session_id)
    first, *rest = record.grants
    named = replace(first, purposes=purposes, listeners=frozenset(who))
    others = replace(first, purposes=first.purposes - purposes)
    ledger.save(study.consent_file, known.replace(session_id, replace(record, grants=(named, others, *rest))))


def test_only_those_a_party_named_may_open_a_session(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    listeners(study, "s01", frozenset({Purpose.MEASURE}), "S01", "S02")
    for who, rule, why in (
        ("", "listener-not-named", "nobody said who this is"),
        ("S03", "not-a-listener", "S03 is not among them"),
    ):
        monkeypatch.setenv("TOOLKIT_USER", who)
        assert why in store.lacking(study.ledger(), "s01", {Purpose.MEASURE})
        assert "the purpose measure" in store.lacking(study.ledger(), "s99", {Purpose.MEASURE})
        assert set(store.scan(study, "measures").collect()["session_id"]) == {"s02"}
        for opened in (lambda: store.load(study, "s01"), lambda: look(study.root, "s01")):
            with pytest.raises(ConsentError, match=rule):
                opened()
            refused = list(audit.entries(study.audit_file))[-1]
            assert (refused["event"], refused["details"]) == ("refuse", {"rule": rule, "by": who})
    monkeypatch.setenv("TOOLKIT_USER", "S02")
    assert store.lacking(study.ledger(), "s01", {Purpose.MEASURE}) == ""
    assert set(store.scan(study, "measures").collect()["session_id"]) == {"s01", "s02"}
    assert look(study.root, "s01").texts
    opened_line = list(audit.entries(study.audit_file))[-1]
    assert (opened_line["event"], opened_line["details"]["by"]) == ("open", "S02")
    monkeypatch.setenv("TOOLKIT_USER", "Sam Smith")
    with pytest.raises(InputError, match="TOOLKIT_USER"):
        store.load(study, "s01")


def test_the_purpose_a_listener_is_named_for_counts(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    listeners(study, "s01", frozenset({Purpose.TRANSCRIPT}), "S01")
    assert set(store.scan(study, "measures").collect()["session_id"]) == {"s01", "s02"}
    assert set(store.scan(study, "restricted/words").collect()["session_id"]) == {"s02"}
    monkeypatch.setenv("TOOLKIT_USER", "S01")
    assert set(store.scan(study, "restricted/words").collect()["session_id"]) == {"s01", "s02"}


def test_a_clock_that_is_behind_the_log_refuses_everything(study: Study) -> None:
    known = replace(study.ledger(), logged_on=TODAY + timedelta(days=2))
    assert store.covered(study.ledger(), "s01")
    assert store.covered(known, "s01") == frozenset()
