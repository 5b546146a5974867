"""Names of people by the words around them: "my brother X", "a guy called X", "told X", "X said", "Doctor X".

A first name that is nothing else is one wherever it stands. One that is a word too ("will", "hope") is one where
something is done to it or it does something; see ``rules.toml`` for the lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from toolkit.privacy.gazetteer import listed
from toolkit.privacy.patterns import Found, Identifier, words
from toolkit.privacy.talk import Talk, Word

__all__ = ["found", "is_given"]

CERTAIN, LIKELY, MAYBE = 0.8, 0.6, 0.5
NAMED = frozenset({"called", "named", "nicknamed"})
MODAL = frozenset({"will", "may"})
SUBJECT_AFTER = frozenset(
    "and but because when where if so then well since until after before that while although though as cos did does do"
    " is was has had would could should what how why who think thinks thought know knows knew say said okay yeah".split()
)
NOT_SUBJECT = frozenset("i you we they he she it this that there which who me not to".split())
DETERMINERS = frozenset("a an the my your his her its our their this that these those some any no".split())


@cache
def in_context() -> frozenset[str]:
    """First names that are words too."""
    return words("given_in_context")


def is_given(text: str) -> bool:
    """Whether a word is a first name and nothing else."""
    return text in listed("given") and text not in in_context()


def is_name(word: Word) -> bool:
    """Whether a word can be somebody's first name."""
    return word.text in listed("given") or word.text in in_context()


def found(talk: Talk) -> Iterator[Found]:
    """Names of people in a text."""
    for index, word in enumerate(talk.words):
        sure = how_sure(talk, index, word)
        if sure:
            last = talk.words[end_of_name(talk, index, sure)]
            yield Found(word.start, last.end, Identifier.PERSON, sure)


def how_sure(talk: Talk, index: int, word: Word) -> float:
    """How sure a name begins at a word; 0 for not."""
    before, earlier = talk.text(index - 1), talk.text(index - 2)
    here = not word.first and (word.joined or before in words("kin") or before in words("title"))
    if here and is_named(talk, index):
        return CERTAIN if not word.is_function and word.text not in DETERMINERS else 0
    if here and before in words("title") and after_title(word, before, earlier):
        return CERTAIN
    if word.text in listed("given"):
        return LIKELY
    if word.text not in in_context():
        return 0
    if here and before in words("kin") and not is_modal(talk, index):
        return LIKELY
    return MAYBE if is_somebody(talk, index, word) else 0


def is_named(talk: Talk, index: int) -> bool:
    """Whether the words before say that somebody is called what follows: "a guy called", "my name is"."""
    before, earlier = talk.text(index - 1), talk.text(index - 2)
    if before in NAMED:
        people = words("people") | words("kin")
        return before != "called" or earlier in people or (earlier in {"is", "was", "were", "who's"} and talk.text(index - 3) in people)
    if before == "by":
        return earlier in {"goes", "went", "go"} and talk.text(index) not in DETERMINERS
    name = talk.at(index - 1)
    if name and name.owns and before in {"name", "surname", "nickname"}:
        return True
    return before in {"is", "was", "names", "be"} and earlier in {"name", "surname", "nickname"}


def after_title(word: Word, title: str, earlier: str) -> bool:
    """Whether a word is the name that follows a title; of a title that is a word too, only what can be a name."""
    if word.is_function or title == word.text:
        return False
    if title not in words("title_and_word"):
        return True
    if title == "miss" and earlier in {"i", "you", "we", "they", "to", "really", "still", "will", "would", "don't"}:
        return is_name(word)
    return is_name(word) or (word.text in listed("surnames") and not word.is_plain) or (word.capital and not word.first)


def is_modal(talk: Talk, index: int) -> bool:
    """Whether will or may is what the verb after it needs, and nobody."""
    word, after = talk.text(index), talk.text(index + 1)
    if word not in MODAL:
        return False
    return bool(after) and after not in words("does") and after not in {"and", "in", "who", "or", "but", "has", "is", "was", "at", "from", "with"}


def is_somebody(talk: Talk, index: int, word: Word) -> bool:
    """Whether the words around one that is a name and a word speak of somebody."""
    before, after = talk.text(index - 1) if talk.follows(index) else "", talk.text(index + 1) if talk.follows(index + 1) else ""
    starts = before == "" or before in SUBJECT_AFTER
    if before in DETERMINERS:
        return False
    if word.capital and not word.first:
        return True
    if before in {"told", "asked", "phoned", "texted", "married", "dating", "messaged", "hugged", "kissed", "mentioned"}:
        return after not in {"power", "of"}
    if starts and after in words("says") and before not in NOT_SUBJECT:
        return True
    if before in words("to_somebody") and word.text not in MODAL:
        return is_end(talk, index) or after in words("function") and after not in {"of", "to", "for"} or after in words("says")
    if beside_somebody(talk, index, before, after):
        return True
    if before in {"does", "did", "is", "has", "was", "do"} and after in words("does_now"):
        return True
    if word.owns:
        return word.text not in words("quality") and after not in {"", "a", "the", "not", "been", "so", "very", "really", "just"}
    subject = starts and after in words("does") and word.text not in words("quality")
    return subject and not (word.text in MODAL or before in NOT_SUBJECT)


def beside_somebody(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether a name is joined to somebody: "me and X", "X and i", "with X", "X and Kate"."""
    word, next_but_one = talk.text(index), talk.text(index + 2)
    if after == "and" and next_but_one in {"i", "me", "him", "her", "them", "us"} and word not in MODAL:
        return True
    if after == "and" and is_given(next_but_one):
        return True
    if before == "and" and (talk.text(index - 2) in {"me", "him", "her", "them"} or is_given(talk.text(index - 2))):
        return not is_modal(talk, index)
    if word in words("quality"):
        return False
    if before in {"with", "to", "from", "about", "for", "by", "without", "is", "was", "like", "than", "it's"}:
        return is_end(talk, index) or after in {"and", "because", "when", "who", "in", "at", "or", "but", "so", "since", "i", "he", "she", "on"}
    return False


def is_end(talk: Talk, index: int) -> bool:
    """Whether a sentence or a part of it ends with a word."""
    return not talk.follows(index + 1)


def end_of_name(talk: Talk, index: int, sure: float) -> int:
    """Where the last word of a name is that begins at one: further first names, a surname, capitals."""
    last, most = index, index + 3
    while last < most and talk.follows(last + 1) and not talk.words[last].owns:
        word = talk.words[last + 1]
        if word.is_function or not part_of_name(talk.words[last], word, sure):
            break
        last += 1
    return last


def part_of_name(before: Word, word: Word, sure: float) -> bool:
    """Whether a word goes on with a name."""
    if word.capital and before.capital:
        return True
    return word.text in listed("surnames") or is_name(word) or (sure == CERTAIN and before.is_plain)
