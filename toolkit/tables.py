"""Results as tables and back: the one place, with the displays, where Polars is used.

Conventions
-----------
A table's columns and their types stand in `SCHEMAS`; text, roles and kinds are strings; seconds are Float64 to three
decimals; other numbers of `measures` have six. Rows are sorted by their key, so equal results give equal bytes.
Tables under ``restricted/`` hold text; all others hold none.
"""

from __future__ import annotations

import io
import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from toolkit.errors import StoreError
from toolkit.intervals import Span
from toolkit.manifest import SCHEMA_VERSION, Manifest
from toolkit.measures import MEASURES
from toolkit.result import SessionResult
from toolkit.types import (
    AppliedCode,
    AttributedWord,
    Backchannel,
    Code,
    CodedUtterance,
    Dialogue,
    Interruption,
    MeasureValue,
    Missing,
    Purpose,
    Silence,
    SilenceEvidence,
    SilenceKind,
    SpeakerInterval,
    SpokenUtterance,
    Turn,
    Utterance,
)

if TYPE_CHECKING:
    import polars as pl

__all__ = ["RESTRICTED", "SCHEMAS", "absent", "decode", "encode", "frames", "lazy", "result"]

WHO: Mapping[str, type] = {"speaker": str, "role": str, "start": float, "end": float}

SCHEMAS: Mapping[str, Mapping[str, type]] = {
    "measures": {
        "session_id": str,
        "role": str,
        "measure": str,
        "value": float,
        "unit": str,
        "n": int,
        "numerator": float,
        "denominator": float,
        "low": float,
        "high": float,
        "scheme": str,
        "window_start": float,
        "window_end": float,
        "missing_reason": str,
    },
    "activity": {"session_id": str, **WHO},
    "turns": {"session_id": str, "turn": int, **WHO, "duration": float, "speech_time": float},
    "events": {
        "session_id": str,
        "kind": str,
        "speaker": str,
        "role": str,
        "other": str,
        "start": float,
        "end": float,
        "heard": bool,
    },
    "silences": {
        "session_id": str,
        "silence": int,
        "start": float,
        "end": float,
        "duration": float,
        "kind": str,
        "before": str,
        "before_role": str,
        "after": str,
        "after_role": str,
        "evidence": str,
    },
    "utterances": {"session_id": str, "utterance": int, **WHO, "word_count": int, "syllable_count": int},
    "codes": {
        "session_id": str,
        "utterance": int,
        **WHO,
        "code": str,
        "coder": str,
        "rule": str,
        "first_word": int,
        "last_word": int,
        "answers": int,
    },
    "restricted/words": {
        "session_id": str,
        "word": int,
        "start": float,
        "end": float,
        "text": str,
        "probability": float,
        "speaker": str,
        "utterance": int,
    },
    "restricted/utterances": {"session_id": str, "utterance": int, **WHO, "text": str},
}

RESTRICTED = tuple(name for name in SCHEMAS if name.startswith("restricted/"))

T = TypeVar("T")

NULLABLE: Mapping[str, frozenset[str]] = {
    "measures": frozenset({"value", "numerator", "denominator", "low", "high", "missing_reason"}),
    "events": frozenset({"heard"}),
    "restricted/words": frozenset({"speaker", "utterance"}),
}


def frames(result: SessionResult) -> dict[str, pl.DataFrame]:
    """The tables of one session.

    Tables under ``restricted/`` are there only when the transcript purpose is among the provenance's purposes.

    Raises
    ------
    StoreError
        When a value cannot stand in its column: not finite, of the wrong type, or missing where nothing may be.
    """
    dialogue = result.dialogue
    rows: dict[str, Iterable[tuple[object, ...]]] = {
        "measures": measure_rows(result.measures),
        "activity": [(i.speaker, role(dialogue, i.speaker), s(i.start), s(i.end)) for i in by_start(dialogue.activity)],
        "turns": [
            (t.index, t.speaker, role(dialogue, t.speaker), s(t.start), s(t.end), s(t.duration), s(t.speech_time))
            for t in sorted(dialogue.turns, key=lambda t: t.index)
        ],
        "events": event_rows(dialogue),
        "silences": [silence_row(dialogue, silence) for silence in sorted(dialogue.silences, key=lambda q: q.index)],
        "utterances": [(*who(dialogue, u), u.word_count, u.syllable_count) for u in present(dialogue.utterances)],
        "codes": code_rows(dialogue),
    }
    if Purpose.TRANSCRIPT in result.provenance.purposes:
        rows["restricted/words"] = word_rows(result)
        rows["restricted/utterances"] = [(*who(dialogue, u), u.text) for u in present(result.utterances)]
    return {name: frame(name, dialogue.session_id, list(content)) for name, content in rows.items()}


def absent(result: SessionResult) -> dict[str, str]:
    """Why a table is empty or not written, for those that have such a reason."""
    reasons = {
        name: value.reason
        for name, value in (("utterances", result.dialogue.utterances), ("codes", result.dialogue.codes))
        if isinstance(value, Missing)
    }
    if Purpose.TRANSCRIPT not in result.provenance.purposes:
        reasons["restricted"] = "consent does not cover a transcript"
    elif isinstance(result.words, Missing):
        reasons["restricted"] = result.words.reason
    return reasons


def frame(name: str, session_id: str, rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """One table from rows without the session id; built by columns, because rows lose bad values silently."""
    import polars as pl

    schema = SCHEMAS[name]
    columns = list(zip(*((session_id, *row) for row in rows), strict=True)) if rows else [()] * len(schema)
    for (column, kind), values in zip(schema.items(), columns, strict=True):
        nullable = column in NULLABLE.get(name, frozenset())
        if any(value is None for value in values) and not nullable:
            raise StoreError(f"session {session_id}: {name}.{column} lacks a value; this is a defect of the toolkit.")
        if kind is float and not all(math.isfinite(v) for v in values if isinstance(v, float)):
            raise StoreError(f"session {session_id}: {name}.{column} is not finite; this is a defect of the toolkit.")
    try:
        return pl.DataFrame(
            dict(zip(schema, (list(values) for values in columns), strict=True)), schema=dict(schema), strict=True
        )
    except (TypeError, pl.exceptions.PolarsError):
        raise StoreError(f"session {session_id}: {name} has a value of a wrong type; this is a defect.") from None


def measure_rows(values: Iterable[MeasureValue]) -> Iterator[tuple[object, ...]]:
    """Rows of ``measures``, in the unit and scheme of the registry, sorted by role, measure and window."""
    for v in sorted(values, key=lambda v: (v.role, v.measure, v.window.start, v.window.end)):
        measure = MEASURES[v.measure]
        digits = 3 if measure.unit == "s" else 6
        interval = (None, None) if isinstance(v.interval, Missing) else (v.interval.start, v.interval.end)
        yield (
            v.role,
            v.measure,
            number(v.value, digits),
            measure.unit,
            v.n,
            number(v.numerator, 6),
            number(v.denominator, 6),
            *(None if edge is None else round(float(edge), digits) for edge in interval),
            measure.scheme,
            s(v.window.start),
            s(v.window.end),
            v.value.reason if isinstance(v.value, Missing) else None,
        )


def event_rows(dialogue: Dialogue) -> Iterator[tuple[object, ...]]:
    """Rows of ``events`` in order of start."""
    events: list[Backchannel | Interruption] = [*dialogue.backchannels, *dialogue.interruptions]
    for event in sorted(events, key=lambda e: s(e.start)):
        kind, other, heard = "backchannel", "", None
        if isinstance(event, Interruption):
            kind, other = "interruption" if event.succeeded else "failed_interruption", event.interrupted
        else:
            heard = event.heard
        yield kind, event.speaker, role(dialogue, event.speaker), other, s(event.start), s(event.end), heard


def silence_row(dialogue: Dialogue, q: Silence) -> tuple[object, ...]:
    """Row of ``silences``."""
    return (
        q.index,
        s(q.start),
        s(q.end),
        s(q.duration),
        str(q.kind),
        q.before,
        role(dialogue, q.before),
        q.after,
        role(dialogue, q.after),
        str(q.evidence),
    )


def code_rows(dialogue: Dialogue) -> Iterator[tuple[object, ...]]:
    """Rows of ``codes``: in order of utterance, the codes of one in the coder's order."""
    known = {u.index: u for u in present(dialogue.utterances)}
    for coded in sorted(present(dialogue.codes), key=lambda c: c.utterance):
        for c in coded.codes:
            said = who(dialogue, known[coded.utterance])
            yield *said, str(c.code), c.coder, c.rule, c.first_word, c.last_word, c.answers


def word_rows(result: SessionResult) -> Iterator[tuple[object, ...]]:
    """Rows of ``restricted/words``, each with the utterance it belongs to (null for words of nobody)."""
    homes: dict[AttributedWord, deque[int]] = defaultdict(deque)
    for utterance in present(result.utterances):
        for word in utterance.words:
            homes[word].append(utterance.index)
    words = () if isinstance(result.words, Missing) else result.words
    for index, w in enumerate(sorted(words, key=lambda w: (w.start, w.end))):
        home = homes[w].popleft() if homes.get(w) else None
        yield index, s(w.start), s(w.end), w.text, round(float(w.probability), 6), w.speaker, home


def present(values: tuple[T, ...] | Missing) -> tuple[T, ...]:
    """The values, none when they are missing."""
    return () if isinstance(values, Missing) else values


def who(dialogue: Dialogue, u: Utterance) -> tuple[int, str, str, float, float]:
    """Index, speaker, role, start and end of an utterance."""
    return u.index, u.speaker, role(dialogue, u.speaker), s(u.start), s(u.end)


def role(dialogue: Dialogue, speaker: str) -> str:
    """The role of a speaker as text."""
    return str(dialogue.role_of(speaker))


def by_start(activity: Iterable[SpeakerInterval]) -> list[SpeakerInterval]:
    """Intervals in order of start, then end, then speaker."""
    return sorted(activity, key=lambda i: (i.start, i.end, i.speaker))


def s(seconds: float) -> float:
    """Seconds to the millisecond."""
    return round(float(seconds), 3)


def number(value: float | Missing, digits: int) -> float | None:
    """A rounded number, None when it is missing."""
    return None if isinstance(value, Missing) else round(float(value), digits)


def encode(table: pl.DataFrame) -> bytes:
    """A table as Parquet (zstd) with the schema version in its metadata."""
    out = io.BytesIO()
    table.write_parquet(out, compression="zstd", metadata={"toolkit.schema_version": str(SCHEMA_VERSION)})
    return out.getvalue()


def decode(name: str, data: bytes) -> pl.DataFrame:
    """A table from its Parquet bytes.

    Raises
    ------
    StoreError
        When the bytes are no Parquet or the columns are not those of `SCHEMAS`.
    """
    import polars as pl

    try:
        table = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError):
        raise StoreError(f"table {name} is damaged.", hint="Run the session again.") from None
    if table.schema != pl.Schema(dict(SCHEMAS[name])):
        raise StoreError(f"table {name} has other columns than it should.", hint="Run the session again.")
    return table


def lazy(name: str, files: Sequence[Path]) -> pl.LazyFrame:
    """One table of many sessions, to be read when it is collected; empty with its columns for no files."""
    import polars as pl

    if not files:
        return pl.LazyFrame(schema=dict(SCHEMAS[name]))
    return pl.scan_parquet(list(files), schema=pl.Schema(dict(SCHEMAS[name])), glob=False)


def result(tables: Mapping[str, pl.DataFrame], manifest: Manifest) -> SessionResult:
    """Read a session's results back from its tables and manifest.

    Times are those of the tables (to the millisecond). Without restricted tables words and spoken utterances are
    missing; why a value has no interval, numerator or denominator is not kept.
    """
    words, spoken = texts(tables, manifest)
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
    )


def dialogue(tables: Mapping[str, pl.DataFrame], manifest: Manifest) -> Dialogue:
    """Read a dialogue back, equal to the one written but for times to the millisecond and utterances without words."""
    events = tables["events"].rows(named=True)
    utterances = tuple(
        Utterance(r["utterance"], r["start"], r["end"], r["speaker"], r["word_count"], r["syllable_count"])
        for r in tables["utterances"].iter_rows(named=True)
    )
    nobody = manifest.counts["words_without_speaker"]
    return Dialogue(
        session_id=manifest.session_id,
        duration=manifest.duration,
        excluded=manifest.excluded,
        roles=manifest.roles,
        activity=tuple(
            SpeakerInterval(r["start"], r["end"], r["speaker"]) for r in tables["activity"].iter_rows(named=True)
        ),
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
            )
            for r in tables["silences"].iter_rows(named=True)
        ),
        codes=Missing(manifest.absent["codes"]) if "codes" in manifest.absent else codes(tables["codes"], utterances),
        words_without_speaker=nobody if isinstance(nobody, Missing) else whole(nobody),
        speech_without_words=manifest.counts["speech_without_words"],
    )


def codes(table: pl.DataFrame, utterances: Sequence[Utterance]) -> tuple[CodedUtterance, ...]:
    """One entry an utterance, empty for those without a row."""
    applied: dict[int, list[AppliedCode]] = defaultdict(list)
    for r in table.iter_rows(named=True):
        code = AppliedCode(Code(r["code"]), r["coder"], r["rule"], r["first_word"], r["last_word"], r["answers"])
        applied[r["utterance"]].append(code)
    return tuple(CodedUtterance(u.index, tuple(applied[u.index])) for u in utterances)


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
        words.append(AttributedWord(r["start"], r["end"], r["text"], r["probability"], r["speaker"]))
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
        )
        for r in tables["utterances"].iter_rows(named=True)
    )
    return tuple(words), Missing(manifest.absent["utterances"]) if "utterances" in manifest.absent else spoken


def measures(table: pl.DataFrame) -> tuple[MeasureValue, ...]:
    """Measure values in the order of the registry, a role's in the order of the table."""
    order = {name: position for position, name in enumerate(MEASURES)}
    rows = sorted(table.iter_rows(named=True), key=lambda r: order.get(r["measure"], len(order)))
    no_ratio, no_interval = Missing("this value is no ratio"), Missing("there is no interval for this value")
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
        )
        for r in rows
    )


def whole(count: float | Missing) -> int:
    """A count that is there."""
    if isinstance(count, Missing):
        raise TypeError("a count that must be there is missing")
    return int(count)
