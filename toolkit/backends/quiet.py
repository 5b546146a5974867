"""Keeps the heavy libraries quiet and offline: to be called before torch or pyannote are imported."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.offline import quiet

__all__ = ["hushed", "offline"]


def offline() -> None:
    """See to it again that telemetry is off: the environment may have been changed since the toolkit was imported."""
    quiet()


@contextmanager
def hushed() -> Iterator[None]:
    """Swallow the warnings of libraries: they speak of decoders and checkpoints that are not used here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
