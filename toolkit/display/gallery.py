"""Several small charts that stand beside each other where there is room and below each other where there is not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from html import escape

from toolkit.display.html import STYLE, Drawing, loader, script_safe

__all__ = ["Gallery"]

GRID = (
    "<style>.tk-grid{display:flex;flex-wrap:wrap;gap:14px 22px;align-items:flex-start}.tk-grid figure{margin:0}"
    ".tk-grid figcaption{max-width:330px;color:#333;font-size:13px}</style>"
)


class Gallery:
    """Drawings in the order of reading, each with a line below it; their scripts travel with them once.

    Parameters
    ----------
    title
        Plain text; empty for none.
    notes
        Paragraphs above the charts: what the marks mean.
    drawings
        Each with the plain text below it, which may be empty.
    """

    def __init__(self, title: str, notes: Sequence[str], drawings: Sequence[tuple[Drawing, str]]) -> None:
        self.title = title
        self.notes = tuple(notes)
        self.drawings = tuple(drawings)

    def _repr_html_(self) -> str:
        heading = f"<h3>{escape(self.title)}</h3>" if self.title else ""
        said = "".join(f"<p>{escape(text)}</p>" for text in self.notes)
        figures, scripts = [], []
        for drawing, below in self.drawings:
            place = f"chart-{uuid.uuid4().hex}"
            label = escape(drawing.description)
            caption = f"<figcaption>{escape(below)}</figcaption>" if below else ""
            figures.append(f'<figure><div id="{place}" role="img" aria-label="{label}"></div>{caption}</figure>')
            spec = script_safe(json.dumps(drawing.chart.to_dict()))
            scripts.append(f'window.toolkitEmbed("#{place}", {spec}, {{actions: false, renderer: "svg"}});')
        drawn = f"<script>(() => {{ {loader()} {' '.join(scripts)} }})()</script>" if scripts else ""
        grid = f'<div class="tk-grid">{"".join(figures)}</div>'
        return f'{STYLE}{GRID}<div class="tk mathjax_ignore tex2jax_ignore">{heading}{said}{grid}</div>{drawn}'
