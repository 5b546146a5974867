"""Word lists per language, as data: backchannels, questions, abbreviations, and how syllables are counted.

The lists are ``toolkit/lexicons/<language>.toml``; a folder of one's own (setting ``dialogue.lexicons``) goes before
them, file by file. A language without a list gets the sounds that listeners make in many languages (``und.toml``), so
that its backchannels are undercounted rather than invented; measures that need a list of that language are then
missing, with the reason (`untold`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from toolkit.errors import ConfigError
from toolkit.formats import by_hand
from toolkit.types import Need

__all__ = [
    "FUNCTION_WORDS",
    "Lexicon",
    "Numbers",
    "SyllableRules",
    "available",
    "code_of",
    "load",
    "pieces",
    "read",
    "tokens",
    "untold",
]

ANY_LANGUAGE = "und"
FUNCTION_WORDS = "function_words_{}.toml"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Syllables of the words that numbers are read with.

    0 to 19, the tens, hundred, thousand, and what joins tens and units (``und`` of ``zweiundvierzig``).
    """

    small: tuple[int, ...]
    tens: tuple[int, ...]
    hundred: int
    thousand: int
    joint: int


@dataclass(frozen=True, slots=True)
class SyllableRules:
    """How the syllables of a language are counted from spelling.

    Attributes
    ----------
    drop
        What is taken out of a word first.
    nucleus
        Each match in what is left is a syllable.
    changes
        What is added to that, once for each pattern that is found.
    numbers
        How numbers are read out.
    letters
        Syllables of the names of letters that have more than one; a word of up to four capitals is read by its
        letters. None where it is not.
    """

    drop: tuple[re.Pattern[str], ...]
    nucleus: re.Pattern[str]
    changes: tuple[tuple[re.Pattern[str], int], ...]
    numbers: Numbers
    letters: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The word lists of one language.

    Attributes
    ----------
    language
        The language whose lists these are: ``und`` where the one asked for has none.
    name
        Its name in English.
    reviewed
        Who has read the lists as a native speaker; empty for nobody.
    backchannels
        Each as its tokens, so that "i see" is ``("i", "see")``.
    questions
        How a question begins, each as its tokens.
    abbreviations
        Without their final full stop.
    letter_words
        Words of a single letter, which may end a sentence; any other single letter is an initial.
    syllables
        Word to number of syllables, where the rules miscount.
    rules
        None where nobody wrote any: syllables are then groups of vowels, which no measure relies on.
    """

    language: str
    name: str
    reviewed: str
    backchannels: frozenset[tuple[str, ...]]
    questions: frozenset[tuple[str, ...]]
    abbreviations: frozenset[str]
    letter_words: frozenset[str]
    syllables: Mapping[str, int]
    rules: SyllableRules | None

    def all_backchannels(self, said: Sequence[str]) -> bool:
        """Whether tokens are backchannels and nothing else; False for no tokens at all."""
        reached = {0}
        for start in range(len(said)):
            if start in reached:
                reached |= {
                    end for end in range(start + 1, len(said) + 1) if tuple(said[start:end]) in self.backchannels
                }
        return bool(said) and len(said) in reached

    def asks(self, said: Sequence[str]) -> bool:
        """Whether tokens begin as a question does; a backchannel before it ("okay, how ...") is passed over."""
        first = next((i for i, token in enumerate(said) if (token,) not in self.backchannels), len(said))
        longest = max(map(len, self.questions), default=0)
        return any(tuple(said[at : at + n]) in self.questions for at in {0, first} for n in range(1, longest + 1))


def code_of(language: str) -> str:
    """The code of the language alone: ``de`` of ``de-AT``, empty of an empty one."""
    return re.split(r"[-_]", language.lower())[0]


def load(language: str, own: str = "") -> Lexicon:
    """Lists of a language, by its code (``en``, ``en-GB``); those for any language where it has none of its own.

    Parameters
    ----------
    language
        Code; empty where it is not known.
    own
        Folder of one's own lists, which go before the package's; empty for none.

    Raises
    ------
    ConfigError
        When the list is no TOML, or lacks what it must have.
    """
    name = code_of(language)
    found = name if name in available(own) else ANY_LANGUAGE
    return parse(found, read(f"{found}.toml", own))


def available(own: str = "") -> tuple[str, ...]:
    """Codes of the languages that have lists, in alphabetical order."""
    names = {entry.name for folder in folders(own) for entry in folder.iterdir()}
    return tuple(
        sorted(n.removesuffix(".toml") for n in names if re.fullmatch(r"[a-z]{2,3}\.toml", n) and n != "und.toml")
    )


def read(file: str, own: str = "") -> str:
    """The text of a file of lists: of one's own folder, else the package's; empty where neither has it."""
    for folder in folders(own):
        entry = folder.joinpath(file)
        if entry.is_file():
            try:
                most = by_hand.TABLE
                return (by_hand.read(entry, most=most) if isinstance(entry, Path) else entry.read_bytes()).decode()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"the word list {file} cannot be read: {type(error).__name__}.", hint="It must be UTF-8 text."
                ) from None
    return ""


def folders(own: str) -> Iterator[Traversable]:
    """Where lists are looked for, the first first."""
    if own:
        yield Path(own)
    yield files("toolkit") / "lexicons"


@lru_cache(maxsize=32)
def parse(language: str, text: str) -> Lexicon:
    """Lists from the text of their file."""
    try:
        tables = by_hand.toml(text)
        return Lexicon(
            language=language,
            name=tables.get("name", language),
            reviewed=tables.get("reviewed", ""),
            backchannels=frozenset(tokens([phrase]) for phrase in tables["backchannels"]),
            questions=frozenset(tokens([phrase]) for phrase in tables.get("questions", ())),
            abbreviations=frozenset(tables["abbreviations"]),
            letter_words=frozenset(tables.get("letter_words", ())),
            syllables=tables.get("syllables", {}),
            rules=rules_of(tables["syllable_rules"]) if "syllable_rules" in tables else None,
        )
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise ConfigError(
            f"the word list {language}.toml cannot be used: {type(error).__name__}: {error}.",
            hint="docs/languages.md says what it holds.",
        ) from None


def rules_of(table: Mapping[str, Any]) -> SyllableRules:
    """Rules from the table of a file."""
    numbers = table["numbers"]
    small, tens = tuple(numbers["small"]), tuple(numbers["tens"])
    if (len(small), len(tens)) != (20, 10):
        raise ValueError("numbers.small needs 20 counts and numbers.tens 10")
    return SyllableRules(
        drop=tuple(re.compile(p) for p in table.get("drop", ())),
        nucleus=re.compile(table["nucleus"]),
        changes=tuple((re.compile(pattern), int(change)) for pattern, change in table.get("changes", ())),
        numbers=Numbers(small, tens, numbers["hundred"], numbers["thousand"], numbers["joint"]),
        letters=table.get("letters"),
    )


def untold(language: str, own: str = "") -> dict[Need, str]:
    """What cannot be told of talk in this language for want of a list, each with the reason."""
    lists = load(language, own)
    of = f"for {language!r}" if language else "as the session's language is not known"
    reasons: dict[Need, str] = {}
    if lists.language == ANY_LANGUAGE:
        reasons[Need.BACKCHANNELS] = f"there is no list of backchannels {of}"
    if lists.rules is None:
        reasons[Need.SYLLABLES] = f"there are no rules to count syllables {of}"
    if not read(FUNCTION_WORDS.format(code_of(language)), own):
        reasons[Need.FUNCTION_WORDS] = f"there are no lists of function words {of}"
    return reasons


def tokens(texts: Iterable[str]) -> tuple[str, ...]:
    """Words as the lists write them: lower case, no punctuation, one apostrophe, drawn-out letters shortened.

    A text that begins with a hyphen belongs to the one before it: recognisers split "mm-hmm" in two.

    Examples
    --------
    >>> tokens([" Mm", "-hmm.", " I", " see!"])
    ('mm-hmm', 'i', 'see')
    """
    return tuple(token for token, _ in pieces(texts))


def pieces(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The tokens, each with the piece of text that it is the bare form of, punctuation included.

    Examples
    --------
    >>> pieces(["Wh-", " what?"])
    (('wh', 'wh-'), ('what', 'what?'))
    """
    line = " ".join(text.strip() for text in texts).lower().replace("\u2019", "'").replace(" -", "-").replace(" '", "'")
    line = re.sub(r"([^\W\d])\1{2,}", r"\1\1", line)
    bare = ((re.sub(r"^\W+|\W+$", "", piece), piece) for piece in line.split())
    return tuple((token, piece) for token, piece in bare if token)
