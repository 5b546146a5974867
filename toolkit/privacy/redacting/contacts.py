"""E-mail and web addresses and handles, typed or said: "tom dot smith at example dot com", "find me as sober sam".

What is said has no mark where it begins: it is read back from its end, the "dot com", to a word that is no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from toolkit.privacy.redacting.patterns import Found, Identifier, Rule, one_of, searched, words

__all__ = ["found"]

ENDS = words("domains")
TYPED_ENDS = one_of(words("typed_domains"))
DOT_END = rf"(?: dot {one_of(ENDS)}| co uk)(?:(?: dot)? {one_of(ENDS)}\b)*"
PROVIDER = (
    r"(?:gmail|g mail|googlemail|hotmail|outlook|yahoo|icloud|i cloud|live|aol|protonmail|proton mail|btinternet)"
)
SLASH = r"(?:forward |back )?(?:slash|stroke)"
PATH = rf"(?: {SLASH} [\w'-]+)*"
SAID_SITE = re.compile(rf"(?<![\w-])(?P<name>[\w-]{{1,64}}){DOT_END}\b(?P<path>{PATH})", re.IGNORECASE)
SAID_EMAIL = re.compile(
    rf"(?<![\w'.+-])(?:(?P<name>[\w'.+-]{{1,64}}) at (?:the )?(?:(?!at )[\w-]{{1,64}}"
    rf" ){{0,4}}?[\w-]{{1,64}}{DOT_END}\b"
    rf"|(?P<bare>[\w'.+-]{{1,64}}) at {PROVIDER}\b(?:{DOT_END}\b)?)",
    re.IGNORECASE,
)
WORD_BEFORE = re.compile(r"[\w'\u2019.+-]+ ?$")
JOINTS = frozenset(["dot", "underscore", "dash", "hyphen", "minus", "plus", "point"])
NOT_OF_IT = words("before_address")
NO_ADDRESSEE = words("no_addressee")
PLATFORM = (
    r"(?:insta(?:gram)?|twitter|tik ?tok|snap(?:chat)?|facebook|discord|reddit|tumblr|youtube|skype|telegram|whatsapp"
    r"|twitch|linkedin|onlyfans|xbox|playstation|psn|steam|bluesky|threads|mastodon|pinterest|grindr|tinder|hinge)"
)
HANDLE = r"(?:handle|user ?name|screen ?name|gamer ?tag|nickname online|account name|profile name|login|tag)"
BREAK = words("function") | words("no_handle")
NO_HANDLE = words("no_handle")
NAMED_HANDLE = re.compile(
    rf"(?:\b{HANDLE}(?: (?:on|for) (?:the )?{PLATFORM})?(?:'s|s| is| was|:|,| on there is)+ |\b(?:my|his|her"
    rf"|their|our|the|your) {PLATFORM}"
    rf"(?: (?:account|page|name|channel|profile|handle|one|id))?(?:'s| is| was|:) |\b{PLATFORM}(?: as| under|,?"
    rf" it's|,? it is|,? i'm"
    rf"|,? she's|,? he's|,? called|,? name's| by the name of| name is) )(?P<at>at |@)?",
    re.IGNORECASE,
)
AT_ON = re.compile(rf"\b(?P<it>at (?:\w+ ){{1,3}}?)(?=on {PLATFORM}\b)", re.IGNORECASE)


@cache
def rules() -> tuple[Rule, ...]:
    """Rules for what is typed."""
    email, web = Identifier.EMAIL, Identifier.WEB
    return (
        Rule.of(email, 1.0, r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}"),
        Rule.of(web, 1.0, r"\b(?:https?://|www\.)\S+(?<![.,;:!?)])"),
        Rule.of(
            web, 0.9, rf"(?<![\w@.-])[\w-]{{1,64}}(?:\.[\w-]{{1,64}}){{0,4}}\.{TYPED_ENDS}\b(?:/[^\s,;]*(?<![.?!]))?"
        ),
        Rule.of(web, 0.9, r"(?<![\w@.-])[\w-]{2,64}(?:\.[\w-]{1,64}){0,4}\.[a-z]{2,4}/[^\s,;]+(?<![.?!])"),
        Rule.of(web, 0.9, r"(?<![\w.])@\w[\w.-]{1,40}(?<!\.)"),
        Rule.of(web, 0.8, r"(?<!\w)[a-z0-9]{1,64}_\w+"),
        Rule.of(web, 0.75, r"\b\w+(?: underscore \w+){1,4}"),
        Rule.of(web, 0.9, rf"\b(?:w w w|www|double u double u double u) dot \w+(?: \w+){{0,4}}?{DOT_END}\b{PATH}"),
        Rule.of(web, 0.8, r"\br slash \w+|\b[ru]/\w{3,}"),
    )


def found(text: str) -> Iterator[Found]:
    """Addresses and handles in a text."""
    yield from searched(rules(), text)
    for match in SAID_EMAIL.finditer(text):
        name = "name" if match["name"] else "bare"
        if match[name].casefold() not in NO_ADDRESSEE:
            yield Found(begun(text, match.start(name), 6), match.end(), Identifier.EMAIL, 0.9)
    for match in SAID_SITE.finditer(text):
        yield Found(
            begun(text, match.start(), 3),
            ended(text, match.end()) if match["path"] else match.end(),
            Identifier.WEB,
            0.8,
        )
    for match in NAMED_HANDLE.finditer(text):
        start = match.start("at") if match["at"] else match.end()
        end = ended(text, match.end(), 4)
        first = text[match.end() : end].split(" ", maxsplit=1)[0].casefold()
        if end > match.end() and first not in NO_HANDLE:
            yield Found(start, end, Identifier.WEB, 0.8)
    for match in AT_ON.finditer(text):
        yield Found(match.start(), match.end() - 1, Identifier.WEB, 0.7)


def begun(text: str, start: int, most: int) -> int:
    """Where an address begins of which a part starts at a place: at most so many words before it."""
    joined = False
    for _ in range(most):
        before = WORD_BEFORE.search(text, max(0, start - 40), start)
        word = before[0].strip().casefold() if before else ""
        if not before or not before[0].endswith(" ") or (word in NOT_OF_IT and not joined):
            break
        if word.endswith((".", ":")):
            break
        start, joined = before.start(), word in JOINTS
    return start


def ended(text: str, end: int, most: int = 2) -> int:
    """Where a handle or the path of an address ends: at most so many words on, and before a word of every day."""
    taken = 0
    for match in re.compile(r"[ ]?([\w'.-]*\w)").finditer(text, end):
        if match.start() != end or taken == most or match[1].casefold() in BREAK:
            break
        end, taken = match.end(), taken + 1
    return end
