"""CSV that is safe to open in a spreadsheet: text that would run as a formula is neutralised."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["dumps", "neutral"]

FORMULA = ("=", "+", "-", "@", "\t", "\n")


def dumps(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a header, RFC 4180 quoting, lines ended by a line feed.

    Text cells that begin with ``= + - @``, a tab or a line break get a leading apostrophe; numbers stay as they are;
    ``None`` is an empty cell and truth values are ``true`` and ``false``.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([neutral(name) for name in columns])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue()


def neutral(cell: object) -> object:
    """One cell as it is written.

    Examples
    --------
    >>> neutral("=1+1"), neutral(-1.5)
    ("'=1+1", -1.5)
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        text = cell.replace("\r\n", "\n").replace("\r", "\n")  # a lone carriage return would not be quoted
        return f"'{text}" if text.startswith(FORMULA) else text
    return "" if cell is None else cell
