"""A therapist's sessions over time: the latest beside the first, and where the other therapists of the caseload lie.

The own baseline comes first: what is usual for this person. A change is one only where it is reliable, as
`toolkit.measures.change` has it. The caseload's band is a comparison after that, and it needs enough others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from toolkit.caseload.parts import LEAST_SESSIONS, Sitting, by_therapist, limits, middle, phase
from toolkit.caseload.reading import LISTENING, Caseload
from toolkit.intervals import Span
from toolkit.measures.change import LEAST_BASELINE, Change, Phase, Spread, change, spread, usual
from toolkit.types import Missing

__all__ = ["Course", "courses"]


@dataclass(frozen=True, slots=True)
class Course:
    """One measure over a therapist's sessions.

    Attributes
    ----------
    measure
        Name in the registry.
    sittings
        Every session in order, values missing where they are.
    baseline, recent
        The first and the latest sessions that have a value, none in both.
    usual
        Where one more session would lie if nothing changed.
    change
        Of the latest against the first.
    band
        Where the middle 80 % of the other therapists lie.
    """

    measure: str
    sittings: tuple[Sitting, ...]
    baseline: Phase | Missing
    recent: Phase | Missing
    usual: Span | Missing
    change: Change | Missing
    band: Span | Missing


def courses(
    caseload: Caseload, therapist: str, *, measures: Sequence[str] = LISTENING, baseline: int = 3, recent: int = 3
) -> tuple[Course, ...]:
    """The course of each measure.

    Parameters
    ----------
    caseload
        All sessions.
    therapist
        Whose.
    measures
        Names in the registry, in the order wanted.
    baseline, recent
        How many of the first and of the latest sessions with a value are put together; of the latest there are fewer
        where the sessions do not suffice for both.

    Raises
    ------
    InputError
        When no session is this therapist's.
    """
    caseload.check(therapist)
    return tuple(course(caseload, therapist, m, max(baseline, LEAST_BASELINE), max(recent, 1)) for m in measures)


def course(caseload: Caseload, therapist: str, measure: str, first: int, latest: int) -> Course:
    """The course of one measure."""
    everyone = by_therapist(caseload, measure)
    own = everyone.pop(therapist, ())
    there = [s for s in own if not isinstance(s.value, Missing)]
    values = [[s.value for s in o if not isinstance(s.value, Missing)] for o in (own, *everyone.values())]
    varied = spread(values)
    before: Phase | Missing = Missing(f"a baseline needs {first} sessions with a value, there are {len(there)}")
    after: Phase | Missing = Missing(f"nothing comes after a baseline of {first} sessions yet")
    if len(there) >= first:
        before = phase(there[:first])
    if len(there) > first:
        after = phase(there[max(first, len(there) - latest) :])
    return Course(
        measure=measure,
        sittings=own,
        baseline=before,
        recent=before if isinstance(before, Missing) else after,
        usual=before if isinstance(before, Missing) else possible(usual(before, varied, caseload.level), measure),
        change=moved(before, after, varied, caseload.level),
        band=middle(others(everyone.values())),
    )


def possible(reach: Span | Missing, measure: str) -> Span | Missing:
    """A range without what the measure cannot be."""
    within = limits(measure)
    if isinstance(reach, Missing):
        return reach
    return Span(max(reach.start, within.start), min(reach.end, within.end))


def moved(before: Phase | Missing, after: Phase | Missing, varied: Spread | Missing, level: float) -> Change | Missing:
    """The change between two phases, or why there is none."""
    if isinstance(before, Missing):
        return before
    return after if isinstance(after, Missing) else change(before, after, varied, level)


def others(everyone: Iterable[Sequence[Sitting]]) -> list[float]:
    """One value a therapist, of those with enough sessions."""
    found = []
    for own in everyone:
        there = [s for s in own if not isinstance(s.value, Missing)]
        one = phase(there)
        if len(there) >= LEAST_SESSIONS and not isinstance(one, Missing):
            found.append(one.value)
    return found
