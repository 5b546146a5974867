"""Names of people by the words around them: "my brother X", "a guy called X", "told X", "X said", "Doctor X".

A first name that is nothing else is one wherever it stands. One that is a word too ("will", "hope") is one where
something is done to it or it does something; see ``rules.toml`` for the lists.
"""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.privacy.redacting.gazetteer import listed, surnames
from toolkit.privacy.redacting.patterns import Found, Identifier, words
from toolkit.privacy.redacting.somebody import could_be_given, is_modal, is_somebody
from toolkit.privacy.redacting.talk import Talk, Word

__all__ = ["found"]

CERTAIN, LIKELY, MAYBE = 0.8, 0.6, 0.5
NAMES = frozenset({"name", "surname", "nickname"})


def found(talk: Talk) -> Iterator[Found]:
    """Names of people in a text."""
    for index, word in enumerate(talk.words):
        sure = how_sure(talk, index, word)
        if sure:
            first = index - (talk.text(index - 1) in words("epithet") and word.joined)
            last = talk.words[end_of_name(talk, index, sure)]
            yield Found(talk.words[first].start, last.end, Identifier.PERSON, sure)


def how_sure(talk: Talk, index: int, word: Word) -> float:
    """How sure a name begins at a word; 0 for not."""
    led = not word.first and (word.joined or talk.text(index - 1) in words("kin") | words("title"))
    if led and (is_named(talk, index) or is_titled(talk, index, word)):
        return CERTAIN
    if word.text in listed("given"):
        return LIKELY
    if word.text in words("given_in_context"):
        if led and talk.text(index - 1) in words("kin") and not is_modal(talk, index):
            return LIKELY
        return MAYBE if is_somebody(talk, index) else 0
    if len(word.text) > 2 and (word.text in listed("surnames") or word.text in listed("proper")):
        return MAYBE
    return MAYBE if is_owner_or_many(talk, index) else 0


def is_titled(talk: Talk, index: int, word: Word) -> bool:
    """Whether it is the name after a title: "doctor X"."""
    before, earlier = talk.text(index - 1), talk.text(index - 2)
    if before not in words("title") or not after_title(word, before, earlier):
        return False
    return before == "mrs" or not is_modal(talk, index)


def is_named(talk: Talk, index: int) -> bool:
    """Whether the words before say that somebody is called what follows: "a guy called", "my name is"."""
    word, last = talk.words[index], talk.words[index - 1]
    before, earlier = last.text, talk.text(index - 2)
    if word.is_function or word.text in words("determiner"):
        return False
    if before == "called":
        people = words("people") | words("kin")
        return earlier in people or (earlier in {"is", "was", "were", "who's"} and talk.text(index - 3) in people)
    if before in {"is", "was", "be"}:
        return earlier in NAMES
    if before in {"names", "surnames"}:
        return earlier in {"my", "his", "her"}
    return (
        before in {"named", "nicknamed"}
        or (before == "by" and earlier in {"goes", "went", "go"})
        or (last.owns and before in NAMES)
    )


def is_owner_or_many(talk: Talk, index: int) -> bool:
    """Whether a word is a name with an "s": what somebody has ("kens fault"), or a family ("the hardings")."""
    text, before = talk.text(index), talk.text(index - 1)
    stem = text[:-1]
    if not text.endswith("s") or len(text) < 4:
        return False
    if before == "the":
        return stem in listed("surnames") or (stem.endswith("'") and stem[:-1] in listed("surnames"))
    if before in words("determiner") or not could_be_given(stem):
        return False
    return talk.text(index + 1) in words("had") and (
        stem in listed("given")
        or before not in words("function") - {"its", "is", "it's", "was", "at", "to", "in", "and", "not"}
    )


def after_title(word: Word, title: str, earlier: str) -> bool:
    """Whether a word is the name that follows a title; of a title that is a word too, only what can be a name."""
    if title == word.text or (
        word.is_function and not (could_be_given(word.text) and title in {"mr", "mrs", "ms", "dr"})
    ):
        return False
    if title not in words("title_and_word"):
        return True
    if title == "miss" and earlier in {"i", "you", "we", "they", "to", "really", "still", "will", "would", "don't"}:
        return could_be_given(word.text)
    return (
        could_be_given(word.text)
        or (word.text in surnames() and not word.is_plain)
        or (word.capital and not word.first)
    )


def end_of_name(talk: Talk, index: int, sure: float) -> int:
    """Where the last word of a name is that begins at one: further first names, a surname, capitals."""
    last, most = index, index + 3
    while last < most and talk.follows(last + 1) and not talk.words[last].owns:
        word = talk.words[last + 1]
        if not (word.is_function and is_middle(talk, last + 1)) and (
            word.is_function or not part_of_name(talk.words[last], word, sure)
        ):
            break
        last += 1
    return last


def is_middle(talk: Talk, index: int) -> bool:
    """Whether a word is a name between two others: "lucy may turner"."""
    return could_be_given(talk.text(index)) and talk.follows(index + 1) and talk.text(index + 1) in surnames()


def part_of_name(before: Word, word: Word, sure: float) -> bool:
    """Whether a word goes on with a name."""
    if word.capital and before.capital:
        return True
    return word.text in surnames() or could_be_given(word.text) or (sure == CERTAIN and before.is_plain)
