"""Words meet speakers: one hand-built example for each rule, then what must hold for any input."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import certainty
from toolkit.align import attribute
from toolkit.types import Diarization, Missing, SpeakerInterval, Word


def talk(*intervals: tuple[float, float, str], exclusive: tuple[tuple[float, float, str], ...] | None = None):
    regular = tuple(SpeakerInterval(*i) for i in intervals)
    alone = regular if exclusive is None else tuple(SpeakerInterval(*i) for i in exclusive)
    return Diarization(regular, alone)


def said(*words: tuple[float, float, str]) -> list[Word]:
    return [Word(start, end, text, 0.9) for start, end, text in words]


def speakers(words, diarization, reach=0.5):
    return [w.speaker for w in attribute(words, diarization, reach=reach)]


TWO = talk((0.0, 2.0, "A"), (2.2, 4.0, "B"))


def test_a_word_inside_one_interval_is_that_speakers() -> None:
    assert speakers(said((0.5, 0.9, "yes"), (2.5, 2.9, "no")), TWO) == ["A", "B"]


def test_a_word_across_a_change_goes_where_most_of_it_lies() -> None:
    close = talk((0.0, 2.0, "A"), (2.0, 4.0, "B"))
    assert speakers(said((1.6, 2.1, "mostly")), close) == ["A"]
    assert speakers(said((1.9, 2.4, "mostly")), close) == ["B"]


def test_a_word_end_that_swallows_silence_is_cut_back() -> None:
    (word,) = attribute(said((1.7, 6.0, "there.")), talk((0.0, 2.0, "A"), (8.0, 9.0, "B")), reach=0.5)
    assert (word.start, word.end, word.speaker) == (1.7, 2.0, "A")


def test_a_swallowed_silence_does_not_give_the_word_to_who_breaks_it() -> None:
    (word,) = attribute(said((1.5, 8.9, "there.")), talk((0.0, 2.0, "A"), (8.0, 9.0, "B")), reach=0.5)
    assert (word.end, word.speaker) == (2.0, "A")


def test_a_word_start_that_swallows_silence_is_cut_forward() -> None:
    (word,) = attribute(said((2.0, 8.5, "So")), talk((0.0, 2.0, "A"), (8.0, 9.0, "B")), reach=0.5)
    assert (word.start, word.end, word.speaker) == (8.0, 8.5, "B")


def test_a_short_hole_in_the_activity_cuts_nothing() -> None:
    (word,) = attribute(said((1.5, 2.6, "wonderful")), talk((0.0, 2.0, "A"), (2.2, 4.0, "A")), reach=0.5)
    assert (word.start, word.end) == (1.5, 2.6)


def test_a_word_too_long_to_be_true_counts_only_its_plausible_part() -> None:
    close = talk((0.0, 2.0, "A"), (2.0, 6.0, "B"))
    assert speakers(said((1.7, 5.0, "I")), close) == ["A"]


def test_a_word_in_a_gap_goes_to_the_nearest_within_reach() -> None:
    far = talk((0.0, 2.0, "A"), (4.0, 5.0, "B"))
    assert speakers(said((2.2, 2.4, "um")), far) == ["A"]
    assert speakers(said((3.7, 3.9, "um")), far) == ["B"]


def test_a_word_beyond_reach_is_nobodys_and_keeps_its_time() -> None:
    (word,) = attribute(said((2.9, 3.1, "ghost")), talk((0.0, 2.0, "A"), (4.0, 5.0, "B")), reach=0.5)
    assert word.speaker is None
    assert (word.start, word.end) == (2.9, 3.1)


def test_with_nobody_speaking_no_word_has_a_speaker() -> None:
    assert speakers(said((0.0, 0.5, "hello")), talk()) == [None]


def test_overlap_is_decided_by_the_exclusive_intervals() -> None:
    both = talk((0.0, 3.0, "A"), (1.0, 2.0, "B"), exclusive=((0.0, 1.0, "A"), (1.0, 2.0, "B"), (2.0, 3.0, "A")))
    assert speakers(said((1.2, 1.6, "mhm")), both) == ["B"]


def test_the_last_word_of_a_sentence_stays_with_it() -> None:
    words = said((1.2, 1.5, "what"), (1.5, 1.8, "you"), (2.05, 2.35, "mean?"), (2.5, 2.9, "Yes."))
    assert speakers(words, TWO) == ["A", "A", "A", "B"]


def test_the_first_word_of_a_sentence_goes_with_it() -> None:
    words = said((1.0, 1.5, "right."), (1.7, 1.95, "I"), (2.3, 2.6, "think"), (2.6, 2.9, "so."))
    assert speakers(words, TWO) == ["A", "B", "B", "B"]


def test_a_sentence_moves_no_word_whose_time_is_clear() -> None:
    words = said((1.2, 1.5, "what"), (1.5, 1.8, "you"), (3.0, 3.3, "mean?"))
    assert speakers(words, TWO) == ["A", "A", "B"]


def test_a_change_at_a_sentence_end_stays() -> None:
    words = said((1.2, 1.9, "done."), (2.2, 2.4, "Good."), (2.5, 2.8, "Next."))
    assert speakers(words, TWO) == ["A", "B", "B"]


def test_a_change_within_a_long_unpunctuated_stretch_stays() -> None:
    words = said(*((0.2 * i, 0.2 * i + 0.2, "la") for i in range(20)))
    close = talk((0.0, 2.0, "A"), (2.0, 4.0, "B"))
    assert speakers(words, close) == ["A"] * 10 + ["B"] * 10


BOTH = talk((0.0, 4.0, "A"), (1.0, 2.0, "B"), exclusive=((0.0, 1.0, "A"), (1.0, 2.0, "B"), (2.0, 4.0, "A")))


def test_words_of_another_in_the_middle_of_a_sentence_are_its_speakers() -> None:
    early = ((0.0, 0.2, "So"), (0.2, 0.4, "you"), (0.4, 0.6, "see,"), (0.6, 0.9, "that's"))
    words = said(*early, (1.1, 1.4, "why"), (1.5, 1.9, "I"), (2.1, 2.4, "came"), (2.5, 2.8, "here."))
    assert speakers(words, BOTH) == ["A"] * 8


@pytest.mark.parametrize("listening", ["mhm", "Yeah,", "right"])
def test_a_backchannel_in_the_middle_of_a_sentence_keeps_its_owner(listening: str) -> None:
    words = said((0.4, 0.9, "that's"), (1.2, 1.5, listening), (2.1, 2.4, "why"), (2.5, 2.9, "I"), (3.0, 3.3, "came."))
    assert speakers(words, BOTH) == ["A", "B", "A", "A", "A"]


def test_a_sentence_of_its_own_in_overlap_keeps_its_owner() -> None:
    words = said((0.0, 0.4, "I"), (0.4, 0.9, "went."), (1.1, 1.4, "Not"), (1.5, 1.9, "true."), (2.1, 2.4, "We"))
    assert speakers(words, BOTH) == ["A", "A", "B", "B", "A"]


def test_an_island_where_its_neighbour_is_not_heard_keeps_its_owner() -> None:
    apart = talk((0.0, 1.0, "A"), (1.0, 2.0, "B"), (2.0, 4.0, "A"))
    early = ((0.0, 0.1, "so"), (0.1, 0.3, "well"), (0.3, 0.5, "now"), (0.6, 0.9, "that's"))
    words = said(*early, (1.1, 1.8, "horrible"), (2.1, 2.4, "and"), (2.5, 2.9, "we"), (3, 3.2, "all"), (3.2, 3.5, "go"))
    assert speakers(words, apart) == [*"AAAA", "B", *"AAAA"]


def sure(words, diarization) -> list[float | Missing]:
    return [w.speaker_confidence for w in attribute(words, diarization, reach=0.5)]


def test_a_word_in_the_clear_is_surer_than_one_in_overlap() -> None:
    clear, close, both = sure(said((3.0, 3.3, "yes."), (2.1, 2.3, "no."), (1.2, 1.6, "mhm.")), BOTH)
    assert 1 > clear > close > both > 0.5


def test_a_word_moved_for_its_sentence_is_less_sure() -> None:
    stays, moved = sure(said((1.0, 1.4, "you"), (2.05, 2.3, "mean?")), TWO)
    assert moved < stays


def test_nobody_says_how_sure_a_replayed_speaker_is() -> None:
    (word,) = sure(said((0.5, 0.9, "yes")), replace(TWO, measured=False))
    assert isinstance(word, Missing)
    assert "nobody measured" in word.reason


def test_a_word_of_nobody_has_no_confidence() -> None:
    (word,) = sure(said((0.0, 0.5, "hello")), talk())
    assert word == Missing("no speaker fits the word")


def test_many_doubtful_words_are_told_and_few_are_not() -> None:
    doubtful = attribute(said((1.2, 1.6, "mhm.")), BOTH, reach=0.5)
    clear = attribute(said((3.0, 3.3, "yes.")), BOTH, reach=0.5)
    (told,) = certainty.notes(doubtful)
    assert told.startswith("1 of 1 words lie where people talk at once")
    assert certainty.notes(clear * 10 + doubtful) == ()
    assert certainty.notes(()) == ()


@pytest.mark.parametrize("text", ["mean?", 'mean?"', "mean…", "mean!”"])
def test_a_sentence_ends_behind_closing_quotes_too(text: str) -> None:
    words = said((1.2, 1.5, "you"), (2.05, 2.3, text), (2.5, 2.9, "Yes."))
    assert speakers(words, TWO) == ["A", "A", "B"]


times = st.integers(0, 600).map(lambda n: n / 20)
texts = st.sampled_from(["I", "see.", "wonderful", "mhm", "why?", "and"])


@st.composite
def sessions(draw):
    lengths = st.sampled_from([0.05, 0.2, 0.4, 3.0])
    starts = sorted(draw(st.lists(times, max_size=25)))
    words = [Word(start, start + draw(lengths), draw(texts), 0.5) for start in starts]
    edges = sorted(set(draw(st.lists(times, max_size=16))))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    exclusive = tuple(SpeakerInterval(a, b, draw(st.sampled_from("ABC"))) for a, b in pairs)
    return words, Diarization(exclusive, exclusive), draw(st.sampled_from([0.0, 0.3, 1.0]))


@given(sessions())
def test_no_word_is_lost_reordered_or_moved_outwards(session) -> None:
    words, diarization, reach = session
    found = attribute(words, diarization, reach=reach)
    assert [(w.text, w.probability) for w in found] == [(w.text, w.probability) for w in words]
    assert all(w.start <= f.start < f.end <= w.end for f, w in zip(found, words, strict=True))


@given(sessions())
def test_speakers_are_known_ones_and_a_covered_word_has_one(session) -> None:
    words, diarization, reach = session
    known = {i.speaker for i in diarization.exclusive}
    for word, found in zip(words, attribute(words, diarization, reach=reach), strict=True):
        assert found.speaker is None or found.speaker in known
        covered = any(min(i.end, word.end) > max(i.start, word.start) for i in diarization.exclusive)
        assert not covered or found.speaker is not None


@given(sessions())
def test_what_is_clean_is_left_alone(session) -> None:
    words, diarization, reach = session
    once = attribute(words, diarization, reach=reach)
    assert attribute(once, diarization, reach=reach) == once
