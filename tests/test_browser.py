"""In a real browser: notebooks run, the player plays, a correction counts, and nothing leaves the machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import CELLS, SHOW, SHOWN, Browser, Lab, browser, jupyterlab, needs_browser, open_and_run, run_again
from conftest import ROOT
from replay import Study, make_study
from test_report import HEBREW, HOSTILE

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REVIEW = ROOT / "notebooks" / "01_session_review.ipynb"
pytestmark = [needs_browser, pytest.mark.enable_socket]  # the driver and JupyterLab are asked on this machine


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyterlab(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, demo_study: Path) -> Path:
    """The sample study with its results; a copy, for what is corrected here."""
    return Path(shutil.copytree(demo_study, tmp_path_factory.mktemp("sample") / "study"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replayed session in which the client says a script, a formula, mathematics and right-to-left text."""
    made = make_study(tmp_path_factory.mktemp("hostile"), sessions=("s01",))
    folder = made.root.parent / "replayed"
    words = json.loads((folder / "x.words.json").read_text())
    for word, text in zip([w for w in words["words"] if 6 < w["start"] < 13], HOSTILE, strict=False):
        word["text"] = text
    words["words"][-9]["text"] = HEBREW  # the first word of what the therapist says last
    (folder / "x.words.json").write_text(json.dumps(words))
    codes = [{"code": "simple_reflection", "utterance": 3, "answers": 2}]
    (folder / "x.codes.json").write_text(json.dumps({"codes": codes}))
    grant = ["consent", "grant", made.root, "--session", "s01"]
    for purpose in ("measure", "transcript", "supervision"):
        grant += ["--purpose", purpose]
    roles = ["roles", "set", made.root, "s01", "SPEAKER_00=therapist", "SPEAKER_01=client"]
    for arguments in (grant, ["run", made.root], roles):
        end = made.toolkit(*arguments)
        assert end.code == 0, end.err
    return made.root


def looked_at(window: Browser) -> list[dict[str, Any]]:
    """Every cell of the open notebook, scrolled to, with what it shows once its charts and widgets are there."""
    found = []
    for cell in range(window.run(CELLS)):
        window.run(SHOW, cell)

        def complete(cell: int = cell) -> dict[str, Any] | None:
            shown: dict[str, Any] = window.run(SHOWN, cell)
            there = shown["connected"] and shown["drawn"] >= shown["wanted"] and shown["opened"] >= shown["widgets"]
            return shown if there else None

        found.append(window.wait(f"what cell {cell} shows", complete))
    return found


@pytest.mark.models
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_draws_and_nothing_leaves_the_machine(
    notebook: Path, lab: Lab, window: Browser, sample: Path
) -> None:
    parameters = {"STUDY": str(sample)} | ({"SESSION": "reflective"} if notebook == REVIEW else {})
    open_and_run(window, lab, lab.put(notebook.name, notebook, **parameters))
    shown = looked_at(window)
    assert [error for cell in shown for error in cell["errors"]] == []
    assert any(cell["wanted"] or cell["widgets"] or "<table" in cell["text"] or cell["text"] for cell in shown)
    if notebook == REVIEW:
        assert sum(cell["drawn"] for cell in shown) >= 4
        assert sum(cell["opened"] for cell in shown) == 2  # the player and the workbench
    assert window.left_the_machine() == []
    assert len(window.requests()) > 20  # they were counted
    assert window.errors() == []


@pytest.fixture(scope="module")
def player(lab: Lab, window: Browser, sample: Path) -> Browser:
    """The session review, run, scrolled to its player."""
    open_and_run(window, lab, lab.put("player.ipynb", REVIEW, STUDY=str(sample), SESSION="reflective"))
    window.run(SHOW, cell_with(window, "display.player"))
    window.ask("the player", "return document.querySelector('.tkp .tkp-row')")
    return window


def cell_with(window: Browser, source: str) -> int:
    """Which cell has that in its source."""
    return int(window.run(WITH, source))


WITH = """
    const cells = window.jupyterapp.shell.currentWidget.content.widgets;
    return cells.findIndex((cell) => cell.model.sharedModel.source.startsWith(arguments[0]));
"""


NOW = """
    const audio = document.querySelector('.tkp audio');
    if (!audio || audio.dataset.state !== 'ready') return null;
    return { time: Number(audio.dataset.start) + audio.currentTime, paused: audio.paused, played: audio.played.length };
"""


def heard_from(window: Browser, time: float) -> None:
    """Sound plays on from a time in the session."""
    began = window.wait("sound", lambda: (now := window.run(NOW)) and not now["paused"] and now["played"] and now)
    assert time - 0.05 <= began["time"] < time + 20, began
    later = window.wait(
        "the sound to go on", lambda: (now := window.run(NOW)) and now["time"] > began["time"] + 0.5 and now
    )
    assert not later["paused"]


@pytest.mark.models
def test_a_click_on_a_line_plays_the_sound_from_there(player: Browser) -> None:
    row = ".tkp-row.tkp-utterance:nth-of-type(4)"
    time = float(player.run("return document.querySelector(arguments[0]).dataset.start", row))
    assert time > 1
    player.click(f"{row} .tkp-time")
    heard_from(player, time)
    first = player.run(NOW)["time"]
    assert first < time + 20
    player.click(".tkp .tkp-play")  # pause
    player.ask("silence", "return document.querySelector('.tkp audio').paused")


@pytest.mark.models
def test_a_click_on_the_lanes_plays_the_sound_from_there(player: Browser) -> None:
    player.click(".tkp .tkp-place", x=0.5)  # at first the lanes show 180 seconds
    under = player.ask("the time under the pointer", "return document.querySelector('.tkp-under').textContent.trim()")
    minutes, seconds = under.split()[0].split(":")
    time = 60 * int(minutes) + int(seconds)
    assert 80 <= time <= 100
    heard_from(player, time)
    player.click(".tkp .tkp-play")


@pytest.mark.models
def test_a_code_is_corrected_with_buttons_and_the_measures_change(player: Browser) -> None:
    player.driver.execute_script(
        "const pick = document.querySelector('.tkp select[aria-label=Show]'); pick.value = 'simple_reflection';"
        "pick.dispatchEvent(new Event('change'))"
    )
    before = measures(player)
    table = cell_with(player, "display.measures"), cell_with(player, "from toolkit import display")
    old = player.run(SHOWN, table[0])["text"]
    player.click(".tkp-row .tkp-time")
    player.ask("the codes of the line", "return document.querySelector('.tkp-here fieldset')")
    player.click(".tkp .tkp-play")
    for code in ("simple_reflection", "closed_question"):
        player.click(f".tkp-here input[value={code}]")
    player.click(".tkp-here button[type=submit]")
    player.ask(
        "that it was saved",
        "return [...document.querySelectorAll('.tkp-status')].some((p) => p.textContent.startsWith('Saved'))",
    )
    after = measures(player)
    assert after["Reflections"] != before["Reflections"]
    assert ", was " in after["Reflections"]
    assert "% confirmed" in after["Questions"]
    run_again(player, table[1], table[0])
    player.run(SHOW, table[0])
    new = player.wait("the table of measures", lambda: (text := player.run(SHOWN, table[0])["text"]) != old and text)
    assert "confirmed, %" in new
    assert player.left_the_machine() == []


def measures(window: Browser) -> dict[str, str]:
    """What stands below the player."""
    rows = "[...document.querySelectorAll('.tkp-measures > div')]"
    return dict(window.run(f"return {rows}.map((row) => [...row.children].map((cell) => cell.innerText))"))


@pytest.mark.models
def test_a_global_rating_is_given_with_the_form(player: Browser, sample: Path) -> None:
    player.click(".tkp-session summary")
    player.click(".tkp-session select[data-target=empathy]")
    player.run(
        "const form = document.querySelector('.tkp-session select[data-target=empathy]'); form.value = '4';"
        "form.dispatchEvent(new Event('change'))"
    )
    player.wait("the rating", lambda: "rating,empathy,4" in (sample / "overlay" / "reflective.csv").read_text())
    kept = "return document.querySelector('.tkp-session select[data-target=empathy]').value === '4'"
    player.ask("the rating to be shown", kept)


@pytest.mark.models
def test_a_saved_notebook_holds_no_sound_and_its_widgets_no_session(player: Browser, lab: Lab) -> None:
    player.run("window.ran = false; window.jupyterapp.commands.execute('docmanager:save').then(() => { ran = true; })")
    player.ask("that the notebook was saved", "return window.ran")
    saved = json.loads((lab.folder / "player.ipynb").read_text())
    assert any(cell.get("outputs") for cell in saved["cells"])
    text = json.dumps(saved)
    assert "UklGR" not in text  # RIFF, as base 64 has it
    state = json.dumps(saved["metadata"].get("widgets", {}))
    assert "SPEAKER_0" not in state
    assert "reflective" not in state


def test_what_was_said_does_no_harm_in_a_notebook(lab: Lab, window: Browser, hostile: Path) -> None:
    open_and_run(window, lab, lab.put("hostile.ipynb", REVIEW, STUDY=str(hostile), SESSION="s01"))
    shown = looked_at(window)
    assert [error for cell in shown for error in cell["errors"]] == []
    line = " ".join(HOSTILE)
    said = [" ".join(cell["text"].split()) for cell in shown if "javascript:alert" in cell["text"]]
    assert len(said) >= 2  # the player, the reflections
    assert any(line in text for text in said)
    assert sum(cell["maths"] for cell in shown) == 0
    assert window.alerts() == []
    assert window.left_the_machine() == []


@pytest.mark.parametrize("width", [1400, 700])
def test_a_report_opened_from_the_disk_without_a_network_lacks_nothing(
    width: int, hostile: Path, tmp_path: Path
) -> None:
    end = Study(hostile).toolkit("report", hostile, "s01", "--html", tmp_path / "a.html")
    assert end.code == 0, end.err
    with browser(tmp_path / "profile", width=width, height=1200, offline=True) as window:
        window.driver.get((tmp_path / "a.html").as_uri())
        told = window.run(REPORT)
        assert told["headings"] == 11
        assert told["drawings"] >= 3
        assert told["empty"] == 0
        assert told["scripts"] == 0
        assert told["overflow"] <= 0
        assert told["direction"] == "rtl"
        assert " ".join(HOSTILE) in told["text"]
        assert window.requests() == [(tmp_path / "a.html").as_uri()]
        assert window.errors() == []
        assert window.alerts() == []
        paper = window.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
        assert len(paper["data"]) > 50_000


REPORT = """
    const hebrew = [...document.querySelectorAll('td[dir=auto]')].find((td) => td.textContent.startsWith('\\u05e9'));
    return {
        headings: document.querySelectorAll('h2').length,
        drawings: document.querySelectorAll('figure svg').length,
        empty: [...document.querySelectorAll('figure svg')].filter((s) => !s.getBBox().width).length,
        scripts: document.scripts.length,
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        direction: hebrew ? getComputedStyle(hebrew).direction : 'none',
        text: document.body.innerText.replace(/\\s+/g, ' '),
    };
"""
