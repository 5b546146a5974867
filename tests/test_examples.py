"""Every example of every page runs, in order, as it is written; commands that a page only names exist."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from examples import BLOCK, PAGES, SETTINGS, Setting, mentions, name_of
from typer.main import get_command
from typer.testing import CliRunner

from toolkit import lab, offline
from toolkit.cli import app

RUN = ("sh", "python")
NOT_RUN = ("console", "powershell", "toml", "")
WITH_EXAMPLES = [page for page in PAGES if any(kind in RUN for kind, _ in BLOCK.findall(page.read_text()))]


def parameters(pages: list[Path]) -> list[Any]:
    """Pages as parameters; those that need the real models say so."""
    told = {page: SETTINGS.get(name_of(page), Setting()) for page in pages}
    return [
        pytest.param(page, id=name_of(page), marks=[pytest.mark.models] if s.models or s.demo else [])
        for page, s in told.items()
    ]


def said_by(line: str, folder: Path) -> str:
    """Run one line of a shell block; what it printed."""
    if "completion" in line:  # asks which shell has called it
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        own = {**os.environ, "HOME": str(folder), "PATH": path}
        done = subprocess.run(["bash", "-c", f"{line}; exit $?"], env=own, capture_output=True, text=True, check=False)
        code, output = done.returncode, done.stdout + done.stderr
    elif line.startswith("python "):
        command = [sys.executable, *shlex.split(line)[1:]]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        code, output = done.returncode, done.stdout + done.stderr
    else:
        assert line.startswith("toolkit "), f"no test can run this: {line}"
        os.environ["TOOLKIT_USER"] = ""  # a command of its own: nobody has said who they are
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        code, output = result.exit_code, result.output + (repr(result.exception) if result.exception else "")
    wrong = 1 if " doctor " in line else 0  # a disk that is not encrypted is a finding, and no failure of the page
    assert code in {0, wrong}, (line, output)
    assert output.strip(), line
    return output


def run_shell(block: str, setting: Setting, folder: Path) -> str:
    """Run a shell block line by line."""
    output = ""
    for line in (line.split("  #")[0].strip() for line in block.splitlines()):
        if not line or line.startswith("#"):
            continue
        for key, made in setting.before.items():
            if key in line:
                made(folder)
        output += said_by(line, folder)
        for key, made in setting.after.items():
            if key in line:
                made(folder)
    return output


@pytest.mark.parametrize("page", parameters(WITH_EXAMPLES))
def test_every_example_of_the_page_runs_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """As written, in a fresh folder; unless the real models are used, what they would hear is replayed."""
    setting = SETTINGS.get(name_of(page), Setting())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLKIT_USER", "")
    monkeypatch.setattr(offline, "forbid", lambda: None)  # for good in a process, and this one has more to do
    monkeypatch.setattr(lab, "serve", served)
    if setting.models:
        request.getfixturevalue("model_store")
    if setting.demo:
        shutil.copytree(request.getfixturevalue("demo_study"), tmp_path / "demo-study")
    setting.prepare(tmp_path)
    told, names = "", {}
    for kind, block in BLOCK.findall(page.read_text()):
        if kind == "sh":
            told += run_shell(block, setting, tmp_path)
        elif kind == "python":
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile(block, name_of(page), "exec"), names)
            told += printed.getvalue()
    setting.promised(tmp_path, told)


def served(values: dict[str, str], *, keep: Path | None, first: str, **_: object) -> int:
    """Tell what JupyterLab would open; tests/test_lab.py opens the real one."""
    sys.stdout.write(json.dumps({**values, "keep": keep and str(keep), "first": first}) + "\n")
    return 0


def test_every_block_is_run_or_of_a_kind_that_is_known_not_to_be() -> None:
    kinds = {(name_of(page), kind) for page in PAGES for kind, _ in BLOCK.findall(page.read_text())}
    assert {kind for _, kind in kinds} <= {*RUN, *NOT_RUN}
    fences = sum(page.read_text().count("```") for page in PAGES)
    assert fences == 2 * sum(len(BLOCK.findall(page.read_text())) for page in PAGES)  # no block was overlooked
    assert set(SETTINGS) <= {name_of(page) for page in WITH_EXAMPLES}


def known(words: list[str]) -> tuple[str, set[str]]:
    """The command that these words begin with, and the options it takes with those of all commands."""
    command, path = get_command(app), "toolkit"
    options = {o for p in command.params for o in p.opts + p.secondary_opts} | {"--install-completion"}
    for word in (w for w in words if not w.startswith("-")):
        below = getattr(command, "commands", None)
        if below is None:
            break
        if word not in below:
            continue
        command, path = below[word], f"{path} {word}"
    return path, options | {o for p in command.params for o in p.opts + p.secondary_opts}


MADE = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)[0].split()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_the_page_names_exist(page: Path) -> None:
    for text in mentions(page):
        for program in re.findall(r"\bpython (pipelines/[\w/]+\.py)", text):
            assert (ROOT / program).exists(), text
        for target in re.findall(r"^make (\w+)", text):
            assert target in MADE, text
        found = re.search(r"(?:^|-rn |/)toolkit (.+)$", text)
        if found and not text.startswith(("pip", "toolkit mea")):  # the half of a word that a shell completes
            words = found[1].split()
            path, options = known(words)
            assert path != "toolkit" or words[0].startswith("-"), text
            assert {w for w in words if re.match(r"--?[a-z]", w)} - {"--help"} <= options, text


def test_a_command_that_does_not_exist_is_found_out() -> None:
    assert known(["roles", "swap", "x"])[0] == "toolkit roles swap"
    assert known(["rolls", "swap"])[0] == "toolkit"
    assert "--workers" in known(["run", "x", "--workers", "2"])[1]
    assert "--wrokers" not in known(["run", "x"])[1]
