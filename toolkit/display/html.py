"""What is shown, in parts that a notebook, a report and the terminal can all show: notes, tables, drawings.

A `Page` and a `Drawing` are HTML for a notebook. Everything that comes from data is escaped, and kept from what a
notebook does with text: two dollar signs in a transcript are no formula.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

__all__ = ["Drawing", "Note", "Page", "Part", "Table", "note", "table"]

EMBED = "window.vegaEmbed = vegaEmbed;"
NO_MATHS = "mathjax_ignore tex2jax_ignore"  # what MathJax 3 and 2 pass over
STYLE = (
    "<style>"
    ".tk{font:14px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:1100px}"
    ".tk h3{font-size:18px;margin:.6em 0 .3em}.tk caption{text-align:left;font-weight:600;padding:.5em 0 .3em}"
    ".tk table{border-collapse:collapse;margin:.2em 0 .8em}.tk th{text-align:left;border-bottom:2px solid #555}"
    ".tk table th,.tk table td{padding:.25em .8em .25em 0;vertical-align:top;text-align:left!important}"
    ".tk table td{border-bottom:1px solid #ddd}"
    ".tk p{margin:.3em 0}"
    "</style>"
)


@dataclass(frozen=True, slots=True)
class Note:
    """One paragraph of plain text."""

    text: str

    def html(self) -> str:
        """The paragraph, escaped."""
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of plain text.

    Attributes
    ----------
    caption, columns, rows
        What it says.
    spoken
        How many of the last columns hold what somebody said or noted: in any language, in any direction.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spoken: int = 0

    def html(self, language: str = "") -> str:
        """The table, escaped; `language` is that of what was said, where it is known."""
        first = len(self.columns) - self.spoken
        speech = f' dir="auto" lang="{escape(language)}"' if language else ' dir="auto"'
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.columns)
        kinds = ["" if place < first else speech for place in range(len(self.columns))]
        body = "".join(
            "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
            for row in self.rows
        )
        caption = f"<caption>{escape(self.caption)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


Part = Note | Table


class Page:
    """Notes and tables that a notebook shows as HTML.

    Parameters
    ----------
    title
        Plain text; empty for none.
    parts
        Made by `table` and `note`.
    """

    def __init__(self, title: str, parts: Sequence[Part]) -> None:
        self.title = title
        self.parts = tuple(parts)

    def _repr_html_(self) -> str:
        heading = f"<h3>{escape(self.title)}</h3>" if self.title else ""
        inner = "".join(part.html() for part in self.parts)
        return f'{STYLE}<div class="tk {NO_MATHS}">{heading}{inner}</div>'


class Drawing:
    """An Altair chart that a notebook draws without a network: its JavaScript travels with it.

    JupyterLab draws Vega-Lite 5 by itself and Altair writes Vega-Lite 6; Altair's own inline template declares
    global names, so that only the first chart of a page appears. Here the scripts are loaded once a page.

    Parameters
    ----------
    chart
        The Altair chart; also there as an attribute, to be changed or saved.
    description
        What it shows, for those who cannot see it.
    """

    def __init__(self, chart: Any, description: str) -> None:
        self.chart = chart
        self.description = description

    def svg(self, prefix: str) -> str:
        """The drawing as an SVG element that needs no script and has no title: it stands under a heading.

        Its ids begin with `prefix`, unlike others of a page; letters are large enough for paper.
        """
        import vl_convert

        spec = self.chart.to_dict()
        spec.pop("title", None)
        letters = {"labelFontSize": 13, "titleFontSize": 13, "symbolSize": 110}
        config = {"axis": letters, "legend": letters, "aria": False}  # no mark is read out by itself: the label says it
        spec["config"] = {**spec.get("config", {}), **config}
        drawn = str(vl_convert.vegalite_to_svg(spec))
        named = re.sub(r'(\bid="|\burl\(#)', rf"\g<1>{prefix}-", drawn)
        label = escape(self.description)
        return named.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)

    def _repr_html_(self) -> str:
        place = f"chart-{uuid.uuid4().hex}"
        spec = script_safe(json.dumps(self.chart.to_dict()))
        drawn = f'window.toolkitEmbed("#{place}", {spec}, {{actions: false, renderer: "svg"}});'
        label = escape(self.description)
        return (
            f'<div id="{place}" role="img" aria-label="{label}" style="background:#fff"></div>'
            f"<script>(() => {{ {loader()} {drawn} }})()</script>"
        )


def loader() -> str:
    """JavaScript that loads the scripts of charts where the page has none yet."""
    return f"if (!window.toolkitEmbed) {{ (() => {{ {vega_bundle()} }})(); window.toolkitEmbed = window.vegaEmbed; }}"


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, from the installed package."""
    import vl_convert

    return str(vl_convert.javascript_bundle(EMBED))


def script_safe(text: str) -> str:
    """Text that cannot end the script element it stands in."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def note(text: str) -> Part:
    """One paragraph of plain text."""
    return Note(text)


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, spoken: int = 0) -> Part:
    """A table of plain text; `spoken` of its last columns hold what somebody said."""
    return Table(caption, tuple(columns), tuple(tuple(row) for row in rows), spoken)
