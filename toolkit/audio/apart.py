"""Recordings are decoded in a process of their own, so that one that was made to do harm hurts nobody else.

FFmpeg is written in C and reads hostile bytes. A crash in it, an endless loop or a bomb of memory ends one small
process, and the session fails alone with one line. That process is given an open file and knows nothing else: no name,
no session, no study. It has limits of memory, time and files, writes nothing, and has no network where the system lets
it have none (`toolkit.audio.cell`). What it says is read as hostile too: JSON, and numbers.

How it is quick
---------------
A process that has loaded NumPy and PyAV waits beside this one and forks for each recording; it is started with the
first, in half a second, and ends with this process. Samples come through a socket, last piece first, and each is let go
over there as it comes, so that no recording is in memory twice. Where a system cannot fork, decoding happens here.
"""

from __future__ import annotations

import atexit
import dataclasses
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.audio.source import BadRecordingError, Source
from toolkit.audio.waveform import RATE, Audio, AudioFacts, Waveform
from toolkit.intervals import Span
from toolkit.settings import AudioSettings
from toolkit.types import Missing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Limits", "Order", "limits_of", "pieces", "read_apart"]

PIECE = 1 << 22
"""Samples sent at a time: 17 MB."""

MEMORY = 2 << 30
"""Bytes of address space beside the sound: NumPy and FFmpeg with their libraries take under 1 GB."""

SECONDS, BYTES_A_SECOND = 300, 50_000
"""Processor time: so much at least, and a second more for so many bytes of the file; decoding takes a hundredth."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
BEGIN = "import sys; sys.path.append(sys.argv[1]); from toolkit.audio.cell import main; main()"
BROKEN = BadRecordingError(
    "decoding the recording crashed, or went beyond its limits of time or memory",
    hint="Convert it once to wav, then: toolkit run",
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a recording: the channels that the manifest maps, and the portions to silence."""

    channels: tuple[str, ...]
    excluded: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What decoding one recording may use: bytes of address space, seconds of processor and of the clock."""

    memory: int
    processor: int
    clock: int


def limits_of(size: int, order: Order, settings: AudioSettings) -> Limits:
    """The limits for a file of so many bytes."""
    processor = SECONDS + size // BYTES_A_SECOND
    rows = len(order.channels) + 2  # the mix, and once more while it is put together
    return Limits(MEMORY + rows * longest(settings) * 4, processor, 2 * processor)


def longest(settings: AudioSettings) -> int:
    """Samples of the longest recording, and a second for rounding."""
    return round((settings.max_hours * 3600 + 1) * RATE)


def read_apart(source: Source, order: Order, settings: AudioSettings) -> Audio:
    """Read an opened recording in a process of its own.

    Raises
    ------
    BadRecordingError
        When it cannot be used, or that process did not live to say so.
    """
    if not hasattr(os, "fork"):
        from toolkit.audio.reading import attempt

        return attempt(source, order, settings)
    limits = limits_of(source.size, order, settings)
    request = {
        "channels": order.channels,
        "excluded": [[s.start, s.end] for s in order.excluded],
        "settings": {f.name: getattr(settings, f.name) for f in dataclasses.fields(AudioSettings)},
        "limits": dataclasses.asdict(limits),
    }
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            Waiting.hand_over(theirs, source)
        ours.settimeout(limits.clock + 10)  # of each piece; that process ends itself before
        try:
            ours.sendall(json.dumps(request).encode() + b"\n")
            with ours.makefile("rb") as answer:
                told = json.loads(answer.readline())
                if "what" in told:
                    raise BadRecordingError(str(told["what"]), hint=str(told["hint"]))
                return audio_of(told, answer, order, settings)
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            raise BROKEN from None


def audio_of(told: Any, answer: Any, order: Order, settings: AudioSettings) -> Audio:
    """What a process says it has read, held against what it can have read."""
    lengths = [int(n) for n in told["waves"]]
    if len(lengths) != 1 + len(order.channels) or not all(0 < n <= longest(settings) for n in lengths):
        raise ValueError("not what was asked for")
    waves = [Waveform(received(answer, n), RATE) for n in lengths]
    return Audio(waves[0], tuple(waves[1:]), facts_of(told["facts"]))


def received(answer: Any, length: int) -> NDArray[np.float32]:
    """The samples of one waveform, which come last piece first."""
    import numpy as np

    samples = np.empty(length, np.float32)
    for start in pieces(length):
        piece = samples[start : start + PIECE].data.cast("B")
        if answer.readinto(piece) != len(piece):
            raise EOFError
    return samples


def pieces(length: int) -> Iterator[int]:
    """Where the pieces of so many samples begin, the last first."""
    return iter(range((length - 1) // PIECE * PIECE, -1, -PIECE))


def facts_of(told: Any) -> AudioFacts:
    """Facts from JSON, each of its type."""
    declared = told["declared_duration"]
    return AudioFacts(
        container=str(told["container"]),
        codec=str(told["codec"]),
        rate=int(told["rate"]),
        channels=int(told["channels"]),
        duration=number(told["duration"]),
        declared_duration=Missing(str(declared["reason"])) if isinstance(declared, dict) else number(declared),
        streams=int(told["streams"]),
        mix=str(told["mix"]),
        peak_db=number(told["peak_db"]),
        level_db=number(told["level_db"]),
        warnings=tuple(str(warning) for warning in told["warnings"]),
    )


def number(told: Any) -> float:
    """A number that is one."""
    if not isinstance(told, int | float) or not isfinite(told):
        raise TypeError
    return float(told)


class Waiting:
    """The process that waits beside this one; one for each process, as a forked one must not share it."""

    of = 0
    process: subprocess.Popen[bytes] | None = None
    control: socket.socket | None = None
    lock = threading.Lock()

    @classmethod
    def hand_over(cls, answer: socket.socket, source: Source) -> None:
        """Give it an open recording, and where to say what it holds; it is started where it is not there any more."""
        with cls.lock:
            for _ in range(2):
                if cls.control is None or cls.of != os.getpid():
                    cls.start()
                assert cls.control is not None
                try:
                    socket.send_fds(cls.control, [b"!"], [answer.fileno(), source.file.fileno()])
                except OSError:
                    cls.end()
                else:
                    return
        raise BROKEN

    @classmethod
    def start(cls) -> None:
        """Start it."""
        ours, theirs = socket.socketpair()
        with theirs:
            cls.process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-P", "-c", BEGIN, str(Path(__file__).parents[2])],  # not what lies in this folder
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what a library prints there may hold what is in the file
                env={**os.environ, **ONE_THREAD},
            )
        if not cls.of:
            atexit.register(cls.end)
        cls.control, cls.of = ours, os.getpid()

    @classmethod
    def end(cls) -> None:
        """End it, as it ends by itself when this process does."""
        if cls.of != os.getpid() or cls.control is None or cls.process is None:
            return
        cls.control.close()
        cls.control = None
        with suppress(subprocess.TimeoutExpired):
            cls.process.wait(timeout=5)
