"""From the channels of a recording to mono sound at 16 kHz.

A plain downmix loses voices: FFmpeg drops the low-frequency channel of eight, where a field recorder may hold the
client, and a pair of channels wired in opposite phase cancels to silence. So the channels are measured: the silent
ones are left out, a channel in opposite phase is turned over, the rest is averaged.

Conventions
-----------
Blocks are float32 of shape (channels, n) at the original rate. Weights have one value a channel.
"""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
from numpy.typing import NDArray

from toolkit.audio.waveform import RATE

__all__ = ["Channels", "Collector", "Mixer", "describe"]

Rows = Sequence[NDArray[np.float32]] | NDArray[np.float32]

SILENT = 10 ** (-50 / 10)
"""Power of a channel, relative to the loudest, below which nobody speaks on it."""

OPPOSED = -0.3
"""Correlation with the others below which a channel is turned over; chance and crosstalk stay near or above 0."""

STEP = 600 * RATE
"""Samples by which a waveform of unknown length grows: ten minutes, 38 MB."""


class Channels:
    """Power and correlation of channels, measured block by block."""

    def __init__(self, count: int) -> None:
        self.samples = 0
        self.sums = np.zeros(count)
        self.products = np.zeros((count, count))

    def add(self, block: NDArray[np.float32]) -> None:
        """Take one block into account."""
        self.samples += block.shape[1]
        self.sums += block.sum(axis=1, dtype=np.float64)
        self.products += block @ block.T

    def covariance(self) -> NDArray[np.float64]:
        """Covariance of the channels, a constant offset taken off."""
        mean = self.sums / max(1, self.samples)
        return np.asarray(self.products / max(1, self.samples) - np.outer(mean, mean))

    def weights(self) -> tuple[float, ...]:
        """Weight of each channel in the mix: 0 when silent, negative when in opposite phase; they add up to 1.

        Channels are taken in order of power, each turned over when it would cancel those already in the mix.
        """
        covariance = self.covariance()
        power = covariance.diagonal()
        active = power > SILENT * power.max()
        if not active.any():
            return (1 / len(power),) * len(power)
        signs = np.zeros(len(power))
        for channel in sorted(np.flatnonzero(active), key=lambda c: (-power[c], c)):
            mixed = float(signs @ covariance @ signs)
            together = float(signs @ covariance[channel]) / max(1e-30, (mixed * power[channel]) ** 0.5)
            signs[channel] = -1.0 if together < OPPOSED else 1.0
        return tuple(float(s) for s in signs / active.sum())

    def alike(self) -> tuple[int, int] | None:
        """The first two channels that hold the same sound (numbered from 0), None when all differ."""
        covariance = self.covariance()
        power = covariance.diagonal()
        for one in range(len(power)):
            for other in range(one + 1, len(power)):
                both = (power[one] * power[other]) ** 0.5
                if both > 0 and abs(covariance[one, other]) > 0.995 * both:
                    return one, other
        return None

    def silent(self) -> tuple[int, ...]:
        """Channels with nothing on them, numbered from 0."""
        power = self.covariance().diagonal()
        return tuple(int(c) for c in np.flatnonzero(power <= SILENT * power.max()))


def describe(weights: Sequence[float]) -> str:
    """Say in words how channels were mixed; channels are numbered from 1.

    Examples
    --------
    >>> describe((0.5, 0.0, -0.5))
    'mean of channels 1, 3 of 3; silent: 2; in opposite phase, turned over: 3'
    """
    if len(weights) == 1:
        return "mono"
    used = [c for c, w in enumerate(weights, 1) if w]
    silent = [c for c, w in enumerate(weights, 1) if not w]
    turned = [c for c, w in enumerate(weights, 1) if w < 0]
    text = f"mean of {len(weights)} channels" if not silent else f"mean of channels {listed(used)} of {len(weights)}"
    text = f"channel {used[0]} of {len(weights)}" if len(used) == 1 else text
    text += f"; silent: {listed(silent)}" if silent else ""
    return text + (f"; in opposite phase, turned over: {listed(turned)}" if turned else "")


def listed(numbers: Sequence[int]) -> str:
    """Numbers in a row."""
    return ", ".join(map(str, numbers))


class Collector:
    """A waveform that grows: room for the declared length at once, ten minutes at a time beyond it."""

    def __init__(self, expected: float) -> None:
        self.used = 0
        self.samples = np.empty(int(expected * RATE) + RATE if expected else STEP, np.float32)

    def add(self, part: NDArray[np.float32]) -> None:
        """Append samples."""
        end = self.used + len(part)
        if end > len(self.samples):
            self.samples.resize(end + STEP, refcheck=False)
        self.samples[self.used : end] = part
        self.used = end

    def finish(self, length: int) -> NDArray[np.float32]:
        """The samples, exactly `length` of them: the resampler may end one off."""
        kept = min(self.used, length)
        self.samples.resize(length, refcheck=False)  # gives room back, or adds zeros
        self.samples[kept:] = 0
        return self.samples


class Resampler:
    """One channel from the original rate to 16 kHz, block by block."""

    def __init__(self, rate: int, sink: Collector) -> None:
        self.rate = rate
        self.sink = sink
        self.graph = av.AudioResampler(format="flt", layout="mono", rate=RATE)

    def push(self, samples: NDArray[np.float32] | None) -> None:
        """Take a block, or None at the end."""
        if self.rate == RATE:
            if samples is not None:
                self.sink.add(samples)
            return
        frame = None
        if samples is not None:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="flt", layout="mono")
            frame.sample_rate = self.rate
        for made in self.graph.resample(frame):
            self.sink.add(made.to_ndarray()[0])


class Mixer:
    """Blocks to waveforms: one waveform a row of weights.

    Parameters
    ----------
    rows
        For each waveform, the weight of each channel.
    rate
        Samples a second of the blocks.
    expected
        Length in seconds that is likely, 0 when not known.
    """

    def __init__(self, rows: Sequence[Sequence[float]], rate: int, expected: float) -> None:
        self.rows = rows
        self.rate = rate
        self.sinks = [Collector(expected) for _ in rows]
        self.resamplers = [Resampler(rate, sink) for sink in self.sinks]

    def add(self, block: NDArray[np.float32]) -> None:
        """Mix and resample one block."""
        for row, resampler in zip(self.rows, self.resamplers, strict=True):
            resampler.push(weighted(block, row))

    def finish(self, samples: int) -> list[NDArray[np.float32]]:
        """The waveforms of `samples` original samples."""
        for resampler in self.resamplers:
            resampler.push(None)
        length = -(-samples * RATE // self.rate)
        return [sink.finish(length) for sink in self.sinks]


def weighted(rows: Rows, weights: Sequence[float]) -> NDArray[np.float32]:
    """Sum of rows times weights, added in order so that the result never depends on threads."""
    parts = [(row, np.float32(weight)) for row, weight in zip(rows, weights, strict=True) if weight]
    mixed: NDArray[np.float32] = parts[0][0] * parts[0][1]
    for row, weight in parts[1:]:
        mixed += row * weight
    return mixed
