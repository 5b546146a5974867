"""The GPU of this machine, shared by processes: one at a time computes on it, so that their memory does not add up.

Models stay loaded in each; what a batch takes beside them is there for one process only. While one waits for its turn,
it has decoded its next recording already.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["turn"]


@contextmanager
def turn(*devices: str) -> Iterator[None]:
    """Hold the GPU, if these settings of devices lead to one; else nothing is waited for.

    Parameters
    ----------
    devices
        ``auto``, ``cpu`` or ``cuda``, of each part that computes meanwhile.
    """
    if not any(wants_gpu(device) for device in devices):
        yield
        return
    from filelock import FileLock

    owner = os.getuid() if hasattr(os, "getuid") else 0
    with FileLock(Path(tempfile.gettempdir()) / f"toolkit-gpu-{owner}.lock", mode=0o600):
        yield


def wants_gpu(device: str) -> bool:
    """Whether a part with this setting computes on a GPU here; found without loading a library."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}
    return device == "cuda" or (device == "auto" and not hidden and any(Path("/dev").glob("nvidia[0-9]*")))
