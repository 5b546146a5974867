"""From what the user wrote to where it lies: a model of the registry, one of the hub, or a folder of the user's."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

import platformdirs

from toolkit.errors import BackendError
from toolkit.models import registry
from toolkit.models.folders import recognise

__all__ = ["folder_of", "root", "user_folder"]

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
LIST = "toolkit models list shows the known names."


def root() -> Path:
    """The folder of the store: ``TOOLKIT_MODELS``, else this user's cache."""
    given = os.environ.get("TOOLKIT_MODELS")
    return Path(given).expanduser() if given else platformdirs.user_cache_path("toolkit", appauthor=False) / "models"


def user_folder(name: str) -> Path | None:
    """The folder of a model that the user named by its path, None for a name of the registry or the hub.

    Parameters
    ----------
    name
        As written by the user, aliases resolved.

    Raises
    ------
    BackendError
        When it is neither a name nor a folder, or the folder holds no model.
    """
    known = registry.load()
    if name in known.models:
        return None
    folder = Path(name).expanduser()
    if folder.is_dir():
        if wrong := recognise(folder):
            raise BackendError(f"folder {folder.name} cannot be used as a model: {wrong}.")
        return folder
    if HUB_ID.fullmatch(name):
        return None
    if folder.is_file():
        raise BackendError(f"{folder.name} is a file.", hint="Give the folder that holds it.")
    if "/" in name or "\\" in name or name.startswith((".", "~")):
        raise BackendError(f"there is no model folder {folder.name}.", hint=LIST)
    near = difflib.get_close_matches(name, [*known.models, *known.aliases], n=1)
    raise BackendError(f"no model is called {name!r}.", hint=f"Did you mean {near[0]}?" if near else LIST)


def folder_of(name: str, store: Path) -> Path:
    """Where a model lies in a store: its name, or ``hub/owner--name``."""
    return store / name if name in registry.load().models else store / "hub" / name.replace("/", "--")
