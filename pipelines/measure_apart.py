"""What decoding in a process of its own costs: seconds for an hour of sound, in this process and apart.

    python pipelines/measure_apart.py

The figures stand in docs/adr/0019-decoding-apart.md. The hour is noise that we make, as wav and as opus, mono and with
two channels; each is read several times both ways in turn, and the median counts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from toolkit.audio.apart import Order, read_apart
from toolkit.audio.reading import attempt
from toolkit.audio.source import open_source
from toolkit.settings import AudioSettings

SECONDS, TIMES = 3600, 5


def made(path: Path, *, rate: int, channels: int, codec: str) -> Path:
    """An hour of noise."""
    layout = {1: "mono", 2: "stereo"}[channels]
    dice = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        for _ in range(SECONDS):
            block = (dice.standard_normal((1, rate * channels)) * 3000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def clocked(read: Callable[..., object], path: Path) -> float:
    """Seconds of one reading."""
    began = time.perf_counter()
    with open_source(path) as source:
        read(source, Order((), ()), AudioSettings())
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        for name, rate, channels, codec in (
            ("a.wav", 16000, 1, "pcm_s16le"),
            ("b.wav", 44100, 2, "pcm_s16le"),
            ("c.opus", 48000, 1, "libopus"),
        ):
            path = made(Path(folder) / name, rate=rate, channels=channels, codec=codec)
            first = clocked(read_apart, path)
            here, apart = [], []
            for _ in range(TIMES):
                here.append(clocked(attempt, path))
                apart.append(clocked(read_apart, path))
            told = f"here {statistics.median(here):.2f} s, apart {statistics.median(apart):.2f} s"
            print(f"{codec}, {rate} Hz, {channels} channels: {told} (the first time {first:.2f} s)")


if __name__ == "__main__":
    main()
