"""Arithmetic on stretches of time.

Conventions
-----------
Times are seconds (float) from the start of the recording. A span is half-open, ``[start, end)``: two spans that
touch do not overlap. A *set* of spans is a sorted tuple of disjoint, non-touching spans, as `union` returns it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "Span",
    "Track",
    "clip",
    "complement",
    "in_milliseconds",
    "intersect",
    "milliseconds",
    "multiply_covered",
    "overlap",
    "subtract",
    "total",
    "union",
]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time.

    Parameters
    ----------
    start, end
        Seconds from the start of the recording; ``start <= end``.

    Examples
    --------
    >>> Span(1.0, 3.5).duration
    2.5
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.start <= self.end:
            raise ValueError(f"a span ends before it starts: {self.start} > {self.end}")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    def __contains__(self, time: float) -> bool:
        return self.start <= time < self.end


def union(spans: Iterable[Span], *, gap: float = 0.0) -> tuple[Span, ...]:
    """Join spans that overlap, touch, or lie less than `gap` seconds apart.

    Examples
    --------
    >>> union([Span(0, 1), Span(1.1, 2)], gap=0.2)
    (Span(start=0, end=2),)
    """
    merged: list[Span] = []
    for span in sorted(s for s in spans if s.end > s.start):
        if merged and (span.start <= merged[-1].end or span.start - merged[-1].end < gap):
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def intersect(a: Iterable[Span], b: Iterable[Span]) -> tuple[Span, ...]:
    """Time that lies in both `a` and `b`.

    Examples
    --------
    >>> intersect([Span(0, 2)], [Span(1, 3)])
    (Span(start=1, end=2),)
    """
    left, right = union(a), union(b)
    found: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].start, right[j].start), min(left[i].end, right[j].end)
        if start < end:
            found.append(Span(start, end))
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return tuple(found)


def complement(spans: Iterable[Span], within: Span) -> tuple[Span, ...]:
    """Time of `within` that no span covers.

    Examples
    --------
    >>> complement([Span(1, 2)], Span(0, 3))
    (Span(start=0, end=1), Span(start=2, end=3))
    """
    holes: list[Span] = []
    position = within.start
    for span in intersect(spans, [within]):
        if span.start > position:
            holes.append(Span(position, span.start))
        position = span.end
    if position < within.end:
        holes.append(Span(position, within.end))
    return tuple(holes)


def subtract(a: Iterable[Span], b: Iterable[Span]) -> tuple[Span, ...]:
    """Time that lies in `a` and not in `b`.

    Examples
    --------
    >>> subtract([Span(0, 3)], [Span(1, 2)])
    (Span(start=0, end=1), Span(start=2, end=3))
    """
    left = union(a)
    if not left:
        return ()
    return intersect(left, complement(b, Span(left[0].start, left[-1].end)))


def clip(spans: Iterable[Span], within: Span) -> tuple[Span, ...]:
    """The part of each span inside `within`, spans kept apart and in order; those outside are left out."""
    touching = (s for s in spans if overlap(s, within) > 0)
    return tuple(Span(max(s.start, within.start), min(s.end, within.end)) for s in touching)


def overlap(a: Span, b: Span) -> float:
    """Seconds that two spans share; 0 when they only touch.

    Examples
    --------
    >>> overlap(Span(0, 2), Span(1.5, 3))
    0.5
    """
    return max(0.0, min(a.end, b.end) - max(a.start, b.start))


def multiply_covered(tracks: Iterable[Iterable[Span]]) -> tuple[Span, ...]:
    """Time covered by two or more of the tracks (each first joined with itself).

    Examples
    --------
    >>> multiply_covered([[Span(0, 2)], [Span(1, 3)]])
    (Span(start=1, end=2),)
    """
    once: tuple[Span, ...] = ()
    twice: list[Span] = []
    for track in tracks:
        joined = union(track)
        twice.extend(intersect(once, joined))
        once = union([*once, *joined])
    return union(twice)


def total(spans: Iterable[Span]) -> float:
    """Seconds covered, each moment counted once.

    Examples
    --------
    >>> total([Span(0, 2), Span(1, 3)])
    3
    """
    return sum(s.duration for s in union(spans))


def milliseconds(seconds: float) -> int:
    """Seconds as a whole number of milliseconds: sums of these are exact, whatever their order.

    Examples
    --------
    >>> milliseconds(1.2) - milliseconds(1.0)
    200
    """
    return round(seconds * 1000)


def in_milliseconds(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in whole milliseconds, in the order given."""
    return tuple(Span(milliseconds(s.start), milliseconds(s.end)) for s in spans)


@dataclass(frozen=True, slots=True)
class Track:
    """Disjoint spans in order, searchable by time."""

    spans: tuple[Span, ...]
    starts: tuple[float, ...]

    @classmethod
    def of(cls, spans: Iterable[Span], *, gap: float = 0.0) -> Track:
        """Join spans to a track."""
        joined = union(spans, gap=gap)
        return cls(joined, tuple(s.start for s in joined))

    def near(self, span: Span) -> tuple[Span, ...]:
        """The spans that touch `span`, and the nearest one on each side."""
        first = max(0, bisect_right(self.starts, span.start) - 1)
        last = bisect_right(self.starts, span.end) + 1
        return self.spans[first:last]

    def covered(self, span: Span) -> float:
        """Seconds of `span` inside the track."""
        return sum(overlap(s, span) for s in self.near(span))

    def distance(self, span: Span) -> float:
        """Seconds from `span` to the nearest point of the track, infinite for an empty track."""
        return min((max(0.0, s.start - span.end, span.start - s.end) for s in self.near(span)), default=float("inf"))
