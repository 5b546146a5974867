"""Coefficients of agreement: published examples, other definitions of the same thing, and what must always hold."""

from __future__ import annotations

from itertools import combinations
from unittest import mock

import hypothesis
import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from toolkit.evaluate import icc as icc_module
from toolkit.evaluate import reliability
from toolkit.evaluate.coders import ICC, INTERVAL
from toolkit.evaluate.icc import icc
from toolkit.evaluate.reliability import COEFFICIENTS, Coefficient, Ratings, coefficient
from toolkit.intervals import Span
from toolkit.types import Missing

hypothesis.settings.register_profile("no deadline", deadline=None)  # no test asserts a time
hypothesis.settings.load_profile("no deadline")

BEYOND_CHANCE = [name for name in COEFFICIENTS if name != "agreement"]

# Krippendorff (2011), example C: four observers, twelve units; irrCAC's cac.raw4raters is the same table
KRIPPENDORFF = (
    *("1 1 * 1", "2 2 3 2", "3 3 3 3", "3 3 3 3", "2 2 2 2", "1 2 3 4"),
    *("4 4 4 4", "1 1 2 1", "2 2 2 2", "* 5 5 5", "* * 1 1", "* * 3 *"),
)
# Fleiss (1971), table 1: 30 patients, six psychiatrists each; 1 depression … 5 other
FLEISS = (
    *("444444", "222555", "233335", "555555", "222444", "113333", "333355", "113334", "114444", "555555"),
    *("144444", "124444", "222333", "144444", "224445", "333335", "111455", "111112", "224444", "133555"),
    *("555555", "244444", "224555", "114444", "144445", "222224", "111155", "224444", "133333", "555555"),
)
# ten subjects, fourteen raters, how many gave each of five labels (the encyclopedia's example of Fleiss' kappa)
FOURTEEN = (
    *((0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1)),
    *((7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7)),
)
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def ratings(rows, labels: str | tuple[str, ...] = "12345", sessions=None) -> Ratings:
    given = tuple(tuple(None if label == "*" else label for label in row) for row in rows)
    return Ratings(tuple(labels), given, tuple(sessions or ["s01"] * len(given)))


def value(table: Ratings, name: str) -> float:
    found = coefficient(table, name).value
    assert not isinstance(found, Missing), found
    return found


def from_cells(*cells: tuple[str, str, int]) -> Ratings:
    return ratings([(a, b) for a, b, count in cells for _ in range(count)], tuple(dict.fromkeys(c[0] for c in cells)))


# published examples


def test_fleiss_kappa_of_fleiss() -> None:
    assert value(ratings(FLEISS), "fleiss") == pytest.approx(0.4302445, abs=5e-8)


def test_fleiss_kappa_of_fourteen_raters() -> None:
    rows = [[label for label, count in zip("12345", row, strict=True) for _ in range(count)] for row in FOURTEEN]
    assert value(ratings(rows), "fleiss") == pytest.approx(0.210, abs=5e-4)


def test_alpha_of_krippendorff_and_ac1_of_gwet_with_missing_codings() -> None:
    table = ratings([row.split() for row in KRIPPENDORFF])
    assert value(table, "alpha") == pytest.approx(0.743, abs=5e-4)
    assert value(table, "ac1") == pytest.approx(0.77544, abs=5e-6)
    assert value(table, "agreement") == pytest.approx(0.81818, abs=5e-6)
    assert coefficient(table, "alpha").n == 11  # the twelfth unit has one value only
    assert coefficient(table, "fleiss").n == 8


def test_alpha_of_three_coders() -> None:
    coders = ("*****3412113 3*3", "1*213343*******", "**21344*2113 3*4")
    rows = list(zip(*(row.replace(" ", "") for row in coders), strict=True))
    assert value(ratings(rows, "1234"), "alpha") == pytest.approx(0.691, abs=5e-4)


def test_the_paradox_of_kappa() -> None:
    # Gwet (2002): 118 both yes, 5 and 2 apart, none both no
    table = from_cells(("yes", "yes", 118), ("yes", "no", 5), ("no", "yes", 2))
    assert value(table, "agreement") == pytest.approx(0.944)
    assert value(table, "cohen") == pytest.approx(-0.0234, abs=5e-5)
    assert value(table, "ac1") == pytest.approx(0.9408, abs=5e-5)


def test_two_abstractors_of_gwet() -> None:
    # Gwet (2014), 100 pregnancies by two abstractors: ectopic, abnormal and normal intrauterine
    table = from_cells(("e", "e", 13), ("a", "a", 20), ("a", "n", 7), ("n", "a", 4), ("n", "n", 56))
    found = {name: value(table, name) for name in ("cohen", "ac1", "alpha")}
    assert found == pytest.approx({"cohen": 0.7964094, "ac1": 0.8493305, "alpha": 0.7972585}, abs=5e-8)


def test_icc_of_shrout_and_fleiss_with_its_interval() -> None:
    with mock.patch.object(icc_module, "LEVEL", 0.95):  # the published interval is at 95 %
        found = icc(SHROUT_FLEISS)
    assert found.value == pytest.approx(0.29, abs=5e-3)
    assert isinstance(found.interval, Span)
    assert (found.interval.start, found.interval.end) == pytest.approx((0.019, 0.761), abs=5e-4)


def quick(table: Ratings, name: str) -> Coefficient:
    """A coefficient with few resamples, where only its value matters or that there is an interval."""
    with mock.patch.object(reliability, "RESAMPLES", 40):
        return coefficient(table, name)


# other definitions of the same thing

LABELS = "abc"
PAIRS = st.lists(st.tuples(*[st.sampled_from(LABELS)] * 2), min_size=5, max_size=40)
WITH_GAPS = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.tuples(*[st.sampled_from([*LABELS, None])] * k), min_size=6, max_size=25)
)


@given(PAIRS)
def test_cohens_kappa_is_that_of_scikit_learn(rows: list[tuple[str, str]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    found = quick(Ratings(tuple(LABELS), tuple(rows), ("s",) * len(rows)), "cohen").value
    if isinstance(found, Missing):
        assert len({label for row in rows for label in row}) == 1
    else:
        assert found == pytest.approx(cohen_kappa_score(*zip(*rows, strict=True)), abs=1e-12)


@given(WITH_GAPS)
def test_alpha_is_one_minus_the_disagreement_of_pairs(rows: list[tuple[str | None, ...]]) -> None:
    found = quick(Ratings(tuple(LABELS), tuple(rows), ("s",) * len(rows)), "alpha").value
    units = [labels for row in rows if len(labels := [x for x in row if x is not None]) > 1]
    pool = [label for unit in units for label in unit]
    apart = sum(a != b for a, b in combinations(pool, 2))
    if isinstance(found, Missing):
        assert len(units) < 5 or not apart
        return
    seen = sum(sum(a != b for a, b in combinations(unit, 2)) * 2 / (len(unit) - 1) for unit in units) / len(pool)
    assert found == pytest.approx(1 - seen / (2 * apart / (len(pool) * (len(pool) - 1))), abs=1e-12)


@given(PAIRS)
def test_fleiss_kappa_of_two_coders_is_scotts_pi(rows: list[tuple[str, str]]) -> None:
    found = quick(Ratings(tuple(LABELS), tuple(rows), ("s",) * len(rows)), "fleiss").value
    if isinstance(found, Missing):
        return
    both = [label for row in rows for label in row]
    chance = sum((both.count(label) / len(both)) ** 2 for label in LABELS)
    same = sum(a == b for a, b in rows) / len(rows)
    assert found == pytest.approx((same - chance) / (1 - chance), abs=1e-12)


# what must always hold


@given(WITH_GAPS, st.sampled_from(list(COEFFICIENTS)), st.randoms())
def test_coders_have_no_order_and_nothing_exceeds_one(rows, name: str, random) -> None:
    sessions = tuple(f"s{i % 6}" for i in range(len(rows)))
    found = quick(Ratings(tuple(LABELS), tuple(rows), sessions), name)
    order = list(range(len(rows[0])))
    random.shuffle(order)
    other = quick(Ratings(tuple(LABELS), tuple(tuple(row[i] for i in order) for row in rows), sessions), name)
    if isinstance(found.value, Missing):
        assert other == found
        return
    assert other.value == pytest.approx(found.value, abs=1e-12)
    assert -1 - 1e-9 <= found.value <= 1 + 1e-9
    assert isinstance(found.interval, Missing) or -1 - 1e-9 <= found.interval.start <= found.interval.end <= 1 + 1e-9


@given(
    st.lists(st.sampled_from(LABELS), min_size=5, max_size=30), st.integers(2, 4), st.sampled_from(list(COEFFICIENTS))
)
def test_full_agreement_is_one_and_has_no_interval(labels: list[str], coders: int, name: str) -> None:
    table = Ratings(
        tuple(LABELS), tuple((label,) * coders for label in labels), tuple(f"s{i}" for i in range(len(labels)))
    )
    found = quick(table, name)
    if len(set(labels)) == 1 and name != "agreement":
        assert found.value == Missing("everyone gave every utterance the same one label")
    else:
        assert found.value == pytest.approx(1.0)
        assert isinstance(found.interval, Missing)


@given(PAIRS, st.sampled_from(["cohen", "fleiss", "alpha", "agreement"]))
def test_what_only_one_coder_coded_changes_nothing(rows: list[tuple[str, str]], name: str) -> None:
    more = (*rows, *[("a", None)] * 7, *[(None, "b")] * 3, (None, None))
    alone = quick(Ratings(tuple(LABELS), tuple(rows), ("s",) * len(rows)), name)
    found = quick(Ratings(tuple(LABELS), more, ("s",) * len(more)), name)
    assert found.n == alone.n == len(rows)
    assert found.value == (alone.value if isinstance(alone.value, Missing) else pytest.approx(alone.value, abs=1e-12))


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=12), st.permutations(range(3))
)
def test_the_icc_has_no_order_of_coders(rows: list[list[int]], order: list[int]) -> None:
    found, other = icc(rows), icc([[row[i] for i in order] for row in rows])
    if isinstance(found.value, Missing):
        assert other == found
        return
    assert other.value == pytest.approx(found.value, abs=1e-9)
    assert found.value <= 1 + 1e-9
    if isinstance(found.interval, Span) and isinstance(other.interval, Span):
        assert found.interval.start <= found.value + 1e-9
        assert found.value <= found.interval.end + 1e-9
        assert other.interval.start == pytest.approx(found.interval.start, abs=1e-6)


# where nothing can be said


def test_a_coefficient_is_missing_with_its_reason() -> None:
    one = ratings([("1",)] * 9)
    assert all(coefficient(one, name).value == Missing("only one coder") for name in COEFFICIENTS)
    few = ratings([("1", "2")] * 4)
    assert coefficient(few, "alpha").value == Missing("fewer than 5 utterances that two coders coded")
    gaps = ratings([("1", "2", "*")] * 9)
    assert coefficient(gaps, "fleiss").value == Missing("fewer than 5 utterances that all coders coded")
    assert not isinstance(coefficient(gaps, "alpha").value, Missing)
    same = ratings([("1", "1")] * 50)
    assert {coefficient(same, name).value for name in BEYOND_CHANCE} == {
        Missing("everyone gave every utterance the same one label")
    }
    assert coefficient(same, "agreement").value == 1.0
    nothing = ratings([])
    assert isinstance(coefficient(nothing, "cohen").value, Missing)
    strangers = ratings([("1", "2", "*")] * 3 + [("*", "1", "2")] * 3)
    assert coefficient(strangers, "cohen").value == Missing("no two coders share 5 utterances")


def test_the_icc_is_missing_with_its_reason() -> None:
    assert icc([(1, 2), (3, 4)]).value == Missing("fewer than 3 sessions that all coders coded")
    assert icc([(1,), (2,), (3,)]).value == Missing("only one coder")
    assert icc([(2, 2)] * 5).value == Missing("every coder has the same number in every session")
    alike = icc([(1, 1), (2, 2), (5, 5)])
    assert (alike.value, alike.n) == (pytest.approx(1.0), 3)
    assert isinstance(alike.interval, Missing)


# intervals


def clustered(sessions: int, seed: int = 3) -> Ratings:
    """Two coders who agree on everything in half of the sessions, and by chance in the others."""
    rng = np.random.default_rng(seed)
    rows, names = [], []
    for session in range(sessions):
        for _ in range(40):
            label = "ab"[rng.integers(2)]
            rows.append((label, label if session % 2 else "ab"[rng.integers(2)]))
            names.append(f"s{session:02d}")
    return Ratings(("a", "b"), tuple(rows), tuple(names))


def test_sessions_are_drawn_where_there_are_enough_and_utterances_elsewhere() -> None:
    many = coefficient(clustered(12), "alpha")
    few = coefficient(clustered(4), "alpha")
    assert (many.drawn, few.drawn) == ("sessions", "utterances")
    assert isinstance(many.interval, Span)
    assert isinstance(many.value, float)
    assert many.interval.start < many.value < many.interval.end
    flat = coefficient(Ratings(("a", "b"), clustered(12).given, ("s00",) * 480), "alpha")
    assert flat.value == many.value
    assert isinstance(flat.interval, Span)
    assert (
        flat.interval.duration < many.interval.duration / 2
    )  # utterances of a session are alike, and that is not told


@pytest.mark.parametrize("name", list(COEFFICIENTS))
def test_an_interval_is_the_same_every_time_whatever_the_order_of_utterances(name: str) -> None:
    for table in (clustered(12), clustered(2)):
        rows = list(zip(table.given, table.sessions, strict=True))
        turned = Ratings(table.labels, tuple(r for r, _ in rows[::-1]), tuple(s for _, s in rows[::-1]))
        one, other = coefficient(table, name), coefficient(turned, name)
        assert isinstance(one.interval, Span)
        assert isinstance(other.interval, Span)
        assert (one.interval.start, one.interval.end) == pytest.approx((other.interval.start, other.interval.end))


def test_nine_of_ten_intervals_hold_the_true_value() -> None:
    """Two coders, each wrong in 15 % of utterances: kappa is (0.745 - 0.5) / 0.5, and alpha nearly the same."""
    rng, held = np.random.default_rng(8), 0
    for _ in range(200):
        truth = rng.integers(2, size=(8, 30, 1))
        wrong = rng.random((8, 30, 2)) < 0.15
        rows = tuple(tuple("ab"[int(x)] for x in row) for row in (truth ^ wrong).reshape(-1, 2))
        names = tuple(f"s{i // 30}" for i in range(240))
        interval = coefficient(Ratings(("a", "b"), rows, names), "cohen").interval
        assert isinstance(interval, Span)
        held += interval.start <= 0.49 <= interval.end
    assert 168 <= held <= 196  # 84 to 98 %: three standard errors around 91 %


def test_the_page_on_agreement_has_every_definition() -> None:
    page = (ROOT / "docs" / "agreement.md").read_text()
    for kind in COEFFICIENTS.values():
        assert f"**{kind.title}**: {kind.definition}" in page
    assert ICC in page
    assert INTERVAL in page
