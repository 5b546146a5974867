"""The overlay's file: what may stand in it, which lines count, and that text in it harms nothing."""

from __future__ import annotations

import csv
import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import overlay
from toolkit.errors import InputError
from toolkit.overlay import Correction, Line, What
from toolkit.overlay.values import codes_after
from toolkit.types import Code, Role

TODAY = date(2026, 3, 1)
HEADER = "made_on,by,what,target,value\n"


def said(what: What, target: str, value: str, by: str = "T1") -> Line:
    return Line("2026-03-01", by, Correction(what, target, value))


@pytest.mark.parametrize(
    ("what", "target", "value", "written"),
    [
        (What.ROLE, "SPEAKER_00", "Co-therapist", ("SPEAKER_00", "co_therapist")),
        (What.TURN, "12.34", "SPEAKER_01", ("12.340", "SPEAKER_01")),
        (What.WORD, " 12,3405/B ", "A", ("12.341/B", "A")),
        (What.CODE, "0", "cr", ("0.000", "complex_reflection")),
        (What.CODE, "0", "Affirm; Open Question", ("0.000", "open_question+affirm")),
        (What.CODE, "0", "None", ("0.000", "none")),
        (What.CODE, "0", "neutral+unmarked", ("0.000", "neutral+unmarked")),
        (What.SILENCE, "64.12", "Reflective", ("64.120", "reflective")),
        (What.NOTE, "1", "line\r\nline", ("1.000", "line\nline")),
        (What.RATING, "empathy", "4", ("empathy", "4")),
        (What.COUNTED, "", "T-2", ("", "T-2")),
        (What.SILENCE, "64.12", "  ", ("64.120", "")),
    ],
)
def test_a_correction_has_one_form(what: What, target: str, value: str, written: tuple[str, str]) -> None:
    found = overlay.checked(Correction(what, target, value))
    assert (found.target, found.value) == written
    assert overlay.checked(found) == found


@pytest.mark.parametrize(
    ("what", "target", "value"),
    [
        ("voice", "A", "B"),
        (What.ROLE, "A", "boss secret"),
        (What.ROLE, "", "client"),
        (What.TURN, "secret", "A"),
        (What.TURN, "-1", "A"),
        (What.TURN, "nan", "A"),
        (What.TURN, "1.0", "two words secret"),
        (What.CODE, "1.0", "flattery secret"),
        (What.CODE, "1.0", "none+affirm"),
        (What.CODE, "1.0", "feeling+unmarked"),
        (What.SILENCE, "1.0", "secret"),
        (What.NOTE, "1.0", "secret\x00"),
        (What.NOTE, "1.0", "x" * 4001),
        (What.RATING, "empathy", "6"),
        (What.RATING, "empathy", "3.5"),
        (What.RATING, "warmth", "3"),
        (What.COUNTED, "s01", "T1"),
        (What.COUNTED, "", "Dr secret"),
    ],
)
def test_what_makes_no_sense_is_refused_and_never_quoted(what: What, target: str, value: str) -> None:
    with pytest.raises(InputError) as refused:
        overlay.checked(Correction(what, target, value))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "now", "written"),
    [
        ("ok", ["open_question", "facilitate"], "open_question+facilitate"),
        ("OK", [], "none"),
        ("add AF", ["simple_reflection"], "simple_reflection+affirm"),
        ("without simple_reflection", ["simple_reflection"], "none"),
        ("add af without simple reflection, feeling", ["simple_reflection", "feeling"], "affirm+unmarked"),
        ("without affirm", ["feeling"], "feeling"),
        ("CR", ["feeling"], "complex_reflection"),
    ],
)
def test_codes_are_typed_beside_those_that_are_there(typed: str, now: list[str], written: str) -> None:
    assert overlay.edited(typed, [Code(n) for n in now]) == written


@pytest.mark.parametrize("typed", ["okay", "add", "add nonsense", "maybe add AF", "remove AF"])
def test_codes_that_cannot_be_read_are_refused(typed: str) -> None:
    with pytest.raises(InputError):
        overlay.edited(typed, [])


@settings(deadline=None)
@given(st.sets(st.sampled_from(Code)), st.sets(st.sampled_from(Code), min_size=1))
def test_adding_and_taking_away_end_with_exactly_those_codes(now: set[Code], some: set[Code]) -> None:
    listed = "+".join(some)
    for typed, wanted in ((f"add {listed}", now | some), (f"without {listed}", now - some), ("ok", now)):
        named, stay = codes_after(overlay.edited(typed, now), now)
        assert {*named, *stay} == wanted


def test_lines_are_appended_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "overlay" / "s01.csv"
    assert overlay.lines(path) == ()
    overlay.add(path, [Correction(What.ROLE, "B", "client"), Correction(What.TURN, "1.5", "B")], by="T1", today=TODAY)
    before = path.read_text()
    overlay.add(path, [Correction(What.CODE, "2", "CR")], by="", today=TODAY)
    assert path.read_text() == before + "2026-03-01,,code,2.000,complex_reflection\n"
    assert overlay.lines(path) == (
        said(What.ROLE, "B", "client"),
        said(What.TURN, "1.500", "B"),
        said(What.CODE, "2.000", "complex_reflection", ""),
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_impossible_correction_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "s01.csv"
    with pytest.raises(InputError):
        overlay.add(path, [Correction(What.ROLE, "A", "client"), Correction(What.ROLE, "A", "x")], by="", today=TODAY)
    with pytest.raises(InputError, match="real name"):
        overlay.add(path, [Correction(What.ROLE, "A", "client")], by="Jane Doe", today=TODAY)
    assert not path.exists()


NOTES = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="=+-@'\t\n\""), min_size=1).filter(
    lambda t: t.strip()
)


@settings(deadline=None)
@given(st.lists(NOTES, min_size=1, max_size=4))
def test_any_note_comes_back_and_no_cell_is_a_formula(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("notes") / "s01.csv"
    printable = [t for t in texts if all(c.isprintable() or c in "\n\t" for c in t)]
    for place, text in enumerate(printable):
        overlay.add(path, [Correction(What.NOTE, f"{place}", text)], by="T1", today=TODAY)
    assert [n.text for n in overlay.notes(overlay.lines(path))] == [t.strip() for t in printable]
    if printable:
        with path.open(newline="", encoding="utf-8") as file:
            assert not [c for row in csv.reader(file) for c in row if c.startswith(("=", "+", "-", "@", "\t", "\n"))]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("made_on,by,what\n", "columns must be"),
        (HEADER + "2026-01-01,T1,role,A\n", "line 2: it must have 5 cells"),
        (HEADER + "2026-01-01,T1,role,A,client\n2026-01-01,T1,mood,A,secret\n", "line 3: unknown kind"),
        (HEADER + "2026-01-01,T1,role,A,secret\n", "line 2: unknown role"),
        (HEADER + '2026-01-01,T1,note,1.0,"secret\n', "no valid CSV"),
        (HEADER + "2026-01-01,Jo secret,role,A,client\n", "line 2: a coder's id"),
    ],
)
def test_a_file_that_makes_no_sense_names_its_line_and_quotes_nothing(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "s01.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=told) as refused:
        overlay.read(path)
    assert "secret" not in str(refused.value)


def test_a_file_that_a_spreadsheet_saved_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "s01.csv"
    text = (HEADER + "1/3/2026,T1,turn_speaker,12.3,B\n").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert overlay.read(path).of(What.TURN) == {"12.300": "B"}


def test_of_each_coder_the_last_line_counts_and_of_these_the_latest() -> None:
    lines = [
        said(What.CODE, "1.000", "affirm", "T1"),
        said(What.CODE, "1.000", "confront", "T2"),
        said(What.CODE, "2.000", "affirm", "T2"),
        said(What.CODE, "1.000", "persuade", "T1"),
    ]
    assert overlay.counting(lines).of(What.CODE) == {"1.000": "persuade", "2.000": "affirm"}
    assert overlay.counting(lines, by="T2").of(What.CODE) == {"1.000": "confront", "2.000": "affirm"}
    back = [*lines, said(What.CODE, "1.000", "", "T1")]
    assert overlay.counting(back).of(What.CODE) == {"1.000": "confront", "2.000": "affirm"}
    assert overlay.counting(back, by="T1").of(What.CODE) == {}
    assert overlay.coders(back) == ("T1", "T2")


def test_whose_corrections_count_is_chosen_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s01.csv"
    for by, role in (("T1", "client"), ("T2", "therapist")):
        overlay.add(path, [Correction(What.ROLE, "A", role)], by=by, today=TODAY)
    assert overlay.roles(path) == {"A": Role.THERAPIST}
    overlay.add(path, [Correction(What.COUNTED, "", "T1")], by="lead", today=TODAY)
    assert overlay.roles(path) == {"A": Role.CLIENT}
    assert overlay.read(path, by="T2").of(What.ROLE) == {"A": "therapist"}
    assert overlay.read(path, by="").of(What.ROLE) == {"A": "therapist"}
    overlay.add(path, [Correction(What.COUNTED, "", "")], by="lead", today=TODAY)
    assert overlay.roles(path) == {"A": Role.THERAPIST}


def test_the_digest_is_of_what_changes_results_only(tmp_path: Path) -> None:
    path = tmp_path / "s01.csv"
    assert overlay.digest(path) == ""
    overlay.add(path, [Correction(What.NOTE, "1", "text"), Correction(What.RATING, "empathy", "3")], by="", today=TODAY)
    assert overlay.digest(path) == ""
    overlay.add(path, [Correction(What.CODE, "1", "CR")], by="T1", today=TODAY)
    first = overlay.digest(path)
    overlay.add(path, [Correction(What.CODE, "1", "CR")], by="T2", today=date(2027, 1, 1))
    assert overlay.digest(path) == first != ""
    overlay.add(path, [Correction(What.CODE, "1", "SR")], by="T1", today=TODAY)
    assert overlay.digest(path) != first


def test_notes_are_each_coders_last_at_a_time_in_order_of_time() -> None:
    lines = [
        said(What.NOTE, "9.000", "late"),
        said(What.NOTE, "1.000", "first try"),
        said(What.NOTE, "1.000", "early"),
        said(What.NOTE, "1.000", "other", "T2"),
        said(What.NOTE, "5.000", "gone"),
        said(What.NOTE, "5.000", ""),
    ]
    assert [(n.at, n.by, n.text) for n in overlay.notes(lines)] == [
        (1.0, "T1", "early"), (1.0, "T2", "other"), (9.0, "T1", "late"),
    ]  # fmt: skip
    assert [n.text for n in overlay.notes(lines, by="T2")] == ["other"]


def test_replacing_codes_leaves_the_machines_markers_unless_they_are_spoken_of() -> None:
    machine = [Code.OTHER, Code.FACILITATE, Code.FEELING]
    assert codes_after("affirm", machine) == ([Code.AFFIRM], {Code.FACILITATE, Code.FEELING})
    assert codes_after("none", machine) == ([], {Code.FACILITATE, Code.FEELING})
    assert codes_after("affirm+feeling", machine) == ([Code.AFFIRM, Code.FEELING], frozenset())
    assert codes_after("unmarked", machine) == ([], frozenset())
