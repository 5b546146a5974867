"""CSV of who said what when: the columns ``speaker, start, end, text`` in any order, one row a segment.

UTF-8, with or without a byte-order mark; commas, or the semicolons or tabs of a spreadsheet. Times are seconds (with a
decimal point or comma) or ``HH:MM:SS`` with or without thousandths. Other columns are passed over; ``text`` may be
left out. Written with text that would run as a formula made harmless (see `csv_out`), and read back without that.
"""

from __future__ import annotations

import re

from toolkit.errors import InputError
from toolkit.formats import csv_out
from toolkit.formats.coded_csv import table
from toolkit.formats.conversation import Conversation, of_segments
from toolkit.formats.lines import mistake, seconds
from toolkit.formats.segment import Segment, by_time

__all__ = ["COLUMNS", "dump", "load"]

COLUMNS = ("speaker", "start", "end", "text")
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,6})?)")


def load(text: str, name: str) -> Conversation:
    """The rows of a file.

    Raises
    ------
    InputError
        With line and column and never the text: it is no CSV, lacks a column or has it twice; a row has too few or
        too many values; a time is none.
    """
    lines = table(text, name)
    number, first = next(lines, (1, ()))
    header = [cell.strip().casefold() for cell in first]
    for column in COLUMNS[:3]:
        if header.count(column) != 1:
            what = f"no column {column}" if column not in header else f"column {column} is there twice"
            raise InputError(f"{name}, line {number}: {what}.", hint=f"Needed: {', '.join(COLUMNS)}.")
    segments = []
    for line, cells in lines:
        if len(cells) != len(header):
            raise mistake(name, line, f"{len(cells)} values, but {len(header)} columns. Is a quote missing?")
        row = dict(zip(header, cells, strict=True))
        start, end = (time(row[column], name, line, column) for column in ("start", "end"))
        if end < start:
            raise mistake(name, line, "it ends before it starts.")
        said, who = (" ".join(unguarded(row.get(column, "")).split()) for column in ("text", "speaker"))
        segments.append(Segment(start, end, who, said))
    return of_segments(segments)


def time(cell: str, name: str, line: int, column: str) -> float:
    """Seconds of a cell."""
    bare = cell.strip()
    match = CLOCK.fullmatch(bare)
    if match is None:
        return seconds(bare.replace(",", "."), name, line, column)
    hours, minutes, rest = int(match[1] or 0), int(match[2]), float(match[3].replace(",", "."))
    return round(hours * 3600 + minutes * 60 + rest, 6)


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(csv_out.FORMULA) else cell


def dump(conversation: Conversation) -> str:
    """The segments of a conversation; times to the millisecond."""
    rows = [(s.speaker, round(s.start, 3), round(s.end, 3), s.text) for s in sorted(conversation.segments, key=by_time)]
    return csv_out.dumps(COLUMNS, rows)
