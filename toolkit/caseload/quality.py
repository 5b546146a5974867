"""Data quality: what of each session to distrust, why, and what to do about it.

A *check* takes one number of a session and has a limit. Beyond the limit there is a *doubt*: a reason to listen before
believing the measures that the check names, and no verdict on anybody. Limits are the toolkit's own unless a source is
named: there are no published norms for recordings of therapy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit import store, tables
from toolkit.caseload.checks import CHECKS, Check
from toolkit.caseload.reading import Caseload
from toolkit.manifest import Manifest
from toolkit.measures import SESSION
from toolkit.types import Missing, Role, SilenceEvidence

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Doubt", "Quality", "doubts", "sessions"]

Number = float | Missing
WORDS = "restricted/words"
LONG = 3.0  # s: PICS
NO_ROLE = Missing("nobody is known to be therapist or client")
NOT_KEPT = Missing("the words were not kept: it is taken from each word's own probability")
NO_WORDS = Missing("there are no words")
NO_COLUMN = Missing("results hold no confidence of speakers")


@dataclass(frozen=True, slots=True)
class Quality:
    """The numbers of one session, by the names of `CHECKS`, and what was noted while it was processed."""

    session_id: str
    therapist: str
    numbers: Mapping[str, Number]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A check and the number that lies beyond its limit."""

    check: Check
    value: float


def doubts(quality: Quality) -> tuple[Doubt, ...]:
    """What of a session to distrust, in the order of the checks."""
    return tuple(
        Doubt(check, value)
        for check in CHECKS
        if not isinstance(value := quality.numbers[check.name], Missing) and check.beyond(value)
    )


def sessions(caseload: Caseload) -> tuple[Quality, ...]:
    """The quality of every session of a caseload, by therapist and place."""
    study = caseload.study
    ids = caseload.sessions["session_id"].to_list()
    measured = of_session(caseload)
    heard = word_confidence(caseload, ids)
    silent = doubtful_silence(caseload, ids)
    found = []
    for session_id, therapist in caseload.sessions.select("session_id", "therapist").rows():
        manifest = store.manifest(study, session_id)
        if manifest is None:  # it was withdrawn or run again meanwhile
            continue
        numbers = {
            **of_manifest(manifest, measured.get(session_id, {})),
            "doubtful_silence": silent.get(session_id, 0.0),
            **heard.get(session_id, {"word_confidence": NOT_KEPT, "speaker_confidence": NOT_KEPT}),
        }
        found.append(Quality(session_id, therapist, numbers, manifest.warnings))
    return tuple(found)


def of_session(caseload: Caseload) -> dict[str, dict[str, tuple[float | None, float | None]]]:
    """Value and denominator of the session's own measures, by session and measure."""
    import polars as pl

    wanted = ["overlap_share", "speech_without_words", "silence_share"]
    own = caseload.measures.filter((pl.col("role") == SESSION) & pl.col("measure").is_in(wanted))
    found: dict[str, dict[str, tuple[float | None, float | None]]] = {}
    for session_id, measure, value, below in own.select("session_id", "measure", "value", "denominator").rows():
        found.setdefault(session_id, {})[measure] = (value, below)
    return found


def of_manifest(manifest: Manifest, measured: Mapping[str, tuple[float | None, float | None]]) -> dict[str, Number]:
    """The numbers that stand in a manifest or follow from the session's measures."""
    counts, audio = manifest.counts, manifest.audio
    overlap, speech = measured.get("overlap_share", (None, None))
    _, length = measured.get("silence_share", (None, None))
    nobody = Missing("nobody speaks")
    named = [a for a in manifest.roles.values() if a.role in {Role.THERAPIST, Role.CLIENT}]
    words = counts["words"]
    return {
        "level": audio.level_db,
        "peak": audio.peak_db,
        "rate": audio.rate / 1000,
        "minutes": length / 60 if length else nobody,
        "wordless": share(counts["speech_without_words"], speech or nobody),
        "unplaced": share(counts["words_without_speaker"], words),
        "invented": share(counts["rejected_words"], words),
        "overlap": nobody if overlap is None else overlap,
        "role_confidence": min(a.confidence for a in named) if len(named) > 1 else NO_ROLE,
        "speakers": float(len(manifest.roles)),
        "unnamed": float(sum(a.role is Role.UNKNOWN for a in manifest.roles.values())),
    }


def share(part: Number, of: Number) -> Number:
    """One number over another, missing where either is or the second is 0."""
    if isinstance(part, Missing):
        return part
    if isinstance(of, Missing):
        return of
    return part / of if of else Missing("there are no words")


def word_confidence(caseload: Caseload, ids: Sequence[str]) -> dict[str, dict[str, Number]]:
    """Mean probability of the words and, where results have it, of who said them; of sessions that kept words."""
    import polars as pl

    told = "speaker_confidence" in tables.SCHEMAS[WORDS]
    mine = [pl.col("speaker_confidence").mean(), pl.col("missing_reason").drop_nulls().first()] if told else []
    found = store.scan(caseload.study, WORDS, only=ids).group_by("session_id").agg(pl.col("probability").mean(), *mine)
    return {
        r["session_id"]: {
            "word_confidence": NO_WORDS if r["probability"] is None else r["probability"],
            "speaker_confidence": speaker_confidence(r) if told else NO_COLUMN,
        }
        for r in found.collect().iter_rows(named=True)
    }


def speaker_confidence(row: Mapping[str, Any]) -> Number:
    """The mean chance that a session's words are their speaker's, or why nobody can say."""
    if row["speaker_confidence"] is None:
        return Missing(row["missing_reason"] or "no word has one")
    return float(row["speaker_confidence"])


def doubtful_silence(caseload: Caseload, ids: Sequence[str]) -> dict[str, float]:
    """How many stretches of 3 s or more without detected speech hold words or noise, by session."""
    import polars as pl

    doubtful = [str(SilenceEvidence.WORDS), str(SilenceEvidence.NOISE)]
    found: pl.DataFrame = (
        store.scan(caseload.study, "silences", only=ids)
        .filter((pl.col("duration") >= LONG) & pl.col("evidence").is_in(doubtful))
        .group_by("session_id")
        .len()
        .collect()
    )
    return {session_id: float(count) for session_id, count in found.rows()}
