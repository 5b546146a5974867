"""What the line formats share: reading a text file, and naming the file and line of a mistake."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from toolkit.errors import InputError
from toolkit.formats import by_hand

__all__ = ["mistake", "numbered", "read_text", "seconds"]


def read_text(path: Path, *, largest: int = 64 << 20) -> str:
    """Text of a UTF-8 file, or of a UTF-16 one with a byte-order mark; the mark is taken off.

    Raises
    ------
    InputError
        When the file is not there, cannot be read, is no UTF-8 text or is larger than `largest` bytes.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path.name} is not there, or is no file.", hint="Check the name.")
        if path.stat().st_size > largest:
            raise InputError(f"{path.name} is larger than {largest >> 20} MB.", hint="Is this the right file?")
        data = by_hand.read(path, most=largest)
        utf16 = data[:2] in {b"\xff\xfe", b"\xfe\xff"}  # what Praat writes for anything beyond ASCII
        return data.decode("utf-16" if utf16 else "utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is no UTF-8 text.", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None


def numbered(text: str, *, comment: str) -> Iterator[tuple[int, str]]:
    """Lines that are neither blank nor a comment, each with its number, from 1."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.startswith(comment):
            yield number, line.rstrip("\r")


def mistake(name: str, number: int, what: str) -> InputError:
    """The error for one line; `what` never quotes the line, which may hold speech."""
    return InputError(f"{name}, line {number}: {what}")


def seconds(field: str, name: str, number: int, label: str) -> float:
    """A time or length of 0 seconds or more.

    Raises
    ------
    InputError
        When `field` is no finite number, or below 0.
    """
    try:
        value = float(field)
    except ValueError:
        raise mistake(name, number, f"the {label} is no number.") from None
    if not math.isfinite(value) or value < 0:
        raise mistake(name, number, f"the {label} must be 0 s or more.")
    return value
