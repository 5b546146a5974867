"""The views of MITI and MISC, and waiting, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SETTINGS, C, Line, T, activity, dialogue, named
from hypothesis import given
from hypothesis import strategies as st

from toolkit.backends import codable
from toolkit.coding.volleys import MITI, of
from toolkit.intervals import Span
from toolkit.measures import CLIENT_MEASURES, MEASURES, THERAPIST_MEASURES, coding, compute, notes
from toolkit.settings import MeasureSettings
from toolkit.types import Code, Missing, Role, SilenceEvidence

SIMPLE, COMPLEX = Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION
OPEN, CLOSED = Code.OPEN_QUESTION, Code.CLOSED_QUESTION
CHANGE, SUSTAIN = Code.CHANGE_TALK, Code.SUSTAIN_TALK
SHORT = replace(SETTINGS, measures=MeasureSettings(miti_counts_only=0))  # a session by hand lasts half a minute

# volleys: open | closed | complex with a check | open, the closed one beside it | simple
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
FOUND = compute(dialogue(LINES), SHORT)


def parts(value):
    return (value.value, value.numerator, value.denominator, value.n)


def test_miti_counts_volleys():
    counted = {"reflection_count": 2, "simple_reflection_count": 1, "complex_reflection_count": 1, "question_count": 4}
    assert {name: named(FOUND, name, T).value for name in counted} == counted


def test_miti_summaries_keep_their_parts():
    assert parts(named(FOUND, "complex_reflection_share", T)) == (0.5, 1, 2, 2)
    assert parts(named(FOUND, "open_question_share", T)) == (0.5, 2, 4, 4)
    ratio = named(FOUND, "reflection_to_question_ratio", T)
    assert parts(ratio) == (0.5, 2, 4, 6)
    assert ratio.interval.start < 0.5 < ratio.interval.end


def test_misc_counts_utterances():
    assert parts(named(FOUND, "misc_complex_reflection_share", T)) == (pytest.approx(2 / 3, abs=1e-6), 2, 3, 3)
    assert parts(named(FOUND, "misc_open_question_share", T)) == (0.5, 2, 4, 4)
    assert parts(named(FOUND, "misc_reflection_to_question_ratio", T)) == (0.75, 3, 4, 7)


def test_every_code_of_miti_has_its_count():
    lines = [Line(T, 3.0 * i, 3.0 * i + 2, "some words", (code,)) for i, code in enumerate(sorted(MITI))]
    lines = [x for line in lines for x in (line, Line(C, line.end, line.end + 0.5))]
    found = compute(dialogue(lines), SHORT)
    singles = {
        "simple_reflection_count": 1, "complex_reflection_count": 1, "reflection_count": 2, "question_count": 2,
        "giving_information_count": 1, "persuade_count": 1, "persuade_with_permission_count": 1, "affirm_count": 1,
        "seek_collaboration_count": 1, "emphasize_autonomy_count": 1, "confront_count": 1, "mi_adherent_count": 3,
        "mi_non_adherent_count": 2,
    }  # fmt: skip
    assert {name: named(found, name, T).value for name in singles} == singles
    assert parts(named(found, "mi_adherent_share", T)) == (0.6, 3, 5, 5)


def test_a_sum_adds_the_codes_of_one_volley():
    both = (Code.SEEK_COLLABORATION,), (Code.CONFRONT,)
    lines = [Line(T, 0, 2, "some words", both[0]), Line(T, 3, 5, "some words", both[1])]
    found = compute(dialogue(lines), SHORT)
    assert parts(named(found, "mi_adherent_share", T)) == (0.5, 1, 2, 2)


def test_a_clients_talk_about_change():
    own = [(CHANGE,), (CHANGE, SUSTAIN), (SUSTAIN,), (CHANGE,), (Code.NEUTRAL,), ()]
    lines = [Line(C, 3.0 * i, 3.0 * i + 2, "some words", codes) for i, codes in enumerate(own)]
    found = compute(dialogue([*lines, Line(T, 30, 31, "some words", (CHANGE,))]), SETTINGS)
    assert named(found, "change_talk_count", C).value == 3
    assert named(found, "sustain_talk_count", C).value == 2
    assert parts(named(found, "change_talk_share", C)) == (0.6, 3, 5, 5)
    neither = compute(dialogue([Line(C, 0, 2), Line(T, 3, 4)]), SETTINGS)
    share = named(neither, "change_talk_share", C)
    assert parts(share) == (Missing("neither change nor sustain talk was coded"), 0, 0, 0)


def test_who_has_which_measures():
    for name in ("reflection_count", "mi_adherent_share", "misc_open_question_share", "wait_time_after_open_question"):
        assert {v.role for v in FOUND if v.measure == name} == {T}
        assert name in THERAPIST_MEASURES
    for name in ("change_talk_count", "sustain_talk_count", "change_talk_share"):
        assert {v.role for v in FOUND if v.measure == name} == {C}
        assert name in CLIENT_MEASURES
    both = compute(dialogue(LINES, named={T: Role.CO_THERAPIST, C: Role.CLIENT}), SHORT)
    assert named(both, "reflection_count", "co_therapist").value == 2


def test_swapped_roles_count_the_other_speaker():
    swapped = compute(dialogue(LINES, named={T: Role.CLIENT, C: Role.THERAPIST}), SHORT)
    assert named(swapped, "reflection_count", T).value == 1
    ratio = named(swapped, "reflection_to_question_ratio", T)
    assert ratio.value == Missing("no question was coded")  # never 0, never infinity
    assert (ratio.numerator, ratio.denominator) == (1, 0)


def test_nothing_to_divide_by():
    found = compute(dialogue((Line(T, 0, 2), Line(C, 3, 4))), SHORT)
    assert named(found, "complex_reflection_share", T).value == Missing("no reflection was coded")
    assert named(found, "open_question_share", T).value == Missing("no question was coded")
    assert named(found, "reflection_count", T).value == 0
    assert named(found, "mi_adherent_share", T).value == Missing(
        "neither MI-adherent nor non-adherent codes were found"
    )
    assert named(found, "wait_time_after_open_question", T).value == Missing(
        "no open question with an answer in time was coded"
    )


def test_codes_that_are_missing_say_why():
    reason = Missing("no coder knows the language fi")
    found = compute(replace(dialogue(LINES), codes=reason), SETTINGS)
    for measure in ("reflection_count", "question_count", "open_question_share", "misc_open_question_share"):
        value = named(found, measure, T)
        assert value.value == value.numerator == value.denominator == reason
    assert named(found, "change_talk_count", C).value == reason


# what the coder does not look for


def test_a_code_that_the_coder_does_not_look_for_is_missing_and_never_0():
    rules = replace(dialogue(LINES), coded=frozenset({SIMPLE, COMPLEX, CLOSED, Code.SEEK_COLLABORATION}))
    found = compute(rules, SHORT)
    assert named(found, "reflection_count", T).value == 2
    assert named(found, "seek_collaboration_count", T).value == 0
    reasons = {
        ("change_talk_count", C): "change talk",
        ("change_talk_share", C): "change talk and sustain talk",
        ("question_count", T): "open question",
        ("mi_adherent_count", T): "affirm and emphasize autonomy",  # a sum without parts of it would be too small
        ("wait_time_after_open_question", T): "open question",
    }
    for (name, role), codes in reasons.items():
        value = named(found, name, role)
        assert value.value == value.numerator == Missing(f"the coder of this session does not code: {codes}")


def test_a_coder_that_does_not_say_looks_for_every_code():
    class Silent:
        pass

    class Telling:
        codes = frozenset({SIMPLE})

    assert codable(Silent()) == codable(Missing("turned off")) == frozenset(Code)
    assert codable(Telling()) == {SIMPLE}


# how long the session is


def lasting(seconds, *, settings=SETTINGS):
    """A reflection and two questions in a session of that length."""
    lines = (
        Line(T, 0, 2, "some words", (OPEN,)), Line(C, 3, 5), Line(T, 6, 8, "some words", (COMPLEX,)), Line(C, 9, 11),
        Line(T, 12, 14, "some words", (CLOSED,)), Line(C, seconds - 2, seconds),
    )  # fmt: skip
    talk = dialogue(lines)
    return compute(talk, settings), notes(talk, settings)


def test_under_five_minutes_only_counts_mean_anything():
    found, told = lasting(299)
    reason = Missing("the session is shorter than 5 min: only counts mean anything")
    for name in ("reflection_to_question_ratio", "complex_reflection_share", "open_question_share"):
        value = named(found, name, T)
        assert value.value == value.interval == reason
    assert parts(named(found, "reflection_to_question_ratio", T))[1:] == (1, 2, 3)  # they add up over a caseload
    assert named(found, "question_count", T).value == 2
    assert named(found, "misc_reflection_to_question_ratio", T).value == 0.5  # the limit is MITI's
    assert told == ("Shorter than 5 min: only the counts of MITI mean anything.",)


def test_under_ten_minutes_the_summaries_are_doubtful_and_said_to_be():
    found, told = lasting(301)
    assert named(found, "reflection_to_question_ratio", T).value == 0.5
    assert told == ("Shorter than 10 min: the summaries of MITI are doubtful.",)
    assert lasting(601)[1] == ()


def test_excluded_portions_do_not_make_a_session_longer():
    talk = dialogue((Line(T, 0, 2, "some words", (OPEN,)), Line(C, 398, 400)), excluded=(Span(10, 200),))
    assert isinstance(named(compute(talk, SETTINGS), "open_question_share", T).value, Missing)


def test_nothing_is_noted_where_nothing_was_coded():
    assert notes(replace(dialogue(LINES), codes=Missing("no coder")), SETTINGS) == ()
    assert notes(dialogue((Line(C, 0, 2),)), SETTINGS) == ()


# MITI's random segment


def test_the_random_segment_is_a_window_of_its_own():
    lines = [
        Line(who, 10.0 * i, 10.0 * i + 8, "some words", (COMPLEX if i % 4 else OPEN,) if who == T else ())
        for i, who in enumerate([T, C] * 180)
    ]  # an hour, a therapist's volley every 20 s, every second one a question
    talk = dialogue(lines)
    found = compute(talk, SETTINGS)
    whole = named(found, "reflection_to_question_ratio", T)
    part = named(found, "reflection_to_question_ratio_sample", T)
    assert whole.window == Span(0, 3598)
    assert part.window.end - part.window.start == pytest.approx(1200)
    own = [v for v in of(talk) if part.window.start <= v.start and v.end <= part.window.end]
    assert (part.numerator, part.denominator) == (
        sum(COMPLEX in v.codes for v in own),
        sum(OPEN in v.codes for v in own),
    )
    assert 58 <= part.n <= 60
    other = replace(SETTINGS, measures=MeasureSettings(sample_seed=2))
    assert named(compute(talk, other), "reflection_to_question_ratio_sample", T).window != part.window
    assert named(compute(talk, other), "reflection_to_question_ratio", T) == whole


def test_a_session_of_twenty_minutes_is_its_own_segment():
    for whole in ("reflection_to_question_ratio", "complex_reflection_share"):
        one, other = named(FOUND, whole, T), named(FOUND, f"{whole}_sample", T)
        assert replace(other, measure=whole) == one


# the time left after an open question


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


# what all of them say


def test_every_coded_measure_says_how_well_humans_agree_and_whose_scheme_it_is():
    schemes = {e.measure.name: e.measure.scheme for e in coding.ROLE_MEASURES if e.measure.scheme}
    assert len(schemes) == 25
    for name, scheme in schemes.items():
        measure = MEASURES[name]
        assert "kappa" in measure.agreement
        assert measure.bands == () or scheme.startswith("MITI")
        assert all(band.scheme == f"{scheme}; expert opinion without norms" for band in measure.bands)


@pytest.mark.parametrize(
    ("name", "fair", "good"),
    [
        ("reflection_to_question_ratio", 1, 2), ("complex_reflection_share", 0.4, 0.5),
        ("open_question_share", 0.5, 0.7), ("mi_adherent_share", 0.9, 1),
    ],
)  # fmt: skip
def test_thresholds_are_those_of_the_manuals(name, fair, good):
    assert [(band.label, band.low) for band in MEASURES[name].bands] == [("fair", fair), ("good", good)]


@given(st.lists(st.tuples(st.sampled_from([T, C]), st.sets(st.sampled_from(sorted(Code)), max_size=3)), max_size=15))
def test_parts_add_up(raw):
    lines = [Line(who, 3.0 * i, 3.0 * i + 2, "some words", tuple(sorted(own))) for i, (who, own) in enumerate(raw)]
    found = compute(dialogue(lines), SHORT)
    if T not in {who for who, _ in raw}:
        assert isinstance(named(found, "reflection_count", T).value, Missing)
        return
    count = {v.measure: v.value for v in found if v.role == T and v.measure.endswith("_count")}
    assert count["simple_reflection_count"] + count["complex_reflection_count"] == count["reflection_count"]
    assert count["confront_count"] + count["persuade_count"] == count["mi_non_adherent_count"]
    ratio = named(found, "reflection_to_question_ratio", T)
    assert (ratio.numerator, ratio.denominator) == (count["reflection_count"], count["question_count"])
    assert isinstance(ratio.value, Missing) == (count["question_count"] == 0)
    utterances = named(found, "misc_reflection_to_question_ratio", T)
    assert ratio.numerator <= utterances.numerator  # a volley holds one or more of them
    assert ratio.denominator <= utterances.denominator
