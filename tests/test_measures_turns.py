"""Turns, latencies, interruptions, backchannels, overlap and patience by hand."""

from __future__ import annotations

from dataclasses import replace

from builders import SETTINGS, C, Line, T, activity, dialogue, named
from hypothesis import given
from hypothesis import strategies as st

from toolkit.intervals import Span
from toolkit.measures import compute
from toolkit.types import Missing, Role, SpeakerInterval

# therapist 0-4, client 4.2-10 with a "mhm" at 6.2-6.6 in a pause, therapist 9.2-13 (cuts in 0.8 s early), client 15-16
LINES = (
    Line(T, 0, 4, "what happened then?"),
    Line(C, 4.2, 6, "well he left"),
    Line(T, 6.2, 6.6, "mhm"),
    Line(C, 6.8, 10, "and I was alone"),
    Line(T, 9.2, 13, "but you had your sister"),
    Line(C, 15, 16, "true enough I guess"),
)
FOUND = compute(dialogue(LINES), SETTINGS)


def test_turns():
    assert named(FOUND, "turn_count", T).value == 2  # 0-4 and 9.2-13
    assert named(FOUND, "turn_count", C).value == 2  # 4.2-10 and 15-16
    mean = named(FOUND, "turn_duration_mean", T)
    assert (mean.value, mean.numerator, mean.denominator, mean.n) == (3.9, 7.8, 2, 2)
    assert named(FOUND, "longest_turn", C).value == 5.8
    assert named(FOUND, "longest_turn", T).value == 4


def test_offsets():
    # client after therapist: 4.2 - 4 = 0.2 and 15 - 13 = 2; therapist after client: 9.2 - 10 = -0.8
    assert named(FOUND, "response_latency_median", C).value == 1.1
    assert named(FOUND, "response_latency_median", T).value == -0.8
    assert (named(FOUND, "fto_median").value, named(FOUND, "fto_median").n) == (0.2, 3)


def test_events():
    assert named(FOUND, "interruption_count", T).value == 1
    assert named(FOUND, "interruption_count", C).value == 0
    assert named(FOUND, "backchannel_count", T).value == 1
    assert named(FOUND, "backchannel_count", C).value == 0
    assert named(FOUND, "interruption_count", C).interval.start == 0


def test_a_failed_interruption_does_not_count():
    found = compute(dialogue((Line(C, 0, 10), Line(T, 4, 6, "but you know"))), SETTINGS)
    assert named(found, "interruption_count", T).value == 0
    assert named(found, "turn_count", T).value == 0
    assert named(found, "turn_duration_mean", T).value == Missing("the role has no turn")
    assert named(found, "longest_turn", T).value == Missing("the role has no turn")


def test_overlap():
    # 9.2-10; speech covers 0-4, 4.2-6, 6.2-6.6, 6.8-13, 15-16 = 13.4 s
    share = named(FOUND, "overlap_share")
    assert (share.numerator, share.denominator) == (0.8, 13.4)


def test_patience_is_the_silence_the_therapist_ends():
    # client stops at 4 and 12: therapist after 3 s and 1 s; nobody else's pauses (14, 20) count
    heard = activity(f"{C} 0-4, {T} 7-10, {C} 10.5-12, {T} 13-14, {T} 14.5-16, {C} 16-20, {C} 24-26")
    found = compute(dialogue((), speech=heard), SETTINGS)
    patience = named(found, "patience", T)
    assert (patience.value, patience.n) == (2, 2)
    assert patience.interval == Missing("2 values are too few for an interval of a median")
    assert not [v for v in found if v.measure == "patience" and v.role == C]


def test_a_backchannel_ends_the_wait():
    # the client stops at 5; "mhm" after 4 s, the client goes on
    found = compute(dialogue((Line(C, 0, 5), Line(T, 9, 9.5, "mhm"), Line(C, 10, 12))), SETTINGS)
    assert (named(found, "patience", T).value, named(found, "patience", T).n) == (4, 1)


def test_no_offset_across_an_excluded_portion():
    found = compute(dialogue((), speech=activity(f"{T} 0-4, {C} 10-12, {T} 12.5-14"), excluded=(Span(5, 9),)), SETTINGS)
    assert named(found, "response_latency_median", C).value == Missing("the role never takes the floor from another")
    assert named(found, "fto_median").value == 0.5


def test_a_turn_that_was_built_across_an_excluded_portion_loses_it():
    inside = dialogue((), speech=activity(f"{T} 0-4, {T} 10-12, {C} 13-14"))
    found = compute(replace(inside, excluded=(Span(4, 10),)), SETTINGS)
    assert named(found, "longest_turn", T).value == 6


def test_two_clients_taking_over_from_each_other_are_no_response_of_the_role():
    people = {T: Role.THERAPIST, "a": Role.CLIENT, "b": Role.CLIENT}
    found = compute(dialogue((), speech=activity(f"{T} 0-4, a 5-8, b 8.5-10"), named=people), SETTINGS)
    assert (named(found, "response_latency_median", "client").value, named(found, "fto_median").n) == (1, 2)


@given(st.lists(st.tuples(st.sampled_from([T, C]), st.integers(0, 60_000), st.integers(1, 5_000)), max_size=25))
def test_counts_agree_with_the_dialogue(raw):
    talk = dialogue((), speech=[SpeakerInterval(s / 1000, (s + d) / 1000, who) for who, s, d in raw])
    found = compute(talk, SETTINGS)
    present = {a.speaker for a in talk.activity}
    for role in present:
        assert named(found, "turn_count", role).value == sum(t.speaker == role for t in talk.turns)
        longest, mean = named(found, "longest_turn", role).value, named(found, "turn_duration_mean", role).value
        if not isinstance(mean, Missing):
            assert mean <= longest + 1e-6
