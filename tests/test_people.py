"""More people than two, backchannels and overlap, by the real diarizer on mixtures of the sample sessions' voices."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from mixtures import RATE, confused, conversation, diarized, people, sample_voices

from toolkit.audio import Waveform
from toolkit.intervals import Span, intersect, total
from toolkit.types import SpeakerInterval

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def four(model_store):
    """Four people in turn, five seconds each."""
    return conversation(sample_voices(least=1.2), rounds=4, length=5.0)


@pytest.mark.parametrize(("least", "most"), [(4, 4), (3, 6), (0, 0)])
def test_four_people_are_four_told_or_not(four, least: int, most: int) -> None:
    sound, there = four
    found = diarized(sound, least, most)
    assert people(found) == 4
    assert confused(there, found) < 0.1


def laid_over(
    sound: Waveform, there: list[SpeakerInterval], who: str, part: np.ndarray, at: float
) -> tuple[Waveform, SpeakerInterval]:
    """Somebody heard from `at` seconds on, at the same time as whoever speaks there."""
    samples = sound.samples.copy()
    first = round(at * RATE)
    samples[first : first + len(part)] += part
    return replace(sound, samples=samples), SpeakerInterval(at, at + len(part) / RATE, who)


def given_to(found, person: str, there: list[SpeakerInterval], span: Span) -> float:
    """Share of a span in which the label that is mostly this person is heard."""

    def shared(label: str) -> float:
        return total(intersect([i.span for i in found.regular if i.speaker == label], [i.span for i in own]))

    own = [i for i in there if i.speaker == person]
    label = max({i.speaker for i in found.regular}, key=shared)
    return total(intersect([i.span for i in found.regular if i.speaker == label], [span])) / span.duration


def test_overlap_counts_for_both(model_store) -> None:
    said = {who: parts for who, parts in sample_voices().items() if who.startswith("reflective")}
    sound, there = conversation(said, rounds=3)
    other = there[0].speaker
    long = next(i for i in there[4:] if i.speaker != other and i.end - i.start > 4.5)
    words = said[other][0][: round(1.5 * RATE)]
    loud, both = laid_over(sound, there, other, words, long.start + 1.5)
    found = diarized(loud, 2, 2)
    assert people(found) == 2
    assert given_to(found, other, there, both.span) > 0.6
    assert given_to(found, long.speaker, there, both.span) > 0.6


def test_a_third_of_a_second_inside_the_others_speech_keeps_its_owner(model_store) -> None:
    said = {who: parts for who, parts in sample_voices().items() if who.startswith("reflective")}
    sound, there = conversation(said, rounds=3)
    other = there[0].speaker
    last = next(i for i, after in itertools.pairwise(there) if i.speaker == after.speaker != other)
    heard, brief = laid_over(sound, there, other, said[other][1][: round(0.3 * RATE)], last.end - 0.6)
    assert given_to(diarized(heard, 2, 2), other, there, brief.span) > 0.5
