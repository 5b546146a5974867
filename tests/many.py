"""Studies of many sessions whose measures are given by hand, for the tests of caseloads and their notebooks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from made import session_result

from toolkit import store
from toolkit.caseload import role_of
from toolkit.consent import ledger
from toolkit.formats import sessions
from toolkit.intervals import Span
from toolkit.study import Study
from toolkit.types import MeasureValue, Missing, Purpose

PURPOSES = frozenset({Purpose.MEASURE, Purpose.SUPERVISION, Purpose.TRANSCRIPT})


@dataclass(frozen=True)
class Made:
    """One session: whose, when, its measures, and its purposes."""

    session_id: str
    therapist: str
    day: str = ""
    values: Mapping[str, MeasureValue] = field(default_factory=dict)
    purposes: frozenset[Purpose] = PURPOSES
    client: str = "C1"


def value(
    measure: str,
    number: float | str,
    *,
    ratio: tuple[float, float] | None = None,
    reach: tuple[float, float] | None = None,
) -> MeasureValue:
    """A value of a measure; a text is the reason why it is missing."""
    parts = ratio or (Missing("no ratio"), Missing("no ratio"))
    interval = Missing("none") if reach is None else Span(*reach)
    found = Missing(number) if isinstance(number, str) else number
    return MeasureValue(measure, role_of(measure), found, 1, *parts, interval, Span(0.0, 10.0))


def study_of(folder: Path, made: Iterable[Made]) -> Study:
    """A study with these sessions, all with results and consent."""
    study = Study.create(folder)
    book = study.ledger()
    for one in made:
        recording = study.recordings_folder / f"{one.session_id}.wav"
        recording.write_bytes(one.session_id.encode())
        sessions.append(
            study.sessions_file,
            {
                "session_id": one.session_id,
                "recording": f"recordings/{one.session_id}.wav",
                "therapist": one.therapist,
                "client": one.client,
                "recorded_on": one.day,
            },
        )
        by = ledger.parties(study.recording(one.session_id))
        digest = hashlib.sha256(one.session_id.encode()).hexdigest()
        given = ledger.Grant(by[0], one.purposes, ledger_day(), None)
        book = book.replace(one.session_id, ledger.grant(None, given, by=by, recording_sha256=digest))
        result = session_result(one.session_id, text=Purpose.TRANSCRIPT in one.purposes)
        store.publish(study, replace(result, measures=tuple(one.values.values())))
    ledger.save(study.consent_file, book)
    return study


def ledger_day():
    """The day on which everybody agreed."""
    from datetime import date

    return date(2026, 1, 1)


def values(*given: MeasureValue) -> dict[str, MeasureValue]:
    """Measures by name."""
    return {v.measure: v for v in given}
