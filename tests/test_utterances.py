"""Words to utterances and syllables, by hand."""

from __future__ import annotations

import pytest
from builders import SETTINGS, Line, words
from hypothesis import given
from hypothesis import strategies as st

from toolkit import lexicon
from toolkit.syllables import syllables
from toolkit.types import AttributedWord
from toolkit.utterances import split


def texts(*lines: Line, language: str = "en") -> list[tuple[str, str]]:
    heard = [w for line in lines for w in words(line)]
    return [(u.speaker, u.text) for u in split(heard, SETTINGS.dialogue, language=language)]


def test_sentence_final_punctuation_ends_an_utterance():
    assert texts(Line("A", 0, 4, "I went home. It was late! Why?")) == [
        ("A", "I went home."),
        ("A", "It was late!"),
        ("A", "Why?"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "I saw Dr. Smith there",  # an abbreviation
        "It was 8 a.m. Monday morning",  # one with a stop inside
        "So that was. um going well",  # lower case goes on after a stray full stop
        "I was thinking... about it",  # trailing off and going on
        "I was thinking… about it",
        "my friend J. Came along",  # an initial
        "it cost 3.5 pounds",
        "Okay. What brings you here today?",  # tokens join what follows
        "You stopped drinking. Right?",  # ... or what went before
        "Yeah. Mm-hmm. Okay.",  # tokens only stay together
    ],
)
def test_in_doubt_fewer_utterances(text):
    assert texts(Line("A", 0, 3, text)) == [("A", text)]


def test_question_mark_ends_even_before_lower_case():
    assert [t for _, t in texts(Line("A", 0, 3, "You went where? and then"))] == ["You went where?", "and then"]


def test_all_lower_case_text_is_still_cut_at_full_stops():
    assert len(texts(Line("A", 0, 3, "i went home. it was late."))) == 2


def test_closing_quotes_do_not_hide_the_end():
    assert len(texts(Line("A", 0, 3, 'He said "go away." Then he left'))) == 2


def test_a_long_pause_ends_an_utterance_and_a_short_one_does_not():
    # utterance_gap is 1.0 s
    assert len(texts(Line("A", 0, 1, "I was"), Line("A", 1.9, 3, "going home"))) == 1
    assert len(texts(Line("A", 0, 1, "I was"), Line("A", 2.1, 3, "going home"))) == 2


def test_a_swallowed_silence_counts_as_a_pause():
    # the recogniser lets "was" last until the next word, 4 s later: only 1 s of it is a word
    heard = [
        AttributedWord(0.0, 0.5, "I", 0.9, "A"),
        AttributedWord(0.5, 4.5, "was", 0.9, "A"),
        AttributedWord(4.5, 5.0, "thinking", 0.9, "A"),
    ]
    assert [u.text for u in split(heard, SETTINGS.dialogue, language="en")] == ["I was", "thinking"]


def test_the_listeners_backchannel_does_not_cut_a_sentence():
    assert texts(
        Line("A", 0, 2, "so I told my mother that"),
        Line("B", 2.1, 2.5, "Mm-hmm."),
        Line("A", 2.7, 4, "I would not come."),
    ) == [("A", "so I told my mother that I would not come."), ("B", "Mm-hmm.")]


def test_the_listeners_backchannel_is_no_silence():
    # 1.3 s between the two parts, of which 0.5 s are the listener's
    assert len(texts(Line("A", 0, 2, "so I"), Line("B", 2.4, 2.9, "yeah"), Line("A", 3.3, 4, "left him"))) == 2


def test_more_than_a_backchannel_cuts_a_sentence():
    assert texts(
        Line("A", 0, 2, "so I told my mother that"),
        Line("B", 2.1, 2.7, "you hate her"),
        Line("A", 2.8, 4, "I would not come."),
    ) == [("A", "so I told my mother that"), ("B", "you hate her"), ("A", "I would not come.")]


def test_talk_over_a_speaker_who_goes_on_does_not_cut():
    assert len(texts(Line("A", 0, 6, "one two three four five six"), Line("B", 1, 2, "but I think"))) == 2


def test_a_word_without_speaker_is_in_no_utterance():
    heard = [*words(Line("A", 0, 2, "I am here.")), AttributedWord(5, 6, "what", 0.9, None)]
    (only,) = split(heard, SETTINGS.dialogue, language="en")
    assert only.text == "I am here."
    assert split(heard[3:], SETTINGS.dialogue, language="en") == ()


def test_counts_and_numbers():
    heard = [*words(Line("B", 5, 6, "Never.")), *words(Line("A", 0, 2, "I am fine, 42 - mm -hmm"))]
    first, second = split(heard, SETTINGS.dialogue, language="en")
    assert (first.index, first.speaker, first.word_count) == (0, "A", 5)  # the dash is no word, "-hmm" none of its own
    assert first.syllable_count == 1 + 1 + 1 + 3 + 2
    assert (first.start, first.end) == (0, 2)
    assert (second.index, second.word_count, second.syllable_count) == (1, 1, 2)


LINES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", None]),
        st.integers(0, 60_000),
        st.integers(50, 3000),
        st.sampled_from(["so", "I", "went", "home.", "Why?", "Yeah.", "mm-hmm", "and", "Dr.", "right…"]),
    ),
    max_size=40,
)


@given(LINES)
def test_every_word_with_a_speaker_is_in_exactly_one_utterance(raw):
    heard = [AttributedWord(s / 1000, (s + d) / 1000, t, 0.5, who) for who, s, d, t in raw]
    found = split(heard, SETTINGS.dialogue, language="en")
    inside = [w for u in found for w in u.words]
    key = lambda w: (w.start, w.end, w.text, str(w.speaker))  # noqa: E731
    assert sorted(inside, key=key) == sorted((w for w in heard if w.speaker is not None), key=key)
    assert [u.index for u in found] == list(range(len(found)))
    assert [u.start for u in found] == sorted(u.start for u in found)
    assert all({w.speaker for w in u.words} == {u.speaker} for u in found)
    for u in found:  # no pause longer than the gap inside, unless the other's words fill it
        others = [w for w in heard if w.speaker not in (u.speaker, None)]
        for a, b in zip(u.words, u.words[1:], strict=False):
            assert b.start - min(a.end, a.start + 1) <= 1.0 + 1e-9 or others


@given(LINES, st.integers(1, 10_000))
def test_shifting_time_changes_nothing(raw, shift):
    def cut(by: int) -> list[str]:
        heard = [AttributedWord((s + by) / 1024, (s + by + d) / 1024, t, 0.5, who) for who, s, d, t in raw]
        return [u.text for u in split(heard, SETTINGS.dialogue, language="en")]

    assert cut(0) == cut(shift * 1024)


SYLLABLES = {
    "a": 1, "I": 1, "you": 1, "the": 1, "make": 1, "made": 1, "makes": 1, "asked": 1, "wanted": 2, "needed": 2,
    "houses": 2, "changes": 2, "table": 2, "tables": 2, "handled": 2, "little": 2, "people": 2, "client": 2,
    "quiet": 2, "science": 2, "patient": 2, "patients": 2, "friend": 1, "anxiety": 4, "anxious": 2, "depression": 3,
    "medication": 4, "conversation": 4, "special": 2, "social": 2, "associate": 4, "diary": 3, "period": 3,
    "video": 3, "idea": 3, "real": 1, "really": 2, "reality": 4, "create": 2, "react": 2, "being": 2, "trying": 2,
    "going": 2, "doing": 2, "saying": 2, "player": 2, "royal": 2, "actually": 4, "usual": 3, "situation": 4,
    "question": 2, "optimism": 4, "rhythm": 2, "didn't": 2, "couldn't": 2, "don't": 1, "can't": 1, "it'll": 2,
    "they're": 1, "I've": 1, "you'd": 1, "completely": 3, "movement": 2, "careful": 2, "something": 2,
    "somebody": 3, "everything": 3, "business": 2, "therapy": 3, "drinking": 2, "alcohol": 3, "smoke": 1,
    "cigarettes": 3, "relationship": 4, "weekend": 2, "yes": 1, "yeah": 1, "okay": 2, "mm-hmm": 2,
    "hmm": 1, "uh-huh": 2,
    "beyond": 2, "marijuana": 4, "behavior": 3, "earlier": 3, "7": 2, "15": 2, "42": 3, "100": 3, "1,500": 6,
    "TV": 2, "GP": 2,
    "appreciate": 4, "experience": 4, "frustrated": 3, "overwhelmed": 3, "diabetes": 4, "exercise": 3,
}  # fmt: skip


def test_syllables_of_the_hand_list():
    wrong = {word: syllables(word, "en") for word, count in SYLLABLES.items() if syllables(word, "en") != count}
    # 97 of 98; against CMUdict the rules have 96 % of word types and 98.6 % of running words of AnnoMI (half held out)
    assert set(wrong) <= {"beyond"}, "a known miss of the rules; the list may only get shorter"


def test_a_number_of_any_length_is_read_out():
    assert syllables("7" * 5_000, "en") == 2 * 5_000


def test_syllables_elsewhere_are_groups_of_vowels_and_never_0():
    assert syllables("Gespräch", "de") == 2
    assert syllables("schöne", "de") == 2
    assert syllables("хорошо", "ru") == 1
    assert syllables("mmh", "de") == 1
    assert syllables("…", "en") == 1


@given(st.text(max_size=30))
def test_any_text_has_at_least_one_syllable(text):
    assert syllables(text, "en") >= 1
    assert syllables(text, "xx") >= 1


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("Mm-hmm.", True),
        ("Mm -hmm", True),
        ("I see.", True),
        ("Oh, okay, right", True),
        ("Yeahhh", True),
        ("That’s right.", True),  # noqa: RUF001
        ("I", False),
        ("see", False),
        ("No problem.", False),
        ("No", False),
        ("", False),
        ("—", False),
    ],
)
def test_the_closed_list_of_backchannels(said, is_one):
    assert lexicon.load("en-GB").all_backchannels(lexicon.tokens(said.split())) is is_one


def test_a_language_without_a_list_has_only_sounds():
    lists = lexicon.load("fi")
    assert lists.language == "und"
    assert lists.all_backchannels(("mhm",))
    assert not lists.all_backchannels(("yeah",))
