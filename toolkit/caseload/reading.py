"""The measures of all sessions of a study, with therapist, client and date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from toolkit import store
from toolkit.consent.admit import Refusal, covered
from toolkit.consent.ledger import Ledger
from toolkit.errors import InputError
from toolkit.measures import CLIENT_MEASURES, MEASURES, SESSION, WINDOW_MEASURES
from toolkit.study import Study
from toolkit.types import Level, Recording, Role

if TYPE_CHECKING:
    import polars as pl

__all__ = ["COLUMNS", "LISTENING", "Caseload", "agreed", "read", "role_of"]

LISTENING = (
    *("talk_share_speech", "turn_duration_mean", "longest_turn", "patience", "wait_time_after_open_question"),
    *("reflection_to_question_ratio", "complex_reflection_share", "open_question_share"),
    *("reflected_opportunity_share", "silence_share", "change_talk_share"),
)
"""What is shown of a therapist's sessions: measures of listening that do not grow with the length of a session."""

COLUMNS = (
    *("session_id", "role", "measure", "value", "unit", "n", "numerator", "denominator", "low", "high"),
    *("confirmed", "missing_reason"),
)


@dataclass(frozen=True, slots=True)
class Caseload:
    """The measures of many sessions.

    Attributes
    ----------
    study
        Where they come from.
    sessions
        One row a session with results that consent covers today: ``session_id, therapist, client, recorded_on``
        (``2026-11-23`` or empty) and ``place``, its number among its therapist's sessions in order of date; those
        without a date come last, in the order of ``sessions.csv``.
    measures
        One row a session, role and measure with `COLUMNS`, without the measures of windows.
    level
        Of the sessions' intervals.
    """

    study: Study
    sessions: pl.DataFrame
    measures: pl.DataFrame
    level: float

    @property
    def therapists(self) -> tuple[str, ...]:
        """Their pseudonymous ids, in alphabetical order."""
        return tuple(sorted(set(self.sessions["therapist"])))

    def check(self, therapist: str) -> str:
        """The id, when there is such a therapist.

        Raises
        ------
        InputError
            When no session with results is theirs.
        """
        if therapist in self.therapists:
            return therapist
        known = ", ".join(self.therapists[:8]) + (" …" if len(self.therapists) > 8 else "")
        hint = f"Known: {known}." if known else f"Make results: toolkit run {self.study.name}"
        raise InputError(f"no session with results is therapist {therapist[:80]}'s.", hint=hint)


def read(study: Study) -> Caseload:
    """Read every session that has whole results and that consent covers today.

    Raises
    ------
    InputError
        When ``sessions.csv`` cannot be read.
    ConsentError
        When the ledger cannot be read.
    """
    import polars as pl

    found = (
        store.scan(study, "measures").filter(~pl.col("measure").is_in([*WINDOW_MEASURES])).select(*COLUMNS).collect()
    )
    known = study.recordings()
    ledger, today = study.ledger(), date.today()  # noqa: DTZ011 - the clinic's day
    there = [
        s for s in found["session_id"].unique(maintain_order=True) if s in known and agreed(known[s], ledger, today)
    ]
    order = {session_id: place for place, session_id in enumerate(known)}
    rows = [known[s] for s in there]
    schema = dict.fromkeys(("session_id", "therapist", "client", "recorded_on"), pl.String) | {"row": pl.Int64}
    columns = [
        there,
        [r.therapist for r in rows],
        [r.client for r in rows],
        [r.recorded_on for r in rows],
        [order[s] for s in there],
    ]
    sessions = (
        pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
        .sort("therapist", pl.col("recorded_on").replace("", "9999"), "row")
        .with_columns(place=pl.int_range(pl.len()).over("therapist") + 1)
        .drop("row")
    )
    kept = found.join(sessions.select("session_id"), on="session_id", how="semi")
    return Caseload(study, sessions, kept, study.settings().measures.confidence_level)


def agreed(recording: Recording, ledger: Ledger, today: date) -> bool:
    """Whether everybody that ``sessions.csv`` names agreed to measures of a session, and still does."""
    try:
        covered(recording, ledger, purposes=(), today=today)
    except Refusal:
        return False
    return True


def role_of(measure: str) -> str:
    """Whose value of a measure tells of a therapist's sessions: the session's, the client's or the therapist's.

    Examples
    --------
    >>> role_of("silence_share"), role_of("change_talk_share"), role_of("longest_turn")
    ('session', 'client', 'therapist')
    """
    if MEASURES[measure].level is Level.SESSION:
        return SESSION
    return str(Role.CLIENT if measure in CLIENT_MEASURES else Role.THERAPIST)
