"""A therapist's own listening habits in plain words, over all of their sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit import store
from toolkit.caseload.parts import Sitting, limits, sittings, together
from toolkit.caseload.reading import Caseload
from toolkit.intervals import Span
from toolkit.measures import MEASURES
from toolkit.measures.sums import Pooled, pooled
from toolkit.types import Missing, Ratio, Role, SilenceEvidence

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SENTENCES", "Habit", "habits"]

SENTENCES: Mapping[str, str] = {
    "talk_share_speech": "Of all speaking time {value} was yours.",
    "turn_duration_mean": "When you had the floor you kept it for {value} on average.",
    "longest_turn": "Your longest turn of a session lasted {value} on average.",
    "patience": "After your client stopped you left {value} before you spoke.",
    "wait_time_after_open_question": "After an open question you left {value} before anybody spoke.",
    "reflection_to_question_ratio": "For each question you gave {value} reflections.",
    "complex_reflection_share": "Of your reflections {value} added meaning or feeling to what was said.",
    "open_question_share": "Of your questions {value} were open.",
    "reflected_opportunity_share": "Where your client named a feeling or spoke for change, a reflection came next "
    "{value} of the time.",
    "silence_share": "Of the time of your sessions {value} was silence.",
}
"""What a measure says of somebody's sessions; `{value}` is the value with its unit."""
CUT_IN = "You took the floor while somebody else was speaking {value} in an hour."
BROKE = "Of the silences of 3 s or more after your client spoke, {value} were ended by you."
LONG = 3.0  # seconds: PICS
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Habit:
    """One sentence of somebody's sessions.

    Attributes
    ----------
    sentence
        With `{value}` in it.
    unit
        Of the value, as the code book has it.
    found
        The value over the sessions, missing with its reason.
    of
        The measure it comes from, empty where it is put together from several.
    """

    sentence: str
    unit: str
    found: Pooled | Missing
    of: str


def habits(caseload: Caseload, therapist: str) -> tuple[Habit, ...]:
    """What a therapist's sessions say, in the order of `SENTENCES`.

    Raises
    ------
    InputError
        When no session is theirs.
    """
    caseload.check(therapist)
    found = [
        Habit(text, MEASURES[m].unit, together(sittings(caseload, m, therapist), m, caseload.level), m)
        for m, text in SENTENCES.items()
    ]
    share = limits("talk_share_speech")
    cut = cutting_in(
        sittings(caseload, "interruption_count", therapist), sittings(caseload, "silence_share", therapist)
    )
    ids = caseload.sessions.filter(caseload.sessions["therapist"] == therapist)["session_id"].to_list()
    return (
        *found,
        Habit(BROKE, "share", over(breaking(caseload, ids), caseload.level, share), ""),
        Habit(CUT_IN, "times", over(cut, caseload.level, Span(0.0, float("inf"))), ""),
    )


def over(parts: Sequence[Ratio], level: float, within: Span) -> Pooled | Missing:
    """A ratio of sums over sessions."""
    return pooled(parts, level, within=within) if parts else Missing("nothing of the kind was found")


def cutting_in(counts: Sequence[Sitting], silence: Sequence[Sitting]) -> list[Ratio]:
    """Interruptions over hours of session, a session a ratio; the hours are what silence is a share of."""
    hours = {s.session_id: s.ratio.denominator / HOUR for s in silence if not isinstance(s.ratio, Missing)}
    return [
        Ratio(s.value, hours[s.session_id])
        for s in counts
        if not isinstance(s.value, Missing) and hours.get(s.session_id)
    ]


def breaking(caseload: Caseload, ids: Sequence[str]) -> list[Ratio]:
    """Of each session's long silences after a client: how many the therapist broke, over those that either broke."""
    import polars as pl

    answered = [str(Role.THERAPIST), str(Role.CLIENT)]
    after_client: pl.DataFrame = (
        store.scan(caseload.study, "silences", only=ids)
        .filter(
            (pl.col("duration") >= LONG)
            & (pl.col("evidence") == str(SilenceEvidence.SILENT))
            & (pl.col("before_role") == str(Role.CLIENT))
            & pl.col("after_role").is_in(answered)
        )
        .group_by("session_id", maintain_order=True)
        .agg(broke=(pl.col("after_role") == str(Role.THERAPIST)).sum(), there=pl.len())
        .collect()
    )
    return [Ratio(float(r["broke"]), float(r["there"])) for r in after_client.iter_rows(named=True)]
