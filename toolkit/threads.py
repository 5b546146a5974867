"""How many threads the libraries of one process may use: all cores, or this worker's share of them."""

from __future__ import annotations

import os

__all__ = ["cores", "count", "limit"]

NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")


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
