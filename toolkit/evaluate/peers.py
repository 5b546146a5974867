"""What the toolkit is built on, run by itself on the same sound: faster-whisper alone, pyannote's stock pipeline.

And what other programs found, as a result that is compared with a reference by the same functions as ours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from toolkit.audio import AudioFacts, Waveform
from toolkit.evaluate.metrics import ErrorRate, tokens, word_errors
from toolkit.formats.truth import Truth, joined_turns, quiet
from toolkit.intervals import Span, overlap, union
from toolkit.result import SessionResult
from toolkit.settings import Settings
from toolkit.types import (
    AttributedWord,
    Dialogue,
    Missing,
    Provenance,
    Purpose,
    Silence,
    SilenceEvidence,
    SilenceKind,
    SpeakerInterval,
    Turn,
    Word,
)

__all__ = ["StockSpeakers", "StockWords", "as_result", "by_overlap"]

THRESHOLD = 0.7045654963945799  # of pyannote/speaker-diarization-3.1
STEP = 0.1  # of a chunk: pyannote's own default


class StockWords:
    """``WhisperModel.transcribe`` of the same model with its own defaults: no speech filter, no guards."""

    def __init__(self, settings: Settings) -> None:
        from toolkit.backends.whisper import create

        self.model = create(settings).model

    def errors(self, waveform: Waveform, truth: Truth) -> ErrorRate | Missing:
        """Word errors of the plain transcript, in the reference's order of time."""
        timed = truth.utterances if isinstance(truth.words, Missing) else truth.words
        if isinstance(timed, Missing):
            return timed
        segments, _ = self.model.transcribe(waveform.samples, language="en")
        said = " ".join(segment.text for segment in segments)
        there = [token for part in timed for token in tokens(part.text, fillers=True)]
        return word_errors(there, tokens(said, fillers=True))


class StockSpeakers:
    """pyannote.audio's ``SpeakerDiarization`` with the same two models: one embedding a chunk and speaker, step 0.1."""

    def __init__(self, settings: Settings) -> None:
        from toolkit.backends.pyannote import create

        self.diarizer = create(settings)
        self.diarizer.pipeline = stock_pipeline(settings)

    def diarize(self, waveform: Waveform, speakers: int) -> tuple[SpeakerInterval, ...]:
        """Who spoke when, with the number of speakers given, as the toolkit is given it."""
        found = self.diarizer.diarize(waveform, min_speakers=speakers, max_speakers=speakers, progress=lambda _: None)
        return found.regular


def stock_pipeline(settings: Settings) -> Any:
    """The library's own steps in the place of whatever the toolkit does faster or otherwise."""
    from pyannote.audio.pipelines import SpeakerDiarization

    from toolkit import models
    from toolkit.backends.networks import ClusteredDiarization, embedding, pick_device, segmentation

    first, _, second = settings.speakers.pipeline.partition("+")
    own = {
        "get_segmentations": SpeakerDiarization.get_segmentations,
        "get_embeddings": SpeakerDiarization.get_embeddings,
    }
    stock = type("Stock", (ClusteredDiarization,), own)
    pipeline = stock(segmentation(models.path(first)), embedding(models.path(second)), step=STEP, threshold=THRESHOLD)
    pipeline.embedding_exclude_overlap = False  # the default of its constructor
    return pipeline.to(pick_device(settings.speakers.device))


def by_overlap(words: Sequence[Word], activity: Sequence[SpeakerInterval]) -> tuple[AttributedWord, ...]:
    """Give each word to the speaker with whom it shares most time, and to nobody when it shares none.

    This is what whisperX does with the words of a diarized recording.

    Examples
    --------
    >>> talk = [SpeakerInterval(0.0, 1.0, "A"), SpeakerInterval(1.0, 2.0, "B")]
    >>> [w.speaker for w in by_overlap([Word(0.7, 1.2, "so", 0.9), Word(3.0, 3.2, "yes", 0.9)], talk)]
    ['A', None]
    """
    tracks = {s: union(i.span for i in activity if i.speaker == s) for s in sorted({i.speaker for i in activity})}
    ends = {speaker: [span.end for span in track] for speaker, track in tracks.items()}

    def shared(speaker: str, word: Word) -> float:
        first = bisect_left(ends[speaker], word.start)
        last = bisect_left(tracks[speaker], Span(word.end, word.end))
        return sum(overlap(span, Span(word.start, word.end)) for span in tracks[speaker][first:last])

    found = []
    for word in words:
        times = {speaker: shared(speaker, word) for speaker in tracks}
        best = max(times, key=times.__getitem__, default=None)
        owner = None if best is None or times[best] <= 0 else best
        found.append(AttributedWord(word.start, word.end, word.text, word.probability, owner))
    return tuple(found)


def as_result(
    session_id: str, words: Sequence[AttributedWord], activity: Sequence[SpeakerInterval], duration: float
) -> SessionResult:
    """What another program found, as a bare result: turns and silences follow from the activity, nothing is coded."""
    none = Missing("another program's result")
    ordered = tuple(sorted(activity, key=lambda i: (i.start, i.end, i.speaker)))
    dialogue = Dialogue(
        session_id=session_id,
        duration=duration,
        excluded=(),
        roles={},
        activity=ordered,
        utterances=none,
        turns=tuple(
            Turn(number, t.start, t.end, t.speaker, t.end - t.start) for number, t in enumerate(joined_turns(ordered))
        ),
        backchannels=(),
        interruptions=(),
        silences=tuple(
            Silence(number, s.start, s.end, SilenceKind.GAP, "", "", SilenceEvidence.SILENT)
            for number, s in enumerate(quiet(ordered))
        ),
        codes=none,
        words_without_speaker=sum(w.speaker is None for w in words),
        speech_without_words=none,
    )
    return SessionResult(
        dialogue=dialogue,
        utterances=none,
        words=tuple(words),
        measures=(),
        provenance=Provenance("", "", "", {}, {}, (Purpose.MEASURE, Purpose.TRANSCRIPT)),
        key="",
        overlay="",
        facts=AudioFacts("", "", 0, 1, duration, none, 1, "", 0.0, 0.0, ()),
        language="",
        rejected_words=0,
        warnings=(),
    )
