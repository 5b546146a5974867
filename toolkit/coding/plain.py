"""The words of an utterance as plain text for a parser, with the way back to the words.

A recogniser's words carry fillers, stutters ("I-I"), cut-off words, brackets and odd characters. They are taken out
or smoothed here, so that rules see what was meant; each character of the text still knows which word it came from.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["BACKCHANNELS", "Plain", "is_backchannel", "plain", "tokens", "word_set"]

PIECE_WORDS = 1000  # a longer utterance is parsed in pieces: the parser's memory grows with the text
WORD_CHARACTERS = 80  # a longer "word" is noise


def word_set(text: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(text.split())


BACKCHANNELS = word_set(
    "yeah yes yep yup ya okay ok right mm mmm hm hmm mhm mm-hmm mmhmm uh-huh uhhuh huh no nope oh ah sure alright um "
    "uh exactly absolutely definitely gotcha true wow cool great good fine nice"
)
FILLERS = frozenset({"um", "umm", "uh", "uhh", "uhm", "er", "erm", "ah", "eh"})
LONG_FORMS = {
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "kinda": "kind of",
    "sorta": "sort of",
    "'cause": "because",
    "cause": "because",
    "cuz": "because",
    "i": "I",
    "i'm": "I'm",
    "i've": "I've",
    "i'll": "I'll",
    "i'd": "I'd",
    "ok": "okay",
}
QUOTES = str.maketrans("\u2019\u2018\u201c\u201d\u2013\u2014\u2026", "''\"\"--.")
STUTTER = re.compile(r"^(\w+)(?:-+\1)*-+(\1\S*)$", re.IGNORECASE)
CORE = re.compile(r"^([^\w']*)(.*?)([^\w']*)$", re.DOTALL)
NUMBERS = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Plain:
    """Text for a parser.

    Attributes
    ----------
    text
        The kept words, one space between.
    starts
        Where each kept word starts in `text`, ascending.
    words
        Index of each kept word in the utterance.
    """

    text: str
    starts: tuple[int, ...]
    words: tuple[int, ...]

    def word_at(self, offset: int) -> int:
        """Index in the utterance of the word that holds character `offset` of `text`."""
        return self.words[max(0, bisect_right(self.starts, offset) - 1)]


def plain(words: Sequence[str]) -> tuple[Plain, ...]:
    """Smooth the words of one utterance.

    Parameters
    ----------
    words
        The words as the recogniser wrote them.

    Returns
    -------
    tuple of Plain
        No piece when nothing is left; more than one for more than 1,000 words.
    """
    kept: list[tuple[int, str]] = []
    for index, word in enumerate(words):
        text = smooth(word)
        if not text:
            continue
        if kept and bare(kept[-1][1]) == bare(text) and not NUMBERS.search(text):
            kept.pop()  # "you you" is one slip of the tongue, not two words
        kept.append((index, text))
    return tuple(piece(kept[i : i + PIECE_WORDS]) for i in range(0, len(kept), PIECE_WORDS))


def piece(kept: Sequence[tuple[int, str]]) -> Plain:
    """Join kept words and remember where each starts."""
    starts: list[int] = []
    position = 0
    for _, text in kept:
        starts.append(position)
        position += len(text) + 1
    return Plain(" ".join(t for _, t in kept), tuple(starts), tuple(i for i, _ in kept))


def smooth(word: str) -> str:
    """One word without stutter, cut-off dashes, brackets and characters that are no writing; empty for a filler."""
    text = "".join(
        c for c in unicodedata.normalize("NFKC", word).translate(QUOTES) if unicodedata.category(c)[0] in "LNPM"
    )
    if len(text) > WORD_CHARACTERS or (text.startswith("[") and text.rstrip(".,?!").endswith("]")):
        return ""
    text = text.strip('-[](){}<>*_"')
    found = CORE.match(text)
    before, core, after = found.groups() if found else ("", text, "")
    stutter = STUTTER.match(core)
    core = (stutter.group(2) if stutter else core).rstrip("-")
    if not core or core.lower() in FILLERS:
        return ""
    core = LONG_FORMS.get(core.lower(), core)
    return before + core + after.replace("-", "").replace('"', "")


def bare(text: str) -> str:
    """A word in lower case without the marks around it."""
    return text.lower().strip(".,?!;:'\"")


def tokens(words: Sequence[str]) -> tuple[str, ...]:
    """The words in lower case without marks, fillers and stutters."""
    return tuple(b for w in words if (b := bare(smooth(w))))


def is_backchannel(words: Sequence[str]) -> bool:
    """Whether an utterance of at most four words only says "I am listening"."""
    return len(words) <= 4 and all(t in BACKCHANNELS for t in tokens(words))
