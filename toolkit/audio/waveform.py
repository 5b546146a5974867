"""What was read from a recording: sound as one row of samples, and the facts about where it came from.

Conventions
-----------
Samples are float32 in -1 to 1, mono, 16 kHz. Levels are decibels relative to full scale (dBFS), -120 for digital
silence. Times are seconds from the start of the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.intervals import Span
from toolkit.types import Missing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FLOOR_DB", "RATE", "Audio", "AudioFacts", "Waveform", "background_db", "decibels", "level_db", "soundless"]

RATE = 16000
"""Samples a second of every waveform: what the recogniser and the diarizer were trained on."""

FLOOR_DB = -120.0
"""The level given to digital silence, dBFS: below what 16 or 24 bits can hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Sound of one channel.

    Attributes
    ----------
    samples
        float32 of shape (n,), in -1 to 1.
    rate
        Samples a second.
    """

    samples: NDArray[np.float32]
    rate: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What the recording is, as found while it was read; goes into the manifest.

    Attributes
    ----------
    container, codec
        Names as FFmpeg has them, such as ``wav`` and ``pcm_s16le``.
    rate, channels
        Of the original; both 0 where there is no sound but a transcript.
    duration
        Decoded length, seconds.
    declared_duration
        Length the file claims, seconds; missing when the format only lets one estimate it.
    streams
        Number of audio streams in the file; the first is used.
    mix
        How the channels were put together, in words.
    peak_db, level_db
        Highest sample and RMS level of the mix, dBFS, excluded portions silenced.
    warnings
        What a listener should know and what does not stop the session, one sentence each.
    """

    container: str
    codec: str
    rate: int
    channels: int
    duration: float
    declared_duration: float | Missing
    streams: int
    mix: str
    peak_db: float
    level_db: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """A recording in memory: the mix, and one waveform per mapped channel (none without a channel map)."""

    mix: Waveform
    channels: tuple[Waveform, ...]
    facts: AudioFacts

    @property
    def has_sound(self) -> bool:
        """Whether this was read from a recording; else it stands in for one, see `soundless`."""
        return self.facts.channels > 0


def soundless(duration: float, *, container: str) -> Audio:
    """What stands in for the sound of a session that has none: a length in time, and silence that takes no memory.

    Parameters
    ----------
    duration
        Seconds.
    container
        Name of the format of the transcript.
    """
    import numpy as np

    samples = np.broadcast_to(np.float32(0), (round(duration * RATE),))
    length = len(samples) / RATE
    facts = AudioFacts(container, "", 0, 0, length, Missing("no sound"), 0, "no sound", FLOOR_DB, FLOOR_DB)
    return Audio(Waveform(samples, RATE), (), facts)


def level_db(waveform: Waveform, spans: Sequence[Span]) -> tuple[float, ...]:
    """RMS level of each span, dBFS.

    Parameters
    ----------
    waveform
        Sound.
    spans
        Stretches of it, seconds; what lies outside the waveform is left out.

    Returns
    -------
    tuple of float
        One level a span, in the same order; -120 for digital silence and for a span with no sample.
    """
    import numpy as np

    levels = []
    for span in spans:
        first = max(0, round(span.start * waveform.rate))
        part = waveform.samples[first : max(first, round(span.end * waveform.rate))]
        power = float(np.dot(part, part)) / len(part) if len(part) else 0.0
        levels.append(decibels(power**0.5))
    return tuple(levels)


def background_db(waveform: Waveform) -> float:
    """Level that a tenth of the sound stays below, dBFS: what is left where nobody speaks.

    Measured in tenths of a second, those of digital silence left out, as they are no sound of the room; -120 when there
    is nothing else.
    """
    import numpy as np

    step = waveform.rate // 10
    count = len(waveform.samples) // step
    powers = [float(np.dot(p, p)) / step for p in waveform.samples[: count * step].reshape(count, step)]
    heard = sorted(p for p in powers if p > 0)
    return decibels(heard[len(heard) // 10] ** 0.5) if heard else FLOOR_DB


def decibels(amplitude: float) -> float:
    """Level of an amplitude, dBFS, never below -120.

    Examples
    --------
    >>> decibels(0.1)
    -20.0
    """
    from math import log10

    return max(FLOOR_DB, 20 * log10(amplitude)) if amplitude > 0 else FLOOR_DB
