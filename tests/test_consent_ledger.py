"""consent.toml: what is understood, and that everything else refuses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from toolkit.consent import Grant, Ledger, Party, Record
from toolkit.consent import ledger as ledgers
from toolkit.consent.ledger import Unreadable
from toolkit.errors import ConsentError
from toolkit.intervals import Span
from toolkit.types import Purpose, Role

TODAY = date(2026, 11, 23)
A, B = Party(Role.THERAPIST, "T01"), Party(Role.CLIENT, "C01")

GOOD = """
schema_version = 1

[sessions.s01]
parties = [{ role = "therapist", id = "T01" }, { role = "client", id = "C01" }]
excluded = [[62, 75.5], [70, 80]]
recording_sha256 = "%s"
note = "form in cabinet 3"

[[sessions.s01.grants]]
role = "therapist"
id = "T01"
purposes = ["measure", "transcript"]
granted_on = 2026-10-01
expires_on = 2027-10-01
recorded_by = "reception"

[[sessions.s01.grants]]
role = "client"
id = "C01"
purposes = ["measure"]
granted_on = 2026-10-01
""" % ("ab" * 32)


def load(tmp_path: Path, text: str) -> Ledger:
    path = tmp_path / "consent.toml"
    path.write_text(text, encoding="utf-8")
    return ledgers.load(path)


def test_what_a_clinic_writes(tmp_path: Path) -> None:
    for text in (GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n")):
        record = load(tmp_path, text).record("s01")
        assert record is not None
        assert record.parties == (A, B)
        assert record.excluded == (Span(62, 80),)
        assert record.note == "form in cabinet 3"
        assert record.grants[0] == Grant(
            A, frozenset({Purpose.MEASURE, Purpose.TRANSCRIPT}), date(2026, 10, 1), date(2027, 10, 1), "reception"
        )
        assert ledgers.granted(record, TODAY) == {Purpose.MEASURE}


def test_no_file_grants_nothing(tmp_path: Path) -> None:
    assert dict(ledgers.load(tmp_path / "consent.toml").records) == {}


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("note =", "notes =", "unknown-field", "note"),
        ("recorded_by =", "recorder =", "unknown-field", "recorded_by"),
        ("expires_on =", "expires =", "unknown-field", "expires_on"),
        ('id = "C01" }', 'id = "C01", name = "x" }', "unknown-field", "name"),
        ('["measure"]', '["mesure"]', "unknown-purpose", "measure"),
        ('["measure"]', '["everything"]', "unknown-purpose", "everything"),
        ('["measure"]', "[1]", "unknown-purpose", "1"),
        ('["measure"]', '"measure"', "invalid-record", "list"),
        ('role = "client", id', 'role = "patient", id', "unknown-role", "patient"),
        ('role = "client"\n', 'role = "interpreter"\n', "unknown-party", "interpreter"),
        ('id = "C01"\n', 'id = "C02"\n', "unknown-party", "C02"),
        ("granted_on = 2026-10-01\nexpires", "expires", "invalid-record", "granted_on"),
        ("= 2026-10-01", '= "2026-10-01"', "invalid-record", "without quotes"),
        ("= 2026-10-01", "= 2026-10-01T10:00:00", "invalid-record", "date"),
        ("expires_on = 2027-10-01", "expires_on = 2027", "invalid-record", "expires_on"),
        ("[62, 75.5]", "[75.5, 62]", "invalid-record", "start < end"),
        ("[62, 75.5]", "[-1, 62]", "invalid-record", "start < end"),
        ("[62, 75.5]", "[1, inf]", "invalid-record", "start < end"),
        ("[62, 75.5]", "[nan, 2]", "invalid-record", "start < end"),
        ("[62, 75.5]", "[false, true]", "invalid-record", "seconds"),
        ("[62, 75.5]", "[62]", "invalid-record", "seconds"),
        ("[[62, 75.5], [70, 80]]", '"62-75"', "invalid-record", "excluded"),
        ("abab", "xyz", "invalid-record", "recording_sha256"),
        ("note =", "withdrawn_on = true\nnote =", "invalid-record", "withdrawn_on"),
        ('id = "C01" }', 'id = "" }', "invalid-record", "without id"),
        ('id = "C01" }', 'id = "C01" }, { role = "client", id = "C01" }', "invalid-record", "twice"),
    ],
)
def test_what_is_not_understood_refuses(tmp_path: Path, old: str, new: str, rule: str, said: str) -> None:
    assert old in GOOD
    found = load(tmp_path, GOOD.replace(old, new)).records["s01"]
    assert isinstance(found, Unreadable)
    assert found.rule == rule
    assert said in found.reason
    with pytest.raises(ConsentError, match="session s01"):
        load(tmp_path, GOOD.replace(old, new)).record("s01")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("schema_version = 1", ""), "unknown-schema"),
        (GOOD.replace("schema_version = 1", "schema_version = 2"), "unknown-schema"),
        (GOOD.replace("schema_version = 1", "schema_version = true"), "unknown-schema"),
        (GOOD.replace("schema_version = 1", 'schema_version = "1"'), "unknown-schema"),
        (GOOD.replace("schema_version = 1", "schema_version = 1\nallow_all = true"), "unknown-field"),
        ("schema_version = 1\nsessions = 3", "unknown-field"),
        (GOOD.replace("[sessions.s01]", "[sessions.s01"), "no valid TOML"),
        (GOOD + "\n[sessions.s01]\n", "no valid TOML"),
        ("", "unknown-schema"),
    ],
)
def test_a_file_that_is_not_understood_refuses_all(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConsentError, match=said):
        load(tmp_path, text)


def test_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / "consent.toml"
    path.write_bytes(GOOD.replace("cabinet", "caf\xe9").encode("latin-1"))
    with pytest.raises(ConsentError, match="UTF-8"):
        ledgers.load(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConsentError, match="cannot be read"):
        ledgers.load(path)


def test_saving_keeps_what_it_could_not_read(tmp_path: Path) -> None:
    book = load(tmp_path, GOOD + '\n[sessions.s02]\nodd = [1, { deep = "x" }]\nwhen = 2026-01-01\n')
    path = tmp_path / "consent.toml"
    ledgers.save(path, book)
    again = ledgers.load(path)
    assert again == book
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["consent.toml"]


def give(*purposes: Purpose, end: date | None = None) -> Grant:
    return Grant(A, frozenset(purposes), TODAY, end)


def test_granting_again_adds_and_replaces() -> None:
    first = ledgers.grant(None, give(Purpose.MEASURE), by=[A, B], recording_sha256="ab" * 32)
    assert ledgers.granted(first, TODAY) == {Purpose.MEASURE}
    more = ledgers.grant(first, give(Purpose.TRANSCRIPT), by=[A, B], recording_sha256="ab" * 32)
    assert ledgers.granted(more, TODAY) == {Purpose.MEASURE, Purpose.TRANSCRIPT}
    shorter = ledgers.grant(more, give(Purpose.MEASURE, end=TODAY), by=[A, B], recording_sha256="ab" * 32)
    assert ledgers.granted(shorter, date(2026, 11, 24)) == {Purpose.TRANSCRIPT}
    assert len(shorter.grants) == 4


def test_one_party_granting_gives_nothing_yet() -> None:
    half = ledgers.grant(None, give(Purpose.MEASURE), by=[A], present=[A, B], recording_sha256="ab" * 32)
    assert half.parties == (A, B)
    assert ledgers.granted(half, TODAY) == frozenset()
    whole = ledgers.grant(half, give(Purpose.MEASURE), by=[B], present=[A, B], recording_sha256="ab" * 32)
    assert ledgers.granted(whole, TODAY) == {Purpose.MEASURE}


def test_excluded_portions_add_up() -> None:
    one = ledgers.grant(None, give(Purpose.MEASURE), by=[A], excluded=[Span(5, 6)], recording_sha256="")
    two = ledgers.grant(one, give(Purpose.MEASURE), by=[A], excluded=[Span(1, 2), Span(1.5, 3)], recording_sha256="")
    assert two.excluded == (Span(1, 3), Span(5, 6))


def test_a_grant_after_a_withdrawal_starts_anew() -> None:
    old = Record(
        (A, B), tuple(Grant(p, frozenset(Purpose), TODAY, None) for p in (A, B)), (Span(1, 2),), "ab" * 32, TODAY
    )
    assert ledgers.granted(old, TODAY) == frozenset()
    new = ledgers.grant(old, give(Purpose.MEASURE), by=[A, B], recording_sha256="cd" * 32)
    assert ledgers.granted(new, TODAY) == {Purpose.MEASURE}
    assert new.withdrawn_on is None
    assert new.excluded == (Span(1, 2),)
