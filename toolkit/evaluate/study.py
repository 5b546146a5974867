"""The results of a study beside references in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolkit import store
from toolkit.errors import InputError, ToolkitError
from toolkit.evaluate.compare import METRICS, Score, compare, summed
from toolkit.evaluate.metrics import Deviation, ErrorRate
from toolkit.evaluate.references import find
from toolkit.result import SessionResult
from toolkit.study import Study
from toolkit.types import Missing, Purpose

__all__ = ["Scores", "as_json", "evaluate", "total", "written"]

NO_TRANSCRIPT = Missing("consent does not cover a transcript")


@dataclass(frozen=True, slots=True)
class Scores:
    """Every session's scores, and for the sessions that were left out the reason."""

    sessions: Mapping[str, Mapping[str, Score | Missing]]
    skipped: Mapping[str, str]


def evaluate(study: Study, references: Path) -> Scores:
    """Compare every session that has results and a reference.

    Parameters
    ----------
    study
        Its results are read; no model runs. Words are compared only where consent covers a transcript today.
    references
        A folder with ``<session>.json``, or ``<session>.rttm`` and ``<session>.stm``.

    Raises
    ------
    InputError
        When no session has both results and a reference, or a reference cannot be read.
    """
    ledger = study.ledger()
    sessions: dict[str, dict[str, Score | Missing]] = {}
    skipped: dict[str, str] = {}
    for session_id in store.sessions(study):
        purposes = store.covered(ledger, session_id)
        if Purpose.MEASURE not in purposes:
            skipped[session_id] = "consent does not cover it today"
            continue
        truth = find(references, session_id)
        if truth is None:
            skipped[session_id] = "no reference"
            continue
        try:
            result = store.load(study, session_id)
        except ToolkitError as error:
            skipped[session_id] = error.message
            continue
        sessions[session_id] = compare(result if Purpose.TRANSCRIPT in purposes else wordless(result), truth)
    if not sessions:
        why = next(iter(skipped.values()), "the study has no results")
        raise InputError(
            f"nothing to compare in {study.name}: {why}.", hint="References are called SESSION.json, .rttm or .stm."
        )
    return Scores(sessions, skipped)


def wordless(result: SessionResult) -> SessionResult:
    """The result without its words."""
    return replace(result, words=NO_TRANSCRIPT, utterances=NO_TRANSCRIPT)


def total(sessions: Iterable[Mapping[str, Score | Missing]]) -> dict[str, Score | Missing]:
    """Every metric over all sessions: the rate of sums."""
    every = list(sessions)
    return {name: summed(scores[name] for scores in every) for name in METRICS}


def written(score: Score | Missing, unit: str) -> str:
    """A score for a table; a dash where it is missing."""
    value = score if isinstance(score, Missing) else score.value()
    if isinstance(value, Missing):
        return "-"
    return f"{value * 100:.1f} %" if unit == "%" else f"{value:.1f}" if unit == "points" else f"{value:.2f}"


def as_json(scores: Scores) -> dict[str, Any]:
    """All scores with what they were counted from, as plain values."""
    return {
        "metrics": {name: {"unit": m.unit, "definition": m.definition} for name, m in METRICS.items()},
        "sessions": {session_id: plain_scores(found) for session_id, found in scores.sessions.items()},
        "total": plain_scores(total(scores.sessions.values())),
        "skipped": dict(scores.skipped),
    }


def plain_scores(scores: Mapping[str, Score | Missing]) -> dict[str, dict[str, Any]]:
    """Scores by metric as plain values."""
    return {name: plain(score) for name, score in scores.items()}


def plain(score: Score | Missing) -> dict[str, Any]:
    """One score: its value or the reason why it is missing, and its counts."""
    if isinstance(score, Missing):
        return {"value": None, "missing_reason": score.reason}
    value = score.value()
    if isinstance(value, Missing):
        found: dict[str, Any] = {"value": None, "missing_reason": value.reason}
    else:
        found = {"value": round(value, 6), "missing_reason": None}
    if isinstance(score, ErrorRate):
        parts = {name: round(part, 6) for name, part in score.parts.items()}
        return {**found, "errors": round(score.errors, 6), "length": round(score.length, 6), **parts}
    if isinstance(score, Deviation):
        return {**found, "sessions": score.count, "largest": round(score.largest, 6)}
    return {**found, "hits": score.hits, "found": score.found, "there": score.there}
