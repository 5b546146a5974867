"""What lies around a silence: the therapist's act before it, and the words on either side."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.coding.book import BOOK
from toolkit.overlay.values import MARKERS
from toolkit.types import Code, Role

__all__ = ["LONG", "Around", "belongs", "silences"]

LONG = 3.0  # s: the silences that PICS codes
AROUND = 14  # words shown on either side of a silence: a line
SIDES = {Role.CO_THERAPIST: Role.THERAPIST}  # whose codes another role's utterances may carry


@dataclass(frozen=True, slots=True)
class Around:
    """One silence with what lies around it.

    Attributes
    ----------
    row
        Its row in the table of silences.
    acts, acted
        Codes of the therapist's last act before it, and when that began; none for no act. An "mhm" is none.
    said_before, said_after
        Words on either side, empty where none may be shown. A word belongs to the side that it begins on: a recogniser
        lets its end swallow the silence after it.
    """

    row: Mapping[str, Any]
    acts: tuple[str, ...]
    acted: float
    said_before: str
    said_after: str


def silences(
    rows: Iterable[Mapping[str, Any]], codes: Iterable[Mapping[str, Any]], words: Sequence[Mapping[str, Any]]
) -> list[Around]:
    """The silences of 3 s or more, in order of time.

    Parameters
    ----------
    rows, codes
        The tables of silences and codes.
    words
        Those that may be shown, in order of time.
    """
    acts = acts_of(codes)
    began = sorted(acts)
    starts = [word["start"] for word in words]
    found = []
    for row in rows:
        if row["duration"] >= LONG:
            last = began[: bisect_right(began, row["start"])][-1:]
            middle = bisect_right(starts, (row["start"] + row["end"]) / 2)
            sides = words[max(0, middle - AROUND) : middle], words[middle : middle + AROUND]
            found.append(Around(row, tuple(acts[last[0]]) if last else (), last[0] if last else 0.0, *map(line, sides)))
    return found


def acts_of(codes: Iterable[Mapping[str, Any]]) -> dict[float, list[str]]:
    """What therapists did, by when it began."""
    found: dict[float, list[str]] = {}
    for row in codes:
        code = Code(row["code"])
        if BOOK[code].role is Role.THERAPIST and belongs(code, Role(row["role"])):
            found.setdefault(row["start"], []).append(row["code"])
    return found


def belongs(code: Code, role: Role) -> bool:
    """Whether a code says something about what this role said; a coder codes everybody's utterances alike."""
    return role is Role.UNKNOWN or code in MARKERS or BOOK[code].role is SIDES.get(role, role)


def line(words: Iterable[Mapping[str, Any]]) -> str:
    """Words in one line."""
    return " ".join(word["text"].strip() for word in words)
