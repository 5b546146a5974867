"""MITI's volleys and the rules of counting, each by itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import pytest
from builders import C, Line, T, dialogue, roles, spoken
from hypothesis import given
from hypothesis import strategies as st

from toolkit.coding.sampling import inside, sample_span
from toolkit.coding.settling import RULES, settle
from toolkit.coding.volleys import HIGHER, MITI, STRIKES, find, of
from toolkit.intervals import Span
from toolkit.types import AppliedCode, Chances, Code, CodedUtterance, Missing, Role

SIMPLE, COMPLEX = Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION
OPEN, CLOSED = Code.OPEN_QUESTION, Code.CLOSED_QUESTION
TELL, URGE, ALLOWED = Code.GIVING_INFORMATION, Code.PERSUADE, Code.PERSUADE_WITH_PERMISSION
AFFIRM, SEEK, FREE, CONFRONT = Code.AFFIRM, Code.SEEK_COLLABORATION, Code.EMPHASIZE_AUTONOMY, Code.CONFRONT
YEAH = Code.FACILITATE
CO = "co"
PEOPLE = roles({T: Role.THERAPIST, CO: Role.CO_THERAPIST, C: Role.CLIENT, "i": Role.INTERPRETER, "x": Role.OTHER})


def applied(code, first=0, last=0, rule="hand"):
    return AppliedCode(code, "hand", rule, first, last, -1)


def said(*turns, gap=1.0):
    """Volleys of utterances of 2 s each, `gap` apart: pairs of a speaker and codes, as `Code` or `AppliedCode`."""
    lines = [Line(who, i * (2 + gap), i * (2 + gap) + 2) for i, (who, *_) in enumerate(turns)]
    coded = [
        CodedUtterance(i, tuple(applied(c) if isinstance(c, Code) else c for c in codes))
        for i, (_, *codes) in enumerate(turns)
    ]
    return find(spoken(lines), coded, PEOPLE)


def counts(volleys):
    return [sorted(v.codes) for v in volleys]


def by_rule(codes):
    return [(c.code, c.counting) for c in codes]


# where a volley begins and ends


def test_a_volley_is_one_therapists_uninterrupted_talk():
    found = said((T, SIMPLE), (T, OPEN), (C,), (T, CLOSED))
    assert [(v.index, v.speaker, v.start, v.end, v.utterances) for v in found] == [
        (0, T, 0, 5, (0, 1)),
        (1, T, 9, 11, (3,)),
    ]
    assert counts(found) == [[OPEN, SIMPLE], [CLOSED]]


def test_a_clients_yeah_does_not_end_it():
    assert [v.utterances for v in said((T, TELL), (C, YEAH), (C, YEAH), (T, SIMPLE))] == [(0, 3)]
    assert len(said((T, TELL), (C,), (T, SIMPLE))) == 2


@pytest.mark.parametrize("code", [SIMPLE, COMPLEX, OPEN, CLOSED, SEEK])
def test_a_yeah_that_answers_a_question_or_a_reflection_ends_it(code):
    assert len(said((T, code), (C, YEAH), (T, TELL))) == 2


def test_only_the_last_utterance_before_a_yeah_can_be_what_it_answers():
    assert len(said((T, OPEN), (T, TELL), (C, YEAH), (T, TELL))) == 1
    assert len(said((T, TELL), (T, OPEN), (C, YEAH), (T, TELL))) == 2


def test_a_yeah_after_what_only_sets_up_a_question_answers_nothing():
    leads_up = applied(SIMPLE, rule="setup.you_said")
    assert counts(said((T, leads_up), (C, YEAH), (T, OPEN))) == [[OPEN]]


def test_a_question_that_is_counted_as_something_else_is_still_answered():
    assert len(said((T, applied(CLOSED), applied(CONFRONT)), (C, YEAH), (T, TELL))) == 2


def test_a_yeah_within_the_therapists_words_is_no_answer():
    lines = [Line(T, 0, 10), Line(C, 4, 5), Line(T, 11, 12)]
    coded = [CodedUtterance(0, (applied(OPEN),)), CodedUtterance(1, (applied(YEAH),))]
    assert [v.utterances for v in find(spoken(lines), coded, PEOPLE)] == [(0, 2)]
    later = [lines[0], Line(C, 9.5, 10.5), lines[2]]
    assert [v.utterances for v in find(spoken(later), coded, PEOPLE)] == [(0,), (2,)]


def test_a_yeah_that_speaks_for_change_ends_it():
    assert len(said((T, TELL), (C, YEAH, Code.CHANGE_TALK), (T, TELL))) == 2
    assert len(said((T, TELL), (C, YEAH, Code.NEUTRAL), (T, TELL))) == 1


def test_another_therapist_ends_it_unless_they_only_listen():
    assert [v.speaker for v in said((T, TELL), (CO, TELL), (T, TELL))] == [T, CO, T]
    assert [v.utterances for v in said((T, OPEN), (CO, YEAH), (T, TELL))] == [(0, 2)]


def test_an_interpreter_neither_ends_it_nor_belongs_to_it():
    assert [v.utterances for v in said((T, TELL), ("i", SIMPLE), (T, OPEN))] == [(0, 2)]


@pytest.mark.parametrize("who", ["x", "nobody named"])
def test_others_and_unknown_speakers_end_it_as_a_client_does(who):
    assert len(said((T, TELL), (who,), (T, TELL))) == 2
    assert len(said((T, TELL), (who, YEAH), (T, TELL))) == 1
    assert len(said((T, OPEN), (who, YEAH), (T, TELL))) == 2


def test_an_excluded_portion_ends_it():
    lines, coded = spoken([Line(T, 0, 2), Line(T, 9, 11)]), ()
    assert len(find(lines, coded, PEOPLE)) == 1
    assert len(find(lines, coded, PEOPLE, excluded=[Span(3, 8)])) == 2
    assert len(find(lines, coded, PEOPLE, excluded=[Span(12, 13)])) == 1


def test_one_who_talks_on_after_the_therapists_words_ends_it():
    aside = spoken([Line(C, 0, 30), Line(T, 10, 11), Line(T, 31, 33)])
    assert [v.utterances for v in find(aside, (), PEOPLE)] == [(1,), (2,)]
    overlapped = spoken([Line(C, 0, 10.1), Line(T, 10, 11), Line(T, 12, 13)])
    assert [v.utterances for v in find(overlapped, (), PEOPLE)] == [(1, 2)]
    two = spoken([Line(CO, 0, 30), Line(T, 10, 11), Line(T, 31, 33)])
    assert [v.utterances for v in find(two, (), PEOPLE)] == [(0,), (1,), (2,)]


def test_a_therapists_own_mhm_begins_no_volley():
    assert said((C,), (T, YEAH), (C,)) == ()
    assert [v.utterances for v in said((T, YEAH), (T, TELL), (T, YEAH), (T, OPEN))] == [(1, 3)]
    assert [v.utterances for v in said((T, YEAH, SIMPLE))] == [(0,)]  # it reflects, so it does more than listen


def test_nobody_is_a_therapist_and_nobody_speaks():
    assert find(spoken([Line(T, 0, 1)]), (), {}) == ()
    assert find((), (), PEOPLE) == ()


def test_a_session_without_words_or_codes_has_no_volleys():
    talk = dialogue([Line(T, 0, 2)])
    assert len(of(talk)) == 1
    assert of(dialogue([Line(T, 0, 2)], with_words=False)) == Missing("the session has no words")
    assert of(replace(talk, codes=Missing("no coder knows it"))) == Missing("no coder knows it")


# what a volley counts


@pytest.mark.parametrize("code", sorted(MITI))
def test_each_code_counts_once(code):
    (volley,) = said((T, code), (T, code), (T, code))
    assert by_rule(volley.counted) == [(code, "volley.once")]
    assert volley.counted[0].utterance == 0
    assert by_rule(volley.dropped) == [(code, "volley.once")] * 2


@pytest.mark.parametrize(
    ("lower", "higher", "rule"),
    [(SIMPLE, COMPLEX, "volley.complex"), (CLOSED, OPEN, "volley.open"), (URGE, ALLOWED, "volley.permission")],
)
def test_the_higher_of_two_kinds_counts_wherever_it_stands(lower, higher, rule):
    (rising,) = said((T, lower), (T, higher))
    assert by_rule(rising.counted) == [(higher, rule)]
    assert by_rule(rising.dropped) == [(lower, rule)]
    assert rising.counted[0].utterance == 1
    (falling,) = said((T, higher), (T, lower))
    assert by_rule(falling.counted) == [(higher, "volley.once")]
    assert by_rule(falling.dropped) == [(lower, rule)]


def test_a_reflection_and_its_check_both_count():
    assert counts(said((T, SIMPLE), (T, CLOSED))) == [[CLOSED, SIMPLE]]
    assert counts(said((T, applied(COMPLEX, 0, 5), applied(CLOSED, 6, 8)))) == [[CLOSED, COMPLEX]]


def test_all_eight_kinds_can_count_in_one_volley():
    (volley,) = said(*((T, code) for code in sorted(MITI)))
    assert volley.codes == {COMPLEX, OPEN, TELL, ALLOWED, AFFIRM, SEEK, FREE, CONFRONT}


@pytest.mark.parametrize("code", sorted(set(Code) - MITI - {YEAH}))
def test_what_is_no_code_of_miti_is_neither_counted_nor_dropped(code):
    (volley,) = said((T, code))
    assert (volley.counted, volley.dropped) == ((), ())


def test_a_counted_code_keeps_rule_words_and_time():
    answer = AppliedCode(SIMPLE, "rules", "reflection.stem", 1, 4, 0)
    (_, volley) = said((T, OPEN), (C,), (T, answer))
    (counted,) = volley.counted
    assert (counted.applied, counted.utterance, counted.start, counted.end) == (answer, 2, 6, 8)


# three strikes


def test_a_habitual_affirmation_counts_in_three_volleys():
    praise = applied(AFFIRM, rule="affirm.effort")
    found = said(*[(T, praise), (C,)] * 5)
    assert [bool(v.counted) for v in found] == [True] * STRIKES + [False] * 2
    assert by_rule(found[-1].dropped) == [(AFFIRM, "affirm.strikes")]


def test_another_affirmation_still_counts_and_so_does_another_therapist():
    praise, other = applied(AFFIRM, rule="affirm.effort"), applied(AFFIRM, rule="affirm.care")
    found = said(*[(T, praise), (C,)] * 3, (T, praise, other), (C,), (CO, praise))
    assert [c.applied.rule for v in found for c in v.counted] == ["affirm.effort"] * 3 + [
        "affirm.care",
        "affirm.effort",
    ]


def test_an_affirmation_repeated_in_one_volley_is_one_strike():
    praise = applied(AFFIRM, rule="affirm.effort")
    found = said((T, praise), (T, praise), (T, praise), (C,), (T, praise), (C,), (T, praise))
    assert counts(found) == [[AFFIRM]] * 3


def test_a_humans_affirmations_all_count():
    assert counts(said(*[(T, AFFIRM), (C,)] * 5)) == [[AFFIRM]] * 5


# doubt within an utterance


def settled(*codes, chances=None):
    coded = CodedUtterance(0, codes) if chances is None else CodedUtterance(0, codes, chances)
    found = settle(coded)
    return [a.code for a in found.kept], [(a.code, rule) for a, rule in found.dropped]


def test_what_sets_up_a_question_is_not_counted():
    leads_up, asked = applied(COMPLEX, 0, 6, "setup.since"), applied(OPEN, 7, 9)
    assert settled(leads_up, asked) == ([OPEN], [(COMPLEX, "setup")])


def test_persuading_gives_way_to_persuading_with_permission():
    assert settled(applied(URGE, 0, 2), applied(ALLOWED, 5, 9)) == ([ALLOWED], [(URGE, "permission")])


def test_in_doubt_information():
    assert settled(applied(TELL, 0, 9), applied(URGE, 4, 6)) == ([TELL], [(URGE, "doubt.information")])
    assert settled(applied(TELL, 0, 9), applied(ALLOWED, 4, 6)) == ([TELL], [(ALLOWED, "doubt.information")])
    assert settled(applied(TELL, 0, 3), applied(URGE, 4, 6)) == ([TELL, URGE], [])  # two thoughts


@pytest.mark.parametrize(("code", "rule"), [(URGE, "persuade.directive"), (ALLOWED, "permission.choice")])
def test_a_rule_of_persuading_leaves_no_doubt(code, rule):
    assert settled(applied(TELL, 0, 9), applied(code, 4, 6, rule)) == ([code], [(TELL, "persuasion.certain")])
    assert settled(applied(TELL, 0, 3), applied(code, 4, 6, rule)) == ([TELL, code], [])


def test_in_doubt_persuading_and_no_confrontation():
    assert settled(applied(CONFRONT, 0, 4), applied(URGE, 3, 6)) == ([URGE], [(CONFRONT, "doubt.confront")])
    assert settled(applied(CONFRONT, 0, 2), applied(URGE, 3, 6)) == ([CONFRONT, URGE], [])


def test_in_doubt_between_confrontation_and_reflection_neither():
    both = [(CONFRONT, "doubt.reproach"), (SIMPLE, "doubt.reproach")]
    assert settled(applied(CONFRONT, 0, 4), applied(SIMPLE, 3, 6)) == ([], both)
    assert settled(applied(CONFRONT, 0, 2), applied(SIMPLE, 3, 6)) == ([CONFRONT, SIMPLE], [])


@pytest.mark.parametrize(("less", "more"), [(AFFIRM, SEEK), (AFFIRM, FREE), (SEEK, FREE)])
def test_in_doubt_the_lesser_of_the_adherent_codes(less, more):
    assert settled(applied(more, 0, 4), applied(less, 4, 6)) == ([less], [(more, "doubt.adherent")])
    assert settled(applied(more, 0, 3), applied(less, 4, 6)) == ([more, less], [])


@pytest.mark.parametrize("over", [AFFIRM, SEEK, FREE])
@pytest.mark.parametrize("under", [SIMPLE, COMPLEX, OPEN, CLOSED])
def test_an_adherent_code_trumps_a_reflection_or_question_of_no_other_words(over, under):
    assert settled(applied(over, 0, 6), applied(under, 2, 6)) == ([over], [(under, "trump")])
    assert settled(applied(over, 0, 6), applied(under, 2, 7)) == ([over, under], [])  # it says more than that


def test_a_confrontation_trumps_a_question():
    assert settled(applied(CONFRONT, 0, 6), applied(CLOSED, 0, 1)) == ([CONFRONT], [(CLOSED, "trump")])


LIKELY = Chances(**{f.name: 0.6 for f in fields(Chances)})


def test_in_doubt_simple():
    both = (applied(SIMPLE), applied(COMPLEX))
    assert settled(*both, chances=replace(LIKELY, complex=0.49)) == ([SIMPLE], [(COMPLEX, "doubt.depth")])
    assert settled(*both, chances=LIKELY) == ([SIMPLE, COMPLEX], [])
    assert settled(*both) == ([SIMPLE, COMPLEX], [])  # nothing is known: as coded
    assert settled(applied(COMPLEX), chances=replace(LIKELY, complex=0.1)) == ([COMPLEX], [])


# whatever is coded


CODES = st.builds(
    applied,
    st.sampled_from(sorted(Code)),
    st.integers(0, 3),
    st.integers(3, 6),
    st.sampled_from(["", "hand", "setup.x", "persuade.x", "affirm.x"]),
)
TALK = st.lists(st.tuples(st.sampled_from([T, CO, C, "i", "x"]), st.lists(CODES, max_size=4)), max_size=20)


@given(TALK)
def test_every_code_of_a_volley_is_counted_or_dropped_and_none_twice(turns):
    volleys = said(*((who, *codes) for who, codes in turns))
    inside_of = {i for v in volleys for i in v.utterances}
    assert len(inside_of) == sum(len(v.utterances) for v in volleys)
    for v in volleys:
        told = Counter((i, a) for i in v.utterances for a in turns[i][1] if a.code in MITI)
        kept = [(c.utterance, c.applied) for c in (*v.counted, *v.dropped)]
        assert Counter(k for k in kept if k[1].code in MITI) == told
        places = [HIGHER.get(c.code, (c.code,))[0] for c in v.counted]
        assert len(places) == len(set(places)) <= 8
        assert not any(c.applied.rule.startswith("setup.") for c in v.counted)


@given(TALK)
def test_volleys_are_in_order_and_only_therapists_have_them(turns):
    volleys = said(*((who, *codes) for who, codes in turns))
    assert [v.index for v in volleys] == list(range(len(volleys)))
    assert [v.start for v in volleys] == sorted(v.start for v in volleys)
    assert {v.speaker for v in volleys} <= {T, CO}


@given(st.lists(CODES, max_size=6), st.none() | st.just(LIKELY))
def test_settling_loses_nothing_and_names_its_rule(codes, chances):
    found = settle(CodedUtterance(0, tuple(codes), chances or Missing("none")))
    assert Counter((*found.kept, *(a for a, _ in found.dropped))) == Counter(codes)
    assert {rule for _, rule in found.dropped} <= {name for name, _ in RULES}
    again = settle(CodedUtterance(0, found.kept, chances or Missing("none")))
    assert again.kept == found.kept


# the random segment

HOUR = Span(12.345, 3612.345)


def test_a_short_session_is_taken_whole():
    assert sample_span(Span(3, 1203), "s01", length=1200, seed=1) == Span(3, 1203)


def test_the_same_seed_and_session_give_the_same_stretch():
    def draw(name="s01", seed=1):
        return sample_span(HOUR, name, length=1200, seed=seed)

    assert draw() == draw()
    assert len({draw(), draw(seed=2), draw("s02"), draw("s03")}) == 4


@given(st.integers(0, 10_000), st.integers(1_200_001, 20_000_000), st.integers(0, 99))
def test_a_stretch_lies_in_the_session_and_has_the_length(start, length, seed):
    session = Span(start / 1000, (start + length) / 1000)
    found = sample_span(session, "s01", length=1200, seed=seed)
    assert session.start <= found.start
    assert found.end <= session.end
    assert found.end - found.start == pytest.approx(1200)


def test_every_start_is_as_likely():
    starts = [sample_span(Span(0, 3600), f"s{i}", length=1200, seed=7).start / 2400 for i in range(2000)]
    assert sum(starts) / len(starts) == pytest.approx(0.5, abs=0.03)
    assert all(sum(s < q for s in starts) / len(starts) == pytest.approx(q, abs=0.04) for q in (0.1, 0.25, 0.75, 0.9))


def test_a_volley_that_is_cut_is_left_out():
    volleys = said((T,), (C,), (T,), (C,), (T,))  # 0 to 2, 6 to 8, 12 to 14
    assert [v.index for v in inside(volleys, Span(0, 13))] == [0, 1]
    assert [v.index for v in inside(volleys, Span(1, 14))] == [1, 2]
