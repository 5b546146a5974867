"""Intervals from the coder's probabilities."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SETTINGS, Line, dialogue
from hypothesis import given
from hypothesis import strategies as st

from toolkit import measures
from toolkit.intervals import Span
from toolkit.measures import quantify
from toolkit.measures.facts import gather
from toolkit.types import Chances, Code, CodedUtterance, Missing

SURE_OTHER = Chances(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0)
SHORT = replace(SETTINGS, measures=replace(SETTINGS.measures, miti_counts_only=0.0))


def session(likely, codes=()):
    """Therapist and client in turn, ten seconds each; the therapist's utterances have these chances and codes."""
    lines, coded = [], []
    for i, (own, given_codes) in enumerate(zip(likely, codes or [()] * len(likely), strict=True)):
        lines.append(Line("therapist", 20.0 * i, 20.0 * i + 9, "some words here", tuple(given_codes)))
        lines.append(Line("client", 20.0 * i + 10, 20.0 * i + 19, "some other words"))
        coded += [own, SURE_OTHER]
    made = dialogue(lines)
    return replace(
        made, codes=tuple(CodedUtterance(c.utterance, c.codes, own) for c, own in zip(made.codes, coded, strict=True))
    )


def reflecting(p, deep=0.5):
    return replace(SURE_OTHER, reflection=p, complex=deep)


def value(made, name, settings=SHORT):
    return next(v for v in measures.compute(made, settings) if v.measure == name and v.role == "therapist")


REFLECT = frozenset({Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION})
ASK = frozenset({Code.OPEN_QUESTION, Code.CLOSED_QUESTION})


def test_a_sure_coder_leaves_no_doubt_about_a_count():
    made = session([reflecting(1.0)] * 4 + [reflecting(0.0)] * 4, [(Code.SIMPLE_REFLECTION,)] * 4 + [()] * 4)
    found = value(made, "reflection_count")
    assert (found.value, found.interval) == (4, Span(4, 4))


def test_an_unsure_coder_says_so():
    made = session([reflecting(0.5)] * 20, [(Code.SIMPLE_REFLECTION,)] * 10 + [()] * 10)
    found = value(made, "reflection_count")
    assert found.value == 10
    assert found.interval.start <= 6
    assert found.interval.end >= 14


def test_the_interval_holds_the_value_even_where_the_probabilities_say_otherwise():
    made = session([reflecting(0.01)] * 10, [(Code.SIMPLE_REFLECTION,)] * 10)
    found = value(made, "reflection_count")
    assert found.interval.end == found.value == 10


def test_a_volley_of_several_utterances_counts_once_in_every_draw():
    lines = [Line("therapist", 5.0 * i, 5.0 * i + 4) for i in range(5)] + [Line("client", 30, 40)]
    made = dialogue(lines)
    likely = [reflecting(0.9)] * 5 + [SURE_OTHER]
    facts = gather(replace(made, codes=tuple(CodedUtterance(i, (), c) for i, c in enumerate(likely))), SHORT)
    assert quantify.interval(facts, [[0, 1, 2, 3, 4]], REFLECT, frozenset()) == Span(1, 1)


def test_a_ratio_whose_denominator_may_be_nothing_has_no_interval():
    facts = gather(session([reflecting(0.9)] * 5), SHORT)
    found = quantify.interval(facts, [[0], [2], [4]], REFLECT, ASK)
    assert isinstance(found, Missing)


def test_a_share_that_could_be_anything_is_not_shown():
    made = session([reflecting(0.9, 0.5)] * 3, [(Code.SIMPLE_REFLECTION,)] * 3)
    found = value(made, "complex_reflection_share")
    assert isinstance(found.value, Missing)
    assert "too uncertain to show" in found.value.reason
    assert (found.numerator, found.denominator) == (0, 3)
    wide = replace(SHORT, measures=replace(SHORT.measures, share_width_max=1.0))
    assert value(made, "complex_reflection_share", wide).value == 0


def test_a_ratio_with_too_wide_an_interval_is_not_shown():
    asks = replace(SURE_OTHER, question=0.6, open=0.5)
    made = session([reflecting(0.5), asks] * 3, [(Code.SIMPLE_REFLECTION,), (Code.OPEN_QUESTION,)] * 3)
    assert "too uncertain to show" in value(made, "reflection_to_question_ratio").value.reason


def test_without_probabilities_the_interval_is_of_chance_alone():
    lines = [Line("therapist", 20.0 * i, 20.0 * i + 9, codes=(Code.SIMPLE_REFLECTION,)) for i in range(4)]
    made = dialogue([*lines, *(Line("client", 20.0 * i + 10, 20.0 * i + 19) for i in range(4))])
    found = value(made, "reflection_count")
    assert found.interval == Span(1.366318, 9.153519)


def test_rule_marked_codes_have_intervals_of_chance_alone():
    made = session([reflecting(1.0)] * 4, [(Code.AFFIRM,)] + [()] * 3)
    assert value(made, "affirm_count").interval.end > 4


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_the_same_session_gives_the_same_interval_within_what_is_possible(likely):
    facts = gather(session([reflecting(p) for p in likely]), SHORT)
    units = [[2 * i] for i in range(len(likely))]
    found = quantify.interval(facts, units, REFLECT, frozenset())
    assert found == quantify.interval(facts, units, REFLECT, frozenset())
    assert 0 <= found.start <= found.end <= len(likely)


@given(st.floats(0.05, 0.9))
def test_more_likely_reflections_move_the_interval_up(p):
    units = [[2 * i] for i in range(10)]
    low, high = (
        quantify.interval(gather(session([reflecting(q)] * 10), SHORT), units, REFLECT, frozenset())
        for q in (p, p + 0.1)
    )
    assert low.start <= high.start
    assert low.end <= high.end


@pytest.mark.parametrize("head", [*quantify.SPREAD])
def test_every_head_has_a_spread(head):
    assert 0 < quantify.SPREAD[head] < 2
    assert head in Chances.__dataclass_fields__
