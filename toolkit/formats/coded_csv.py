"""Coded utterances as CSV: what people coded, to compare with, and what a coder found beside it.

The reference has one row an utterance: ``dialogue_id, utterance_id, role, text`` and any of ``main, reflection,
question, client_talk``, in any order; other columns are passed over. Rows of one dialogue are in order; dialogues may
be interleaved. UTF-8, with or without a byte-order mark; commas, or the semicolons or tabs of a spreadsheet.

The predictions have one row for each of these, in the same order, with ids and labels and no text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit import atomic
from toolkit.errors import InputError
from toolkit.formats.lines import mistake, read_text
from toolkit.types import Role

__all__ = [
    "CHANCES",
    "COLUMNS",
    "LABELS",
    "Prediction",
    "Reference",
    "Row",
    "dumps",
    "labelled",
    "parse",
    "read",
    "write",
]

REQUIRED = ("dialogue_id", "utterance_id", "role", "text")
LABELS: Mapping[str, tuple[str, ...]] = {
    "main": ("reflection", "question", "therapist_input", "other"),
    "reflection": ("none", "simple", "complex"),
    "question": ("none", "open", "closed"),
    "client_talk": ("change", "sustain", "neutral"),
}
"""Label columns, and what may stand in each; an empty cell and ``n/a`` mean that nobody coded it."""

CHANCES = (
    "p_reflection",
    "p_question",
    "p_complex",
    "p_open",
    "p_input",
    "p_change",
    "p_sustain",
    "p_main_reflection",
    "p_main_question",
    "p_main_input",
    "p_main_other",
)
COLUMNS = ("dialogue_id", "utterance_id", *LABELS, *CHANCES)
"""Columns of the predictions."""

NOT_CODED = frozenset({"", "n/a"})
SYNONYMS = {
    "counselor": Role.THERAPIST,
    "counsellor": Role.THERAPIST,
    "clinician": Role.THERAPIST,
    "patient": Role.CLIENT,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance of the reference.

    Attributes
    ----------
    dialogue, utterance
        Ids, white space at the ends taken off and within made single.
    role
        Who says it.
    text
        What is said, as it stands in the file.
    reference
        Label column to label, only for columns that people filled and that are for this role.
    """

    dialogue: str
    utterance: str
    role: Role
    text: str
    reference: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """A file of coded utterances.

    `columns` are the label columns it has; `misplaced` counts labels of a therapist on somebody else's utterance, or
    of a client on somebody else's: they are left out.
    """

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    misplaced: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a coder found in one row: label column to label, and chance column to a probability where it has one."""

    labels: Mapping[str, str]
    chances: Mapping[str, float]


def labelled(role: Role) -> tuple[str, ...]:
    """The label columns that are for a role: none for interpreters and people without a role.

    Examples
    --------
    >>> labelled(Role.CLIENT)
    ('client_talk',)
    """
    if role in {Role.THERAPIST, Role.CO_THERAPIST}:
        return ("main", "reflection", "question")
    return ("client_talk",) if role is Role.CLIENT else ()


def read(path: Path) -> Reference:
    """Coded utterances of a file, as `parse` gives them.

    Raises
    ------
    InputError
        When the file cannot be read, or see `parse`.
    """
    return parse(read_text(path), path.name)


def parse(text: str, name: str) -> Reference:
    """Coded utterances in the order of the file.

    Raises
    ------
    InputError
        With line and column and never the text: it is no CSV, has no rows, lacks a column or has it twice; a row has
        too few or too many values; an id is empty or there twice; a role or label is not known.
    """
    lines = table(text, name)
    number, first = next(lines, (1, ()))
    header = tuple(cell.strip().casefold() for cell in first)
    for column in (*REQUIRED, *LABELS):
        if header.count(column) > 1:
            raise mistake(name, number, f"column {column} is there twice.")
    lacking = [column for column in REQUIRED if column not in header]
    if lacking:
        hint = f"Needed: {', '.join(REQUIRED)}; to compare with, any of {', '.join(LABELS)}."
        raise InputError(f"{name}, line {number}: no column {', '.join(lacking)}.", hint=hint)
    rows, seen, misplaced = [], dict[tuple[str, str], int](), 0
    for line, cells in lines:
        if len(cells) != len(header):
            raise mistake(name, line, f"{len(cells)} values, but {len(header)} columns. Is a quote missing?")
        row, ignored = parse_row(dict(zip(header, cells, strict=True)), name, line)
        key = (row.dialogue, row.utterance)
        if key in seen:
            raise mistake(name, line, f"utterance_id is in this dialogue already, on line {seen[key]}.")
        seen[key] = line
        rows.append(row)
        misplaced += ignored
    if not rows:
        raise InputError(f"{name} holds no utterances.", hint="It needs a header and one row an utterance.")
    return Reference(tuple(rows), tuple(column for column in LABELS if column in header), misplaced)


def table(text: str, name: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows that are not blank, each with the line it begins on."""
    first = text.split("\n", 1)[0]
    delimiter = "," if "," in first else next((d for d in (";", "\t") if d in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise mistake(name, line, f"no valid CSV row ({error}). Is a double quote missing or left over?") from None


def parse_row(cells: Mapping[str, str], name: str, line: int) -> tuple[Row, int]:
    """One row, and how many labels on it are not for its role."""
    dialogue, utterance = (" ".join(cells[column].split()) for column in ("dialogue_id", "utterance_id"))
    for column, value in (("dialogue_id", dialogue), ("utterance_id", utterance)):
        if not value:
            raise mistake(name, line, f"{column} is empty.")
    role = role_of(cells["role"])
    if role is None:
        raise mistake(name, line, f"role must be one of {', '.join(Role)}.")
    found = {}
    for column, known in LABELS.items():
        label = cells.get(column, "").strip().casefold()
        if label not in NOT_CODED and label not in known:
            raise mistake(name, line, f"{column} must be one of {', '.join(known)}, or empty.")
        if label not in NOT_CODED:
            found[column] = label
    own = {column: found[column] for column in labelled(role) if column in found}
    return Row(dialogue, utterance, role, cells["text"], own), len(found) - len(own)


def role_of(cell: str) -> Role | None:
    """The role that a cell names, None when it names none."""
    word = cell.strip().casefold().replace("-", "_").replace(" ", "_")
    return SYNONYMS.get(word) or (Role(word) if word in set(Role) else None)


def dumps(rows: Iterable[Row], predictions: Iterable[Prediction]) -> str:
    """One row a prediction: ids as read, labels, probabilities with six decimals; empty where there is none.

    Ids are not changed for spreadsheets, unlike in an export: a program joins on them.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row, found in zip(rows, predictions, strict=True):
        labels = (found.labels.get(column, "") for column in LABELS)
        chances = (f"{found.chances[column]:.6f}" if column in found.chances else "" for column in CHANCES)
        writer.writerow((row.dialogue, row.utterance, *labels, *chances))
    return out.getvalue()


def write(path: Path, rows: Iterable[Row], predictions: Iterable[Prediction]) -> None:
    """Write predictions, whole or not at all.

    Raises
    ------
    StoreError
        When the file cannot be written.
    """
    atomic.write_text(path, dumps(rows, predictions))
