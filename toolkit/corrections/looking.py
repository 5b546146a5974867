"""What humans said of a session, read back: every line and what became of it, notes, global ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from toolkit import overlay, store
from toolkit.corrections.writing import require
from toolkit.overlay import Line, Note, What
from toolkit.study import Study
from toolkit.types import GlobalRating, Missing, Purpose, Ratio

__all__ = ["State", "Statement", "globals_of", "notes", "ratings", "statements"]

TECHNICAL = (GlobalRating.CULTIVATING_CHANGE_TALK, GlobalRating.SOFTENING_SUSTAIN_TALK)
RELATIONAL = (GlobalRating.PARTNERSHIP, GlobalRating.EMPATHY)


class State(StrEnum):
    """What became of a line: it counts, another line or coder counts instead, or there is nothing to correct."""

    COUNTS = "counts"
    OVERRULED = "does not count"
    LOST = "finds nothing"


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of the overlay and what became of it."""

    line: Line
    state: State


def statements(study: Study, session_id: str) -> tuple[Statement, ...]:
    """Every line about a session in the order in which it was said.

    Raises
    ------
    InputError
        When there is no such session, it has no results, or the overlay makes no sense.
    ConsentError
        When consent does not cover the session today.
    """
    said = lines(study, session_id)
    result, settings = store.load(study, session_id), study.settings()
    by = overlay.counted_coder(said)
    counted = overlay.counting(said, by=by)
    lost = overlay.lay(result.heard, counted, settings.dialogue, language=result.language).lost
    found = []
    seen: set[tuple[object, ...]] = set()
    for line in reversed(said):
        c = line.correction
        about = (line.by if c.what in {What.NOTE, What.RATING} else "", c.what, c.target)
        last = about not in seen
        if c.what in {What.NOTE, What.RATING, What.COUNTED}:  # of these each coder's last stands beside the others'
            seen.add(about)
            state = State.COUNTS if last and (c.value or c.what is What.COUNTED) else State.OVERRULED
        elif last and counted.of(c.what).get(c.target) == c.value and by in {"", line.by}:
            seen.add(about)
            state = State.LOST if c in lost else State.COUNTS
        else:
            state = State.OVERRULED
        found.append(Statement(line, state))
    return tuple(reversed(found))


def lines(study: Study, session_id: str) -> tuple[Line, ...]:
    """The lines of a session's overlay, as far as consent covers the session today."""
    study.recording(session_id)
    require(study, session_id, Purpose.MEASURE)
    return overlay.lines(study.overlay(session_id))


def notes(study: Study, session_id: str, *, by: str = "") -> tuple[Note, ...]:
    """What was noted, in order of time; raises as `statements`. Text: show it to whom it was written for only."""
    return overlay.notes(lines(study, session_id), by=by)


def ratings(study: Study, session_id: str) -> dict[str, dict[GlobalRating, int]]:
    """The global ratings of MITI by coder, as humans gave them; raises as `statements`."""
    said = lines(study, session_id)
    found: dict[str, dict[GlobalRating, int]] = {}
    for by in overlay.coders(said):
        own = overlay.counting(line for line in said if line.by == by).of(What.RATING)
        if own:
            found[by] = {GlobalRating(name): int(value) for name, value in sorted(own.items())}
    return found


def globals_of(given: Mapping[GlobalRating, int]) -> dict[str, float | Missing]:
    """MITI's two summaries of one coder's ratings.

    Examples
    --------
    >>> globals_of({GlobalRating.EMPATHY: 4, GlobalRating.PARTNERSHIP: 3})["relational"]
    3.5
    """
    return {name: mean(given, parts) for name, parts in (("technical", TECHNICAL), ("relational", RELATIONAL))}


def mean(given: Mapping[GlobalRating, int], parts: tuple[GlobalRating, ...]) -> float | Missing:
    """Mean of some ratings, missing unless all were given."""
    lacking = [part.replace("_", " ") for part in parts if part not in given]
    if lacking:
        return Missing(f"not rated: {', '.join(lacking)}")
    return Ratio(sum(given[part] for part in parts), len(parts)).value("nothing was rated")
