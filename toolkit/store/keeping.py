"""Results of stages on disk, each under the digest of what it was made from.

::

    stages/ID/decode-DIGEST.json                 and speakers, dialogue, codes: no text in any of them
    stages/ID/restricted/words-DIGEST.json       and said: text, kept only where consent lets a transcript be kept
    stages/ID/failure.json                       how the session's last run failed, until one succeeds
    stages/ID/.lock                              held by the process that works on the session

A file is there whole or not at all, and its first line (within the encryption of a study that has a vault) holds the
SHA-256 of the rest: one that is damaged is as good as none. Several of one stage may lie side by side (two numbers of
speakers tried in turn); `toolkit clean` drops those that the settings no longer lead to. What consent no longer covers
is not read, and `sweep_stages` deletes it.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from toolkit.atomic import store_error, write_bytes
from toolkit.consent.ledger import Ledger, Record, granted
from toolkit.errors import StoreError
from toolkit.formats.sessions import check_session_id
from toolkit.privacy import vault
from toolkit.store.derived_stages import forget, found
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["RESTRICTED", "Entry", "claimed", "drop", "entries", "get", "put", "stage_folders", "sweep_stages"]

RESTRICTED = "restricted"
NAME = re.compile(r"(?P<stage>[a-z]+)-(?P<key>[0-9a-f]{64})\.json\.z")
TEMPORARY = ".*.tmp"
PATIENCE = 10.0  # s that a session is waited for: the worker of a run that was killed ends within one


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept result: of which session and stage, under which key, where, and its size in bytes."""

    session_id: str
    stage: str
    key: str
    path: Path
    size: int

    @property
    def restricted(self) -> bool:
        """Whether it holds text."""
        return self.path.parent.name == RESTRICTED


def place(study: Study, session_id: str, stage: str, key: str, *, text: bool) -> Path:
    """Where a stage's result lies."""
    folder = study.stages(session_id)
    return (folder / RESTRICTED if text else folder) / f"{stage}-{key}.json.z"


def get(study: Study, session_id: str, stage: str, key: str, *, text: bool) -> bytes | None:
    """A kept result, None when there is none that is whole.

    Raises
    ------
    ConfigError
        When it is encrypted and no key for it is here.
    """
    path = place(study, session_id, stage, key, text=text)
    with suppress(OSError, zlib.error, vault.DamagedError):
        head, _, body = vault.unseal(study.root, path.read_bytes(), what=path.name).partition(b"\n")
        if head == hashlib.sha256(body).hexdigest().encode():
            return zlib.decompress(body)
    return None


def put(study: Study, session_id: str, stage: str, key: str, data: bytes, *, text: bool) -> None:
    """Keep a result, readable by its owner only.

    Raises
    ------
    StoreError
        When it cannot be written; nothing is left then.
    """
    check_session_id(session_id, where="stages")
    path = place(study, session_id, stage, key, text=text)
    body = zlib.compress(data, 6)
    try:
        make_folder(path.parent)
        write_bytes(path, vault.seal(study.root, hashlib.sha256(body).hexdigest().encode() + b"\n" + body))
    except OSError as error:
        raise StoreError(f"session {session_id}: {store_error(path.parent, error).message}") from None
    except StoreError as error:
        raise StoreError(f"session {session_id}: {error.message}", hint=error.hint) from None


def make_folder(folder: Path) -> None:
    """Make a folder and those around it for their owner only."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def entries(study: Study, session_id: str) -> Iterator[Entry]:
    """What is kept of a session, in order of name."""
    folder = study.stages(session_id)
    for path in sorted([*folder.glob("*.json.z"), *(folder / RESTRICTED).glob("*.json.z")]):
        named = NAME.fullmatch(path.name)
        if named and path.is_file():
            yield Entry(session_id, named["stage"], named["key"], path, path.stat().st_size)


def stage_folders(study: Study) -> tuple[str, ...]:
    """Ids of the sessions of which something is kept, in alphabetical order."""
    with suppress(FileNotFoundError):
        return tuple(sorted(p.name for p in study.stages("").iterdir() if p.is_dir()))
    return ()


def drop(entry: Entry) -> None:
    """Delete one kept result.

    Raises
    ------
    StoreError
        When it cannot be deleted.
    """
    try:
        entry.path.unlink(missing_ok=True)
    except OSError as error:
        raise store_error(entry.path, error) from None


def sweep_stages(study: Study, ledger: Ledger, today: date) -> int:
    """Delete what consent no longer lets be kept, and what a killed run left half-written.

    Text goes when the transcript purpose does not hold today, everything when measuring does not. A session whose
    record cannot be read keeps what it has, unread, until the record is corrected or the session withdrawn.

    Returns
    -------
    int
        How many files were deleted.
    """
    deleted = 0
    for session_id in stage_folders(study):
        folder = study.stages(session_id)
        record = ledger.records.get(session_id)
        held = granted(record, today) if isinstance(record, Record) else frozenset(Purpose)
        if record is None or Purpose.MEASURE not in held:
            deleted += len(found(study, session_id))
            forget(study, session_id)
            continue
        text = folder / RESTRICTED
        doomed = [*folder.glob(TEMPORARY), *text.glob(TEMPORARY)]
        doomed += [] if Purpose.TRANSCRIPT in held else [*text.glob("*.json.z")]
        try:
            for path in doomed:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise store_error(folder, error) from None
        deleted += len(doomed)
    return deleted


@contextmanager
def claimed(study: Study, session_id: str) -> Iterator[None]:
    """Hold one session, so that no second process works on it, on this machine or on another.

    Raises
    ------
    StoreError
        When another process still has it after some seconds.
    """
    from filelock import FileLock, Timeout

    check_session_id(session_id, where="stages")
    folder = study.stages(session_id)
    lock = FileLock(folder / ".lock", mode=0o600)
    try:
        make_folder(folder)
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise StoreError(
            f"session {session_id}: another process is at work on it.", hint="Wait until it has finished."
        ) from None
    except OSError as error:
        raise store_error(folder, error) from None
    try:
        yield
    finally:
        lock.release()


def drop_empty(study: Study, session_ids: Iterable[str]) -> None:
    """Delete the folders of sessions of which nothing is kept any more.

    Raises
    ------
    StoreError
        When one cannot be deleted.
    """
    for session_id in session_ids:
        if not any(entries(study, session_id)):
            forget(study, session_id)
