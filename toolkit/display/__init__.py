"""What people see: charts and tables for notebooks, and the same in the terminal.

`scan` reads the results of one session; the others show them. The rooms `progress`, `habits`, `cohort`, `quality` and
`agreement` do the same for many sessions, each with a `scan` of its own. Nothing here computes a measure.
"""

from __future__ import annotations

from toolkit.display import agreement, cohort, habits, progress, quality
from toolkit.display.player import player, silences
from toolkit.display.reading import Review, scan
from toolkit.display.review import balance, bands, header, measures, reflections, timeline
from toolkit.display.said import definitions, noted
from toolkit.display.sequences import drift, missed

__all__ = [
    "Review",
    "agreement",
    "balance",
    "bands",
    "cohort",
    "definitions",
    "drift",
    "habits",
    "header",
    "measures",
    "missed",
    "noted",
    "player",
    "progress",
    "quality",
    "reflections",
    "scan",
    "silences",
    "timeline",
]
