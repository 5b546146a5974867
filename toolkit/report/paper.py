"""A report as a PDF: set by Typst, which is a library and needs no browser, no network and no program of the system.

The report goes to it as data (`paper.typ` sets it), so nothing that was said can be read as its markup. The file is
tagged for those who have it read out (PDF/UA-1): headings, table heads, drawings with their description.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.display.html import Drawing, Note, Table
from toolkit.display.words import printable
from toolkit.report.content import Section

__all__ = ["render"]

HERE = Path(__file__).parent
SHORT = 16  # characters: such a column is as wide as it needs to be
WIDE, LONG = 30, 150  # characters: of what a cell has beyond the first a quarter counts, up to the second
LONGEST_WORD = 20  # characters
NO_FONT = "Some letters have no font on the machine that wrote it and are shown as boxes."
RIGHT_TO_LEFT = frozenset({"R", "AL"})


def render(title: str, about: str, sections: tuple[Section, ...], *, language: str) -> bytes:
    """The whole file; parameters as those of `page.render`."""
    import typst

    told = {
        "title": title,
        "about": about,
        "language": language or "en",
        "sections": [{"title": one.title, "parts": [data(part) for part in one.parts]} for one in sections],
    }
    try:
        return compiled(told, standards=["ua-1"])
    except typst.TypstError:  # the standard wants every letter to have a shape
        return compiled({**told, "about": f"{about} {NO_FONT}"}, standards=[])


def compiled(told: Mapping[str, Any], *, standards: list[Any]) -> bytes:
    """What is told, set."""
    import typst

    report = json.dumps(told, ensure_ascii=False)
    source = (HERE / "paper.typ").read_bytes()
    made = typst.compile(source, format="pdf", sys_inputs={"report": report}, pdf_standards=standards)
    assert isinstance(made, bytes)
    return made


def data(part: Note | Table | Drawing) -> dict[str, Any]:
    """A part as the setter reads it."""
    if isinstance(part, Note):
        return {"kind": "note", "text": printable(part.text)}
    if isinstance(part, Drawing):
        return {"kind": "drawing", "svg": part.svg("d"), "description": part.description}
    first = len(part.columns) - part.spoken
    rows = [
        [
            *map(settable, row[:first]),
            *({"text": settable(cell), "rtl": begins_right(cell)} for cell in row[first:]),
        ]
        for row in part.rows
    ]
    return {"kind": "table", "caption": part.caption, "columns": part.columns, "widths": widths(part), "rows": rows}


def widths(part: Table) -> list[int]:
    """How the width is shared out: 0 for a column as wide as its cells, else its part of what is left."""
    longest = [max(len(cell) for cell in column) for column in zip(part.columns, *part.rows, strict=True)]
    wanted = [0 if length <= SHORT else min(length, WIDE) + max(0, min(length, LONG) - WIDE) // 4 for length in longest]
    return wanted if any(wanted) else [*wanted[:-1], 1]


def settable(cell: str) -> str:
    r"""Text that fits into a cell: a word that is too long for it may be broken.

    Examples
    --------
    >>> settable("so it is"), settable("http://example.org/a/long/one")
    ('so it is', 'http://example.org/a\u200b/long/one')
    """
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", "\\1\u200b", printable(cell))


def begins_right(text: str) -> bool:
    r"""Whether the first letter with a direction runs from right to left.

    Examples
    --------
    >>> begins_right("… \u05e9\u05dc\u05d5\u05dd"), begins_right("= 1 so")
    (True, False)
    """
    strong = (kind for kind in map(unicodedata.bidirectional, text) if kind in {"L", *RIGHT_TO_LEFT})
    return next(strong, "L") in RIGHT_TO_LEFT
