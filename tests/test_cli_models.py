"""The command `toolkit models`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from test_models import Index, index, store  # noqa: F401 - fixtures
from typer.testing import CliRunner, Result

from toolkit import models
from toolkit.cli import models as command
from toolkit.errors import BackendError

app = typer.Typer()
command.register(app)


@app.callback()
def main() -> None:
    """Keep `models` a sub-command, as in the real command line."""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments], env={"COLUMNS": "160"})


def test_list_shows_every_model_and_its_state(index: Index) -> None:  # noqa: F811
    models.path("voice")
    result = run("list")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert "ok" in lines["voice"].split()
    assert "missing" in lines["speech"].split()
    assert "MIT" in lines["speech"]


def test_list_as_json(index: Index) -> None:  # noqa: F811
    (models.path("voice") / "vector.npz").unlink()
    rows = json.loads(run("list", "--json").stdout)
    assert {row["name"]: row["state"] for row in rows} == {
        "speech": "missing",
        "voice": "damaged",
        "grammar": "missing",
    }
    assert next(row for row in rows if row["name"] == "voice")["size"] == 6
    assert rows[0]["sha256"] == models.sha256("speech")


def test_fetch_without_a_name_fetches_all(index: Index) -> None:  # noqa: F811
    result = run("fetch")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["speech: ready", "voice: ready", "grammar: ready"]


def test_fetch_by_name_from_a_folder(index: Index, store: Path, tmp_path: Path) -> None:  # noqa: F811
    models.path("voice")
    shutil.move(store, tmp_path / "stick")
    index.unreachable()
    assert run("fetch", "voice", "--from", str(tmp_path / "stick")).exit_code == 0
    assert (store / "voice" / "vector.npz").is_file()
    assert not (store / "speech").exists()


def test_fetch_to_a_folder(index: Index, store: Path, tmp_path: Path) -> None:  # noqa: F811
    assert run("fetch", "voice", "--to", str(tmp_path / "stick")).exit_code == 0
    assert (tmp_path / "stick" / "voice" / "vector.npz").is_file()
    assert not (store / "voice").exists()


def test_damage_is_said_on_standard_error(index: Index) -> None:  # noqa: F811
    (models.path("voice") / "vector.npz").unlink()
    result = run("path", "voice")
    assert result.exit_code == 0
    assert "warning: model voice is damaged (vector.npz is missing); it is fetched again" in result.stderr
    assert result.stdout.strip() == str(models.root() / "voice")


def test_a_failed_fetch_is_an_error_of_the_toolkit(index: Index) -> None:  # noqa: F811
    index.unreachable()
    result = run("fetch", "speech")
    assert isinstance(result.exception, BackendError)
    assert result.exception.exit_code == 5


def test_from_a_folder_that_is_not_there(index: Index) -> None:  # noqa: F811
    assert "no folder nowhere" in str(run("fetch", "--from", "/nowhere").exception)
    assert not index.asked


def test_verify(index: Index) -> None:  # noqa: F811
    assert "No models on this machine yet" in run("verify").stdout
    models.fetch_all()
    result = run("verify")
    assert result.exit_code == 0
    assert result.stdout.count(" ok") == 3
    (models.root() / "voice" / "vector.npz").write_bytes(b"rotten")
    result = run("verify")
    assert isinstance(result.exception, BackendError)
    assert str(result.exception) == "not whole: voice. Fetch again with: toolkit models fetch voice"
    assert "SHA-256 differs" in result.stdout
    assert isinstance(run("verify", "voice").exception, BackendError)
    assert run("verify", "speech").exit_code == 0


@pytest.mark.parametrize("name", ["list", "fetch", "verify", "path"])
def test_help_has_an_example(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Example: toolkit models {name}" in result.stdout
