"""Coding sheets: one row an utterance, with an empty column in which a person writes codes.

Columns: ``session, utterance, start, end, role, text, codes``. In a pack ``session`` holds the number of the item. A
cell of codes holds names or short names of the code book, small or capital, separated by ``;``, ``,`` or ``+``:
``complex reflection; AF``. An empty cell means that nobody coded the utterance; ``none`` that somebody did and found no
code.

Written and read as `toolkit.formats.sheets` says, and with decimal commas. The sheets of
``toolkit code export`` are read as well; one that is not blind shows the machine's codes in a column ``machine``, and
its cells may say ``ok`` or ``add AF`` of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit import overlay
from toolkit.corrections.sheets import typed
from toolkit.errors import InputError
from toolkit.formats import sheets as files
from toolkit.formats.coded_csv import role_of
from toolkit.formats.lines import mistake, read_text
from toolkit.types import Code, Role

__all__ = ["COLUMNS", "SheetRow", "dumps", "is_sheet", "parse", "read", "time_of"]

COLUMNS = (*files.WHERE, "text", "codes")
NEEDED = tuple(name for name in COLUMNS if name != "text")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One utterance of a sheet.

    Attributes
    ----------
    session, utterance
        Ids; `session` is the number of the item in a pack.
    start, end
        Seconds from the start of the recording.
    role
        Who says it.
    text
        What is said; not read back.
    coded
        Whether somebody coded it.
    codes
        What they found, none when they found nothing or did not code it.
    blind
        Whether the sheet hid the machine's codes.
    """

    session: str
    utterance: str
    start: float
    end: float
    role: Role
    text: str
    coded: bool = False
    codes: frozenset[Code] = frozenset()
    blind: bool = True


def dumps(rows: Iterable[SheetRow]) -> str:
    """A sheet as text; codes in the order of the code book.

    Examples
    --------
    >>> row = SheetRow("item-1", "3", 1.5, 4.0, Role.CLIENT, "=So it is", True, frozenset({Code.CHANGE_TALK}))
    >>> dumps([row]).splitlines()[1]
    "item-1,3,1.500,4.000,client,'=So it is,change_talk"
    """
    cells = ((r.session, r.utterance, f"{r.start:.3f}", f"{r.end:.3f}", str(r.role), r.text, written(r)) for r in rows)
    return files.dumps(COLUMNS, cells)


def written(row: SheetRow) -> str:
    """The codes of a row as a cell holds them."""
    if not row.coded:
        return ""
    return "; ".join(code for code in Code if code in row.codes) or overlay.NOTHING


def is_sheet(text: str) -> bool:
    """Whether a file's first line is that of a coding sheet."""
    return {"session", "codes"} <= set(re.split(r'[,;\t"\s]+', text.split("\n", 1)[0].casefold()))


def read(path: Path) -> tuple[SheetRow, ...]:
    """The rows of a file, as `parse` gives them.

    Raises
    ------
    InputError
        When the file cannot be read, or see `parse`.
    """
    return parse(read_text(path), path.name)


def parse(text: str, name: str) -> tuple[SheetRow, ...]:
    """The rows in the order of the file, without their text.

    Raises
    ------
    InputError
        With the line and never what stands in it: a column is lacking or there twice, a row has too few or too many
        values, an id is empty or there twice, a time is no time, a role or a code is not known.
    """
    rows, seen = [], dict[tuple[str, str], int]()
    for line, cells in files.rows(text, name, needed=NEEDED, once=("machine",), hint=f"Needed: {', '.join(NEEDED)}."):
        row = parse_row(cells, name, line)
        key = (row.session, row.utterance)
        if key in seen:
            raise mistake(name, line, f"this utterance is there already, on line {seen[key]}.")
        seen[key] = line
        rows.append(row)
    if not rows:
        raise InputError(f"{name} holds no utterances.", hint="Is it the sheet that was made?")
    return tuple(rows)


def parse_row(cells: Mapping[str, str], name: str, line: int) -> SheetRow:
    """One row."""
    session, utterance = (" ".join(cells[column].split()) for column in ("session", "utterance"))
    for column, value in (("session", session), ("utterance", utterance)):
        if not value:
            raise mistake(name, line, f"{column} is empty.")
    role = role_of(cells["role"])
    if role is None:
        raise mistake(name, line, f"role must be one of {', '.join(Role)}.")
    start, end = (time_of(cells[column], name, line, column) for column in ("start", "end"))
    machine = cells.get("machine")
    codes = codes_of(cells["codes"], machine, name, line)
    utterance = utterance.removesuffix(".0")  # as some spreadsheets write a number
    return SheetRow(session, utterance, start, end, role, "", codes is not None, codes or frozenset(), machine is None)


def time_of(cell: str, name: str, line: int, column: str) -> float:
    """A time in seconds, with a point or a comma before its decimals."""
    try:
        value = float(cell.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise mistake(name, line, f"the {column} is no time in seconds.")
    return value


def codes_of(cell: str, machine: str | None, name: str, line: int) -> frozenset[Code] | None:
    """The codes of a cell, as a correction beside those of the machine may name them; None for an empty one."""
    if not cell.strip():
        return None
    try:
        value = typed(cell, machine)
    except InputError as error:  # it quotes nothing: a cell may hold a remark about what was said
        raise InputError(f"{name}, line {line}: {error.message}", hint=error.hint) from None
    return frozenset(Code(word) for word in value.split("+") if word in set(Code))
