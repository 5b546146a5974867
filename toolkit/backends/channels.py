"""One speaker a channel: who spoke when is read from the channels, and no voice has to be told from another.

Conventions
-----------
Each channel has its speaker's voice and, more quietly, what bleeds over from the others. Speech activity of a channel
is that of segmentation-3.0 (any speaker). Levels are in dB relative to the channel's own loud speech (its 95th
percentile while active), so that a channel with a lower gain is not taken for bleed. Activity that lies `bleed_db` or
more below another active channel, so measured, is bleed and is left out. In the exclusive output the channel that is
louder, so measured, has the word.

References
----------
A. Plaquet and H. Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization", Interspeech 2023.
Bleed by relative energy: T. Pfau, D. Ellis and A. Stolcke, "Multispeaker speech activity detection for the ICSI
meeting recorder", ASRU 2001.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.backends.quiet import hushed, offline
from toolkit.errors import BackendError
from toolkit.settings import Settings
from toolkit.types import Diarization, SpeakerInterval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from toolkit.audio import Waveform
    from toolkit.backends import Progress

__all__ = ["Channels", "create", "diarize_channels", "exclusive_of", "without_bleed"]

SEGMENTATION = "segmentation-3.0"
STEP = 0.5  # share of a chunk: activity, unlike identity, gains nothing from more overlap
SMOOTH = 0.2  # s: levels are compared over about a syllable
EDGE = 0.1  # s: bleed starts and ends a little off the speech it comes from
SHORTEST = 0.1  # s: what is left of bleed in shorter pieces is no speech
LOUD = 95.0  # percentile: own speech is louder than bleed, even for somebody who speaks a tenth of the time
FLOOR_DB = -120.0


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Speech activity and level of all channels on one time grid.

    Attributes
    ----------
    active
        bool of shape (channels, n).
    level
        dBFS of shape (channels, n).
    start, step
        Middle of the first frame and distance between two, seconds.
    """

    active: NDArray[np.bool_]
    level: NDArray[np.float64]
    start: float
    step: float


def create(settings: Settings) -> Channels:
    """Make the diarizer ``channels``."""
    return Channels(settings)


class Channels:
    """The diarizer ``channels``, for studies in which every recording has a channel a speaker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def diarize(
        self,
        waveform: Waveform,  # noqa: ARG002 - the protocol's
        *,
        min_speakers: int,  # noqa: ARG002
        max_speakers: int,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> Diarization:
        """Refuse: one waveform holds no channels. Sessions with a channel map go through `diarize_channels`."""
        raise BackendError(
            "the diarizer is 'channels' and this recording has no channel for each speaker.",
            hint="Fill the column channels of sessions.csv, or set speakers.backend to pyannote.",
        )

    def describe(self) -> Mapping[str, str]:
        """Name, versions and the hash of the activity model."""
        from importlib.metadata import version

        from toolkit import models

        return {
            "name": "channels",
            "pyannote.audio": version("pyannote.audio"),
            "torch": version("torch"),
            "segmentation_sha256": models.sha256(SEGMENTATION),
        }


def diarize_channels(channels: Sequence[Waveform], labels: Sequence[str], settings: Settings) -> Diarization:
    """Who spoke when, from one channel a speaker.

    Parameters
    ----------
    channels
        Mono 16 kHz waveforms of the same length.
    labels
        The speaker of each channel, in the same order.
    settings
        `speakers.bleed_db` and `speakers.device`.

    Returns
    -------
    Diarization
        With these labels; empty when nobody speaks.

    Raises
    ------
    BackendError
        When channels and labels do not match, or the model cannot be loaded.
    """
    import numpy as np

    if len(channels) != len(labels) or len({(len(c.samples), c.rate) for c in channels}) > 1:
        raise BackendError(
            f"{len(labels)} speakers are mapped to {len(channels)} channels, or channels differ in length.",
            hint="Check the column channels of sessions.csv.",
        )
    tracks = speech_activity(channels, settings)
    if not tracks:
        return Diarization((), ())
    n = min(len(active) for active, _, _ in tracks)
    _, start, step = tracks[0]
    frames = Frames(
        active=np.stack([active[:n] for active, _, _ in tracks]),
        level=np.stack([levels(c, n, start, step) for c in channels]),
        start=start,
        step=step,
    )
    spoken, relative = without_bleed(frames, settings.speakers.bleed_db)
    duration = channels[0].duration
    return Diarization(
        regular=intervals(spoken, frames, labels, duration),
        exclusive=intervals(exclusive_of(spoken, relative), frames, labels, duration),
    )


def speech_activity(channels: Sequence[Waveform], settings: Settings) -> list[tuple[Any, float, float]]:
    """Of each channel: frames in which anybody speaks, middle of the first frame, distance of two (seconds)."""
    offline()
    with hushed():
        import torch

        from toolkit import models
        from toolkit.backends.networks import pick_device, segmentation, voice_activity

        network = segmentation(models.path(SEGMENTATION)).to(pick_device(settings.speakers.device))
        found: list[tuple[Any, float, float] | None] = []
        for channel in channels:
            if not channel.samples.any():
                found.append(None)
                continue
            sound = {"waveform": torch.from_numpy(channel.samples)[None], "sample_rate": channel.rate}
            found.append(voice_activity(network, sound, step=STEP))
    grid = next((f for f in found if f is not None), None)
    if grid is None:
        return []
    return [f if f is not None else (grid[0] & False, grid[1], grid[2]) for f in found]


def levels(waveform: Waveform, n: int, start: float, step: float) -> NDArray[np.float64]:
    """RMS level in dBFS of `SMOOTH` seconds around the middle of each of `n` frames."""
    import numpy as np

    squares = np.concatenate([[0.0], np.cumsum(np.square(waveform.samples, dtype=np.float64))])
    middles = start + step * np.arange(n)
    low = np.clip(((middles - SMOOTH / 2) * waveform.rate).astype(np.int64), 0, len(squares) - 2)
    high = np.clip(((middles + SMOOTH / 2) * waveform.rate).astype(np.int64), low + 1, len(squares) - 1)
    power = np.maximum(squares[high] - squares[low], 0.0) / (high - low)
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10))), dtype=np.float64)


def without_bleed(frames: Frames, bleed_db: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Activity without what bleeds over from another channel, and each channel's level relative to its own speech."""
    import numpy as np

    relative = np.full(frames.level.shape, FLOOR_DB)
    for i, (active, level) in enumerate(zip(frames.active, frames.level, strict=True)):
        if active.any():
            relative[i] = level - np.percentile(level[active], LOUD)
    wide = np.stack([widen(active, round(EDGE / frames.step)) for active in frames.active])
    spoken = frames.active.copy()
    for i in range(len(spoken)):
        others = [j for j in range(len(spoken)) if j != i]
        if others:
            loudest = np.where(wide[others], relative[others], FLOOR_DB * 2).max(axis=0)
            spoken[i] &= loudest - relative[i] < bleed_db
        spoken[i] = long_enough(spoken[i], SHORTEST / frames.step)
    return spoken, relative


def widen(active: NDArray[np.bool_], frames: int) -> NDArray[np.bool_]:
    """Activity with `frames` more at each edge."""
    import numpy as np

    return np.convolve(active, np.ones(2 * frames + 1), mode="same") > 0.5


def runs(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First frame of each stretch of activity and the frame after its last."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def long_enough(active: NDArray[np.bool_], frames: float) -> NDArray[np.bool_]:
    """Activity without the stretches of fewer than `frames` frames."""
    kept = active & False
    for first, last in runs(active):
        if last - first >= frames:
            kept[first:last] = True
    return kept


def exclusive_of(spoken: NDArray[np.bool_], relative: NDArray[np.float64]) -> NDArray[np.bool_]:
    """One channel at a time: of those active, the one loudest relative to its own speech."""
    import numpy as np

    winner = np.where(spoken, relative, -np.inf).argmax(axis=0)
    return np.asarray(spoken & (winner == np.arange(len(spoken))[:, None]), dtype=np.bool_)


def intervals(
    active: NDArray[np.bool_], frames: Frames, labels: Sequence[str], duration: float
) -> tuple[SpeakerInterval, ...]:
    """Speaker intervals of the activity of all channels, in order of start."""
    found = []
    for label, channel in zip(labels, active, strict=True):
        for first, last in runs(channel):
            start = max(0.0, frames.start + (first - 0.5) * frames.step)
            end = min(duration, frames.start + (last - 0.5) * frames.step)
            if end > start:
                found.append(SpeakerInterval(round(start, 3), round(end, 3), label))
    return tuple(sorted(found, key=lambda i: (i.start, i.end, i.speaker)))
