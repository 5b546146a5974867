"""The audit log: ``audit.jsonl``, append-only, one JSON object a line, each chained to the one before.

A line holds ``n`` (1, 2, 3 …), ``at`` (UTC), ``event``, ``session`` (its id, empty for the whole study), ``details``,
``previous`` (the hash of the line before) and ``hash`` (SHA-256 of the line's canonical JSON without its hash). So a
change, a deletion, an insertion or a swap breaks the chain where it was made. What the chain alone cannot show is a
log cut off at its end: `toolkit.consent.anchors` says where its head stands a second time.

A line is written and forced to disk first, then the head. So after a crash the head may be one line behind (two, when
one was a repair), never ahead; a line that was cut off by the crash is taken away by the next `append`, which notes it.

No speech, names, party ids or paths: what is not a short word, a number or a date is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from toolkit import atomic
from toolkit.consent import anchors
from toolkit.consent.audit_check import Findings, verify
from toolkit.consent.audit_lines import BEHIND, EVENTS, START, Detail, canonical, check, entry, parse
from toolkit.errors import InputError, StoreError

__all__ = [
    "EVENTS",
    "NAME",
    "START",
    "Detail",
    "Findings",
    "anchor",
    "append",
    "entries",
    "head",
    "last_day",
    "tidy",
    "verify",
]

NAME = "audit.jsonl"
_TAIL = 1 << 16  # bytes read to find the last line; a line is much shorter


def append(path: Path, event: str, *, session_id: str = "", **details: Detail) -> None:
    """Add one line and force it to disk, then the head beside it.

    Parameters
    ----------
    path
        An ``audit.jsonl``; made when it is not there.
    event
        One of `EVENTS`, or one with a qualifier: ``run-failed``.
    session_id
        Which session, empty for the study.
    details
        Short words (letters, digits, ``. _ : + -``), whole numbers, or lists of words.

    Raises
    ------
    StoreError
        When it cannot be written, its last line is not as it was written, or lines after that are gone.
    ValueError
        For an event or detail that has no place in the log.
    """
    check(event, session_id, details)
    with _held(path):
        anchors.write(path, *_append(path, event, session_id, details))


def anchor(path: Path) -> anchors.Anchor:
    """Note the head in ``audit.anchors`` for good, as is done when a batch has ended; returns it to be shown.

    Raises
    ------
    StoreError
        When it cannot be written, or the log is not as it was written.
    """
    with _held(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            last, _, _ = _end(path, handle)
        finally:
            os.close(handle)
        head = anchors.Anchor(*last, anchors.ANCHORS)
        anchors.add(path, head)
    return head


def tidy(path: Path) -> None:
    """Delete drafts of the head and the anchors that a killed process left.

    Raises
    ------
    StoreError
        When one cannot be deleted.
    """
    with _held(path):
        for name in (anchors.HEAD, anchors.ANCHORS):
            atomic.sweep(path.parent, of=name, age=0.0)


def head(path: Path) -> anchors.Anchor:
    """Number and hash of the last line, as ``audit.head`` has them; 0 and 64 zeros for an empty log."""
    try:
        return anchors.read(path) or anchors.Anchor(0, START, anchors.HEAD)
    except InputError as error:
        raise StoreError(error.message) from None


def entries(path: Path) -> Iterator[Mapping[str, Any]]:
    """Every line that is as it was written, in order; none when the log is not there or cannot be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return
    for text in data.split(b"\n")[:-1]:
        line = parse(text)
        if line is not None:
            yield line


def last_day(path: Path) -> date | None:
    """The day (UTC) of the last line that is as it was written; None when there is none, or it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        whole = _read_tail(handle, os.fstat(handle).st_size).rpartition(b"\n")[0]
    except OSError:
        return None
    finally:
        os.close(handle)
    last = parse(whole.rpartition(b"\n")[2])
    try:
        return None if last is None else datetime.fromisoformat(last["at"]).date()
    except (TypeError, ValueError):
        return None


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the log's lock; what the system refuses becomes one line."""
    with atomic.locked(path.with_name(f".{path.name}.lock")):
        try:
            yield
        except OSError as error:
            raise atomic.store_error(path, error) from None
        except InputError as error:
            raise _changed(error.message) from None


def _append(path: Path, event: str, session_id: str, details: dict[str, Detail]) -> tuple[int, str]:
    """Write one line, and others before it where there is something to repair; returns the number and hash of it."""
    fresh = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        (number, digest), rest, repair = _end(path, handle)
        if number and not repair:
            _follow(path, number, digest)
        new: list[tuple[str, str, dict[str, Any]]] = [(event, session_id, details)]
        if rest:
            os.ftruncate(handle, os.fstat(handle).st_size - rest)
        if repair:
            new.insert(0, ("repair", "", repair))
        text = b""
        for what, whose, more in new:
            number += 1
            line = entry(number, digest, what, whose, more)
            digest = line["hash"]
            text += canonical(line) + b"\n"
        _write(handle, text)
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        atomic.sync_folder(path.parent)
    return number, digest


def _follow(path: Path, number: int, digest: str) -> None:
    """Bring a head that a crash left behind up to the last line, before there is one more."""
    named = anchors.read(path)
    if named is not None and named.number != number:
        anchors.write(path, number, digest)


def _end(path: Path, handle: int) -> tuple[tuple[int, str], int, dict[str, Any]]:
    """Number and hash of the last whole line, bytes of a torn one after it, and what is to be noted as repaired.

    Raises
    ------
    StoreError
        When the last line is not as it was written, or is not the one that ``audit.head`` names or one or two after.
    """
    size = os.fstat(handle).st_size
    data = _read_tail(handle, size)
    whole, _, rest = data.rpartition(b"\n")
    entries = [parse(line) for line in whole.split(b"\n")[-BEHIND - 1 :]] if whole else []
    if entries and entries[-1] is None:
        raise _changed(f"the last line of {path.name} is not as it was written.")
    if rest and size > len(data) and not whole:
        raise StoreError(f"{path.name} ends in a line that is too long.", hint="Move the file away.")
    recent = {e["n"]: e["hash"] for e in entries if e is not None}
    number = max(recent, default=0)
    repair: dict[str, Any] = {"bytes": len(rest)} if rest else {}
    named = anchors.read(path)
    if named is None and number:
        repair["head"] = "missing"
    elif named is not None and named.number and recent.get(named.number) != named.hash:
        raise _changed(f"{path.name} does not end as {anchors.HEAD} says: it names line {named.number}.")
    return (number, recent.get(number, START)), len(rest), repair


def _changed(message: str) -> StoreError:
    return StoreError(
        message,
        hint="Look with: toolkit audit verify STUDY. To begin a new log keep copies of audit.jsonl, audit.head and "
        "audit.anchors, and move them away.",
    )


def _read_tail(handle: int, size: int) -> bytes:
    """The last bytes of the file: whole lines, save perhaps the first."""
    os.lseek(handle, max(0, size - _TAIL), os.SEEK_SET)
    blocks: list[bytes] = []
    while block := os.read(handle, _TAIL):
        blocks.append(block)
    return b"".join(blocks)


def _write(handle: int, text: bytes) -> None:
    """Write all of `text`, or take back what was written and pass the error on."""
    start = os.fstat(handle).st_size
    try:
        while text:
            text = text[os.write(handle, text) :]
    except OSError:
        os.ftruncate(handle, start)
        raise
