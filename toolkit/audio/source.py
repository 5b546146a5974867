"""One opened recording: a regular file, opened once, that must not change while it is read.

Links inside a study may be meant, so the path is resolved first; then the file is opened without following a link
and without blocking (a pipe would hang every decoder), and everything after that reads this one file object.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["BadRecordingError", "Source", "open_source"]

CHECK = "Check the file, then: toolkit run"
FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class BadRecordingError(Exception):
    """Why a recording cannot be used; `load` adds the session and raises an `InputError`."""

    def __init__(self, what: str, *, hint: str = CHECK) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class Source:
    """A recording that is open.

    Attributes
    ----------
    file
        The one file object all bytes come from.
    size
        Bytes when it was opened.
    """

    def __init__(self, file: BinaryIO, path: str) -> None:
        self.file = file
        self.path = path
        self.before = identity(os.fstat(file.fileno()))
        self.size = os.fstat(file.fileno()).st_size

    def digest(self) -> str:
        """SHA-256 of all bytes, in hexadecimal."""
        self.file.seek(0)
        digest = hashlib.sha256()
        while block := self.file.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()

    def head(self, count: int, *, start: int = 0) -> bytes:
        """Up to `count` bytes from `start`; none when a damaged header points beyond the end."""
        if start >= self.size:
            return b""
        self.file.seek(start)
        return self.file.read(count)

    def changed(self) -> bool:
        """Whether the file was written to or replaced since it was opened."""
        try:
            named = identity(Path(self.path).stat())
        except OSError:
            return True
        return identity(os.fstat(self.file.fileno())) != self.before or named != self.before


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What differs once a file was written to or another one took its name."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a recording for reading.

    Parameters
    ----------
    path
        The recording, or a link to it.

    Raises
    ------
    BadRecordingError
        When there is no such file, it may not be read, is no regular file, or is empty.
    """
    name = path.name
    try:
        resolved = os.path.realpath(path, strict=True)
        descriptor = os.open(resolved, FLAGS)
    except FileNotFoundError:
        raise BadRecordingError(
            f"there is no recording {name}", hint="Correct the path in sessions.csv, then: toolkit run"
        ) from None
    except PermissionError:
        raise BadRecordingError(
            f"the recording {name} may not be read", hint="Give yourself the right to read it, then: toolkit run"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad name"
        raise BadRecordingError(f"the recording {name} cannot be opened ({reason.lower()})") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise BadRecordingError(f"{name} is {kind}, not a recording")
    with os.fdopen(descriptor, "rb") as file:
        source = Source(file, resolved)
        if source.size == 0:
            raise BadRecordingError("the recording is empty (0 bytes)")
        yield source
