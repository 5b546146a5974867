"""Whether the words around one that is a first name and a word ("will", "hope") speak of somebody."""

from __future__ import annotations

from toolkit.privacy.redacting.gazetteer import listed
from toolkit.privacy.redacting.patterns import words
from toolkit.privacy.redacting.talk import Talk

__all__ = ["MODAL", "could_be_given", "is_given", "is_modal", "is_somebody"]

MODAL = frozenset({"will", "may"})
PEOPLE_BESIDE = frozenset({"i", "me", "him", "her", "them", "us", "myself"})
NOT_AFTER_NAME = frozenset({"of", "to", "a", "the", "my", "it", "him", "them"})
MODALS = frozenset(["would", "will", "can", "could", "should", "might", "must"])
TIMES = frozenset(["night", "day", "week", "month", "year", "time", "morning", "evening", "afternoon", "weekend"])


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
    if before in words("determiner"):
        return before in {"a", "the", "this"} and has_a_surname(talk, index, "", sure_only=True)
    if word.capital and not word.first:
        return True
    return (
        is_object(talk, index, before, after)
        or is_subject(talk, index, before, after)
        or is_beside(talk, index, before, after)
        or is_pair(talk, index, before, after)
        or is_who(talk, index, before, after)
        or is_listed(talk, index, after)
        or is_owner(talk, index, after)
        or has_a_surname(talk, index, before)
    )


def is_object(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether something is done to it: "told X", "i miss X so much"."""
    if before in words("only_somebody"):
        return after not in {"power", "of"}
    word = talk.text(index)
    if word in MODAL or (word in words("quality") and before not in words("to_somebody")):
        if before in {"gave", "give", "lent", "owed", "owe", "sent", "showed", "paid"}:
            return after in words("determiner")
        return before in {"about", "with", "like"} and word == "will" and (not after or after in words("goes_on"))
    if before in {
        "hear",
        "heard",
        "see",
        "saw",
        "watch",
        "watched",
        "remember",
        "caught",
        "about",
        "of",
    } and after.endswith("ing"):
        return True
    governed = before in words("governs") | words("to_somebody") or (
        before.endswith("ed") and len(before) > 4 and before != "hundred"
    )
    quality = {"of", "to", "for"} if word in words("quality") else {"of"}
    return governed and (not after or (after in words("function") and after not in quality))


def is_subject(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether it does something: "X said", "did X tell", "and X just laughed"."""
    word = talk.text(index)
    if before in words("not_subject"):
        return False
    if before in words("auxiliary") and after in words("does_now"):
        return True
    if (
        before
        and before not in words("subject_after")
        and (talk.text(index - 2) not in {"last", "this", "one"} or before not in TIMES)
    ):
        return False
    if after in words("adverb") and word not in MODAL:
        after = talk.text(index + 2)
    if after in words("says") or (after in words("negated") and word not in words("quality")):
        return True
    if after.endswith("s") and len(after) > 3 and before in words("knows") and word not in words("quality"):
        return True
    return after in words("does") | MODALS and word not in MODAL and word not in words("quality")


def is_beside(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether it is in somebody's company: "me and X", "X and i", "with X", "X and Kate"."""
    word, over = talk.text(index), talk.text(index + 2)
    if after == "and" and word not in MODAL and (over in PEOPLE_BESIDE or is_given(over)):
        return True
    if before == "and" and (talk.text(index - 2) in PEOPLE_BESIDE - {"i", "us"} or is_given(talk.text(index - 2))):
        return not is_modal(talk, index)
    if before == "and" and could_be_given(talk.text(index - 2)) and talk.text(index - 3) in words("beside_somebody"):
        return not is_modal(talk, index)
    if before not in words("beside_somebody") or (word in MODAL and before in {"by", "like", "than"}):
        return False
    known = talk.text(index - 2) in words("company") or talk.text(index - 3) in words("company")
    if before == "to" or word in words("quality"):
        return known and (not after or after in words("goes_on") | words("function") - NOT_AFTER_NAME)
    return not after or after in (words("function") if known else words("goes_on"))


def is_pair(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether it is one of two who do something: "X and Y are"."""
    if after == "and" and could_be_given(talk.text(index + 2)):
        return talk.text(index + 3) in words("two_do")
    return before == "and" and could_be_given(talk.text(index - 2)) and after in words("two_do")


def is_who(talk: Talk, index: int, before: str, after: str) -> bool:
    """Whether somebody is it: "it was X who", "i'm X by the way"."""
    word = talk.text(index)
    is_quality = word in words("quality")
    if after == "who" or (after in {"is", "was"} and talk.text(index + 2) in {"my", "our", "his", "her", "your"}):
        return before not in words("not_subject")
    if after in {"is", "was"} and talk.text(index + 2) in words("born"):
        return before in words("subject_after")
    if before in {"is", "was", "it's"} and (after in {"i", "he", "she", "you"} and not is_quality):
        return True
    if before in {"is", "was"} and talk.text(index - 2) in {"how", "old", "where"}:
        return not after or after in words("function")
    if before not in {"i'm", "im", "is", "it's"} or word in words("describing") or (is_quality and word != "will"):
        return False
    return not after or after in {"by", "and", "from", "but"}


def is_listed(talk: Talk, index: int, after: str) -> bool:
    """Whether it stands between commas, as one of several or as who is spoken to."""
    word = talk.words[index]
    apart = not word.joined and not word.first
    return (
        apart
        and word.text not in words("quality") | words("describing")
        and (not after or after in {"and", "who", "my", "he", "she"})
    )


def is_owner(talk: Talk, index: int, after: str) -> bool:
    """Whether something is its own: "X's mum"."""
    word = talk.words[index]
    if not word.owns or not after:
        return False
    if word.text in words("quality"):
        return after in words("had")
    return after not in {"a", "the", "not", "been", "so", "very", "really", "just"}


def has_a_surname(talk: Talk, index: int, before: str, *, sure_only: bool = False) -> bool:
    """Whether a surname follows: "mark bishop"."""
    after = talk.at(index + 1)
    if (
        not after
        or not after.joined
        or after.is_plain
        or (
            before
            and before
            not in words("subject_after") | words("beside_somebody") | words("governs") | {"it's", "named", "into"}
        )
    ):
        return False
    if after.text in listed("surnames") or sure_only:
        return after.text in listed("surnames")
    return after.text in listed("surnames_in_context") and bool(before) and before not in {"to", "so"}
