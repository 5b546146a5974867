"""Small HTML for notebooks: everything that comes from data is escaped."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

__all__ = ["Drawing", "Page", "note", "table"]

EMBED = "window.vegaEmbed = vegaEmbed;"
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

    def _repr_html_(self) -> str:
        place = f"chart-{uuid.uuid4().hex}"
        spec = script_safe(json.dumps(self.chart.to_dict()))
        loaded = (
            f"if (!window.toolkitEmbed) {{ (() => {{ {vega_bundle()} }})(); window.toolkitEmbed = window.vegaEmbed; }}"
        )
        drawn = f'window.toolkitEmbed("#{place}", {spec}, {{actions: false, renderer: "svg"}});'
        label = escape(self.description)
        return (
            f'<div id="{place}" role="img" aria-label="{label}" style="background:#fff"></div>'
            f"<script>(() => {{ {loaded} {drawn} }})()</script>"
        )


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, from the installed package."""
    import vl_convert

    return str(vl_convert.javascript_bundle(EMBED))


def script_safe(text: str) -> str:
    """Text that cannot end the script element it stands in."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def note(text: str) -> str:
    """One paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of plain text."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
