"""Which of the lines count: of each coder the last one about a target, and whose coder's at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit.overlay.rows import Line
from toolkit.overlay.rows import read as lines
from toolkit.overlay.values import What
from toolkit.types import Role

__all__ = ["Corrections", "Note", "coders", "counted_coder", "counting", "digest", "notes", "read", "roles"]

MEASURED = (What.ROLE, What.TURN, What.WORD, What.CODE, What.SILENCE)
"""The kinds that change results; a note and a rating lie beside them."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """What counts: target to value, by kind."""

    said: Mapping[What, Mapping[str, str]]

    def of(self, what: What) -> Mapping[str, str]:
        """Those of one kind."""
        return self.said.get(what, {})

    def without(self, *kinds: What) -> Corrections:
        """The same, kinds left out."""
        return Corrections({what: said for what, said in self.said.items() if what not in kinds})

    @property
    def digest(self) -> str:
        """SHA-256 of what changes results, empty for none. Notes and ratings do not, nor who said it and when."""
        said = [f"{what}\t{t}\t{v}" for what in MEASURED for t, v in sorted(self.of(what).items())]
        return hashlib.sha256("\n".join(said).encode()).hexdigest() if said else ""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody noted at a time, in seconds. Text: it stays in the overlay, out of results and logs."""

    at: float
    by: str
    made_on: str
    text: str


def counting(said: Iterable[Line], *, by: str = "") -> Corrections:
    """What counts about each target: of every coder their last line, and of those the latest; of one coder for a `by`.

    Who takes back what they said (an empty value) takes back nothing of the others.

    Examples
    --------
    >>> from toolkit.overlay import Correction
    >>> told = [Line("", by, Correction(What.ROLE, "A", role)) for by, role in (("T1", "client"), ("T2", "other"))]
    >>> counting(told).of(What.ROLE), counting(told, by="T1").of(What.ROLE)
    ({'A': 'other'}, {'A': 'client'})
    >>> counting([*told, Line("", "T2", Correction(What.ROLE, "A", ""))]).of(What.ROLE)
    {'A': 'client'}
    """
    last: dict[tuple[str, What, str], str] = {}
    for line in said:
        about = (line.by, line.correction.what, line.correction.target)
        last.pop(about, None)  # so that it comes last again
        if (not by or line.by == by) and line.correction.what is not What.COUNTED:
            last[about] = line.correction.value
    found: dict[What, dict[str, str]] = {}
    for (_, what, target), value in last.items():
        if value:
            found.setdefault(what, {}).pop(target, None)
            found[what][target] = value
    return Corrections(found)


def counted_coder(said: Iterable[Line]) -> str:
    """Whose corrections count for the measures, as it was last chosen; empty for anybody's."""
    chosen = [line.correction.value for line in said if line.correction.what is What.COUNTED]
    return chosen[-1] if chosen else ""


def coders(said: Iterable[Line]) -> tuple[str, ...]:
    """Who said anything about the session itself, in alphabetical order."""
    return tuple(sorted({line.by for line in said if line.correction.what is not What.COUNTED}))


def read(path: Path, *, by: str | None = None) -> Corrections:
    """What counts of a file.

    Parameters
    ----------
    path
        An overlay; one that is not there says nothing.
    by
        Whose corrections; empty for anybody's, None for whose the file itself says count.

    Raises
    ------
    InputError
        When the file cannot be read, or a line of it makes no sense.
    """
    said = lines(path)
    return counting(said, by=counted_coder(said) if by is None else by)


def notes(said: Iterable[Line], *, by: str = "") -> tuple[Note, ...]:
    """What was noted, in order of time: of each coder the last note at a time, of one coder when `by` names one."""
    found: dict[tuple[float, str], Note] = {}
    for line in said:
        if line.correction.what is What.NOTE and (not by or line.by == by):
            at = float(line.correction.target.partition("/")[0])
            found[at, line.by] = Note(at, line.by, line.made_on, line.correction.value)
    return tuple(found[key] for key in sorted(found) if found[key].text)


def roles(path: Path) -> dict[str, Role]:
    """Roles a human gave to speakers, by speaker label; raises as `read`."""
    return {speaker: Role(role) for speaker, role in read(path).of(What.ROLE).items()}


def digest(path: Path) -> str:
    """The digest of what counts of a file; raises as `read`."""
    return read(path).digest
