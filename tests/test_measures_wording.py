"""Function words, pronouns, disfluencies and variety, worked out by hand beside each."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest
from builders import SETTINGS, C, Line, T, dialogue, named, spoken
from hypothesis import given
from hypothesis import strategies as st

from toolkit import lexicon, wording
from toolkit.errors import ConfigError
from toolkit.measures import compute
from toolkit.settings import MeasureSettings, Settings
from toolkit.types import Dialogue, Missing, Need, Wording

SHORT = replace(SETTINGS, measures=replace(SETTINGS.measures, style_words=1))


def lists() -> wording.FunctionWords:
    found = wording.load("en")
    assert found is not None
    return found


def value(found: Dialogue, measure: str, role: str = "session", settings: Settings = SHORT):
    return named(compute(found, settings), measure, role)


# --- the lists


def test_contractions_count_as_both_their_parts():
    kinds = lists()
    assert kinds.of("you're") == {"personal_pronouns", "second_person", "auxiliary_verbs"}
    assert kinds.of("i'm") == {"personal_pronouns", "first_singular", "auxiliary_verbs"}
    assert kinds.of("don't") == {"auxiliary_verbs", "negations"}
    assert kinds.of("won't") == {"auxiliary_verbs", "negations"}
    assert kinds.of("mom'll") == {"auxiliary_verbs"}
    assert kinds.of("that's") == {"impersonal_pronouns", "conjunctions", "auxiliary_verbs"}
    assert kinds.of("mother's") == frozenset()  # a possessive
    assert kinds.of("canary") == frozenset()
    assert kinds.of("none") == {"impersonal_pronouns", "quantifiers", "negations"}


def test_every_listed_word_is_written_as_words_are_looked_up():
    for word in lists().classes:
        assert lexicon.tokens([word]) == (word.removeprefix("'"),) or lexicon.tokens([word]) == (word,)


def test_persons_are_personal_pronouns_and_every_class_has_words():
    kinds = lists()
    classes = Counter(name for names in kinds.classes.values() for name in names)
    assert set(classes) == {f.name for f in fields(Wording)} - {"repetitions", "window_words", "window_types"}
    for names in kinds.classes.values():
        if names & set(wording.PERSONS):
            assert "personal_pronouns" in names


def test_a_language_without_lists_says_so_and_own_lists_go_before(tmp_path: Path):
    assert wording.load("de") is None
    assert "no lists of function words for 'de'" in lexicon.untold("de")[Need.FUNCTION_WORDS]
    (tmp_path / "function_words_de.toml").write_text('[words]\nnegations = "nicht kein"\n')
    own = wording.load("de-AT", str(tmp_path))
    assert own is not None
    assert own.of("nicht") == {"negations"}
    assert Need.FUNCTION_WORDS not in lexicon.untold("de", str(tmp_path))


@pytest.mark.parametrize("text", ["[words", '[words]\nnouns = "dog"\n', "[words]\nnegations = 3\n", 'doubled = "a"\n'])
def test_a_list_that_cannot_be_used_is_named(tmp_path: Path, text: str):
    (tmp_path / "function_words_de.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"function_words_de\.toml cannot be used"):
        wording.load("de", str(tmp_path))


# --- counting


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I I know", 1),
        ("I, uh, I know", 1),  # the filled pause is passed over
        ("I I I know", 2),
        ("I was I was there", 1),
        ("do you want do you want tea", 1),  # three words
        ("I never said what I never said", 0),  # not at once
        ("very, very sad", 0),  # on purpose
        ("No no no.", 0),
        ("th- the door", 1),
        ("self-care is hard", 0),
        ("I-I-I know", 2),
        ("uh-uh", 0),
        ("bye-bye", 0),
        ("", 0),
    ],
)
def test_repetitions_and_broken_words(text: str, expected: int):
    assert wording.repetitions(lexicon.pieces([text]), lists()) == expected


def test_windows_by_hand():
    # of A: a b a | b a c | a c c; of B too few words for one
    said = [("A", ["a", "b"]), ("B", ["x"]), ("A", ["a", "c"]), ("A", []), ("A", ["c"])]
    assert list(wording.windows(said, 3)) == [(0, 0), (0, 0), (6, 2 + 3), (0, 0), (3, 2)]


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.lists(st.sampled_from("abcd"), max_size=6)), max_size=8),
    st.integers(1, 5),
)
def test_windows_are_those_of_the_definition(said: list[tuple[str, list[str]]], length: int):
    words = types = 0
    for speaker in "AB":
        stream = [token for who, tokens in said for token in tokens if who == speaker]
        for start in range(len(stream) - length + 1):
            words += length
            types += len(set(stream[start : start + length]))
    found = list(wording.windows(said, length))
    assert (sum(w for w, _ in found), sum(t for _, t in found)) == (words, types)


@given(
    st.lists(
        st.sampled_from(["the", "a", "i", "you", "not", "um", "very", "dog", "don't", "-", "uh", "i'm"]), max_size=30
    )
)
def test_counts_never_exceed_the_words(tokens: list[str]):
    (one,) = spoken([Line(T, 0, 9, " ".join(tokens) or "dog")])
    for f in fields(Wording):
        if not f.name.startswith("window"):
            assert 0 <= getattr(one.wording, f.name) <= max(1, one.word_count)


# --- the measures

# therapist: 10 words, you your your, no first person; client: 8 words, I I'm my, "um", "I I"
LINES = (
    Line(T, 0, 4, "how are you and your children with your dog?"),
    Line(C, 5, 9, "um I I'm not sure of my dog"),
    Line(T, 10, 11, "yes"),
)


def test_pronouns_per_100_words():
    found = dialogue(LINES)
    second = value(found, "second_person_rate", T)  # you your your of 10 words
    assert (second.value, second.numerator, second.denominator, second.n) == (30, 3, 0.1, 3)
    assert not isinstance(second.interval, Missing)
    assert second.interval.start < 30 < second.interval.end
    assert value(found, "first_singular_rate", C).value == pytest.approx(300 / 8)  # I I'm my of 8
    assert value(found, "first_plural_rate", C).value == 0
    assert value(found, "filled_pause_rate", C).value == pytest.approx(100 / 8)
    assert value(found, "repetition_rate", C).value == 0


def test_style_matching_by_its_formula():
    found = dialogue(LINES)
    # personal pronouns: 3 of 10, 3 of 8; negations: 0 of 10, 1 of 8; articles: none of either
    p1, p2 = 30.0, 37.5
    one = value(found, "style_matching_personal_pronouns")
    assert one.value == pytest.approx(1 - 7.5 / (p1 + p2 + 0.0001), abs=1e-6)
    assert one.n == 6
    assert value(found, "style_matching_negations").value == pytest.approx(1 - 12.5 / 12.5001, abs=1e-6)
    assert value(found, "style_matching_articles").value == 1
    nine = [value(found, f"style_matching_{category}").value for category in wording.CATEGORIES]
    whole = value(found, "style_matching")
    assert whole.value == pytest.approx(sum(nine) / 9, abs=1e-6)
    assert (whole.denominator, whole.n) == (9, 18)


def test_style_is_not_compared_where_somebody_says_little():
    few = value(dialogue(LINES), "style_matching", settings=SETTINGS)
    assert few.value == Missing("the therapist says fewer than 50 words: too few to compare style")
    alone = value(dialogue((Line(T, 0, 4, "how are you"),)), "style_matching")
    assert alone.value == Missing("nobody in this session has the role client")


@given(
    st.lists(
        st.sampled_from(["i", "the", "you", "not", "and", "dog", "it", "was", "of", "some"]), min_size=1, max_size=40
    )
)
def test_one_who_says_the_same_matches_in_full(tokens: list[str]):
    text = " ".join(tokens)
    found = dialogue((Line(T, 0, 9, text), Line(C, 10, 19, text)))
    assert value(found, "style_matching").value == 1
    turned = dialogue((Line(T, 0, 9, text), Line(C, 10, 19, "you do not know it")))
    assert 0 <= value(turned, "style_matching").value <= 1


def test_lexical_diversity_is_the_mean_over_the_windows():
    # 51 words: w0 ... w49 w0; both windows of 50 hold 50 different words; then one word 60 times: 1 of 50
    many = " ".join(f"w{i}" for i in range(50)) + " w0"
    found = dialogue((Line(T, 0, 9, many), Line(C, 10, 19, " ".join(["dog"] * 60))))
    hers, his = (value(found, "lexical_diversity", role) for role in (T, C))
    assert (hers.value, hers.numerator, hers.denominator, hers.n) == (1, 100, 100, 51)
    assert (his.value, his.numerator, his.denominator) == (0.02, 11, 550)
    few = value(dialogue(LINES), "lexical_diversity", T)
    assert few.value == Missing("nobody of the role says as many words as a window has")


def test_without_lists_or_words_all_are_missing_with_the_reason_but_diversity_needs_no_list():
    none = dialogue(LINES, with_words=False)
    for measure, role in (("second_person_rate", T), ("lexical_diversity", C), ("style_matching", "session")):
        assert value(none, measure, role).value == Missing("the session has no words")
    german = replace(dialogue(LINES), untold=lexicon.untold("de"))
    assert value(german, "filled_pause_rate", C).value == Missing("there are no lists of function words for 'de'")
    assert value(german, "style_matching_articles").value == Missing("there are no lists of function words for 'de'")
    assert "window" in value(german, "lexical_diversity", C).value.reason


def test_the_least_number_of_words_is_a_setting():
    assert MeasureSettings().style_words == 50
