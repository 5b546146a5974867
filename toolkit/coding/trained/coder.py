"""The trained coder: probabilities of a trained human's codes, and codes with the words that made them.

What it gives by itself are reflections (simple, complex), questions (open, closed), giving information, change talk
and sustain talk. MITI's rarer codes come from the rules, marked as theirs. Every utterance is coded as if a therapist
and as if a client had said it: roles decide later which of the codes count.

The evidence of a reflection is the cue that the rules see in it, else the words it shares with what it answers, else
all of it; of a question its cue, else its last clause; of anything else the whole utterance. A code's rule names which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from toolkit.coding import behaviours, cues
from toolkit.coding.clauses import Clause
from toolkit.coding.pipeline import english, only_english
from toolkit.coding.plain import Plain, plain
from toolkit.coding.questions import find
from toolkit.coding.reflections import score_card
from toolkit.coding.rules import look
from toolkit.coding.trained.component import MiCoder, Seen
from toolkit.coding.trained.heads import Stack
from toolkit.coding.trained.reading import Said
from toolkit.settings import Settings
from toolkit.types import AppliedCode, Chances, Code, CodedUtterance, Missing, SpokenUtterance

__all__ = ["NAME", "TrainedCoder", "create"]

NAME = "trained"
MODEL_CODES = frozenset(
    {
        Code.SIMPLE_REFLECTION,
        Code.COMPLEX_REFLECTION,
        Code.OPEN_QUESTION,
        Code.CLOSED_QUESTION,
        Code.GIVING_INFORMATION,
        Code.CHANGE_TALK,
        Code.SUSTAIN_TALK,
    }
)
TALK_CODES = {"change": Code.CHANGE_TALK, "sustain": Code.SUSTAIN_TALK}
KEPT_WORDS = 500  # of either end of an utterance; what lies between is not parsed


def create(settings: Settings) -> TrainedCoder:
    """Load the spaCy pipeline of `coding.model` and the weights of `coding.weights`.

    Raises
    ------
    BackendError
        When a model is not there, is not whole, or is no English pipeline.
    """
    nlp, facts = english(settings.coding.model)
    component = nlp.add_pipe("mi_coder", last=True, config={"weights": settings.coding.weights})
    known = {"name": NAME, "version": component.weights.version, "weights_sha256": component.weights.digest}
    return TrainedCoder(nlp, facts | known | {"rules_sha256": cues.digest()}, component.weights.stack)


class TrainedCoder:
    """A `toolkit.backends.Coder` by the component ``mi_coder``.

    Parameters
    ----------
    nlp
        An English spaCy pipeline that ends with ``mi_cues`` and ``mi_coder``.
    facts
        What `describe` says.
    stack
        Says from which probability a code is given.
    """

    codes = MODEL_CODES | behaviours.CODES

    def __init__(self, nlp: Any, facts: Mapping[str, str], stack: Stack) -> None:
        self._nlp = nlp
        self._component: MiCoder = nlp.get_pipe("mi_coder")
        self._facts = dict(facts)
        self._stack = stack

    def describe(self) -> Mapping[str, str]:
        """Name, versions, and hashes of the pipeline, the weights and the rules."""
        return dict(self._facts)

    def code(self, utterances: Sequence[SpokenUtterance], *, language: str) -> tuple[CodedUtterance, ...] | Missing:
        """Codes and probabilities of every utterance, in the same order.

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
        other = only_english(language, "the trained coder")
        if other:
            return other
        with ThreadPoolExecutor(max_workers=1) as beside:
            encoded = beside.submit(self._component.encode, [Said(u.speaker, text_of(u)) for u in utterances])
            docs = [self._doc(u, partial(row, encoded, i)) for i, u in enumerate(utterances)]
            return self._coded(utterances, self._nlp.pipe(docs))

    def _coded(self, utterances: Sequence[SpokenUtterance], docs: Iterable[Any]) -> tuple[CodedUtterance, ...]:
        """Codes of every utterance from its doc."""
        coded, before = [], list[behaviours.Said]()
        for place, (utterance, doc) in enumerate(zip(utterances, docs, strict=True)):
            said = behaviours.Said(utterance.speaker, tuple(w.text for w in utterance.words), doc._.mi_seen.clauses)
            answers = doc._.mi_seen.answers
            earlier = utterances[answers].index if 0 <= answers < place else -1
            own = self.decide(doc._.mi_seen, doc._.mi_chances, len(utterance.words), earlier)
            rare = behaviours.find(said, before[-behaviours.REACH :])
            before.append(said)
            coded.append(CodedUtterance(utterance.index, (*own, *rare), doc._.mi_chances))
        return tuple(coded)

    def decide(self, seen: Seen, likely: Chances, length: int, answers: int) -> tuple[AppliedCode, ...]:
        """The codes of one utterance of `length` words, most of what is likely enough, with evidence."""
        if not seen.clauses:
            return ()
        given: list[AppliedCode] = []
        passes = self._stack.passes
        if passes("reflection", likely):
            code = Code.COMPLEX_REFLECTION if passes("complex", likely) else Code.SIMPLE_REFLECTION
            given.append(AppliedCode(code, NAME, *reflecting(seen), answers))
        if passes("question", likely):
            code = Code.OPEN_QUESTION if passes("open", likely) else Code.CLOSED_QUESTION
            given.append(AppliedCode(code, NAME, *asking(seen.clauses), -1))
        whole = (0, length - 1)
        if passes("input", likely):
            given.append(AppliedCode(Code.GIVING_INFORMATION, NAME, "trained.input", *whole, -1))
        talk = self._stack.talk(likely)
        if talk in TALK_CODES:
            given.append(AppliedCode(TALK_CODES[talk], NAME, f"trained.{talk}", *whole, -1))
        return tuple(given)

    def main(self, likely: Chances) -> str:
        """The main behaviour of an utterance, four ways: ``reflection``, ``question``, ``input`` or ``other``."""
        return self._stack.main(likely).removeprefix("main_")

    def _doc(self, utterance: SpokenUtterance, encoded: Callable[[], Any]) -> Any:
        """An utterance as a doc for the pipeline."""
        smooth = smoothed([w.text for w in utterance.words])
        doc = self._nlp.make_doc(smooth.text)
        doc._.mi_speaker, doc._.mi_text, doc._.mi_plain = utterance.speaker, text_of(utterance), smooth
        doc._.mi_encoded = encoded
        return doc


def row(encoded: Future[Any], place: int) -> Any:
    """Scores of one utterance, once the encoder has read the dialogue."""
    return encoded.result()[place]


def text_of(utterance: SpokenUtterance) -> str:
    """The words of an utterance as one text."""
    return " ".join(w.text.strip() for w in utterance.words)


def smoothed(words: Sequence[str]) -> Plain:
    """The words as one text for the parser, those in the middle of a very long utterance left out."""
    cut = len(words) - KEPT_WORDS if len(words) > 2 * KEPT_WORDS else KEPT_WORDS
    kept = [*range(min(KEPT_WORDS, len(words))), *range(cut, len(words))]
    pieces = plain([words[i] for i in kept])
    if not pieces:
        return Plain("", (), ())
    first = pieces[0]  # at most 1,000 words: never more than one piece
    return Plain(first.text, first.starts, tuple(kept[i] for i in first.words))


def reflecting(seen: Seen) -> tuple[str, int, int]:
    """Rule, first and last word of what makes an utterance a reflection."""
    card = score_card()
    found = [(r, c) for c in seen.clauses if (r := look(c, seen.heard, card).reflection)]
    if found:
        reflection, clause = max(found, key=lambda f: f[0].points)
        return f"trained.{reflection.rule}", *place(clause, reflection.first, reflection.last)
    shared = [t.word for c in seen.clauses for t in c.tokens if t.lemma in seen.heard.heard & c.content()]
    if shared:
        return "trained.words_shared", min(shared), max(shared)
    return "trained.whole", seen.clauses[0].tokens[0].word, seen.clauses[-1].tokens[-1].word


def asking(clauses: Sequence[Clause]) -> tuple[str, int, int]:
    """Rule, first and last word of what makes an utterance a question."""
    for clause in reversed(clauses):
        question = find(clause)
        if question:
            return f"trained.{question.rule}", *place(clause, question.first, question.last)
    last = clauses[-1]
    return "trained.last_clause", *place(last, 0, len(last.tokens) - 1)


def place(clause: Clause, first: int, last: int) -> tuple[int, int]:
    """Words of the utterance from tokens of the clause."""
    return clause.tokens[first].word, clause.tokens[last].word
