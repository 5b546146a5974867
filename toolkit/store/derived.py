"""Kinds of things that are derived from a session: what a withdrawal has to find and delete.

One line a kind in `KINDS`. Whatever part of the toolkit writes something that is made from a recording, in whatever
form, adds its line here, and withdrawal, retention and `toolkit doctor` then know it. A kind is a module with three
functions, imported when it is asked:

``known(study)``
    Ids of sessions of which something may be there, found by listing; more than there are do no harm.

``found(study, session_id)``
    Every file that holds something of the session, also when a process was stopped while it wrote or deleted it.
``forget(study, session_id, portions)``
    Delete it, or rewrite what it shares with other sessions; with `portions` only what they touch may be deleted, where
    the kind can tell; all of it otherwise. Afterwards ``found`` gives nothing (or, of portions, nothing they touch).
    Must be able to go on where a stopped one ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from toolkit.errors import ConfigError, StoreError
from toolkit.intervals import Span
from toolkit.study import Study

__all__ = ["KINDS", "PERSONS", "Found", "Kind", "forget", "inventory", "known", "listed", "load"]

KINDS = {
    "results": "toolkit.store.derived_results",
    "stages": "toolkit.store.derived_stages",
    "compacted tables": "toolkit.store.derived_collected",
    "corrections": "toolkit.store.derived_overlay",
    "reports": "toolkit.store.derived_reports",
    "voices": "toolkit.store.derived_voices",
}
"""Name of a kind, as receipts have it, and its module."""

PERSONS = "voices"
"""The kind that belongs to people: what is there of it does not show that the deletion of a session was stopped."""


class Kind(Protocol):
    """What a module of `KINDS` has."""

    def known(self, study: Study, /) -> set[str]:
        """Ids of sessions of which something may be there."""
        ...

    def found(self, study: Study, session_id: str, /) -> Sequence[Path]:
        """Every file that holds something of the session."""
        ...

    def forget(self, study: Study, session_id: str, portions: Sequence[Span], /) -> None:
        """Delete what is there of the session, or of portions of it."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """Files of one kind: their number, bytes and SHA-256, in order of the hashes; no name and no content."""

    kind: str
    files: int
    bytes: int
    sha256: tuple[str, ...]


def load(name: str) -> Kind:
    """The module of a kind."""
    return cast("Kind", import_module(KINDS[name]))


def inventory(study: Study, session_id: str, *, persons: bool = True) -> tuple[Found, ...]:
    """What is there of a session, kinds of which nothing is there left out; without `persons` none of `PERSONS`.

    Raises
    ------
    StoreError
        When it cannot be read.
    """
    names = [name for name in KINDS if persons or name != PERSONS]
    return tuple(found for name in names if (found := of_kind(name, load(name).found(study, session_id))).files)


def known(study: Study) -> set[str]:
    """Ids of sessions of which something may be there; what belongs to people is not asked.

    Raises
    ------
    StoreError
        When a folder cannot be read.
    """
    try:
        return set[str]().union(*(load(name).known(study) for name in KINDS if name != PERSONS))
    except OSError as error:
        raise StoreError(f"the study cannot be read: {error.strerror or type(error).__name__}.") from None


def listed(folder: Path) -> tuple[str, ...]:
    """Names in a folder; none when it is not there."""
    return tuple(p.name for p in folder.iterdir()) if folder.is_dir() else ()


def of_kind(name: str, paths: Sequence[Path]) -> Found:
    """Number, bytes and hashes of some files."""
    hashes, size = [], 0
    for path in paths:
        try:
            data = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"{name} cannot be read: {error.strerror or type(error).__name__}.") from None
        hashes.append(hashlib.sha256(data).hexdigest())
        size += len(data)
    return Found(name, len(hashes), size, tuple(sorted(hashes)))


def forget(study: Study, session_id: str, portions: Sequence[Span] = ()) -> None:
    """Delete everything derived from a session; with `portions` what remains may be kept where a kind can tell.

    Raises
    ------
    ConfigError, StoreError
        When something cannot be deleted, or not be opened to keep the rest of it; the other kinds are deleted all the
        same.
    """
    failed: ConfigError | StoreError | None = None
    for name in KINDS:
        try:
            load(name).forget(study, session_id, portions)
        except (ConfigError, StoreError) as error:
            failed = failed or error
    if failed is not None:
        raise failed
