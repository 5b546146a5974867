"""Reliable change against Jacobson and Truax worked by hand, and what must hold whatever the numbers."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t  # a reference: the package takes the quantile from another function

from toolkit.intervals import Span
from toolkit.measures.change import LEVEL, Change, Phase, Point, Spread, change, spread, usual
from toolkit.types import Missing

NONE = Missing("nothing was sampled")
MANY = 10**9  # degrees of freedom: Student's t is then the normal distribution
LEVELS = 0.9
Z90 = 1.6448536269514722
numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
reaches = st.floats(0, 50).map(lambda x: round(x, 3))
spreads = st.builds(Spread, st.floats(0.01, 50), st.integers(1, 200))


@st.composite
def points(draw: st.DrawFn) -> Point:
    value = draw(numbers)
    bounded = draw(st.booleans())
    return Point(value, Span(value - draw(reaches), value + draw(reaches)) if bounded else NONE)


@st.composite
def phases(draw: st.DrawFn) -> Phase:
    own = tuple(draw(st.lists(points(), min_size=1, max_size=6)))
    return Phase(math.fsum(p.value for p in own) / len(own), own)


def one(value: float, low: float | None = None, high: float | None = None) -> Phase:
    return Phase(value, (Point(value, NONE if low is None or high is None else Span(low, high)),))


def found(earlier: Phase, later: Phase, of: Spread) -> Change:
    result = change(earlier, later, of, LEVELS)
    assert isinstance(result, Change)
    return result


def test_two_sessions_as_jacobson_and_truax_do_it() -> None:
    # s = 10, r = 0.8: SE = 10 * sqrt(0.2) = 4.472, SE of the difference = sqrt(2) * SE = 6.325, RC = -15 / 6.325
    rc = found(one(47.5), one(32.5), Spread(10 * math.sqrt(1 - 0.8), MANY))
    assert rc.index == pytest.approx(-15 / 6.3246, abs=1e-4)
    assert rc.interval.end == pytest.approx(-15 + 1.96 * 6.3246, abs=1e-3)
    assert rc.reliable
    assert not found(one(44.5), one(32.5), Spread(10 * math.sqrt(1 - 0.8), MANY)).reliable  # 12 < 1.96 * 6.325 = 12.4


def test_phases_of_several_sessions_by_hand() -> None:
    # SE = 2; baseline of 4: 2 / sqrt(4) = 1; latest of 1: 2; of the difference sqrt(5) = 2.236; t(10) at 97.5 % = 2.228
    earlier = Phase(10.0, tuple(Point(v, NONE) for v in (8.0, 10.0, 10.0, 12.0)))
    result = found(earlier, one(15.0), Spread(2.0, 10))
    assert result.index == pytest.approx(5 / math.sqrt(5))
    assert result.interval.start == pytest.approx(5 - 2.2281 * math.sqrt(5), abs=1e-3)
    assert result.reliable


def test_the_side_of_an_interval_that_looks_at_the_other_session_counts() -> None:
    # sides of 0.2 below and 0.6 above 1, at 90 %; of 0.5 and 0.1 around 2: upwards 0.6 and 0.5 look at each other
    result = found(one(1.0, 0.8, 1.6), one(2.0, 1.5, 2.1), Spread(1e-6, MANY))
    scale = 1.959964 / Z90
    assert result.interval.start == pytest.approx(1 - scale * math.hypot(0.6, 0.5), abs=1e-5)
    assert result.interval.end == pytest.approx(1 + scale * math.hypot(0.2, 0.1), abs=1e-5)


def test_the_larger_of_both_errors_counts() -> None:
    narrow, wide = one(0.0, -0.1, 0.1), one(0.0, -Z90 * 3, Z90 * 3)
    assert found(narrow, one(4.0), Spread(2.0, MANY)).index == pytest.approx(4 / math.hypot(2, 2))
    assert found(wide, one(4.0), Spread(2.0, MANY)).index == pytest.approx(4 / math.hypot(3, 2))


def test_pooled_spread_by_hand() -> None:
    # squares 1 + 1 and 4 + 0 + 4, freedom 1 + 2, the lone session tells nothing
    assert spread([[1, 3], [10, 12, 14], [7], []]) == Spread(math.sqrt(10 / 3), 3)
    assert isinstance(spread([[1.0], [2.0]]), Missing)


def test_the_usual_range_of_three_sessions_by_hand() -> None:
    # t(4) = 2.7764 * 1.5 * sqrt(1 + 1/3) = 4.809
    base = Phase(20.0, tuple(Point(v, NONE) for v in (19.0, 20.0, 21.0)))
    reach = usual(base, Spread(1.5, 4), LEVELS)
    assert isinstance(reach, Span)
    assert (reach.start, reach.end) == (pytest.approx(15.191, abs=1e-3), pytest.approx(24.809, abs=1e-3))


def test_what_is_not_known_is_said() -> None:
    two = Phase(1.0, (Point(1.0, NONE), Point(1.0, NONE)))
    assert usual(two, Spread(1.0, 5), LEVELS) == Missing("a baseline needs 3 sessions, there are 2")
    assert isinstance(change(one(1), one(2), Missing("one session each"), LEVELS), Missing)
    assert isinstance(change(one(1), one(2), Spread(0.0, 5), LEVELS), Missing)  # it never varied


@given(phases(), phases(), spreads)
def test_turned_round_it_is_the_same_change_the_other_way(a: Phase, b: Phase, of: Spread) -> None:
    there, back = found(a, b, of), found(b, a, of)
    assert back.difference == -there.difference
    assert (back.interval.start, back.interval.end) == pytest.approx((-there.interval.end, -there.interval.start))
    assert back.reliable == there.reliable


@given(phases(), spreads)
def test_nothing_changed_is_never_a_change(a: Phase, of: Spread) -> None:
    assert not found(a, a, of).reliable
    assert found(a, a, of).index == 0


@given(phases(), phases(), spreads, st.floats(1, 10))
def test_more_error_never_makes_a_change_reliable(a: Phase, b: Phase, of: Spread, more: float) -> None:
    assume(not found(a, b, of).reliable)
    assert not found(a, b, Spread(of.deviation * more, of.freedom)).reliable
    assert not found(a, b, Spread(of.deviation, 1)).reliable


@given(phases(), phases(), spreads, st.floats(0.125, 8), numbers)
def test_neither_the_unit_nor_where_zero_is_matters(a: Phase, b: Phase, of: Spread, unit: float, zero: float) -> None:
    def moved(phase: Phase) -> Phase:
        def at(x: float) -> float:
            return x * unit + zero

        own = tuple(
            Point(
                at(p.value), NONE if isinstance(p.interval, Missing) else Span(at(p.interval.start), at(p.interval.end))
            )
            for p in phase.points
        )
        return Phase(at(phase.value), own)

    first, second = found(a, b, of), found(moved(a), moved(b), Spread(of.deviation * unit, of.freedom))
    assert second.index == pytest.approx(first.index, rel=1e-6, abs=1e-6)


@given(phases(), phases(), spreads)
def test_reliable_is_an_index_beyond_students_t(a: Phase, b: Phase, of: Spread) -> None:
    result, critical = found(a, b, of), t.ppf((1 + LEVEL) / 2, of.freedom)
    assume(abs(abs(result.index) - critical) > 1e-9)
    assert result.reliable == (abs(result.index) > critical)


def test_of_unchanged_measures_one_in_twenty_looks_changed() -> None:
    drawn, changed, times = random.Random(9), 0, 2000
    for _ in range(times):
        persons = [[level + drawn.gauss(0, 2) for _ in range(5)] for level in range(12)]
        first, latest = persons[0][:3], persons[0][3:]
        before, after = (
            Phase(math.fsum(own) / len(own), tuple(Point(v, NONE) for v in own)) for own in (first, latest)
        )
        of = spread(persons)
        assert isinstance(of, Spread)
        changed += found(before, after, of).reliable
    assert 0.03 <= changed / times <= 0.06  # a little under 5 %: a chance difference widens the spread, too
