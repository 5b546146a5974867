"""Reflections, questions and waiting, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SETTINGS, C, Line, T, activity, dialogue, named
from hypothesis import given
from hypothesis import strategies as st

from toolkit.intervals import Span
from toolkit.measures import MEASURES, compute
from toolkit.settings import MeasureSettings
from toolkit.types import Code, Missing, Role, SilenceEvidence

SIMPLE, COMPLEX = Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION
OPEN, CLOSED = Code.OPEN_QUESTION, Code.CLOSED_QUESTION

# therapist: open | closed | simple and complex in one | complex with a check | open and closed in one | simple
LINES = (
    Line(T, 0, 2, "how have you been?", (OPEN,)),
    Line(C, 6, 8, "not well", (SIMPLE,)),  # a client's code counts for nobody
    Line(T, 9, 10, "is it the knee?", (CLOSED,)),
    Line(C, 11, 12, "it is that", ()),
    Line(T, 13, 15, "it hurts and you are tired of it", (SIMPLE, COMPLEX)),
    Line(T, 15.5, 17, "you fear that it stays, is that so?", (COMPLEX, CLOSED)),
    Line(C, 18, 19, "I do fear that", ()),
    Line(T, 20, 22, "what helps? does rest?", (OPEN, CLOSED)),
    Line(C, 24, 25, "rest does", ()),
    Line(T, 26, 27, "rest helps", (SIMPLE,)),
)
FOUND = compute(dialogue(LINES), SETTINGS)


def test_each_utterance_counts_once():
    assert named(FOUND, "reflection_count", T).value == 3
    assert named(FOUND, "question_count", T).value == 4


def test_shares_keep_their_parts():
    share = named(FOUND, "complex_reflection_share", T)  # both kinds in one is complex
    assert (share.value, share.numerator, share.denominator, share.n) == (pytest.approx(2 / 3, abs=1e-6), 2, 3, 3)
    assert share.interval.start < share.value < share.interval.end
    opened = named(FOUND, "open_question_share", T)
    assert (opened.value, opened.numerator, opened.denominator) == (0.5, 2, 4)
    ratio = named(FOUND, "reflection_to_question_ratio", T)
    assert (ratio.value, ratio.numerator, ratio.denominator) == (0.75, 3, 4)
    assert ratio.interval.start < 0.75 < ratio.interval.end


def test_only_therapists_have_them():
    assert not [v for v in FOUND if v.role == C and v.measure in {"reflection_count", "wait_time_after_open_question"}]
    both = compute(dialogue(LINES, named={T: Role.CO_THERAPIST, C: Role.CLIENT}), SETTINGS)
    assert named(both, "reflection_count", "co_therapist").value == 3


def test_swapped_roles_count_the_other_speaker():
    swapped = compute(dialogue(LINES, named={T: Role.CLIENT, C: Role.THERAPIST}), SETTINGS)
    assert named(swapped, "reflection_count", T).value == 1
    ratio = named(swapped, "reflection_to_question_ratio", T)
    assert ratio.value == Missing("no question was coded")  # never 0, never infinity
    assert (ratio.numerator, ratio.denominator) == (1, 0)


def test_nothing_to_divide_by():
    found = compute(dialogue((Line(T, 0, 2), Line(C, 3, 4))), SETTINGS)
    assert named(found, "complex_reflection_share", T).value == Missing("no reflection was coded")
    assert named(found, "open_question_share", T).value == Missing("no question was coded")
    assert named(found, "reflection_count", T).value == 0
    assert named(found, "wait_time_after_open_question", T).value == Missing(
        "no open question with an answer in time was coded"
    )


def test_codes_that_are_missing_say_why():
    reason = Missing("no coder knows the language fi")
    found = compute(replace(dialogue(LINES), codes=reason), SETTINGS)
    for measure in ("reflection_count", "question_count", "open_question_share", "reflection_to_question_ratio"):
        value = named(found, measure, T)
        assert value.value == value.numerator == value.denominator == reason


def waits(lines, *, settings=SETTINGS, **options):
    return named(compute(dialogue(lines, **options), settings), "wait_time_after_open_question", T)


def test_wait_until_anyone_speaks():
    # 2 to 6 is 4 s; 22 to 24 is 2 s
    wait = named(FOUND, "wait_time_after_open_question", T)
    assert (wait.value, wait.n) == (3, 2)


def test_one_who_goes_on_at_once_leaves_no_wait():
    asked = Line(T, 0, 2, "what helps?", (OPEN,))
    assert waits((asked, Line(T, 2, 4, "most people rest"), Line(C, 9, 10))).value == 0
    assert waits((asked, Line(T, 3, 4, "most people rest"), Line(C, 9, 10))).value == 1


def test_an_answer_in_overlap_is_no_wait():
    assert waits((Line(T, 0, 2, "what helps?", (OPEN,)), Line(C, 1.8, 4, "rest I think"))).value == 0


def test_a_word_end_that_swallowed_the_silence_does_not_shorten_the_wait():
    # the recogniser lets "helps?" last until 6; speech ended at 2
    heard = activity(f"{T} 0-2, {C} 6-8")
    assert waits((Line(T, 0, 6, "what helps?", (OPEN,)), Line(C, 6, 8)), speech=heard).value == 4


def test_waits_that_say_nothing_are_left_out():
    asked = Line(T, 0, 2, "what helps?", (OPEN,))
    nothing = Missing("no open question with an answer in time was coded")
    assert waits((asked, Line(C, 33, 34))).value == nothing  # 31 s: later than wait_max
    assert waits((asked, Line(C, 32, 34))).value == 30
    assert waits((Line(C, 0, 1), replace(asked, start=2, end=4))).value == nothing  # nobody speaks again
    assert waits((asked, Line(C, 8, 9)), excluded=(Span(4, 6),)).value == nothing
    assert waits((asked, Line(C, 8, 9)), excluded=(Span(2, 8),)).value == nothing
    shorter = replace(SETTINGS, measures=MeasureSettings(wait_max=3))
    assert waits((asked, Line(C, 6, 7)), settings=shorter).value == nothing


def test_a_doubtful_silence_is_no_wait():
    talk = dialogue((Line(T, 0, 2, "what helps?", (OPEN,)), Line(C, 6, 7)))
    noisy = tuple(replace(s, evidence=SilenceEvidence.NOISE) for s in talk.silences)
    wait = named(compute(replace(talk, silences=noisy), SETTINGS), "wait_time_after_open_question", T)
    assert isinstance(wait.value, Missing)


def test_every_coded_measure_says_how_well_humans_agree():
    for name in ("reflection_count", "complex_reflection_share", "question_count", "open_question_share",
                 "reflection_to_question_ratio", "wait_time_after_open_question"):  # fmt: skip
        assert "kappa" in MEASURES[name].agreement


@given(st.lists(st.tuples(st.sampled_from([T, C]), st.sets(st.sampled_from(sorted(Code)), max_size=3)), max_size=15))
def test_counts_follow_from_the_codes(raw):
    lines = [Line(who, 3.0 * i, 3.0 * i + 2, "some words", tuple(sorted(own))) for i, (who, own) in enumerate(raw)]
    found = compute(dialogue(lines), SETTINGS)
    if T not in {who for who, _ in raw}:
        assert isinstance(named(found, "reflection_count", T).value, Missing)
        return
    own = [codes for who, codes in raw if who == T]
    reflections = sum(bool(codes & {SIMPLE, COMPLEX}) for codes in own)
    questions = sum(bool(codes & {OPEN, CLOSED}) for codes in own)
    assert named(found, "reflection_count", T).value == reflections
    assert named(found, "question_count", T).value == questions
    ratio = named(found, "reflection_to_question_ratio", T)
    assert (ratio.numerator, ratio.denominator) == (reflections, questions)
    assert isinstance(ratio.value, Missing) == (questions == 0)
