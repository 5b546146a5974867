"""Names of firms, schools, clinics, churches, pubs and teams: by what they end with, and by what one does there."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.privacy.gazetteer import listed
from toolkit.privacy.patterns import Found, Identifier, words
from toolkit.privacy.talk import Talk, Word

__all__ = ["found"]

SAINTS, ENDED, CUED = 0.85, 0.8, 0.75
AT = frozenset("at for with from by in to of".split())
WHERE = frozenset("of at to from into for with in outside near by round around down inside under left joined leaving".split())
COUNTABLE_BEFORE = frozenset("a an my your his her our their this that any every each no some another".split())
HOLY = frozenset("saint st saints holy our sacred all king queen".split())
BARE_HEADS = frozenset("house hall hut manor court view grange towers place".split())
NOBLE = frozenset("prince princess duke earl marquis lord lady king queen star hand rose".split())
OF_HOLY = frozenset("trinity lady heart saints souls cross spirit name family ghost redeemer rosary sepulchre lord saviour".split())
MOST = 4


def found(talk: Talk) -> Iterator[Found]:
    """Names of organisations in a text."""
    for index, word in enumerate(talk.words):
        if index and (ended := by_its_end(talk, index, word)):
            yield ended
        if (saint := of_a_saint(talk, index, word)) or (saint := pub(talk, index, word)):
            yield saint
        if length := where_one_works(talk, index):
            yield stretch(talk, index, index + length - 1, CUED)


def stretch(talk: Talk, first: int, last: int, sure: float) -> Found:
    """From one word to another, with the possessive of the last, and an article before the first."""
    end = talk.words[last].end + 2 * talk.words[last].owns
    start = talk.words[first].start
    if talk.text(first - 1) == "the" and talk.follows(first):
        start = talk.words[first - 1].start
    return Found(start, end, Identifier.ORGANISATION, sure)


def by_its_end(talk: Talk, index: int, word: Word) -> Found | None:
    """A name that ends with a word such as "school" or "surgery", of one to three words before it."""
    if not word.joined or not (word.text in words("head") | BARE_HEADS or is_home(talk, index)):
        return None
    first = index
    while first > 0 and index - first < MOST and talk.follows(first) and goes_before(talk, first - 1):
        first -= 1
    while first < index and talk.text(first) in {"and", "of"}:
        first += 1
    named = range(first, index)
    if not named:
        return None
    before = talk.text(first - 1) if talk.follows(first) else ""
    told = any(tells(talk.words[at]) for at in named)
    if not told:
        if all(talk.text(at) in words("kind_of") for at in named) or before in COUNTABLE_BEFORE:
            return None
        if word.text in BARE_HEADS and (before not in WHERE - {"of", "with"} or talk.words[index - 1].owns):
            return None
        starts = before == "" and talk.text(index + 1) in words("function")
        if word.text in words("common_head") and not (starts or is_where(before, talk, first)):
            return None
        if talk.text(first) in words("kind_of") and before != "the":
            while first < index and talk.text(first) in words("kind_of") and before not in WHERE:
                first += 1
            if first == index:
                return None
    elif word.text in BARE_HEADS and (before not in WHERE or talk.words[index - 1].owns):
        return None
    elif before in COUNTABLE_BEFORE and not any(tells_much(talk.words[at]) for at in named):
        return None
    last = index
    while talk.follows(last + 1) and (talk.text(last + 1) in words("head") or (talk.words[last + 1].capital and word.capital)):
        last += 1
    return stretch(talk, first, last, ENDED)


def is_home(talk: Talk, index: int) -> bool:
    """Whether a word is the end of "care home", "nursing home" and the like."""
    return talk.text(index) == "home" and talk.text(index - 1) in {"care", "nursing", "retirement", "funeral", "residential"}


def is_where(before: str, talk: Talk, first: int) -> bool:
    """Whether a word leads to where one is, with or without an article in between."""
    return before in WHERE or (before == "the" and talk.text(first - 2) in WHERE)


def goes_before(talk: Talk, index: int) -> bool:
    """Whether a word can be one of the name that goes on after it."""
    word = talk.words[index]
    if word.text in {"and", "of"}:
        return index > 0 and talk.follows(index) and not talk.words[index - 1].is_plain
    return not word.is_function and word.text not in {"uh", "um", "er"}


def tells(word: Word) -> bool:
    """Whether a word names somebody or somewhere, and so makes what follows a name."""
    if word.text in words("kind_of"):
        return False
    return tells_much(word) or (word.text in listed("surnames") and not word.is_plain)


def tells_much(word: Word) -> bool:
    """Whether a word is a name beyond doubt."""
    return word.text in listed("given") or word.text in listed("places") or (word.capital and not word.first)


def of_a_saint(talk: Talk, index: int, word: Word) -> Found | None:
    """Something called after a saint, or what else churches are called after."""
    after = talk.at(index + 1)
    if word.text not in HOLY or not after or not after.joined or after.is_plain or talk.text(index - 1) in {"a", "an"}:
        return None
    is_saint = word.text in {"saint", "st", "king", "queen"} and (after.text in listed("given") or after.text in words("given_in_context") or after.owns or after.text.endswith("s"))
    is_holy = word.text not in {"saint", "st", "king", "queen"} and after.text in OF_HOLY
    if not (is_saint or is_holy):
        return None
    last = index + 1
    while talk.follows(last + 1) and last < index + MOST:
        following = talk.words[last + 1]
        if following.text in words("head") or following.text in OF_HOLY or (following.capital and not following.is_function):
            last += 1
        elif following.text in {"of", "and", "the"} and talk.follows(last + 2) and (talk.words[last + 2].capital or talk.text(last + 2) in OF_HOLY | {"lourdes", "sorrows", "fatima", "apostle", "evangelist", "lakes"}):
            last += 2
        else:
            break
    return stretch(talk, index, last, SAINTS)


def pub(talk: Talk, index: int, word: Word) -> Found | None:
    """A pub: "the red lion", "the fox and hounds", "the baker's arms"."""
    if talk.text(index - 1) != "the" or word.is_function:
        return None
    last = index + 1
    if talk.text(index + 1) == "and":
        last = index + 2
    elif talk.text(index + 2) in {"arms", "inn", "tavern"} and not talk.words[min(index + 1, len(talk) - 1)].is_function:
        last = index + 2
    head = talk.at(last)
    led = talk.text(index - 2) in {"in", "at", "down", "outside", "to", "up", "into", "from", "called", "by"}
    if led and word.text in words("pub_alone") and (not talk.follows(index + 1) or talk.text(index + 1) in words("function") - {"and", "of"}):
        return stretch(talk, index, index, CUED)
    if word.text in NOBLE and talk.text(index + 1) == "of" and talk.follows(index + 2) and not talk.words[index + 2].is_plain:
        return stretch(talk, index, index + 2, CUED)
    named = word.text in words("pub_head") | words("pub_first")
    if led and last == index + 2 and head and head.joined and named and not head.is_plain and head.text not in words("kin"):
        return stretch(talk, index, last, CUED)
    if not head or not head.joined or head.text not in words("pub_head"):
        return None
    own = head.text in {"arms", "inn", "tavern"} and word.text not in words("ordinary")
    if not own and not (word.text in words("pub_first") or (last == index + 2 and word.text in words("pub_head"))):
        return None
    if word.text in words("kind_of") - words("pub_first") and head.text in {"inn", "tavern"}:
        return None
    return stretch(talk, index, last, ENDED)


def where_one_works(talk: Talk, index: int) -> int:
    """How many words from one on are where somebody works, plays or banks; 0 for none."""
    word, before = talk.at(index), talk.text(index - 1)
    if word is None or not word.joined or word.is_plain or word.text in words("no_firm"):
        return 0
    led = index - 1 if before != "the" else index - 2
    if talk.text(led) in AT:
        earlier = [talk.text(led - 1), talk.text(led - 2)]
        if not (earlier[0] in words("employed") or (talk.text(led) in {"at", "for", "with"} and earlier[1] in words("employed") and earlier[0] in {"me", "on", "off", "redundant", "out", "there", "nights", "days", "part", "full", "time", "shifts", "van", "work", "job"})):
            return 0
        if talk.text(led) in {"by", "of", "in", "to"} and earlier[0] not in {"employed", "sacked", "fired", "hired", "interviewed"}:
            return 0
        if talk.text(led) == "at" and before == "the" and word.text not in listed("surnames"):
            return 0 if word.text in words("kind_of") else firm(talk, index)
        if before == "the":
            return firm(talk, index) if talk.text(index + 1) in words("head") or word.capital or word.text in {"royal", "post", "national"} else 0
        return firm(talk, index)
    if before in {"supports", "coaches"} and not word.text.endswith("ing"):
        return firm(talk, index) if word.text in listed("places") or word.capital else 0
    return 0


def firm(talk: Talk, index: int) -> int:
    """How many words a firm has that begins at one: up to a word of every day."""
    length = 1
    while length < MOST and talk.follows(index + length) and not talk.words[index + length - 1].owns:
        word, after = talk.words[index + length], talk.at(index + length + 1)
        if word.text in {"and", "of"} and after and after.joined and not after.is_plain and after.text not in words("kin"):
            if word.text == "and" and not (after.text in words("head") or after.text in listed("surnames") | listed("surnames_in_context") or after.capital):
                break
            length += 2
        elif word.is_plain or word.text in words("no_firm"):
            break
        else:
            length += 1
    return length
