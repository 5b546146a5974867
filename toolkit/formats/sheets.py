"""Coding sheets as files: written so that a spreadsheet shows them right, read back as a spreadsheet saves them.

Written as UTF-8 with a byte-order mark, for accents, and with text that would run as a formula made harmless. Read with
commas, semicolons or tabs; names of columns in any case and order, other columns passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from toolkit.errors import InputError
from toolkit.formats import csv_out
from toolkit.formats.coded_csv import table
from toolkit.formats.lines import mistake

__all__ = ["WHERE", "dumps", "rows"]

MARK = "\ufeff"
WHERE = ("session", "utterance", "start", "end", "role")
"""What every sheet says of an utterance, in this order."""


def dumps(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A sheet as text."""
    return MARK + csv_out.dumps(columns, lines)


def rows(
    text: str, name: str, *, needed: Sequence[str], once: Sequence[str] = (), hint: str = ""
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a sheet by column, each with the line on which it begins.

    Parameters
    ----------
    text, name
        The file's content, and its name for messages.
    needed
        Columns that must be there, once.
    once
        Columns that may be there, once.
    hint
        What to do where one is lacking.

    Raises
    ------
    InputError
        With the line and never what stands in it: a column is lacking or there twice, or a row has too few or too many
        values.
    """
    lines = table(text.removeprefix(MARK), name)
    number, first = next(lines, (1, ()))
    header = [cell.strip().casefold() for cell in first]
    lacking = [column for column in needed if column not in header]
    if lacking:
        raise InputError(f"{name}, line {number}: no column {', '.join(lacking)}.", hint=hint)
    for column in (*needed, *once):
        if header.count(column) > 1:
            raise mistake(name, number, f"column {column} is there twice.")
    for line, cells in lines:
        if len(cells) != len(header):
            raise mistake(name, line, f"{len(cells)} values, but {len(header)} columns. Is a quote missing?")
        yield line, dict(zip(header, cells, strict=True))
