"""Keeps the heavy libraries quiet and offline: to be called before torch or pyannote are imported."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["hushed", "offline"]


def offline() -> None:
    """Turn telemetry off, and the model hub too unless the user allowed it (``TOOLKIT_ALLOW_HUB=1``).

    pyannote.audio reports model names and audio durations unless this variable is set before it is imported.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if os.environ.get("TOOLKIT_ALLOW_HUB") != "1":
        os.environ["HF_HUB_OFFLINE"] = "1"


@contextmanager
def hushed() -> Iterator[None]:
    """Swallow the warnings of libraries: they speak of decoders and checkpoints that are not used here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
