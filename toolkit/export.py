"""Results in the formats of other programs, as far as consent allows today."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from toolkit import manifest as manifests
from toolkit import store, tables, telling
from toolkit.atomic import write_bytes
from toolkit.coding.book import BOOK
from toolkit.consent import audit
from toolkit.consent.ledger import Record
from toolkit.errors import ConsentError, InputError
from toolkit.formats import bids, csv_out, qda_text, qdpx, registry, vcon
from toolkit.formats.archive import packed
from toolkit.formats.conversation import Conversation
from toolkit.formats.names import Format, Labels
from toolkit.privacy import vault
from toolkit.study import Study
from toolkit.tables import dictionary
from toolkit.types import Purpose, Role

__all__ = ["Format", "Labels", "build", "check_output", "check_outside", "export"]

ALL = "all"
"""In place of a table's name: all of them, as a zip archive."""


TABLES = frozenset({Format.CSV, Format.PARQUET})
TEXTLESS = frozenset({Format.RTTM, Format.JSON, Format.BIDS, *TABLES})
"""Formats that can be made without what was said."""


def export(  # noqa: PLR0913 - as many as the command has options
    study: Study,
    session_id: str,
    output: Path,
    *,
    form: Format,
    labels: Labels = Labels.ROLE,
    table: str = "measures",
    force: bool = False,
) -> tuple[Path, ...]:
    """Write one session's results to a file, whole or not at all, and note it in the audit log.

    Parameters
    ----------
    study, session_id
        Whose results.
    output
        The file; it must lie outside the study's own files.
    form
        Formats that hold what was said need the transcript purpose; json and bids leave text out without it.
    labels
        Speakers by role (where one speaker has it) or as the diarizer calls them.
    table
        For csv and parquet: which table, or ``all`` for a zip archive of them.
    force
        Write over a file that is there.

    Returns
    -------
    tuple of Path
        What was written: beside a single table its data dictionary.

    Raises
    ------
    ConsentError
        When consent does not cover it today.
    InputError
        When there are no results, no text was kept, or the file is there already.
    StoreError
        When the results are damaged, or the file cannot be written.
    """
    recording = study.recording(session_id)
    own = (recording.path, recording.transcript.path if recording.transcript else recording.path)
    files = {output: build(study, session_id, form=form, labels=labels, table=table)}
    if form in TABLES and table != ALL:
        files[output.with_name(f"{output.stem}.dictionary.csv")] = dictionary_of(table)
    for path in files:
        for file in own:
            check_output(study, file, path, force=force)
        check_outside(study, path)
    # noted first: an export without its line would be worse than a line without its export
    digest = hashlib.sha256(files[output]).hexdigest()
    audit.append(study.audit_file, "export", session_id=session_id, format=str(form), sha256=digest)
    for path, data in files.items():
        write_bytes(path, data)
    return tuple(files)


def build(
    study: Study, session_id: str, *, form: Format, labels: Labels = Labels.ROLE, table: str = "measures"
) -> bytes:
    """The content of an export; raises as `export`."""
    purposes = store.covered(study.ledger(), session_id)
    holds_text = form not in TEXTLESS or (form in TABLES and table in tables.RESTRICTED)
    for purpose in (Purpose.MEASURE, Purpose.TRANSCRIPT) if holds_text else (Purpose.MEASURE,):
        if purpose not in purposes:
            raise ConsentError(
                f"session {session_id}: consent does not cover the purpose {purpose} today.",
                hint=f"See it with: toolkit consent check {study.name}",
            )
    with_text = Purpose.TRANSCRIPT in purposes
    match form:
        case Format.CSV | Format.PARQUET:
            return of_table(study, session_id, form, table, with_text=with_text)
        case Format.JSON:
            return whole(study, session_id, with_text=with_text).encode()
        case Format.BIDS:
            return tree(study, session_id, with_text=with_text)
        case Format.RTTM:
            return registry.dump(telling.activity(study, session_id, labels), form).encode()
    return textual(study, session_id, form, telling.conversation(study, session_id, labels))


def textual(study: Study, session_id: str, form: Format, told: Conversation) -> bytes:
    """An export that holds what was said."""
    match form:
        case Format.QDPX:
            return qdpx.dump(told, {str(entry.code): entry.definition for entry in BOOK.values()})
        case Format.MAXQDA | Format.ATLASTI | Format.NVIVO:
            text: str = getattr(qda_text, form)(told)
        case Format.VCON:
            text = vcon.dump(told, agreements(study, session_id), day=day_of(study, session_id))
        case Format.VTT | Format.SRT:
            text = registry.dump(spoken(told), form)
        case _:
            text = registry.dump(told, form)
    return text.encode()


def spoken(told: Conversation) -> Conversation:
    """The same with roles as a reader of captions expects them: ``Therapist``."""
    shown = {name: name.replace("_", " ").capitalize() for name in map(str, Role)}
    return replace(told, segments=tuple(replace(s, speaker=shown.get(s.speaker, s.speaker)) for s in told.segments))


def of_table(study: Study, session_id: str, form: Format, table: str, *, with_text: bool) -> bytes:
    """One table, or all of them as an archive with the data dictionary."""
    if table != ALL:
        if table not in tables.SCHEMAS:
            raise InputError(f"no table is called {table[:40]}.", hint=f"One of: {', '.join(tables.SCHEMAS)}, or all.")
        frame = store.read(study, session_id, table)
        return tables.encode(frame) if form is Format.PARQUET else csv_of(frame.columns, frame.iter_rows())
    wanted = [name for name in tables.SCHEMAS if with_text or name not in tables.RESTRICTED]
    _, frames = store.snapshot(study, session_id, wanted)
    files = {"data_dictionary.csv": dictionary_of("")}
    for name, frame in frames.items():
        data = tables.encode(frame) if form is Format.PARQUET else csv_of(frame.columns, frame.iter_rows())
        files[f"{name}.{form}"] = data
    return packed(files)


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV."""
    return csv_out.dumps(columns, rows).encode()


def dictionary_of(table: str) -> bytes:
    """The data dictionary of a table, or of all, as CSV."""
    return csv_of(dictionary.COLUMNS, dictionary.rows(table))


def tree(study: Study, session_id: str, *, with_text: bool) -> bytes:
    """A folder tree in the manner of BIDS."""
    wanted = [name for name in tables.SCHEMAS if name not in tables.MACHINE]
    _, frames = store.snapshot(study, session_id, [n for n in wanted if with_text or n not in tables.RESTRICTED])
    content = {name: (frame.columns, frame.iter_rows()) for name, frame in frames.items()}
    meaning = {
        name: {
            column: {"Description": text, **({"Units": unit} if unit else {})}
            for column, (_, unit, text) in dictionary.columns(name).items()
        }
        for name in frames
    }
    return bids.dump(session_id, study.recording(session_id).client, content, meaning)


def agreements(study: Study, session_id: str) -> list[vcon.Agreement]:
    """What each party granted for a session, in force or not."""
    record = study.ledger().records.get(session_id)
    grants = record.grants if isinstance(record, Record) else ()
    return [
        vcon.Agreement(
            g.party.id,
            str(g.party.role),
            tuple(sorted(map(str, g.purposes))),
            g.granted_on.isoformat(),
            g.expires_on.isoformat() if g.expires_on else "",
        )
        for g in grants
    ]


def day_of(study: Study, session_id: str) -> str:
    """The day of a session, today where it is not known."""
    return study.recording(session_id).recorded_on or date.today().isoformat()  # noqa: DTZ011 - the clinic's day


def whole(study: Study, session_id: str, *, with_text: bool) -> str:
    """The manifest and all tables as JSON, tables under ``restricted/`` only `with_text`."""
    wanted = [name for name in tables.SCHEMAS if with_text or name not in tables.RESTRICTED]
    found, frames = store.snapshot(study, session_id, wanted)
    content = {
        "manifest": json.loads(manifests.dumps(found)),
        "tables": {name: frame.to_dicts() for name, frame in frames.items()},
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def check_outside(study: Study, output: Path) -> None:
    """Refuse to write into the folder of an encrypted study what is not encrypted."""
    if vault.find(study.root) is not None and output.resolve().is_relative_to(study.root.resolve()):
        raise InputError(
            f"{output.name} would lie in the folder of an encrypted study, and is not encrypted itself.",
            hint="Give a file outside of it.",
        )


def check_output(study: Study, recording: Path, output: Path, *, force: bool) -> None:
    """Refuse to write over the study's own files ever, and over others unless `force`."""
    target = output.resolve()
    own = {study.settings_file, study.sessions_file, study.consent_file, study.audit_file, recording}
    folders = (study.results, study.overlay("x").parent, study.root / "voices")
    if target in {path.resolve() for path in own} or any(target.is_relative_to(f.resolve()) for f in folders):
        raise InputError(f"{output.name} belongs to the study itself.", hint="Give another file for --output.")
    if output.is_dir():
        raise InputError(f"{output.name} is a folder.", hint="Give the name of a file.")
    if output.exists() and not force:
        raise InputError(f"{output.name} is there already.", hint="Give another name, or --force to write over it.")
    if not output.parent.is_dir():
        raise InputError(f"there is no folder {output.parent.name} for {output.name}.", hint="Make it first.")
