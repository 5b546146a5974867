"""Where the head of the audit log stands a second time, so that a log cut off at its end is found.

Beside ``audit.jsonl`` lie ``audit.head`` (number and hash of the last line, written again after each line) and
``audit.anchors`` (one such pair for each batch that ended: never changed, only added to). Receipts under ``receipts/``
hold a pair too. All of them lie in the study: they find what was cut by mistake, by a sync program, or by somebody who
knows of one file only. Against somebody who changes them all, note the head that a batch prints, and give it to
``toolkit audit verify --head``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toolkit import atomic
from toolkit.errors import InputError, StoreError

__all__ = ["ANCHORS", "HEAD", "RECEIPTS", "Anchor", "add", "known", "parse", "read", "write"]

HEAD, ANCHORS, RECEIPTS = "audit.head", "audit.anchors", "receipts"

_PAIR = re.compile(r"(\d{1,12}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Number and hash of a line of the log, and the file that names them."""

    number: int
    hash: str
    where: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def parse(text: str, where: str) -> Anchor:
    """``57:3f2a…`` as an anchor.

    Raises
    ------
    InputError
        When it is none.
    """
    match = _PAIR.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{where} is no head of an audit log.", hint="It is a number, a colon and 64 digits.")
    return Anchor(int(match[1]), match[2], where)


def read(log: Path) -> Anchor | None:
    """The pair in ``audit.head``; None when there is none. Raises as `parse`, StoreError when it cannot be read."""
    text = _text(log.with_name(HEAD))
    return None if text is None else _whole(text, HEAD)


def write(log: Path, number: int, digest: str) -> None:
    """Put the pair in place of the one before, whole or not at all."""
    atomic.write_text(log.with_name(HEAD), f"{number}:{digest}\n")


def add(log: Path, anchor: Anchor) -> None:
    """Add a pair to ``audit.anchors``; the caller holds the log's lock."""
    path = log.with_name(ANCHORS)
    atomic.write_text(path, f"{_text(path) or ''}{anchor}\n")


def known(log: Path) -> Iterator[Anchor | str]:
    """Every pair but that in ``audit.head``; one sentence for a file that holds something else."""
    text = _text(log.with_name(ANCHORS)) or ""
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        try:
            yield _whole(line, f"{ANCHORS} line {number}")
        except InputError:
            yield f"{ANCHORS} line {number} is not as it was written."
    folder = log.parent / RECEIPTS
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            yield parse(str(json.loads(path.read_text(encoding="utf-8"))["audit"]), f"{RECEIPTS}/{path.name}")
        except (OSError, ValueError, KeyError, TypeError, RecursionError, InputError):
            yield f"{RECEIPTS}/{path.name} is not as it was written."


def _whole(line: str, where: str) -> Anchor:
    """One pair and its line feed, not a byte more or less."""
    anchor = parse(line, where)
    if line != f"{anchor}\n":
        raise InputError(f"{where} is not as it was written.")
    return anchor


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("ascii", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {path.name}: {error.strerror or type(error).__name__}.") from None
