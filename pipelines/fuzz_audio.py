"""Feed the decoder thousands of mutated recordings, and count how each ends.

    python pipelines/fuzz_audio.py                       # 10,000 mutations, some ten minutes; not in CI
    python pipelines/fuzz_audio.py --count 500 --seed 7

Small files of five containers are changed: bytes overwritten (all over, or in the header only), cut off, doubled, or
put together from two. Each goes through the process that decodes (`toolkit.audio.apart`). It may be read, or refused
with a reason. A crash, and what is not done after `PATIENCE` seconds of work, is counted by itself and named by its
number, so that it can be made again with ``--only``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from toolkit.audio import apart
from toolkit.audio.source import BadRecordingError, open_source
from toolkit.settings import AudioSettings

CONTAINERS = {
    "wav": ("pcm_s16le", 16000),
    "flac": ("flac", 16000),
    "mp3": ("libmp3lame", 44100),
    "m4a": ("aac", 44100),
    "opus": ("libopus", 48000),
}
PATIENCE = 20
HEADER = 512


def original(folder: Path, ending: str) -> bytes:
    """Two seconds of a sound that comes and goes."""
    codec, rate = CONTAINERS[ending]
    time_ = np.arange(2 * rate) / rate
    sound = np.sin(2 * np.pi * 220 * time_) * (0.5 + 0.4 * np.sin(2 * np.pi * 3 * time_))
    path = folder / f"original.{ending}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format.name, layout="mono", rate=rate)
        for start in range(0, len(sound), 1024):
            block = sound[start : start + 1024].astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            for made in resampler.resample(frame):
                container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return path.read_bytes()


def mutated(data: bytes, dice: np.random.Generator) -> bytes:
    """The bytes, changed in one of several ways."""
    changed = bytearray(data)
    kind = dice.integers(6)
    if kind < 3:  # overwritten: all over, in the header, or with values that are odd lengths
        reach = len(changed) if kind == 0 else min(HEADER, len(changed))
        for at in dice.integers(0, reach, dice.integers(1, 40)):
            changed[at] = dice.choice([0, 1, 0x7F, 0x80, 0xFF]) if kind == 2 else dice.integers(256)
    elif kind == 3:
        del changed[dice.integers(1, len(changed)) :]
    elif kind == 4:
        start, end = sorted(int(x) for x in dice.integers(0, len(changed), 2))
        changed[start:start] = changed[start:end]
    else:
        start, end = sorted(int(x) for x in dice.integers(0, len(changed), 2))
        changed[start:end] = dice.bytes(min(end - start, 4096))
    return bytes(changed)


def cases(count: int, seed: int, only: int | None) -> Iterator[tuple[int, str, bytes]]:
    """Number, container and bytes of each mutation; the same for the same seed."""
    with tempfile.TemporaryDirectory() as folder:
        originals = {ending: original(Path(folder), ending) for ending in CONTAINERS}
    endings = list(CONTAINERS)
    for number in range(count) if only is None else (only,):
        ending = endings[number % len(endings)]
        yield number, ending, mutated(originals[ending], np.random.default_rng([seed, number]))


def ended(path: Path) -> str:
    """How reading one ends."""
    try:
        with open_source(path) as source:
            audio = apart.read_apart(source, apart.Order((), ()), AudioSettings())
    except BadRecordingError as bad:
        return "crash or hang" if bad is apart.BROKEN else "refused"
    whole = np.isfinite(audio.mix.samples).all() and 1 <= audio.mix.duration < 60
    return "read" if whole else "read, and should not have been"


def main() -> None:
    """Mutate, read and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--only", type=int, help="one mutation by its number")
    told = parser.parse_args()
    apart.limits_of = lambda *_: apart.Limits(3 << 30, PATIENCE, 10 * PATIENCE)  # type: ignore[assignment]
    counts: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, ending, data in cases(told.count, told.seed, told.only):
            path = Path(folder) / "mutated"
            path.write_bytes(data)
            began = time.monotonic()
            how = ended(path)
            slowest = max(slowest, time.monotonic() - began)
            counts[ending, how] += 1
            if how not in {"read", "refused"}:
                print(f"mutation {number} of {ending}: {how}", flush=True)
    for (ending, how), n in sorted(counts.items()):
        print(f"{ending:5} {how:32} {n}")
    print(f"slowest: {slowest:.1f} s")


if __name__ == "__main__":
    main()
