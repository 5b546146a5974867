"""Places smaller than a state: towns of a list, what somebody lives in, streets and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from toolkit.privacy.redacting.gazetteer import listed, phrases
from toolkit.privacy.redacting.numerals import MANY
from toolkit.privacy.redacting.patterns import Found, Identifier, Rule, one_of, searched, words
from toolkit.privacy.redacting.talk import Talk

__all__ = ["found"]

LISTED, CUED, GUESSED = 0.7, 0.65, 0.45
SUFFIX = (
    r"(?:street|road|avenue|lane|crescent|terrace|boulevard|grove|gardens|mews|highway|parkway|cul de sac|close"
    r"|drive|court|square"
    r"|row|way|rd|ave|blvd|st)"
)
WITH_NUMBER = (
    rf"(?:{SUFFIX}|place|park|hill|walk|rise|view|green|parade|quay|wharf|circle|trail|gate|mount|vale|heights"
    rf"|house|towers?"
    r"|mansions|cottages?|buildings|fields?|bank|end|hall|lodge|villas|croft|loop|turn|plaza|meadows?|yard"
    r"|bridge|farm)"
)
NOT_A_STREET = rf"(?!{one_of(words('no_street'))}\b)"
STREET_WORD = r"[^\W\d_][\w'\u2019]*"
FLAT = r"(?:(?:flat|apartment|apt|unit|room|number|no\.?) (?:\d+[a-z]?|" + MANY + r"(?: [a-d])?)\b,? )"
HOUSE = rf"(?:\d+ ?[a-d]?|\d+[a-z]|{MANY}(?:(?:[ -]| and ){MANY}){{0,3}}(?: [a-d])?)"


@cache
def rules() -> tuple[Rule, ...]:
    """Rules for streets."""
    place = Identifier.PLACE
    named = rf"(?:{NOT_A_STREET}{STREET_WORD} ){{1,3}}?"
    return (
        Rule.of(
            place,
            0.95,
            rf"\b{FLAT}?(?:at )?{HOUSE},? (?:the )?{named}{WITH_NUMBER}(?: {SUFFIX})?\b(?! of)"
            r"(?:,? (?:north|south|east|west)\b)?",
        ),
        Rule.of(
            place,
            0.9,
            rf"\b{HOUSE} (?:the )(?:avenue|close|street|lane|mews|crescent|grove|green|drive|terrace|square)\b",
        ),
        Rule.of(
            place,
            0.85,
            rf"\b(?:on|in|at|off|along|near|down|up|from|to|is|of|round|around|past|through|across|opposite) "
            rf"(?P<it>{named}{SUFFIX})\b",
        ),
        Rule.of(
            place,
            0.85,
            rf"\b(?:live|lives|lived|living|address is|moved|house|flat|home) (?:on|in|at|to)?"
            rf" ?(?P<it>{named}{WITH_NUMBER})\b",
        ),
        Rule.of(
            place,
            0.8,
            r"(?-i:(?:[A-Z][\w'\u2019]+ ){1,3}(?:Street|Road|Avenue|Lane|Drive|Close|Crescent|Terrace|Court|Way"
            r"|Grove|Gardens|Square|Hill|Row|Park))\b",
        ),
        Rule.of(
            place,
            0.8,
            rf"\b(?:{one_of(words('regions'))})\b|\b{STREET_WORD} county\b(?<!the county)(?<!a county)(?<!this"
            rf" county)",
        ),
    )


def found(text: str, talk: Talk) -> Iterator[Found]:
    """Places in a text."""
    yield from searched(rules(), text)
    for index, word in enumerate(talk.words):
        if word.is_function:
            continue
        if street := of_somebody(talk, index):
            yield street
        if length := longest(talk, index, "places"):
            yield stretch(talk, index, length, LISTED)
        cue = how_led(talk, index)
        if not cue:
            continue
        if length := longest(talk, index, "towns_in_context" if cue == "way" else "places_in_context"):
            if length > 1 or cue != "way" or is_bare(talk, index):
                yield stretch(talk, index, length, CUED)
        elif (cue == "home" or talk.text(index - 1) in {"near", "outside"}) and can_be_guessed(talk, index):
            yield stretch(talk, index, guessed(talk, index), GUESSED)


def of_somebody(talk: Talk, index: int) -> Found | None:
    """A street called after somebody or some place: "wellington place"."""
    word, before = talk.words[index], talk.at(index - 1)
    if word.text not in words("street_last") or not word.joined or not before or before.owns or before.is_plain:
        return None
    if not any(before.text in listed(name) for name in ("given", "surnames", "places", "places_in_context", "proper")):
        return None
    first = index - 1
    if talk.text(first - 1) in words("place_first") and talk.follows(first):
        first -= 1
    return stretch(talk, first, index - first + 1, LISTED)


def stretch(talk: Talk, index: int, length: int, sure: float) -> Found:
    """So many words from one on."""
    return Found(talk.words[index].start, talk.words[index + length - 1].end, Identifier.PLACE, sure)


def longest(talk: Talk, index: int, name: str) -> int:
    """How many words the longest entry of a list has that begins at a word; 0 for none."""
    for parts in entries(talk.text(index), name):
        if all(
            talk.text(index + at) == part and (at == 0 or talk.follows(index + at)) for at, part in enumerate(parts)
        ):
            return len(parts)
    return 0


def entries(first: str, name: str) -> Sequence[tuple[str, ...]]:
    """Entries of a list that begin with a word."""
    return phrases(name).get(first, ())


def how_led(talk: Talk, index: int) -> str:
    """What leads to a word: "home" where somebody lives, "near" or "way" where one is or goes, or nothing."""
    before, earlier = talk.text(index - 1), talk.text(index - 2)
    if talk.follows(index) and (
        (before == "of" and earlier in words("part_of_town")) or (before == "from" and earlier in words("be"))
    ):
        return "near"
    if talk.follows(index) and before in {"in", "near", "from"} and earlier in {"over", "up", "down"}:
        return "near"
    if not talk.follows(index) or before not in words("ways"):
        return ""
    if before in {"in", "to", "from", "near", "outside", "into", "at"} and (
        {earlier, talk.text(index - 3)} & words("home")
    ):
        return "home" if before != "at" else "way"
    return "way" if before in {"in", "near", "outside", "from", "to", "through", "via", "around", "into", "at"} else ""


def is_bare(talk: Talk, index: int) -> bool:
    """Whether the words go on, after one that is a place and a word, as they do after a place."""
    word, before, after = talk.text(index), talk.text(index - 1), talk.text(index + 1)
    on = words("function") | {"next", "last", "every", "for"}
    if word in words("no_place") or (talk.follows(index + 1) and after not in on):
        return False
    if talk.words[index].capital or before in {"near", "outside", "via"}:
        return True
    if word in words("ordinary") or word in words("function"):
        return False
    moving = talk.text(index - 2) in words("along") or talk.text(index - 3) in words("along") | {"from"}
    if before == "in":
        return not (word.endswith("ing") and talk.follows(index + 1))
    return moving and before in {"from", "to", "through", "into"}


def can_be_guessed(talk: Talk, index: int) -> bool:
    """Whether a word that no list has is a place by what leads to it alone."""
    word, after = talk.words[index], talk.at(index + 1)
    if word.text in words("no_place") or word.is_function:
        return False
    near = talk.text(index - 1) in {"near", "outside"}
    if word.text in words("place_first"):
        return bool(after and after.joined and not after.is_plain and after.text not in words("no_place"))
    return not near and not word.is_plain


def guessed(talk: Talk, index: int) -> int:
    """How many words a place has that no list knows."""
    length = 1
    if talk.text(index) in words("place_first"):
        length = 2 if talk.follows(index + 1) and not talk.words[index + 1].is_function else 1
    while talk.follows(index + length) and talk.text(index + length) in {"on", "upon", "le", "under", "by", "de", "la"}:
        if not talk.follows(index + length + 1) or talk.words[index + length + 1].is_function:
            break
        length += 2
    if talk.follows(index + length) and not talk.words[index + length].is_plain and talk.words[index + length].capital:
        length += 1
    return length
