"""A text without the hesitations and words said twice that break up names and numbers: "oh seven um seven seven"."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Fluent", "fluent"]

BROKEN = re.compile(
    r"""
    \b(?:u+m+|u+h+|e+r+m*|erm|uhm|hmm)\b[,.]{0,3}\ +            # um, er
    | (?<!do\ )(?<!did\ )(?<!if\ )(?<!that\ )(?<!what\ )\byou\ know,?\ +
      (?!that|what|who|how|why|where|when|if|him|her|it\b|about|the\b|them)
    | \bi\ mean,?\ +(?!it\b|that\b|to\b)
    | \b(?P<word>\w{1,20}),?\ +(?=(?P=word)\b)(?<!that\ )(?<!had\ )  # a word said twice
    """,
    re.IGNORECASE | re.VERBOSE,
)
NUMBERS = frozenset(
    [
        "oh",
        "o",
        "zero",
        "nought",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        "hundred",
        "double",
        "treble",
        "triple",
    ]
)


@dataclass(frozen=True, slots=True)
class Fluent:
    """A text as it is read, and where each of its characters stands in the text as it was said."""

    text: str
    places: tuple[int, ...]

    def where(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of it in the text as it was said."""
        return self.places[start], self.places[end - 1] + 1


def fluent(text: str) -> Fluent:
    """A text without what breaks it up; numbers and letters said twice stay, as they may be meant."""
    kept, last = [], 0
    for match in BROKEN.finditer(text):
        word = match["word"]
        if word and (word.casefold() in NUMBERS or word.isdigit() or (len(word) == 1 and word not in "Ii")):
            continue
        kept.append((last, match.start()))
        last = match.end()
    kept.append((last, len(text)))
    places = tuple(at for start, end in kept for at in range(start, end))
    return Fluent("".join(text[start:end] for start, end in kept), places)
