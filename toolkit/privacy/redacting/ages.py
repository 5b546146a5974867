"""Ages over 89 as they are said: Safe Harbor has them named together, as "90 or older"."""

from __future__ import annotations

from functools import cache

from toolkit.privacy.redacting.numerals import TEEN, TENS, UNIT
from toolkit.privacy.redacting.patterns import Identifier, Rule, one_of, words

__all__ = ["rules"]

NINETY = rf"(?:ninety(?:[ -]{UNIT})?|9\d)"
HUNDRED = rf"(?:(?:a|one)[ -]hundred(?: and (?:{UNIT}|{TEEN}|{TENS}))?|1[012]\d|(?:a )?hundred and {UNIT})"
ABOUT = r"(?:[ -](?:odd|something|ish|plus))?"
OLD = rf"(?:{NINETY}|{HUNDRED}){ABOUT}(?: and a half)?"
PLAIN = rf"(?:{NINETY}|{HUNDRED.replace('(?:a )?hundred', 'hundred')}){ABOUT}"
NINETIES = r"(?:(?:early|mid|middle|late|very late)[ -])?(?:nineties|90'?s|'90s|hundreds)"
NINETIETH = (
    r"(?:ninet(?:ieth|y[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))|9(?:0th|1st|2nd|3rd"
    r"|[4-9]th)"
    r"|(?:(?:a|one)[ -])?hundredth|(?:one )?hundred(?: and (?:first|second|third|fourth|fifth))|1[01]\d(?:st|nd"
    r"|rd|th))"
)
COUNTED = one_of(words("counted"))
NOT_COUNTED = rf"(?!\w|[ -]?{COUNTED}(?!\w)| (?:and (?:a )?)?(?:{UNIT}|{TEEN}|{TENS}|odd|something|half)\b|[.,:/]\d|%)"
WHO = rf"(?:i|he|she|you|they|who|{one_of(words('kin'))})"
BE = (
    rf"(?:i'm|he's|she's|you're|they're|who's|{WHO} (?:is|was|are|were|will be|would be|would have been|must be"
    rf"|must have been|"
    rf"might be|could be)|(?:i|he|she|they|who|you)(?:'ll|'d) (?:be|have been)|{one_of(words('kin'))}(?:'s|s)|im"
    rf"|shes|hes|(?:shell|hell|theyll|ill|youll) be)"
)
SOME = (
    r"(?:(?:now|just|only|nearly|almost|about|around|over|well over|past|well past|coming up(?: to| for)?"
    r"|getting on for"
    r"|pushing|going on(?: for)?|rising|approaching|at least|already|probably|like|maybe|actually|um|er|you know"
    r"|i mean"
    r"|i think|close to|still) )*"
)
REACHED = (
    r"(?:(?:die[sd]?|passed|passed away|went|retired|remarried) at|turn(?:s|ed|ing)?|aged?|aged about"
    r"|reach(?:es|ed|ing)?|lived to(?: be)?|lives to(?: be)?|live to(?:"
    r" be)?|made it to"
    r"|make it to|got to|get to|approaching|pushing|until (?:he|she) was|till (?:he|she) was|at the (?:grand"
    r" )?(?:old )?age of"
    r"|at the ripe old age of|(?:lady|woman|man|gentleman|person|bloke|guy|chap|resident|patient) of|nearly|almost"
    r"|getting on for|coming up(?: to| for)?|going on|well into)"
)


@cache
def rules() -> tuple[Rule, ...]:
    """Rules for ages."""
    age = Identifier.AGE
    return (
        Rule.of(age, 1.0, rf"\b{OLD}(?=[ -]?(?:years?|yrs?)[ -](?:old|of age|young)\b|[ -]?y/?o\b)"),
        Rule.of(age, 0.95, rf"\b{BE} {SOME}(?P<it>{OLD}){NOT_COUNTED}"),
        Rule.of(age, 0.85, rf"\b{REACHED} {SOME}(?P<it>{OLD}){NOT_COUNTED}"),
        Rule.of(
            age,
            0.85,
            rf"(?<!\bit )(?<!\bthat )(?<!\bthere )(?<!\bthis )\b(?:is|was|be|been)"
            rf" {SOME}(?P<it>{PLAIN}){NOT_COUNTED}(?<!hundred)",
        ),
        Rule.of(age, 0.85, rf"\b(?:at|of) (?P<it>{PLAIN}),? (?=(?:i|he|she|they|you|my|his|her|and)\b)(?<!hundred )"),
        Rule.of(age, 0.85, rf"\b{one_of(words('kin'))}\b[^.?!]{{0,30}}, (?P<it>{PLAIN})(?=[,.])"),
        Rule.of(
            age,
            0.85,
            rf"(?P<it>\b{PLAIN})(?= (?:this|next|last|in) (?:year|month|week|birthday|january|february|march"
            rf"|april|may|june"
            r"|july|august|september|october|november|december)\b| (?:when (?:he|she) (?:died|passed)|come|years"
            r" young))",
        ),
        Rule.of(
            age, 0.95, rf"\b(?:my|his|her|their|your|our|the) (?:very )?(?P<it>{NINETIES})(?! (?:music|kid|band|film))"
        ),
        Rule.of(age, 0.9, rf"\b(?P<it>{NINETIETH})(?=(?: and last)? (?:birthday|year\b(?! of)|bday))"),
        Rule.of(age, 0.8, r"\b(?:nonagenarian|centenarian)s?\b"),
    )
