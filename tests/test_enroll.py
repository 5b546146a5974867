"""`toolkit enroll` and recognised voices, as somebody types them: consent, what is kept, what is compared.

A voice here is a tone, and its embedding the share of each pitch: `fake_network` stands for the network, everything
else is the real thing. Real voices are in `test_voices.py`.
"""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from audio_files import write
from replay import Study, make_study

from toolkit import atomic
from toolkit.audio import Waveform
from toolkit.consent import ConsentedVoice, Party, admit, admit_voice, audit, ledger, voices
from toolkit.consent.voices import Voice
from toolkit.errors import ConsentError, InputError, StoreError
from toolkit.intervals import Span
from toolkit.settings import RoleSettings, Settings
from toolkit.types import Purpose, Role

RATE = 16_000
THERAPIST, CLIENT, STRANGER = 300.0, 500.0, 700.0  # Hz
TODAY = date(2026, 11, 24)
MODEL = "ab" * 32
T = Party(Role.THERAPIST, "T01")


def tone(pitch: float, seconds: float) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def save(path: Path, *parts: np.ndarray) -> Path:
    return write(path, np.concatenate(parts), rate=RATE, muxer="wav", codec="pcm_s16le")


def pitches(waveform: Waveform, spans: list[Span], *, device: str) -> np.ndarray:
    """How much of each 50 Hz is in each stretch, as a vector of length 1."""
    rows = []
    for span in spans:
        part = waveform.samples[round(span.start * RATE) : round(span.end * RATE)]
        power = np.abs(np.fft.rfft(part)) ** 2
        frequency = np.fft.rfftfreq(len(part), 1 / RATE)
        shares = np.array([power[(frequency >= low) & (frequency < low + 50)].sum() for low in range(275, 1000, 50)])
        rows.append(shares / np.linalg.norm(shares))
    return np.stack(rows) if rows else np.zeros((0, 15))


def loud(sound: Waveform, settings: Settings) -> tuple[Span, ...]:
    """Where there is sound, in steps of a tenth of a second."""
    blocks = np.abs(sound.samples[: len(sound.samples) // 1600 * 1600]).reshape(-1, 1600).max(axis=1) > 0.01
    return tuple(Span(i / 10, (i + 1) / 10) for i in np.flatnonzero(blocks))


@pytest.fixture
def fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.backends.voiceprint.embeddings", pitches)
    monkeypatch.setattr("toolkit.backends.voiceprint.model_sha256", lambda: MODEL)
    monkeypatch.setattr("toolkit.voices.enrolling.speech", loud)
    monkeypatch.setattr("toolkit.models.path", Path)


@pytest.fixture
def study(tmp_path: Path, fake_network: None) -> Study:
    """A session in which SPEAKER_00 is the therapist's tone and SPEAKER_01 the client's, of T01 and C-s01."""
    made = make_study(tmp_path, sessions=[])
    session(made, "s01", THERAPIST, CLIENT)
    return made


def session(study: Study, name: str, first: float, second: float) -> None:
    """Add a session whose two replayed speakers have these voices; everybody consents to be measured."""
    parts = (silence(0.5), tone(first, 6), tone(second, 7), tone(first, 6), silence(0.5))
    study.add_and_consent(name, save(study.recording(f"{name}.wav"), *parts))


def alone(study: Study, pitch: float = THERAPIST, seconds: float = 30) -> Path:
    return save(study.root.parent / f"alone-{pitch:.0f}-{seconds:.0f}.wav", tone(pitch, seconds))


def ok(study: Study, *arguments: object) -> str:
    end = study.toolkit(*arguments)
    assert end.code == 0, end.err
    assert str(study.root.parent) not in end.err
    return " ".join(end.out.split())


def refused(study: Study, code: int, *arguments: object) -> str:
    end = study.toolkit(*arguments)
    assert end.code == code, (end.code, end.out, end.err)
    (line,) = [x for x in end.err.splitlines() if x.strip()]
    assert str(study.root.parent) not in line
    return line


def enrolled(study: Study, who: str = "T01", pitch: float = THERAPIST) -> str:
    ok(study, "consent", "grant-voice", study.root, who)
    return ok(study, "enroll", study.root, who, alone(study, pitch))


def compared(study: Study, name: str = "s01") -> None:
    ok(study, "consent", "grant", study.root, "--session", name, "--purpose", "voiceprint")


def manifest(study: Study, name: str = "s01") -> dict:
    ok(study, "run", study.root, name)
    return json.loads((study.root / "results" / name / "manifest.json").read_text())


def roles(study: Study, name: str = "s01") -> dict[str, tuple[str, str]]:
    return {s: (a["role"], a["source"]) for s, a in manifest(study, name)["roles"].items()}


def kept(study: Study) -> list[str]:
    folder = study.root / "voices"
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


UNKNOWN = {"SPEAKER_00": ("unknown", "none"), "SPEAKER_01": ("unknown", "none")}
NAMED = {"SPEAKER_00": ("therapist", "voice"), "SPEAKER_01": ("client", "voice")}


# --- what is kept


def test_only_the_embedding_is_kept_where_nobody_else_reads(study: Study) -> None:
    said = enrolled(study)
    assert "30 s of speech" in said
    assert kept(study) == ["voice-T01.json"]
    folder = study.root / "voices"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "voice-T01.json").stat().st_mode & 0o777 == 0o600
    table = json.loads((folder / "voice-T01.json").read_text())
    assert set(table) == {"schema_version", "role", "id", "model_sha256", "embedding"}
    assert np.argmax(table["embedding"]) == 0  # 275 to 325 Hz
    log = (study.root / "audit.jsonl").read_text()
    assert audit.verify(study.root / "audit.jsonl").ok
    assert '"event":"enroll"' in log
    assert "T01" not in log


def test_enrolling_again_takes_the_place_of_the_old(study: Study) -> None:
    enrolled(study)
    before = (study.root / "voices" / "voice-T01.json").read_bytes()
    assert "again" in ok(study, "enroll", study.root, "T01", alone(study, STRANGER))
    assert kept(study) == ["voice-T01.json"]
    assert (study.root / "voices" / "voice-T01.json").read_bytes() != before


def test_nothing_of_it_is_in_results_or_exports(study: Study, tmp_path: Path) -> None:
    # a sound of its own, so that its numbers are nowhere else
    mixed = tone(THERAPIST, 30) + 0.37 * tone(412.0, 30)
    ok(study, "consent", "grant-voice", study.root, "T01")
    ok(study, "enroll", study.root, "T01", save(tmp_path / "own.wav", mixed))
    compared(study)
    assert roles(study)["SPEAKER_00"] == ("therapist", "voice")
    numbers = [
        f"{x:.6f}".rstrip("0")
        for x in json.loads((study.root / "voices" / "voice-T01.json").read_text())["embedding"]
        if 0.001 < x < 0.999
    ]
    assert numbers
    written = [p.read_bytes() for p in (study.root / "results").rglob("*") if p.is_file()]
    for form in ("json", "csv", "rttm"):
        target = tmp_path / f"out.{form}"
        ok(study, "export", study.root, "s01", "--format", form, "--output", target)
        written.append(target.read_bytes())
    written.append((study.root / "audit.jsonl").read_bytes())
    for data in written:
        assert not [n for n in numbers if n.encode() in data]
        assert b"embedding" not in data


# --- consent comes first


def test_no_consent_no_sound(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.audio.load", lambda *_: pytest.fail("sound was read"))
    recording = alone(study)
    assert "rule: no-record" in refused(study, 3, "enroll", study.root, "T01", recording)
    # consent for a session is none for enrolling
    compared(study)
    assert "rule: no-record" in refused(study, 3, "enroll", study.root, "T01", recording)
    assert "rule: no-record" in refused(study, 3, "enroll", study.root, "nobody", recording)
    ok(study, "consent", "grant-voice", study.root, "T01")
    ok(study, "consent", "withdraw-voice", study.root, "T01", "--yes")
    assert "rule: withdrawn" in refused(study, 3, "enroll", study.root, "T01", recording)
    assert kept(study) == []
    events = [json.loads(x)["event"] for x in (study.root / "audit.jsonl").read_text().splitlines()]
    assert events.count("enroll-refused") == 4


def test_a_grant_outside_its_dates_enrols_nothing(study: Study) -> None:
    ok(study, "consent", "grant-voice", study.root, "T01")
    text = (study.root / "consent.toml").read_text()
    granted = f"granted_on = {date.today()}\n"  # noqa: DTZ011 - as the command has it
    place = text.rindex(granted)
    for dates, rule in (
        ("granted_on = 2020-01-01\nexpires_on = 2020-02-01\n", "expired"),
        ("granted_on = 2999-01-01\n", "not-yet-valid"),
    ):
        (study.root / "consent.toml").write_text(text[:place] + dates + text[place + len(granted) :])
        assert f"rule: {rule}" in refused(study, 3, "enroll", study.root, "T01", alone(study))


def test_a_sessions_recording_enrols_nobody(study: Study, tmp_path: Path) -> None:
    ok(study, "consent", "grant-voice", study.root, "T01")
    copy = tmp_path / "copy.wav"
    shutil.copy(study.recording("s01.wav"), copy)
    assert "rule: other-recording" in refused(study, 3, "enroll", study.root, "T01", copy)
    unconsented = save(study.recording("s02.wav"), tone(THERAPIST, 30))
    ok(study, *study.add_arguments("s02", unconsented))
    assert "recording of session s02" in refused(study, 2, "enroll", study.root, "T01", unconsented)
    assert kept(study) == []


def test_consent_withdrawn_meanwhile_keeps_nothing(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    from toolkit.voices import enrolling

    ok(study, "consent", "grant-voice", study.root, "T01")
    real = enrolling.describe

    def slow(consented: ConsentedVoice, settings: Settings) -> tuple[Voice, float]:
        found = real(consented, settings)
        ok(study, "consent", "withdraw-voice", study.root, "T01", "--yes")
        return found

    monkeypatch.setattr(enrolling, "describe", slow)
    assert "consent no longer covers it" in refused(study, 3, "enroll", study.root, "T01", alone(study))
    assert kept(study) == []


def test_withdrawal_deletes_the_voice_and_the_session_is_stale(study: Study) -> None:
    enrolled(study)
    compared(study)
    assert roles(study) == NAMED
    assert "current" in ok(study, "status", study.root)
    assert "was deleted" in ok(study, "consent", "withdraw-voice", study.root, "T01", "--yes")
    assert kept(study) == []
    assert "stale" in ok(study, "status", study.root)
    assert roles(study) == UNKNOWN


def test_a_voice_whose_consent_ran_out_is_not_compared_and_deleted_by_the_next_command(study: Study) -> None:
    enrolled(study)
    compared(study)
    text = (study.root / "consent.toml").read_text()
    head, mark, person = text.partition("[people.T01]")
    person = person.rstrip() + "\nexpires_on = 2020-02-01\n"
    start = person.index("granted_on")
    person = person[:start] + "granted_on = 2020-01-01\n" + person[person.index("expires_on") :]
    (study.root / "consent.toml").write_text(head + mark + person)
    assert roles(study) == UNKNOWN
    assert kept(study) == []  # the run looked at the ledger before anything else
    assert "expired" in ok(study, "consent", "voices", study.root)


def test_a_person_taken_out_of_the_ledger_by_hand_is_deleted_too(study: Study) -> None:
    enrolled(study)
    text = (study.root / "consent.toml").read_text()
    (study.root / "consent.toml").write_text(text.partition("[people.T01]")[0])
    (study.root / "voices" / ".left.tmp").write_text("left by a crash")
    assert "Deleted 2" in ok(study, "consent", "voices", study.root)
    assert kept(study) == []


def test_the_gate_is_a_type(study: Study) -> None:
    from toolkit.study import Study as Opened

    ok(study, "consent", "grant-voice", study.root, "T01")
    opened = Opened.open(study.root)
    today = date.today()  # noqa: DTZ011 - as the command has it
    consented = admit_voice("T01", alone(study), opened.ledger(), today=today)
    assert consented.sound.purposes == {Purpose.VOICEPRINT}
    with pytest.raises(TypeError, match="admit_voice only"):
        ConsentedVoice(T, consented.sound, object())
    with pytest.raises(TypeError, match="stays in its process"):
        pickle.dumps(consented)
    with pytest.raises(ConsentError):
        voices.keep(ledger.Ledger(home=study.root), Voice(T, (1.0,), MODEL), today=today)


# --- the ledger

PERSON = """
schema_version = 1

[people.T01]
role = "therapist"
note = "form in cabinet 3"

[[people.T01.grants]]
purposes = ["voiceprint"]
granted_on = 2026-10-01
expires_on = 2027-10-01
recorded_by = "reception"
"""


def test_a_persons_own_record_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "consent.toml"
    path.write_text(PERSON + "\n[people.odd]\nhat = 3\n")
    book = ledger.load(path)
    record = book.people["T01"]
    assert isinstance(record, ledger.Record)
    assert record.parties == (T,)
    assert record.grants[0].expires_on == date(2027, 10, 1)
    assert voices.permitted(book, T, TODAY)
    assert not voices.permitted(book, T, date(2027, 10, 2))
    assert not voices.permitted(book, Party(Role.CLIENT, "T01"), TODAY)
    assert not voices.permitted(book, Party(Role.THERAPIST, "odd"), TODAY)
    ledger.save(path, book)
    assert ledger.load(path) == book
    assert "hat = 3" in path.read_text()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('["voiceprint"]', '["measure"]', "unknown-purpose"),
        ('["voiceprint"]', '["voiceprint", "research"]', "unknown-purpose"),
        ('role = "therapist"', 'role = "unknown"', "unknown-role"),
        ('role = "therapist"', 'role = "boss"', "unknown-role"),
        ('role = "therapist"\n', "", "unknown-role"),
        ("note =", "notes =", "unknown-field"),
        ("granted_on", 'role = "client"\ngranted_on', "unknown-field"),
        ("granted_on = 2026-10-01\n", "", "invalid-record"),
        ("people.T01", 'people."../T01"', "invalid-record"),
    ],
)
def test_a_persons_record_that_is_not_understood_grants_nothing(tmp_path: Path, old: str, new: str, rule: str) -> None:
    assert old in PERSON
    path = tmp_path / "consent.toml"
    path.write_text(PERSON.replace(old, new))
    book = ledger.load(path)
    (who,) = book.people
    with pytest.raises(ConsentError, match=f"rule: {rule}"):
        admit_voice(who, tmp_path / "none.wav", book, today=TODAY)


def test_people_that_are_no_table_refuse_all(tmp_path: Path) -> None:
    path = tmp_path / "consent.toml"
    path.write_text("schema_version = 1\npeople = 3\n")
    with pytest.raises(ConsentError, match="unknown-field"):
        ledger.load(path)


# --- recordings that cannot be used


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((tone(THERAPIST, 12),), "12 s of speech, at least 20 s"),
        ((tone(THERAPIST, 20), silence(1), tone(CLIENT, 10)), "more than one voice (33% of the speech"),
        ((tone(THERAPIST, 15), tone(CLIENT, 15), tone(STRANGER, 15)), "more than one voice"),
        ((silence(30),), "silent"),
    ],
    ids=["short", "two voices", "three voices", "silence"],
)
def test_a_recording_that_holds_no_single_voice(study: Study, tmp_path: Path, parts, words) -> None:
    ok(study, "consent", "grant-voice", study.root, "T01")
    line = refused(study, 2, "enroll", study.root, "T01", save(tmp_path / "bad.wav", *parts))
    assert "voice of T01" in line
    assert "session" not in line
    assert words in line
    assert kept(study) == []


def test_a_greeting_by_somebody_else_is_let_be_and_left_out(study: Study, tmp_path: Path) -> None:
    ok(study, "consent", "grant-voice", study.root, "T01")
    recording = save(tmp_path / "greeted.wav", tone(CLIENT, 3), silence(0.5), tone(THERAPIST, 57))
    assert "57 s of speech" in ok(study, "enroll", study.root, "T01", recording)
    embedding = json.loads((study.root / "voices" / "voice-T01.json").read_text())["embedding"]
    assert embedding[0] > 0.999


def test_a_voice_behind_the_wall_is_let_be_and_one_across_the_room_is_not(study: Study, tmp_path: Path) -> None:
    ok(study, "consent", "grant-voice", study.root, "T01")
    for db, code in ((-30, 0), (-15, 2)):
        other = tone(CLIENT, 30) * np.float32(10 ** (db / 20))
        recording = save(tmp_path / f"{-db}.wav", tone(THERAPIST, 30), silence(1), other, tone(THERAPIST, 15))
        assert study.toolkit("enroll", study.root, "T01", recording).code == code, db


def test_files_that_are_none(study: Study, tmp_path: Path) -> None:
    ok(study, "consent", "grant-voice", study.root, "T01")
    (tmp_path / "text.wav").write_text("no sound")
    for path, words in (
        (tmp_path / "none.wav", "no such recording: none.wav"),
        (tmp_path, "is not a file"),
        (tmp_path / "text.wav", "voice of T01"),
    ):
        assert words in refused(study, 2, "enroll", study.root, "T01", path)


def test_who_may_agree(study: Study) -> None:
    assert "Did you mean T01?" in refused(study, 2, "consent", "grant-voice", study.root, "T1")
    assert "give --role" in refused(study, 2, "consent", "grant-voice", study.root, "Z99")
    assert "is no role" in refused(study, 2, "consent", "grant-voice", study.root, "Z99", "--role", "boss")
    assert "is a therapist already" in refused(
        study, 2, "consent", "grant-voice", study.root, "T01", "--role", "client"
    )
    assert "is over already" in refused(
        study, 2, "consent", "grant-voice", study.root, "T01", "--expires", "2020-01-01"
    )
    ok(study, "consent", "grant-voice", study.root, "S07", "--role", "therapist")
    ok(study, "consent", "grant-voice", study.root, "C-s01", "--expires", "2999-01-01")
    listed = json.loads(study.toolkit("consent", "voices", study.root, "--json").out)["people"]
    assert listed == [
        {"person": "S07", "role": "therapist", "state": "granted", "enrolled": "no"},
        {"person": "C-s01", "role": "client", "state": "granted", "enrolled": "no"},
    ]


# --- in a run


def test_the_enrolled_therapist_is_recognised_and_the_other_is_the_client(study: Study) -> None:
    assert roles(study) == UNKNOWN  # too few words
    enrolled(study)
    compared(study)
    assert roles(study) == NAMED
    session(study, "s02", CLIENT, THERAPIST)  # the same therapist in another session, on the other label
    compared(study, "s02")
    assert roles(study, "s02") == {"SPEAKER_00": ("client", "voice"), "SPEAKER_01": ("therapist", "voice")}


def test_without_the_sessions_own_purpose_no_voice_is_described(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(study)
    monkeypatch.setattr("toolkit.backends.voiceprint.embeddings", lambda *_, **__: pytest.fail("a voice was described"))
    assert roles(study) == UNKNOWN
    # one party's grant is not everybody's
    ok(study, "consent", "grant", study.root, "--session", "s01", "--purpose", "voiceprint", "--party", "T01")
    assert roles(study) == UNKNOWN


def test_nobody_enrolled_means_no_voice_is_described(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.backends.voiceprint.embeddings", lambda *_, **__: pytest.fail("a voice was described"))
    compared(study)
    assert roles(study) == UNKNOWN
    ok(study, "consent", "grant-voice", study.root, "S07", "--role", "therapist")  # somebody of no session here
    assert roles(study) == UNKNOWN


def test_an_unknown_voice_is_said_to_be_unknown(study: Study) -> None:
    enrolled(study)
    session(study, "s02", STRANGER, CLIENT)
    compared(study, "s02")
    found = manifest(study, "s02")
    assert {a["role"] for a in found["roles"].values()} == {"unknown"}
    assert [w for w in found["warnings"] if w.startswith("The enrolled voice of the therapist was not heard")]
    assert "T01" not in json.dumps(found["warnings"])
    ok(study, "roles", "set", study.root, "s02", "SPEAKER_00=therapist")
    after = json.loads((study.root / "results" / "s02" / "manifest.json").read_text())
    assert [w for w in after["warnings"] if "was not heard" in w]  # a correction does not take it away


def test_a_voice_of_nobody_is_said_where_everybody_is_enrolled(study: Study) -> None:
    enrolled(study)
    session(study, "s02", THERAPIST, STRANGER)
    enrolled(study, "C-s02", CLIENT)
    compared(study, "s02")
    found = manifest(study, "s02")
    assert found["roles"]["SPEAKER_00"]["role"] == "therapist"
    assert found["roles"]["SPEAKER_01"]["role"] == "unknown"
    assert "Not every speaker's voice is one of those enrolled for this session." in found["warnings"]


def test_a_voice_of_another_model_is_not_compared(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(study)
    compared(study)
    monkeypatch.setattr("toolkit.backends.voiceprint.model_sha256", lambda: "cd" * 32)
    found = manifest(study)
    assert {a["role"] for a in found["roles"].values()} == {"unknown"}
    assert [w for w in found["warnings"] if "enrolled with another model" in w]


def test_with_a_channel_map_no_voice_is_described(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    from toolkit.study import Study as Opened
    from toolkit.voices import NOBODY, recognise

    enrolled(study)
    compared(study)
    opened = Opened.open(study.root)
    today = date.today()  # noqa: DTZ011 - as the command has it
    recording = opened.recording("s01")
    monkeypatch.setattr("toolkit.backends.voiceprint.embeddings", lambda *_, **__: pytest.fail("a voice was described"))
    mapped = admit(
        replace(recording, channels=("therapist", "client")), opened.ledger(), purposes=[Purpose.MEASURE], today=today
    )
    assert mapped.voices
    sound = Waveform(tone(THERAPIST, 20), RATE)
    assert recognise(sound, [], mapped, Settings()) == NOBODY
    plain = admit(recording, opened.ledger(), purposes=[Purpose.MEASURE], today=today)
    assert recognise(sound, [], plain, Settings(roles=RoleSettings(backend="none"))) == NOBODY


# --- files that are not as they were written


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:40],
        lambda t: f"[{t}]",
        lambda t: t.replace('"schema_version": 1', '"schema_version": 2'),
        lambda t: t.replace('"T01"', '"T02"'),
        lambda t: t.replace('"therapist"', '"client"'),
        lambda t: t.replace('"embedding": [', '"embedding": [3.0, '),
        lambda t: t.replace('"embedding": [', '"embedding": [NaN, '),
        lambda t: t.replace("model_sha256", "model"),
    ],
)
def test_a_damaged_voice_stops_its_sessions_with_one_line(study: Study, change) -> None:
    enrolled(study)
    compared(study)
    path = study.root / "voices" / "voice-T01.json"
    path.write_text(change(path.read_text()))
    line = refused(study, 6, "run", study.root, "s01")
    assert "enrolled voice of the therapist T01 cannot be read" in line
    assert "toolkit enroll STUDY T01" in line


def test_ids_that_differ_in_capitals_only_do_not_share_a_file(study: Study) -> None:
    enrolled(study)
    path = study.root / "voices" / "voice-T01.json"
    path.write_text(path.read_text().replace('"T01"', '"t01"'))  # what such a disk would hold
    assert "is that of t01" in refused(study, 6, "enroll", study.root, "T01", alone(study))


def test_a_disk_that_is_full_is_one_line(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    ok(study, "consent", "grant-voice", study.root, "T01")

    write = atomic.write_bytes

    def full(path: Path, data: bytes) -> None:
        if path.name.startswith("voice-"):
            raise StoreError(f"cannot write {path.name}: the disk is full.")
        write(path, data)

    monkeypatch.setattr(atomic, "write_bytes", full)
    assert "voice-T01.json: the disk is full" in refused(study, 6, "enroll", study.root, "T01", alone(study))
    assert kept(study) == []


def test_input_errors_speak_of_the_voice() -> None:
    from toolkit.voices.enrolling import of_voice

    error = of_voice(InputError("session T01: the recording is cut off.", hint="Get it, then: toolkit run"))
    assert str(error) == "voice of T01: the recording is cut off. Get it, then: toolkit enroll"


# --- with the networks


SAMPLE = Path(__file__).resolve().parent.parent / "sample_data"


def sound_of(path: Path, channel: int) -> np.ndarray:
    import av

    resampler = av.AudioResampler("fltp", None, RATE)
    with av.open(str(path)) as container:
        frames = [made for frame in container.decode(audio=0) for made in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)[channel]


@pytest.mark.models
def test_a_real_voice_is_enrolled_and_recognised_and_a_conversation_is_refused(
    tmp_path: Path, model_store: dict[str, Path]
) -> None:
    from toolkit import audio
    from toolkit.formats import rttm
    from toolkit.study import Study as Opened
    from toolkit.types import SpeakerInterval
    from toolkit.voices import recognise

    study = Study(tmp_path / "study")
    ok(study, "init", study.root)
    for name in ("reflective", "hurried"):  # the second was held by another therapist than its row says
        ok(study, *study.add_arguments(name, SAMPLE / "recordings" / f"{name}.flac"))
        purposes = ["--purpose", "measure", "--purpose", "voiceprint"]
        ok(study, "consent", "grant", study.root, "--session", name, *purposes)
    ok(study, "consent", "grant-voice", study.root, "T01")
    conversation = save(tmp_path / "both.wav", sound_of(SAMPLE / "recordings" / "hurried.flac", 0)[: 90 * RATE])
    assert "more than one voice" in refused(study, 2, "enroll", study.root, "T01", conversation)
    alone = save(tmp_path / "alone.wav", sound_of(SAMPLE / "recordings" / "reflective.channels.opus", 0)[: 90 * RATE])
    assert "Enrolled the voice" in ok(study, "enroll", study.root, "T01", alone)
    opened = Opened.open(study.root)
    today = date.today()  # noqa: DTZ011 - as the command has it
    for name, expected in (("reflective", {"SPEAKER_07": Role.THERAPIST}), ("hurried", {})):
        consented = admit(opened.recording(name), opened.ledger(), purposes=[Purpose.MEASURE], today=today)
        truth = [i for talk in rttm.read(SAMPLE / "truth" / f"{name}.rttm").values() for i in talk]
        labels = {"therapist": "SPEAKER_07", "client": "SPEAKER_03"}
        speakers = [SpeakerInterval(i.start, i.end, labels[i.speaker]) for i in truth]
        settings = Settings(roles=RoleSettings(voice_speech=20.0))
        found = recognise(audio.load(consented, settings.audio).mix, speakers, consented, settings)
        assert {s: a.role for s, a in found.roles.items()} == expected
        assert bool(found.missing) == (name == "hurried")
