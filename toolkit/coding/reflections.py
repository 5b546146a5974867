"""Reflections by a score card: each cue adds or takes points, and a clause with enough points is a reflection.

What speaks for it: a stem ("it sounds like"), a statement about "you", the other's own words handed back, feeling,
contrast, a volley that already reflects. What speaks against it: advice, information, "I" and "we", thanks, a
question. The cues are written by hand; how many points each has was fitted on part of AnnoMI and rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.coding.clauses import Clause
from toolkit.coding.cues import book
from toolkit.coding.plain import BACKCHANNELS, word_set
from toolkit.coding.questions import Question
from toolkit.types import Code

__all__ = ["Context", "Reflection", "ScoreCard", "features", "judge", "score_card"]

HEDGES = word_set("really just probably maybe also definitely honestly do 've still always simply")
OBLIGED = word_set("should must ought better")
ADVISED = word_set("try ask consider start call take use go think do make talk put always want")
SIZES = (1, 2, 4, 8, 14, 24)  # words, upper ends of the classes


@dataclass(frozen=True, slots=True)
class Context:
    """What came before an utterance.

    Attributes
    ----------
    heard
        Lemmas that carry meaning in what the others said last.
    last
        Words of the last thing another said that was more than a backchannel.
    carried
        Whether the speaker's turn before had a reflection and the others only said "yeah" since.
    gap
        Words others said between this turn of the speaker and the one before.
    """

    heard: frozenset[str]
    last: frozenset[str]
    carried: bool
    gap: int


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """How many points each cue has and how many it takes.

    Attributes
    ----------
    points
        Cue to points, tenths of log-odds; a cue without an entry has none.
    threshold
        A clause with more points is a reflection.
    grounds
        Cues, or beginnings of their names, of which one must be found.
    rising_margin
        With this many more, a question mark after a statement is a rising voice and no question.
    depth, depth_points
        The same for simple against complex.
    """

    points: Mapping[str, int]
    threshold: int
    grounds: tuple[str, ...]
    rising_margin: int
    depth: Mapping[str, int]
    depth_points: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reflection:
    """A reflection in one clause: how deep, the rule that decided, where (indices in the clause's tokens), points."""

    code: Code
    rule: str
    first: int
    last: int
    points: int


def score_card() -> ScoreCard:
    """The score card of ``rules_en.toml``."""
    rules = book()
    return ScoreCard(
        points=rules["points"],
        threshold=rules["card"]["threshold"],
        grounds=tuple(rules["card"]["grounds"]),
        rising_margin=rules["card"]["rising_margin"],
        depth=rules["depth"],
        depth_points=rules["depth_points"],
    )


def features(clause: Clause, question: Question | None, context: Context) -> dict[str, tuple[int, int]]:
    """All cues of one clause, with where each stands (first and last index in the clause's tokens)."""
    whole = (0, len(clause.tokens) - 1)
    found = {name: place for name, place in clause.cues.items() if not name.startswith(("complex.", "question."))}
    words = [t.lower for t in clause.body]
    size = len(words)
    found[f"size.{next((str(top) for top in SIZES if size <= top), 'long')}"] = whole
    for name, holds in shape(clause, question).items():
        if holds:
            found[name] = whole
    for name, holds in listening(clause, words, context).items():
        if holds:
            found[name] = whole
    return found


def shape(clause: Clause, question: Question | None) -> dict[str, bool]:
    """How the clause is built."""
    lowers = [t.lower for t in clause.tokens]
    return {
        "against.question": question is not None and question.rule not in {"question.mark", "question.tag"},
        "shape.risen": clause.marked and question is not None and question.rule == "question.mark",
        "shape.so": lowers[: clause.start + 1].count("so") > 0,
        "against.directive": is_directive(clause) and "so" not in lowers[: clause.start],
        "against.backchannel": all(t in BACKCHANNELS for t in lowers),
        "shape.you_subject": bool(clause.body) and clause.body[0].lower in {"you", "your"},
        "shape.no_verb": not any(t.pos in {"VERB", "AUX"} for t in clause.tokens),
        "shape.gerund": bool(clause.body) and clause.body[0].tag == "VBG",
        "shape.adjective": bool(clause.body) and clause.body[0].pos in {"ADJ", "ADP"},
        "shape.noun": bool(clause.body) and clause.body[0].pos in {"DET", "NOUN", "PROPN"},
    }


def is_directive(clause: Clause) -> bool:
    """Whether a clause tells the other what to do: "you should", "you need to", "you could try", "if you"."""
    if any(name.startswith("reflection.stem") for name in clause.cues):
        return False
    words = [t.lower for t in clause.body if t.lower not in HEDGES]
    if words[:2] == ["if", "you"]:
        return True
    if words[:1] != ["you"] or len(words) < 3:
        return False
    obliged = words[1] in OBLIGED or (words[1] in {"need", "have", "got"} and words[2] == "to")
    return obliged or (words[1] in {"can", "could", "might"} and words[2] in ADVISED)


def listening(clause: Clause, words: Sequence[str], context: Context) -> dict[str, bool]:
    """How the clause hangs together with what was said before."""
    content = clause.content()
    shared = content & context.heard
    plain = [w for w in words if w not in BACKCHANNELS]
    return {
        "heard.one": len(shared) == 1,
        "heard.two": len(shared) == 2,
        "heard.three": len(shared) >= 3,
        "against.lecture": len(content - context.heard) >= 4 and not {"you", "your"} & set(words),
        "against.much_new": len(content - context.heard) >= 4,
        "heard.echo": 0 < len(plain) <= 6 and all(w in context.last or w in {"you", "your"} for w in plain),
        "before.carried": context.carried,
        "before.long": context.gap >= 15,
        "before.short": context.gap <= 2,
    }


def judge(
    clause: Clause, question: Question | None, context: Context, card: ScoreCard
) -> tuple[Reflection | None, int]:
    """The reflection a clause is, if it is one, and its points.

    The rule that is named is the one of its grounds with the most points.
    """
    found = features(clause, question, context)
    points = sum(card.points.get(name, 0) for name in found)
    grounds = [name for name in sorted(found) if name.startswith(card.grounds)]
    if points <= card.threshold or not grounds:
        return None, points
    rule = max(grounds, key=lambda n: (card.points.get(n, 0), n.startswith("reflection.")))
    added = depth(clause, context, card)
    if added:
        first, last = clause.cues.get(added, found[rule])
        return Reflection(Code.COMPLEX_REFLECTION, added, first, last, points), points
    return Reflection(Code.SIMPLE_REFLECTION, rule, *found[rule], points), points


def depth(clause: Clause, context: Context, card: ScoreCard) -> str:
    """The cue of added meaning that makes a reflection complex; empty for a simple one."""
    cues = {n: card.depth_points[n.removeprefix("complex.")] for n in clause.cues if n.startswith("complex.")}
    new = len(clause.content() - context.heard)
    limits, size = card.depth, len(clause.tokens)
    points = sum(cues.values()) + min(limits["new_words_max"], limits["new_word"] * new)
    points += limits["longer_than_14"] * (size > 14) + limits["longer_than_20"] * (size > 20)
    if points < limits["threshold"] or (not cues and new < limits["new_words_alone"]):
        return ""
    return max(sorted(cues), key=lambda n: cues[n]) if cues else "complex.new_words"
