"""Floor, backchannels and interruptions, by hand, after the examples of Heldner & Edlund (2010)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from builders import SETTINGS, Line, activity, spoken
from hypothesis import given
from hypothesis import strategies as st

from toolkit.intervals import Span, total
from toolkit.turns import Floor, build, inter_pausal_units
from toolkit.types import Missing, SpeakerInterval

WITHOUT_WORDS = Missing("the session has no words")


def floor(*lines: Line, excluded: tuple[Span, ...] = ()) -> Floor:
    heard = [SpeakerInterval(x.start, x.end, x.speaker) for x in lines]
    return build(heard, spoken(lines), SETTINGS.dialogue, language="en", excluded=excluded)


def silent_floor(text: str) -> Floor:
    return build(activity(text), WITHOUT_WORDS, SETTINGS.dialogue, language="en")


def held(found: Floor) -> list[tuple[str, float, float]]:
    return [(t.speaker, t.start, t.end) for t in found.turns]


def test_units_join_below_the_gap_and_not_at_it():
    # 0.199 s joins, 0.2 s does not; 1.2 - 1.0 is below 0.2 in binary, so this is compared in milliseconds
    assert [(u.start, u.end) for u in inter_pausal_units(activity("A 0-1, A 1.199-2"), SETTINGS.dialogue)] == [(0, 2)]
    assert len(inter_pausal_units(activity("A 0-1, A 1.2-2"), SETTINGS.dialogue)) == 2


def test_pause_the_same_speaker_goes_on():
    found = silent_floor("A 0-2, A 3-5")
    assert held(found) == [("A", 0, 5)]
    assert found.turns[0].speech_time == 4
    assert found.turns[0].duration == 5


def test_gap_the_floor_changes_in_silence():
    assert held(silent_floor("A 0-2, B 2.5-5")) == [("A", 0, 2), ("B", 2.5, 5)]


def test_between_speaker_overlap_the_floor_changes_in_overlap():
    found = silent_floor("A 0-2.2, B 2-5")
    assert held(found) == [("A", 0, 2.2), ("B", 2, 5)]
    assert found.interruptions == ()  # 0.2 s before the end is no interruption


def test_within_speaker_overlap_the_floor_does_not_change():
    found = floor(Line("A", 0, 10, "a long story that goes on"), Line("B", 9.7, 9.9, "no problem"))
    assert held(found) == [("A", 0, 10)]
    assert found.backchannels == found.interruptions == ()  # too late and too short for a failed interruption


def test_a_backchannel_does_not_end_the_turn():
    found = floor(Line("C", 0, 5, "and then he left"), Line("T", 5.2, 5.7, "Mm-hmm."), Line("C", 6, 9, "for good"))
    assert held(found) == [("C", 0, 9)]
    assert found.turns[0].speech_time == 8
    assert [(b.speaker, b.start, b.end, b.heard) for b in found.backchannels] == [("T", 5.2, 5.7, True)]


def test_a_backchannel_inside_the_others_speech():
    found = floor(Line("C", 0, 5, "and then he left"), Line("T", 2, 2.5, "yeah"))
    assert held(found) == [("C", 0, 5)]
    assert len(found.backchannels) == 1
    assert found.interruptions == ()  # never an interruption, though 3 s before the end


def test_an_answer_to_a_direct_question_is_a_turn():
    found = floor(Line("T", 0, 3, "Do you smoke?"), Line("C", 3.3, 3.7, "Yeah."), Line("T", 4, 6, "I see that"))
    assert [t.speaker for t in found.turns] == ["T", "C", "T"]
    assert found.backchannels == ()


def test_a_token_after_an_older_question_is_a_backchannel():
    found = floor(
        Line("T", 0, 2, "Do you smoke?"),
        Line("T", 2.5, 5, "Many people do here"),
        Line("C", 5.2, 5.6, "Yeah."),
        Line("T", 6, 8, "and more"),
    )
    assert [t.speaker for t in found.turns] == ["T"]
    assert len(found.backchannels) == 1


def test_one_who_speaks_on_over_the_answer_left_no_floor():
    found = floor(Line("T", 0, 6, "It is hard, right? and so we went on"), Line("C", 3.0, 3.4, "Yeah."))
    assert [t.speaker for t in found.turns] == ["T"]
    assert len(found.backchannels) == 1


@pytest.mark.parametrize(
    ("said", "length"),
    [("no problem", 0.5), ("yeah yeah yeah yeah", 0.9), ("yeah", 1.2)],
    ids=["not on the list", "too many words", "too long"],
)
def test_what_is_no_backchannel_takes_the_floor(said, length):
    found = floor(Line("C", 0, 5), Line("T", 5.2, 5.2 + length, said), Line("C", 7, 9))
    assert [t.speaker for t in found.turns] == ["C", "T", "C"]
    assert found.backchannels == ()


def test_a_token_that_its_speaker_goes_on_from_opens_the_turn():
    found = floor(Line("C", 0, 5), Line("T", 5.2, 5.6, "Okay."), Line("T", 6, 9, "so what happened then"))
    assert held(found) == [("C", 0, 5), ("T", 5.2, 9)]


def test_tokens_in_a_row_each_stay_inside_the_turn():
    found = floor(
        Line("C", 0, 5),
        Line("T", 5.2, 5.5, "mhm"),
        Line("C", 5.8, 6.1, "yeah"),
        Line("T", 6.4, 6.7, "okay"),
        Line("C", 7, 9),
    )
    assert held(found) == [("C", 0, 9)]
    assert [b.start for b in found.backchannels] == [5.2, 6.4]


def test_a_token_answered_by_a_token_before_its_speaker_goes_on_opens_the_turn():
    found = floor(
        Line("C", 0, 5), Line("T", 5.2, 5.6, "Okay."), Line("C", 5.8, 6.1, "yeah"), Line("T", 6.4, 9, "so what then")
    )
    assert held(found) == [("C", 0, 5), ("T", 5.2, 9)]
    assert [(b.speaker, b.start) for b in found.backchannels] == [("C", 5.8)]


def test_of_two_who_start_at_once_the_longer_has_the_floor():
    found = silent_floor("B 0-3, A 0-1.5")
    assert held(found) == [("B", 0, 3)]
    assert found.interruptions == ()


def test_a_token_between_two_other_speakers_is_a_turn():
    found = floor(Line("A", 0, 5), Line("B", 5.2, 5.6, "okay"), Line("C", 6, 9))
    assert [t.speaker for t in found.turns] == ["A", "B", "C"]


def test_a_short_unit_without_words_is_an_unheard_backchannel():
    heard = activity("C 0-5, T 5.2-5.6, C 6-9")
    for said in (WITHOUT_WORDS, spoken([Line("C", 0, 5), Line("C", 6, 9)])):
        found = build(heard, said, SETTINGS.dialogue, language="en")
        assert held(found) == [("C", 0, 9)]
        assert [b.heard for b in found.backchannels] == [False]


def test_words_find_their_unit_though_their_ends_swallow_silence():
    # "yeah" is said to last until the client goes on, and to begin a little early
    swallowed = spoken([Line("C", 0, 5), Line("T", 5.1, 6.0, "yeah"), Line("C", 6, 9)])
    found = build(activity("C 0-5, T 5.2-5.6, C 6-9"), swallowed, SETTINGS.dialogue, language="en")
    assert [(b.start, b.end, b.heard) for b in found.backchannels] == [(5.2, 5.6, True)]


def test_an_interruption_takes_the_floor():
    found = floor(Line("C", 0, 5), Line("T", 4.2, 8, "but you know that"))  # 0.8 s before the end
    assert held(found) == [("C", 0, 5), ("T", 4.2, 8)]
    (event,) = found.interruptions
    assert (event.speaker, event.interrupted, event.succeeded, event.start, event.end) == ("T", "C", True, 4.2, 8)


def test_a_failed_interruption_leaves_the_floor():
    found = floor(Line("C", 0, 10), Line("T", 4, 5.5, "but you know that"))
    assert held(found) == [("C", 0, 10)]
    (event,) = found.interruptions
    assert (event.succeeded, event.interrupted) == (False, "C")


@pytest.mark.parametrize(
    ("start", "events"), [(4.5, 1), (4.501, 0), (4.75, 0)], ids=["at the lead", "just after it", "within the grace"]
)
def test_the_lead_of_an_interruption(start, events):
    found = floor(Line("C", 0, 5), Line("T", start, 8, "but you know that"))
    assert len(found.interruptions) == events
    assert [t.speaker for t in found.turns] == ["C", "T"]


@pytest.mark.parametrize(("length", "events"), [(0.25, 0), (0.26, 1)])
def test_the_grace_of_a_failed_interruption(length, events):
    assert len(floor(Line("C", 0, 5), Line("T", 2, 2 + length, "but")).interruptions) == events


def test_who_start_together_do_not_interrupt():
    # both begin after the client's stop, 0.2 s apart: neither cuts in
    found = silent_floor("C 0-3, T 3.5-7, C 3.7-8")
    assert found.interruptions == ()
    assert [t.speaker for t in found.turns] == ["C", "T", "C"]


def test_three_speakers():
    found = silent_floor("A 0-5, B 4-9, C 8-12, A 9.5-11")
    assert held(found) == [("A", 0, 5), ("B", 4, 9), ("C", 8, 12)]
    assert [(i.speaker, i.interrupted, i.succeeded) for i in found.interruptions] == [
        ("B", "A", True),
        ("C", "B", True),
        ("A", "C", False),
    ]


def test_a_turn_never_runs_across_an_excluded_portion():
    portion = (Span(5.5, 20),)
    found = floor(Line("C", 0, 5), Line("C", 21, 25), excluded=portion)
    assert held(found) == [("C", 0, 5), ("C", 21, 25)]
    assert [t.index for t in found.turns] == [0, 1]


def test_a_token_before_an_excluded_portion_is_no_backchannel():
    # whether the client went on is not known
    found = floor(Line("C", 0, 5), Line("T", 5.1, 5.4, "mhm"), Line("C", 21, 25), excluded=(Span(5.5, 20),))
    assert [t.speaker for t in found.turns] == ["C", "T", "C"]


def test_speech_inside_an_excluded_portion_is_cut_out():
    found = floor(Line("C", 0, 6), excluded=(Span(5, 7),))
    assert held(found) == [("C", 0, 5)]


def test_nobody_speaks():
    assert build((), WITHOUT_WORDS, SETTINGS.dialogue, language="en") == Floor((), (), ())


INTERVALS = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 30_000), st.integers(1, 4_000)), max_size=25)


def as_activity(raw, shift=0):
    return [SpeakerInterval((s + shift) / 1000, (s + d + shift) / 1000, who) for who, s, d in raw]


@given(INTERVALS)
def test_every_unit_is_in_a_turn_or_a_backchannel_or_inside_the_holders_speech(raw):
    heard = as_activity(raw)
    found = build(heard, WITHOUT_WORDS, SETTINGS.dialogue, language="en")
    units = inter_pausal_units(heard, SETTINGS.dialogue)
    tokens = {(b.speaker, b.start, b.end) for b in found.backchannels}
    assert len(tokens) == len(found.backchannels)
    for unit in units:
        in_turn = [t for t in found.turns if t.speaker == unit.speaker and t.start <= unit.start and unit.end <= t.end]
        is_token = (unit.speaker, unit.start, unit.end) in tokens
        beside = any(u.speaker != unit.speaker and u.start <= unit.start and unit.end <= u.end for u in units)
        assert len(in_turn) <= 1
        assert in_turn or is_token or beside


@given(INTERVALS)
def test_turns_follow_each_other_and_change_speaker(raw):
    found = build(as_activity(raw), WITHOUT_WORDS, SETTINGS.dialogue, language="en")
    assert bool(found.turns) == bool(raw)
    for before, after in pairwise(found.turns):
        assert before.speaker != after.speaker
        assert before.start <= after.start
        assert before.end < after.end
    for turn in found.turns:
        assert 0 < turn.speech_time <= turn.duration + 1e-9


@given(INTERVALS)
def test_a_turn_holds_no_more_speech_than_its_speaker_has(raw):
    heard = as_activity(raw)
    found = build(heard, WITHOUT_WORDS, SETTINGS.dialogue, language="en")
    for speaker in "ABC":
        own = total(a.span for a in heard if a.speaker == speaker)
        assert sum(t.speech_time for t in found.turns if t.speaker == speaker) <= own + 1e-6


@given(INTERVALS, st.integers(0, 100_000))
def test_shifting_time_changes_nothing(raw, shift):
    def shape(by):
        found = build(as_activity(raw, by), WITHOUT_WORDS, SETTINGS.dialogue, language="en")
        return (
            [(t.speaker, round(t.start * 1000) - by, round(t.end * 1000) - by, t.speech_time) for t in found.turns],
            [(b.speaker, round(b.start * 1000) - by) for b in found.backchannels],
            [(i.speaker, i.interrupted, i.succeeded, round(i.start * 1000) - by) for i in found.interruptions],
        )

    assert shape(0) == shape(shift)


@given(INTERVALS, st.data())
def test_splitting_intervals_that_touch_changes_nothing(raw, data):
    pieces = []
    for who, start, length in raw:
        cut = data.draw(st.integers(0, length))
        pieces += [(who, start, cut), (who, start + cut, length - cut)]
    whole, split = (build(as_activity(x), WITHOUT_WORDS, SETTINGS.dialogue, language="en") for x in (raw, pieces[::-1]))
    assert whole == split
