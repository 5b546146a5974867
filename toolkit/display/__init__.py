"""What people see: charts and tables for notebooks, and the same in the terminal.

`scan` reads the results of one session; the others show them. Nothing here computes a measure.
"""

from __future__ import annotations

from toolkit.display import agreement
from toolkit.display.player import player, silences
from toolkit.display.review import Review, balance, bands, header, measures, reflections, scan, timeline
from toolkit.display.sequences import drift, missed

__all__ = [
    "Review",
    "agreement",
    "balance",
    "bands",
    "drift",
    "header",
    "measures",
    "missed",
    "player",
    "reflections",
    "scan",
    "silences",
    "timeline",
]
