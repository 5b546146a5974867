"""What tells a therapist from a client, language by language: cues as data, and which language words are in.

A language's cues are ``lexicons/roles_<language>.toml``; a file of that name in one's own folder goes before it. The
cues are the same everywhere (who is spoken of, asking, handing back, opening, telling), so a language whose weights
nobody has fitted has those of English; `trust` below 1 says so and draws its log-odds towards zero.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolkit import lexicon
from toolkit.coding import plain
from toolkit.errors import ConfigError
from toolkit.formats import by_hand

__all__ = ["ENGLISH", "Cues", "count_cues", "cues_of", "english", "language_of"]

ENGLISH = "en"
LONGEST = 4  # words of a phrase


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of one language.

    Attributes
    ----------
    language
        Its code.
    elided
        Whether words are parted after an apostrophe, as in French (``j'ai``).
    function_words
        The commonest words, by which the language is known.
    least_common
        Share of them that talk in this language has at least.
    words, phrases
        Word, and words in a row, to the cue they are.
    average
        Rate of each cue per word, over therapists and clients.
    average_words
        Words that the average weighs.
    weights
        Of each cue: positive for a therapist's.
    trust
        1 where the weights were fitted in this language; less draws the log-odds towards zero.
    """

    language: str
    elided: bool
    function_words: frozenset[str]
    least_common: float
    words: Mapping[str, str]
    phrases: Mapping[tuple[str, ...], str]
    average: Mapping[str, float]
    average_words: float
    weights: Mapping[str, float]
    trust: float

    def tokens(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Words as the cues write them; English also without fillers and stutters, as its weights were fitted."""
        if self.language == ENGLISH:
            return plain.tokens([*texts])
        return parted(texts) if self.elided else lexicon.tokens(texts)


def parted(texts: Iterable[str]) -> tuple[str, ...]:
    """Words in lower case, parted after an apostrophe.

    Examples
    --------
    >>> parted(["J'ai", "dit", "qu'il", "dort."])
    ("j'", 'ai', 'dit', "qu'", 'il', 'dort')
    """
    return tuple(part for token in lexicon.tokens(texts) for part in re.split("(?<=')", token) if part)


def cues_of(language: str, own: str = "") -> Cues | None:
    """Cues of a language by its code; None where it has none.

    Raises
    ------
    ConfigError
        When the file is no TOML, or lacks what it must have.
    """
    text = lexicon.read(f"roles_{language}.toml", own)
    return parse(language, text) if text else None


def english() -> Cues:
    """The cues of English, whose weights were fitted."""
    cues = cues_of(ENGLISH)
    assert cues is not None
    return cues


def language_of(texts: Iterable[str], *, said: str = "", own: str = "") -> str:
    """The language of words whose role cues we have, empty where they look like none of these.

    Parameters
    ----------
    texts
        Words in their order.
    said
        The language somebody gave; then only that one is looked for. Empty for any.
    own
        Folder of one's own word lists.
    """
    heard = [*texts]
    shares = {}
    for language in (lexicon.code_of(said),) if said else lexicon.available(own):
        cues = cues_of(language, own)
        words = cues.tokens(heard) if cues else ()
        if cues and words:
            shares[language] = sum(w in cues.function_words for w in words) / len(words) / cues.least_common
    best = max(shares, key=lambda language: shares[language], default="")
    return best if shares.get(best, 0) >= 1 else ""


def count_cues(spoken: Sequence[Sequence[str]], cues: Cues) -> Counter[str]:
    """How often each cue occurs: single words, and phrases of up to four words."""
    found: Counter[str] = Counter()
    for words in spoken:
        found.update(cues.words[w] for w in words if w in cues.words)
        for size in range(1, LONGEST + 1):
            runs = (tuple(words[i : i + size]) for i in range(len(words) - size + 1))
            found.update(cues.phrases[run] for run in runs if run in cues.phrases)
    return found


@lru_cache(maxsize=32)
def parse(language: str, text: str) -> Cues:
    """Cues from the text of their file; weights and averages are those of English where it has none."""
    try:
        tables = by_hand.toml(text)
        fitted = None if language == ENGLISH else english()
        average = tables["average"] if "average" in tables or fitted is None else fitted.average
        weights = tables["weights"] if "weights" in tables or fitted is None else fitted.weights
        elided = bool(tables.get("elided", False))
        cues = Cues(
            language=language,
            elided=elided,
            function_words=frozenset(tables["function_words"].split()),
            least_common=float(tables["least_common"]),
            words={word: cue for cue, line in tables["words"].items() for word in line.split()},
            phrases={
                (parted([p]) if elided else tuple(p.split())): cue
                for cue, row in tables["phrases"].items()
                for p in row
            },
            average=average,
            average_words=float(tables.get("average_words", fitted.average_words if fitted else 0.0)),
            weights={cue: float(weights[cue]) for cue in average},
            trust=float(tables["trust"]),
        )
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the word list roles_{language}.toml cannot be used: {type(error).__name__}: {error}.",
            hint="docs/languages.md says what it holds.",
        ) from None
    strangers = {*cues.words.values(), *cues.phrases.values()} - set(average)
    if strangers or cues.least_common <= 0:
        wrong = f"a cue without a weight: {min(strangers)}" if strangers else "least_common, which must be above 0"
        raise ConfigError(f"the word list roles_{language}.toml has {wrong}.", hint="See docs/languages.md.")
    return cues
