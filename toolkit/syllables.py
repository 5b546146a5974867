"""Words to syllables, the unit of articulation rate, by the rules of their language.

Rules and exceptions are data (`toolkit.lexicon`); how far they agree with a pronouncing program, language by language,
is in docs/languages.md.

References
----------
De Jong & Wempe (2009): syllables as the unit of articulation rate.
"""

from __future__ import annotations

import re

from toolkit import lexicon
from toolkit.lexicon import Lexicon, Numbers, SyllableRules

__all__ = ["count", "syllables"]

VOWELS = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿœ]+")
LONGEST_NUMBER = 18  # digits: nobody reads a longer one as a number
LONGEST_INITIALS = 4  # letters: longer words in capitals are shouted, not spelt
ENGLISH = "en"


def syllables(word: str, language: str) -> int:
    """Number of syllables of one word, at least 1.

    A language without rules gets one syllable for each group of vowels.

    Examples
    --------
    >>> syllables("conversation", "en"), syllables("asked", "en"), syllables("42", "en"), syllables("42", "de")
    (4, 1, 3, 4)
    """
    return count(word, lexicon.load(language))


def count(word: str, lists: Lexicon) -> int:
    """Number of syllables of one word by the lists of its language, at least 1."""
    parts = [p for p in re.split(r"[-\s]+", word.replace("\u2019", "'").strip('.,?!…;:"()¿¡«»')) if p]
    return max(1, sum(part_syllables(part, lists) for part in parts))


def part_syllables(part: str, lists: Lexicon) -> int:
    """Syllables of a word without hyphens."""
    lower = part.lower()
    base = lower.removesuffix("'s")
    if base in lists.syllables:
        return lists.syllables[base]
    digits = re.sub(r"[,.]", "", lower)
    rules = lists.rules
    if digits.isdecimal():
        numbers = rules.numbers if rules else english_numbers()
        return number_syllables(int(digits), numbers) if len(digits) <= LONGEST_NUMBER else spelt(digits, numbers)
    if rules is None:
        return max(1, len(VOWELS.findall(lower)))
    if rules.letters is not None and part.isupper() and 1 < len(part) <= LONGEST_INITIALS:
        return sum(rules.letters.get(letter, 1) for letter in lower)
    return by_rules(lower, rules)


def by_rules(word: str, rules: SyllableRules) -> int:
    """The matches of the nucleus, corrected by the changes."""
    for pattern in rules.drop:
        word = pattern.sub("", word)
    found = len(rules.nucleus.findall(word))
    return max(1, found + sum(change for pattern, change in rules.changes if pattern.search(word)))


def english_numbers() -> Numbers:
    """How English reads numbers, for a language that nobody wrote it down for."""
    rules = lexicon.load(ENGLISH).rules
    assert rules is not None
    return rules.numbers


def number_syllables(number: int, numbers: Numbers) -> int:
    """Syllables of a number read out ("one hundred five"); beyond a million, digit by digit."""
    if number < 20:
        return numbers.small[number]
    if number < 100:
        rest = numbers.joint + numbers.small[number % 10] if number % 10 else 0
        return numbers.tens[number // 10] + rest
    if number < 1_000_000:
        size, word = (100, numbers.hundred) if number < 1000 else (1000, numbers.thousand)
        rest = number_syllables(number % size, numbers) if number % size else 0
        return number_syllables(number // size, numbers) + word + rest
    return spelt(str(number), numbers)


def spelt(digits: str, numbers: Numbers) -> int:
    """Syllables of a number read digit by digit."""
    return sum(numbers.small[int(digit)] for digit in digits)
