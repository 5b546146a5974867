"""Ratios of sums and variance components: worked by hand, beside references, and by simulation."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from toolkit.intervals import Span
from toolkit.measures.sums import Pooled, pooled, summed
from toolkit.measures.variation import Components, components
from toolkit.types import Missing, Ratio

ratios = st.builds(Ratio, st.integers(0, 50).map(float), st.integers(1, 50).map(float))
groups = st.lists(
    st.lists(st.floats(-50, 50).map(lambda x: round(x, 3)), min_size=1, max_size=6), min_size=3, max_size=8
)


def test_a_ratio_of_sums_is_not_the_mean_of_ratios() -> None:
    parts = [Ratio(1, 2), Ratio(30, 40), Ratio(9, 18)]
    result = pooled(parts, 0.9)
    assert isinstance(result, Pooled)
    assert result.value == pytest.approx(40 / 60)
    # residuals 1 - 4/3, 30 - 80/3, 9 - 12; sum of squares 0.1111 + 11.1111 + 9; t(2) at 95 % = 2.92
    error = math.sqrt(3 / 2 * (1 / 9 + 100 / 9 + 9)) / 60
    assert isinstance(result.interval, Span)
    assert result.interval.end == pytest.approx(2 / 3 + 2.92 * error, abs=1e-4)


@given(st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=3, max_size=20))
def test_of_single_values_it_is_the_mean_and_its_interval_students(values: list[float]) -> None:
    result = pooled([Ratio(v, 1) for v in values], 0.9)
    assert isinstance(result, Pooled)
    assert result.value == pytest.approx(math.fsum(values) / len(values), abs=1e-9)
    if isinstance(result.interval, Span):
        ends = stats.t.interval(0.9, len(values) - 1, result.value, stats.sem(values))
        assert (result.interval.start, result.interval.end) == (pytest.approx(ends[0]), pytest.approx(ends[1]))


@given(st.lists(ratios, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_sessions_does_not_matter(parts: list[Ratio], shuffled: random.Random) -> None:
    other = shuffled.sample(parts, len(parts))
    assert summed(other) == summed(parts)
    assert pooled(other, 0.9) == pooled(parts, 0.9)


def test_what_cannot_be_pooled_says_why() -> None:
    assert isinstance(pooled([], 0.9), Missing)
    assert isinstance(pooled([Ratio(0, 0), Ratio(0, 0)], 0.9), Missing)
    for parts in ([Ratio(1, 2), Ratio(1, 3)], [Ratio(0, 4)] * 5):
        result = pooled(parts, 0.9)
        assert isinstance(result, Pooled)
        assert isinstance(result.interval, Missing)


def test_an_interval_is_cut_to_what_is_possible() -> None:
    result = pooled([Ratio(0, 10), Ratio(0, 10), Ratio(5, 10)], 0.9, within=Span(0.0, 1.0))
    assert isinstance(result, Pooled)
    assert isinstance(result.interval, Span)
    assert result.interval.start == 0


def test_components_of_unequal_groups_by_hand() -> None:
    # means 2, 6, 11; all six add up to 43
    values = [[1.0, 3.0], [6.0], [9.0, 11.0, 13.0]]
    grand = 43 / 6
    inside = (1 + 1 + 4 + 4) / 3
    across = (2 * (2 - grand) ** 2 + (6 - grand) ** 2 + 3 * (11 - grand) ** 2) / 2
    size = (6 - (4 + 1 + 9) / 6) / 2
    result = components(values, 0.9)
    assert isinstance(result, Components)
    assert result.within == pytest.approx(math.sqrt(inside))
    assert result.between == pytest.approx(math.sqrt((across - inside) / size))
    assert result.icc == pytest.approx((across - inside) / (across + (size - 1) * inside))
    assert (result.groups, result.n) == (3, 6)


def test_shrout_and_fleiss_example() -> None:
    # Shrout & Fleiss (1979), table 2: six targets, four judges each; ICC(1,1) = 0.17, and by their formula 7 its limits
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    result = components([[float(v) for v in row] for row in ratings], 0.95)
    assert isinstance(result, Components)
    assert round(result.icc, 2) == 0.17
    assert isinstance(result.interval, Span)
    assert (round(result.interval.start, 2), round(result.interval.end, 2)) == (-0.13, 0.72)


@given(groups)
def test_the_mean_squares_are_those_of_an_analysis_of_variance(values: list[list[float]]) -> None:
    result = components(values, 0.9)
    if isinstance(result, Missing) or result.within < 1e-6:
        return
    n, k = sum(map(len, values)), len(values)
    size = (n - sum(len(g) ** 2 for g in values) / n) / (k - 1)
    ratio = (1 + (size - 1) * result.icc) / (1 - result.icc)  # the ICC says what F was
    assert ratio == pytest.approx(stats.f_oneway(*values).statistic, rel=1e-6, abs=1e-9)
    assert isinstance(result.interval, Span)
    assert result.interval.start <= result.icc + 1e-12 <= result.interval.end + 2e-12


def test_what_has_no_components_says_why() -> None:
    assert components([[1.0, 2.0], [3.0]], 0.9) == Missing("fewer than 3 therapists")
    assert components([[1.0], [2.0], [3.0]], 0.9) == Missing("no therapist has two sessions")
    assert components([[1.0, 1.0], [1.0], [1.0]], 0.9) == Missing("it is the same in every session")


def test_intervals_hold_the_true_value_about_as_often_as_they_say() -> None:
    drawn, held = random.Random(5), 0
    for _ in range(400):
        own = [drawn.gauss(0, 1) for _ in range(12)]
        values = [[m + drawn.gauss(0, 1.5) for _ in range(drawn.randint(2, 9))] for m in own]
        result = components(values, 0.9)
        assert isinstance(result, Components)
        assert isinstance(result.interval, Span)
        held += result.interval.start <= 1 / (1 + 1.5**2) <= result.interval.end
    assert 0.86 <= held / 400 <= 0.94
