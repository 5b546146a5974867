"""What people see: the same numbers in the terminal and in notebooks, everything from data escaped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from replay import Study, make_study

from toolkit import display
from toolkit.display.html import Drawing, Page
from toolkit.display.words import band_text, between, clock, number
from toolkit.errors import InputError
from toolkit.measures import MEASURES
from toolkit.types import Band

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """One replayed session whose therapist says hostile markup in a reflection."""
    made = make_study(tmp_path_factory.mktemp("display"), sessions=("s01",))
    folder = made.root.parent / "replayed"
    words = json.loads((folder / "x.words.json").read_text())
    words["words"][-1]["text"] = HOSTILE
    (folder / "x.words.json").write_text(json.dumps(words))
    codes = [{"utterance": 3, "code": "simple_reflection", "answers": 2}]
    (folder / "x.codes.json").write_text(json.dumps({"codes": codes}))
    grant = ["consent", "grant", made.root, "--session", "s01", "--purpose", "measure", "--purpose", "transcript"]
    for arguments in (
        grant,
        ["run", made.root],
        ["roles", "set", made.root, "s01", "SPEAKER_00=therapist", "SPEAKER_01=client"],
    ):
        end = made.toolkit(*arguments)
        assert end.code == 0, end.err
    return made


def html(shown: Page | Drawing) -> str:
    return shown._repr_html_()


def test_every_view_of_a_session_has_its_numbers_and_nothing_from_data_is_markup(study: Study) -> None:
    review = display.scan(study.root, "s01")
    pages = {
        name: html(getattr(display, name)(review))
        for name in ("header", "timeline", "balance", "bands", "measures", "silences", "reflections")
    }
    assert "&lt;script&gt;alert(1)" in pages["reflections"]
    for name, page in pages.items():
        assert "<script>alert" not in page, name
    rows = {(r["measure"], r["role"]): r for r in review.tables["measures"]}
    share = rows["talk_share_speech", "therapist"]
    assert number(share["value"], "share") in pages["measures"]
    assert MEASURES["talk_share_speech"].title in pages["measures"]
    assert '"format": "d"' in pages["timeline"]
    assert "http" not in pages["measures"] + pages["header"] + pages["silences"]


def test_each_chart_of_a_page_is_closed_in_itself(study: Study) -> None:
    review = display.scan(study.root, "s01")
    one, two = html(display.timeline(review)), html(display.timeline(review))
    assert one.count("</script>") == 1
    places = {page.split('id="')[1].split('"')[0] for page in (one, two)}
    assert len(places) == 2


def test_the_terminal_shows_the_same_numbers(study: Study) -> None:
    end = study.toolkit("show", study.root, "s01")
    found = json.loads(study.toolkit("show", study.root, "s01", "--json").out)
    assert end.code == 0
    for row in found["measures"]:
        if row["measure"] == "talk_share_speech":
            assert number(row["value"], row["unit"]) in end.out
    assert "therapist" in end.out
    assert "alert" not in end.out  # no words in the terminal


def test_a_session_without_results_says_how_to_make_them(tmp_path: Path) -> None:
    made = make_study(tmp_path, sessions=("s01",))
    with pytest.raises(InputError, match="toolkit run"):
        display.scan(made.root, "s01")


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0:00"), (59.9, "0:59"), (600.0, "10:00"), (3725.0, "1:02:05")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.5, "share", "50.0 %"),
        (3.0, "turns", "3"),
        (119.94, "s", "119.9 s"),
        (130.0, "s", "2:10 min"),
        (None, "s", "—"),
    ],
)
def test_number(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_bands_and_intervals_as_text() -> None:
    assert band_text(Band(0.4, 0.5, "fair", "MITI 4.2.1"), "share") == "fair: 40 % to 50 %"
    assert band_text(Band(0.5, 1.0, "good", "MITI 4.2.1"), "share") == "good: 50 % or more"
    assert between(0.4, 1.3, "ratio") == "0.40 to 1.30"
