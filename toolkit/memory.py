"""No picture of a process's memory is written when it crashes: it would hold what was said, and keys."""

from __future__ import annotations

from contextlib import suppress

__all__ = ["NO_CORE", "leave_no_core"]

NO_CORE = 1
"""Bytes of a core file: too few for one to be begun. With 0 Linux would still hand it to a program that collects
them (``core_pattern`` with a pipe); with 1 it writes none and hands none over."""


def leave_no_core() -> None:
    """Have the system write no core file of this process, nor of those it starts; Windows has no such limit."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, highest = resource.getrlimit(resource.RLIMIT_CORE)
        allowed = NO_CORE if highest == resource.RLIM_INFINITY or highest > NO_CORE else highest
        resource.setrlimit(resource.RLIMIT_CORE, (allowed, highest))
