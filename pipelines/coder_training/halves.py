"""The linear half, and the regression that joins both halves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from coder_training.annomi import Coded, Transcript, dialogue
from toolkit.coding.rules import RuleCoder
from toolkit.coding.trained.component import Dialogue, features, rules_say
from toolkit.coding.trained.heads import BINARY, HEADS, MAIN, TALK
from toolkit.coding.trained.linear import KINDS, Linear
from toolkit.coding.trained.verdicts import VERDICTS
from toolkit.types import AttributedWord, SpokenUtterance

Features = dict[str, dict[str, float]]
Described = tuple[Features, list[float]]
LEAST_DIALOGUES = 3  # a feature in fewer dialogues is left out
STRENGTH, STACK_STRENGTH = 2.0, 0.03  # inverse of the penalty on large weights
OWN = [HEADS.index(name) for name in (*MAIN, *BINARY)]
CLIENT = [HEADS.index(name) for name in TALK]


def described(
    parser: RuleCoder, transcripts: Sequence[Transcript], view: Callable[[str], str]
) -> list[list[Described]]:
    """The linear half's features and the rules' verdicts of every utterance, dialogue by dialogue."""
    found = []
    for one in transcripts:
        said = dialogue(one, view)
        words = [s.text.split() for s in said]
        spoken = [
            SpokenUtterance(i, i, i + 1, s.speaker, len(w), 0, tuple(AttributedWord(i, i + 1, t, 1.0, None) for t in w))
            for i, (s, w) in enumerate(zip(said, words, strict=True))
        ]
        so_far = Dialogue()
        parsed = parser.parse(spoken)
        seen = [so_far.see(s, w, c) for s, w, c in zip(said, words, parsed, strict=True)]
        found.append([(features(s), rules_say(s)) for s in seen])
    return found


def vocabulary(dialogues: Sequence[Sequence[Features]]) -> tuple[dict[str, dict[str, int]], np.ndarray]:
    """Places and rarity of the features that enough dialogues have."""
    homes: dict[str, dict[str, set[int]]] = {kind: defaultdict(set) for kind in KINDS}
    spread: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    total = 0
    for number, one in enumerate(dialogues):
        for utterance in one:
            total += 1
            for kind in KINDS:
                spread[kind].update(utterance[kind].keys())
                for name in utterance[kind]:
                    homes[kind][name].add(number)
    places: dict[str, dict[str, int]] = {}
    rarity: list[float] = []
    for kind in KINDS:
        names = sorted(name for name, where in homes[kind].items() if len(where) >= LEAST_DIALOGUES)
        places[kind] = {name: len(rarity) + i for i, name in enumerate(names)}
        rarity += [
            1.0 if kind == "cues" else 1 + float(np.log((1 + total) / (1 + spread[kind][name]))) for name in names
        ]
    return places, np.asarray(rarity, dtype=np.float32)


def matrix(model: Linear, every: Sequence[Features]) -> csr_matrix:
    """Utterances as sparse rows."""
    made = [model.vector(found) for found in every]
    ends = np.cumsum([0, *(len(rows) for rows, _ in made)])
    columns = np.concatenate([np.asarray(rows, dtype=np.int64) for rows, _ in made])
    values = np.concatenate([np.asarray(v, dtype=np.float32) for _, v in made])
    return csr_matrix((values, columns, ends), shape=(len(made), len(model.rarity)))


def train_linear(views: Sequence[Sequence[Sequence[Features]]], coded: Sequence[Sequence[Coded]]) -> Linear:
    """Fit the linear half on every view (clean, like ASR) of the same dialogues."""
    places, rarity = vocabulary([one for dialogues in views for one in dialogues])
    empty = Linear(places, rarity, np.zeros((len(rarity), len(HEADS)), np.float32), np.zeros(len(HEADS), np.float32))
    rows = matrix(empty, [f for dialogues in views for one in dialogues for f in one])
    said = [u for _ in views for one in coded for u in one]
    therapist = np.array([u.role == "therapist" for u in said])

    def fit(chosen: np.ndarray, wanted: np.ndarray, heads: Sequence[str], balance: str | None) -> None:
        model = LogisticRegression(C=STRENGTH, max_iter=300, class_weight=balance).fit(rows[chosen], wanted[chosen])
        columns = [HEADS.index(head) for head in heads]
        empty.weights[:, columns] = model.coef_.T
        empty.bias[columns] = model.intercept_

    fit(therapist, np.array([int(np.argmax(u.main)) for u in said]), MAIN, "balanced")
    fit(~therapist, np.array([int(np.argmax(u.talk)) for u in said]), TALK, "balanced")
    for place, head in enumerate(BINARY):
        target = np.array([u.binary[place] for u in said])
        fit(therapist & (target >= 0), target > 0.5, [head], None)
    return empty


def train_stack(scores: np.ndarray, coded: Sequence[Coded]) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias of the regression over what `toolkit.coding.trained.heads.columns` made of held-out scores.

    A therapist's heads are regressed on the therapist's heads of both halves and the rules' verdicts, the client's on
    the client's heads.
    """
    weights, bias = np.zeros((len(HEADS), scores.shape[1])), np.zeros(len(HEADS))
    verdicts = range(2 * len(HEADS), 2 * len(HEADS) + len(VERDICTS))
    therapist = np.array([u.role == "therapist" for u in coded])
    middle, spread = scores.mean(axis=0), scores.std(axis=0) + 1e-6

    def fit(chosen: np.ndarray, wanted: np.ndarray, heads: Sequence[str]) -> None:
        scored = CLIENT if heads == TALK else OWN
        columns = [*scored, *(len(HEADS) + c for c in scored), *(() if heads == TALK else verdicts)]
        model = LogisticRegression(C=STACK_STRENGTH, max_iter=2000)
        model.fit(((scores - middle) / spread)[chosen][:, columns], wanted[chosen])
        own = model.coef_ / spread[columns]
        for row, head in enumerate(heads):
            weights[HEADS.index(head), columns] = own[row]
            bias[HEADS.index(head)] = model.intercept_[row] - own[row] @ middle[columns]

    fit(therapist, np.array([int(np.argmax(u.main)) for u in coded]), MAIN)
    fit(~therapist, np.array([int(np.argmax(u.talk)) for u in coded]), TALK)
    for place, head in enumerate(BINARY):
        target = np.array([u.binary[place] for u in coded])
        fit(therapist & (target >= 0), target > 0.5, [head])
    return weights, bias


def thresholds(probabilities: np.ndarray, coded: Sequence[Coded]) -> dict[str, float]:
    """For each code the probability from which F1 is best (macro-F1 where both answers are codes)."""
    therapist = np.array([u.role == "therapist" for u in coded])
    found = {}
    for place, head in enumerate(BINARY):
        target = np.array([u.binary[place] for u in coded])
        chosen = therapist & (target >= 0)
        both = head in {"complex", "open"}
        found[head] = best(probabilities[chosen, HEADS.index(head)], target[chosen] > 0.5, both=both)
    return found


def offsets(probabilities: np.ndarray, coded: Sequence[Coded]) -> dict[str, float]:
    """For each class of the two choices what to add to its log-probability so that macro-F1 is best."""
    therapist = np.array([u.role == "therapist" for u in coded])
    found: dict[str, float] = {}
    for names, chosen, target in (
        (MAIN, therapist, [int(np.argmax(u.main)) for u in coded]),
        (TALK, ~therapist, [int(np.argmax(u.talk)) for u in coded]),
    ):
        columns = [HEADS.index(name) for name in names]
        logs, wanted = np.log(probabilities[chosen][:, columns] + 1e-6), np.array(target)[chosen]
        added = np.zeros(len(names))
        for _ in range(3):
            for place in range(len(names)):
                added[place] = max(np.arange(-1.0, 1.01, 0.1), key=partial(with_offset, logs, wanted, added, place))
        found |= dict(zip(names, added.round(2).tolist(), strict=True))
    return found


def with_offset(logs: np.ndarray, wanted: np.ndarray, added: np.ndarray, place: int, value: float) -> float:
    """Macro-F1 when one class has another offset."""
    tried = added.copy()
    tried[place] = value
    return float(f1_score(wanted, (logs + tried).argmax(axis=1), average="macro"))


def best(likely: np.ndarray, wanted: np.ndarray, *, both: bool) -> float:
    """The threshold, in hundredths, with the best F1, averaged over its neighbours so that chance decides less."""

    def f1(given: np.ndarray, there: np.ndarray) -> float:
        return 2 * float((given & there).sum()) / max(1, int(given.sum() + there.sum()))

    levels = np.arange(0.15, 0.86, 0.01)
    scores = [f1(likely >= t, wanted) + (f1(likely < t, ~wanted) if both else 0.0) for t in levels]
    smooth = np.convolve(scores, np.ones(7) / 7, mode="same")[3:-3]
    return round(float(levels[3:-3][int(np.argmax(smooth))]), 2)
