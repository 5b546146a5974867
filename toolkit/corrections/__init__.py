"""Human corrections of a session: written into its overlay, then laid over its results, and all measures taken again.

`writing` is the way in, for notebook and command line alike; `resolving` turns what somebody points at into what is
written, `finding` finds what lies at a time; `sheets` carries codes to a spreadsheet and back, `tiers` brings them from
ELAN and Praat; `looking` reads what was said.
"""

from toolkit.corrections.finding import spoken_time, start_of
from toolkit.corrections.looking import Statement, globals_of, notes, ratings, statements
from toolkit.corrections.resolving import of_utterance
from toolkit.corrections.roles import parse_roles, set_roles, swap_roles
from toolkit.corrections.sheets import export_sheet, import_sheet
from toolkit.corrections.tiers import ENDINGS, import_tiers
from toolkit.corrections.writing import correct

__all__ = [
    "ENDINGS",
    "Statement",
    "correct",
    "export_sheet",
    "globals_of",
    "import_sheet",
    "import_tiers",
    "notes",
    "of_utterance",
    "parse_roles",
    "ratings",
    "set_roles",
    "spoken_time",
    "start_of",
    "statements",
    "swap_roles",
]
