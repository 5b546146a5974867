"""From sound to words with speakers: the part of the spine that needs models of sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from toolkit import align
from toolkit.audio import Audio, Waveform
from toolkit.backends import Coder, Diarizer, Transcriber
from toolkit.backends.channels import diarize_channels
from toolkit.consent.admit import ConsentedRecording
from toolkit.intervals import Span, subtract, union
from toolkit.settings import Settings
from toolkit.types import AttributedWord, Diarization, Missing, SpeakerInterval, Word

__all__ = ["Backends", "Report", "listen", "wordless_speech"]

EDGE = 0.3  # s kept around each stretch of a channel's own speech: soft starts and ends of words

Report = Callable[[str, float, float], None]
"""Told the stage, the seconds of audio done in it, and the seconds it has in all."""


@dataclass(frozen=True, slots=True)
class Backends:
    """The three exchangeable parts, loaded once and used for every session."""

    transcriber: Transcriber
    diarizer: Diarizer
    coder: Coder | Missing

    def describe(self) -> dict[str, str]:
        """What every part says of itself, its keys prefixed with the part's kind."""
        parts: dict[str, Transcriber | Diarizer | Coder] = {"transcriber": self.transcriber, "diarizer": self.diarizer}
        if not isinstance(self.coder, Missing):
            parts["coder"] = self.coder
        return {f"{kind}.{key}": value for kind, part in parts.items() for key, value in part.describe().items()}


def listen(
    heard: Audio, consented: ConsentedRecording, settings: Settings, backends: Backends, report: Report
) -> tuple[tuple[AttributedWord, ...], Diarization, str, int]:
    """Words with their speakers, speaker activity, language, and the number of words rejected as invented."""
    recording = consented.recording
    total = heard.mix.duration
    if heard.channels:
        return listen_to_channels(heard, consented, settings, backends, report)
    report("words", 0.0, total)
    transcript = backends.transcriber.transcribe(
        heard.mix, language=recording.language, progress=lambda done: report("words", done, total)
    )
    report("speakers", 0.0, total)
    diarization = backends.diarizer.diarize(
        heard.mix,
        min_speakers=recording.min_speakers,
        max_speakers=recording.max_speakers,
        progress=lambda done: report("speakers", done, total),
    )
    diarization = without_excluded(diarization, consented.excluded)
    allowed = outside(transcript.words, consented.excluded)
    words = align.attribute(allowed, diarization, reach=settings.dialogue.word_reach)
    return words, diarization, transcript.language, transcript.rejected


def listen_to_channels(
    heard: Audio, consented: ConsentedRecording, settings: Settings, backends: Backends, report: Report
) -> tuple[tuple[AttributedWord, ...], Diarization, str, int]:
    """The same from one speaker a channel: no diarizer, and each channel is transcribed by itself."""
    labels = consented.recording.channels
    total = heard.mix.duration * len(labels)
    report("speakers", 0.0, total)
    diarization = without_excluded(diarize_channels(heard.channels, labels, settings), consented.excluded)
    talk = {label: sum(i.end - i.start for i in diarization.exclusive if i.speaker == label) for label in labels}
    language, rejected = consented.recording.language, 0
    words: list[AttributedWord] = []
    # who talks most comes first: the language is best detected there, and then holds for the others
    for done, (channel, label) in enumerate(
        sorted(zip(heard.channels, labels, strict=True), key=lambda c: -talk[c[1]])
    ):
        own = tuple(i for i in diarization.regular if i.speaker == label)
        behind = heard.mix.duration * done
        transcript = backends.transcriber.transcribe(
            alone(channel, [i.span for i in own]),
            language=language,
            progress=lambda seconds, behind=behind: report("words", behind + seconds, total),
        )
        # what was heard only as bleed belongs to the other channel, where it is heard again
        allowed = outside(transcript.words, consented.excluded)
        words += align.attribute(allowed, Diarization(own, own), reach=settings.dialogue.word_reach)
        language, rejected = language or transcript.language, rejected + transcript.rejected
    own_words = (w for w in words if w.speaker is not None)
    return tuple(sorted(own_words, key=lambda w: (w.start, w.end))), diarization, language, rejected


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

    return Diarization(regular=cut(diarization.regular), exclusive=cut(diarization.exclusive))


def wordless_speech(activity: Sequence[SpeakerInterval], words: Sequence[AttributedWord], *, gap: float) -> float:
    """Seconds of speech, in stretches joined over `gap`, in which the recogniser found no word at all."""
    middles = sorted((w.start + w.end) / 2 for w in words)
    stretches = union((i.span for i in activity), gap=gap)
    return round(sum(s.duration for s in stretches if not any(m in s for m in middles)), 3)
