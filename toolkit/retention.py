"""Until when sessions are kept: what their parties agreed to, what is due, and carrying it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from toolkit import withdrawal
from toolkit.consent import ledger
from toolkit.store import derived
from toolkit.study import Study
from toolkit.withdrawal import Reason, Receipt

__all__ = ["Date", "carry_out", "dates"]


@dataclass(frozen=True, slots=True)
class Date:
    """Until when one session is kept.

    Attributes
    ----------
    keep_until
        The earliest day that any party named; None where only a stopped withdrawal is to be finished.
    files
        Derived files that are there.
    recording
        Whether the recording is still there.
    state
        ``kept``, ``due``, ``gone`` (the day is over and nothing derived is left) or ``withdrawal-unfinished``.
    """

    session_id: str
    keep_until: date | None
    files: int
    recording: bool
    state: str

    @property
    def is_due(self) -> bool:
        """Whether something is to be deleted by now."""
        return self.state in {"due", "withdrawal-unfinished"}

    def as_dict(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "session_id": self.session_id,
            "keep_until": self.keep_until.isoformat() if self.keep_until else None,
            "state": self.state,
            "files": self.files,
            "recording_there": self.recording,
        }

    def cells(self) -> tuple[str, ...]:
        """For the table."""
        return (self.session_id, self.keep_until.isoformat() if self.keep_until else "-", self.state, str(self.files))


def dates(study: Study, *, today: date) -> tuple[Date, ...]:
    """Every session with a day until which it is kept, or with a withdrawal that was stopped; the earliest first."""
    stopped = set(withdrawal.unfinished(study))
    recordings, known = study.recordings(), derived.known(study)
    found = []
    for session_id, record in study.ledger().records.items():
        end = ledger.kept_until(record) if isinstance(record, ledger.Record) else None
        if (end is None and session_id not in stopped) or not withdrawal.safe(session_id):
            continue
        left = derived.inventory(study, session_id, persons=False) if session_id in known else ()
        files = sum(f.files for f in left)
        there = session_id in recordings and recordings[session_id].path.exists()
        over = end is not None and end < today
        state = "withdrawal-unfinished" if session_id in stopped else "kept" if not over else "due" if files else "gone"
        found.append(Date(session_id, end, files, there, state))
    return tuple(sorted(found, key=lambda d: (d.keep_until or date.min, d.session_id)))


def carry_out(study: Study, due: Iterable[Date], *, today: date, recordings: bool) -> Iterator[Receipt]:
    """Delete what is due, a receipt each; recordings only when asked for.

    Raises
    ------
    StoreError
        When something cannot be deleted.
    """
    for one in due:
        if one.state != "due":
            receipt = withdrawal.finish(study, one.session_id)
            if receipt is not None:
                yield receipt
            over = one.keep_until is not None and one.keep_until < today
            if not over or not derived.inventory(study, one.session_id, persons=False):
                continue  # else only a portion was taken back, and the day is over for the rest
        yield withdrawal.withdraw(study, one.session_id, today=today, reason=Reason.RETENTION, recording=recordings)
