"""Dates as they are said and written: every element of one but the year, as Safe Harbor has it.

A weekday or a feast of every year is no date by itself; with a day, a month or a year it is part of one. A year alone
stays. Months that are words of their own (may, march) count where the words around them speak of time.
"""

from __future__ import annotations

from functools import cache

from toolkit.privacy.redacting.numerals import MANY, ORDINAL, TWO_DIGITS, UNIT, YEAR, YEAR_OR_SHORT
from toolkit.privacy.redacting.patterns import Identifier, Rule, one_of, words

__all__ = ["rules"]

MONTHS = words("months") - {"march", "may"}
SHORT = words("short_months")
NOT_A_VERB = rf"(?! (?:{one_of(words('after_may'))}|or may)\b)"
NO_MODAL = "".join(rf"(?<!\b{who} )" for who in sorted(words("not_subject")))
MAY_MARCH = rf"(?:{NO_MODAL}(?:march|may){NOT_A_VERB})"
NAMED = rf"(?:{one_of(MONTHS)}|(?:{one_of(SHORT)})\b\.?)"
MONTH = rf"(?:{NAMED}|{MAY_MARCH})"
ANY_MONTH = rf"(?:{NAMED}|march|may)"
FULL = rf"(?:{one_of(MONTHS)})"
WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thurs?|fri|sat|sun)"
PART_OF = r"(?:\b(?:the )?(?:end|start|beginning|middle|back end) of |\b(?:mid|early|late)[ -])?"
LED = rf"(?:\b{WEEKDAY},? )?(?:\bon )?(?:\bthe )?"
DIGITS = r"(?:[0-3]?\d)"
DAY = rf"(?:{ORDINAL}|{DIGITS}(?:st|nd|rd|th)?)"
NTH = rf"(?:{ORDINAL}|{DIGITS}(?:st|nd|rd|th))"
LATE_NTH = (
    r"(?:thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|thirty["
    r" -]first"
    rf"|twenty[ -]{ORDINAL}|(?:1[1-9]|2\d|3[01])(?:st|nd|rd|th))"
)
AND_YEAR = (
    rf"(?:,?(?: in| of)? {YEAR_OR_SHORT}\b(?! (?:of|years|people|minutes|pounds|times))|,? (?:last|this|next) year)?"
)
OF_THE_MONTH = r"(?: of (?:the|this|that|last|next|every|each) month)"
CLAUSE = one_of(words("goes_on_after_day"))
STOPS = rf"(?=\W*$|[.,;:!?]| (?:{CLAUSE}|{YEAR})\b)"
"""Where the words go on as after a day, and not with what is counted: not "on the ninth floor"."""

EVES = (
    r"(?:christmas (?:eve|day|morning|night)|boxing day|new year'?s'? (?:eve|day)|valentine'?s day|st\.?"
    r" patrick'?s day"
    r"|saint patrick'?s day|bonfire night|guy fawkes(?: night)?|april fool'?s(?: day)?|independence day|burns night"
    r"|st\.? andrew'?s day|st\.? george'?s day|may day|all saints'? day|twelfth night|good friday|easter"
    r" (?:sunday|monday)"
    r"|ash wednesday|pancake day|shrove tuesday|thanksgiving day|memorial day|labou?r day|remembrance (?:day|sunday)"
    r"|armistice day|veterans day|mother'?s day|father'?s day|mothering sunday|groundhog day|midsummer'?s?"
    r" (?:day|eve|night)|leap day|canada day"
    r"|australia day|anzac day|juneteenth|cinco de mayo)"
)
FEAST = (
    r"(?:christmas|new year'?s?|easter|halloween|hallowe'en|thanksgiving|valentine'?s|hogmanay|diwali|eid|ramadan"
    r"|hanukkah|chanukah|passover|yom kippur|rosh hashanah|lent)"
)
SEASON = r"(?:spring|summer|autumn|fall|winter)"
BEFORE = (
    r"\b(?:in|since|until|till|til|by|last|next|this|every|early|mid|late|of|during|through|throughout|around|before"
    r"|after|from|back in|between) "
)
BORN = (
    r"\b(?:date of birth|d\.? ?o\.? ?b\.?|born|birth ?date|birthday)\b(?:'s|s)?[ :]*(?:(?:is|was|on|it's|as|the|it"
    r" is)[ :]*){0,3}"
)


@cache
def rules() -> tuple[Rule, ...]:
    """Rules for dates."""
    date = Identifier.DATE
    return (
        # written in digits
        Rule.of(date, 1.0, r"\b\d{4}-\d\d?-\d\d?\b|\b\d{1,2}([/.-])\d{1,2}\1(?:19|20)?\d\d\b"),
        Rule.of(
            date, 0.9, rf"(?:{BORN}|\b(?:on|since|from|until|by|dated) (?:the )?)(?P<it>\d{{1,2}}/\d{{1,2}})\b(?!/)"
        ),
        # a day of a month, either first, with or without a year; the ninth of the eleventh, eighty one
        Rule.of(date, 0.95, rf"{LED}\b{DAY}(?: day)?,? of,? {ANY_MONTH}\b{AND_YEAR}"),
        Rule.of(date, 0.95, rf"{LED}\b(?:{DAY} (?:{NAMED}|march)|{DAY} may{NOT_A_VERB})\b{AND_YEAR}"),
        Rule.of(date, 0.95, rf"(?:\b{WEEKDAY},? )?\b{MONTH},? (?:the )?{NTH}\b{AND_YEAR}"),
        Rule.of(date, 0.95, rf"(?:\b{WEEKDAY},? )?\b{MONTH} {DIGITS}\b(?!:| ?(?:%|percent|times)){AND_YEAR}"),
        Rule.of(date, 0.9, rf"\b{FULL} (?:{TWO_DIGITS}|{UNIT})\b{AND_YEAR}"),
        Rule.of(date, 0.9, rf"{LED}\b{NTH} of the {NTH}\b(?:{AND_YEAR})"),
        # a month and a year, and a month alone
        Rule.of(date, 0.95, rf"\b{MONTH},?(?: of| in)? {YEAR}\b"),
        Rule.of(date, 0.9, rf"\b{MONTH}(?: of| in)? (?:['\u2019]\d\d|(?:oh|o) {UNIT}|{TWO_DIGITS})\b"),
        Rule.of(date, 0.9, rf"\b{MONTH} (?:(?:of )?(?:last|this|next|that) year|just gone|gone)\b"),
        Rule.of(date, 0.8, rf"{PART_OF}\b{FULL}\b"),
        Rule.of(date, 0.8, rf"(?:{BEFORE})(?P<it>march\b(?! (?:us|me|him|her|them|up|down|in)\b)|may\b{NOT_A_VERB})"),
        Rule.of(date, 0.8, r"\b(?:in|last|next|since|until) (?P<it>may)\b"),
        Rule.of(date, 0.8, rf"\b(?P<it>(?:march|may)) (?:to|until|till|through|or|and) {NAMED}"),
        Rule.of(date, 0.8, rf"(?<=[a-z,] )(?-i:May|March)\b{NOT_A_VERB}"),
        Rule.of(date, 0.8, rf"\b(?:{one_of(SHORT)})\b(?= (?:and|or|to) {NAMED})"),
        # a day without its month
        Rule.of(date, 0.8, rf"\b{WEEKDAY},? the {NTH}\b{OF_THE_MONTH}?"),
        Rule.of(date, 0.8, rf"\bthe {NTH}{OF_THE_MONTH}"),
        Rule.of(
            date, 0.7, rf"\b(?:on|by|since|until|till|from|around|for|before|after|about) (?P<it>the {NTH}){STOPS}"
        ),
        Rule.of(date, 0.6, rf"\bthe {LATE_NTH}\b{STOPS}"),
        Rule.of(
            date,
            0.7,
            r"\b(?:birthday|appointment|date|anniversary|hearing|wedding|funeral|operation|interview|court case|due)"
            rf"(?:'s|s| is| was| falls)?(?: on)? (?P<it>the {NTH}){STOPS}",
        ),
        # feasts
        Rule.of(date, 0.9, rf"\b{EVES}(?:,?(?: in| of)? {YEAR_OR_SHORT}\b)?"),
        Rule.of(date, 0.9, rf"\b{FEAST}(?:,| of| in)? (?:{YEAR}|['\u2019]\d\d)\b"),
        Rule.of(date, 0.7, rf"\bon (?P<it>{FEAST})\b"),
        Rule.of(date, 0.8, rf"\b(?:the )?{SEASON}(?: of| in)? (?:{YEAR}|['\u2019]\d\d|{TWO_DIGITS})\b"),
        # a birthday in digits
        Rule.of(date, 0.9, rf"{BORN}(?P<it>{MANY}(?:[ ,.-]+{MANY}){{1,7}})\b(?! (?:years|weeks|months|days))"),
        Rule.of(date, 0.9, rf"{BORN}(?P<it>\d\d? \d\d? (?:19|20)?\d\d)\b"),
    )
