"""What recognition costs the codes: the same session coded from its true text and from what was recognised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from toolkit.backends import Coder
from toolkit.coding.settling import QUESTIONS, REFLECTIONS
from toolkit.evaluate.compare import Score, summed
from toolkit.evaluate.metrics import Matches
from toolkit.evaluate.study import written
from toolkit.formats.truth import Truth, TruthUtterance
from toolkit.types import AttributedWord, Code, CodedUtterance, Missing, Role, SpokenUtterance

__all__ = ["LOSS_HEADS", "from_true_text", "loss_rows"]

WANTED: Mapping[str, tuple[frozenset[Code], Callable[[TruthUtterance], bool]]] = {
    "reflection_f1": (REFLECTIONS, lambda u: u.reflection != "none"),
    "question_f1": (QUESTIONS, lambda u: u.question != "none"),
}
LOSS_HEADS = (
    "recording",
    *("reflections, true text", "reflections, recognised"),
    *("questions, true text", "questions, recognised"),
)


def from_true_text(truth: Truth, coder: Coder, *, language: str) -> dict[str, Score | Missing]:
    """F1 of reflections and questions of the therapist, coded from the reference's own utterances.

    Missing where the reference holds no codes or no text, or the coder does not know the language.
    """
    if isinstance(truth.utterances, Missing) or not truth.coded:
        return dict.fromkeys(WANTED, Missing("the reference holds no codes"))
    coded = coder.code([spoken(i, u) for i, u in enumerate(truth.utterances)], language=language)
    if isinstance(coded, Missing):
        return dict.fromkeys(WANTED, coded)
    return {name: matches(truth.utterances, coded, *asked) for name, asked in WANTED.items()}


def spoken(index: int, utterance: TruthUtterance) -> SpokenUtterance:
    """An utterance of the reference as a recogniser without error would give it."""
    words = utterance.text.split()
    step = (utterance.end - utterance.start) / max(1, len(words))
    times = [utterance.start + step * i for i in range(len(words))]
    said = tuple(AttributedWord(t, t + step, w, 1.0, utterance.speaker) for t, w in zip(times, words, strict=True))
    return SpokenUtterance(index, utterance.start, utterance.end, utterance.speaker, len(words), 0, said)


def matches(
    there: Sequence[TruthUtterance],
    found: Sequence[CodedUtterance],
    codes: frozenset[Code],
    wanted: Callable[[TruthUtterance], bool],
) -> Matches:
    """Therapist utterances with a code, in the reference, in what was found, and in both."""
    own = [i for i, u in enumerate(there) if u.speaker == Role.THERAPIST]
    true = {i for i in own if wanted(there[i])}
    given = {i for i in own if any(c.code in codes for c in found[i].codes)}
    return Matches(len(true & given), len(given), len(true))


def loss_rows(
    scores: Mapping[str, tuple[Mapping[str, Score | Missing], Mapping[str, Score | Missing]]],
) -> list[list[str]]:
    """Rows under `LOSS_HEADS` from each recording's scores by true text and as recognised, and their sum."""
    every = {name: [pair[side][name_of] for name_of in WANTED for side in (0, 1)] for name, pair in scores.items()}
    if len(every) > 1:
        every["**all**"] = [summed(column) for column in zip(*every.values(), strict=True)]
    return [[name, *(written(score, "F1") for score in row)] for name, row in every.items()]
