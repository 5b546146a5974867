"""The file of corrections: read whole, appended to, never changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from toolkit.atomic import store_error, write_bytes
from toolkit.errors import InputError
from toolkit.formats import by_hand
from toolkit.formats.csv_out import FORMULA
from toolkit.overlay.values import Correction, What, checked, coder_id
from toolkit.privacy import vault

__all__ = ["COLUMNS", "Line", "add", "read"]

COLUMNS = ("made_on", "by", "what", "target", "value")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: what was said, by whom (a pseudonymous id, may be empty) and on which day."""

    made_on: str
    by: str
    correction: Correction


def read(path: Path) -> tuple[Line, ...]:
    """The lines of the file in their order; none when there is no file.

    Raises
    ------
    InputError
        When the file cannot be read, or a line of it makes no sense; never with what stands in it.
    ConfigError
        When it is encrypted and no key for it is here.
    StoreError
        When it is encrypted and damaged.
    """
    found = []
    for number, (made_on, by, what, target, value) in rows(path):
        try:
            found.append(Line(made_on, coder_id(by), checked(Correction(kind(what), target, value))))
        except InputError as error:
            raise InputError(f"{path.name} line {number}: {error.message}", hint=error.hint) from None
    return tuple(found)


def kind(text: str) -> What:
    """A kind of correction by its name."""
    if text not in set(What):
        raise InputError("unknown kind of correction.", hint=f"Known: {', '.join(What)}.")
    return What(text)


def rows(path: Path) -> list[tuple[int, list[str]]]:
    """The cells of each row, with the line on which it ends."""
    try:
        text = vault.unseal(home(path), by_hand.read(path, most=by_hand.TABLE), what=path.name).decode("utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {type(error).__name__}.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = []
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise InputError(f"{path.name}: the columns must be {', '.join(COLUMNS)}.")
        for cells in reader:
            if len(cells) != len(COLUMNS):
                raise InputError(f"{path.name} line {reader.line_num}: it must have {len(COLUMNS)} cells.")
            found.append((reader.line_num, [unguarded(cell) for cell in cells]))
    except csv.Error:
        raise InputError(f"{path.name} line {reader.line_num}: no valid CSV.", hint="Is a quote missing?") from None
    return found


def add(path: Path, said: Sequence[Correction], *, by: str, today: date) -> None:
    """Append one line a correction, all of them or none; the file is readable by its owner only, and so its folder.

    Raises
    ------
    InputError
        When `by` is no coder's id, or a correction is not possible.
    StoreError
        When the file cannot be written.
    """
    new = [(today.isoformat(), coder_id(by), c.what, c.target, c.value) for c in map(checked, said)]
    old = [cells for _, cells in rows(path)]
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise store_error(path, error) from None
    write(path, [*old, *new])


def write(path: Path, lines: Iterable[Sequence[str]]) -> None:
    """Put lines in place of those that are there, encrypted where the study has a vault; raises as `add`."""
    write_bytes(path, vault.seal(home(path), written(lines).encode()))


def home(path: Path) -> Path:
    """The study that a file of corrections is of: it lies in a folder of it."""
    return path.parent.parent


def written(lines: Iterable[Sequence[str]]) -> str:
    """Header and lines as CSV, every cell guarded."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([guarded(str(cell)) for cell in line] for line in lines)
    return text.getvalue()


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; `unguarded` takes it back.

    Examples
    --------
    >>> guarded("=1+1"), guarded("'=1+1"), guarded("'tis")
    ("'=1+1", "''=1+1", "'tis")
    """
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def unguarded(cell: str) -> str:
    """What a cell says.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell
