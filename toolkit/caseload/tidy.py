"""A caseload as one tidy table, to be read by other programs.

One row a session, role and measure. Text cells that a spreadsheet would run as a formula are neutralised. Dates finer
than a year identify people (45 CFR 164.514(b)(2)): without being asked for them the table has the year, and how many
days after the therapist's first session of the study a session was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import store
from toolkit.atomic import write_bytes
from toolkit.caseload.reading import Caseload
from toolkit.consent import audit
from toolkit.export import check_output
from toolkit.formats import csv_out
from toolkit.types import Purpose

if TYPE_CHECKING:
    import polars as pl

__all__ = ["export", "tidy"]

A_LINE = 400  # sessions named in one line of the audit log, which has to stay short


def tidy(caseload: Caseload, *, dates: bool = False) -> pl.DataFrame:
    """The table.

    Parameters
    ----------
    caseload
        The sessions.
    dates
        With the day of each session instead of ``year`` and ``day``.

    Returns
    -------
    DataFrame
        ``session_id, therapist, client, session`` (its number among the therapist's), ``year, day`` or
        ``recorded_on``, ``research`` (whether consent covers that purpose today), then `reading.COLUMNS`.
    """
    import polars as pl

    ledger = caseload.study.ledger()
    research = [Purpose.RESEARCH in store.covered(ledger, s) for s in caseload.sessions["session_id"]]
    sessions = caseload.sessions.rename({"place": "session"}).with_columns(
        research=pl.Series(research, dtype=pl.Boolean)
    )
    when = ["recorded_on"]
    if not dates:
        days = [date.fromisoformat(day).toordinal() if day else None for day in sessions["recorded_on"]]
        sessions = sessions.with_columns(
            year=pl.when(pl.col("recorded_on") != "").then(pl.col("recorded_on").str.head(4)),
            day=pl.Series(days, dtype=pl.Int64),
        ).with_columns(day=pl.col("day") - pl.col("day").min().over("therapist"))
        when = ["year", "day"]
    front = ["session_id", "therapist", "client", "session", *when, "research"]
    return sessions.select(front).join(caseload.measures, on="session_id", how="inner", maintain_order="left_right")


def export(caseload: Caseload, output: Path, *, dates: bool = False, force: bool = False) -> pl.DataFrame:
    """Write the table as CSV, whole or not at all, and note it in the audit log.

    Raises
    ------
    InputError
        When the file is there already, or belongs to the study.
    StoreError
        When it cannot be written.
    """
    study = caseload.study
    check_output(study, study.sessions_file, output, force=force)
    table = tidy(caseload, dates=dates)
    data = csv_out.dumps(table.columns, table.iter_rows()).encode()
    digest = hashlib.sha256(data).hexdigest()
    # noted first: an export without its line would be worse than a line without its export
    for exported in batched(caseload.sessions["session_id"].to_list(), A_LINE):
        audit.append(study.audit_file, "export", format="tidy", sessions=exported, sha256=digest)
    write_bytes(output, data)
    return table


def batched(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Some at a time, in order."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
