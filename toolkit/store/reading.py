"""Results are read: whole ones only, and over sessions only what consent still covers.

A reader never waits for a writer: one that is overtaken by the swap of a folder reads again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import manifest as manifests
from toolkit import tables
from toolkit.consent import audit, listeners
from toolkit.consent.admit import Refusal
from toolkit.consent.ledger import Ledger, Record, granted, kept_until
from toolkit.errors import InputError, StoreError
from toolkit.intervals import subtract
from toolkit.manifest import Manifest
from toolkit.opener import opener
from toolkit.result import SessionResult
from toolkit.store.places import places
from toolkit.study import Study
from toolkit.types import Dialogue, Purpose

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "covered",
    "is_current",
    "load",
    "load_dialogue",
    "manifest",
    "may_open",
    "read",
    "scan",
    "sessions",
    "snapshot",
    "verify",
]

ROUNDING = 0.002  # s: manifests have milliseconds
TRIES = 3  # of a reader that is overtaken by a swap


def manifest(study: Study, session_id: str) -> Manifest | None:
    """The manifest of a session's results, None when there are none or they are damaged or of another version."""
    try:
        return manifests.parse(raw(study, session_id), session_id)
    except (InputError, StoreError):
        return None


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
    """
    try:
        found = manifests.parse(raw(study, session_id), session_id)
    except (InputError, StoreError) as error:
        return (error.message,)
    folder = places(study, session_id)[0]
    wrong = []
    for name, digest in found.tables.items():
        try:
            if name not in tables.SCHEMAS or file_hash(folder / f"{name}.parquet") != digest:
                wrong.append(f"{name}: not what was written")
        except OSError:
            wrong.append(f"{name}: missing or unreadable")
    known = {folder / f"{name}.parquet" for name in found.tables} | {folder / manifests.NAME}
    wrong += [
        f"{entry.relative_to(folder)}: not named in the manifest"
        for entry in sorted(folder.rglob("*"))
        if not entry.is_dir() and entry not in known
    ]
    return tuple(wrong)


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


def snapshot(
    study: Study, session_id: str, wanted: list[str] | None, *, cut: bool = False
) -> tuple[Manifest, dict[str, pl.DataFrame]]:
    """The manifest and the wanted tables (None: all) of one and the same publication, hashes checked.

    With `cut` the caller leaves out by itself what was taken back since.

    Raises
    ------
    InputError, StoreError
        As `load`.
    ConsentError
        As `may_open`.
    """
    folder = places(study, session_id)[0]
    for _ in range(TRIES):
        text = raw(study, session_id)
        found = manifests.parse(text, session_id)
        may_open(study, found, cut=cut)
        names = [name for name in found.tables if wanted is None or name in wanted]
        content: dict[str, bytes] = {}
        with suppress(OSError):
            content = {name: (folder / f"{name}.parquet").read_bytes() for name in names if name in tables.SCHEMAS}
        if len(content) == len(names) and all(
            hashlib.sha256(data).hexdigest() == found.tables[name] for name, data in content.items()
        ):
            return found, {name: tables.decode(name, data) for name, data in content.items()}
        if raw(study, session_id) == text:
            break  # nobody swapped the folder meanwhile: it is damaged
    raise StoreError(
        f"session {session_id}: the results are damaged.", hint=f"Run it again: toolkit run STUDY {session_id}"
    )


def scan(study: Study, table: str, *, only: Collection[str] | None = None) -> pl.LazyFrame:
    """One table of all sessions that are whole and that consent still covers today, sorted by session.

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
    """
    if table not in tables.SCHEMAS:
        raise InputError(f"no table is called {table[:40]}.", hint=f"One of: {', '.join(tables.SCHEMAS)}.")
    needed = {Purpose.MEASURE, Purpose.TRANSCRIPT} if table in tables.RESTRICTED else {Purpose.MEASURE}
    ledger = study.ledger()
    files = []
    for session_id in sessions(study):
        if (only is not None and session_id not in only) or not needed <= covered(ledger, session_id):
            continue
        found = manifest(study, session_id)
        path = study.results / session_id / f"{table}.parquet"
        if found is not None and shown(found, ledger) and table in found.tables and not verify(study, session_id):
            files.append(path)
    return tables.lazy(table, files)


def covered(ledger: Ledger, session_id: str) -> frozenset[Purpose]:
    """Purposes for which a session may be opened today, by whoever opens it.

    None when there is no readable record, consent was withdrawn, it is to be kept no longer, or its parties named
    listeners and this is none of them (see `toolkit.consent.listeners`).
    """
    record, today = ledger.records.get(session_id), date.today()  # noqa: DTZ011 - the clinic's day
    if not isinstance(record, Record) or ledger.behind(today):
        return frozenset()
    return listeners.allowed(record, granted(record, today), who=opener(), today=today)


def may_open(study: Study, found: Manifest, *, cut: bool = False) -> None:
    """Refuse results of a session that was withdrawn, whole or in part, or that is not for whoever opens it.

    Raises
    ------
    ConsentError
        When consent was withdrawn or the day until which it is kept is over, though something is left; or when the
        parties named who may open it, and this is none of them.
    InputError
        When they hold a portion that was taken back since.
    """
    ledger, today = study.ledger(), date.today()  # noqa: DTZ011 - the clinic's day
    record, session_id = ledger.records.get(found.session_id), found.session_id
    if not isinstance(record, Record):
        return
    if record.withdrawn_on is not None:
        raise Refusal(session_id, "withdrawn", f"consent was withdrawn on {record.withdrawn_on}")
    end = kept_until(record)
    if end is not None and end < today:
        raise Refusal(session_id, "retention-over", f"it was to be kept until {end} only")
    try:
        listeners.check(session_id, record, (), who=opener(), today=today)
    except Refusal as refusal:
        audit.append(study.audit_file, "refuse", session_id=session_id, rule=refusal.rule, by=opener())
        raise
    if not cut and not shown(found, ledger):
        raise InputError(
            f"session {session_id}: the results hold a portion that was taken back since.",
            hint=f"Make them again: toolkit run {study.name} {session_id}",
        )


def shown(found: Manifest, ledger: Ledger) -> bool:
    """Whether results leave out every portion that was taken back since: stale ones are not shown, only made again."""
    record = ledger.records.get(found.session_id)
    return not isinstance(record, Record) or all(
        left.duration <= ROUNDING for left in subtract(record.excluded, found.excluded)
    )


def sessions(study: Study) -> tuple[str, ...]:
    """Ids of the sessions that have results with a manifest, in alphabetical order."""
    try:
        names = sorted(e.name for e in study.results.iterdir() if not e.name.startswith(".") and e.is_dir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"results cannot be read: {error.strerror}.") from None
    return tuple(name for name in names if (study.results / name / manifests.NAME).is_file())


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
