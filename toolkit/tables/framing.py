"""A session's result as tables, built column by column."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from toolkit.coding import volleys
from toolkit.errors import StoreError
from toolkit.measures import MEASURES
from toolkit.measures.facts import confirmed_turns
from toolkit.result import SessionResult
from toolkit.tables.schemas import CHANCES, COUNTED, MACHINE, NULLABLE, SCHEMAS, VARIED
from toolkit.types import (
    AttributedWord,
    Backchannel,
    Chances,
    Code,
    Dialogue,
    Interruption,
    MeasureValue,
    Missing,
    Need,
    Purpose,
    Silence,
    SpeakerInterval,
    Utterance,
)

if TYPE_CHECKING:
    import polars as pl

__all__ = ["absent", "frames"]

T = TypeVar("T")
INPUT = (Code.GIVING_INFORMATION, Code.PERSUADE, Code.PERSUADE_WITH_PERMISSION)
"""What AnnoMI knows as one: therapist input."""


def frames(result: SessionResult) -> dict[str, pl.DataFrame]:
    """The tables of one session, and of what the machine made of it where a human corrected it.

    Tables under ``restricted/`` are there only when the transcript purpose is among the provenance's purposes.

    Raises
    ------
    StoreError
        When a value cannot stand in its column: not finite, of the wrong type, or missing where nothing may be.
    """
    rows = content(result)
    if not isinstance(result.machine, Missing):
        under = result.machine
        machine = content(replace(result, dialogue=under.dialogue, utterances=under.utterances, words=under.words))
        rows |= {name: machine[like] for name, like in MACHINE.items() if like in machine}
    return {name: frame(name, result.dialogue.session_id, list(content)) for name, content in rows.items()}


def content(result: SessionResult) -> dict[str, Iterable[tuple[object, ...]]]:
    """The rows of the tables of one session, without the session's id."""
    dialogue = result.dialogue
    sure = confirmed_turns(dialogue)
    rows: dict[str, Iterable[tuple[object, ...]]] = {
        "measures": measure_rows(result.measures),
        "activity": stretches(dialogue, dialogue.activity),
        "confirmed": stretches(dialogue, dialogue.confirmed),
        "turns": [
            (
                *(t.index, t.speaker, role(dialogue, t.speaker)),
                *(s(t.start), s(t.end), s(t.duration), s(t.speech_time)),
                t.index in sure,
            )
            for t in sorted(dialogue.turns, key=lambda t: t.index)
        ],
        "events": event_rows(dialogue),
        "silences": [silence_row(dialogue, silence) for silence in sorted(dialogue.silences, key=lambda q: q.index)],
        "utterances": [
            (*who(dialogue, u), u.word_count, u.syllable_count, *wording(dialogue, u))
            for u in present(dialogue.utterances)
        ],
        "codes": code_rows(dialogue),
        "chances": chance_rows(dialogue),
        "volleys": volley_rows(dialogue),
    }
    if Purpose.TRANSCRIPT in result.provenance.purposes:
        rows["restricted/words"] = word_rows(result)
        rows["restricted/utterances"] = [(*who(dialogue, u), u.text) for u in present(result.utterances)]
    return rows


def stretches(dialogue: Dialogue, intervals: Iterable[SpeakerInterval]) -> list[tuple[object, ...]]:
    """Rows of ``activity`` and ``confirmed``."""
    return [(i.speaker, role(dialogue, i.speaker), s(i.start), s(i.end)) for i in by_start(intervals)]


def absent(result: SessionResult) -> dict[str, str]:
    """Why a table is empty or not written, and what the session does not tell that measures need."""
    reasons = {
        name: value.reason
        for name, value in (("utterances", result.dialogue.utterances), ("codes", result.dialogue.codes))
        if isinstance(value, Missing)
    }
    reasons |= {str(need): why for need, why in sorted(result.dialogue.untold.items())}
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
        nullable = column in NULLABLE.get(MACHINE.get(name, name), frozenset())
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
            number(v.confirmed, 6),
            measure.scheme,
            s(v.window.start),
            s(v.window.end),
            v.value.reason if isinstance(v.value, Missing) else None,
        )


def wording(dialogue: Dialogue, u: Utterance) -> Iterator[int | None]:
    """How the words of an utterance are used; None for what needs lists that the session's language lacks."""
    untold = Need.FUNCTION_WORDS in dialogue.untold
    for column in COUNTED:
        yield None if untold else getattr(u.wording, column)
    for column in VARIED:
        yield getattr(u.wording, column)


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
        None if isinstance(q.category, Missing) else str(q.category),
    )


def code_rows(dialogue: Dialogue) -> Iterator[tuple[object, ...]]:
    """Rows of ``codes``: in order of utterance, the codes of one in the coder's order."""
    known = {u.index: u for u in present(dialogue.utterances)}
    for coded in sorted(present(dialogue.codes), key=lambda c: c.utterance):
        for c in coded.codes:
            said = who(dialogue, known[coded.utterance])
            chance = probability(c.code, coded.chances)
            yield *said, str(c.code), c.coder, c.rule, c.first_word, c.last_word, c.answers, chance


def probability(code: Code, chances: Chances | Missing) -> float | None:
    """How likely a trained human would give this code; None where the coder gives no chance for it."""
    if isinstance(chances, Missing):
        return None
    known = {
        Code.SIMPLE_REFLECTION: chances.reflection * (1 - chances.complex),
        Code.COMPLEX_REFLECTION: chances.reflection * chances.complex,
        Code.OPEN_QUESTION: chances.question * chances.open,
        Code.CLOSED_QUESTION: chances.question * (1 - chances.open),
        Code.CHANGE_TALK: chances.change,
        Code.SUSTAIN_TALK: chances.sustain,
        Code.NEUTRAL: max(0.0, 1 - chances.change - chances.sustain),
    } | dict.fromkeys(INPUT, chances.input)
    return round(float(known[code]), 6) if code in known else None


def chance_rows(dialogue: Dialogue) -> Iterator[tuple[object, ...]]:
    """Rows of ``chances`` in order of utterance, as the coder gave them: a measure taken again must not differ."""
    known = {u.index: u for u in present(dialogue.utterances)}
    for coded in sorted(present(dialogue.codes), key=lambda c: c.utterance):
        chances = coded.chances
        if not isinstance(chances, Missing):
            numbers = (float(getattr(chances, column.removeprefix("p_"))) for column in CHANCES)
            yield *who(dialogue, known[coded.utterance]), *numbers


def volley_rows(dialogue: Dialogue) -> Iterator[tuple[object, ...]]:
    """Rows of ``volleys``: what MITI counts, volley by volley; a volley in which nothing counts has no row."""
    for v in present(volleys.of(dialogue)):
        said = (v.index, v.speaker, role(dialogue, v.speaker), s(v.start), s(v.end))
        for c in v.counted:
            told = c.applied
            yield *said, str(c.code), c.utterance, s(c.start), s(c.end), told.rule, c.counting, told.coder


def word_rows(result: SessionResult) -> Iterator[tuple[object, ...]]:
    """Rows of ``restricted/words``, each with the utterance it belongs to (null for words of nobody)."""
    homes: dict[AttributedWord, deque[int]] = defaultdict(deque)
    for utterance in present(result.utterances):
        for word in utterance.words:
            homes[word].append(utterance.index)
    words = () if isinstance(result.words, Missing) else result.words
    for index, w in enumerate(sorted(words, key=lambda w: (w.start, w.end))):
        home = homes[w].popleft() if homes.get(w) else None
        sure = w.speaker_confidence
        why = sure.reason if isinstance(sure, Missing) else None
        probability = round(float(w.probability), 6)
        yield index, s(w.start), s(w.end), w.text, probability, w.speaker, number(sure, 6), home, why


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
