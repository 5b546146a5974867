"""What the hand-written rules say of an utterance by themselves, as numbers for the regression.

Both halves blur what a rule knows for sure, such as a question mark or a verb before its subject; so the rules' own
verdicts go into the regression beside the halves' scores.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.coding.clauses import Clause
from toolkit.coding.questions import find
from toolkit.coding.reflections import Context, judge, score_card

__all__ = ["VERDICTS", "verdicts"]

QUESTIONS = ("question.wh", "question.inversion", "question.mark", "question.tag", "question.open_invitation")
CODES = ("open_question", "closed_question", "simple_reflection", "complex_reflection")
VERDICTS = (*QUESTIONS, *CODES, "points", "mark.any", "mark.last", "mark.sentence")
"""The numbers, in this order: found or not, except ``points`` of the reflections' score card in tens."""
FEWEST_POINTS = -40


def verdicts(clauses: Sequence[Clause], context: Context, text: str) -> list[float]:
    """What the rules say of one utterance.

    Parameters
    ----------
    clauses
        Its clauses.
    context
        What came before it.
    text
        Its text, with the marks the recogniser wrote.
    """
    card = score_card()
    found: set[str] = set()
    points = FEWEST_POINTS
    for clause in clauses:
        question = find(clause)
        reflection, scored = judge(clause, question, context, card)
        points = max(points, scored)
        if question:
            found |= {question.rule, str(question.code)}
        if reflection:
            found.add(str(reflection.code))
    flags = [float(name in found) for name in (*QUESTIONS, *CODES)]
    marked = any(mark in text for mark in ".?!")  # where nothing is marked, no question mark says nothing
    return [*flags, points / 10, float("?" in text), float(text.rstrip().endswith("?")), float(marked)]
