"""Names as they stand on a sign: of pubs ("the fox and hounds"), and what is called after saints and kings."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.privacy.redacting.gazetteer import listed
from toolkit.privacy.redacting.patterns import words
from toolkit.privacy.redacting.talk import Talk, Word

__all__ = ["found"]

INNS = frozenset({"arms", "inn", "tavern"})
LED = frozenset(["in", "at", "down", "outside", "to", "up", "into", "from", "called", "by", "with", "past"])
HALLOWED = frozenset({"saint", "st", "king", "queen"})
AFTER_OF = frozenset({"lourdes", "sorrows", "fatima", "apostle", "evangelist", "lakes"})
MOST = 4


def found(talk: Talk) -> Iterator[tuple[int, int]]:
    """The first and the last word of each such name, without its article."""
    for index, word in enumerate(talk.words):
        last = of_a_saint(talk, index, word)
        if not last and talk.text(index - 1) == "the" and not word.is_function:
            last = pub(talk, index, word)
        if last:
            yield index, last


def pub(talk: Talk, index: int, word: Word) -> int:
    """The last word of a pub that begins at a word; 0 for none."""
    led = talk.text(index - 2) in LED
    if led and word.text in words("pub_alone") and goes_on(talk, index + 1):
        return index
    after, over = talk.text(index + 1), talk.at(index + 2)
    if over and over.joined and not over.is_plain:
        if word.text in words("noble") and after == "of":
            return index + 2
        if after == "and" and is_pair(word.text, over.text, led=led):
            return index + 2
        if over.text in INNS and after not in words("function"):
            return index + 2
    head = talk.at(index + 1)
    return index + 1 if head and head.joined and is_painted(word, head.text) else 0


def goes_on(talk: Talk, index: int) -> bool:
    """Whether a sentence ends before a word, or goes on without a noun."""
    after = talk.text(index)
    return not talk.follows(index) or after.endswith("ing") or after in words("function") - {"and", "of"}


def is_pair(one: str, other: str, *, led: bool) -> bool:
    """Whether two nouns are a pub: "the dog and duck"."""
    heads = words("pub_head")
    if led and other in heads:
        return True
    if one not in words("pub_first") | heads or other in words("kin"):
        return False
    return led or other in heads


def is_painted(word: Word, head: str) -> bool:
    """Whether a word and a thing or animal are a pub: "the red lion", "the crown inn"."""
    if head in INNS:
        return word.text not in words("ordinary") | words("kind_of") - words("pub_first")
    return head in words("pub_head") and (word.text in words("pub_first") or (word.owns and head == "head"))


def of_a_saint(talk: Talk, index: int, word: Word) -> int:
    """The last word of what is called after a saint or a king, or what else churches are called after; 0 for none."""
    after = talk.at(index + 1)
    if word.text not in words("holy") or not after or not after.joined or after.is_plain:
        return 0
    if talk.text(index - 1) in {"a", "an"} or not is_hallowed(word.text, after):
        return 0
    last = index + 1
    while last < index + MOST and (more := goes_with(talk, last + 1)):
        last += more
    return last


def is_hallowed(first: str, after: Word) -> bool:
    """Whether two words begin such a name."""
    if first not in HALLOWED:
        return after.text in words("of_holy")
    names = listed("given") | words("given_in_context")
    return after.text in names or after.owns or after.text.endswith("s")


def goes_with(talk: Talk, index: int) -> int:
    """How many words from one on go on with such a name."""
    word, after = talk.at(index), talk.at(index + 1)
    if not word or not word.joined:
        return 0
    if word.text in words("head") | words("of_holy") or (word.capital and not word.is_function):
        return 1
    if word.text not in {"of", "and", "the"} or not after or not after.joined:
        return 0
    return 2 if after.capital or after.text in words("of_holy") | AFTER_OF else 0
