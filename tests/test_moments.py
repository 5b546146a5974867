"""Moments to listen to again, rule by rule."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders import SETTINGS, C, Line, T, dialogue, named, talk
from hypothesis import given
from hypothesis import strategies as st

from toolkit.coding.moments import Moment, find
from toolkit.intervals import Span
from toolkit.measures import compute
from toolkit.types import Code, CodedUtterance, Missing, Role

SIMPLE, COMPLEX, INFORM = Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION, Code.GIVING_INFORMATION
OPEN, CLOSED = Code.OPEN_QUESTION, Code.CLOSED_QUESTION
CHANGE, SUSTAIN, FEELING, LISTENING = Code.CHANGE_TALK, Code.SUSTAIN_TALK, Code.FEELING, Code.FACILITATE
CO, C2 = "co-therapist", "second client"
FOUR = {T: Role.THERAPIST, CO: Role.CO_THERAPIST, C: Role.CLIENT, C2: Role.CLIENT}


def moments(lines, **options) -> tuple[Moment, ...]:
    found = find(dialogue(lines, **options))
    assert not isinstance(found, Missing)
    return found


def test_a_moment_says_where_it_is_what_it_holds_and_what_came_instead():
    lines = talk(
        (C, 2, ()), (C, 3, (FEELING,)), (C, 1, ()), (C, 2, (CHANGE,)), (C, 1, ()),
        (T, 1, (LISTENING,)), (T, 2, (INFORM,)), (T, 2, (CLOSED, INFORM)),
        (C, 2, ()),
        (T, 2, (SIMPLE,)),
    )  # fmt: skip
    (found,) = moments(lines)
    assert (found.start, found.end) == (lines[1].start, lines[3].end)
    assert (found.utterance, found.told, found.marks) == (1, (1, 3), (FEELING, CHANGE))
    assert (found.volley, found.held, found.role) == ((6, 7), (CLOSED, INFORM), Role.THERAPIST)
    assert not found.reflected  # the reflection comes one volley too late


@pytest.mark.parametrize("codes", [(SIMPLE,), (COMPLEX,), (SIMPLE, OPEN)])
def test_a_reflection_anywhere_in_the_next_volley_answers(codes):
    for volley in ([(T, 2, codes)], [(T, 2, ()), (T, 2, codes)], [(T, 2, ()), (C, 1, (LISTENING,)), (T, 2, codes)]):
        (found,) = moments(talk((C, 3, (FEELING,)), *volley))
        assert found.reflected


def test_a_therapist_who_only_listens_has_not_answered_and_the_client_speaks_on():
    (found,) = moments(talk((C, 3, (FEELING,)), (T, 1, (LISTENING,)), (C, 3, (CHANGE,)), (T, 2, (SIMPLE,))))
    assert found.marks == (FEELING, CHANGE)
    assert found.reflected


def test_what_nobody_answers_any_more_is_no_moment():
    assert moments(talk((T, 2, (SIMPLE,)), (C, 3, (FEELING,)))) == ()
    assert moments(talk((C, 3, (FEELING,)), (T, 1, (LISTENING,)))) == ()


def test_a_therapists_own_feelings_are_no_moment():
    assert moments(talk((T, 2, (FEELING, CHANGE)), (C, 3, ()), (T, 2, ()))) == ()
    assert moments(talk((C, 3, (FEELING,)), (T, 2, (FEELING, Code.NEUTRAL))))[0].held == ()


def test_of_two_therapists_the_first_to_speak_has_the_moment():
    lines = talk((C, 3, (FEELING,)), (CO, 2, (CLOSED,)), (T, 2, (SIMPLE,)), (C2, 2, (CHANGE,)), (T, 2, (SIMPLE,)))
    found = compute(dialogue(lines, named=FOUR), SETTINGS)
    assert [(m.role, m.held) for m in moments(lines, named=FOUR)] == [("co_therapist", (CLOSED,)), (T, (SIMPLE,))]
    assert [named(found, "missed_opportunities", role).value for role in (T, "co_therapist")] == [0, 1]
    assert [named(found, "missed_opportunities", role).n for role in (T, "co_therapist")] == [1, 1]


def test_a_word_thrown_in_while_the_client_talks_is_no_answer():
    lines = [Line(C, 0, 10, codes=(FEELING,)), Line(T, 4, 5, codes=(OPEN,)), Line(T, 11, 13, codes=(SIMPLE,))]
    assert [m.volley for m in moments(lines)] == [(2,)]
    late = [Line(C, 0, 10, codes=(FEELING,)), Line(T, 9.8, 12, codes=(OPEN,))]
    assert [m.volley for m in moments(late)] == [(1,)]


def test_a_statement_that_only_sets_up_a_question_is_no_reflection():
    made = dialogue(talk((C, 3, (FEELING,)), (T, 2, (SIMPLE, OPEN))))
    leads_up, asks = made.codes[1].codes
    codes = (made.codes[0], CodedUtterance(1, (replace(leads_up, rule="setup.question"), asks)))
    (found,) = find(replace(made, codes=codes))
    assert (found.held, found.reflected) == ((OPEN,), False)


def test_an_interpreter_is_passed_over():
    people = {T: Role.THERAPIST, C: Role.CLIENT, "x": Role.INTERPRETER}
    lines = talk((C, 3, (FEELING,)), ("x", 2, (SIMPLE,)), (T, 2, (OPEN,)))
    (found,) = moments(lines, named=people)
    assert (found.volley, found.reflected) == ((2,), False)


def test_moments_next_to_an_excluded_portion_are_left_out():
    lines = [Line(C, 0, 3, codes=(FEELING,)), Line(T, 10, 12, codes=(OPEN,)), Line(C, 20, 23, codes=(FEELING,)),
             Line(T, 30, 32, codes=(SIMPLE,))]  # fmt: skip
    starts = {cut: [m.start for m in moments(lines, excluded=cut)] for cut in (
        (), (Span(4, 9),), (Span(13, 19),), (Span(24, 29),), (Span(33, 34),),
    )}  # fmt: skip
    assert list(starts.values()) == [[0, 20], [20], [20], [0], [0]]


def test_a_volley_that_may_have_gone_on_in_an_excluded_portion_is_no_answer_yet():
    lines = [Line(C, 0, 3, codes=(FEELING,)), Line(T, 5, 7, codes=(OPEN,)), Line(C, 8, 9, codes=(LISTENING,)),
             Line(T, 20, 22, codes=(SIMPLE,))]  # fmt: skip
    assert len(moments(lines)) == 1
    assert moments(lines, excluded=(Span(10, 15),)) == ()


def test_both_measures_of_moments():
    pairs = [((FEELING,), (SIMPLE,)), ((CHANGE,), (OPEN,)), ((CHANGE, FEELING), ()), ((SUSTAIN,), (OPEN,))]
    found = compute(dialogue(talk(*[x for c, t in pairs for x in ((C, 3, c), (T, 2, t))])), SETTINGS)
    missed, share = (named(found, m, T) for m in ("missed_opportunities", "reflected_opportunity_share"))
    assert (missed.value, missed.n) == (2, 3)
    assert missed.interval.start < 2 < missed.interval.end
    assert (share.value, share.numerator, share.denominator) == (pytest.approx(1 / 3, abs=1e-6), 1, 3)


def test_no_moment_is_a_count_of_none_and_no_share():
    found = compute(dialogue(talk((C, 3, ()), (T, 2, (OPEN,)))), SETTINGS)
    assert named(found, "missed_opportunities", T).value == 0
    assert named(found, "reflected_opportunity_share", T).value == Missing(
        "no feeling and no change talk was coded before a volley of the therapist's"
    )


LETTERS = {
    "c": (C, ()), "m": (C, (FEELING,)), "n": (C, (CHANGE,)), "y": (C, (LISTENING,)),
    "t": (T, (INFORM,)), "r": (T, (COMPLEX,)), "h": (T, (LISTENING,)), "x": ("x", (SIMPLE,)),
}  # fmt: skip


@given(st.text(alphabet=sorted(LETTERS), max_size=25))
def test_moments_are_those_of_a_pattern(letters):
    """The same rules said in another way: as a pattern over one letter an utterance."""
    people = {T: Role.THERAPIST, C: Role.CLIENT, "x": Role.INTERPRETER}
    found = moments(talk(*[(LETTERS[x][0], 2.0, LETTERS[x][1]) for x in letters]), named=people)
    answered = re.sub("(?<=r)y", "c", re.sub("[hx]", "", letters)).replace("y", "")
    wanted = re.findall("([cmn]*[mn][cmn]*)([tr]+)", answered)
    assert [(len(m.told), m.reflected) for m in found] == [(len(re.findall("[mn]", a)), "r" in b) for a, b in wanted]
