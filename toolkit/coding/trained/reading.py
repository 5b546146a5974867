"""What the encoder reads of an utterance: its own words first, then what was said before it.

A reflection hands back what the other just said, so the words before matter. They follow the utterance as a second
segment, oldest first, each utterance behind a marker that says whether the same or another speaker said it. Long
utterances lose their middle, long contexts their beginning. The training reads by this module too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Piece", "Reader", "Said", "Tokens", "spoken_text"]

OWN_TOKENS = 88
CONTEXT_TOKENS = 28
SHORT = 3  # tokens: utterances of no more are read with less context, as most of them are listening noises
SHORT_CONTEXT = 12
REACH = 3  # utterances before
LEAST = 4  # tokens: less room than this is left empty
SAME, OTHER = "[unused2]", "[unused1]"  # places of the vocabulary that its makers left free
NOT_SAID = re.compile(r"\[[^\]]*\]|\(inaudible\)", re.IGNORECASE)
LONGEST = 4000  # characters from either end that are tokenized at all


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance as text, and who said it."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Token ids; the first `own` of them are the utterance itself with its two marks."""

    ids: tuple[int, ...]
    own: int


class Tokens(Protocol):
    """The tokenizer of the encoder."""

    def encode(self, text: str) -> list[int]:
        """Ids of a text without marks."""
        ...

    def id_of(self, token: str) -> int:
        """Id of one token of the vocabulary."""
        ...


def spoken_text(text: str) -> str:
    """A text without remarks in brackets, double dashes and runs of blanks.

    Examples
    --------
    >>> spoken_text("So you-- you  [laughs] stopped.")
    'So you you stopped.'
    """
    return " ".join(NOT_SAID.sub(" ", text.replace("--", " ")).split())


class Reader:
    """Makes encoder input of utterances.

    Parameters
    ----------
    tokens
        The encoder's tokenizer.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._start, self._end = tokens.id_of("[CLS]"), tokens.id_of("[SEP]")
        self._markers = {True: tokens.id_of(SAME), False: tokens.id_of(OTHER)}

    def read(self, said: Said, before: Sequence[Said]) -> Piece:
        """The input for `said`; of `before` (the newest last) the last three utterances are read."""
        own = self.ids(said.text)
        if len(own) > OWN_TOKENS:
            own = own[: OWN_TOKENS // 2] + own[-OWN_TOKENS // 2 :]
        first = [self._start, *own, self._end]
        room = SHORT_CONTEXT if len(own) <= SHORT else CONTEXT_TOKENS
        return Piece((*first, *self.context(said.speaker, before, most=room), self._end), len(first))

    def context(self, speaker: str, before: Sequence[Said], *, most: int) -> list[int]:
        """The utterances before, oldest first, `most` tokens of them."""
        found: list[int] = []
        for earlier in reversed(before[-REACH:]):
            room = most - len(found)
            if room < LEAST:
                break
            marker = self._markers[earlier.speaker == speaker]
            ids = self.ids(earlier.text)
            found = [marker, *(ids if len(ids) < room else ids[-(room - 1) :]), *found]
        return found

    def ids(self, text: str) -> list[int]:
        """Token ids of a text as it was spoken."""
        spoken = spoken_text(text)
        if len(spoken) > 2 * LONGEST:
            spoken = f"{spoken[:LONGEST]} {spoken[-LONGEST:]}"
        return self._tokens.encode(spoken)
