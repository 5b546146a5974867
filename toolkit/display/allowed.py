"""What consent lets be shown of a session today: its words, its sound, and which portions are left out.

The ledger is asked each time something is shown. Who withdraws a purpose, or excludes a portion after the session was
processed, is not read or heard any more, whatever lies on the disk. That text was opened is noted in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit import store
from toolkit.consent.admit import Refusal, covered
from toolkit.consent.listeners import check
from toolkit.intervals import Span, overlap, union
from toolkit.opener import opener
from toolkit.study import Study
from toolkit.types import Purpose, Recording

__all__ = ["WORDS", "Access", "access", "readable"]

WORDS = "restricted/words"


@dataclass(frozen=True, slots=True)
class Access:
    """What consent lets be shown today.

    Attributes
    ----------
    words, sound
        Why they are kept back; empty when they may be read and heard.
    excluded
        Portions that nothing is shown or heard of, seconds.
    """

    words: str
    sound: str
    excluded: tuple[Span, ...]


def access(study: Study, recording: Recording) -> Access:
    """Ask the ledger; no file of the recording is touched.

    Raises
    ------
    ConsentError
        When consent does not even cover the measures, or its parties named who may open it, and this is none of them.
    """
    ledger, today = study.ledger(), date.today()  # noqa: DTZ011 - the clinic's day

    def reason(purpose: Purpose) -> str:
        try:
            record = covered(recording, ledger, purposes=(purpose,), today=today)
            check(recording.session_id, record, (purpose,), who=opener(), today=today)
        except Refusal as refusal:
            return refusal.message
        return ""

    record = covered(recording, ledger, purposes=(), today=today)
    store.let_in(study, recording.session_id, record, today)
    return Access(reason(Purpose.TRANSCRIPT), reason(Purpose.SUPERVISION), record.excluded)


def readable(words: Iterable[Mapping[str, Any]], *, excluded: Sequence[Span]) -> list[Mapping[str, Any]]:
    """Those words that reach into no excluded portion."""
    cuts = union(excluded)
    return [w for w in words if not any(overlap(Span(w["start"], w["end"]), cut) > 0 for cut in cuts)]
