"""The registry, the order of values and the code book."""

from __future__ import annotations

import pytest
from builders import SETTINGS, C, Line, T, dialogue

from toolkit.measures import CLIENT_MEASURES, MEASURES, THERAPIST_MEASURES, compute
from toolkit.measures.book import markdown, page
from toolkit.types import Level, Missing, Role

ASKED_FOR = """
talk_share_speech talk_share_session talk_share_words talk_time turn_count turn_duration_mean longest_turn
speech_rate articulation_rate response_latency_median interruption_count backchannel_count reflection_count
complex_reflection_share question_count open_question_share reflection_to_question_ratio wait_time_after_open_question
silence_count silence_share longest_silence fto_median overlap_share talk_balance silence_count_2s patience
speech_without_words words_without_speaker
simple_reflection_count complex_reflection_count giving_information_count persuade_count persuade_with_permission_count
affirm_count seek_collaboration_count emphasize_autonomy_count confront_count mi_adherent_count mi_non_adherent_count
mi_adherent_share complex_reflection_share_sample reflection_to_question_ratio_sample misc_open_question_share
misc_reflection_to_question_ratio misc_complex_reflection_share change_talk_count sustain_talk_count change_talk_share
client_turn_after_reflection client_turn_after_open_question client_turn_after_closed_question
client_turn_after_information change_talk_after_reflection change_talk_after_open_question
change_talk_after_closed_question change_talk_after_information missed_opportunities reflected_opportunity_share
reflections_per_window questions_per_window change_talk_share_per_window
first_singular_rate first_plural_rate second_person_rate filled_pause_rate repetition_rate lexical_diversity
floor_imbalance response_latency_difference interruption_imbalance style_matching
style_matching_personal_pronouns style_matching_impersonal_pronouns style_matching_articles
style_matching_auxiliary_verbs style_matching_adverbs style_matching_prepositions style_matching_conjunctions
style_matching_negations style_matching_quantifiers
"""


def test_the_measures_asked_for_are_all_there():
    assert sorted(MEASURES) == sorted(ASKED_FOR.split())


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_every_measure_says_what_it_means(measure):
    for text in (
        measure.title,
        measure.definition,
        measure.unit,
        measure.missing_when,
        measure.interval,
        measure.source,
    ):
        assert text
    assert bool(measure.numerator) == bool(measure.denominator)
    assert (measure.unit in {"share", "ratio"}) <= bool(measure.numerator)
    for path in measure.settings:  # every threshold it names is a setting
        section, _, name = path.partition(".")
        assert hasattr(getattr(SETTINGS, section), name), path
    for band in measure.bands:
        assert "opinion" in band.scheme or "no norm" in band.scheme
        assert band.low < band.high


def test_values_come_in_the_order_of_roles_and_measures():
    lines = (Line("x", 0, 1), Line(C, 1, 3), Line(T, 4, 6))
    people = {T: Role.THERAPIST, C: Role.CLIENT, "x": Role.INTERPRETER}
    found = compute(dialogue(lines, named=people), SETTINGS)
    names = list(MEASURES)
    roles = ["therapist", "client", "interpreter", "session"]
    keys = [(roles.index(v.role), names.index(v.measure), v.window.start) for v in found]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    for name, measure in MEASURES.items():
        got = {v.role for v in found if v.measure == name}
        if measure.level is Level.SESSION:
            assert got == {"session"}
        else:
            everybody = {"therapist", "client", "interpreter"}
            assert got == ({T} if name in THERAPIST_MEASURES else {C} if name in CLIENT_MEASURES else everybody)


def test_a_missing_value_has_no_interval_and_a_value_of_a_ratio_both_parts():
    for lines in ((), (Line(T, 0, 2),), (Line(T, 0, 2), Line(C, 3, 5))):
        for with_words in (True, False):
            for v in compute(dialogue(lines, with_words=with_words), SETTINGS):
                if isinstance(v.value, Missing):
                    assert v.value.reason
                    assert isinstance(v.interval, Missing)
                elif MEASURES[v.measure].numerator:
                    assert not isinstance(v.numerator, Missing)
                    assert not isinstance(v.denominator, Missing)


def test_the_same_dialogue_gives_the_same_numbers():
    lines = [Line(T if i % 2 else C, 3.3 * i, 3.3 * i + 2.7) for i in range(50)]
    assert compute(dialogue(lines), SETTINGS) == compute(dialogue(lines), SETTINGS)


def test_the_code_book_has_every_measure_once():
    book = markdown()
    for name, measure in MEASURES.items():
        assert book.count(f"\n`{name}`\n") == 1
        assert measure.definition in book
    assert book.endswith("\n")
    assert not book.endswith("\n\n")


def test_a_page_has_the_definition_first_then_bands_settings_and_agreement():
    text = page("reflection_to_question_ratio")
    assert text.index("**Definition:**") < text.index("**Unit:**") < text.index("**Source:**")
    assert "good: 2 or more (MITI 4.2.1; expert opinion without norms" in text
    assert "measures.confidence_level = 0.9 (probability; of every interval)" in text
    assert "**Human agreement:** reflection or not: Fleiss kappa 0.66" in text
