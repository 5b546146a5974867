"""Questions, open and closed, by their mark and by their syntax: a recogniser's question marks are not reliable.

Open: invites more than yes or no or one fact. Closed: yes or no, or a specific fact (MITI 3.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.coding.clauses import Clause, Token
from toolkit.coding.plain import BACKCHANNELS, word_set
from toolkit.types import Code

__all__ = ["Question", "find"]

AUXILIARIES = word_set("do does did are is was were 's 're have has had can could would will should might ca wo am may")
SUBJECTS = word_set(
    "you i he she it they we that this there your the those these anyone anybody anything someone somebody any "
    "things some everything people"
)
STRONG_AUXILIARIES = word_set("do does did are have has can could would will were was")
WH = word_set("what how why when where who which whose whom what's how's")
FACT_WH = word_set("when where who which whose whom")
FACT_HOW = word_set("many long old often far big tall late early soon")
OPEN_ASKS = word_set("tell describe explain share elaborate expand")
NO_SUBJECT_OF_DO = word_set("it that this your the these those her his their our some everything")
NO_QUESTION_BEFORE = word_set("as than nor neither to which who the a an if because like whatever whether of said says")


@dataclass(frozen=True, slots=True)
class Question:
    """A question in one clause: open or closed, the rule that found it, and where (indices in the clause's tokens)."""

    code: Code
    rule: str
    first: int
    last: int


def find(clause: Clause) -> Question | None:
    """The question a clause asks, or None."""
    tokens = clause.tokens
    if all(t.lower in BACKCHANNELS or t.lower == "really" for t in tokens):
        return None  # "okay?" and "really?" keep the other talking
    return invitation(clause) or wh_question(clause) or inverted(clause) or tagged(clause) or by_mark(clause)


def invitation(clause: Clause) -> Question | None:
    """Orders that ask: "tell me more about", "walk me through", "I wonder what"."""
    for name in ("open_invitation", "closed_invitation"):
        if f"question.{name}" in clause.cues:
            first, last = clause.cues[f"question.{name}"]
            code = Code.OPEN_QUESTION if name == "open_invitation" else Code.CLOSED_QUESTION
            return Question(code, f"question.{name}", first, last)
    return None


def wh_question(clause: Clause) -> Question | None:
    """A question word in front: with the verb turned round, or as the subject itself."""
    tokens = clause.tokens
    for i, token in enumerate(tokens):
        if token.lower not in WH:
            continue
        verb = next((j for j in range(i + 1, min(i + 6, len(tokens))) if tokens[j].lower in AUXILIARIES), None)
        turned = verb is not None and verb + 1 < len(tokens) and is_subject(tokens[verb + 1])
        plainly = verb is not None and all(not is_subject(t) for t in tokens[i + 1 : verb])
        leading = i <= clause.start
        after = tokens[i + 1].lower if i + 1 < len(tokens) else ""
        sure = (turned and plainly) or is_subject_question(tokens, i) or is_amount(token.lower, after)
        sure = sure or (token.lower in {"what", "how"} and after in {"about", "come", "else"})
        marked = clause.marked and token.lower in {"what", "how", "why"}
        last = clause.marked and i == len(tokens) - 1
        inside = turned and plainly and (i == 0 or tokens[i - 1].lower not in {"that", "'s", "is", "about", "of"})
        if (leading and (sure or marked)) or inside or last or (clause.marked and (turned or sure)):
            return Question(wh_code(tokens, i), "question.wh", i, verb if verb is not None else i)
    return None


def is_subject(token: Token) -> bool:
    """Whether a token can be the subject that a turned-round verb stands before."""
    return token.lower in SUBJECTS or token.tag in {"PRP", "PRP$"}


def is_subject_question(tokens: Sequence[Token], i: int) -> bool:
    """Whether the question word is itself the subject, as in "what happened" or "who else could help"."""
    rest = [t for t in tokens[i + 1 : i + 3] if t.lower != "else"]
    return tokens[i].lower in {"what", "who"} and bool(rest) and rest[0].tag in {"VBZ", "VBD", "MD"}


def is_amount(lower: str, after: str) -> bool:
    """Whether two words ask for an amount, as "how many" does."""
    return lower == "how" and after in FACT_HOW | {"much", "important", "confident", "ready", "likely"}


def wh_code(tokens: Sequence[Token], i: int) -> Code:
    """Open, unless the question word asks for one fact."""
    after = tokens[i + 1].lower if i + 1 < len(tokens) else ""
    fact = tokens[i].lower in FACT_WH or (tokens[i].lower == "how" and after in FACT_HOW)
    fact = fact or (tokens[i].lower == "what" and after in {"time", "day", "age", "year", "number", "month"})
    return Code.CLOSED_QUESTION if fact else Code.OPEN_QUESTION


def inverted(clause: Clause) -> Question | None:
    """Verb before subject: "do you", "is it", "would that"."""
    tokens = clause.tokens
    for i in range(len(tokens) - 1):
        if tokens[i].lower not in AUXILIARIES or tokens[i].lower.startswith("'"):
            continue
        j = i + 2 if tokens[i + 1].lower in {"n't", "not", "nt"} and i + 2 < len(tokens) else i + 1
        if not is_subject(tokens[j]) or (tokens[i].lower in {"do", "have"} and tokens[j].lower in NO_SUBJECT_OF_DO):
            continue  # "do your homework" is an order
        before = tokens[i - 1] if i else None
        free = before is None or (not is_subject(before) and before.lower not in NO_QUESTION_BEFORE | WH)
        direct = tokens[i].lower in STRONG_AUXILIARIES and tokens[j].lower == "you"
        if i <= clause.start or (free and (direct or tokens[i].turned)):
            asks = {t.lower for t in tokens[j + 1 : j + 5]} & OPEN_ASKS
            code = Code.OPEN_QUESTION if asks else Code.CLOSED_QUESTION
            return Question(code, "question.inversion", i, min(j + 1, len(tokens) - 1))
    return None


def tagged(clause: Clause) -> Question | None:
    """A check at the end: "isn't it", "is that right", "huh"."""
    for name in ("tag", "marked_tag"):
        if f"question.{name}" in clause.cues and (name == "tag" or clause.marked):
            first, last = clause.cues[f"question.{name}"]
            if last >= len(clause.tokens) - 1:
                return Question(Code.CLOSED_QUESTION, "question.tag", first, last)
    return None


def by_mark(clause: Clause) -> Question | None:
    """A statement with a question mark."""
    if clause.marked:
        last = len(clause.tokens) - 1
        return Question(Code.CLOSED_QUESTION, "question.mark", last, last)
    return None
