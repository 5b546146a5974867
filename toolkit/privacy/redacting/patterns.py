"""Classes of identifiers, the words of ``rules.toml``, and what a rule finds.

The classes are those of HIPAA's Safe Harbor (45 CFR 164.514(b)(2)) that can occur in speech; the many kinds of numbers
(social security, record, account, licence, plate and so on) are one class, as in speech they are told by nothing but
their digits.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

__all__ = ["Found", "Identifier", "Rule", "one_of", "searched", "words"]


class Identifier(StrEnum):
    """Classes of identifiers."""

    PERSON = "person"
    PLACE = "place"
    ORGANISATION = "organisation"
    DATE = "date"
    AGE = "age_over_89"
    NUMBER = "number"
    EMAIL = "email"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch that a rule takes for an identifier, and how sure it is, 0 to 1."""

    start: int
    end: int
    what: Identifier
    sure: float


@dataclass(frozen=True, slots=True)
class Rule:
    """An expression whose group ``it``, or whole match where it has none, is an identifier of one class."""

    what: Identifier
    expression: re.Pattern[str]
    sure: float

    @classmethod
    def of(cls, what: Identifier, sure: float, expression: str) -> Rule:
        """A rule for letters of either case."""
        return cls(what, re.compile(expression, re.IGNORECASE), sure)


def searched(rules: Iterable[Rule], text: str) -> Iterator[Found]:
    """What rules find in a text."""
    for rule in rules:
        group = "it" if "it" in rule.expression.groupindex else 0
        for match in rule.expression.finditer(text):
            yield Found(match.start(group), match.end(group), rule.what, rule.sure)


def one_of(listed: Iterable[str]) -> str:
    """An expression for any of several words, the longest first."""
    return f"(?:{'|'.join(sorted(map(re.escape, listed), key=lambda word: (-len(word), word)))})"


@cache
def words(name: str) -> frozenset[str]:
    """One of the lists of words."""
    return frozenset(_lists()[name].split())


@cache
def _lists() -> dict[str, str]:
    lists: dict[str, str] = tomllib.loads(
        files("toolkit.privacy.redacting").joinpath("rules.toml").read_text(encoding="utf-8")
    )["words"]
    return lists
