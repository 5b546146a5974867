"""The machine in words: neither its name nor whose it is."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["described"]


def described(threads: int) -> list[str]:
    """Lines for the page."""
    return [
        f"- processor: {processor()}; {os.cpu_count()} cores, {threads} used",
        f"- memory: {memory() / 1e9:.0f} GB",
        f"- system: {platform.system()} {platform.machine()}, Python {platform.python_version()}",
    ]


def processor() -> str:
    """The processor's own name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or "unknown"


def memory() -> int:
    """Bytes of memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
