"""Numbers that name somebody or something of theirs: telephones, records, accounts, plates, postcodes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache

from toolkit.privacy.redacting.numerals import MANY, TEEN, TENS, UNIT, UNITS, ZERO
from toolkit.privacy.redacting.patterns import Found, Identifier, Rule, searched

__all__ = ["found"]

JOINT = r"(?:[ ,.-]+(?:(?:dash|hyphen|slash|forward slash|stroke|space|dot|point) )?|[/])"
LETTER = r"(?:capital )?[b-hj-z]"
PART = rf"(?:{MANY}|\d+|{LETTER}|[ai])"
PLAIN_PART = rf"(?:{MANY}|\d+)"
RUN = re.compile(rf"(?<![\w'\u2019]){PLAIN_PART}(?:{JOINT}{PLAIN_PART}){{5,}}(?!\w)", re.IGNORECASE)
SHORT_RUN = re.compile(rf"(?<![\w'\u2019]){PLAIN_PART}(?:{JOINT}{PLAIN_PART}){{3,4}}(?!\w)", re.IGNORECASE)
MIXED = re.compile(
    rf"(?<![\w'\u2019])(?:{MANY}|\d+|{LETTER}|a(?= [b-z] ))(?:{JOINT}{PART}){{3,}}(?![\w'\u2019])", re.IGNORECASE
)
CUE = (
    r"(?:numbers?|pin|code|plates?|registration|reg|policy|account|licen[cs]e|record|passport|badge|reference"
    r"|ref|digits|card"
    r"|post ?code|zip(?: code)?|extension|ext|serial|id|m ?r ?n|case|combination|claim|ticket|booking"
    r"|confirmation|payroll"
    r"|sort code|social(?: security)?|s ?s ?n|vin|iban|phone|mobile|cell|landline|tel|telephone|fax|pager|lock|alarm"
    r"|ending(?: in)?|ends in|file|locker|room|prescription|hospital|nhs|national insurance|tax|student|staff"
    r"|member(?:ship)?)"
)
LED = (
    rf"\b{CUE}(?: (?:number|no|code|id))?(?:(?:\W+[\w']+){{0,4}}?(?: is|'s| was|:| as| are| ends in| ending in|"
    rf" ending| it's)|,)?,? "
)
LISTED = re.compile(rf"{LED}(?P<it>{PART}(?:{JOINT}{PART}){{1,}})(?![\w'\u2019])", re.IGNORECASE)
MEASURE = (
    r"(?!\w|[.,]\d| ?(?:%|percent|pounds|dollars|quid|euros|people|miles|km|steps|calories|words|times|years"
    r"|grand|pages|feet"
    r"|units|milligrams|mg|followers|kids|students|men|women|patients|of)\b)"
)
FOUR = re.compile(rf"(?<![\w'\u2019])(?:{UNIT}|{ZERO})(?: (?:{UNIT}|{ZERO})){{3,4}}(?!\w)", re.IGNORECASE)
DOUBLE = re.compile(r"\b(?:double|treble|triple|oh|zero)\b", re.IGNORECASE)


@cache
def rules() -> tuple[Rule, ...]:
    """Rules for what is typed, and for postcodes and plates."""
    number = Identifier.NUMBER
    unit = rf"(?:{UNIT}|\d)"
    two = rf"(?:{TENS}(?:[ -]{UNIT})?|{TEEN}|{UNIT}(?: {UNIT})?|\d\d?)"
    return (
        Rule.of(number, 0.9, r"(?<!\w)\+?\(?\d[\d()\s./-]{5,24}\d\b"),
        Rule.of(number, 0.9, r"\b\d{7,}\b|\b0\d{3,}\b|\b\d{5}-\d{4}\b"),
        Rule.of(number, 0.8, rf"(?<![\w$\u00a3\u20ac,.])[1-9]\d{{4,5}}{MEASURE}"),
        Rule.of(number, 0.8, r"\b(?=[a-z]*\d)(?=\d*[a-z])(?=(?:[a-z]*\d){2})[a-z\d]{5,}(?:-[a-z\d]+)*\b(?<!\ds)"),
        Rule.of(
            number,
            0.8,
            r"\b[a-z]{1,4}[-/]?\d{3,}(?:[-/ ]?[a-z\d]*\d[a-z\d]*)*\b(?<!\ds)|(?-i:\b[A-Z]{1,4}) ?\d{3,}\b"
            r"|\b[a-hj-z]{2} \d{5,}\b",
        ),
        Rule.of(number, 0.8, r"\b[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b|\b[a-z]{2}\d{2} ?[a-z]{3}\b"),
        Rule.of(
            number, 0.8, r"\b[a-z]{2}(?: ?\d\d){3} ?[a-d]\b|\b[a-z]\d{1,3} ?[a-z]{3}\b(?<!\d(?:mil|per|and|the|for))"
        ),
        Rule.of(number, 0.9, rf"\b{LETTER} (?:[a-z] )?{two}(?: [a-z])? {unit} [a-z] [a-z]\b"),
        Rule.of(number, 0.9, rf"\b{LETTER} [a-z] {two} [a-z] [a-z] [a-z]\b"),
        Rule.of(
            number,
            0.8,
            r"\b(?:number|plate|policy|account|licen[cs]e|record|passport|badge|reference|ref|registration|reg"
            r"|code|pin|id|card"
            r"|digits|serial|claim|case|zip|extension)(?: number| code)?(?:'s|:)?(?:(?: [\w']+){0,4}? (?:is|was"
            r"|as|are))?[: ]+"
            r"(?P<it>#?(?=[\w/-]*\d)(?:[a-z\d]+[/-])*[a-z\d]{3,}(?:[/-][a-z\d]+)*(?: (?=\w*\d)\w{2,4})*)\b",
        ),
    )


def found(text: str) -> Iterator[Found]:
    """Numbers in a text."""
    yield from searched(rules(), text)
    for run, sure, needed in ((RUN, 0.9, None), (FOUR, 0.7, None), (SHORT_RUN, 0.8, DOUBLE)):
        for match in run.finditer(text):
            if not is_counting(match[0]) and (needed is None or needed.search(match[0])):
                yield Found(match.start(), match.end(), Identifier.NUMBER, sure)
    yield from mixed(text)


def mixed(text: str) -> Iterator[Found]:
    """Letters and numbers in a row, and what is said to be somebody's number."""
    for match in MIXED.finditer(text):
        pieces = re.split(r"[ ,./-]+", match[0])
        if (
            sum(len(p) == 1 and p.isalpha() for p in pieces) >= 2
            and sum(len(p) > 1 or p.isdigit() for p in pieces) >= 2
        ):
            yield Found(match.start(), match.end(), Identifier.NUMBER, 0.8)
    for match in LISTED.finditer(text):
        pieces = re.split(r"[ ,./-]+", match["it"])
        if any(len(p) > 1 or p.isdigit() for p in pieces) and not is_counting(match["it"]):
            yield Found(match.start("it"), match.end("it"), Identifier.NUMBER, 0.8)


def is_counting(said: str) -> bool:
    """Whether somebody counts: one two three four, or the other way round, or one of them again and again."""
    numbers = [UNITS.index(word) + 1 if word in UNITS else int(word) if word.isdigit() else 0 for word in parts(said)]
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return len(steps) == 1 and steps <= {1, -1, 0}


def parts(said: str) -> list[str]:
    """Its words up to ten."""
    return [word for word in re.split(r"[ ,.-]+", said.casefold()) if word and word != "ten"]
