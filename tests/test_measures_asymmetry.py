"""How unevenly the floor is shared and taken, worked out by hand."""

from __future__ import annotations

import pytest
from builders import SETTINGS, C, Line, T, activity, dialogue, named
from hypothesis import given
from hypothesis import strategies as st

from toolkit.measures import compute
from toolkit.types import Dialogue, Missing, Role


def value(found: Dialogue, measure: str):
    return named(compute(found, SETTINGS), measure, "session")


def test_imbalance_of_the_floor():
    # therapist 0-2 and 9-10 (3 s), client 3-8 (5 s)
    found = dialogue((Line(T, 0, 2), Line(C, 3, 8), Line(T, 9, 10)))
    one = value(found, "floor_imbalance")
    assert (one.value, one.numerator, one.denominator, one.n) == (-0.25, -2, 8, 3)
    assert isinstance(one.interval, Missing)


def test_difference_of_response_latencies():
    # the client answers after 1.0 s, the therapist after 2.5 s
    found = dialogue((Line(T, 0, 2), Line(C, 3, 8), Line(T, 10.5, 12)))
    one = value(found, "response_latency_difference")
    assert (one.value, one.n) == (1.5, 2)
    alone = value(dialogue((Line(T, 0, 2), Line(C, 3, 8))), "response_latency_difference")
    assert alone.value == Missing("therapist or client never takes the floor from another")


def test_imbalance_of_interruptions():
    # the client is cut off twice, the therapist once: (2 - 1) / 3
    speech = activity(f"{C} 0-5, {T} 4-9, {C} 8-14, {T} 13-18")
    lines = tuple(Line(i.speaker, i.start, i.end, "so many words that it is no token") for i in speech)
    found = dialogue(lines, speech=speech)
    assert [i.succeeded for i in found.interruptions] == [True] * 3
    one = value(found, "interruption_imbalance")
    assert (one.value, one.numerator, one.denominator, one.n) == (pytest.approx(1 / 3, abs=1e-6), 1, 3, 3)
    assert not isinstance(one.interval, Missing)
    assert -1 <= one.interval.start < one.value < one.interval.end <= 1


@pytest.mark.parametrize("measure", ["floor_imbalance", "response_latency_difference", "interruption_imbalance"])
def test_without_a_pair_there_is_nothing_to_compare(measure: str):
    assert value(dialogue((Line(T, 0, 2),)), measure).value == Missing("nobody in this session has the role client")
    unnamed = dialogue((Line(T, 0, 2), Line(C, 3, 5)), named={T: Role.UNKNOWN, C: Role.UNKNOWN})
    assert "roles are not known" in value(unnamed, measure).value.reason


def test_no_interruption_is_no_imbalance():
    assert value(dialogue((Line(T, 0, 2), Line(C, 3, 8))), "interruption_imbalance").value == Missing(
        "neither interrupts"
    )


@given(st.lists(st.tuples(st.sampled_from((T, C)), st.integers(1, 9)), min_size=2, max_size=12))
def test_turned_roles_turn_the_sign(said: list[tuple[str, int]]):
    lines, now = [], 0
    for who, length in said:
        lines.append(Line(who, now, now + length))
        now += length + 1
    found = dialogue(lines)
    turned = dialogue(lines, named={T: Role.CLIENT, C: Role.THERAPIST})
    for measure in ("floor_imbalance", "response_latency_difference"):
        one, other = value(found, measure), value(turned, measure)
        if isinstance(one.value, Missing):
            assert isinstance(other.value, Missing)
        else:
            assert one.value == pytest.approx(-other.value, abs=2e-6)
