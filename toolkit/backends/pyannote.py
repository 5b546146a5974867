"""Who spoke when, by pyannote.audio: our own pair of networks by default, any other of its pipelines by name or path.

Conventions
-----------
The default ``segmentation-3.0+campplus`` finds up to three local speakers in chunks of ten seconds and joins them over
the recording by agglomerative clustering of CAM++ embeddings. Speakers are called ``SPEAKER_00``, ``SPEAKER_01``, … in
order of first speech. The waveform is handed over in memory: nothing is decoded, and nothing contacts the network.

References
----------
H. Bredin, "pyannote.audio 2.1 speaker diarization pipeline: principle, benchmark, and recipe", Interspeech 2023;
A. Plaquet and H. Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization", Interspeech 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from toolkit.backends.quiet import hushed, offline
from toolkit.errors import BackendError
from toolkit.settings import Settings, SpeakerSettings
from toolkit.types import Diarization, SpeakerInterval

if TYPE_CHECKING:
    from toolkit.audio import Waveform
    from toolkit.backends import Progress

__all__ = ["Pyannote", "create"]

SHORTEST_SOUND = 0.5  # s: less holds no turn
STAGES = {"segmentation": (0.0, 0.1), "embeddings": (0.1, 0.9)}  # share of the time done before, and taken by, each


def create(settings: Settings) -> Pyannote:
    """Load the pipeline that the settings name.

    Raises
    ------
    BackendError
        When a model is not there or is damaged, or the device is.
    """
    return Pyannote(settings.speakers)


class Pyannote:
    """The diarizer ``pyannote``."""

    def __init__(self, settings: SpeakerSettings) -> None:
        self.settings = settings
        offline()
        with hushed():
            self.pipeline = build(settings)

    def describe(self) -> Mapping[str, str]:
        """Name, versions, the models and their hashes, and what was chosen of them."""
        from toolkit import models

        parts = self.settings.pipeline.split("+")
        return {
            "name": "pyannote",
            "pyannote.audio": version("pyannote.audio"),
            "torch": version("torch"),
            "pipeline": "+".join(part.replace("\\", "/").rstrip("/").rpartition("/")[2] for part in parts),
            **{f"model_{number}_sha256": models.sha256(part) for number, part in enumerate(parts, start=1)},
            "device": str(getattr(self.pipeline, "device", "cpu")),
        }

    def diarize(self, waveform: Waveform, *, min_speakers: int, max_speakers: int, progress: Progress) -> Diarization:
        """Speaker intervals of `waveform`.

        Parameters
        ----------
        waveform
            Mono, 16 kHz.
        min_speakers, max_speakers
            Bounds; 0 for a bound that is not known, the same number for both when it is exact.
        progress
            Told the seconds of audio done.

        Returns
        -------
        Diarization
            Empty when nobody speaks.

        Raises
        ------
        BackendError
            When the pipeline fails.
        """
        if waveform.duration < SHORTEST_SOUND or not waveform.samples.any():
            progress(waveform.duration)
            return Diarization((), ())
        import torch

        sound = {"uri": "session", "waveform": torch.from_numpy(waveform.samples)[None], "sample_rate": waveform.rate}
        furthest = 0.0

        def hook(stage: str, *_: Any, total: int | None = None, completed: int | None = None, **__: Any) -> None:
            nonlocal furthest
            if stage in STAGES and total and completed is not None:
                before, share = STAGES[stage]
                furthest = max(furthest, (before + share * min(completed / total, 1.0)) * waveform.duration)
                progress(furthest)

        try:
            with hushed():
                found = self.pipeline(sound, hook=hook, **bounds(min_speakers, max_speakers))
        except (RuntimeError, ValueError, MemoryError) as error:
            raise BackendError(
                f"pyannote.audio failed ({type(error).__name__}).",
                hint="Check the models with: toolkit models verify. With little memory set speakers.device to cpu.",
            ) from error
        if not hasattr(found, "exclusive_speaker_diarization"):
            raise BackendError(
                "the pyannote pipeline of speakers.pipeline gives no speaker diarization.",
                hint="Name a speaker-diarization pipeline for pyannote.audio 4.",
            )
        progress(waveform.duration)
        return named(regular=found.speaker_diarization, exclusive=found.exclusive_speaker_diarization, sound=waveform)


def build(settings: SpeakerSettings) -> Any:
    """The pipeline of the settings, on its device."""
    from pyannote.audio.pipelines import clustering

    from toolkit import models

    # it prints advice; catching what is printed would catch the progress of a stage beside it too
    clustering.print = lambda *_, **__: None
    first, _, second = settings.pipeline.partition("+")
    if second:
        from toolkit.backends.networks import ClusteredDiarization, embedding, pick_device, segmentation

        pipeline = ClusteredDiarization(
            segmentation(models.path(first)),
            embedding(models.path(second)),
            step=settings.segmentation_step,
            threshold=settings.clustering_threshold,
            anchor_step=settings.anchor_step,
        )
        return pipeline.to(pick_device(settings.device))
    folder = models.path(first)
    from pyannote.audio import Pipeline

    from toolkit.backends.networks import only_weights, pick_device

    try:
        with only_weights():
            pipeline = Pipeline.from_pretrained(folder)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        raise BackendError(
            f"the pyannote pipeline {folder.name} cannot be loaded ({type(error).__name__}).",
            hint="The folder needs config.yaml and the models it names; see: toolkit models list",
        ) from error
    return pipeline.to(pick_device(settings.device))


def bounds(least: int, most: int) -> dict[str, int]:
    """What pyannote is told about the number of speakers."""
    if least and least == most:
        return {"num_speakers": least}
    return {name: n for name, n in (("min_speakers", least), ("max_speakers", most)) if n}


def named(*, regular: Any, exclusive: Any, sound: Waveform) -> Diarization:
    """Intervals inside the recording, with speakers numbered in order of first speech."""
    raw = {
        kind: sorted(
            (round(max(0.0, turn.start), 3), round(min(turn.end, sound.duration), 3), str(label))
            for turn, _, label in annotation.itertracks(yield_label=True)
        )
        for kind, annotation in (("regular", regular), ("exclusive", exclusive))
    }
    names: dict[str, str] = {}
    for start, end, label in (*raw["regular"], *raw["exclusive"]):
        if end > start:
            names.setdefault(label, f"SPEAKER_{len(names):02d}")
    intervals = {
        kind: tuple(SpeakerInterval(start, end, names[label]) for start, end, label in lines if end > start)
        for kind, lines in raw.items()
    }
    return Diarization(intervals["regular"], intervals["exclusive"])
