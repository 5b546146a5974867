"""One stretch of one speaker's speech and its text: what most formats are lists of."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Segment", "by_time"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of one speaker's speech and its text; `start` and `end` in seconds."""

    start: float
    end: float
    speaker: str
    text: str


def by_time(segment: Segment) -> tuple[float, float, str]:
    """Order of start, then end, then label."""
    return segment.start, segment.end, segment.speaker
