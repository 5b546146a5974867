"""The public functions: thin, with the consent gate of the rooms that do the work.

What they promise from one version to the next is in docs/api.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import ConsentError
from toolkit.study import Study
from toolkit.types import Missing, Purpose

if TYPE_CHECKING:
    import polars as pl

    from toolkit.batch.outcomes import Outcome, Watcher
    from toolkit.result import SessionResult

__all__ = ["export_session", "load", "process", "scan"]

NO_TEXT = Missing("consent does not cover a transcript")


class Nobody:
    """A watcher of a batch that tells nobody."""

    def start(self, session_id: str) -> None:
        """A session begins."""

    def stage(self, name: str, done: float, total: float) -> None:
        """So many seconds of audio of a stage are done."""

    def end(self, outcome: Outcome) -> None:
        """A session has ended."""


def process(
    study: str | Path | Study,
    sessions: Sequence[str] = (),
    *,
    force: bool = False,
    coder: str = "",
    watcher: Watcher | None = None,
) -> tuple[Outcome, ...]:
    """Take sessions from audio to measures, as ``toolkit run`` does.

    Parameters
    ----------
    study
        The study or its folder.
    sessions
        Their ids; none means all of ``sessions.csv``.
    force
        Process again what is current.
    coder
        A coder to use instead of the one in the study's settings.
    watcher
        Told about progress; None tells nobody.

    Returns
    -------
    tuple of Outcome
        One a session; a session that fails or is refused is one of them, and the others go on.

    Raises
    ------
    ToolkitError
        For what stops the whole batch: unreadable settings, ledger or table, another run at work.
    """
    from toolkit import batch

    return batch.run(opened(study), sessions, watcher or Nobody(), force=force, coder=coder)


def load(study: str | Path | Study, session_id: str) -> SessionResult:
    """Read one session's results.

    Words and text are there where they were kept and consent still covers a transcript today, else missing. The audit
    log notes that they were opened.

    Raises
    ------
    ConsentError
        When consent does not cover the session today.
    InputError
        When there is no such session, or it has no results.
    StoreError
        When the results are damaged or of another schema version.
    """
    from toolkit import store

    where = opened(study)
    where.recording(session_id)
    purposes = store.covered(where.ledger(), session_id)
    if Purpose.MEASURE not in purposes:
        raise ConsentError(
            f"session {session_id}: consent does not cover it today.", hint="See: toolkit consent list STUDY"
        )
    found = store.load(where, session_id)
    if Purpose.TRANSCRIPT not in purposes:
        return replace(found, words=NO_TEXT, utterances=NO_TEXT)
    if not isinstance(found.words, Missing):
        store.note_opened(where, session_id, what="words", where="python")
    return found


def scan(study: str | Path | Study, table: str = "measures", *, only: Collection[str] | None = None) -> pl.LazyFrame:
    """One table over all sessions that consent covers today, as a Polars LazyFrame; see `toolkit.store.scan`.

    Parameters
    ----------
    study
        The study or its folder.
    table
        ``measures``, ``turns``, ``silences``, ``codes`` … or ``restricted/words``, ``restricted/utterances``, which the
        audit log notes.
    only
        Ids of the sessions wanted, None for all.

    Raises
    ------
    InputError
        When there is no such table.
    ConsentError
        When the ledger cannot be read.
    """
    from toolkit import store, tables

    where = opened(study)
    found = store.scan(where, table, only=only)
    if table in tables.RESTRICTED:
        store.note_opened(where, "", what=table.rpartition("/")[2], where="python")
    return found


def export_session(
    study: str | Path | Study, session_id: str, output: str | Path, *, form: str, force: bool = False
) -> None:
    """Write one session's results to a file, as ``toolkit export`` does, and note it in the audit log.

    Parameters
    ----------
    study
        The study or its folder.
    session_id
        Which session.
    output
        The file; it must lie outside the study's own files.
    form
        Name of a format, such as ``rttm``, ``vtt`` or ``csv``.
    force
        Write over a file that is there.

    Raises
    ------
    ConsentError
        When consent does not cover it today.
    InputError
        When there is no such format, no results, no text, or the file is there already.
    """
    from toolkit.errors import InputError
    from toolkit.export import Format, export

    known = [str(each) for each in Format]
    if form not in known:
        raise InputError(f"no format is called {form[:40]!r}.", hint=f"One of: {', '.join(known)}.")
    export(opened(study), session_id, Path(output), form=Format(form), force=force)


def opened(study: str | Path | Study) -> Study:
    """The study of a folder."""
    return study if isinstance(study, Study) else Study.open(Path(study))
