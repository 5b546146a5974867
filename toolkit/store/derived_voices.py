"""Kind of derived thing: enrolled voices of people of whom no other session is left that consent covers.

A voice is enrolled from a recording of its own and with consent of its own, to be recognised in sessions. When the last
session of a person is withdrawn, nothing is left in which it may be recognised, and it goes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from toolkit.consent import voices
from toolkit.consent.ledger import Record, granted, parties
from toolkit.intervals import Span
from toolkit.study import Study

__all__ = ["forget", "found", "known"]


def known(study: Study) -> set[str]:
    """Every session: whose voice serves which is not told by its name."""
    return set(study.recordings()) | set(study.ledger().records)


def found(study: Study, session_id: str) -> tuple[Path, ...]:
    """The voices of the session's people that serve no other session; none before it is withdrawn."""
    if not (study.root / voices.FOLDER).is_dir():
        return ()
    return tuple(p for who in last_of(study, session_id) if (p := voices.place(study.root, who)).exists())


def forget(study: Study, session_id: str, portions: Sequence[Span]) -> None:
    """Delete them; of a portion none, as the session is still there."""
    for who in () if portions else last_of(study, session_id):
        voices.remove(study.root, who)


def last_of(study: Study, session_id: str) -> tuple[str, ...]:
    """People of a session that is over, whom no session names that is not."""
    ledger, today = study.ledger(), date.today()  # noqa: DTZ011 - the clinic's day
    if alive(ledger.records.get(session_id), today):
        return ()
    people: dict[str, set[str]] = {}
    for other, recording in study.recordings().items():
        people[other] = {p.id for p in parties(recording)}
    for other, record in ledger.records.items():
        if isinstance(record, Record):
            people.setdefault(other, set()).update(p.id for p in record.parties)
    needed = {who for other, own in people.items() if alive(ledger.records.get(other), today) for who in own}
    return tuple(sorted(people.get(session_id, set()) - needed))


def alive(record: object, today: date) -> bool:
    """Whether anything of a session may still be used; a record that cannot be read may be put right."""
    return record is not None and (not isinstance(record, Record) or bool(granted(record, today)))
