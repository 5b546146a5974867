"""What tests share: the models, fetched once a session, and the sample study, processed once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model_store() -> dict[str, Path]:
    """Folders of the real models that the package index carries; `make test` fetches them before any test runs."""
    from toolkit import models

    return {name: models.path(name) for name in models.needed()}


@pytest.fixture(scope="session")
def data() -> Path:
    """The development data outside the repository; tests that need them are skipped where they are not."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data are not on this machine")
    return folder


@pytest.fixture(scope="session")
def demo_study(tmp_path_factory: pytest.TempPathFactory, model_store: dict[str, Path]) -> Path:
    """The sample study, taken through the real chain once by the command line."""
    from typer.testing import CliRunner

    from toolkit.cli import app

    study = tmp_path_factory.mktemp("demo") / "study"
    result = CliRunner().invoke(app, ["demo", "--study", str(study)])
    assert result.exit_code == 0, result.output
    return study
