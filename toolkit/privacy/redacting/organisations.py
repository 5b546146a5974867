"""Names of firms, schools, clinics, churches, pubs and teams: by what they end with, and by what one does there."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.privacy.redacting import signs
from toolkit.privacy.redacting.gazetteer import listed, surnames
from toolkit.privacy.redacting.patterns import Found, Identifier, words
from toolkit.privacy.redacting.talk import Talk, Word

__all__ = ["found"]

SIGNED, ENDED, CUED = 0.85, 0.8, 0.75
MOST = 4
HOMES = frozenset({"care", "nursing", "retirement", "funeral", "residential"})
DISMISSED = frozenset({"employed", "sacked", "fired", "hired", "interviewed"})
BETWEEN = frozenset(
    [
        "me",
        "on",
        "off",
        "redundant",
        "out",
        "there",
        "nights",
        "days",
        "part",
        "full",
        "time",
        "shifts",
        "van",
        "work",
        "job",
    ]
)
PUBLIC = frozenset({"royal", "post", "national"})


def found(talk: Talk) -> Iterator[Found]:
    """Names of organisations in a text."""
    for first, last in signs.found(talk):
        yield stretch(talk, first, last, SIGNED)
    for index in range(1, len(talk)):
        first = begun(talk, index)
        if first < index:
            yield stretch(talk, first, ended(talk, index), ENDED)
        if length := where_one_works(talk, index):
            yield stretch(talk, index, index + length - 1, CUED)


def stretch(talk: Talk, first: int, last: int, sure: float) -> Found:
    """From one word to another, with the possessive of the last, and an article before the first."""
    end = talk.words[last].end + 2 * talk.words[last].owns
    start = talk.words[first].start
    if talk.text(first - 1) == "the" and talk.follows(first):
        start = talk.words[first - 1].start
    return Found(start, end, Identifier.ORGANISATION, sure)


def begun(talk: Talk, index: int) -> int:
    """Where a name begins that ends with a word such as "school" or "surgery"; that word itself where there is none."""
    word = talk.words[index]
    if not word.joined or not (word.text in words("head") | words("bare_head") or is_home(talk, index)):
        return index
    first = index
    while index - first < MOST and talk.follows(first) and goes_before(talk, first - 1):
        first -= 1
    while first < index and talk.text(first) in {"and", "of"}:
        first += 1
    before = talk.text(first - 1) if talk.follows(first) else ""
    named = [talk.words[at] for at in range(first, index)]
    if word.text in words("bare_head") and (before not in words("where") or talk.words[index - 1].owns):
        return index
    if any(tells(one) for one in named):
        many = before in words("one_of_many") and not any(tells_much(one) for one in named)
        return index if many else first
    return without_kind(talk, first, index, before)


def without_kind(talk: Talk, first: int, index: int, before: str) -> int:
    """Where a name begins none of whose words is one by itself, after what only says of which kind it is."""
    kinds, word = words("kind_of"), talk.text(index)
    if before in words("one_of_many") or all(talk.text(at) in kinds for at in range(first, index)):
        return index
    if word in words("bare_head") and before in {"of", "with"}:
        return index
    starts = before == "" and talk.text(index + 1) in words("function")
    if word in words("common_head") and not (starts or is_where(before, talk, first)):
        return index
    if before != "the" and before not in words("where"):
        while first < index and talk.text(first) in kinds:
            first += 1
    return first


def ended(talk: Talk, index: int) -> int:
    """The last word of a name: more that ends names, or that has a capital as the word before it."""
    while talk.follows(index + 1):
        word = talk.words[index + 1]
        if word.text not in words("head") and not (word.capital and talk.words[index].capital):
            break
        index += 1
    return index


def is_home(talk: Talk, index: int) -> bool:
    """Whether a word is the end of "care home", "nursing home" and the like."""
    return talk.text(index) == "home" and talk.text(index - 1) in HOMES


def is_where(before: str, talk: Talk, first: int) -> bool:
    """Whether a word leads to where one is, with or without an article in between."""
    return before in words("where") or (before == "the" and talk.text(first - 2) in words("where"))


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


def where_one_works(talk: Talk, index: int) -> int:
    """How many words from one on are where somebody works, plays or banks; 0 for none."""
    word, before = talk.words[index], talk.text(index - 1)
    if not word.joined or word.is_plain or word.text in words("no_firm"):
        return 0
    if before in {"supports", "coaches"}:
        return firm(talk, index) if word.text in listed("places") or word.capital else 0
    led = index - 2 if before == "the" else index - 1
    if not is_work(talk, led):
        return 0
    if before == "the" and not (talk.text(index + 1) in words("head") or word.capital or word.text in PUBLIC):
        return 0
    return firm(talk, index)


def is_work(talk: Talk, index: int) -> bool:
    """Whether a preposition comes after what somebody does somewhere."""
    at, before = talk.text(index), talk.text(index - 1)
    if at not in words("at"):
        return False
    if at in {"by", "of", "in", "to"}:
        return before in DISMISSED
    if before in words("employed"):
        return True
    earlier = {talk.text(index - 2), talk.text(index - 3)}
    return at != "from" and before in BETWEEN and bool(earlier & words("employed"))


def firm(talk: Talk, index: int) -> int:
    """How many words a firm has that begins at one: up to a word of every day."""
    length = 1
    while length < MOST and talk.follows(index + length) and not talk.words[index + length - 1].owns:
        word = talk.words[index + length]
        if word.text in {"and", "of"} and is_second(talk, index + length + 1, word.text):
            length += 2
        elif word.is_plain or word.text in words("no_firm"):
            break
        else:
            length += 1
    return length


def is_second(talk: Talk, index: int, link: str) -> bool:
    """Whether a word after "and" or "of" is the second half of a firm: "smith and sons", "marks and spencer"."""
    word = talk.at(index)
    if (
        not word
        or not word.joined
        or word.is_plain
        or (word.text in words("kin") - words("head") and talk.text(index - 2) not in surnames())
    ):
        return False
    kin = words("kin") & {"son", "daughter", "nephew", "brother"}
    return link == "of" or word.capital or word.text in words("head") | kin or word.text in surnames()
