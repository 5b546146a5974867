"""Intervals against published and exact values."""

from __future__ import annotations

import math
from statistics import median as plain_median

import pytest
from builders import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from toolkit.intervals import Span
from toolkit.measures.uncertainty import at_most, median, median_interval, odds, poisson, wilson
from toolkit.types import Missing


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_prints_it(hits, n, low, high):
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3, 95 %
    found = wilson(hits, n, 0.95)
    assert (found.start, found.end) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_poisson_as_garwood_prints_it(count, low, high):
    found = poisson(count, 0.95)  # Garwood (1936), 95 %
    assert (found.start, found.end) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_a_median_needs_five_values_at_ninety_percent():
    assert median_interval([1, 2, 3, 4], 0.9) == Missing("4 values are too few for an interval of a median")
    assert median_interval([5, 1, 4, 2, 3], SETTINGS.measures.confidence_level) == Span(
        1, 5
    )  # covers with 1 - 2 / 32 = 0.9375
    assert median_interval([], 0.9) == Missing("0 values are too few for an interval of a median")


def test_a_median_of_ten_takes_the_second_and_the_ninth():
    # P(B <= 1) = 11 / 1024 = 0.011, P(B <= 2) = 56 / 1024 = 0.055 > 0.05 for B binomial (10, 0.5)
    assert median_interval(list(range(1, 11)), 0.9) == Span(2, 9)


def test_a_median_of_very_many_values():
    # n = 5000: ranks 2500 -+ 1.645 * sqrt(5000) / 2 = 2500 -+ 58
    found = median_interval(list(range(1, 5001)), 0.9)
    assert found.start == pytest.approx(2442, abs=1.5)
    assert found.end == pytest.approx(2559, abs=1.5)


def test_nothing_counted():
    assert isinstance(wilson(0, 0, 0.9), Missing)
    assert isinstance(odds(3, 0, 0.9), Missing)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.5, 0.99))
def test_wilson_and_odds_hold_their_value(hits, rest, level):
    if hits + rest:
        found = wilson(hits, hits + rest, level)
        assert 0 <= found.start <= hits / (hits + rest) <= found.end <= 1
        mirrored = wilson(rest, hits + rest, level)
        assert found.start == pytest.approx(1 - mirrored.end, abs=1e-12)
    if rest:
        found = odds(hits, rest, level)
        assert found.start <= hits / rest + 1e-9
        assert found.end >= hits / rest - 1e-9


@given(st.integers(0, 400), st.floats(0.5, 0.99))
def test_poisson_limits_have_the_tails_they_promise(count, level):
    found, tail = poisson(count, level), (1 - level) / 2
    assert found.start <= count <= found.end
    assert at_most(count, found.end) == pytest.approx(tail, abs=1e-6)
    if count:
        assert 1 - at_most(count - 1, found.start) == pytest.approx(tail, abs=1e-6)


@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=60), st.floats(0.5, 0.99))
def test_median_interval_covers_enough_and_no_more_than_needed(values, level):
    assert median(values) == plain_median(values)
    found, n = median_interval(values, level), len(values)
    if isinstance(found, Missing):
        assert n == 1 or 2 * 0.5**n > 1 - level
        return
    assert found.start <= median(values) <= found.end
    ordered = sorted(range(n))  # ranks: on distinct values the interval names its rank
    ranks = median_interval(ordered, level)
    missed = 2 * sum(math.comb(n, k) for k in range(int(ranks.start) + 1)) * 0.5**n
    assert missed <= 1 - level + 1e-12
