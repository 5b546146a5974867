"""The demonstration study: a copy of the sample recordings with their consent, ready to run."""

from __future__ import annotations

import shutil
from pathlib import Path

from toolkit.errors import InputError
from toolkit.settings import Settings, to_toml
from toolkit.study import Study

__all__ = ["SESSIONS", "prepare", "sample_folder"]

SESSIONS = ("reflective", "hurried")


def sample_folder() -> Path:
    """Where the sample data lie: inside an installed package, or at the top of a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "sample_data"
    return inside if inside.is_dir() else here.parent / "sample_data"


def prepare(folder: Path, sample: Path | None = None) -> Study:
    """Make the demonstration study, or open it when it is there.

    Parameters
    ----------
    folder
        Where to make it. A folder that holds something else is refused.
    sample
        The sample data: ``sessions.csv``, ``consent.toml`` and ``recordings/``. None takes our own.

    Raises
    ------
    InputError
        When the sample data are not there, or `folder` holds something that is no study.
    """
    source = sample or sample_folder()
    if not (source / "sessions.csv").is_file():
        raise InputError("the sample data are not here.", hint="Name their folder: toolkit demo --sample-data FOLDER")
    if (folder / "sessions.csv").exists():
        return Study.open(folder)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder.name} holds something else.", hint="Name a new folder: toolkit demo --study FOLDER")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copytree(source / "recordings", folder / "recordings", dirs_exist_ok=True)
    (folder / "toolkit.toml").write_text(to_toml(Settings()), encoding="utf-8")
    shutil.copy(source / "consent.toml", folder / "consent.toml")
    shutil.copy(source / "sessions.csv", folder / "sessions.csv")  # last: with it the folder is a study
    return Study.open(folder)
