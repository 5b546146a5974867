"""What humans say over the machine's output: one CSV a session, appended to, never changing the results beneath.

Columns: ``made_on`` (date), ``by`` (a coder's pseudonymous id, may be empty), ``what``, ``target``, ``value``; `values`
says what may stand in the last three. Several coders write side by side: of each the last line about a target counts.
For the measures the latest of these counts, or only those of one coder who was chosen (``counted_coder``).

`values` knows the kinds of corrections, `rows` the file, `counting` which lines count, `laying` lays them over a
session: `speakers` (with `carry` and `counts`), then roles, `codes` and silences.

A note is text: it stays in the file, and never goes to results or logs.
"""

from toolkit.overlay.counting import (
    Corrections,
    Note,
    coders,
    counted_coder,
    counting,
    digest,
    notes,
    read,
    roles,
)
from toolkit.overlay.laying import Laid, lay
from toolkit.overlay.rows import COLUMNS, Line, add
from toolkit.overlay.rows import read as lines
from toolkit.overlay.values import NOTHING, Correction, What, checked, coder_id, edited, target

__all__ = [
    "COLUMNS",
    "NOTHING",
    "Correction",
    "Corrections",
    "Laid",
    "Line",
    "Note",
    "What",
    "add",
    "checked",
    "coder_id",
    "coders",
    "counted_coder",
    "counting",
    "digest",
    "edited",
    "lay",
    "lines",
    "notes",
    "read",
    "roles",
    "target",
]
