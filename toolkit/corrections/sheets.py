"""Codes to a spreadsheet and back: one row an utterance, with empty columns for what a human finds.

Columns: ``session, utterance, start, end, role, text, machine, codes, note``; ``text`` only where consent covers a
transcript, ``machine`` (the machine's codes) not in a blind sheet. In ``codes`` a human writes codes joined by ``;``,
``,`` or ``+``, ``none``, or ``ok``, ``add AF``, ``without other`` of the machine's as the sheet shows them. An empty
cell says nothing.

Written and read as `toolkit.formats.sheets` says, and with decimal commas.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from toolkit import overlay, store
from toolkit.atomic import write_bytes
from toolkit.consent import audit
from toolkit.corrections.resolving import uncoded
from toolkit.corrections.writing import correct, require
from toolkit.errors import InputError
from toolkit.export import check_output, check_outside
from toolkit.formats import csv_out
from toolkit.formats import sheets as files
from toolkit.formats.lines import read_text
from toolkit.intervals import milliseconds
from toolkit.overlay import Correction, Line, What
from toolkit.overlay.values import codes_after
from toolkit.result import SessionResult
from toolkit.settings import Settings
from toolkit.study import Study
from toolkit.types import Missing, Purpose, Utterance

__all__ = ["export_sheet", "import_sheet"]

NEEDED = ("utterance", "start", "codes")
MOST_TOLD = 5  # wrong lines named in one message


def export_sheet(study: Study, session_id: str, output: Path, *, blind: bool = False, force: bool = False) -> int:
    """Write a sheet for a human to code in, and note it in the audit log.

    Parameters
    ----------
    study, session_id
        Whose utterances.
    output
        The file; it must lie outside the study's own files.
    blind
        Without the machine's codes, so that they lead nobody.
    force
        Write over a file that is there.

    Returns
    -------
    int
        How many utterances it has.

    Raises
    ------
    ConsentError
        When consent does not cover the session today.
    InputError
        When there are no results or no utterances, or the file is there already.
    StoreError
        When the results are damaged, or the file cannot be written.
    """
    own = study.recording(session_id).path
    check_output(study, own, output, force=force)
    check_outside(study, output)
    require(study, session_id, Purpose.MEASURE)
    result = store.load(study, session_id)
    said = utterances(result)
    with_text = Purpose.TRANSCRIPT in store.covered(study.ledger(), session_id)
    texts = (
        {} if isinstance(result.utterances, Missing) or not with_text else {u.index: u.text for u in result.utterances}
    )
    machine = {} if blind else machine_codes(result, study.settings(), overlay.lines(study.overlay(session_id)))
    columns = [*files.WHERE, *["text"] * bool(texts), *["machine"] * (not blind), "codes", "note"]
    rows = [
        {
            "session": session_id,
            "utterance": u.index,
            "start": f"{u.start:.3f}",
            "end": f"{u.end:.3f}",
            "role": str(result.dialogue.role_of(u.speaker)),
            "text": texts.get(u.index, ""),
            "machine": machine.get(u.index, ""),
        }
        for u in said
    ]
    data = files.dumps(columns, ([row.get(c, "") for c in columns] for row in rows)).encode()
    # noted first, as for every export
    digest = hashlib.sha256(data).hexdigest()
    audit.append(study.audit_file, "export", session_id=session_id, format="codes", sha256=digest)
    write_bytes(output, data)
    return len(rows)


def utterances(result: SessionResult) -> tuple[Utterance, ...]:
    """What there is to code."""
    said = result.dialogue.utterances
    if isinstance(said, Missing) or not said:
        raise InputError(f"session {result.dialogue.session_id} has no utterances to code.")
    return said


def machine_codes(result: SessionResult, settings: Settings, known: Sequence[Line]) -> dict[int, str]:
    """The machine's codes by utterance, whatever humans said of codes."""
    codes = uncoded(result, settings, known).dialogue.codes
    if isinstance(codes, Missing):
        return {}
    return {c.utterance: "; ".join(dict.fromkeys(a.code for a in c.codes)) for c in codes}


def import_sheet(study: Study, session_id: str, path: Path, *, by: str) -> tuple[int, int]:
    """Lay the codes and notes of a filled sheet over a session: all of them, or none when a line is wrong.

    Parameters
    ----------
    study, session_id
        Whose utterances.
    path
        The sheet; rows may be left out, other columns are passed over.
    by
        Who coded: a pseudonymous id.

    Returns
    -------
    int, int
        How many utterances were coded, and how many notes there are.

    Raises
    ------
    InputError
        When the file cannot be read, holds nothing to lay over, or lines of it are wrong: with their numbers, and
        never with what stands in them.
    ConsentError
        When consent does not cover the session today.
    """
    study.recording(session_id)
    require(study, session_id, Purpose.MEASURE)
    if not overlay.coder_id(by):
        raise InputError("who coded it?", hint="Give a pseudonymous id: --by T2")
    result = store.load(study, session_id)
    found: list[Correction] = []
    wrong: list[str] = []
    lines = files.rows(
        read_text(path),
        path.name,
        needed=NEEDED,
        once=("session", "machine", "note"),
        hint="Make a sheet with: toolkit code export",
    )
    for line, cells in lines:
        try:
            found += said_in(cells, result)
        except InputError as error:
            wrong.append(f"line {line}: {error.message}")
    if wrong:
        more = f" {len(wrong) - MOST_TOLD} more lines are wrong." if len(wrong) > MOST_TOLD else ""
        raise InputError(f"{path.name}, nothing was written: {' '.join(wrong[:MOST_TOLD])}{more}")
    if not found:
        raise InputError(f"{path.name}: the columns codes and note are empty.", hint="Fill in some and import again.")
    correct(study, session_id, found, by=by)
    coded = sum(c.what is What.CODE for c in found)
    return coded, len(found) - coded


def said_in(cells: Mapping[str, str], result: SessionResult) -> Iterator[Correction]:
    """What a human says in one row."""
    codes, note = cells["codes"].strip(), cells.get("note", "").strip()
    if not codes and not note:
        return
    if cells.get("session", result.dialogue.session_id).strip() != result.dialogue.session_id:
        raise InputError("it is of another session.")
    said = by_row(cells, utterances(result))
    twin = sum(milliseconds(u.start) == milliseconds(said.start) for u in utterances(result)) > 1
    target = overlay.target(said.start, said.speaker if twin else "")
    if codes:
        yield Correction(What.CODE, target, typed(codes, cells.get("machine")))
    if note:
        yield overlay.checked(Correction(What.NOTE, overlay.target(said.start), unguarded(note)))


def typed(codes: str, machine: str | None) -> str:
    """The codes of a cell, beside those of the machine as the sheet shows them; a blind sheet (None) shows none."""
    if machine is None:
        return overlay.checked(Correction(What.CODE, "0", codes)).value
    shown = overlay.checked(Correction(What.CODE, "0", machine.strip() or overlay.NOTHING)).value
    return overlay.edited(codes, codes_after(shown, ())[0])


def by_row(cells: Mapping[str, str], said: Sequence[Utterance]) -> Utterance:
    """The utterance a row is about: its number and its start must both be those of the session as it is now."""
    try:
        index, start = int(float(cells["utterance"])), float(cells["start"].replace(",", "."))
    except (ValueError, OverflowError):
        index, start = -1, math.nan
    found = next((u for u in said if u.index == index), None)
    if found is None or not abs(found.start - start) < 0.0015:
        raise InputError("it is no utterance of the session as it is now; export the sheet again.")
    return found


def unguarded(note: str) -> str:
    """A note without the apostrophe that a spreadsheet may keep before what looks like a formula."""
    return note[1:] if note.startswith("'") and note[1:].startswith(csv_out.FORMULA) else note
