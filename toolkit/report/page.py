"""A report as one HTML file: no script, nothing loaded from anywhere, everything from data escaped.

The page forbids itself everything but its own style, so that a browser would not run a script even if one got in. It is
read on a screen of any width, and printed on A4 with table heads repeated and no row cut.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from toolkit.display.html import Drawing, Note, Table
from toolkit.report.content import Section

__all__ = ["render"]

HERE = Path(__file__).parent
NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render(title: str, about: str, sections: tuple[Section, ...], *, language: str) -> str:
    """The whole file.

    Parameters
    ----------
    title, about
        What it is, and one sentence on how to read it.
    sections
        What it says.
    language
        Of what was said in the session, for those who have it read out.
    """
    parts = "".join(
        f'<section aria-labelledby="s{place}"><h2 id="s{place}">{escape(one.title)}</h2>'
        f"{inner(one, place, language)}</section>"
        for place, one in enumerate(sections)
    )
    links = "".join(f'<li><a href="#s{place}">{escape(one.title)}</a></li>' for place, one in enumerate(sections))
    style = (HERE / "page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_ELSE}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><header><h1>{escape(title)}</h1><p>{escape(about)}</p></header>"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav><main>{parts}</main></body></html>\n'
    )


def inner(one: Section, place: int, language: str) -> str:
    """What stands under one heading."""
    return "".join(part_html(part, f"d{place}-{number}", language) for number, part in enumerate(one.parts))


def part_html(part: Note | Table | Drawing, name: str, language: str) -> str:
    """A paragraph, a table that can be scrolled by itself, or a drawing."""
    if isinstance(part, Note):
        return part.html()
    if isinstance(part, Drawing):
        return f'<figure tabindex="0">{part.svg(name)}</figure>'
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(part.caption)}">{part.html(language)}</div>'
    )
