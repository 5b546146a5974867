"""The first coder: a spaCy pipeline and hand-written rules for reflections and questions, English only.

Each clause of each utterance is looked at, whoever said it: a question by its syntax or mark (`questions`), a
reflection by a score card (`reflections`). An utterance gets at most one reflection and one question: complex before
simple, open before closed, as MITI counts a volley. Nothing else is coded; the rest of the code book needs a human
or a trained coder. Figures beside those of human coders: ``pipelines/measure_rules.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit import models
from toolkit.coding import cues
from toolkit.coding.clauses import Clause, clauses
from toolkit.coding.history import History, Past
from toolkit.coding.plain import Plain, is_backchannel, plain, tokens
from toolkit.coding.questions import Question, find
from toolkit.coding.reflections import Context, Reflection, ScoreCard, judge, score_card
from toolkit.errors import BackendError
from toolkit.settings import Settings
from toolkit.types import AppliedCode, Code, CodedUtterance, Missing, SpokenUtterance

__all__ = ["RuleCoder", "create"]

NAME = "rules"
VERSION = "1"


def create(settings: Settings) -> RuleCoder:
    """Load the spaCy pipeline that ``coding.model`` names and add the rules to it.

    Raises
    ------
    BackendError
        When the model is not there or is no spaCy pipeline with a tagger, a parser and a lemmatizer.
    """
    import spacy

    name = settings.coding.model
    folder = models.path(name)
    try:
        nlp = spacy.load(folder, exclude=["ner", "senter"])
    except (OSError, ValueError, ImportError) as error:
        raise BackendError(
            f"the spaCy pipeline {folder.name} cannot be loaded: {type(error).__name__}.",
            hint="Fetch it again with: toolkit models fetch en_core_web_sm",
        ) from None
    lacking = {"tagger", "parser", "lemmatizer"} - set(nlp.pipe_names)
    if lacking or nlp.lang != "en":
        raise BackendError(
            f"the spaCy pipeline {folder.name} is no English one with tagger, parser and lemmatizer.",
            hint='Use coding.model = "en_core_web_sm".',
        )
    cues.install(nlp)
    facts = {"name": NAME, "version": VERSION, "model": name, "model_sha256": models.sha256(name)}
    return RuleCoder(nlp, facts | {"rules_sha256": cues.digest(), "spacy": spacy.__version__})


class RuleCoder:
    """A `toolkit.backends.Coder` by rules.

    Parameters
    ----------
    nlp
        An English spaCy pipeline whose last component is ``mi_cues``.
    facts
        What `describe` says.
    """

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
        if language.lower().replace("_", "-").split("-")[0] != "en":
            said = f"the session's language is {language!r}" if language else "the session's language is not known"
            return Missing(f"the rule coder knows English only; {said}")
        history = History()
        coded = []
        for utterance, found in zip(utterances, self._parse(utterances), strict=True):
            context = history.context(utterance.speaker)
            codes = applied(found, context, self._card, history.answered(utterance.speaker))
            history.add(past(utterance, found, codes))
            coded.append(CodedUtterance(utterance.index, codes))
        return tuple(coded)

    def _parse(self, utterances: Sequence[SpokenUtterance]) -> list[tuple[Clause, ...]]:
        """Cut all utterances into clauses, parsing them as one stream."""
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


def past(utterance: SpokenUtterance, found: Sequence[Clause], codes: Sequence[AppliedCode]) -> Past:
    """What later utterances need to know of this one."""
    words = [w.text for w in utterance.words]
    return Past(
        index=utterance.index,
        speaker=utterance.speaker,
        words=tokens(words),
        content=frozenset().union(*(c.content() for c in found)),
        backchannel=is_backchannel(words),
        reflects=any(c.code in {Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION} for c in codes),
    )
