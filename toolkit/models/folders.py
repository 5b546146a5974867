"""Model folders on disk: what is in one, whether it is whole, and the receipt that makes the next check quick.

A receipt lies beside a model's files and holds size, time of change and SHA-256 of each. A file that still has size
and time of its receipt is taken as unchanged; any other is hashed again. `full` hashes everything regardless.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from toolkit.models.registry import Model, digest_of
from toolkit.models.wheels import file_sha256

__all__ = ["RECEIPT", "Event", "Progress", "Stage", "State", "Status", "digest", "problem", "recognise", "seal"]

RECEIPT = "toolkit-receipt.json"


class State(StrEnum):
    """Whether a model can be used."""

    OK = "ok"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Status:
    """One model in the store: its state, what is wrong with it (empty when nothing is), its folder and its bytes."""

    name: str
    state: State
    detail: str
    folder: Path
    size: int


class Stage(StrEnum):
    """What a fetch is doing."""

    WAIT = "waiting for another process"
    DAMAGED = "damaged"
    COPY = "copying"
    DOWNLOAD = "downloading"
    UNPACK = "unpacking"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a fetch: `done` of `total` bytes of the stage (0 of 0 when it has no length), and a plain message."""

    model: str
    stage: Stage
    done: int = 0
    total: int = 0
    message: str = ""


Progress = Callable[[Event], None]


def problem(folder: Path, expected: Mapping[str, tuple[str, int]], *, full: bool) -> str:
    """What is wrong with a model folder, empty when nothing is.

    Parameters
    ----------
    folder
        A model's folder; it exists.
    expected
        File name to SHA-256 and size in bytes.
    full
        Hash every file; otherwise only those that changed since the receipt.
    """
    receipt = {} if full else read_receipt(folder)
    hashed = False
    for name, (sha256, size) in expected.items():
        try:
            found = (folder / name).stat()
        except OSError:
            return f"{name} is missing"
        if found.st_size != size:
            return f"{name} has {found.st_size} of {size} bytes"
        if receipt.get(name) != [sha256, size, found.st_mtime_ns]:
            hashed = True
            if unreadable_or_other(folder / name, sha256):
                return f"{name} is not the file it should be (SHA-256 differs)"
    if hashed:
        with contextlib.suppress(OSError):  # a store that may only be read is checked in full each time
            seal(folder, {name: sha256 for name, (sha256, _) in expected.items()})
    return ""


def unreadable_or_other(path: Path, sha256: str) -> bool:
    """Whether a file cannot be read or has another hash."""
    try:
        return file_sha256(path) != sha256
    except OSError:
        return True


def read_receipt(folder: Path) -> dict[str, Any]:
    """File name to ``[sha256, size, mtime_ns]``; empty when there is no readable receipt."""
    try:
        files = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return files if isinstance(files, dict) else {}


def seal(folder: Path, hashes: Mapping[str, str]) -> None:
    """Write the receipt of a folder whose files were just checked, whole or not at all."""
    files = {}
    for name, sha256 in hashes.items():
        found = (folder / name).stat()
        files[name] = [sha256, found.st_size, found.st_mtime_ns]
    draft = folder / f"{RECEIPT}.{os.getpid()}"
    draft.write_text(json.dumps({"schema": 1, "files": files}, indent=1, sort_keys=True), encoding="utf-8")
    draft.replace(folder / RECEIPT)


def expected_of(model: Model) -> dict[str, tuple[str, int]]:
    """File name to SHA-256 and size of a registered model."""
    return {file.name: (file.sha256, file.size) for file in model.files}


def expected_of_receipt(folder: Path) -> dict[str, tuple[str, int]]:
    """File name to SHA-256 and size as the folder's own receipt has them; empty without a receipt."""
    return {name: (entry[0], entry[1]) for name, entry in read_receipt(folder).items()}


def recognise(folder: Path) -> str:
    """Why a folder is no model that can be loaded without a network; empty when it is one.

    Known are a CTranslate2 Whisper, a pyannote pipeline or model, a spaCy pipeline, and a folder of safetensors.
    """
    has = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    if "model.bin" in has and "config.json" in has:
        wanting = [] if "tokenizer.json" in has else ["tokenizer.json"]
        wanting += [] if any(name.startswith("vocabulary.") for name in has) else ["vocabulary.json"]
        return f"it has no {' and no '.join(wanting)}" if wanting else ""
    if "config.yaml" in has or {"config.cfg", "meta.json"} <= has or any(n.endswith(".safetensors") for n in has):
        return ""
    return "it holds no Whisper (model.bin, config.json), pyannote (config.yaml) or spaCy (config.cfg) model"


def members(folder: Path) -> list[str]:
    """Names of the files of a folder, relative, sorted, without hidden ones and the receipt."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        name.as_posix()
        for name in names
        if not any(part.startswith(".") for part in name.parts) and not name.name.startswith(RECEIPT)
    )


def digest(folder: Path) -> str:
    """One SHA-256 for all files of a folder; hashed once a process as long as nothing in it changes."""
    stats = ((name, (folder / name).stat()) for name in members(folder))
    return hashed(folder, tuple((name, found.st_size, found.st_mtime_ns) for name, found in stats))


@lru_cache(maxsize=64)
def hashed(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    """SHA-256 of a folder in the state that `files` describes."""
    return digest_of({name: file_sha256(folder / name) for name, _, _ in files})
