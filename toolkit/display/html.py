"""Small HTML for notebooks: everything that comes from data is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["Page", "note", "table"]

STYLE = (
    "<style>"
    ".tk{font:14px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:1100px}"
    ".tk h3{font-size:18px;margin:.6em 0 .3em}.tk caption{text-align:left;font-weight:600;padding:.5em 0 .3em}"
    ".tk table{border-collapse:collapse;margin:.2em 0 .8em}.tk th{text-align:left;border-bottom:2px solid #555}"
    ".tk th,.tk td{padding:.25em .8em .25em 0;vertical-align:top;text-align:left}.tk td{border-bottom:1px solid #ddd}"
    ".tk p{margin:.3em 0}"
    "</style>"
)


class Page:
    """A piece of HTML that a notebook shows.

    Parameters
    ----------
    title
        Plain text; empty for none.
    parts
        HTML made by `table` and `note`.
    """

    def __init__(self, title: str, parts: Sequence[str]) -> None:
        self.title = title
        self.parts = tuple(parts)

    def _repr_html_(self) -> str:
        heading = f"<h3>{escape(self.title)}</h3>" if self.title else ""
        return f'{STYLE}<div class="tk">{heading}{"".join(self.parts)}</div>'


def note(text: str) -> str:
    """One paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of plain text."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
