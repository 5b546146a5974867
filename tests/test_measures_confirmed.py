"""The confirmed share: how much of what a measure counts a human set or confirmed. Worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SETTINGS, C, Line, T, activity, dialogue, named
from hypothesis import given, settings
from hypothesis import strategies as st
from made import dialogues

from toolkit.measures import MEASURES, compute
from toolkit.measures.book import markdown, page
from toolkit.types import Code, Dialogue, MeasureValue, Missing, SilenceCategory

OQ, CQ, SR, CR = Code.OPEN_QUESTION, Code.CLOSED_QUESTION, Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION


def by_human(found: Dialogue, *utterances: int) -> Dialogue:
    """The same, the codes of some utterances set by a human."""
    codes = tuple(
        replace(c, codes=tuple(replace(a, coder="human") for a in c.codes)) if c.utterance in utterances else c
        for c in found.codes or ()
    )
    return replace(found, codes=codes)


def share(found: Dialogue, measure: str, role: str = "session") -> float | Missing:
    return named(compute(found, SETTINGS), measure, role).confirmed


TALK = [Line(T, 0, 2), Line(C, 3, 7), Line(T, 8, 10), Line(C, 14, 16), Line(T, 17, 20)]


def test_nothing_is_confirmed_where_no_human_said_anything() -> None:
    for value in compute(dialogue(TALK), SETTINGS):
        assert isinstance(value.confirmed, Missing) or value.confirmed == 0.0


def test_of_speech_by_time() -> None:
    found = replace(dialogue(TALK), confirmed=activity(f"{T} 0-2, {T} 8-9, {C} 3-7"))
    # therapist: 3 of 7 s; client: 4 of 6 s; all: 7 of 13 s
    assert share(found, "talk_time", T) == share(found, "talk_share_session", T) == round(3 / 7, 6)
    assert share(found, "speech_rate", C) == share(found, "articulation_rate", C) == round(4 / 6, 6)
    for measure in ("talk_share_speech", "talk_share_words"):
        assert share(found, measure, T) == share(found, measure, C) == round(7 / 13, 6)
    assert share(found, "overlap_share") == share(found, "talk_balance") == round(7 / 13, 6)


def test_of_turns_those_whose_speech_is_wholly_confirmed() -> None:
    found = replace(dialogue(TALK), confirmed=activity(f"{T} 0-2, {T} 8-9, {C} 3-7, {C} 14-16"))
    assert share(found, "turn_count", T) == share(found, "longest_turn", T) == round(1 / 3, 6)
    assert share(found, "turn_duration_mean", C) == 1.0
    # changes of floor: T-C both confirmed; C-T, T-C and C-T are not
    assert share(found, "fto_median") == 0.25
    assert share(found, "response_latency_median", C) == 0.5
    assert share(found, "response_latency_median", T) == 0.0


def test_of_silences_those_with_a_category() -> None:
    found = dialogue(TALK)  # silences: 2-3, 7-8, 10-14, 16-17
    quiet = [replace(s, category=SilenceCategory.REFLECTIVE) if s.start in {7.0, 10.0} else s for s in found.silences]
    found = replace(found, silences=tuple(quiet))
    assert share(found, "silence_count") == share(found, "silence_count_2s") == 1.0  # the one of 4 s
    assert share(found, "silence_share") == share(found, "longest_silence") == 0.5
    assert share(found, "patience", T) == 0.5  # after the client: 7-8 and 16-17


def test_nothing_counted_nothing_to_confirm() -> None:
    found = dialogue([Line(T, 0, 2), Line(C, 3, 5)])
    assert share(found, "silence_count") == Missing("nothing was counted")
    assert share(found, "question_count", T) == Missing("nothing was counted")
    assert share(found, "backchannel_count", T) == Missing("it counts nothing that a human can confirm one by one")


# volleys: OQ | SR, CR in one | CQ + SR | SR
CODED = [
    Line(T, 0, 2, codes=(OQ,)),
    Line(C, 3, 5, codes=(Code.CHANGE_TALK,)),
    Line(T, 6, 8, codes=(SR,)),
    Line(T, 8.5, 10, codes=(CR,)),
    Line(C, 11, 13, codes=(Code.CHANGE_TALK, Code.FEELING)),
    Line(T, 14, 16, codes=(CQ,)),
    Line(C, 17, 19, codes=(Code.SUSTAIN_TALK,)),
    Line(T, 20, 22, codes=(SR,)),
    Line(C, 23, 330),
]


def test_of_codes_those_that_are_counted() -> None:
    found = by_human(dialogue(CODED), 0, 2, 7)
    assert share(found, "question_count", T) == 0.5  # OQ by a human, CQ not
    # volleys: CR (the machine's) takes the place of the human's SR beside it; the last SR is a human's
    assert share(found, "reflection_count", T) == 0.5
    assert share(found, "simple_reflection_count", T) == 1.0
    assert share(found, "complex_reflection_count", T) == 0.0
    assert share(found, "complex_reflection_share", T) == 0.5
    # reflections and questions together: OQ, CQ, CR, SR; two of four
    assert share(found, "reflection_to_question_ratio", T) == 0.5
    # utterances: SR, CR, SR; two of three are a human's
    assert share(found, "misc_complex_reflection_share", T) == round(2 / 3, 6)
    assert share(found, "wait_time_after_open_question", T) == 1.0


def test_of_client_talk() -> None:
    found = by_human(dialogue(CODED), 4, 6)
    assert share(found, "change_talk_count", C) == 0.5
    assert share(found, "change_talk_share", C) == round(2 / 3, 6)
    windows = [v.confirmed for v in compute(found, SETTINGS) if v.measure == "change_talk_share_per_window"]
    assert windows[0] == round(2 / 3, 6)


def test_of_moments_the_marks_and_the_reflections_that_answer() -> None:
    found = by_human(dialogue(CODED), 1, 3, 4)
    # moment 1: CT (human), answered by the volley with CR (human); moment 2: CT and FEELING (human), no reflection
    assert share(found, "missed_opportunities", T) == share(found, "reflected_opportunity_share", T) == 1.0
    assert share(by_human(dialogue(CODED), 1), "missed_opportunities", T) == 0.25


def test_of_sequences_the_acts_and_the_change_talk_after_them() -> None:
    lines = [
        line
        for place in range(4)
        for line in (
            Line(T, 10 * place, 10 * place + 2, codes=(OQ,)),
            Line(C, 10 * place + 3, 10 * place + 6, codes=(Code.CHANGE_TALK,) if place < 2 else ()),
        )
    ]
    found = by_human(dialogue(lines), 0, 1, 2)
    assert share(found, "client_turn_after_open_question", T) == 0.5
    # four open questions and two change talks are counted; two and one of them are a human's
    assert share(found, "change_talk_after_open_question", T) == 0.5


@settings(max_examples=25, deadline=None)
@given(dialogues(), st.booleans())
def test_a_confirmed_share_is_a_share_or_has_a_reason(found: Dialogue, everything: bool) -> None:
    if everything:
        found = replace(
            found,
            confirmed=found.activity,
            silences=tuple(replace(s, category=SilenceCategory.MNEMONIC) for s in found.silences),
        )
        if not isinstance(found.codes, Missing):
            found = by_human(found, *(c.utterance for c in found.codes))
    for value in compute(found, SETTINGS):
        if isinstance(value.confirmed, Missing):
            assert value.confirmed.reason
        else:
            assert 0 <= value.confirmed <= 1
            assert not isinstance(value.value, Missing)
            if everything and "turn" not in MEASURES[value.measure].confirmed:
                assert value.confirmed == 1.0, value


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_the_code_book_says_of_what_the_share_is_one(measure) -> None:
    never = {
        *("interruption_count", "backchannel_count", "interruption_imbalance"),
        *("speech_without_words", "words_without_speaker"),
    }
    assert bool(measure.confirmed) == (measure.name not in never)
    assert f"- **Confirmed:** {measure.confirmed or 'never'}" in page(measure.name)


def test_the_code_book_says_what_confirmed_means() -> None:
    assert "The *confirmed* share" in markdown()


def test_what_is_declared_is_what_is_computed() -> None:
    found = replace(dialogue(CODED), confirmed=activity(f"{T} 0-2"))
    values: list[MeasureValue] = [v for v in compute(found, SETTINGS) if not isinstance(v.value, Missing)]
    for value in values:
        reason = value.confirmed.reason if isinstance(value.confirmed, Missing) else ""
        assert (reason == "it counts nothing that a human can confirm one by one") == (
            not MEASURES[value.measure].confirmed
        ), value.measure
