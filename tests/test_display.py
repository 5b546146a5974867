"""What people see: the same numbers in the terminal and in notebooks, everything from data escaped."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from replay import Study, make_study
from rich.console import Console

from toolkit import display
from toolkit.display.html import Drawing, Page
from toolkit.display.review import band_list
from toolkit.display.terminal import DETAILS, beside, listed, over_time, screens
from toolkit.display.words import band_text, between, cell, clock, number
from toolkit.errors import InputError
from toolkit.measures import MEASURES, WINDOW_MEASURES
from toolkit.types import Band, Code, Missing

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


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> display.Review:
    """One replayed session whose client names a feeling and wants to change, and is asked a hostile question."""
    made = make_study(tmp_path_factory.mktemp("asked"), sessions=("s01",))
    folder = made.root.parent / "replayed"
    words = json.loads((folder / "x.words.json").read_text())
    words["words"][-1]["text"] = HOSTILE
    (folder / "x.words.json").write_text(json.dumps(words))
    coded = ((1, "open_question"), (2, "feeling"), (2, "change_talk"), (3, "closed_question"))
    codes = [{"utterance": utterance, "code": code} for utterance, code in coded]
    (folder / "x.codes.json").write_text(json.dumps({"codes": codes}))
    for arguments in (
        ["consent", "grant", made.root, "--session", "s01", "--purpose", "measure", "--purpose", "transcript"],
        ["run", made.root],
        ["roles", "set", made.root, "s01", "SPEAKER_00=therapist", "SPEAKER_01=client"],
    ):
        end = made.toolkit(*arguments)
        assert end.code == 0, end.err
    return display.scan(made.root, "s01")


def html(shown: Page | Drawing) -> str:
    return shown._repr_html_()


def test_every_view_of_a_session_has_its_numbers_and_nothing_from_data_is_markup(study: Study) -> None:
    review = display.scan(study.root, "s01")
    pages = {
        name: html(getattr(display, name)(review))
        for name in (
            "header",
            "timeline",
            "balance",
            "bands",
            "measures",
            "silences",
            "reflections",
            "drift",
            "missed",
        )
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
    assert f"reflection: It sounds like you are worn out by {HOSTILE}" in " ".join(end.out.split())
    silent = study.toolkit("show", study.root, "s01", "--no-text")
    assert "alert" not in silent.out
    assert silent.out.count("they were not asked for") == 1


def titles(review: display.Review, *, everything: bool) -> set[str]:
    """What stands in the first column of the lines of the terminal's page."""
    console = Console(width=200, record=True, file=io.StringIO())
    for part in screens(review, width=200, everything=everything):
        console.print(part)
    return {line.split("  ")[0].strip() for line in console.export_text().splitlines()}


def test_the_terminal_shows_parts_and_variants_of_measures_when_asked(study: Study) -> None:
    review = display.scan(study.root, "s01")
    every, some = titles(review, everything=True), titles(review, everything=False)
    names = {name for name in MEASURES if name not in WINDOW_MEASURES}
    assert [MEASURES[name].title for name in names if MEASURES[name].title not in every] == []
    assert {name for name in names if MEASURES[name].title not in some} == DETAILS
    assert {"style_matching_negations", "misc_open_question_share"} < DETAILS
    assert "style_matching" not in DETAILS


def test_the_terminal_says_why_a_measure_is_missing(study: Study) -> None:
    end = study.toolkit("show", study.root, "s01", "--all")
    rows = json.loads(study.toolkit("show", study.root, "s01", "--json").out)["measures"]
    reasons = {row["missing_reason"] for row in rows if row["missing_reason"] and row["measure"] not in WINDOW_MEASURES}
    assert len(reasons) > 2
    told = " ".join(end.out.split())
    assert [reason for reason in reasons if reason not in told] == []


def test_bands_stand_beside_the_therapists_values_only(study: Study) -> None:
    review = display.scan(study.root, "s01")
    told = [str(text) for text in beside(review, MEASURES)]
    (share,) = [r for r in review.tables["measures"] if (r["measure"], r["role"]) == ("talk_share_speech", "therapist")]
    assert f"Share of speech time {number(share['value'], 'share')} · guidance for beginners: under 60 %" in told[1]
    nobody = [r for r in review.tables["measures"] if r["role"] != "therapist"]
    assert list(beside(replace(review, tables={**review.tables, "measures": nobody}), MEASURES)) == []


def test_a_session_without_results_says_how_to_make_them(tmp_path: Path) -> None:
    made = make_study(tmp_path, sessions=("s01",))
    with pytest.raises(InputError, match="toolkit run"):
        display.scan(made.root, "s01")


def test_a_moment_to_listen_to_again_says_when_what_and_what_followed(asked: display.Review) -> None:
    (moment,) = asked.moments
    page = html(display.missed(asked))
    assert f"<td>{clock(moment.start)}</td><td>{clock(moment.end)}</td>" in page
    assert "<td>feeling and change talk</td><td>closed question</td>" in page
    assert "so tired of the drinking" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "no faults" in page
    silent = html(display.missed(replace(asked, texts={}, no_text="not agreed to")))
    assert "<td>feeling and change talk</td><td>closed question</td></tr>" in silent
    assert "tired" not in silent
    assert "not agreed to" in silent


def test_no_moment_and_none_that_can_be_found_are_told_apart(asked: display.Review) -> None:
    reflected = replace(asked.moments[0], held=(Code.SIMPLE_REFLECTION,))
    found = html(display.missed(replace(asked, moments=(reflected,))))
    assert "no reflection was found after 0 of 1 " in found
    assert "<table>" not in found
    gone = html(display.missed(replace(asked, moments=Missing("the coder does not code: feeling"))))
    assert "the coder does not code: feeling" in gone


def test_the_drift_chart_shows_the_windows_of_the_table(asked: display.Review) -> None:
    drawn = display.drift(asked)
    assert isinstance(drawn, Drawing)
    rows = [r for r in asked.tables["measures"] if r["measure"] == "questions_per_window"]
    assert [r["value"] for r in rows] == [2]
    (start, end) = (clock(rows[0][f"window_{side}"]) for side in ("start", "end"))
    assert f"Questions over the session: {start} to {end}: 2 (" in drawn.description
    assert f"Change talk over the session: {start} to {end}: 100.0 % (" in drawn.description
    shown = json.dumps(drawn.chart.to_dict())
    assert "minutes from the start of the recording" in shown
    assert "http" not in shown.replace("https://vega.github.io/schema", "")


def test_a_panel_without_values_says_why_once(asked: display.Review) -> None:
    share = "change_talk_share_per_window"
    rows = [r for r in asked.tables["measures"] if r["measure"] == share]
    gone = {"value": None, "low": None, "high": None, "missing_reason": "no coder knows the language"}
    others = [r for r in asked.tables["measures"] if r["measure"] != share]
    later = {"window_start": 300.0, "window_end": 310.0}
    measures = [*others, *({**r, **gone} for r in rows), *({**r, **gone, **later} for r in rows)]
    drawn = display.drift(replace(asked, tables={**asked.tables, "measures": measures}))
    assert json.dumps(drawn.chart.to_dict()).count('"text": "no coder knows the language"') == 1
    nothing = [{**r, **gone} for r in measures]
    page = display.drift(replace(asked, tables={**asked.tables, "measures": nothing}))
    assert isinstance(page, Page)
    assert html(page).count("no coder knows the language") == 1


def test_the_terminal_lists_moments_with_their_words_below(asked: display.Review) -> None:
    (moment,) = asked.moments
    console = Console(width=200, record=True, file=io.StringIO())
    for text in listed("Moments", display.missed(asked).parts):
        console.print(text)
    shown = console.export_text()
    assert f"{clock(moment.start)}  to: {clock(moment.end)} · in it: feeling and change talk" in shown
    assert "client: I have been so tired" in shown


@pytest.mark.parametrize("width", [80, 99, 100, 120, 200])
def test_no_number_and_no_band_is_cut_off_however_wide_the_terminal(asked: display.Review, width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    for part in screens(asked, width=width, everything=True):
        console.print(part)
    shown = console.export_text()
    whole = " ".join(shown.split())
    assert "…" not in shown
    for row in asked.tables["measures"]:
        if row["role"] == "therapist":
            assert cell(row) in shown
    assert band_list("talk_share_speech") in whole


def test_the_terminal_says_what_happened_over_time(asked: display.Review) -> None:
    told = [str(text) for text in over_time(asked)]
    assert [text.split(":")[0] for text in told] == [
        MEASURES[name].title for name in MEASURES if name in WINDOW_MEASURES
    ]


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
