"""Files that are there whole or not at all, and locks around those that are changed.

A file under its final name is complete: it is written to a temporary file in the same folder, forced to disk, and
renamed. What the operating system refuses becomes one clear `StoreError`.
"""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.errors import StoreError

__all__ = [
    "locked",
    "make_private",
    "replacing",
    "store_error",
    "sweep",
    "sync_folder",
    "write_bytes",
    "write_text",
]

ABANDONED = 600.0  # s

REASONS = {
    errno.ENOSPC: ("the disk is full", "Make room and run the command again."),
    errno.EDQUOT: ("the disk quota is used up", "Make room and run the command again."),
    errno.EROFS: ("the disk is read-only", "Put the study on a disk that can be written."),
    errno.EACCES: ("no permission", "Ask for the right to write in the study's folder."),
    errno.EPERM: ("no permission", "Ask for the right to write in the study's folder."),
    errno.ENOENT: ("its folder is not there", "Has the study been moved?"),
    errno.ENAMETOOLONG: ("its name is too long", "Use a shorter name."),
    errno.EIO: ("the disk reported an error", "Check the disk before you go on."),
}


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the file at `path` by one that holds `data`, readable by its owner only (mode 0600).

    Raises
    ------
    StoreError
        When it cannot be written; an earlier file is then unchanged and no temporary file is left.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.", suffix=".tmp")
    except OSError as error:
        raise store_error(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise store_error(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)  # still there only when something above failed or was interrupted


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may look into, when it is not there.

    Raises
    ------
    StoreError
        When it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise store_error(folder, error) from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` (mode 0600) for something else to write, which takes its place at the end.

    Raises
    ------
    StoreError
        When it cannot be written; an earlier file is then unchanged. Whatever happens, no temporary file is left.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.", suffix=f".tmp{path.suffix}")
    except OSError as error:
        raise store_error(path, error) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise store_error(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk, where the system can (Windows cannot open folders)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def store_error(path: Path, error: OSError) -> StoreError:
    """Say in one line why `path` could not be written, without its folder."""
    reason, hint = REASONS.get(error.errno or 0, (error.strerror or type(error).__name__, ""))
    return StoreError(f"cannot write {path.name}: {reason}.", hint=hint)


def sweep(folder: Path, *, of: str = "", age: float = ABANDONED) -> int:
    """Delete what a killed process left half-written; returns how many files.

    Parameters
    ----------
    folder
        Where; folders below it are left alone.
    of
        How the names of the files begin whose drafts are meant; empty for all.
    age
        Seconds that nobody has touched a draft, as another process may be writing now. Zero is for who holds the lock
        that all who write these files take.

    Raises
    ------
    StoreError
        When one cannot be deleted.
    """
    old = time.time() - age
    gone = 0
    for path in folder.glob(f".{of}*.tmp*") if folder.is_dir() else ():
        try:
            if path.lstat().st_mtime <= old:
                path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
        except OSError as error:
            raise store_error(path, error) from None
    return gone


@contextmanager
def locked(path: Path, *, seconds: float = 20.0) -> Iterator[None]:
    """Hold the lock file `path`, so that one process at a time changes what it guards.

    Parameters
    ----------
    path
        The lock file; it stays behind, empty.
    seconds
        How long to wait for another process.

    Raises
    ------
    StoreError
        When another process still holds it after `seconds`, or the file cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise StoreError(
            "another toolkit command is writing to this study.", hint="Wait until it has finished, then run this again."
        ) from None
    except OSError as error:
        raise store_error(path, error) from None
    try:
        yield
    finally:
        lock.release()
