"""Numbers as they are said: parts of expressions for the rules of dates, ages, addresses and codes."""

from __future__ import annotations

from toolkit.privacy.redacting.patterns import one_of

__all__ = ["DIGIT", "MANY", "ORDINAL", "TEEN", "TENS", "TWO_DIGITS", "UNIT", "YEAR", "YEAR_OR_SHORT", "ZERO"]

UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENFOLD = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
FIRSTS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
LATER = ["tenth", "eleventh", "twelfth", *(f"{teen}th" for teen in TEENS[3:])]

UNIT, TEEN, TENS = one_of(UNITS), one_of(TEENS), one_of(TENFOLD)
ZERO = "(?:oh|o|zero|nought|naught)"
TWO_DIGITS = rf"(?:{TENS}(?:[ -]{UNIT})?|{TEEN})"
"""Ten to ninety-nine in words."""

DIGIT = rf"(?:(?:double|treble|triple) (?:{UNIT}|{ZERO}|\d)|{UNIT}|{ZERO}|\d)"
MANY = rf"(?:{TWO_DIGITS}|{DIGIT}|hundred|thousand)"
"""A number that may be a part of a longer one: a digit, two, or how often."""

ORDINAL = rf"(?:(?:twenty|thirty)[ -]{one_of(FIRSTS)}|{one_of([*FIRSTS, *LATER])}|twentieth|thirtieth)"
"""First to thirty-ninth in words: the days of a month, and a few more."""

YEAR = (
    rf"(?:(?:19|20)\d\d|(?:nineteen|twenty)[ -](?:(?:oh|o)[ -]{UNIT}|{TWO_DIGITS}|hundred)"
    rf"|(?:two|2) ?(?:thousand|000)(?:(?: and)? (?:{TWO_DIGITS}|{UNIT}|\d\d?))?)"
)
YEAR_OR_SHORT = rf"(?:{YEAR}|['\u2019]?\d\d|(?:oh|o) {UNIT}|{TWO_DIGITS})"
"""A year, or the last two digits of one."""
