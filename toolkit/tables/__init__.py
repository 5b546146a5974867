"""Results as tables and back: the one place, with the displays, where Polars is used.

Conventions
-----------
A table's columns and their types stand in `SCHEMAS`; text, roles and kinds are strings; seconds are Float64 to three
decimals; other numbers of `measures` have six, those of `chances` are as the coder gave them. Rows are sorted by
their key, so equal results give equal bytes. `volleys` follows from `utterances`, `codes` and the roles. Tables under
``restricted/`` hold text; all others hold none.

Where a human's corrections lie over a session, its tables say what is then, and those under ``machine/`` (of words:
``restricted/machine_words``) what the machine made of it; without corrections there are none of these. ``confirmed``
holds the stretches of speech whose speaker a human set or confirmed.

`schemas` says what the tables are, `framing` makes them of a result, `parquet` makes bytes of them and scans them,
`writing` writes many sessions' as one file, `reading` makes a result of them again.
"""

from toolkit.tables.framing import absent, frames
from toolkit.tables.parquet import decode, encode, gather, together
from toolkit.tables.reading import dialogue, result
from toolkit.tables.schemas import MACHINE, RESTRICTED, SCHEMAS
from toolkit.tables.writing import with_people, write

__all__ = [
    "MACHINE",
    "RESTRICTED",
    "SCHEMAS",
    "absent",
    "decode",
    "dialogue",
    "encode",
    "frames",
    "gather",
    "result",
    "together",
    "with_people",
    "write",
]
