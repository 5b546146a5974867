"""Blinded packs: coding sheets for a second coder, without the machine's codes and without a session's name.

A pack is a folder with ``README.txt`` (what to do, and the codes) and one sheet an item, ``item-001.csv``. What an item
is stands in the key, a CSV beside the folder that the coder does not get. Text is copied only where consent covers
*measure* and *transcript* today; any other session of the plan is left out, and that is said. Each session's pack is
noted in the audit log, as an export is.

A pack holds speech, and lies out of the reach of a later withdrawal.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit import atomic, overlay, store
from toolkit.coding.book import ENTRIES
from toolkit.consent import audit
from toolkit.errors import InputError, StoreError
from toolkit.evaluate import sheets as sheet_files
from toolkit.evaluate.double_coding import Choice
from toolkit.evaluate.sheets import SheetRow
from toolkit.export import check_outside
from toolkit.formats.coded_csv import table
from toolkit.formats.lines import mistake, read_text
from toolkit.formats.sessions import check_party, check_session_id
from toolkit.study import Study
from toolkit.types import Missing, Purpose, Role

__all__ = ["KEY", "Pack", "key_beside", "make", "read_key"]

KEY = ("item", "session_id", "coder", "start", "end", "utterances")
README = "README.txt"
RULES = f"""
Each file item-….csv is one session or a stretch of one, a line an utterance. Write your codes into the column codes,
and change no other column. Several codes are separated by a semicolon: complex reflection; affirm. Where an utterance
has no code write {overlay.NOTHING}: an empty cell means that you did not code it, and then it is not compared.

Work through the items in their order, alone: do not talk about them with the other coder before both are done. Nothing
here tells which session, therapist or client it is, nor what anybody else coded. If you recognise one, leave it empty
and say so.

This folder holds what clients and therapists said. Keep it where only you can read it, send it back by the way you
were told, and delete it then.

In a spreadsheet save as CSV (UTF-8).
"""


@dataclass(frozen=True, slots=True)
class Pack:
    """What was made: utterances of each item, and why the others of the plan were left out, by session."""

    items: Mapping[str, int]
    left_out: Mapping[str, str]


def key_beside(folder: Path) -> Path:
    """Where the key of a pack lies: beside its folder, never in it."""
    return folder.parent / f"{folder.name}.key.csv"


def make(study: Study, plan: Sequence[Choice], folder: Path, *, coder: str, key: Path | None = None) -> Pack:
    """Write the pack of one coder and its key, whole or not at all.

    Parameters
    ----------
    study
        Whose sessions the plan names.
    plan
        As `toolkit.evaluate.double_coding` reads it.
    folder
        A new folder, outside the study's own.
    coder
        Pseudonymous id of the coder, for the key and the page of instructions.
    key
        Where the key goes; None for beside the folder.

    Raises
    ------
    InputError
        When the plan names a session that is not there, the folder or key is there already or lies where it must
        not, or no session of the plan may be put into a pack.
    StoreError
        When it cannot be written.
    """
    coder = check_party(coder, where="--coder", column="the coder")
    key = key or key_beside(folder)
    check_places(study, folder, key)
    sheets, left_out = {}, {}
    for choice in plan:
        rows = item(study, choice)
        if isinstance(rows, Missing):
            left_out[choice.candidate.session_id] = rows.reason
        else:
            sheets[choice] = rows
    if not sheets:
        raise InputError(
            "no session of the plan can be put into a pack.",
            hint=f"{next(iter(left_out))}: {next(iter(left_out.values()))}.",
        )
    files = {f"{choice.item}.csv": sheet_files.dumps(rows) for choice, rows in sheets.items()}
    for choice in sheets:
        content = hashlib.sha256(files[f"{choice.item}.csv"].encode()).hexdigest()
        session_id = choice.candidate.session_id
        # noted first: a pack without its line would be worse than a line without its pack
        audit.append(study.audit_file, "export-pack", session_id=session_id, format="sheet", sha256=content)
    atomic.write_text(key, key_text(coder, sheets))
    try:
        put(folder, {README: instructions(coder, len(files)), **files})
    except StoreError:
        key.unlink(missing_ok=True)
        raise
    return Pack({choice.item: len(rows) for choice, rows in sheets.items()}, left_out)


def item(study: Study, choice: Choice) -> tuple[SheetRow, ...] | Missing:
    """The sheet of one line of a plan, or why there is none; no code is read into it."""
    session_id = choice.candidate.session_id
    study.recording(session_id)
    if not {Purpose.MEASURE, Purpose.TRANSCRIPT} <= store.covered(study.ledger(), session_id):
        return Missing("consent does not cover a transcript today")
    if store.usable(study, session_id, study.ledger()) is None:
        return Missing("no results")
    result = store.load(study, session_id)
    if isinstance(result.utterances, Missing):
        return Missing(f"no text was kept ({result.utterances.reason})")
    rows = tuple(
        SheetRow(choice.item, str(u.index), u.start, u.end, result.dialogue.role_of(u.speaker), u.text)
        for u in result.utterances
        if choice.stretch.start <= u.start and u.end <= choice.stretch.end
    )
    return rows or Missing("nobody says anything in the stretch that was drawn")


def check_places(study: Study, folder: Path, key: Path) -> None:
    """Refuse to write over anything, into the study's own folders, or the key into the pack."""
    check_outside(study, folder)
    target = folder.resolve()
    for own in (study.results, study.overlay("x").parent, study.recordings_folder):
        if target.is_relative_to(own.resolve()) or key.resolve().is_relative_to(own.resolve()):
            raise InputError(f"{folder.name} would lie among the study's own files.", hint="Give another folder.")
    if key.resolve().is_relative_to(target):
        raise InputError("the key would lie in the pack, and the coder would have it.", hint="Give another --key.")
    for there in (folder, key):
        if there.exists():
            raise InputError(f"{there.name} is there already.", hint="Give another name: nothing is written over.")
        if not there.parent.is_dir():
            raise InputError(f"there is no folder {there.parent.name} for {there.name}.", hint="Make it first.")


def put(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder that is there with all its files or not at all, for its owner only."""
    try:
        staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:80]}."))
        try:
            for name, text in files.items():
                atomic.write_text(staging / name, text)
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)  # still there only when something above failed
    except OSError as error:
        raise atomic.store_error(folder, error) from None


def key_text(coder: str, sheets: Mapping[Choice, Sequence[SheetRow]]) -> str:
    """Which session each item is."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(KEY)
    for choice, rows in sheets.items():
        ends = (f"{choice.stretch.start:.3f}", f"{choice.stretch.end:.3f}")
        writer.writerow((choice.item, choice.candidate.session_id, coder, *ends, len(rows)))
    return out.getvalue()


def read_key(path: Path) -> dict[str, str]:
    """Item to session, of a key or of a plan.

    Raises
    ------
    InputError
        With the line: a column is lacking, or an item stands for two sessions.
    """
    lines = table(read_text(path), path.name)
    number, first = next(lines, (1, ()))
    header = [cell.strip() for cell in first]
    if not {"item", "session_id"} <= set(header):
        raise InputError(f"{path.name}, line {number}: this is no key.", hint="It has the columns item, session_id.")
    found: dict[str, str] = {}
    for line, cells in lines:
        if len(cells) != len(header):
            raise mistake(path.name, line, f"{len(cells)} values, but {len(header)} columns.")
        name = cells[header.index("item")].strip()
        session_id = check_session_id(cells[header.index("session_id")].strip(), where=f"{path.name}, line {line}")
        if found.setdefault(name, session_id) != session_id:
            raise mistake(path.name, line, f"item {name} is two sessions.")
    return found


def instructions(coder: str, count: int) -> str:
    """The page that tells the coder what to do, with the codes as the code book has them."""
    head = f"Coding pack for {coder}: {count} {'item' if count == 1 else 'items'}"
    text = "\n\n".join(textwrap.fill(part, 100) for part in (head, *RULES.strip().split("\n\n")))
    for title, role in (("Codes of the therapist", Role.THERAPIST), ("Codes of the client", Role.CLIENT)):
        codes = [e for e in ENTRIES if e.role is role and e.decisions]  # a marker has none: it is no code of a person
        lines = [
            textwrap.fill(f"{e.code.replace('_', ' ')}: {e.definition}", 100, subsequent_indent="    ") for e in codes
        ]
        text += f"\n\n{title}\n\n" + "\n".join(lines)
    return text + "\n"
