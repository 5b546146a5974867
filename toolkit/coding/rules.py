"""The first coder: a spaCy pipeline and hand-written rules, English only.

Each clause of each utterance is looked at, whoever said it: a question by its syntax or mark (`questions`), a
reflection by a score card (`reflections`). An utterance gets at most one reflection and one question: complex before
simple, open before closed, as MITI counts a volley. After these come MITI's rarer codes and the markers
(`behaviours`). The rest of the code book needs a human or a trained coder. Figures beside those of human coders:
``pipelines/measure_rules.py``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.coding import behaviours, cues
from toolkit.coding.clauses import Clause, clauses
from toolkit.coding.history import History, Past
from toolkit.coding.pipeline import english, only_english
from toolkit.coding.plain import Plain, is_backchannel, plain, tokens
from toolkit.coding.questions import Question, find
from toolkit.coding.reflections import Context, Reflection, ScoreCard, judge, score_card
from toolkit.settings import Settings
from toolkit.types import AppliedCode, Code, CodedUtterance, Missing, SpokenUtterance

__all__ = ["RuleCoder", "create"]

NAME = "rules"
VERSION = "2"
REFLECTIONS = frozenset({Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION})
CODES = behaviours.CODES | REFLECTIONS | {Code.OPEN_QUESTION, Code.CLOSED_QUESTION}


def create(settings: Settings) -> RuleCoder:
    """Load the spaCy pipeline that ``coding.model`` names and add the rules to it.

    Raises
    ------
    BackendError
        When the model is not there or is no spaCy pipeline with a tagger, a parser and a lemmatizer.
    """
    nlp, facts = english(settings.coding.model)
    return RuleCoder(nlp, facts | {"name": NAME, "version": VERSION, "rules_sha256": cues.digest()})


class RuleCoder:
    """A `toolkit.backends.Coder` by rules.

    Parameters
    ----------
    nlp
        An English spaCy pipeline whose last component is ``mi_cues``.
    facts
        What `describe` says.

    Attributes
    ----------
    codes
        Every code it can give: one that is missing here was never looked for.
    """

    codes: frozenset[Code] = CODES

    def __init__(self, nlp: Any, facts: Mapping[str, str]) -> None:
        self._nlp = nlp
        self._facts = dict(facts)
        self._card = score_card()

    def describe(self) -> Mapping[str, str]:
        """Name, versions, and hashes of the model and the rules."""
        return dict(self._facts)

    def code(self, utterances: Sequence[SpokenUtterance], *, language: str) -> tuple[CodedUtterance, ...] | Missing:
        """Codes of every utterance, in the same order.

        Parameters
        ----------
        utterances
            All speakers' utterances in order of start.
        language
            A code such as ``en`` or ``en-GB``.

        Returns
        -------
        tuple of CodedUtterance, or Missing
            One entry an utterance; missing for any other language and for an unknown one.
        """
        other = only_english(language, "the rule coder")
        if other:
            return other
        history = History()
        before: deque[behaviours.Said] = deque(maxlen=behaviours.REACH)
        coded = []
        for utterance, found in zip(utterances, self.parse(utterances), strict=True):
            context = history.context(utterance.speaker)
            codes = applied(found, context, self._card, history.answered(utterance.speaker))
            said = behaviours.Said(utterance.speaker, tuple(w.text for w in utterance.words), found)
            reflects = any(c.code in REFLECTIONS for c in codes)
            history.add(past(utterance.index, said, reflects=reflects))
            coded.append(CodedUtterance(utterance.index, codes + behaviours.find(said, tuple(before))))
            before.append(said)
        return tuple(coded)

    def parse(self, utterances: Sequence[SpokenUtterance]) -> list[tuple[Clause, ...]]:
        """The clauses of each utterance, all parsed as one stream."""
        pieces = [(i, p) for i, u in enumerate(utterances) for p in plain([w.text for w in u.words])]
        found: list[list[Clause]] = [[] for _ in utterances]
        stream: list[tuple[str, tuple[int, Plain]]] = [(p.text, (i, p)) for i, p in pieces]
        for doc, (i, piece) in self._nlp.pipe(stream, as_tuples=True, batch_size=64):
            found[i].extend(clauses(doc, piece))
        return [tuple(f) for f in found]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one clause is."""

    clause: Clause
    question: Question | None
    reflection: Reflection | None


def applied(found: Sequence[Clause], context: Context, card: ScoreCard, answers: int) -> tuple[AppliedCode, ...]:
    """The codes of one utterance from its clauses: at most one reflection and one question."""
    findings = [look(c, context, card) for c in found]
    codes: list[AppliedCode] = []
    reflections = [(f.reflection, f.clause) for f in findings if f.reflection]
    if reflections:
        r, clause = max(reflections, key=lambda x: (x[0].code is Code.COMPLEX_REFLECTION, x[0].points))
        codes.append(evidence(r.code, r.rule, clause, (r.first, r.last), answers))
    questions = [(f.question, f.clause) for f in findings if f.question]
    if questions:
        q, clause = max(questions, key=lambda x: x[0].code is Code.OPEN_QUESTION)
        codes.append(evidence(q.code, q.rule, clause, (q.first, q.last), -1))
    return tuple(codes)


def look(clause: Clause, context: Context, card: ScoreCard) -> Finding:
    """Judge one clause. A statement about the other said with a rising voice is a reflection, not a question."""
    question = find(clause)
    reflection, points = judge(clause, question, context, card)
    if question and question.rule == "question.mark" and points > card.threshold + card.rising_margin:
        question = None
    return Finding(clause, question, reflection)


def evidence(code: Code, rule: str, clause: Clause, place: tuple[int, int], answers: int) -> AppliedCode:
    """One code with its evidence as words of the utterance."""
    first, last = (clause.tokens[i].word for i in place)
    return AppliedCode(code, NAME, rule, first, last, answers)


def past(index: int, said: behaviours.Said, *, reflects: bool) -> Past:
    """What later utterances need to know of this one."""
    return Past(
        index=index,
        speaker=said.speaker,
        words=tokens(said.words),
        content=frozenset[str]().union(*(c.content() for c in said.clauses)),
        backchannel=is_backchannel(said.words),
        reflects=reflects,
    )
