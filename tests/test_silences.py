"""Silences from speech activity, and the cross-check with words and level."""

from __future__ import annotations

import math

import pytest
from builders import SETTINGS, Line, activity, spoken
from hypothesis import given
from hypothesis import strategies as st

from toolkit import silences, turns
from toolkit.intervals import Span, intersect, subtract, total, union
from toolkit.types import Missing, Silence, SilenceEvidence, SilenceKind, SpeakerInterval, Word

WITHOUT_WORDS = Missing("the session has no words")
PAUSE, GAP, LAPSE = SilenceKind.PAUSE, SilenceKind.GAP, SilenceKind.LAPSE
SILENT, EXCLUDED = SilenceEvidence.SILENT, SilenceEvidence.EXCLUDED


def find(heard, excluded=(), said=WITHOUT_WORDS) -> tuple[Silence, ...]:
    floor = turns.build(heard, said, SETTINGS.dialogue, language="en", excluded=excluded)
    return silences.find(heard, floor.turns, excluded, SETTINGS.dialogue)


def short(found):
    return [(s.start, s.end, s.kind, s.before, s.after) for s in found]


def test_pause_gap_and_lapse():
    found = find(activity("A 0-2, A 3-5, B 5.5-8, A 12-14"))
    assert short(found) == [(2, 3, PAUSE, "A", "A"), (5, 5.5, GAP, "A", "B"), (8, 12, LAPSE, "B", "A")]
    assert [s.index for s in found] == [0, 1, 2]
    assert found[2].duration == 4


def test_a_gap_of_exactly_the_limit_is_no_lapse():
    assert find(activity("A 0-2, B 5-6"))[0].kind is GAP
    assert find(activity("A 0-2, B 5.001-6"))[0].kind is LAPSE


def test_a_backchannel_breaks_a_silence_and_leaves_the_floor():
    # the listener's "mhm" after 4 s breaks the silence; what follows is C's pause, for the floor is still C's
    lines = [Line("C", 0, 5), Line("T", 9, 9.5, "Mm-hmm."), Line("C", 10, 12)]
    found = find([SpeakerInterval(x.start, x.end, x.speaker) for x in lines], said=spoken(lines))
    assert short(found) == [(5, 9, LAPSE, "C", "T"), (9.5, 10, PAUSE, "C", "C")]


def test_of_two_who_break_a_silence_together_the_longer_speaker_did():
    assert short(find(activity("A 0-2, A 4-6, B 4-5"))) == [(2, 4, PAUSE, "A", "A")]
    assert short(find(activity("A 0-2, A 4-5, B 4-6"))) == [(2, 4, GAP, "A", "B")]


def test_overlap_leaves_no_silence_and_the_ends_of_the_recording_are_none():
    assert find(activity("A 3-5, B 4-8")) == ()
    assert find(()) == ()


def test_silence_is_what_no_speaker_covers():
    # B speaks inside A's pause: two gaps, none of them 2 to 5
    assert [(s.start, s.end) for s in find(activity("A 0-2, B 3-4.5, A 5-6"))] == [(2, 3), (4.5, 5)]


def test_silence_beside_an_excluded_portion_is_kept_apart():
    found = find(activity("A 0-2, B 20-22, A 26-28"), excluded=(Span(5, 15),))
    assert [(s.start, s.end, s.evidence) for s in found] == [
        (2, 5, EXCLUDED),
        (15, 20, EXCLUDED),
        (22, 26, SILENT),
    ]


def test_an_excluded_portion_between_two_stretches_of_speech_is_no_silence():
    assert find(activity("A 0-5, A 15-22"), excluded=(Span(5, 15),)) == ()


def test_speech_smeared_into_an_excluded_portion_is_ignored():
    found = find(activity("A 0-6, A 9-9.5, B 15-22"), excluded=(Span(5, 14),))
    assert [(s.start, s.end, s.evidence, s.before, s.after) for s in found] == [(14, 15, EXCLUDED, "A", "B")]


QUIET = (Silence(0, 10.0, 15.0, PAUSE, "A", "A", SILENT),)


@pytest.mark.parametrize(
    ("word", "evidence"),
    [
        ((12.0, 12.4), SilenceEvidence.WORDS),  # in the middle
        ((9.8, 14.9), SILENT),  # the word before, whose end swallowed the silence
        ((10.1, 15.2), SILENT),  # the word after, whose start did
        ((11.0, 13.0), SilenceEvidence.WORDS),  # overlong, but it belongs to no neighbour
        ((10.1, 10.3), SILENT),  # within 0.3 s of the edge: word times are that loose
        ((10.2, 10.5), SilenceEvidence.WORDS),  # its middle, 10.35, is not
        ((14.6, 15.2), SILENT),
        ((16.0, 16.2), SILENT),
    ],
)
def test_words_inside_a_silence_make_it_doubtful(word, evidence):
    heard = [Word(*word, "so", 0.9)]
    (checked,) = silences.cross_check(QUIET, heard, [-70.0], -25.0, SETTINGS.dialogue)
    assert checked.evidence is evidence


@pytest.mark.parametrize(
    ("level", "evidence"),
    [
        (-70.0, SILENT),
        (-40.0, SILENT),
        (-39.9, SilenceEvidence.NOISE),
        (-10.0, SilenceEvidence.NOISE),
        (-math.inf, SILENT),
    ],
)
def test_noise_within_the_margin_of_speech(level, evidence):
    # noise_margin 15 dB below speech at -25 dBFS: -40 dBFS
    (checked,) = silences.cross_check(QUIET, [], [level], -25.0, SETTINGS.dialogue)
    assert checked.evidence is evidence


@pytest.mark.parametrize(
    ("background", "evidence"), [(-80.0, SilenceEvidence.NOISE), (-36.1, SilenceEvidence.NOISE), (-35.9, SILENT)]
)
def test_noise_that_is_always_there_is_no_noise_of_a_silence(background, evidence):
    # 5 dB below the speech: noise only where it lies more than noise_above, 6 dB, over the background
    (checked,) = silences.cross_check(QUIET, [], [-30.0], -25.0, SETTINGS.dialogue, background=background)
    assert checked.evidence is evidence


def test_a_stretch_too_short_to_have_a_middle_stays():
    brief = (Silence(0, 10.0, 10.5, GAP, "A", "B", SILENT),)
    (checked,) = silences.cross_check(brief, [Word(10.2, 10.3, "so", 0.9)], [-10.0], -25.0, SETTINGS.dialogue)
    assert checked.evidence is SILENT


def test_excluded_stays_excluded():
    beside = (Silence(0, 10.0, 15.0, GAP, "A", "B", EXCLUDED),)
    (checked,) = silences.cross_check(beside, [Word(12, 12.5, "so", 0.9)], [-10.0], -25.0, SETTINGS.dialogue)
    assert checked == beside[0]


def test_one_level_a_silence():
    with pytest.raises(ValueError, match="shorter"):
        silences.cross_check(QUIET, [], [], -25.0, SETTINGS.dialogue)


INTERVALS = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 30_000), st.integers(1, 4_000)), max_size=20)
PORTIONS = st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 5_000)), max_size=3)


@given(INTERVALS, PORTIONS)
def test_speech_silence_and_excluded_fill_the_session(raw, cut):
    heard = [SpeakerInterval(s / 1000, (s + d) / 1000, who) for who, s, d in raw]
    excluded = tuple(Span(s / 1000, (s + d) / 1000) for s, d in cut)
    found = find(heard, excluded)
    kept = [a for a in (x.span for x in heard) if total([a]) > total(intersect([a], excluded))]
    speech = [s for a in kept for s in subtract([a], excluded)]
    if not speech:
        assert found == ()
        return
    session = Span(min(s.start for s in speech), max(s.end for s in speech))
    quiet = [Span(s.start, s.end) for s in found]
    # they cover the session ...
    assert total([*speech, *quiet, *intersect(excluded, [session])]) == pytest.approx(session.duration, abs=1e-6)
    # ... and share no moment
    assert total(intersect(quiet, [*speech, *excluded])) == pytest.approx(0, abs=1e-6)
    assert len(union(quiet)) == len(quiet)


@given(INTERVALS)
def test_a_pause_has_one_speaker_and_a_gap_two(raw):
    for silence in find([SpeakerInterval(s / 1000, (s + d) / 1000, who) for who, s, d in raw]):
        assert (silence.kind is PAUSE) == (silence.before == silence.after)
        assert (silence.kind is LAPSE) == (silence.before != silence.after and round(silence.duration * 1000) > 3000)
