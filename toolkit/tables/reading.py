"""A session's result read back from its tables and manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from toolkit.intervals import Span
from toolkit.manifest import Manifest
from toolkit.measures import MEASURES
from toolkit.result import UNCORRECTED, SessionResult
from toolkit.tables.schemas import CHANCES, COUNTED, MACHINE, VARIED
from toolkit.types import (
    NO_CATEGORY,
    NO_CHANCES,
    Account,
    AppliedCode,
    AttributedWord,
    Backchannel,
    Chances,
    Code,
    CodedUtterance,
    Dialogue,
    Interruption,
    MeasureValue,
    Missing,
    Need,
    Silence,
    SilenceCategory,
    SilenceEvidence,
    SilenceKind,
    SpeakerInterval,
    SpokenUtterance,
    Turn,
    Utterance,
    Wording,
)

if TYPE_CHECKING:
    import polars as pl

__all__ = ["dialogue", "result"]


def result(tables: Mapping[str, pl.DataFrame], manifest: Manifest) -> SessionResult:
    """Read a session's results back from its tables and manifest.

    Times are those of the tables (to the millisecond). Without restricted tables words and spoken utterances are
    missing; why a value has no interval, numerator, denominator or confirmed share is not kept.
    """
    words, spoken = texts(tables, manifest)
    machine: Account | Missing = UNCORRECTED
    if not isinstance(manifest.machine, Missing):
        under, beneath = (
            {like: tables[name] for name, like in MACHINE.items() if name in tables},
            manifest.uncorrected(),
        )
        said, told = texts(under, beneath)
        machine = Account(dialogue(under, beneath), told, said)
    return SessionResult(
        dialogue=dialogue(tables, manifest),
        utterances=spoken,
        words=words,
        measures=measures(tables["measures"]),
        provenance=manifest.provenance,
        key=manifest.key,
        overlay=manifest.overlay,
        facts=manifest.audio,
        language=manifest.language,
        rejected_words=whole(manifest.counts["rejected_words"]),
        warnings=manifest.warnings,
        stages=manifest.stages,
        machine=machine,
    )


def dialogue(tables: Mapping[str, pl.DataFrame], manifest: Manifest) -> Dialogue:
    """Read a dialogue back, equal to the one written but for times to the millisecond and utterances without words."""
    events = tables["events"].rows(named=True)
    utterances = tuple(
        Utterance(
            *(r["utterance"], r["start"], r["end"], r["speaker"], r["word_count"], r["syllable_count"]),
            wording=wording(r),
        )
        for r in tables["utterances"].iter_rows(named=True)
    )
    nobody = manifest.counts["words_without_speaker"]
    return Dialogue(
        session_id=manifest.session_id,
        duration=manifest.duration,
        excluded=manifest.excluded,
        roles=manifest.roles,
        activity=stretches(tables["activity"]),
        utterances=Missing(manifest.absent["utterances"]) if "utterances" in manifest.absent else utterances,
        turns=tuple(
            Turn(r["turn"], r["start"], r["end"], r["speaker"], r["speech_time"])
            for r in tables["turns"].iter_rows(named=True)
        ),
        backchannels=tuple(
            Backchannel(r["start"], r["end"], r["speaker"], r["heard"]) for r in events if r["kind"] == "backchannel"
        ),
        interruptions=tuple(
            Interruption(r["start"], r["end"], r["speaker"], r["other"], r["kind"] == "interruption")
            for r in events
            if r["kind"] != "backchannel"
        ),
        silences=tuple(
            Silence(
                r["silence"],
                r["start"],
                r["end"],
                SilenceKind(r["kind"]),
                r["before"],
                r["after"],
                SilenceEvidence(r["evidence"]),
                NO_CATEGORY if r["category"] is None else SilenceCategory(r["category"]),
            )
            for r in tables["silences"].iter_rows(named=True)
        ),
        codes=Missing(manifest.absent["codes"]) if "codes" in manifest.absent else codes(tables, utterances),
        words_without_speaker=nobody if isinstance(nobody, Missing) else whole(nobody),
        speech_without_words=manifest.counts["speech_without_words"],
        coded=frozenset(manifest.coded),
        confirmed=stretches(tables["confirmed"]) if "confirmed" in tables else (),
        untold={need: manifest.absent[need] for need in Need if need in manifest.absent},
    )


def wording(row: Mapping[str, int | None]) -> Wording:
    """How the words of an utterance are used; what was not counted counts nothing, as `Need` says of the session."""
    return Wording(**{column: row[column] or 0 for column in (*COUNTED, *VARIED)})


def stretches(table: pl.DataFrame) -> tuple[SpeakerInterval, ...]:
    """Who spoke when."""
    return tuple(SpeakerInterval(r["start"], r["end"], r["speaker"]) for r in table.iter_rows(named=True))


def codes(tables: Mapping[str, pl.DataFrame], utterances: Sequence[Utterance]) -> tuple[CodedUtterance, ...]:
    """One entry an utterance: no codes and no chances for those without a row."""
    applied: dict[int, list[AppliedCode]] = defaultdict(list)
    for r in tables["codes"].iter_rows(named=True):
        code = AppliedCode(Code(r["code"]), r["coder"], r["rule"], r["first_word"], r["last_word"], r["answers"])
        applied[r["utterance"]].append(code)
    chances = {
        r["utterance"]: Chances(**{column.removeprefix("p_"): r[column] for column in CHANCES})
        for r in tables["chances"].iter_rows(named=True)
    }
    return tuple(CodedUtterance(u.index, tuple(applied[u.index]), chances.get(u.index, NO_CHANCES)) for u in utterances)


def texts(
    tables: Mapping[str, pl.DataFrame], manifest: Manifest
) -> tuple[tuple[AttributedWord, ...] | Missing, tuple[SpokenUtterance, ...] | Missing]:
    """Words and spoken utterances, missing where they were not kept."""
    if "restricted" in manifest.absent or "restricted/words" not in tables:
        gone = Missing(manifest.absent.get("restricted", "the tables with text were not read"))
        return gone, gone
    words: list[AttributedWord] = []
    homes: dict[int, list[AttributedWord]] = defaultdict(list)
    for r in tables["restricted/words"].iter_rows(named=True):
        why, sure = r["missing_reason"], r["speaker_confidence"]
        sure = sure if why is None else Missing(why)
        words.append(AttributedWord(r["start"], r["end"], r["text"], r["probability"], r["speaker"], sure))
        if r["utterance"] is not None:
            homes[r["utterance"]].append(words[-1])
    spoken = tuple(
        SpokenUtterance(
            r["utterance"],
            r["start"],
            r["end"],
            r["speaker"],
            r["word_count"],
            r["syllable_count"],
            tuple(homes[r["utterance"]]),
            wording=wording(r),
        )
        for r in tables["utterances"].iter_rows(named=True)
    )
    return tuple(words), Missing(manifest.absent["utterances"]) if "utterances" in manifest.absent else spoken


def measures(table: pl.DataFrame) -> tuple[MeasureValue, ...]:
    """Measure values in the order of the registry, a role's in the order of the table."""
    order = {name: position for position, name in enumerate(MEASURES)}
    rows = sorted(table.iter_rows(named=True), key=lambda r: order.get(r["measure"], len(order)))
    no_ratio, no_interval = Missing("this value is no ratio"), Missing("there is no interval for this value")
    no_share = Missing("nothing that it counts could be confirmed")
    return tuple(
        MeasureValue(
            measure=r["measure"],
            role=r["role"],
            value=Missing(r["missing_reason"]) if r["value"] is None else r["value"],
            n=r["n"],
            numerator=no_ratio if r["numerator"] is None else r["numerator"],
            denominator=no_ratio if r["denominator"] is None else r["denominator"],
            interval=no_interval if r["low"] is None else Span(r["low"], r["high"]),
            window=Span(r["window_start"], r["window_end"]),
            confirmed=no_share if r["confirmed"] is None else r["confirmed"],
        )
        for r in rows
    )


def whole(count: float | Missing) -> int:
    """A count that is there."""
    if isinstance(count, Missing):
        raise TypeError("a count that must be there is missing")
    return int(count)
