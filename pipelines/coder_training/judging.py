"""Held-out figures: what the coder finds beside what the annotators' majority said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score

from coder_training.annomi import MAIN, TALK, Coded
from toolkit.coding.trained.heads import BINARY, HEADS

HUMANS = {
    "four-way macro-F1": "0.80 pairwise, 0.86 against the majority",
    "reflection F1 (main)": "0.83",
    "reflection exists F1": "0.83",
    "question exists F1": "0.945",
    "complex or simple, kappa": "0.17 to 0.20",
    "open or closed, kappa": "0.50",
    "client talk, kappa": "0.47",
}


@dataclass(frozen=True, slots=True)
class Held:
    """Held-out probabilities of some utterances, what is true of them, and their dialogue.

    `margin` says how far a yes-or-no head passes its threshold; of the two choices it holds the logarithms of the
    probabilities with their offsets, of which the largest is taken.
    """

    likely: np.ndarray
    margin: np.ndarray
    coded: Sequence[Coded]
    dialogue: Sequence[str]

    def column(self, head: str) -> np.ndarray:
        """One head's probabilities."""
        return self.likely[:, HEADS.index(head)]

    def given(self, head: str) -> np.ndarray:
        """Whether the code of a head is given."""
        return self.margin[:, HEADS.index(head)] >= 0

    def only(self, chosen: np.ndarray) -> Held:
        """Some of the utterances."""
        places = np.flatnonzero(chosen)
        rows = [self.coded[i] for i in places], [self.dialogue[i] for i in places]
        return Held(self.likely[places], self.margin[places], *rows)


def joined(parts: Sequence[Held]) -> Held:
    """Several folds as one."""
    return Held(
        np.concatenate([p.likely for p in parts]),
        np.concatenate([p.margin for p in parts]),
        [u for p in parts for u in p.coded],
        [d for p in parts for d in p.dialogue],
    )


def figures(held: Held) -> dict[str, float]:
    """All figures of one set of held-out probabilities."""
    therapist = np.array([u.role == "therapist" for u in held.coded])
    main_true = np.array([int(np.argmax(u.main)) for u in held.coded])[therapist]
    main_found = held.margin[therapist, : len(MAIN)].argmax(axis=1)
    each = f1_score(main_true, main_found, average=None, labels=range(len(MAIN)))
    found = {"four-way macro-F1": float(each.mean())}
    found |= {f"{name} F1 (main)": float(f) for name, f in zip(MAIN, each, strict=True)}
    for place, head in enumerate(BINARY):
        target = np.array([u.binary[place] for u in held.coded])
        chosen = therapist & (target >= 0)
        there, given = target[chosen] > 0.5, held.given(head)[chosen]
        if head in {"complex", "open"}:
            found[f"{head} macro-F1, given one"] = f1_score(there, given, average="macro")
            name = "complex or simple, kappa" if head == "complex" else "open or closed, kappa"
            found[name] = cohen_kappa_score(there, given)
        else:
            found[f"{head} exists F1"] = f1_score(there, given)
            found[f"{head} exists, calibration error"] = calibration_error(held.column(head)[chosen], there)
    talk = np.array([int(np.argmax(u.talk)) for u in held.coded])[~therapist]
    given = held.margin[~therapist, len(MAIN) : len(MAIN) + len(TALK)].argmax(axis=1)
    found["client talk macro-F1"] = f1_score(talk, given, average="macro")
    found["client talk, kappa"] = cohen_kappa_score(talk, given)
    return found | sessions(held)


def sessions(held: Held) -> dict[str, float]:
    """Rank correlation of counts of utterances and of R:Q over dialogues."""
    names = sorted(set(held.dialogue))
    home = np.array([names.index(d) for d in held.dialogue])
    therapist = np.array([u.role == "therapist" for u in held.coded])

    def counts(flags: np.ndarray) -> np.ndarray:
        return np.bincount(home, weights=(flags & therapist).astype(float), minlength=len(names))

    true = {k: counts(np.array([getattr(u, k) > 0.5 for u in held.coded])) for k in ("reflection", "question")}
    given = {k: counts(held.given(k)) for k in ("reflection", "question")}
    both = (true["question"] > 0) & (given["question"] > 0)
    ratios = [(x["reflection"] / np.maximum(x["question"], 1))[both] for x in (true, given)]
    return {
        "reflections per session, Spearman": float(spearmanr(true["reflection"], given["reflection"]).statistic),
        "questions per session, Spearman": float(spearmanr(true["question"], given["question"]).statistic),
        "R:Q per session, Spearman": float(spearmanr(*ratios).statistic),
    }


def calibration_error(likely: np.ndarray, there: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal size."""
    order = np.argsort(likely)
    parts = np.array_split(order, bins)
    return float(sum(len(p) / len(order) * abs(likely[p].mean() - there[p].mean()) for p in parts))
