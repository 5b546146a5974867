"""Silences counted, by hand and as properties."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SETTINGS, C, T, activity, dialogue, named
from hypothesis import given
from hypothesis import strategies as st

from toolkit.intervals import Span, intersect, subtract, total
from toolkit.measures import compute
from toolkit.settings import MeasureSettings
from toolkit.types import Missing, SilenceEvidence, SpeakerInterval

# silences: 4-7 (3 s), 9-11.5 (2.5 s), 12-12.5 (0.5 s), 14-19 (5 s); session 0-20
TALK = dialogue((), speech=activity(f"{T} 0-4, {C} 7-9, {T} 11.5-12, {C} 12.5-14, {T} 19-20"))
FOUND = compute(TALK, SETTINGS)


def test_counts_at_three_and_two_seconds():
    count = named(FOUND, "silence_count")
    assert (count.value, count.n) == (2, 2)  # exactly 3 s counts
    assert count.interval.start == pytest.approx(0.355, abs=1e-3)  # Garwood, 90 %: 0.355 to 6.296
    assert count.interval.end == pytest.approx(6.296, abs=1e-3)
    assert named(FOUND, "silence_count_2s").value == 3


def test_the_minimum_is_a_setting():
    settings = replace(SETTINGS, measures=MeasureSettings(silence_min=5.0))
    found = compute(TALK, settings)
    assert named(found, "silence_count").value == 1
    assert named(found, "silence_count_2s").value == 3


def test_share_and_longest():
    share = named(FOUND, "silence_share")
    assert (share.value, share.numerator, share.denominator, share.n) == (0.55, 11, 20, 4)
    assert named(FOUND, "longest_silence").value == 5


@pytest.mark.parametrize("evidence", [SilenceEvidence.WORDS, SilenceEvidence.NOISE, SilenceEvidence.EXCLUDED])
def test_only_silence_that_was_silent_counts(evidence):
    doubtful = tuple(replace(s, evidence=evidence) if s.start == 14 else s for s in TALK.silences)
    found = compute(replace(TALK, silences=doubtful), SETTINGS)
    assert named(found, "silence_count").value == 1
    assert named(found, "longest_silence").value == 3
    assert named(found, "silence_share").numerator == 6
    # nor is it an offset of the floor: the other change is 3 s (11.5-12 is a backchannel by its length)
    assert named(FOUND, "fto_median").value == 4
    assert named(found, "fto_median").value == 3


def test_excluded_portions_are_no_silence():
    found = compute(dialogue((), speech=TALK.activity, excluded=(Span(15, 18),)), SETTINGS)
    assert named(found, "silence_count").value == 1
    share = named(found, "silence_share")
    assert (share.numerator, share.denominator) == (6, 17)


def test_no_silence_at_all():
    found = compute(dialogue((), speech=activity(f"{T} 0-4, {C} 4-6")), SETTINGS)
    assert named(found, "silence_count").value == 0
    assert named(found, "silence_share").value == 0
    assert named(found, "longest_silence").value == Missing("no silence between two stretches of speech")


RAW = st.lists(
    st.tuples(st.sampled_from([T, C]), st.integers(0, 60_000), st.integers(1, 5_000)), min_size=1, max_size=20
)


@given(RAW, st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 5_000)), max_size=2))
def test_speech_and_silence_fill_the_session(raw, cut):
    heard = [SpeakerInterval(s / 1000, (s + d) / 1000, who) for who, s, d in raw]
    excluded = [Span(s / 1000, (s + d) / 1000) for s, d in cut]
    talk = dialogue((), speech=heard, excluded=excluded)
    share = named(compute(talk, SETTINGS), "silence_share")
    speech = subtract([a.span for a in heard], excluded)
    beside = total(Span(s.start, s.end) for s in talk.silences if s.evidence is SilenceEvidence.EXCLUDED)
    if total(speech) < 0.0005:
        assert isinstance(share.value, Missing)
        return
    session = Span(speech[0].start, speech[-1].end)
    assert share.numerator + beside + total(speech) == pytest.approx(share.denominator, abs=1e-6)
    assert share.denominator == pytest.approx(session.duration - total(intersect(excluded, [session])), abs=1e-6)
