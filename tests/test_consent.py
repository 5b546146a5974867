"""The gate: every rule that refuses, in its order, and that nothing else makes a ConsentedRecording."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import os
import pickle
from datetime import date, timedelta
from pathlib import Path

import pytest

from toolkit.consent import ConsentedRecording, Grant, Ledger, Party, Record, Refusal, admit
from toolkit.consent import ledger as ledgers
from toolkit.errors import ConsentError, InputError
from toolkit.intervals import Span
from toolkit.types import Purpose, Recording, Role

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
THERAPIST = Party(Role.THERAPIST, "T01")
CLIENT = Party(Role.CLIENT, "C01")
BYTES = b"not really audio"


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    path = tmp_path / "tuesday.wav"
    path.write_bytes(BYTES)
    return Recording("s01", path, "T01", "C01", "2026-11-01", "en", 2, 2, ())


def grants(*purposes: Purpose, party: Party, start: date = TODAY, end: date | None = None) -> Grant:
    return Grant(party, frozenset(purposes), start, end)


def record(**changes: object) -> Record:
    both = tuple(grants(Purpose.MEASURE, party=p) for p in (THERAPIST, CLIENT))
    base = Record((THERAPIST, CLIENT), both, recording_sha256=hashlib.sha256(BYTES).hexdigest())
    return dataclasses.replace(base, **changes)


def let_in(recording: Recording, given: Record, *purposes: Purpose, today: date = TODAY) -> ConsentedRecording:
    return admit(recording, Ledger({"s01": given}), purposes=purposes, today=today)


def refused(recording: Recording, given: Record, *purposes: Purpose, today: date = TODAY) -> str:
    with pytest.raises(Refusal) as caught:
        let_in(recording, given, *purposes, today=today)
    assert "session s01" in str(caught.value)
    assert caught.value.rule in str(caught.value)
    assert caught.value.exit_code == 3
    return caught.value.rule


def test_all_agreed(recording: Recording) -> None:
    consented = let_in(recording, record(excluded=(Span(1, 2),)))
    assert consented.recording is recording
    assert consented.purposes == {Purpose.MEASURE}
    assert consented.excluded == (Span(1, 2),)
    assert consented.sha256 == hashlib.sha256(BYTES).hexdigest()


def test_no_record(recording: Recording) -> None:
    with pytest.raises(Refusal) as caught:
        admit(recording, Ledger({"s02": record()}), purposes=[], today=TODAY)
    assert caught.value.rule == "no-record"
    assert "consent grant" in caught.value.hint


def test_withdrawn_even_in_the_future(recording: Recording) -> None:
    for day in (TODAY - DAY, TODAY, TODAY + DAY):
        assert refused(recording, record(withdrawn_on=day)) == "withdrawn"


def test_somebody_is_missing_in_the_record(recording: Recording) -> None:
    assert refused(recording, record(parties=(THERAPIST,))) == "party-missing"
    assert refused(recording, record(parties=(THERAPIST, Party(Role.CLIENT, "C02")))) == "party-missing"
    assert refused(recording, record(parties=(THERAPIST, Party(Role.OTHER, "C01")))) == "party-missing"
    couple = dataclasses.replace(recording, client="C01;C02")
    assert refused(couple, record()) == "party-missing"


def test_a_further_party_must_agree_too(recording: Recording) -> None:
    interpreter = Party(Role.INTERPRETER, "I01")
    three = (THERAPIST, CLIENT, interpreter)
    assert refused(recording, record(parties=three)) == "purpose-not-granted"
    agreed = (*record().grants, grants(Purpose.MEASURE, party=interpreter))
    assert let_in(recording, record(parties=three, grants=agreed)).purposes == {Purpose.MEASURE}


def test_purpose_not_granted(recording: Recording) -> None:
    assert refused(recording, record(), Purpose.TRANSCRIPT) == "purpose-not-granted"
    assert refused(recording, record(grants=())) == "purpose-not-granted"


def test_measure_is_needed_whatever_is_asked(recording: Recording) -> None:
    transcript = tuple(grants(Purpose.TRANSCRIPT, party=p) for p in (THERAPIST, CLIENT))
    assert refused(recording, record(grants=transcript)) == "purpose-not-granted"
    assert refused(recording, record(grants=transcript), Purpose.TRANSCRIPT) == "purpose-not-granted"


def test_the_most_restrictive_party_wins(recording: Recording) -> None:
    given = (
        grants(Purpose.MEASURE, Purpose.TRANSCRIPT, Purpose.RESEARCH, party=THERAPIST),
        grants(Purpose.MEASURE, Purpose.TRANSCRIPT, party=CLIENT),
    )
    assert let_in(recording, record(grants=given)).purposes == {Purpose.MEASURE, Purpose.TRANSCRIPT}


def test_first_and_last_day(recording: Recording) -> None:
    given = tuple(grants(Purpose.MEASURE, party=p, start=TODAY, end=TODAY + DAY) for p in (THERAPIST, CLIENT))
    whole = record(grants=given)
    assert refused(recording, whole, today=TODAY - DAY) == "not-yet-valid"
    assert let_in(recording, whole, today=TODAY)
    assert let_in(recording, whole, today=TODAY + DAY)
    assert refused(recording, whole, today=TODAY + 2 * DAY) == "expired"


def test_an_expired_purpose_is_gone_while_another_holds(recording: Recording) -> None:
    given = tuple(
        g
        for p in (THERAPIST, CLIENT)
        for g in (grants(Purpose.MEASURE, party=p), grants(Purpose.TRANSCRIPT, party=p, end=TODAY))
    )
    whole = record(grants=given)
    assert let_in(recording, whole).purposes == {Purpose.MEASURE, Purpose.TRANSCRIPT}
    assert let_in(recording, whole, today=TODAY + DAY).purposes == {Purpose.MEASURE}
    assert refused(recording, whole, Purpose.TRANSCRIPT, today=TODAY + DAY) == "expired"


def test_another_file(recording: Recording) -> None:
    recording.path.write_bytes(BYTES + b".")
    assert refused(recording, record()) == "other-recording"


def test_a_record_that_does_not_say_for_which_file(recording: Recording) -> None:
    assert refused(recording, record(recording_sha256="")) == "other-recording"


def test_a_refusal_does_not_open_the_file(recording: Recording) -> None:
    gone = dataclasses.replace(recording, path=recording.path.with_name("gone.wav"))
    assert refused(gone, record(withdrawn_on=TODAY)) == "withdrawn"
    with pytest.raises(InputError, match=r"session s01: no such recording: gone\.wav"):
        let_in(gone, record())


def test_pipes_and_folders_are_no_recordings(recording: Recording, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(InputError, match="is not a file"):
            let_in(dataclasses.replace(recording, path=path), record())
    with pytest.raises(InputError, match="no such recording"):
        let_in(dataclasses.replace(recording, path=recording.path / "below.wav"), record())


def test_messages_name_no_folder(recording: Recording, tmp_path: Path) -> None:
    gone = dataclasses.replace(recording, path=tmp_path / "a\nb.wav")
    with pytest.raises(InputError) as caught:
        let_in(gone, record())
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_admit_makes_one(recording: Recording) -> None:
    consented = let_in(recording, record())
    with pytest.raises(TypeError):
        ConsentedRecording(recording, frozenset(Purpose), (), "", object())
    with pytest.raises(TypeError):
        ConsentedRecording(recording, frozenset(Purpose), (), "", None)
    with pytest.raises(TypeError):
        ConsentedRecording(recording, frozenset(Purpose), ())  # type: ignore[call-arg]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(consented, purposes=frozenset(Purpose))
    with pytest.raises(TypeError):
        pickle.dumps(consented)
    with pytest.raises(TypeError):
        copy.copy(consented)
    with pytest.raises(dataclasses.FrozenInstanceError):
        consented.purposes = frozenset(Purpose)  # type: ignore[misc]
    assert not any("seal" in f.name for f in dataclasses.fields(consented))


def test_no_environment_variable_turns_it_off(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOOLKIT_CONSENT", "TOOLKIT_NO_CONSENT", "TOOLKIT_SKIP_CONSENT", "TOOLKIT_DEBUG", "CI"):
        monkeypatch.setenv(name, "1")
    assert refused(recording, record(grants=())) == "purpose-not-granted"


def test_the_room_reads_no_environment() -> None:
    for module in Path(ledgers.__file__).parent.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert "os.environ" not in text
        assert "getenv" not in text


def test_an_unreadable_record_refuses_its_session_only(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "consent.toml"
    ledgers.save(path, Ledger({"s01": record()}))
    path.write_text(path.read_text(encoding="utf-8") + "\n[sessions.s02]\npurposes = []\n", encoding="utf-8")
    book = ledgers.load(path)
    assert admit(recording, book, purposes=[], today=TODAY)
    with pytest.raises(Refusal) as caught:
        admit(dataclasses.replace(recording, session_id="s02"), book, purposes=[], today=TODAY)
    assert caught.value.rule == "unknown-field"
    assert isinstance(caught.value, ConsentError)
