"""Files that people write by hand, settings, ledgers and tables: read whole up to a size, and TOML within bounds.

Whatever lies under the name, a pipe, a device, a file of a gigabyte or one made to take for ever, no command waits for
it.
"""

from __future__ import annotations

import errno
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["LEDGER", "SETTINGS", "TABLE", "TomlError", "read", "toml"]

SETTINGS, LEDGER, TABLE = 1 << 20, 32 << 20, 64 << 20
"""Most bytes of a file: of settings, of a ledger (3 MB hold 10,000 sessions), of a table."""

WORK = 50_000_000
"""Most of the sum, over lines, of the square of how many dots are in it. Python reads a name of many dotted parts in
time that grows with their square, and this much in some seconds; a ledger of 10,000 sessions has a thousandth of it."""


class TomlError(ValueError):
    """Why a text is no TOML that is read here, as the end of a sentence without its full stop."""


def read(path: Path, *, most: int) -> bytes:
    """The bytes of a regular file.

    Raises
    ------
    OSError
        When it is not there, cannot be read, is no regular file, or is larger than `most` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path, flags)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        if found.st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(handle)


def toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises
    ------
    TomlError
        When it is none, with the line where Python tells it, or is nested, dotted or long as nobody writes it.
    """
    if sum(line.count(".") ** 2 for line in text.split("\n")) > WORK:
        raise TomlError("its names have too many dotted parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(str(error)) from None
    except RecursionError:
        raise TomlError("it is nested too deeply") from None
    except ValueError:  # of int()
        raise TomlError("a number in it has too many digits") from None
