"""The three exchangeable parts of the chain, and the table that finds them by name.

A backend is an object with one method that does the work and `describe`, which says for the provenance what it is.
Heavy libraries are imported inside the factories, so that naming a backend costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol

from toolkit.audio import Waveform
from toolkit.errors import ConfigError
from toolkit.settings import Settings
from toolkit.types import Code, CodedUtterance, Diarization, Missing, SpokenUtterance, Transcript

__all__ = ["BACKENDS", "Coder", "Diarizer", "Progress", "Transcriber", "check", "codable", "create", "names"]


class Progress(Protocol):
    """Told how much of a stage is done, in seconds of audio."""

    def __call__(self, done: float) -> None:
        """Say that `done` seconds of this stage's audio are behind."""
        ...


class Transcriber(Protocol):
    """Turns a waveform into timed words."""

    def transcribe(self, waveform: Waveform, *, language: str, progress: Progress) -> Transcript:
        """Words of `waveform` in order of start; `language` is a code such as ``en``, or empty to detect it."""
        ...

    def describe(self) -> Mapping[str, str]:
        """Name, version and model hashes."""
        ...


class Diarizer(Protocol):
    """Finds who spoke when."""

    def diarize(self, waveform: Waveform, *, min_speakers: int, max_speakers: int, progress: Progress) -> Diarization:
        """Speaker intervals of `waveform`; 0 speakers means that the number is not known."""
        ...

    def describe(self) -> Mapping[str, str]:
        """Name, version and model hashes."""
        ...


class Coder(Protocol):
    """Gives behaviour codes to utterances.

    A coder may say in an attribute ``codes: frozenset[Code]`` what it can find (see `codable`); one that does not say
    is taken to look for every code.
    """

    def code(self, utterances: Sequence[SpokenUtterance], *, language: str) -> tuple[CodedUtterance, ...] | Missing:
        """One entry an utterance, in the same order, whoever said it; missing for a language it does not know."""
        ...

    def describe(self) -> Mapping[str, str]:
        """Name, version and model hashes."""
        ...


def codable(coder: Coder | Missing) -> frozenset[Code]:
    """What a coder can find, so that a code it never gives is missing and not 0."""
    return frozenset(getattr(coder, "codes", Code))


BACKENDS: Mapping[str, Mapping[str, str]] = {
    "transcriber": {
        "faster-whisper": "toolkit.backends.whisper:create",
        "files": "toolkit.backends.files:create_transcriber",
    },
    "diarizer": {
        "pyannote": "toolkit.backends.pyannote:create",
        "channels": "toolkit.backends.channels:create",
        "files": "toolkit.backends.files:create_diarizer",
    },
    "coder": {
        "trained": "toolkit.coding.trained.coder:create",
        "rules": "toolkit.coding.rules:create",
        "files": "toolkit.backends.files:create_coder",
    },
}


def names(kind: str) -> tuple[str, ...]:
    """Names of the backends of a kind: ours, then third parties' (entry-point group ``toolkit.<kind>``)."""
    return (*BACKENDS[kind], *(e.name for e in entry_points(group=f"toolkit.{kind}")))


def check(kind: str, name: str) -> None:
    """Refuse a name that no backend of `kind` has.

    Raises
    ------
    ConfigError
        With the names there are.
    """
    if name not in names(kind):
        raise ConfigError(f"no {kind} is called {name!r}.", hint=f"One of: {', '.join(names(kind))}.")


def create(kind: str, name: str, settings: Settings) -> Any:
    """Make the backend `name` of `kind` (transcriber, diarizer or coder).

    Raises
    ------
    ConfigError
        When no backend has that name.
    BackendError
        When its model or library cannot be loaded.
    """
    check(kind, name)
    if name in BACKENDS[kind]:
        module, _, factory = BACKENDS[kind][name].partition(":")
        return getattr(import_module(module), factory)(settings)
    entry = next(e for e in entry_points(group=f"toolkit.{kind}") if e.name == name)
    return entry.load()(settings)
