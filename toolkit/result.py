"""What the chain makes of one session: the value that is published, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from toolkit.audio import AudioFacts
from toolkit.types import Account, AttributedWord, Dialogue, MeasureValue, Missing, Provenance, SpokenUtterance

__all__ = ["UNCORRECTED", "SessionResult"]

UNCORRECTED = Missing("no human corrected this session")


@dataclass(frozen=True, slots=True)
class SessionResult:
    """One session's results.

    Attributes
    ----------
    dialogue
        All that measures read.
    utterances, words
        With their text; `Missing` when read back from results that hold none (no transcript purpose).
    measures
        In the order of the registry.
    provenance
        What it was made from and with.
    key
        Digest of everything the result depends on: the same key need not be computed again.
    overlay
        Digest of the human corrections that lie over it, empty for none.
    facts
        The recording as it was found.
    language
        Code such as ``en``.
    rejected_words
        Words the guards took out as invented.
    warnings
        Sentences a reader of the numbers should know, without speech or names.
    stages
        Of each stage what it read, name to digest, see `toolkit.stages.keys`.
    machine
        What a human's corrections lie over; missing when there are none.
    """

    dialogue: Dialogue
    utterances: tuple[SpokenUtterance, ...] | Missing
    words: tuple[AttributedWord, ...] | Missing
    measures: tuple[MeasureValue, ...]
    provenance: Provenance
    key: str
    overlay: str
    facts: AudioFacts
    language: str
    rejected_words: int
    warnings: tuple[str, ...]
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    machine: Account | Missing = UNCORRECTED

    @property
    def heard(self) -> Account:
        """What the machine made of the session, before any human."""
        whole = Account(self.dialogue, self.utterances, self.words)
        return whole if isinstance(self.machine, Missing) else self.machine
