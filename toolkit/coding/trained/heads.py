"""From scores to calibrated probabilities, and from those to codes.

Both halves of the coder give each utterance a score for each head. A logistic regression over all of them, fitted on
scores of videos that neither half had seen, makes the probabilities: so they are calibrated by their making. A code is
given above the threshold, and one of several classes with the offsets, with which held-out F1 is best.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.types import Chances

__all__ = ["BINARY", "HEADS", "MAIN", "SILENT", "TALK", "Stack", "chances", "columns"]

MAIN = ("main_reflection", "main_question", "main_input", "main_other")
TALK = ("change", "neutral", "sustain")
BINARY = ("reflection", "question", "input", "complex", "open")
HEADS = (*MAIN, *TALK, *BINARY)
"""What both halves score, in this order."""
TINY = 1e-6

SILENT = Chances(
    reflection=0.0,
    complex=0.0,
    question=0.0,
    open=0.0,
    input=0.0,
    main_reflection=0.0,
    main_question=0.0,
    main_input=0.0,
    main_other=1.0,
    change=0.0,
    sustain=0.0,
)
"""Of an utterance without words."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The regression over both halves.

    Attributes
    ----------
    weights
        Array of shape (heads, columns): the encoder's scores, the linear ones, the rules' verdicts.
    bias
        Array of shape (heads,).
    thresholds
        Probability from which a code is given, for each of `BINARY`.
    offsets
        For each class of the two choices, what is added to the logarithm of its probability before the likeliest is
        taken: rare classes are favoured, so that macro-F1 is best.
    """

    weights: Any
    bias: Any
    thresholds: Mapping[str, float]
    offsets: Mapping[str, float]

    def probabilities(self, columns: Any) -> Any:
        """An array of shape (utterances, heads) from what `columns` puts side by side."""
        import numpy as np

        logits = columns @ self.weights.T + self.bias
        main, talk, binary = np.split(logits, [len(MAIN), len(MAIN) + len(TALK)], axis=1)
        return np.concatenate([softmax(main), softmax(talk), 1 / (1 + np.exp(-binary))], axis=1)

    def passes(self, head: str, likely: Chances) -> bool:
        """Whether the code of a yes-or-no head is given."""
        return bool(getattr(likely, head) >= self.thresholds[head])

    def main(self, likely: Chances) -> str:
        """The main behaviour: one of `MAIN`."""
        return max(MAIN, key=lambda name: logarithm(getattr(likely, name)) + self.offsets[name])

    def talk(self, likely: Chances) -> str:
        """What the client's talk is: one of `TALK`."""
        shares = {"change": likely.change, "sustain": likely.sustain, "neutral": 1 - likely.change - likely.sustain}
        return max(TALK, key=lambda name: logarithm(shares[name]) + self.offsets[name])


def logarithm(probability: float) -> float:
    """Of a probability that may be 0."""
    return math.log(max(probability, TINY))


def columns(encoder: Any, linear: Any, rules: Any) -> Any:
    """What the regression reads: both halves' scores and the rules' verdicts side by side."""
    import numpy as np

    return np.concatenate([comparable(encoder), comparable(linear), rules], axis=1)


def comparable(scores: Any) -> Any:
    """Scores with those of the two choices as logarithms of probabilities, so that they compare between utterances."""
    import numpy as np

    main, talk, binary = np.split(scores, [len(MAIN), len(MAIN) + len(TALK)], axis=1)
    return np.concatenate([np.log(softmax(main) + TINY), np.log(softmax(talk) + TINY), binary], axis=1)


def softmax(logits: Any) -> Any:
    """Rows that sum to 1."""
    import numpy as np

    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def chances(row: Any) -> Chances:
    """One row of probabilities by name, to six decimals."""
    found = {name: round(float(p), 6) for name, p in zip(HEADS, row, strict=True)}
    del found["neutral"]
    return Chances(**found)
