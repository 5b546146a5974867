"""What the toolkit is built on, run by itself on the same sound: faster-whisper alone, pyannote's stock pipeline."""

from __future__ import annotations

from typing import Any

from toolkit.audio import Waveform
from toolkit.evaluate.metrics import ErrorRate, tokens, word_errors
from toolkit.formats.truth import Truth
from toolkit.settings import Settings
from toolkit.types import Missing, SpeakerInterval

__all__ = ["StockSpeakers", "StockWords"]

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
