"""From sound to words with speakers: the part of the spine that needs models of sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from toolkit import align, transcripts
from toolkit.audio import Audio, Waveform
from toolkit.backends import Coder, Diarizer, Transcriber, create
from toolkit.backends.channels import Channels, diarize_channels
from toolkit.consent.admit import ConsentedRecording
from toolkit.intervals import Span, subtract, union
from toolkit.settings import Settings
from toolkit.transcripts import Brought
from toolkit.types import AttributedWord, Diarization, Missing, SpeakerInterval, Transcript, Word

__all__ = [
    "Backends",
    "Report",
    "SpeakersHeard",
    "WordsHeard",
    "attributed",
    "brought_speakers",
    "brought_words",
    "hear_speakers",
    "hear_words",
    "wordless_speech",
]

EDGE = 0.3  # s kept around each stretch of a channel's own speech: soft starts and ends of words

Report = Callable[[str, float, float], None]
"""Told the stage, the seconds of audio done in it, and the seconds it has in all."""


class Backends:
    """The three exchangeable parts, each loaded when it is first needed and then used for every session.

    Parameters
    ----------
    settings
        Name the parts and their models.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def transcriber(self) -> Transcriber:
        """The part that `words.backend` names."""
        found: Transcriber = create("transcriber", self.settings.words.backend, self.settings)
        return found

    @cached_property
    def diarizer(self) -> Diarizer:
        """The part that `speakers.backend` names."""
        found: Diarizer = create("diarizer", self.settings.speakers.backend, self.settings)
        return found

    @cached_property
    def coder(self) -> Coder | Missing:
        """The part that `coding.coder` names."""
        if self.settings.coding.coder == "none":
            return Missing("coding is turned off (coding.coder = none)")
        found: Coder = create("coder", self.settings.coding.coder, self.settings)
        return found


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """What the stage of words gives: one transcript, or one a channel, without words of excluded portions.

    `described` is what the transcriber says of itself.
    """

    transcripts: tuple[Transcript, ...]
    described: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SpeakersHeard:
    """What the stage of speakers gives: who spoke when, outside excluded portions.

    `described` is what the diarizer says of itself.
    """

    diarization: Diarization
    described: Mapping[str, str]


def hear_speakers(
    heard: Audio, consented: ConsentedRecording, settings: Settings, backends: Backends, report: Report
) -> SpeakersHeard:
    """Who spoke when: by the diarizer, or from the channels where each speaker has one."""
    recording, total = consented.recording, heard.mix.duration
    if heard.channels:
        report("speakers", 0.0, total * len(heard.channels))
        found = diarize_channels(heard.channels, recording.channels, settings)
        return SpeakersHeard(without_excluded(found, consented.excluded), Channels(settings).describe())
    report("speakers", 0.0, total)
    diarizer = backends.diarizer
    found = diarizer.diarize(
        heard.mix,
        min_speakers=recording.min_speakers,
        max_speakers=recording.max_speakers,
        progress=lambda done: report("speakers", done, total),
    )
    return SpeakersHeard(without_excluded(found, consented.excluded), diarizer.describe())


def hear_words(
    heard: Audio, consented: ConsentedRecording, transcriber: Transcriber, report: Report, *, channels: Diarization
) -> WordsHeard:
    """What was said; of one speaker a channel, each channel by itself.

    Parameters
    ----------
    heard
        The sound.
    consented
        Gives language, channel map and excluded portions.
    transcriber
        Hears the mix, or every channel.
    report
        Told about progress.
    channels
        Who spoke when, read only where there is a channel map.
    """
    language, total = consented.recording.language, heard.mix.duration
    if not heard.channels:
        report("words", 0.0, total)
        transcript = transcriber.transcribe(
            heard.mix, language=language, progress=lambda done: report("words", done, total)
        )
        return WordsHeard((kept(transcript, consented.excluded),), transcriber.describe())
    labels = consented.recording.channels
    found: dict[int, Transcript] = {}
    for done, place in enumerate(by_talk(channels, labels)):
        behind = total * done
        own = tuple(i.span for i in channels.regular if i.speaker == labels[place])
        found[place] = transcriber.transcribe(
            alone(heard.channels[place], own),
            language=language,
            progress=lambda seconds, behind=behind: report("words", behind + seconds, total * len(labels)),
        )
        language = language or found[place].language
    return WordsHeard(
        tuple(kept(found[place], consented.excluded) for place in range(len(labels))), transcriber.describe()
    )


def brought_words(heard: Audio, consented: ConsentedRecording, found: Brought) -> WordsHeard:
    """The words of a transcript made elsewhere, in place of a recogniser's."""
    part = transcripts.ReplayedWords(found)
    told = part.transcribe(heard.mix, language=consented.recording.language, progress=lambda _: None)
    return WordsHeard((kept(told, consented.excluded),), part.describe())


def brought_speakers(heard: Audio, consented: ConsentedRecording, found: Brought) -> SpeakersHeard:
    """Who spoke when by a transcript made elsewhere, in place of a diarizer."""
    part = transcripts.ReplayedSpeakers(found)
    told = part.diarize(heard.mix, min_speakers=0, max_speakers=0, progress=lambda _: None)
    return SpeakersHeard(without_excluded(told, consented.excluded), part.describe())


def by_talk(channels: Diarization, labels: Sequence[str]) -> list[int]:
    """Places of the channels, who talks most first: there a language is best detected, then it holds for all."""
    talk = {label: sum(i.end - i.start for i in channels.exclusive if i.speaker == label) for label in labels}
    return sorted(range(len(labels)), key=lambda place: -talk[labels[place]])


def attributed(
    words: WordsHeard, diarization: Diarization, consented: ConsentedRecording, *, reach: float
) -> tuple[tuple[AttributedWord, ...], str, int]:
    """Words with their speakers, the language, and the number of words rejected as invented."""
    labels, rejected = consented.recording.channels, sum(t.rejected for t in words.transcripts)
    if not labels or len(words.transcripts) == 1:
        (transcript,) = words.transcripts
        found = align.attribute(transcript.words, diarization, reach=reach, language=transcript.language)
        return found, transcript.language, rejected
    heard: list[AttributedWord] = []
    language = consented.recording.language
    for place in by_talk(diarization, labels):
        own = tuple(i for i in diarization.regular if i.speaker == labels[place])
        # what was heard only as bleed belongs to the other channel, where it is heard again
        heard += align.attribute(words.transcripts[place].words, Diarization(own, own), reach=reach)
        language = language or words.transcripts[place].language
    own_words = (w for w in heard if w.speaker is not None)
    return tuple(sorted(own_words, key=lambda w: (w.start, w.end))), language, rejected


def kept(transcript: Transcript, excluded: Sequence[Span]) -> Transcript:
    """The transcript without what was said in excluded portions: it is neither used nor kept."""
    return replace(transcript, words=outside(transcript.words, excluded))


def alone(channel: Waveform, own: Sequence[Span]) -> Waveform:
    """The channel with silence wherever its own speaker is not active, so that nobody is heard through the bleed."""
    import numpy as np

    samples = np.zeros_like(channel.samples)
    for span in own:
        first, last = (max(0, round(time * channel.rate)) for time in (span.start - EDGE, span.end + EDGE))
        samples[first:last] = channel.samples[first:last]
    return Waveform(samples, channel.rate)


def outside(words: Sequence[Word], excluded: Sequence[Span]) -> tuple[Word, ...]:
    """Words that touch no excluded portion: replayed words were heard before the sound was silenced."""
    return tuple(w for w in words if not any(w.start < e.end and e.start < w.end for e in excluded))


def without_excluded(diarization: Diarization, excluded: Sequence[Span]) -> Diarization:
    """Cut excluded portions out: a model may smear speech over their edges."""

    def cut(intervals: Sequence[SpeakerInterval]) -> tuple[SpeakerInterval, ...]:
        return tuple(
            SpeakerInterval(s.start, s.end, i.speaker) for i in intervals for s in subtract([i.span], excluded)
        )

    return replace(diarization, regular=cut(diarization.regular), exclusive=cut(diarization.exclusive))


def wordless_speech(activity: Sequence[SpeakerInterval], words: Sequence[AttributedWord], *, gap: float) -> float:
    """Seconds of speech, in stretches joined over `gap`, in which the recogniser found no word at all."""
    middles = sorted((w.start + w.end) / 2 for w in words)
    stretches = union((i.span for i in activity), gap=gap)
    return round(sum(s.duration for s in stretches if not any(m in s for m in middles)), 3)
