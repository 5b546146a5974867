"""Results are read: whole ones only, and over sessions only what consent still covers.

A reader never waits for a writer: one that is overtaken by the swap of a folder reads again.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from toolkit import manifest as manifests
from toolkit import tables
from toolkit.consent.ledger import Ledger, Record
from toolkit.errors import InputError, StoreError
from toolkit.manifest import Manifest
from toolkit.privacy import vault
from toolkit.result import SessionResult
from toolkit.store import collected
from toolkit.store.opening import covered, may_open, shown
from toolkit.store.places import places
from toolkit.study import Study
from toolkit.types import Dialogue, Purpose

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "is_current",
    "load",
    "load_dialogue",
    "manifest",
    "read",
    "scan",
    "sessions",
    "snapshot",
    "usable",
    "verify",
]

FEW = 16  # sessions: for so few the compacted dataset is not opened
TRIES = 3  # of a reader that is overtaken by a swap


def manifest(study: Study, session_id: str) -> Manifest | None:
    """The manifest of a session's results, None when there are none or they are damaged or of another version."""
    try:
        return manifests.parse(raw(study, session_id), session_id)
    except (InputError, StoreError):
        return None


def usable(study: Study, session_id: str, ledger: Ledger) -> Manifest | None:
    """As `manifest`, and None too for results that hold a portion that was taken back since they were made."""
    found = manifest(study, session_id)
    return found if found is not None and shown(found, ledger) else None


def is_current(study: Study, session_id: str, *, key: str, overlay: str | None = None) -> bool:
    """Whether whole results of that key are there, and of that overlay when one is given (empty for none)."""
    found = manifest(study, session_id)
    if found is None or found.key != key or (overlay is not None and found.overlay != overlay):
        return False
    return not verify(study, session_id)


def verify(study: Study, session_id: str) -> tuple[str, ...]:
    """Compare the tables with the hashes of the manifest.

    Returns
    -------
    tuple of str
        What is wrong, one entry a file; empty for whole results.

    Raises
    ------
    ConfigError
        When one is encrypted and no key for it is here.
    """
    try:
        found = manifests.parse(raw(study, session_id), session_id)
    except (InputError, StoreError) as error:
        return (error.message,)
    folder = places(study, session_id)[0]
    wrong = [f"{name}: {fault}" for name in found.tables if (fault := fault_of(study, found, name))]
    known = {folder / f"{name}.parquet" for name in found.tables} | {folder / manifests.NAME}
    wrong += [
        f"{entry.relative_to(folder)}: not named in the manifest"
        for entry in sorted(folder.rglob("*"))
        if not entry.is_dir() and entry not in known
    ]
    return tuple(wrong)


def fault_of(study: Study, found: Manifest, table: str) -> str:
    """What is wrong with the file of a table, empty for nothing."""
    try:
        right = table in tables.SCHEMAS and digest(content_of(study, found.session_id, table)) == found.tables[table]
    except OSError:
        return "missing or unreadable"
    except vault.DamagedError:
        right = False
    return "" if right else "not what was written"


def content_of(study: Study, session_id: str, table: str) -> bytes:
    """A session's table as Parquet bytes, opened where it is encrypted."""
    path = places(study, session_id)[0] / f"{table}.parquet"
    return vault.unseal(study.root, path.read_bytes(), what=f"session {session_id}: table {table}")


def digest(data: bytes) -> str:
    """SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def load(study: Study, session_id: str) -> SessionResult:
    """Read a session's results back, with words and text where they were kept.

    Raises
    ------
    InputError
        When the session has no results.
    StoreError
        When they are damaged or of another schema version.
    """
    found, frames = snapshot(study, session_id, None)
    return tables.result(frames, found)


def load_dialogue(study: Study, session_id: str) -> tuple[Dialogue, Manifest]:
    """Read what measures need, without any text; raises as `load`."""
    wanted = [name for name in tables.SCHEMAS if name not in tables.RESTRICTED and name not in tables.MACHINE]
    found, frames = snapshot(study, session_id, wanted)
    return tables.dialogue(frames, found), found


def read(study: Study, session_id: str, table: str) -> pl.DataFrame:
    """Read one table of one session; raises as `load`, and InputError for a table that was not kept."""
    _, frames = snapshot(study, session_id, [table])
    if table not in frames:
        raise InputError(f"session {session_id}: there is no table {table}.", hint="Text is kept only with consent.")
    return frames[table]


def snapshot(study: Study, session_id: str, wanted: list[str] | None) -> tuple[Manifest, dict[str, pl.DataFrame]]:
    """The manifest and the wanted tables (None: all) of one and the same publication, hashes checked.

    Raises
    ------
    InputError, StoreError
        As `load`.
    ConsentError
        As `may_open`.
    """
    for _ in range(TRIES):
        text = raw(study, session_id)
        found = manifests.parse(text, session_id)
        may_open(study, found)
        names = [name for name in found.tables if wanted is None or name in wanted]
        content: dict[str, bytes] = {}
        with suppress(OSError, vault.DamagedError):
            content = {name: content_of(study, session_id, name) for name in names if name in tables.SCHEMAS}
        if len(content) == len(names) and all(digest(data) == found.tables[name] for name, data in content.items()):
            return found, {name: tables.decode(name, data) for name, data in content.items()}
        if raw(study, session_id) == text:
            break  # nobody swapped the folder meanwhile: it is damaged
    raise StoreError(
        f"session {session_id}: the results are damaged.", hint=f"Run it again: toolkit run STUDY {session_id}"
    )


def scan(study: Study, table: str, *, only: Collection[str] | None = None) -> pl.LazyFrame:
    """One table of all sessions that are whole in it and that consent still covers today, sorted by session.

    What was collected (`toolkit.store.collect`) is read from the compacted dataset, the rest from the sessions' own
    folders; both give the same rows.

    Parameters
    ----------
    study
        Whose results.
    table
        One of the tables; those under ``restricted/`` only of sessions whose transcript purpose still holds.
    only
        Ids of the sessions wanted, None for all.

    Raises
    ------
    InputError
        When there is no such table.
    ConsentError
        When the ledger cannot be read.
    ConfigError
        When the table is encrypted and no key for it is here.
    """
    if table not in tables.SCHEMAS:
        raise InputError(f"no table is called {table[:40]}.", hint=f"One of: {', '.join(tables.SCHEMAS)}.")
    needed = {Purpose.MEASURE, Purpose.TRANSCRIPT} if table in tables.RESTRICTED else {Purpose.MEASURE}
    ledger = study.ledger()
    there = sessions(study) if only is None else [s for s in sorted(only) if is_there(study, s)]
    wanted = {s for s in there if needed <= covered(ledger, s) and is_fresh(study, s, ledger)}
    usable: list[tuple[collected.Part, frozenset[str]]] = []
    if table in collected.TABLES and len(wanted) > FEW:
        for part in collected.in_a_row(collected.parts(study)):
            own = frozenset(s for s in wanted & part.sessions.keys() if unchanged(study, s, part.sessions[s]))
            if own and part.whole(table):
                usable.append((part, own))
                wanted -= own
    return tables.together(
        table,
        [(part.home / f"{table}.parquet", frozenset(part.sessions) - own) for part, own in usable],
        [found for s in sorted(wanted) if (found := whole_table(study, s, table)) is not None],
    )


def whole_table(study: Study, session_id: str, table: str) -> Path | IO[bytes] | None:
    """A session's table, if the manifest vouches for it: its file, or the content of one that may be encrypted."""
    found = manifest(study, session_id)
    if found is None or table not in found.tables or fault_of(study, found, table):
        return None
    if table in tables.RESTRICTED and vault.find(study.root) is not None:
        return io.BytesIO(content_of(study, session_id, table))
    return study.results / session_id / f"{table}.parquet"


def unchanged(study: Study, session_id: str, digest: str) -> bool:
    """Whether a session's manifest is the one of that digest."""
    with suppress(OSError):
        return file_hash(study.results / session_id / manifests.NAME) == digest
    return False


def is_fresh(study: Study, session_id: str, ledger: Ledger) -> bool:
    """Whether results leave out what was taken back since; the manifest is read only where something was."""
    record = ledger.records.get(session_id)
    if not isinstance(record, Record) or not record.excluded:
        return True
    return usable(study, session_id, ledger) is not None


def sessions(study: Study) -> tuple[str, ...]:
    """Ids of the sessions that have results with a manifest, in alphabetical order."""
    try:
        names = sorted(e.name for e in study.results.iterdir() if not e.name.startswith(".") and e.is_dir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"results cannot be read: {error.strerror}.") from None
    return tuple(name for name in names if is_there(study, name))


def is_there(study: Study, session_id: str) -> bool:
    """Whether a session has results with a manifest."""
    return (study.results / session_id / manifests.NAME).is_file()


def raw(study: Study, session_id: str) -> str:
    """Text of a manifest; a reader that looks between the two renames of a swap looks again."""
    path = places(study, session_id)[0] / manifests.NAME
    try:
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise StoreError(f"session {session_id}: the results' manifest is damaged.") from None
    except OSError as error:
        raise StoreError(f"session {session_id}: results cannot be read: {error.strerror}.") from None
    raise InputError(f"session {session_id} has no results.", hint=f"Make them with: toolkit run STUDY {session_id}")


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
