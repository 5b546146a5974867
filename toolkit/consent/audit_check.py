"""The audit log is checked: every line, and that no line is missing that some file or note says was there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.consent import anchors
from toolkit.consent.audit_lines import BEHIND, START, parse
from toolkit.errors import InputError, StoreError

__all__ = ["Findings", "verify"]


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
        One sentence for each line, or row of lines, that is not as it was written; empty when the log is whole.
    """

    count: int
    head: str
    torn: bool
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every line is there, as it was written."""
        return not self.problems


def verify(path: Path, noted: Iterable[anchors.Anchor] = ()) -> Findings:
    """Check every line, and that no line is missing that some file or note says was there.

    Parameters
    ----------
    path
        An ``audit.jsonl``; one that is not there is an empty log.
    noted
        Heads that somebody noted elsewhere.

    Raises
    ------
    StoreError
        When it cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise StoreError(f"cannot read {path.name}: {error.strerror or type(error).__name__}.") from None
    *lines, rest = data.split(b"\n")
    entries = [parse(line) for line in lines]
    problems = [*_chain(entries), *_anchored(path, entries, noted), *_receipts(path, entries)]
    right = [e["hash"] for e in entries if e is not None]
    return Findings(len(lines), right[-1] if right else START, torn=bool(rest), problems=tuple(problems))


def _chain(entries: Sequence[dict[str, Any] | None]) -> Iterator[str]:
    """What the lines themselves say: one sentence where one is altered, missing, repeated or out of its place."""
    head, count = START, 0
    follows = True  # whether the line before is known, so that this one can be checked against it
    for number, line in enumerate(entries, start=1):
        if line is None:
            yield f"line {number} is not as it was written."
        elif line["n"] != count + 1 and (follows or line["n"] <= count):
            gone = line["n"] - count - 1
            if gone > 0:
                yield f"{_lines(count + 1, line['n'] - 1)} missing before line {number}."
            else:
                yield f"line {number} is out of its place: it was written as line {line['n']}."
        elif follows and line["previous"] != head:
            yield f"line {number} does not follow the line before it."
        follows = line is not None
        if line is None:
            count += 1
        else:
            head, count = line["hash"], line["n"]


def _anchored(path: Path, entries: Sequence[dict[str, Any] | None], noted: Iterable[anchors.Anchor]) -> Iterator[str]:
    """What the heads noted elsewhere say: lines that were there are gone, or are others."""
    lines = {0: START, **{e["n"]: e["hash"] for e in entries if e is not None}}
    last = max(lines)
    try:
        newest = anchors.read(path)
    except InputError:
        newest = None
        yield f"{anchors.HEAD} is not as it was written."
    else:
        if newest is None and entries:
            yield f"{anchors.HEAD} is missing: lines cut off at the end would not be found."
    if newest is not None and newest.number < last - BEHIND:
        yield f"{anchors.HEAD} is older than the log: it names line {newest.number} of {last}."
    for found in (*([newest] if newest else ()), *anchors.known(path), *noted):
        if isinstance(found, str):
            yield found
        elif found.number > max(last, len(entries)):
            yield f"{_lines(len(entries) + 1, found.number)} missing at the end, by {found.where}."
        elif lines.get(found.number, found.hash) != found.hash:
            yield f"line {found.number} is another one than {found.where} names."


def _receipts(path: Path, entries: Sequence[Mapping[str, Any] | None]) -> Iterator[str]:
    """Receipts that are gone or changed; of one that was written again after a stop the last line counts."""
    named = {
        f"{e['session']}.{e['details'].get('receipt')}.json": e["details"].get("sha256")
        for e in entries
        if e is not None and e["event"] == "purge" and isinstance(e["details"], dict) and "receipt" in e["details"]
    }
    for name, digest in named.items():
        try:
            data = (path.parent / anchors.RECEIPTS / name).read_bytes()
        except OSError:
            yield f"{anchors.RECEIPTS}/{name} is missing."
        else:
            if hashlib.sha256(data).hexdigest() != digest:
                yield f"{anchors.RECEIPTS}/{name} is not as it was written."


def _lines(first: int, last: int) -> str:
    return f"line {first} is" if first == last else f"lines {first} to {last} are"
