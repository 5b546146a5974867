"""A folder tree named in the manner of BIDS, packed as a zip: unpack several into one folder and they join.

BIDS (Brain Imaging Data Structure) has no modality for talk, so this is *BIDS-like*: its ``beh`` folder, its entities
``sub-``, ``ses-``, ``task-``, its tables of tabs with ``n/a``, its JSON beside each table that says what the columns
are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from toolkit.formats.archive import packed

__all__ = ["Columns", "dump", "label"]

Columns = Mapping[str, Mapping[str, str]]
"""Column to its ``Description`` and, where it has one, ``Units``."""

TASK = "counselling"


def label(text: str) -> str:
    """An id as BIDS has labels: letters and digits only.

    Examples
    --------
    >>> label("C-01_b")
    'C01b'
    """
    return re.sub(r"[^A-Za-z0-9]", "", text) or "unknown"


def dump(
    session_id: str,
    client: str,
    tables: Mapping[str, tuple[Sequence[str], Iterable[Sequence[object]]]],
    columns: Mapping[str, Columns],
) -> bytes:
    """One session as a tree.

    Parameters
    ----------
    session_id, client
        Pseudonymous ids; of several clients the first names the folder.
    tables
        Name of a table to its columns and rows.
    columns
        What the columns of each table mean.
    """
    subject, session = f"sub-{label(client.partition(';')[0])}", f"ses-{label(session_id)}"
    stem = f"{subject}/{session}/beh/{subject}_{session}_task-{TASK}"
    files = {
        "dataset_description.json": {
            "Name": "Counselling sessions",
            "BIDSVersion": "1.10.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "counselling-session-toolkit"}],
        },
    }
    found = {path: as_json(content) for path, content in files.items()}
    for name, (header, rows) in tables.items():
        short = label(name)
        found[f"{stem}_{short}.tsv"] = tsv(header, rows).encode()
        found[f"{stem}_{short}.json"] = as_json(columns[name])
    return packed(found)


def as_json(content: object) -> bytes:
    """A JSON file."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def tsv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of tabs: ``n/a`` for what is missing, white space in texts made single."""
    lines = ["\t".join(header)]
    lines += ["\t".join(cell(value) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def cell(value: object) -> str:
    """One cell; text that a spreadsheet would run gets an apostrophe before it."""
    if value is None or value == "":
        return "n/a"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = " ".join(value.split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
