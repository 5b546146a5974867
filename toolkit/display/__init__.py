"""What people see: charts and tables for notebooks, and the same in the terminal.

`scan` reads the results of one session; the others show them. Nothing here computes a measure.
"""

from __future__ import annotations

from toolkit.display.review import Review, balance, bands, header, measures, reflections, scan, silences, timeline
from toolkit.display.sequences import drift, missed

__all__ = [
    "Review",
    "balance",
    "bands",
    "drift",
    "header",
    "measures",
    "missed",
    "reflections",
    "scan",
    "silences",
    "timeline",
]
