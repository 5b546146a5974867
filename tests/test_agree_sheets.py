"""Coding sheets as spreadsheets save them, what a code is a label of, and what notebooks show of several coders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from double_coded import fill, key_of, machine_codes, run, study_of
from hypothesis import given
from hypothesis import strategies as st

from toolkit import display
from toolkit.display.html import Drawing, Page
from toolkit.errors import InputError
from toolkit.evaluate import codings, sheets
from toolkit.evaluate.codings import PRESENCE, labels
from toolkit.evaluate.sheets import SheetRow
from toolkit.study import Study
from toolkit.types import Code, Role

HEADER = ",".join(sheets.COLUMNS) + "\n"
ROW = "item-001,0,1.000,2.500,therapist,{text},{codes}\n"
MARKERS = {Code.FACILITATE, Code.FEELING}


def parse(text: str) -> tuple[SheetRow, ...]:
    return sheets.parse(text, "sheet.csv")


# the file


@given(
    st.lists(
        st.builds(
            SheetRow,
            st.just("s01"),
            st.uuids().map(str),
            st.integers(0, 10**7).map(lambda x: x / 1000),
            st.integers(0, 10**7).map(lambda x: x / 1000),
            st.sampled_from(Role),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            st.just(True),
            st.frozensets(st.sampled_from(Code)),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row.utterance,
    )
)
def test_a_sheet_is_read_as_it_was_written_but_for_its_text(rows: list[SheetRow]) -> None:
    read = parse(sheets.dumps(rows))
    assert [(r.session, r.utterance, r.start, r.end, r.role, r.coded, r.codes) for r in read] == [
        (r.session, r.utterance, r.start, r.end, r.role, True, r.codes) for r in rows
    ]
    assert {r.text for r in read} == {""}


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("complex reflection; AF", {Code.COMPLEX_REFLECTION, Code.AFFIRM}),
        ("Open-Question", {Code.OPEN_QUESTION}),
        ('"SR,CQ"', {Code.SIMPLE_REFLECTION, Code.CLOSED_QUESTION}),
        (" none ", set()),
        ("", None),
    ],
)
def test_a_cell_of_codes(cell: str, codes: set[Code] | None) -> None:
    (row,) = parse(HEADER + ROW.format(text="x", codes=cell))
    assert row.coded == (codes is not None)
    assert row.codes == frozenset(codes or ())


def test_a_sheet_of_a_spreadsheet_with_decimal_commas() -> None:
    text = "\ufeff" + HEADER.replace(",", ";") + '7;3;1,5;"2,25";Patient;"a;b";neutral\n;;;;;;\n'
    (row,) = parse(text)
    assert (row.session, row.utterance, row.start, row.end, row.role) == ("7", "3", 1.5, 2.25, Role.CLIENT)


def test_a_sheet_that_shows_the_machines_codes_is_read_beside_them_and_is_not_blind(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "session,utterance,start,end,role,machine,codes,note\n"
        "s,1.0,0,1,therapist,open_question; affirm,ok,\n"
        "s,2,1,2,therapist,open_question,add SR,canary\n"
        "s,3,2,3,therapist,open_question,without OQ,\n"
        "s,4,3,4,therapist,,CQ,\n"
    )
    rows = sheets.read(path)
    assert [row.utterance for row in rows] == ["1", "2", "3", "4"]
    assert [row.codes for row in rows] == [
        {Code.OPEN_QUESTION, Code.AFFIRM},
        {Code.OPEN_QUESTION, Code.SIMPLE_REFLECTION},
        set(),
        {Code.CLOSED_QUESTION},
    ]
    assert all(row.coded for row in rows)
    assert not codings.read(path).blind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("session,codes\n", "line 1: no column utterance, start, end, role"),
        (HEADER.replace("end", "start"), "line 1: no column end"),
        (HEADER.replace("text", "codes"), "line 1: column codes is there twice"),
        (HEADER, "holds no utterances"),
        (HEADER + "s,1,0,1,client,canary\n", "line 2: 6 values, but 7 columns"),
        (HEADER + "s,,0,1,client,canary,CT\n", "line 2: utterance is empty"),
        (HEADER + "s,1,0,1,canary,canary,CT\n", "line 2: role must be one of"),
        (HEADER + "s,1,canary,1,client,canary,CT\n", "line 2: the start is no time in seconds"),
        (HEADER + "s,1,0,nan,client,canary,CT\n", "line 2: the end is no time in seconds"),
        (
            HEADER + "s,1,0,1,client,x,\ns,2,0,1,client,x,he said canary\n",
            "line 3: codes must be names of the code book",
        ),
        (HEADER + "s,1,0,1,client,x,none; CT\n", "line 2: codes must be names of the code book"),
        (HEADER + "s,1,0,1,client,x,CT\ns,1,0,1,client,x,CT\n", "line 3: this utterance is there already, on line 2"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_never_quoted(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert message in caught.value.message
    assert "canary" not in str(caught.value)


# from codes to labels


@pytest.mark.parametrize(
    ("codes", "role", "expected"),
    [
        (
            {Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION, Code.CLOSED_QUESTION},
            Role.THERAPIST,
            {"main": "reflection", "reflection": "complex", "question": "closed", "affirm": "no"},
        ),
        ({Code.PERSUADE}, Role.CO_THERAPIST, {"main": "therapist_input", "persuade": "yes", "confront": "no"}),
        (set(), Role.THERAPIST, {"main": "other", "reflection": "none", "question": "none"}),
        ({Code.SUSTAIN_TALK}, Role.CLIENT, {"client_talk": "sustain"}),
        (set(), Role.INTERPRETER, {}),
    ],
)
def test_labels_follow_from_codes(codes: set[Code], role: Role, expected: dict[str, str]) -> None:
    found = labels(frozenset(codes), role)
    assert {column: found[column] for column in expected} == expected
    therapist = {"main", "reflection", "question", *PRESENCE}
    assert set(found) == {Role.CLIENT: {"client_talk"}, Role.INTERPRETER: set()}.get(role, therapist)


@given(st.frozensets(st.sampled_from(Code)), st.sampled_from([Role.THERAPIST, Role.CLIENT]))
def test_a_label_is_there_only_when_its_codes_can_be_found(coded: frozenset[Code], role: Role) -> None:
    found = labels(frozenset({Code.AFFIRM}), role, coded=coded)
    assert ("client_talk" in found) == (role is Role.CLIENT and {Code.CHANGE_TALK, Code.SUSTAIN_TALK} <= coded)
    for code in PRESENCE:
        assert (code in found) == (role is Role.THERAPIST and code in coded)
    assert ("reflection" in found) == (
        role is Role.THERAPIST and {Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION} <= coded
    )


def test_codes_for_another_role_are_left_out_and_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        HEADER
        + "s,1,0,1,client,x,SR\n"
        + "s,2,1,2,client,x,CT; AF\n"
        + "s,3,2,3,therapist,x,CT\n"
        + "s,4,3,4,interpreter,x,none\n"
        + "s,5,4,5,therapist,x,feeling\n"
        + "s,6,5,6,therapist,x,\n"
    )
    found = codings.read(path)
    assert {key[1]: dict(unit.labels).get("client_talk") for key, unit in found.units.items()} == {
        "2": "change",
        "5": None,
    }
    assert (found.misplaced, found.listed) == (3, 5)
    begun = codings.read(path, empty_is_none=True)
    assert {key[1] for key in begun.units} == {"2", "5", "6"}


# the notebook


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, list[Path], Path]:
    """A study, two filled packs, one under a hostile name whose coder finds every reflection simple, and a key."""
    folder = tmp_path_factory.mktemp("notebook")
    study = study_of(folder / "study")
    assert run("sample", study.root, "--share", "1", "-o", folder / "plan.csv").exit_code == 0
    made = [folder / "A", folder / "<script>alert(1)"]
    for path in made:
        end = run("pack", study.root, folder / "plan.csv", "-o", path, "--coder", "A")
        assert end.exit_code == 0, end.exception
    codes = {item: machine_codes(study, session) for item, session in key_of(folder / "A.key.csv").items()}
    fill(made[0], lambda item, row: codes[item][row["utterance"]])
    fill(made[1], lambda item, row: codes[item][row["utterance"]].replace("complex", "simple"))
    return study, made, folder / "A.key.csv"


def shown(part: Page | Drawing) -> str:
    return part._repr_html_()


def test_every_view_has_its_numbers_and_nothing_from_data_is_markup(coded: tuple[Study, list[Path], Path]) -> None:
    study, packs, key = coded
    found = display.agreement.scan(study.root, packs, [key])
    views = ("overview", "people", "machine", "counts", "chart")
    pages = {name: shown(getattr(display.agreement, name)(found)) for name in views}
    for name, page in pages.items():
        assert "canary" not in page, name
        assert "<script>alert" not in page or name == "chart", name
    assert pages["chart"].count("</script>") == 1  # in a script's string an opening tag is text
    assert "&lt;script&gt;alert(1)" in pages["overview"]
    assert "not known" not in pages["overview"]  # packs are blind
    assert found.people is not None
    value = found.people.decisions["reflection"]["cohen"].value
    assert 0 < value < 1
    assert f"<td>{value:.2f} (" in pages["people"].split("reflection, three ways")[1].split("Krippendorff")[0]
    assert "0.17-0.20" in pages["people"]
    assert "everyone gave every utterance the same one label" in pages["people"]
    assert "reflection or not</td><td>A</td><td>42</td><td>1.00" in pages["machine"]
    drawn = display.agreement.chart(found)
    assert isinstance(drawn, Drawing)
    assert (
        f"reflection, three ways, people with each other: {found.people.decisions['reflection']['alpha'].value:.2f}"
        in (drawn.description)
    )
    spec = json.dumps(drawn.chart.to_dict())
    assert '"circle"' in spec
    assert '"diamond"' in spec
    assert "http" not in spec.replace("https://vega.github.io/schema", "")


def test_without_second_codings_the_pages_say_how_to_begin(coded: tuple[Study, list[Path], Path]) -> None:
    found = display.agreement.scan(coded[0].root)
    page = shown(display.agreement.overview(found))
    assert "toolkit agree sample STUDY" in page
    assert "<td>simple or complex</td><td>0.17-0.20</td>" in page
    for view in (
        display.agreement.people,
        display.agreement.machine,
        display.agreement.counts,
        display.agreement.chart,
    ):
        assert "<table>" not in shown(view(found))
    assert "Krippendorff" in shown(display.agreement.definitions())


@pytest.mark.parametrize("filled", [True, False])
def test_the_notebook_runs_with_and_without_codings(
    filled: bool, coded: tuple[Study, list[Path], Path], tmp_path: Path
) -> None:
    study, packs, key = coded
    given = {"TOOLKIT_CODINGS": os.pathsep.join(map(str, packs)), "TOOLKIT_KEYS": str(key)} if filled else {}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "nbconvert", "--to", "html", "--execute"),
            *("--output-dir", str(tmp_path), str(ROOT / "notebooks" / "06_agreement.ipynb")),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TOOLKIT_STUDY": str(study.root), **given},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    page = (tmp_path / "06_agreement.html").read_text()
    assert ("toolkitEmbed" in page) == filled
    assert ("Nobody coded a second time yet" in page) != filled
    assert "What the numbers mean" in page
