"""What the documents promise: links lead somewhere, generated pages are up to date, words are spelt right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from builders import SETTINGS, C, Line, T, dialogue, spoken
from conftest import ROOT
from examples import PAGES, name_of
from typer.testing import CliRunner

from toolkit.cli import COMMANDS, app
from toolkit.measures import book
from toolkit.measures.facts import gather
from toolkit.types import Code, Role


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
    assert codespell.main("--toml", "pyproject.toml", *map(name_of, PAGES)) == 0, capsys.readouterr()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
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
