"""The audit log: ``audit.jsonl``, append-only, one JSON object a line, each chained to the one before.

A line holds ``n`` (1, 2, 3 …), ``at`` (UTC), ``event``, ``session`` (its id, empty for the whole study), ``details``,
``previous`` (the hash of the line before) and ``hash`` (SHA-256 of the line's canonical JSON without its hash). So a
change, a deletion, an insertion or a swap breaks the chain where it was made. What the chain alone cannot show is a
log cut off at its end: note the count and the last hash elsewhere (`Findings.count` and `Findings.head`).

No speech, names, party ids or paths: what is not a short word, a number or a date is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toolkit import atomic
from toolkit.errors import StoreError

__all__ = ["EVENTS", "START", "Detail", "Findings", "append", "verify"]

EVENTS = frozenset(
    {
        *("init", "add", "import", "grant", "withdraw", "purge", "refuse", "run", "export", "swap", "correct"),
        *("repair", "enroll", "open", "listen"),
    }
)
START = "0" * 64  # what the first line names as the hash before it

Detail = str | int | Sequence[str]

_EVENT = re.compile(r"([a-z]+)(?:[-_][a-z]+)*")
_WORD = re.compile(r"[\w.:+-]{0,80}", re.ASCII)
_FIELDS = frozenset({"n", "at", "event", "session", "details", "previous", "hash"})
_TAIL = 1 << 16  # bytes read to find the last line; a line is much shorter


@dataclass(frozen=True, slots=True)
class Findings:
    """What `verify` found.

    Attributes
    ----------
    count
        Whole lines.
    head
        Hash of the last one that is right; 64 zeros for none.
    torn
        Whether the last line was cut off by a crash: no tampering, and repaired by the next `append`.
    problems
        One sentence a line that is not as it was written; empty when the log is whole.
    """

    count: int
    head: str
    torn: bool
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every line is as it was written."""
        return not self.problems


def append(path: Path, event: str, *, session_id: str = "", **details: Detail) -> None:
    """Add one line and force it to disk.

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
        When it cannot be written, or its last line is not as it was written.
    ValueError
        For an event or detail that has no place in the log.
    """
    _check(event, session_id, details)
    with atomic.locked(path.with_name(f".{path.name}.lock")):
        try:
            fresh = not path.exists()
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _append(path, handle, event, session_id, details)
                os.fsync(handle)
            finally:
                os.close(handle)
            if fresh:
                atomic.sync_folder(path.parent)
        except OSError as error:
            raise atomic.store_error(path, error) from None


def verify(path: Path) -> Findings:
    """Check the whole chain.

    Parameters
    ----------
    path
        An ``audit.jsonl``; one that is not there is an empty log.

    Raises
    ------
    StoreError
        When it cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Findings(0, START, torn=False, problems=())
    except OSError as error:
        raise StoreError(f"cannot read {path.name}: {error.strerror or type(error).__name__}.") from None
    *lines, rest = data.split(b"\n")
    problems: list[str] = []
    head, count = START, 0
    follows = True  # whether the line before is known, so that this one can be checked against it
    for number, line in enumerate(lines, start=1):
        entry = _parse(line)
        if entry is None:
            problems.append(f"line {number} is not as it was written.")
        elif follows and (entry["previous"] != head or entry["n"] != count + 1):
            problems.append(f"line {number} does not follow the line before it.")
        follows = entry is not None
        if entry is not None:
            head, count = entry["hash"], entry["n"]
    return Findings(len(lines), head, torn=bool(rest), problems=tuple(problems))


def _append(path: Path, handle: int, event: str, session_id: str, details: dict[str, Detail]) -> None:
    """Repair a torn last line, then write one line, or two when there was something to repair."""
    size = os.fstat(handle).st_size
    data = _read_tail(handle, size)
    whole, _, rest = data.rpartition(b"\n")
    last = _parse(whole.rpartition(b"\n")[2]) if whole else None
    if whole and last is None:
        raise StoreError(
            f"the last line of {path.name} is not as it was written.",
            hint="Keep a copy of the file, find out who changed it, and move it away to begin a new log.",
        )
    number, head = (last["n"], last["hash"]) if last else (0, START)
    new: list[tuple[str, str, dict[str, Any]]] = [(event, session_id, details)]
    if rest:
        if size > len(data) and not whole:
            raise StoreError(f"{path.name} ends in a line that is too long.", hint="Move the file away.")
        os.ftruncate(handle, size - len(rest))
        new.insert(0, ("repair", "", {"bytes": len(rest)}))
    text = b""
    for what, whose, more in new:
        number += 1
        entry = _entry(number, head, what, whose, more)
        head = entry["hash"]
        text += _canonical(entry) + b"\n"
    _write(handle, text)


def _entry(number: int, previous: str, event: str, session_id: str, details: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "n": number,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "event": event,
        "session": session_id,
        "details": details,
        "previous": previous,
    }
    return {**entry, "hash": hashlib.sha256(_canonical(entry)).hexdigest()}


def _canonical(entry: dict[str, Any]) -> bytes:
    """JSON with sorted keys and nothing to choose, as RFC 8785 has it for the ASCII strings and integers used here."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _parse(line: bytes) -> dict[str, Any] | None:
    """One line, or None when it is not byte for byte what `append` wrote."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.keys() != _FIELDS or type(entry["n"]) is not int:
        return None
    bare = {name: value for name, value in entry.items() if name != "hash"}
    if entry["hash"] != hashlib.sha256(_canonical(bare)).hexdigest() or _canonical(entry) != line:
        return None
    return entry


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


def _check(event: str, session_id: str, details: dict[str, Detail]) -> None:
    match = _EVENT.fullmatch(event)
    if match is None or match[1] not in EVENTS:
        raise ValueError(f"unknown audit event {event!r}")
    for word in _words([session_id, *details, *details.values()]):
        if not _WORD.fullmatch(word):
            raise ValueError("the audit log takes short words, whole numbers and dates only")


def _words(values: Iterable[object]) -> Iterator[str]:
    """Every text among the values; what is neither text nor whole number comes back as one that is refused."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from (v if isinstance(v, str) else "/" for v in value)
        elif type(value) is not int:
            yield "/"
