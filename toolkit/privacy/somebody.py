"""Whether the words around one that is a first name and a word ("will", "hope") speak of somebody."""

from __future__ import annotations

from toolkit.privacy.gazetteer import listed
from toolkit.privacy.patterns import words
from toolkit.privacy.talk import Talk

__all__ = ["DETERMINERS", "MODAL", "could_be_given", "is_given", "is_modal", "is_somebody"]

MODAL = frozenset({"will", "may"})
DETERMINERS = frozenset("a an the my your his her its our their this that these those some any no every".split())
NOT_SUBJECT = frozenset("i you we they he she it this that there which who me not to".split())
SUBJECT_AFTER = frozenset(
    "and but because when where if so then well since until after before that while although though as cos did does do"
    " is was has had would could should what how why who think thinks thought know knows knew say said okay yeah like".split()
)
PEOPLE_BESIDE = frozenset({"i", "me", "him", "her", "them", "us", "myself"})
ONLY_SOMEBODY = frozenset("told asked phoned texted married dating messaged hugged kissed mentioned text email divorced tell".split())
BESIDE = frozenset("with to from about for by without like than".split())
WHOSE = frozenset("and because when who in at or but so since i he she on about last this yesterday today again anymore any too".split())
AUXILIARY = frozenset("does did is has was do would could should doesn't didn't".split())


def is_given(text: str) -> bool:
    """Whether a word is a first name and nothing else."""
    return text in listed("given") and text not in words("given_in_context")


def could_be_given(text: str) -> bool:
    """Whether a word can be somebody's first name."""
    return text in listed("given") or text in words("given_in_context")


def is_modal(talk: Talk, index: int) -> bool:
    """Whether will or may is what the verb after it needs, and nobody."""
    if talk.text(index) not in MODAL:
        return False
    after = talk.text(index + 1)
    goes_on = words("does") | {"and", "in", "who", "or", "but", "has", "is", "was", "at", "from", "with", "next"}
    return talk.follows(index + 1) and after not in goes_on


def is_somebody(talk: Talk, index: int) -> bool:
    """Whether a word is somebody by what is around it."""
    word = talk.words[index]
    before = talk.text(index - 1) if word.joined else ""
    after = talk.text(index + 1) if talk.follows(index + 1) else ""
    if before in DETERMINERS:
        return False
    if word.capital and not word.first:
        return True
    return (
        is_object(talk, index, before, after)
        or is_subject(talk, index, before, after)
        or is_beside(talk, index, before, after)
        or is_owner(talk, index, after)
        or has_a_surname(talk, index, before)
    )


def is_object(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether something is done to it: "told X", "i miss X so much"."""
    if before in ONLY_SOMEBODY:
        return after not in {"power", "of"}
    if before not in words("to_somebody") or talk.text(index) in MODAL:
        return False
    return not after or after in words("says") or (after in words("function") and after not in {"of", "to", "for"})


def is_subject(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether it does something: "X said", "did X tell", "and X just laughed"."""
    word = talk.text(index)
    if before in NOT_SUBJECT:
        return False
    if before in AUXILIARY and after in words("does_now"):
        return True
    if before not in SUBJECT_AFTER and before:
        return False
    if after in words("adverb") and word not in MODAL:
        after = talk.text(index + 2)
    if after in words("says"):
        return True
    return after in words("does") and word not in MODAL and word not in words("quality")


def is_beside(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether it is joined to somebody: "me and X", "X and i", "with X", "X and Kate", "it was X who"."""
    word, over = talk.text(index), talk.text(index + 2)
    if after == "and" and word not in MODAL and (over in PEOPLE_BESIDE or is_given(over)):
        return True
    if before == "and" and (talk.text(index - 2) in PEOPLE_BESIDE - {"i", "us"} or is_given(talk.text(index - 2))):
        return not is_modal(talk, index)
    if before in {"is", "was", "it's"} and after == "who":
        return True
    if before not in BESIDE or (word in MODAL and before in {"by", "like", "than"}):
        return False
    known = talk.text(index - 2) in words("company") or talk.text(index - 3) in words("company")
    if before == "to" or word in words("quality"):
        return known and (not after or after in WHOSE | words("function") - {"of", "to", "a", "the", "my", "it", "him", "them"})
    return not after or after in (words("function") if known else WHOSE)


def is_owner(talk: Talk, index: int, after: str) -> bool:
    """Whether something is its own: "X's mum"."""
    word = talk.words[index]
    if not word.owns or not after:
        return False
    if word.text in words("quality"):
        return after in words("had")
    return after not in {"a", "the", "not", "been", "so", "very", "really", "just"}


def has_a_surname(talk: Talk, index: int, before: str) -> bool:
    """Whether a surname follows: "mark bishop"."""
    after = talk.at(index + 1)
    if not after or not after.joined or after.is_plain or (before and before not in SUBJECT_AFTER | BESIDE | {"it's", "named", "called"}):
        return False
    return after.text in listed("surnames") or (after.text in listed("surnames_in_context") and bool(before) and before not in {"to", "so"})
