"""Results are written, swept and purged.

How a crash is survived
-----------------------
A session's folder is never changed in place. `publish` writes a new one beside it and swaps the names::

    1  results/.staging-ID   made anew, every file written and forced to disk, manifest.json last
    2  results/ID            renamed to .old-ID, when there is one
    3  results/.staging-ID   renamed to ID
    4  results/.old-ID       deleted

Renaming a folder happens whole or not at all, so after a stop at any moment a name holds what one of these lines left:

- before 2 is done: ``ID`` is the old one; `sweep` deletes what was staged;
- between 2 and 3: there is no ``ID``, but ``.old-ID`` is whole, because it is deleted only after 3; `sweep` gives it
  its name back and deletes what was staged;
- after 3: ``ID`` is the new one; `sweep` deletes what is left of ``.old-ID``.

`purge` moves everything of a session out of reach first (``.purged-…``: the old one, the staged one, then the
results), each by one rename, and then deletes; so a half-deleted folder can never be given its name back. Purging
begins with leftovers of an earlier purge; `sweep` finishes one that was stopped.

A result counts only when its manifest is there and names the hashes of the tables that are there (of what is in them:
those with text may be encrypted, see `toolkit.privacy.vault`). One process writes
at a time (a lock on ``results/.lock``); readers never wait: one that is overtaken by a swap reads again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

from toolkit import manifest as manifests
from toolkit import tables
from toolkit.atomic import store_error, sync_folder
from toolkit.errors import StoreError
from toolkit.manifest import Manifest
from toolkit.privacy import vault
from toolkit.result import SessionResult
from toolkit.store import derived_collected, derived_stages
from toolkit.store.places import OLD, PURGED, STAGING, places
from toolkit.study import Study

__all__ = ["publish", "purge", "sweep", "writing"]

HOLDER = ".lock-holder.json"
"""Who holds the lock: process, host, since when. Beside the lock, which whoever tries to take it empties."""


@contextmanager
def writing(study: Study) -> Iterator[None]:
    """Hold the study's results for writing; may be nested within one thread.

    Raises
    ------
    StoreError
        When another process writes results of this study, at once, with who it is; or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(study.results.resolve() / ".lock", mode=0o600, is_singleton=True)
    try:
        study.results.mkdir(mode=0o700, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreError(
            f"another run is writing results of this study{holder(study)}.",
            hint="Wait until it has finished, then run this again.",
        ) from None
    except OSError as error:
        raise store_error(study.results, error) from None
    try:
        if lock.lock_counter == 1:
            sign(study)
        yield
    finally:
        if lock.lock_counter == 1:
            with suppress(OSError):
                (study.results / HOLDER).unlink(missing_ok=True)
        lock.release()


def sign(study: Study) -> None:
    """Write down who holds the lock, for somebody who finds it taken; a lock that is held needs no signature."""
    told = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with suppress(OSError):
        (study.results / HOLDER).unlink(missing_ok=True)
        write_new(study.results / HOLDER, json.dumps(told).encode(), force=False)


def holder(study: Study) -> str:
    """Who holds the lock, as a part of a sentence; empty when it does not say."""
    try:
        told = json.loads((study.results / HOLDER).read_text(encoding="utf-8"))
        return f" (process {int(told['pid'])} on {str(told['host'])[:80]} since {str(told['since'])[:40]})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def publish(study: Study, result: SessionResult, *, held: bool = False) -> Manifest:
    """Put a session's results in place of earlier ones.

    Parameters
    ----------
    study, result
        What goes where.
    held
        The run that this process works for holds the study's lock: a worker's case.

    Raises
    ------
    StoreError
        When they cannot be written; the earlier ones are then as they were (or the new ones are there already, when
        only deleting the earlier ones failed).
    """
    session_id = result.dialogue.session_id
    final, staging, old = places(study, session_id)
    content = {name: tables.encode(frame) for name, frame in tables.frames(result).items()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    made = manifests.of(result, absent=tables.absent(result), tables=hashes)
    with nullcontext() if held else writing(study):
        try:
            recover(study.results, session_id)
            stage(staging, sealed(study, content), manifests.dumps(made).encode())
            if final.exists():
                os.rename(final, old)  # noqa: PTH104 - the system calls of the swap, as the docstring numbers them
            os.rename(staging, final)  # noqa: PTH104
            sync_folder(study.results)
            recover(study.results, session_id)
        except OSError as error:
            with suppress(OSError):  # a second failure leaves it to the next sweep
                recover(study.results, session_id)
            raise in_session(session_id, store_error(final, error)) from None
    return made


def sealed(study: Study, content: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files with those that hold text encrypted, where the study has a vault."""
    return {n: vault.seal(study.root, data) if n in tables.RESTRICTED else data for n, data in content.items()}


def stage(folder: Path, content: Mapping[str, bytes], last: bytes) -> None:
    """Write all files of a session and force them to disk, the manifest last."""
    folder.mkdir(mode=0o700)
    inner = sorted({name.split("/")[0] for name in content if "/" in name})
    for name in inner:
        (folder / name).mkdir(mode=0o700)
    for name, data in content.items():
        write_new(folder / f"{name}.parquet", data)
    for name in inner:
        sync_folder(folder / name)
    write_new(folder / manifests.NAME, last)
    sync_folder(folder)


def write_new(path: Path, data: bytes, *, force: bool = True) -> None:
    """Write a file that is not there yet, readable by its owner only, and force it to disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        if force:
            os.fsync(handle)
    finally:
        os.close(handle)


def sweep(study: Study) -> None:
    """Finish or undo what a stopped run left; every session is then there whole or not at all.

    Raises
    ------
    StoreError
        When another process writes, or leftovers cannot be renamed or deleted.
    """
    with writing(study):
        try:
            for entry in sorted(study.results.iterdir()):
                if entry.name.startswith(PURGED):
                    delete(entry)
                for prefix in (STAGING, OLD):
                    if entry.name.startswith(prefix):
                        recover(study.results, entry.name.removeprefix(prefix))
        except OSError as error:
            raise store_error(study.results, error) from None


def recover(results: Path, session_id: str) -> None:
    """Give the old results their name back when the new ones never got it; delete what is left over."""
    final, staging, old = results / session_id, results / f"{STAGING}{session_id}", results / f"{OLD}{session_id}"
    if old.exists() and not final.exists():
        os.rename(old, final)  # noqa: PTH104
        sync_folder(results)
    for leftover in (staging, old):
        if leftover.exists():
            delete(leftover)


def graves(study: Study, session_id: str) -> tuple[Path, Path, Path]:
    """Where the old, the staged and the results proper are put out of reach before they are deleted."""
    old, staged, results = (study.results / f"{PURGED}{part}-{session_id}" for part in ("old", "staged", "results"))
    return old, staged, results


def purge_results(study: Study, session_id: str) -> int:
    """Delete a session's results and what a stopped run or purge left of them; returns how many files.

    Raises
    ------
    StoreError
        When another process writes, or something cannot be deleted; the results are then out of reach already if
        they could be renamed, and the next purge or sweep deletes them.
    """
    final, staging, old = places(study, session_id)
    doomed = graves(study, session_id)
    deleted = 0
    with writing(study):
        try:
            for grave in doomed:
                deleted += delete(grave) if grave.exists() else 0
            for folder, grave in zip((old, staging, final), doomed, strict=True):
                if folder.exists():
                    os.rename(folder, grave)  # noqa: PTH104
            sync_folder(study.results)
            for grave in doomed:
                deleted += delete(grave) if grave.exists() else 0
            sync_folder(study.results)
        except OSError as error:
            raise in_session(session_id, store_error(final, error)) from None
    return deleted


def purge_overlays(study: Study, session_id: str) -> int:
    """Delete what humans said of a session; returns how many files. Raises as `purge_results`."""
    deleted = 0
    with writing(study):
        try:
            for corrections in overlays(study, session_id):
                corrections.unlink()
                deleted += 1
            if deleted:
                sync_folder(study.overlay(session_id).parent)
        except OSError as error:
            raise in_session(session_id, store_error(study.overlay(session_id), error)) from None
    return deleted


def purge(study: Study, session_id: str) -> int:
    """Delete what the store has of a session: results, its part of the compacted dataset, stages, human corrections.

    `toolkit.store.derived` knows everything else.

    Returns
    -------
    int
        How many files of the session were deleted, 0 when there were none.

    Raises
    ------
    StoreError
        As `purge_results`.
    """
    with writing(study):
        deleted = purge_results(study, session_id)
        derived_collected.forget(study, session_id)
        deleted += len(derived_stages.found(study, session_id))
        derived_stages.forget(study, session_id)
        return deleted + purge_overlays(study, session_id)


def overlays(study: Study, session_id: str) -> tuple[Path, ...]:
    """What a human said of a session, and what a stopped writing of it left beside it."""
    path = study.overlay(session_id)
    left = path.parent.glob(f".{path.name[:80]}.*.tmp")
    return tuple(p for p in (path, *sorted(left)) if p.exists() or p.is_symlink())


def delete(folder: Path) -> int:
    """Delete a folder, or a stray file of that name; returns how many files were in it."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink()
        return 1
    count = sum(1 for entry in folder.rglob("*") if entry.is_symlink() or not entry.is_dir())
    shutil.rmtree(folder)
    return count


def in_session(session_id: str, error: StoreError) -> StoreError:
    """The same error with the session's id before it."""
    return StoreError(f"session {session_id}: {error.message}", hint=error.hint)
