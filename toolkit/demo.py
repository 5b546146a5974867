"""The demonstration study: a copy of the sample recordings with their consent, ready to run."""

from __future__ import annotations

import shutil
from pathlib import Path

from toolkit import atomic
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
    StoreError
        When the study cannot be written.
    """
    source = sample or sample_folder()
    if not (source / "sessions.csv").is_file():
        raise InputError("the sample data are not here.", hint="Name their folder: toolkit demo --sample-data FOLDER")
    if (folder / "sessions.csv").exists():
        return Study.open(folder)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder.name} holds something else.", hint="Name a new folder: toolkit demo --study FOLDER")
    folder.parent.mkdir(parents=True, exist_ok=True)
    atomic.make_private(folder)
    atomic.make_private(folder / "recordings")
    for recording in sorted((source / "recordings").iterdir()):
        with atomic.replacing(folder / "recordings" / recording.name) as draft:
            shutil.copyfile(recording, draft)
    atomic.write_text(folder / "toolkit.toml", to_toml(Settings()))
    for name in ("consent.toml", "sessions.csv"):  # sessions last: with it the folder is a study
        atomic.write_bytes(folder / name, (source / name).read_bytes())
    return Study.open(folder)
