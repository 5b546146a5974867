"""One process and all it starts, measured: wall time, processor time, peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Use", "keep_to", "measured", "resident"]

EVERY = 0.1  # s between two looks at the memory
PROC = Path("/proc")
LIBRARIES = ("OMP", "MKL", "OPENBLAS", "NUMBA", "NUMEXPR")


@dataclass(frozen=True, slots=True)
class Use:
    """What a process used.

    Attributes
    ----------
    wall
        Seconds from its start to its end.
    cpu
        Seconds of processor time, user and system, its children that ended included.
    peak
        Bytes: the largest sum of resident memory of it and its children, seen ten times a second, and never less than
        the kernel's own record for one process. Pages shared between processes count in each.
    status
        Exit status.
    """

    wall: float
    cpu: float
    peak: int
    status: int


def keep_to(threads: int) -> dict[str, str]:
    """Keep this process and all it starts to so many cores, and return the environment that tells libraries."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:threads])
    told = {f"{library}_NUM_THREADS": str(threads) for library in LIBRARIES}
    return {**os.environ, **told, "HF_HUB_OFFLINE": "1", "PYANNOTE_METRICS_ENABLED": "0"}


def measured(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Use:
    """Run a command to its end, what it prints in a file, and measure it."""
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        watch = Watch(process.pid)
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:  # an interrupted benchmark leaves nothing running
            process.kill()
            raise
        finally:
            wall = time.perf_counter() - began
            watch.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
    # the record that the system gives at the end counts what this process held when it started the other
    largest = 0 if PROC.is_dir() else used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Use(wall, used.ru_utime + used.ru_stime, max(watch.peak, largest), process.returncode)


class Watch:
    """Looks at the memory of a process and its children until stopped."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self) -> None:
        """Keep the largest sum."""
        while not self.over.wait(EVERY):
            self.peak = max(self.peak, resident(self.pid), record(self.pid))

    def stop(self) -> None:
        """End the watch."""
        self.over.set()
        self.thread.join()


def record(pid: int) -> int:
    """Bytes of the most memory that a process held since its program began; 0 where the system does not tell."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def resident(pid: int) -> int:
    """Bytes of resident memory of a process and all below it; 0 where the system has no ``/proc`` or it has ended."""
    own = PROC / str(pid)
    try:
        pages = int((own / "statm").read_text().split()[1])
        children = {child for thread in (own / "task").iterdir() for child in below(thread)}
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident(int(child)) for child in children)


def below(thread: Path) -> list[str]:
    """Ids of the processes that a thread started; none when it has ended meanwhile."""
    try:
        return (thread / "children").read_text().split()
    except OSError:
        return []
