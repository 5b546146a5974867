"""The process that decodes: it waits, forks for each recording that it is handed, and each of those lives for that one.

`toolkit.audio.apart` starts it, with a socket as its standard input; it ends when that is closed.
"""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from toolkit.audio.apart import PIECE, Limits, Order, pieces
from toolkit.audio.source import BadRecordingError, Source
from toolkit.audio.waveform import Audio
from toolkit.intervals import Span
from toolkit.memory import NO_CORE
from toolkit.settings import AudioSettings
from toolkit.types import Missing

__all__ = ["main"]

FILES = 64
"""Open files: a few of its own, and none of anybody else."""

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # of linux/sched.h: a network of its own has no way out
PARENT_DIES = 1  # of linux/prctl.h


def main() -> None:
    """Wait for recordings until nobody is there to send any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to answer
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that decode
    if sys.platform == "linux":
        with suppress(OSError):  # where the system does not let one
            ctypes.CDLL(None).unshare(NEW_USER | NEW_NETWORK)
    import toolkit.audio.reading  # noqa: F401 - loaded once, for all that are forked

    with socket.socket(fileno=0) as control:
        while True:
            asked, given, *_ = socket.recv_fds(control, 1, 2)
            if not asked:
                return
            if os.fork() == 0:
                try:
                    control.close()
                    serve(*given)
                finally:  # at once: nothing of the process that waits is to be closed or written a second time
                    os.kill(os.getpid(), signal.SIGKILL)
            for descriptor in given:
                os.close(descriptor)


def serve(answer: int, recording: int) -> None:
    """Decode one recording within its limits, and say what it holds or why it cannot be used."""
    from toolkit.audio.reading import attempt

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DIES, signal.SIGKILL)
    with socket.socket(fileno=answer) as out, os.fdopen(recording, "rb") as file:
        with out.makefile("rb") as asking:
            asked = json.loads(asking.readline())
        confine(Limits(**asked["limits"]))
        order = Order(tuple(asked["channels"]), tuple(Span(*pair) for pair in asked["excluded"]))
        try:
            audio = attempt(Source(file, ""), order, AudioSettings(**asked["settings"]))
        except BadRecordingError as bad:
            out.sendall(line({"what": bad.what, "hint": bad.hint}))
        except MemoryError:
            told = "decoding the recording takes more memory than it may"
            out.sendall(line({"what": told, "hint": "Convert it once to wav, then: toolkit run"}))
        else:
            give(audio, out)


def confine(limits: Limits) -> None:
    """Take from this process what decoding does not need."""
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.processor),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, NO_CORE),  # a picture of its memory would hold what was said
        (resource.RLIMIT_NOFILE, FILES),
    ):
        with suppress(OSError, ValueError):  # a limit that is lower already
            resource.setrlimit(kind, (most, most))
    signal.alarm(limits.clock)


def give(audio: Audio, out: socket.socket) -> None:
    """Send facts and samples; what is sent is let go."""
    waves = [wave.samples for wave in (audio.mix, *audio.channels)]
    out.sendall(line({"facts": plain(dataclasses.asdict(audio.facts)), "waves": [len(wave) for wave in waves]}))
    for wave in waves:
        for start in pieces(len(wave)):
            out.sendall(wave[start : start + PIECE].data.cast("B"))
            wave.resize(start, refcheck=False)


def plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as JSON has them."""
    declared = facts["declared_duration"]
    return {**facts, "declared_duration": {"reason": declared.reason} if isinstance(declared, Missing) else declared}


def line(told: dict[str, Any]) -> bytes:
    """One line of JSON."""
    return json.dumps(told).encode() + b"\n"
