"""How words are used, as counts: function words by category, pronouns by person, disfluencies, and how varied they are.

What is counted is kept with the measure purpose, so it must not give words away. The classes are closed and hold
grammar, never content: that a client says three negations in an utterance can be read, what about cannot. The most that
can be read is of an utterance of one word, that it is one of a closed list. For variety, an utterance keeps how many
different words the windows that end in it hold, summed: of no word can it be told whether it was said.

The lists are ``lexicons/function_words_<language>.toml``; a file of that name in one's own folder goes before it.

References
----------
Ireland & Pennebaker (2010), J. Pers. Soc. Psychol. 99: the nine categories. Shriberg (1994), Preliminaries to a Theory
of Speech Disfluencies: filled pauses, repetitions, restarts. Covington & McFall (2010), J. Quant. Linguist. 17:
windows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from toolkit import lexicon
from toolkit.errors import ConfigError
from toolkit.formats import by_hand
from toolkit.types import AttributedWord, Wording

__all__ = ["CATEGORIES", "PERSONS", "FunctionWords", "count", "load", "windows"]

CATEGORIES = (
    *("personal_pronouns", "impersonal_pronouns", "articles", "auxiliary_verbs", "adverbs"),
    *("prepositions", "conjunctions", "negations", "quantifiers"),
)
"""The nine categories that style matching compares, in Ireland & Pennebaker's order."""

PERSONS = ("first_singular", "first_plural", "second_person")
FILLED_PAUSES = "filled_pauses"
CLASSES = frozenset({*CATEGORIES, *PERSONS, FILLED_PAUSES})
LONGEST_REPEAT = 3
"""Words: a longer phrase that is said twice is said for emphasis more often than by accident."""

CUT_OFF = re.compile(r"[^\W\d_]-\W*$")


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """The function words of one language.

    Attributes
    ----------
    classes
        Each listed word to the names of its classes.
    endings
        What a contraction adds to the classes of its first part.
    endings_of_some
        The same, only after a word of `some`.
    doubled
        Words that are said twice on purpose ("very, very").
    """

    classes: Mapping[str, frozenset[str]]
    endings: Mapping[str, frozenset[str]]
    endings_of_some: Mapping[str, frozenset[str]]
    some: frozenset[str]
    doubled: frozenset[str]

    def of(self, token: str) -> frozenset[str]:
        """The classes of a token, none for a word of content."""
        if token in self.classes:
            return self.classes[token]
        for endings, first_parts in ((self.endings, None), (self.endings_of_some, self.some)):
            for ending, added in endings.items():
                first = token.removesuffix(ending)
                if first != token and (first_parts is None or first in first_parts):
                    return self.classes.get(first, frozenset()) | added
        return frozenset()


def load(language: str, own: str = "") -> FunctionWords | None:
    """The function words of a language, by its code; None where nobody listed them.

    Parameters
    ----------
    language
        Code such as ``en`` or ``en-GB``.
    own
        Folder of one's own lists; empty for none.

    Raises
    ------
    ConfigError
        When the list is no TOML, or names a class that there is not.
    """
    file = lexicon.FUNCTION_WORDS.format(lexicon.code_of(language))
    text = lexicon.read(file, own)
    return parse(file, text) if text else None


@lru_cache(maxsize=16)
def parse(file: str, text: str) -> FunctionWords:
    """Function words from the text of their file."""
    try:
        tables = by_hand.toml(text)
        classes: dict[str, set[str]] = defaultdict(set)
        for name, listed in tables["words"].items():
            for word in listed.split():
                classes[word] |= known(name)
        some = dict(tables.get("endings_of_some", {}))
        after = frozenset(some.pop("some", "").split())
        return FunctionWords(
            classes={word: frozenset(names) for word, names in classes.items()},
            endings={ending: known(names) for ending, names in tables.get("endings", {}).items()},
            endings_of_some={ending: known(names) for ending, names in some.items()},
            some=after,
            doubled=frozenset(tables.get("doubled", "").split()),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"the word list {file} cannot be used: {type(error).__name__}: {error}.",
            hint="docs/languages.md says what it holds.",
        ) from None


def known(names: str) -> frozenset[str]:
    """Names of classes that there are."""
    found = frozenset(names.split())
    if found - CLASSES:
        raise ValueError(f"there is no class {', '.join(sorted(found - CLASSES))}")
    return found


def count(words: Sequence[AttributedWord], lists: FunctionWords | None) -> Wording:
    """Count the classes and the disfluencies of one utterance; nothing where the language has no lists."""
    if lists is None:
        return Wording()
    said = lexicon.pieces(w.text for w in words)
    found = Counter(name for token, _ in said for name in lists.of(token))
    return replace(Wording(**found), repetitions=repetitions(said, lists))


def repetitions(said: Sequence[tuple[str, str]], lists: FunctionWords) -> int:
    """How often words are said again at once, or a word is cut off; filled pauses in between are passed over.

    Examples
    --------
    >>> lists = load("en")
    >>> said = ("I uh I was I was th- there", "very, very sad", "I-I know")
    >>> [repetitions(lexicon.pieces([text]), lists) for text in said]
    [3, 0, 1]
    """
    fluent = [(token, piece) for token, piece in said if FILLED_PAUSES not in lists.of(token)]
    tokens = [token for token, _ in fluent]
    found = at = 0
    while at < len(fluent):
        again = repeated(tokens, at, lists.doubled)
        found += 1 if again else broken(*fluent[at], lists)
        at += again or 1
    return found


def repeated(tokens: Sequence[str], at: int, doubled: frozenset[str]) -> int:
    """How many tokens from `at` on are said again right after, 0 for none; the shortest such stretch."""
    for length in range(1, LONGEST_REPEAT + 1):
        first, second = tokens[at : at + length], tokens[at + length : at + 2 * length]
        if first == second and not doubled.issuperset(first):
            return length
    return 0


def broken(token: str, piece: str, lists: FunctionWords) -> int:
    """Whether one token is cut off (``th-``), or how often it stammers (``i-i``)."""
    parts = token.split("-")
    if len(parts) > 1 and len(set(parts)) == 1 and parts[0] not in lists.doubled:
        return 0 if FILLED_PAUSES in lists.of(parts[0]) else len(parts) - 1
    return int(CUT_OFF.search(piece) is not None)


def windows(said: Sequence[tuple[str, Sequence[str]]], length: int) -> Iterator[tuple[int, int]]:
    """Of each utterance the words in the windows that end in it, and the different words of each window, summed.

    Parameters
    ----------
    said
        Speaker and tokens of each utterance, in order. Windows run through all that a speaker says.
    length
        Words of a window.

    Examples
    --------
    >>> list(windows([("A", ["a", "b"]), ("B", ["x"]), ("A", ["a", "c"])], 3))  # a b a, b a c
    [(0, 0), (0, 0), (6, 5)]
    """
    recent: dict[str, deque[str]] = defaultdict(deque)
    there: dict[str, Counter[str]] = defaultdict(Counter)
    for speaker, tokens in said:
        own, counts = recent[speaker], there[speaker]
        words = types = 0
        for token in tokens:
            own.append(token)
            counts[token] += 1
            if len(own) > length:
                last = own.popleft()
                counts[last] -= 1
                if not counts[last]:
                    del counts[last]
            if len(own) == length:
                words += length
                types += len(counts)
        yield words, types
