"""What a human says over the machine's output: one CSV a session, appended to, never changing the results beneath.

Columns: ``made_on`` (date), ``by`` (who, may be empty), ``what`` (``role``), ``target`` (speaker label), ``value``.
The last line about a target counts.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from toolkit.atomic import write_text
from toolkit.errors import InputError
from toolkit.types import Role

__all__ = ["COLUMNS", "add_roles", "digest", "roles"]

COLUMNS = ("made_on", "by", "what", "target", "value")


def roles(path: Path) -> dict[str, Role]:
    """Roles a human gave to speakers, by speaker label; none when there is no overlay.

    Raises
    ------
    InputError
        When the file cannot be read, or holds a column or a role that is not known.
    """
    found: dict[str, Role] = {}
    for number, row in enumerate(rows(path), start=2):
        if row["what"] != "role":
            raise InputError(f"{path.name} line {number}: unknown correction {row['what']!r}.", hint="Known: role.")
        if row["value"] not in set(Role):
            raise InputError(
                f"{path.name} line {number}: unknown role {row['value']!r}.", hint=f"One of: {', '.join(Role)}."
            )
        found[row["target"]] = Role(row["value"])
    return found


def add_roles(path: Path, given: Mapping[str, Role], *, by: str, today: date) -> None:
    """Append one line a speaker, whole or not at all."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(path))
    for speaker, role in sorted(given.items()):
        line = (today.isoformat(), by, "role", speaker, role.value)
        writer.writerow(dict(zip(COLUMNS, line, strict=True)))
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_text(path, text.getvalue())


def digest(path: Path) -> str:
    """SHA-256 of what the overlay says now; empty for none. Who said it and when does not change it."""
    given = roles(path)
    lines = "\n".join(f"{speaker}={role}" for speaker, role in sorted(given.items()))
    return hashlib.sha256(lines.encode()).hexdigest() if given else ""


def rows(path: Path) -> list[dict[str, str]]:
    """The lines of the file as dictionaries."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {type(error).__name__}.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputError(f"{path.name}: the columns must be {', '.join(COLUMNS)}.")
    found = []
    for row in reader:
        if None in row or None in row.values():
            raise InputError(f"{path.name} line {reader.line_num}: it must have {len(COLUMNS)} cells.")
        found.append(row)
    return found
