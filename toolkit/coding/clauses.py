"""Clauses of an utterance: what the rules look at, with the cues found in each and the way back to the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from toolkit.coding.cues import CUES, book
from toolkit.coding.plain import Plain, word_set

__all__ = ["Clause", "Token", "clauses"]

CONTENT = frozenset({"NOUN", "VERB", "ADJ", "PROPN", "NUM", "ADV"})
STOP = word_set(
    "be have do go get can will would could should may might must say think know mean want feel like just really so "
    "very not n't well okay right yeah thing lot kind sort maybe now then there here still also more much even good "
    "let see way back come take make need"
)
ENDS = frozenset(".?!")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its lower-case form, lemma, part of speech and the word it belongs to.

    `turned` is set on a verb whose every subject stands behind it, as in "do you" or "is there".
    """

    lower: str
    lemma: str
    pos: str
    tag: str
    word: int
    turned: bool = False

    @property
    def is_word(self) -> bool:
        """Whether it is more than a mark."""
        return self.pos not in {"PUNCT", "SPACE", "SYM"} and self.lower not in {"-", "--"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of one utterance that can be a reflection or a question.

    Attributes
    ----------
    tokens
        Without marks; empty when the clause has only marks.
    start
        Index in `tokens` where it begins after "so", "and", "okay" and the like.
    marked
        Whether it ends with a question mark.
    ended
        Whether it ends with any mark that ends a sentence.
    cues
        Cue name to the first and last index in `tokens` of its first finding.
    """

    tokens: tuple[Token, ...]
    start: int
    marked: bool
    ended: bool
    cues: Mapping[str, tuple[int, int]]

    @property
    def body(self) -> tuple[Token, ...]:
        """The tokens after the leading connectives."""
        return self.tokens[self.start :]

    def content(self) -> frozenset[str]:
        """Lemmas that carry meaning."""
        return frozenset(t.lemma for t in self.tokens if t.pos in CONTENT and t.lemma not in STOP and len(t.lemma) > 1)


def clauses(doc: Any, text: Plain) -> tuple[Clause, ...]:
    """Cut a parsed piece into clauses at sentence marks and where the parser sees a new sentence."""
    bounds = [0]
    for token in doc:
        if token.i and (token.is_sent_start or doc[token.i - 1].text[-1] in ENDS) and token.i > bounds[-1]:
            bounds.append(token.i)
    bounds.append(len(doc))
    found = sorted(doc.spans[CUES], key=lambda s: (s.start, -s.end))
    made = (clause(doc, text, a, b, [s for s in found if a <= s.start < b]) for a, b in pairwise(bounds))
    return tuple(c for c in made if c.tokens)


def clause(doc: Any, text: Plain, first: int, end: int, found: Sequence[Any]) -> Clause:
    """Build one clause from the tokens `first` to `end` of a doc."""
    lead = frozenset(book()["lists"]["COORD"].split("|"))
    kept: list[Token] = []
    place: dict[int, int] = {}
    for t in doc[first:end]:
        token = Token(t.lower_, t.lemma_.lower(), t.pos_, t.tag_, text.word_at(t.idx), is_turned(t))
        if token.is_word:
            place[t.i] = len(kept)
            kept.append(token)
    start = 0
    while start < len(kept) - 1 and kept[start].lower in lead:
        start += 1
    cues: dict[str, tuple[int, int]] = {}
    for span in found:
        inside = [place[i] for i in range(span.start, min(span.end, end)) if i in place]
        name = span.label_
        if not inside or (name.startswith("^") and inside[0] > start):
            continue
        cues.setdefault(name.removeprefix("^"), (inside[0], inside[-1]))
    last = doc[end - 1].text
    return Clause(tuple(kept), start, last.endswith("?"), last[-1] in ENDS, cues)


def is_turned(token: Any) -> bool:
    """Whether a verb stands before all its subjects."""
    if token.pos_ not in {"AUX", "VERB"}:
        return False
    head = token.head if token.dep_ in {"aux", "auxpass"} else token
    subjects = [c.i for c in head.children if c.dep_ in {"nsubj", "nsubjpass", "expl"}]
    return bool(subjects) and min(subjects) > token.i
