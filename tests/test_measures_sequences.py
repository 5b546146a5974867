"""What the client does after each act, drift in windows, and moments to listen to again, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SETTINGS, C, Line, T, activity, dialogue, named, talk
from hypothesis import given
from hypothesis import strategies as st

from toolkit.intervals import Span
from toolkit.measures import MEASURES, WINDOW_MEASURES, compute
from toolkit.settings import MeasureSettings
from toolkit.types import Code, Missing, Role

SIMPLE, COMPLEX, INFORM = Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION, Code.GIVING_INFORMATION
OPEN, CLOSED = Code.OPEN_QUESTION, Code.CLOSED_QUESTION
CHANGE, SUSTAIN, FEELING, LISTENING = Code.CHANGE_TALK, Code.SUSTAIN_TALK, Code.FEELING, Code.FACILITATE
CO, C2 = "co-therapist", "second client"
FOUR = {T: Role.THERAPIST, CO: Role.CO_THERAPIST, C: Role.CLIENT, C2: Role.CLIENT}
LACKING = "the coder of this session does not code:"
FEW = Missing("fewer than 3 client turns follow a reflection directly")


def after(lines, measure, *, role="therapist", **options):
    return named(compute(dialogue(lines, **options), SETTINGS), measure, role)


THREE = talk(
    (T, 2, (SIMPLE,)), (C, 4, (CHANGE,)),
    (T, 2, (COMPLEX,)), (C, 6, (SUSTAIN,)),
    (T, 2, (SIMPLE, CLOSED)), (C, 11, (CHANGE, SUSTAIN)),
    (T, 2, (OPEN,)), (C, 20, ()),
)  # fmt: skip


def test_the_turn_after_an_act_and_whether_it_holds_change_talk():
    length = after(THREE, "client_turn_after_reflection")
    assert (length.value, length.n) == (6, 3)
    change = after(THREE, "change_talk_after_reflection")
    assert (change.value, change.numerator, change.denominator, change.n) == (pytest.approx(2 / 3, abs=1e-6), 2, 3, 3)
    assert change.interval.start < 2 / 3 < change.interval.end


def test_too_few_turns_say_nothing_but_keep_what_was_counted():
    few = after(THREE[:4], "change_talk_after_reflection")
    assert (few.value, few.numerator, few.denominator, few.n) == (FEW, 1, 2, 2)
    assert after(THREE[:4], "client_turn_after_reflection").value == FEW
    assert after(THREE, "client_turn_after_information").n == 0


def test_five_turns_have_an_interval():
    lines = talk(*[x for length in (1, 2, 3, 4, 9) for x in ((T, 2, (OPEN,)), (C, length, ()))])
    found = after(lines, "client_turn_after_open_question")
    assert (found.value, found.interval) == (3, Span(1, 9))


@pytest.mark.parametrize("told", [((), (CHANGE,)), ((CHANGE,), ()), ((CHANGE, LISTENING), ())])
def test_every_utterance_of_the_turn_counts_for_change_talk(told):
    one, other = told
    lines = talk(*[x for _ in range(3) for x in ((T, 2, (OPEN,)), (C, 2, one), (C, 2, other), (T, 1, ()))])
    assert after(lines, "change_talk_after_open_question").value == 1
    assert after(lines, "client_turn_after_open_question").value == 4.5  # its own pause is part of the turn


@pytest.mark.parametrize("who", [T, CO])
def test_an_act_followed_by_more_of_the_therapists_has_no_turn_after_it(who):
    lines = [*THREE[:4], *talk((T, 2, (SIMPLE,)), (who, 2, (OPEN,)), (C, 4, ()))]
    moved = [replace(x, start=x.start + 30, end=x.end + 30) for x in lines[4:]]
    assert after([*lines[:4], *moved], "client_turn_after_reflection", named=FOUR).n == 2
    asked = after([*lines[:4], *moved], "client_turn_after_open_question", role=FOUR[who], named=FOUR)
    assert asked.n == 1


def test_each_therapist_has_the_turns_after_their_own_acts():
    lines = talk((T, 2, (SIMPLE,)), (C, 3, ()), (CO, 2, (SIMPLE,)), (C, 3, ()), (CO, 2, (SIMPLE,)), (C, 3, ()))
    found = compute(dialogue(lines, named=FOUR), SETTINGS)
    assert [named(found, "client_turn_after_reflection", role).n for role in (T, "co_therapist")] == [1, 2]


def test_an_utterance_that_asks_both_ways_is_an_open_question():
    lines = talk(*[x for _ in range(3) for x in ((T, 2, (CLOSED, OPEN)), (C, 3, ()))])
    assert after(lines, "client_turn_after_open_question").n == 3
    assert after(lines, "client_turn_after_closed_question").n == 0


def test_saying_one_listens_is_passed_over():
    lines = talk((T, 2, (INFORM,)), (C, 1.5, (LISTENING,)), (T, 1.5, (LISTENING,)), (C, 7, ()))
    found = compute(dialogue(lines), SETTINGS)
    assert named(found, "client_turn_after_information", T).n == 1
    goes_on = talk((T, 2, (INFORM,)), (C, 1.5, (LISTENING,)), (T, 2, ()), (C, 7, ()))
    assert after(goes_on, "client_turn_after_information").n == 0


def test_one_who_listens_and_speaks_for_change_is_heard():
    assert after(talk((T, 2, (INFORM,)), (C, 2, (LISTENING, CHANGE))), "client_turn_after_information").n == 1


def test_a_yeah_while_the_question_goes_on_is_no_answer():
    lines = [Line(T, 0, 6, codes=(OPEN,)), Line(C, 2, 3.5, codes=(LISTENING,)), Line(C, 7, 12)]
    found = compute(dialogue(lines, speech=activity(f"{T} 0-6, {C} 2-3.5, {C} 7-12")), SETTINGS)
    assert named(found, "client_turn_after_open_question", T).n == 1


@pytest.mark.parametrize(("act", "measure"), [(CLOSED, "closed_question"), (SIMPLE, "reflection")])
def test_a_yeah_that_answers_is_a_turn(act, measure):
    lines = talk(*[x for _ in range(3) for x in ((T, 2, (act,)), (C, 1.5, (LISTENING,)), (T, 2, ()), (C, 9, ()))])
    found = after(lines, f"client_turn_after_{measure}")
    assert (found.value, found.n) == (1.5, 3)


def test_an_act_into_a_turn_that_runs_on_has_no_turn_after_it():
    # the client speaks from 0 to 10; "it hurts" at 4 takes no floor
    heard = activity(f"{C} 0-10, {T} 4-5")
    lines = [Line(C, 0, 3.9), Line(T, 4, 5, "it hurts", (SIMPLE,)), Line(C, 5.1, 10)]
    assert after(lines, "client_turn_after_reflection", speech=heard).n == 0


def test_of_two_clients_the_first_answers():
    lines = talk(*[x for _ in range(3) for x in ((T, 2, (OPEN,)), (C2, 3, ()), (C, 8, (CHANGE,)))])
    found = compute(dialogue(lines, named=FOUR), SETTINGS)
    assert named(found, "client_turn_after_open_question", T).value == 3
    assert named(found, "change_talk_after_open_question", T).value == 0


def test_nothing_is_known_across_an_excluded_portion():
    lines = [*THREE[:6], Line(T, 100, 102, "so", (SIMPLE,)), Line(C, 110, 119)]
    assert after(lines, "client_turn_after_reflection").n == 4
    assert after(lines, "client_turn_after_reflection", excluded=[Span(103, 109)]).n == 3
    assert after(lines, "client_turn_after_reflection", excluded=[Span(120, 130)]).n == 4


def test_codes_that_the_coder_does_not_find_are_missing_and_never_zero():
    rules = frozenset({SIMPLE, COMPLEX, OPEN, CLOSED})
    found = compute(replace(dialogue(THREE), coded=rules), SETTINGS)
    assert named(found, "client_turn_after_reflection", T).value == 6
    assert named(found, "change_talk_after_reflection", T).value == Missing(f"{LACKING} change talk")
    assert named(found, "client_turn_after_information", T).value == Missing(f"{LACKING} giving information")
    for name in ("missed_opportunities", "reflected_opportunity_share"):
        value = named(found, name, T)
        assert value.value == value.numerator == Missing(f"{LACKING} change talk and feeling")
    (share,) = (v.value for v in found if v.measure == "change_talk_share_per_window")
    assert share == Missing(f"{LACKING} change talk and sustain talk")
    assert [v.value for v in found if v.measure == "reflections_per_window"] == [3]


def test_without_words_codes_or_roles_all_are_missing_with_the_reason():
    names = [m for m in MEASURES if "_after_" in m and "wait" not in m]
    names += ["missed_opportunities", "reflected_opportunity_share"]
    reason = Missing("no coder knows the language fi")
    uncoded = compute(replace(dialogue(THREE), codes=reason), SETTINGS)
    wordless = compute(dialogue(THREE, with_words=False), SETTINGS)
    nobody = compute(dialogue(THREE, named={T: Role.THERAPIST, C: Role.OTHER}), SETTINGS)
    for name in names:
        assert named(uncoded, name, T).value == reason
        assert named(wordless, name, T).value == Missing("the session has no words")
        assert named(nobody, name, T).value == Missing("nobody in this session has the role client")


# windows ------------------------------------------------------------------------------------------------------------


def by_window(lines, name, *, settings=SETTINGS, **options):
    return [v for v in compute(dialogue(lines, **options), settings) if v.measure == name]


LONG = (
    Line(T, 0, 2, codes=(SIMPLE, COMPLEX)), Line(C, 3, 5, codes=(CHANGE,)), Line(T, 299, 302, codes=(SIMPLE, OPEN)),
    Line(C, 303, 305, codes=(CHANGE, SUSTAIN)), Line(C, 310, 312, codes=(SUSTAIN,)), Line(T, 650, 652, codes=(CLOSED,)),
)  # fmt: skip


def test_a_volley_belongs_to_the_window_in_which_it_begins():
    reflections, questions = (by_window(LONG, f"{what}_per_window") for what in ("reflections", "questions"))
    assert [v.window for v in reflections] == [Span(0, 300), Span(300, 600), Span(600, 652)]
    assert [v.value for v in reflections] == [2, 0, 0]
    assert [v.value for v in questions] == [1, 0, 1]
    assert reflections[1].interval.start == 0
    assert reflections[1].interval.end > 2  # none in five minutes is not "never"


def test_the_counts_of_all_windows_add_up_to_that_of_the_session():
    found = compute(dialogue(LONG), SETTINGS)
    for what in ("reflection", "question"):
        each = [v.value for v in found if v.measure == f"{what}s_per_window"]
        assert sum(each) == named(found, f"{what}_count", T).value == 2


def test_words_timed_before_the_first_speech_belong_to_the_first_window():
    heard = activity(f"{T} 0.5-2, {C} 390-395")
    lines = (Line(T, 0, 2, codes=(SIMPLE,)), Line(C, 390, 395))
    found = by_window(lines, "reflections_per_window", speech=heard)
    assert [(v.value, v.window) for v in found] == [(1, Span(0.5, 300.5)), (0, Span(300.5, 395))]


def test_a_window_begins_where_the_one_before_ends():
    found = by_window((Line(C, 0, 2), Line(T, 300, 302, codes=(SIMPLE,))), "reflections_per_window")
    assert [v.value for v in found] == [0, 1]


def test_change_talk_share_of_a_window_keeps_its_parts():
    found = by_window(LONG, "change_talk_share_per_window")
    assert [(v.numerator, v.denominator) for v in found] == [(1, 1), (1, 3), (0, 0)]
    assert [v.value for v in found[:2]] == [1, pytest.approx(1 / 3, abs=1e-6)]
    assert found[2].value == Missing("neither change talk nor sustain talk was coded in this window")


def test_a_window_in_which_nobody_speaks_is_missing():
    settings = replace(SETTINGS, measures=MeasureSettings(window=100))
    values = [v.value for v in by_window(LONG, "reflections_per_window", settings=settings)]
    nobody = Missing("nobody speaks in this window")
    assert values == [1, nobody, 1, 0, nobody, nobody, 0]


def test_windows_are_those_of_talk_balance():
    found = compute(dialogue(LONG), SETTINGS)
    windows = {name: [v.window for v in found if v.measure == name] for name in WINDOW_MEASURES}
    assert set(WINDOW_MEASURES) == {
        "talk_balance", "reflections_per_window", "questions_per_window", "change_talk_share_per_window",
    }  # fmt: skip
    assert all(spans == windows["talk_balance"] for spans in windows.values())


LETTERS = {
    "c": (C, ()), "m": (C, (FEELING,)), "n": (C, (CHANGE,)), "y": (C, (LISTENING,)),
    "t": (T, (INFORM,)), "r": (T, (COMPLEX,)), "h": (T, (LISTENING,)), "x": ("x", (SIMPLE,)),
}  # fmt: skip


@given(st.text(alphabet=sorted(set(LETTERS) - {"x"}), max_size=25), st.floats(0, 1000))
def test_a_shift_of_the_recording_changes_no_number(letters, shift):
    lines = talk(*[(LETTERS[x][0], 2.0, LETTERS[x][1]) for x in letters])
    later = [replace(x, start=x.start + round(shift, 3), end=x.end + round(shift, 3)) for x in lines]
    one, other = (compute(dialogue(x), SETTINGS) for x in (lines, later))
    for before, now in zip(one, other, strict=True):
        if "_after_" in before.measure or "opportunit" in before.measure or before.measure in WINDOW_MEASURES:
            assert (before.value, before.n, before.interval) == (now.value, now.n, now.interval)
