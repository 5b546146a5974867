"""The words of a text, with where they stand and what comes before them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.privacy.redacting.patterns import words

__all__ = ["Talk", "Word", "talk_of"]

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
POSSESSIVE = ("'s", "\u2019s")
ENDS_SENTENCE = frozenset(".?!:;\u2026\n")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes
    ----------
    start, end
        Its characters, without a possessive ``'s``.
    text
        The same in lower case.
    owns
        Whether a possessive ``'s`` (or "is") follows.
    capital
        Whether it begins with a capital.
    joined
        Whether only a space or a hyphen is between it and the word before it.
    first
        Whether it is the first of a sentence.
    """

    start: int
    end: int
    text: str
    owns: bool
    capital: bool
    joined: bool
    first: bool

    @property
    def is_function(self) -> bool:
        """Whether it ends a name."""
        return self.text in words("function")

    @property
    def is_plain(self) -> bool:
        """Whether no name begins with it."""
        return self.is_function or self.text in words("ordinary")


@dataclass(frozen=True, slots=True)
class Talk:
    """The words of a text; places before the first and after the last hold no word."""

    words: Sequence[Word]

    def __len__(self) -> int:
        return len(self.words)

    def at(self, index: int) -> Word | None:
        """The word at a place, if there is one."""
        return self.words[index] if 0 <= index < len(self.words) else None

    def text(self, index: int) -> str:
        """The word at a place in lower case; empty where there is none."""
        return self.words[index].text if 0 <= index < len(self.words) else ""

    def follows(self, index: int) -> bool:
        """Whether a word is there that only a space or a hyphen parts from the one before it."""
        return 0 < index < len(self.words) and self.words[index].joined


def talk_of(text: str) -> Talk:
    """The words of a text."""
    made: list[Word] = []
    last = 0
    for match in WORD.finditer(text):
        piece = match[0]
        owns = piece[-2:].casefold() in POSSESSIVE and len(piece) > 2
        between = text[last : match.start()]
        made.append(
            Word(
                match.start(),
                match.end() - 2 * owns,
                (piece[:-2] if owns else piece).casefold().replace("\u2019", "'"),
                owns,
                piece[0].isupper(),
                between in (" ", "-", "  "),
                not made or any(c in ENDS_SENTENCE for c in between),
            )
        )
        last = match.end()
    return Talk(made)
