"""Who may open results today, and whether they still hold what was taken back: asked wherever results are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from toolkit.consent import audit, listeners
from toolkit.consent.admit import Refusal
from toolkit.consent.ledger import Ledger, Record, granted, kept_until
from toolkit.errors import InputError
from toolkit.intervals import subtract
from toolkit.manifest import Manifest
from toolkit.opener import opener
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["covered", "lacking", "let_in", "may_open", "note_opened", "shown"]

ROUNDING = 0.002  # s: manifests have milliseconds


def covered(ledger: Ledger, session_id: str) -> frozenset[Purpose]:
    """Purposes for which a session may be opened today, by whoever opens it.

    None when there is no readable record, consent was withdrawn, it is to be kept no longer, or its parties named
    listeners and this is none of them (see `toolkit.consent.listeners`).
    """
    record, today = ledger.records.get(session_id), date.today()  # noqa: DTZ011 - the clinic's day
    if not isinstance(record, Record) or ledger.behind(today):
        return frozenset()
    return listeners.allowed(record, granted(record, today), who=opener(), today=today)


def lacking(ledger: Ledger, session_id: str, needed: Iterable[Purpose]) -> str:
    """Why a session may not be opened for all of some purposes today, as half a sentence; empty when it may."""
    missing = frozenset(needed) - covered(ledger, session_id)
    if not missing:
        return ""
    record, first = ledger.records.get(session_id), min(missing)
    if isinstance(record, Record) and first in granted(record, date.today()):  # noqa: DTZ011 - the clinic's day
        if not opener():
            return "its parties said who may open it, and nobody said who this is (toolkit --as S01 ...)"
        return f"its parties said who may open it, and {opener()} is not among them"
    return f"consent does not cover the purpose {first} today"


def may_open(study: Study, found: Manifest) -> None:
    """Refuse results of a session that was withdrawn, whole or in part, or that is not for whoever opens it.

    Raises
    ------
    ConsentError
        When consent was withdrawn or the day until which it is kept is over, though something is left; or when the
        parties named who may open it, and this is none of them.
    InputError
        When they hold a portion that was taken back since.
    """
    ledger, today = study.ledger(), date.today()  # noqa: DTZ011 - the clinic's day
    record, session_id = ledger.records.get(found.session_id), found.session_id
    if not isinstance(record, Record):
        return
    if record.withdrawn_on is not None:
        raise Refusal(session_id, "withdrawn", f"consent was withdrawn on {record.withdrawn_on}")
    end = kept_until(record)
    if end is not None and end < today:
        raise Refusal(session_id, "retention-over", f"it was to be kept until {end} only")
    let_in(study, session_id, record, today)
    if not shown(found, ledger):
        raise InputError(
            f"session {session_id}: the results hold a portion that was taken back since.",
            hint=f"Make them again: toolkit run {study.name} {session_id}",
        )


def let_in(study: Study, session_id: str, record: Record, today: date) -> None:
    """Refuse whoever opens a session and is not among the listeners that its parties named, and note it.

    Raises
    ------
    ConsentError
        When the parties named who may open it, and this is none of them.
    """
    try:
        listeners.check(session_id, record, (), who=opener(), today=today)
    except Refusal as refusal:
        audit.append(study.audit_file, "refuse", session_id=session_id, rule=refusal.rule, by=opener())
        raise


def shown(found: Manifest, ledger: Ledger) -> bool:
    """Whether results leave out every portion that was taken back since: stale ones are not shown, only made again."""
    record = ledger.records.get(found.session_id)
    return not isinstance(record, Record) or all(
        left.duration <= ROUNDING for left in subtract(record.excluded, found.excluded)
    )


def note_opened(study: Study, session_id: str, *, what: str, where: str) -> None:
    """One line in the audit log: what of a session was opened, by whom and with what; nothing of what it holds.

    Parameters
    ----------
    study, session_id
        Whose; an empty id for a table of all sessions.
    what
        ``words`` or ``sound``.
    where
        What shows, plays or reads it: ``player``, ``show``, ``python`` …

    Raises
    ------
    StoreError
        When the log cannot be written. Nothing is to be shown then.
    """
    event = "listen" if what == "sound" else "open"
    audit.append(study.audit_file, event, session_id=session_id, by=opener(), tables=[what], where=where)
