"""One table of measures over all sessions, for a researcher or a supervisor, as far as consent allows today."""

from __future__ import annotations

import hashlib
from pathlib import Path

from toolkit import atomic, store, tables
from toolkit.consent import audit
from toolkit.errors import ConsentError, InputError
from toolkit.export import check_output
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["PURPOSES", "write"]

PURPOSES = (Purpose.RESEARCH, Purpose.SUPERVISION, Purpose.MEASURE)
"""What a table of many sessions can be for."""


def write(study: Study, output: Path, *, purpose: Purpose, force: bool = False) -> tuple[str, ...]:
    """Write the measures of every session that was agreed to for a purpose, one row a value, and note it in the log.

    Parameters
    ----------
    study
        Whose sessions.
    output
        A new ``.parquet`` or ``.csv`` outside the study's own files; it is written whole or not at all.
    purpose
        One of `PURPOSES`.
    force
        Write over a file that is there.

    Returns
    -------
    tuple of str
        The sessions in it.

    Raises
    ------
    ConsentError
        When no session with results is covered for the purpose today, or the ledger cannot be read.
    InputError
        When `output` is of another kind, is there already, or belongs to the study.
    StoreError
        When it cannot be written.
    """
    if output.suffix not in {".parquet", ".csv"}:
        raise InputError(f"{output.name} is neither .parquet nor .csv.", hint="Give the name of such a file.")
    recordings = study.recordings()
    own = (r.path for r in recordings.values() if output.exists() and r.path.exists() and r.path.samefile(output))
    check_output(study, next(own, study.sessions_file), output, force=force)
    ledger = study.ledger()
    chosen = [s for s in store.sessions(study) if purpose in store.covered(ledger, s)]
    who = {s: (r.therapist, r.client) for s, r in recordings.items()}
    table = tables.with_people(store.scan(study, "measures", only=chosen), who)
    found = tuple(table.select("session_id").unique().collect()["session_id"].sort())
    if not found:
        raise ConsentError(
            f"no session with results is covered by consent for the purpose {purpose} today.",
            hint=f"See them with: toolkit consent list {study.name}",
        )
    with atomic.replacing(output) as temporary:
        tables.write(table, temporary)
        with temporary.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        # noted before it has its name: an export without its line would be worse than a line without its export
        audit.append(
            study.audit_file,
            "export",
            format=output.suffix[1:],
            purpose=str(purpose),
            sessions=len(found),
            sha256=digest,
        )
    return found
