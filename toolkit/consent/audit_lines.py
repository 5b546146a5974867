"""One line of the audit log: what may stand in it, how it is written, and whether it is as it was written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

__all__ = ["BEHIND", "EVENTS", "START", "Detail", "canonical", "check", "entry", "parse"]

EVENTS = frozenset(
    {
        *("init", "add", "import", "grant", "withdraw", "purge", "enroll", "refuse", "run", "batch"),
        *("open", "listen", "export", "swap", "correct", "repair", "vault"),
    }
)
BEHIND = 2  # lines that one append may write before the head follows
START = "0" * 64  # what the first line names as the hash before it

Detail = str | int | Sequence[str]

_EVENT = re.compile(r"([a-z]+)(?:[-_][a-z]+)*")
_WORD = re.compile(r"[\w.:+-]{0,80}", re.ASCII)
_FIELDS = frozenset({"n", "at", "event", "session", "details", "previous", "hash"})


def entry(number: int, previous: str, event: str, session_id: str, details: dict[str, Any]) -> dict[str, Any]:
    """A new line, its hash included."""
    line: dict[str, Any] = {
        "n": number,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "event": event,
        "session": session_id,
        "details": details,
        "previous": previous,
    }
    return {**line, "hash": hashlib.sha256(canonical(line)).hexdigest()}


def canonical(line: dict[str, Any]) -> bytes:
    """JSON with sorted keys and nothing to choose, as RFC 8785 has it for the ASCII strings and integers used here."""
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def parse(text: bytes) -> dict[str, Any] | None:
    """One line, or None when it is not byte for byte what `append` wrote."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or line.keys() != _FIELDS or type(line["n"]) is not int:
        return None
    bare = {name: value for name, value in line.items() if name != "hash"}
    if line["hash"] != hashlib.sha256(canonical(bare)).hexdigest() or canonical(line) != text:
        return None
    return line


def check(event: str, session_id: str, details: dict[str, Detail]) -> None:
    """Refuse, as a defect of the caller, an event or a detail that has no place in the log."""
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
