"""Waveforms as other programs play them: 16 bits a sample, as the bytes of a WAV file."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING

from toolkit.audio.waveform import RATE, Waveform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["in_16_bits", "wav"]

BLOCK = 1 << 22  # samples converted at a time
FULL = 32767


def in_16_bits(heard: Waveform) -> NDArray[np.int16]:
    """A waveform in half its memory, block by block."""
    import numpy as np

    samples = np.empty(len(heard.samples), np.int16)
    for start in range(0, len(samples), BLOCK):
        block = heard.samples[start : start + BLOCK] * FULL
        samples[start : start + BLOCK] = np.clip(np.rint(block, out=block), -FULL, FULL, out=block)
    return samples


def wav(samples: NDArray[np.int16]) -> bytes:
    """Samples as the bytes of a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.astype("<i2", copy=False).tobytes())
    return file.getvalue()
