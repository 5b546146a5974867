"""The linear half of the coder: n-grams and the rules' cues, weighed for every head.

Three kinds of features: n-grams of one to three words of the utterance, n-grams of one and two words of what the other
said last, and what the hand-written rules see in it (cues, questions, words handed back). Each n-gram weighs by
1 + log(count) and how rare it is; each kind is brought to a length of its own.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.coding.clauses import Clause
from toolkit.coding.questions import find
from toolkit.coding.reflections import Context, features

__all__ = ["KINDS", "Linear", "cue_features", "described", "ngrams"]

TOKEN = re.compile(r"[\w']+|\?")
KINDS = ("own", "before", "cues")
LENGTHS = {"own": 1.0, "before": 0.5}  # of a kind's vector
CUE_WEIGHT = 0.3
MOST = 3.0  # of one cue, however often it is found
LONGEST = 400  # words of either text that are looked at


def ngrams(text: str, longest: int) -> Counter[str]:
    """How often each run of one to `longest` words is in a text; a question mark is a word.

    Examples
    --------
    >>> sorted(ngrams("Is it?", 2))
    ['?', 'is', 'is it', 'it', 'it ?']
    """
    words = TOKEN.findall(text.lower())[:LONGEST]
    runs = (" ".join(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1))
    return Counter(runs)


def cue_features(clauses: Sequence[Clause], context: Context, *, text: str, last: str) -> dict[str, float]:
    """What the rules see in an utterance, as numbers, and how long it and the words before are."""
    found: Counter[str] = Counter()
    for clause in clauses:
        question = find(clause)
        found.update(features(clause, question, context).keys())
        if question:
            found[question.rule] = found[str(question.code)] = 1
    length, before = len(text.split()), len(last.split())
    sizes = {
        "size.own": min(MOST, math.log1p(length)),
        "size.short": float(length < 4),
        "size.before": min(MOST, math.log1p(before)),
    }
    return {name: min(float(count), MOST) for name, count in found.items()} | sizes


def described(text: str, last: str, cues: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """All features of one utterance by kind, before they are weighed by how rare they are."""
    own, before = (
        {run: 1 + math.log(count) for run, count in ngrams(said, longest).items()}
        for said, longest in ((text, 3), (last, 2))
    )
    return {"own": own, "before": before, "cues": dict(cues)}


@dataclass(frozen=True, slots=True)
class Linear:
    """Places of the features and their weights.

    Attributes
    ----------
    places
        For each kind, feature to row of `weights`.
    rarity
        For each row, how much its count weighs.
    weights
        Array of shape (rows, heads).
    bias
        Array of shape (heads,).
    """

    places: Mapping[str, Mapping[str, int]]
    rarity: Any
    weights: Any
    bias: Any

    def vector(self, found: Mapping[str, Mapping[str, float]]) -> tuple[list[int], list[float]]:
        """Rows and values of one utterance's features."""
        rows: list[int] = []
        values: list[float] = []
        for kind in KINDS:
            known = self.places[kind]
            own = [known[name] for name in found[kind] if name in known]
            weighed = [found[kind][name] * float(self.rarity[known[name]]) for name in found[kind] if name in known]
            length = math.sqrt(sum(v * v for v in weighed)) or 1.0
            scale = LENGTHS[kind] / length if kind in LENGTHS else CUE_WEIGHT
            rows.extend(own)
            values.extend(v * scale for v in weighed)
        return rows, values

    def scores(self, every: Iterable[Mapping[str, Mapping[str, float]]]) -> Any:
        """Log-odds (or logits of a class) of each utterance for each head, an array of shape (utterances, heads)."""
        import numpy as np

        made = []
        for found in every:
            rows, values = self.vector(found)
            made.append(np.asarray(values, dtype=np.float32) @ self.weights[rows] + self.bias if rows else self.bias)
        return np.stack(made) if made else np.zeros((0, len(self.bias)), dtype=np.float32)
