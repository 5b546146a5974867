"""The compacted dataset: tables of many sessions in few files, so that thousands can be scanned.

::

    results/.collected/KEY/   manifest.json: which sessions, from which manifests, and the hashes of the files beside it
                              measures.parquet, turns.parquet, ...: those tables of these sessions, sorted by session

It is derived: the sessions' own folders stay the truth, and it may be deleted at any time. `toolkit.store.collecting`
makes it. Tables with text are never in it, so text lies in one place only; nor are those of the machine's account of
corrected sessions, which nobody reads over many sessions.

A session is read from here only while its manifest is the one that was collected (and consent covers it today, which
`toolkit.store.scan` asks of every session); all else is read from the session's own folder. So a part that is out of
date costs time and never a wrong row. Withdrawal deletes the part that holds the session, at once.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import manifest as manifests
from toolkit import tables
from toolkit.store.places import STAGING
from toolkit.study import Study

__all__ = ["TABLES", "Part", "discard", "folder", "holding", "homes", "in_a_row", "parts", "receipt"]

TABLES = tuple(name for name in tables.SCHEMAS if name not in tables.RESTRICTED and name not in tables.MACHINE)
"""What is collected."""


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of the compacted dataset.

    Attributes
    ----------
    home
        Where it lies.
    sessions
        Session to the SHA-256 of the manifest it was collected from, in alphabetical order.
    damaged
        Sessions that belong into it and were damaged when it was made; it is made again by the next collecting.
    files
        Table to the SHA-256 of its file.
    """

    home: Path
    sessions: Mapping[str, str]
    damaged: tuple[str, ...]
    files: Mapping[str, str]

    def whole(self, table: str) -> bool:
        """Whether the file of a table is what was written."""
        try:
            with (self.home / f"{table}.parquet").open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.files.get(table)
        except OSError:
            return False


def folder(study: Study) -> Path:
    """Where the compacted dataset lies."""
    return study.results / ".collected"


def receipt(sessions: Mapping[str, str], damaged: tuple[str, ...], files: Mapping[str, str]) -> bytes:
    """The manifest of a part; the same content gives the same bytes."""
    told = {
        "schema_version": manifests.SCHEMA_VERSION,
        "sessions": dict(sessions),
        "damaged": list(damaged),
        "tables": dict(files),
    }
    return (json.dumps(told, sort_keys=True, indent=1) + "\n").encode()


def parts(study: Study) -> tuple[Part, ...]:
    """The parts that are whole by their manifest, in order of their first session; their files are not read."""
    found = (read(home) for home in homes(study) if not home.name.startswith(STAGING))
    known = [part for part in found if part is not None and part.sessions]
    return tuple(sorted(known, key=lambda part: (next(iter(part.sessions)), part.home.name)))


def in_a_row(found: Iterable[Part]) -> Iterator[Part]:
    """Parts without those that begin before the one before them ends: what a stopped collecting leaves."""
    last = ""
    for part in found:
        if min(part.sessions) > last:
            last = max(part.sessions)
            yield part


def holding(study: Study, session_id: str) -> tuple[Path, ...]:
    """The folders of parts that hold a session, and of those that cannot tell."""
    known = ((home, read(home)) for home in homes(study))
    return tuple(home for home, part in known if part is None or session_id in {*part.sessions, *part.damaged})


def discard(home: Path) -> None:
    """Delete a part, its manifest first: what is left of a stopped deletion is no part any more."""
    (home / manifests.NAME).unlink(missing_ok=True)
    shutil.rmtree(home)


def homes(study: Study) -> Iterator[Path]:
    """The folders of parts, staged ones too."""
    try:
        entries = sorted(folder(study).iterdir())
    except FileNotFoundError:
        return
    yield from (entry for entry in entries if entry.is_dir() and not entry.is_symlink())


def read(home: Path) -> Part | None:
    """A part by its manifest; None when that is not there, cannot be read or is of another schema."""
    try:
        told: Any = json.loads((home / manifests.NAME).read_bytes())
        if told["schema_version"] != manifests.SCHEMA_VERSION:
            return None
        return Part(home, dict(told["sessions"]), tuple(told["damaged"]), dict(told["tables"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
