"""What the documents promise: examples run, links lead somewhere, generated pages are up to date."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from audio_files import voice, write
from builders import SETTINGS, C, Line, T, dialogue, spoken
from conftest import ROOT
from replay import make_study, replay_in
from typer.testing import CliRunner

from toolkit import offline
from toolkit.cli import COMMANDS, app
from toolkit.measures import book
from toolkit.measures.facts import gather
from toolkit.types import Code, Role

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "sample_data" / "README.md"]


def examples(page: Path) -> list[str]:
    """Every `toolkit` line of the page's shell blocks, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), flags=re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("toolkit ")]


@pytest.fixture(scope="module")
def excerpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first 75 seconds of a sample recording as ``recording.flac``, and codes as ``coded.csv``."""
    import av
    import numpy as np

    folder = tmp_path_factory.mktemp("readme")
    with av.open(str(ROOT / "sample_data" / "recordings" / "reflective.flac")) as container:
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(blocks)[: 75 * 16000].astype(np.float32) / 32768
    shutil.copy(ROOT / "sample_data" / "truth" / "coded.csv", folder)
    write(folder / "recording.flac", sound, rate=16000, muxer="flac", codec="flac")
    return folder


@pytest.mark.models
def test_every_example_of_the_readme_runs_in_order(
    excerpt: Path, model_store: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(excerpt)
    lines = examples(ROOT / "README.md")
    assert len(lines) > 12
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output, result.exception)
        assert result.output.strip(), line
    # the last example withdrew consent: nothing derived is left
    assert not [p for p in (excerpt / "my-study" / "results").rglob("*") if p.is_file() and "lock" not in p.name]
    assert (excerpt / "recording.flac").exists()


def test_every_example_for_a_data_protection_officer_runs_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_study(tmp_path / "made", sessions=("s01",))
    shutil.copytree(made.root, tmp_path / "my-study")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLKIT_USER", "")
    lines = examples(ROOT / "docs" / "privacy.md")
    assert len(lines) >= 10
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output, result.exception)
        assert result.output.strip(), line
    assert not [p for p in (tmp_path / "my-study" / "results").rglob("*") if p.is_file() and "lock" not in p.name]


@pytest.mark.parametrize("page", ["start-supervisor", "start-therapist", "start-researcher"])
def test_every_example_of_a_quick_start_runs_in_order(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As written, in a fresh folder with recordings; what the models would hear is replayed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLKIT_USER", "")
    for name, seed in (("recording.flac", 1), ("second.flac", 2)):
        write(tmp_path / name, voice(20, 16000, seed=seed), rate=16000, muxer="flac", codec="flac")
    monkeypatch.setattr(offline, "forbid", lambda: None)  # for good in a process, and this one has more to do
    lines = examples(ROOT / "docs" / f"{page}.md")
    assert len(lines) >= 8
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        wrong = 1 if " doctor " in line else 0  # a disk that is not encrypted is a finding, and no failure of the page
        assert result.exit_code in {0, wrong}, (line, result.output, result.exception)
        assert result.output.strip(), line
        if " init " in line:
            replay_in(tmp_path / "my-study")


def test_what_the_page_on_extending_shows_does_what_it_says() -> None:
    backend, measure = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), flags=re.DOTALL)
    made: dict[str, Any] = {}
    exec(compile(backend, "extending.md", "exec"), made)
    exec(compile(measure, "extending.md", "exec"), made)
    said = (Line(T, 0, 2, "how are you?"), Line(C, 3, 5, "tired"), Line(T, 6, 7, "I see"))
    codes = made["Marks"]().code(spoken(said), language="en")
    assert [[a.code for a in c.codes] for c in codes] == [[Code.CLOSED_QUESTION], [], []]
    facts = gather(dialogue(said), SETTINGS)
    assert [made["ENTRY"].take(facts, role).value for role in (Role.THERAPIST, Role.CLIENT)] == [0, 1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as a site; building it strictly fails for a link, an anchor or a page that is not there."""
    config = pytest.importorskip("mkdocs.config", reason="the extra `docs` is not installed")
    from mkdocs.commands.build import build

    folder = tmp_path_factory.mktemp("site")
    build(config.load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


def test_the_site_has_every_page_and_takes_nothing_from_elsewhere(site: Path) -> None:
    built = {p.relative_to(site).as_posix() for p in site.rglob("*.html")}
    pages = {p.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    assert pages <= built
    assert {"index.html", "GLOSSARY.html", "SECURITY.html"} <= built
    for name in built:
        html = (site / name).read_text()
        taken = re.findall(r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"?((?:https?:)?//[^\"\s>]+)", html)
        assert taken == [], name
    assert "unpkg.com" not in (site / "index.html").read_text()
    assert "url(http" not in "".join(p.read_text() for p in site.rglob("*.css"))


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for target in re.findall(r"<a [^>]*?href=\"?([^\"\s>]+)", page.read_text()):
            if "://" not in target and not target.startswith(("#", "mailto:", "javascript:")):
                assert (page.parent / target.split("#")[0]).exists(), (page.name, target)


def test_what_people_read_is_spelt_right(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    codespell = pytest.importorskip("codespell_lib", reason="codespell, of the extra `dev`, is not installed")
    monkeypatch.chdir(ROOT)
    assert codespell.main("--toml", "pyproject.toml", *(str(p.relative_to(ROOT)) for p in PAGES)) == 0, (
        capsys.readouterr()
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" not in target and not target.startswith("#"):
            assert (page.parent / target.split("#")[0]).exists(), target


def test_the_code_book_is_generated() -> None:
    page = (ROOT / "docs" / "codebook.md").read_text()
    assert page == book.markdown(), "run: toolkit measures --markdown > docs/codebook.md"


def test_the_numbers_of_the_methods_page_are_those_that_were_measured() -> None:
    measured = (ROOT / "docs" / "accuracy.md").read_text().splitlines()
    section = (ROOT / "docs" / "methods.md").read_text().split("## 8.")[1].split("## 9.")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert len(rows) > 10
    assert [row for row in rows if row not in measured] == []


def leaves() -> list[tuple[str, ...]]:
    """Every command and every command of a group."""
    from typer.main import get_command

    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = get_command(app).commands[name]  # type: ignore[attr-defined]
        below = getattr(command, "commands", {})
        found += [(name, sub) for sub in below] if below else [(name,)]
    return found


@pytest.mark.parametrize("command", leaves(), ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert f"toolkit {' '.join(command)}" in " ".join(result.output.replace("│", " ").split()), result.output


def test_notebooks_hold_no_output_and_no_functions() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            assert not cell.get("outputs"), path.name
            assert "def " not in "".join(cell["source"]), path.name
