"""Classes of identifiers, and the rules of ``rules.toml`` that find them in talk.

The classes are those of HIPAA's Safe Harbor (45 CFR 164.514(b)(2)) that can occur in speech; the many kinds of numbers
(social security, record, account, licence, plate and so on) are one class, as in speech they are told by nothing but
their digits.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Identifier", "Rule", "rules", "words"]

PART = re.compile(r"<([A-Z_]+)>")


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
class Rule:
    """One rule: its class, an expression whose whole match is the identifier, and how sure it is, 0 to 1."""

    what: Identifier
    expression: str
    sure: float


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, its parts filled in."""
    table = _table()
    parts: dict[str, str] = table["parts"]

    def whole(expression: str) -> str:
        while PART.search(expression):
            expression = PART.sub(lambda part: parts[part[1]], expression)
        return expression

    return tuple(
        Rule(Identifier(r["what"]), whole(r.get("after", "") + r["match"] + r.get("before", "")), r["sure"])
        for r in table["rules"]
    )


def words(name: str) -> frozenset[str]:
    """One of the lists of words."""
    return frozenset(_table()["words"][name].split())


def _table() -> dict[str, Any]:
    return tomllib.loads(files("toolkit.privacy").joinpath("rules.toml").read_text(encoding="utf-8"))
