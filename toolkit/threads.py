"""How many threads the libraries of one process may use, and how the memory of so many threads is kept together."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

__all__ = ["compact", "cores", "count", "limit", "steady"]

NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
BLAS = "OPENBLAS_NUM_THREADS"
M_ARENA_MAX = -8  # of glibc's malloc.h
POOLS = 2
PLANS = {
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "16",
    "LRU_CACHE_CAPACITY": "16",
}  # oneDNN's, by its name and an earlier one


def cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count() -> int:
    """Threads for a library that has to be told: ``OMP_NUM_THREADS`` where that is set, else one a core."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else cores()


def limit(threads: int) -> None:
    """Give this process so many threads; to be called before any library that reads it is imported."""
    os.environ.update(dict.fromkeys(NAMES, str(threads)))


def steady() -> None:
    """Let NumPy's products of matrices be computed by one thread in this process.

    How many there are changes the last bits of Whisper's spectra, and with these now and then a word.
    """
    os.environ[BLAS] = "1"  # enough where NumPy is not imported yet
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1, user_api="blas")


def compact() -> None:
    """Have this process keep less memory for later; to be called before torch is imported.

    glibc has a pool for each thread, and what one thread gave back no other can use: here there are two, a quarter less
    memory on a session of five minutes. oneDNN keeps a plan for each of the last 1,024 shapes of sound it has computed,
    and every voice's is another: here it keeps 16, 700 MB less on a session of an hour.
    """
    for name, plans in PLANS.items():
        os.environ.setdefault(name, plans)
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, POOLS)
