"""What each stage gives, as a value that is kept on disk and taken up again; and what consent lets be kept.

The rule: a stage's result is kept as its part of the results is. Facts of the sound, who spoke when, turns, silences
and codes hold no text and are kept with the measure purpose. Words, and what is built of them, are kept only where
every party granted the transcript purpose, under ``restricted/``; without it they live in the memory of the process
that hears them. Sound is never kept. See docs/adr/0014-stages.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from toolkit import store
from toolkit.audio import AudioFacts
from toolkit.listening import SpeakersHeard, WordsHeard
from toolkit.stages.keys import Keys, Stage
from toolkit.study import Study
from toolkit.types import AttributedWord, Code, CodedUtterance, Dialogue, Missing, SpokenUtterance

__all__ = ["Coded", "Kept", "Said", "Sound", "Talk", "wanted"]


@dataclass(frozen=True, slots=True)
class Sound:
    """What decoding gives beside the sound: facts, and the length in seconds."""

    facts: AudioFacts
    duration: float


@dataclass(frozen=True, slots=True)
class Talk:
    """The dialogue without codes and without text.

    `facts` hold what recognising voices told, too; `described` is what transcriber and diarizer say of themselves.
    """

    dialogue: Dialogue
    facts: AudioFacts
    language: str
    rejected_words: int
    described: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """The text of a dialogue."""

    words: tuple[AttributedWord, ...]
    utterances: tuple[SpokenUtterance, ...]


@dataclass(frozen=True, slots=True)
class Coded:
    """The codes of a dialogue, what the coder can find (in alphabetical order), and what it says of itself."""

    codes: tuple[CodedUtterance, ...] | Missing
    coded: tuple[Code, ...]
    described: Mapping[str, str]


PLACES: Mapping[type, tuple[str, Stage, bool]] = {
    Sound: ("decode", Stage.DECODE, False),
    WordsHeard: ("words", Stage.WORDS, True),
    SpeakersHeard: ("speakers", Stage.SPEAKERS, False),
    Talk: ("dialogue", Stage.DIALOGUE, False),
    Said: ("said", Stage.DIALOGUE, True),
    Coded: ("codes", Stage.CODES, False),
}
"""Name of the file, the stage whose key it lies under, and whether it holds text."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one session under today's keys.

    Attributes
    ----------
    study, session_id
        Whose.
    keys
        Of its stages.
    text
        Whether consent lets text be kept.
    anew
        Take nothing up: what is there is done again and written over.
    """

    study: Study
    session_id: str
    keys: Keys
    text: bool
    anew: bool = field(default=False)

    def get(self, kind: type[T]) -> T | None:
        """The kept value of a kind; None when there is none, or none that can be read."""
        name, stage, text = PLACES[kind]
        if self.anew or (text and not self.text):
            return None
        data = store.get(self.study, self.session_id, name, self.keys.digests[stage], text=text)
        if data is None:
            return None
        from pydantic import ValidationError

        try:
            found: T = adapter(name).validate_json(data)
        except ValidationError:  # written by another version of the toolkit
            return None
        return found

    def put(self, value: T) -> T:
        """Keep a value, if consent lets it be kept.

        Returns
        -------
        T
            The value as it will be read: so a run that goes on from it makes the same of it as one that was not
            stopped.

        Raises
        ------
        StoreError
            When it cannot be written.
        """
        name, stage, text = PLACES[type(value)]
        data = adapter(name).dump_json(value)
        if self.text or not text:
            store.put(self.study, self.session_id, name, self.keys.digests[stage], data, text=text)
        same: T = adapter(name).validate_json(data)
        return same


@cache
def adapter(name: str) -> Any:
    """Makes JSON of a value and reads it back, to the last bit of every number."""
    from pydantic import TypeAdapter

    return TypeAdapter(next(kind for kind, place in PLACES.items() if place[0] == name))


def wanted(keys: Keys, *, text: bool) -> frozenset[tuple[str, str]]:
    """Names and keys of what these keys lead to."""
    return frozenset((name, keys.digests[stage]) for name, stage, holds in PLACES.values() if text or not holds)
