"""Closed word lists per language: backchannels, abbreviations, and words whose syllables the rules miscount.

The lists are data of the package (``toolkit/lexicons/<language>.toml``); a language without a list gets the sounds
that listeners make in many languages (``und.toml``), so that its backchannels are undercounted rather than invented.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Lexicon", "load", "tokens"]

ANY_LANGUAGE = "und"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The word lists of one language.

    Attributes
    ----------
    language
        The language whose lists these are: ``und`` where the one asked for has none.
    backchannels
        Each as its tokens, so that "i see" is ``("i", "see")``.
    abbreviations
        Without their final full stop.
    syllables
        Word to number of syllables.
    """

    language: str
    backchannels: frozenset[tuple[str, ...]]
    abbreviations: frozenset[str]
    syllables: Mapping[str, int]

    def all_backchannels(self, said: Sequence[str]) -> bool:
        """Whether tokens are backchannels and nothing else; False for no tokens at all."""
        reached = {0}
        for start in range(len(said)):
            if start in reached:
                reached |= {
                    end for end in range(start + 1, len(said) + 1) if tuple(said[start:end]) in self.backchannels
                }
        return bool(said) and len(said) in reached


@cache
def load(language: str) -> Lexicon:
    """Lists of a language, by its code (``en``, ``en-GB``); those for any language where it has none of its own."""
    name = re.split(r"[-_]", language.lower())[0]
    folder = files("toolkit") / "lexicons"
    known = {entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")}
    found = name if name in known else ANY_LANGUAGE
    tables = tomllib.loads((folder / f"{found}.toml").read_text(encoding="utf-8"))
    return Lexicon(
        language=found,
        backchannels=frozenset(tokens([phrase]) for phrase in tables["backchannels"]),
        abbreviations=frozenset(tables["abbreviations"]),
        syllables=tables["syllables"],
    )


def tokens(texts: Iterable[str]) -> tuple[str, ...]:
    """Words as the lists write them: lower case, no punctuation, one apostrophe, drawn-out letters shortened.

    A text that begins with a hyphen belongs to the one before it: recognisers split "mm-hmm" in two.

    Examples
    --------
    >>> tokens([" Mm", "-hmm.", " I", " see!"])
    ('mm-hmm', 'i', 'see')
    """
    line = " ".join(text.strip() for text in texts).lower().replace("\u2019", "'").replace(" -", "-").replace(" '", "'")
    line = re.sub(r"([^\W\d])\1{2,}", r"\1\1", line)
    bare = (re.sub(r"^\W+|\W+$", "", piece) for piece in line.split())
    return tuple(piece for piece in bare if piece)
