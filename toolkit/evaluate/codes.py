"""A coder's labels beside those of people: utterance by utterance, dialogue by dialogue, and its probabilities.

Only utterances with a reference count, and the numbers of a dialogue are taken from these alone on both sides.
Utterances are counted, not volleys. Trained humans' own agreement on a decision (the code book's `AGREEMENT`) stands
beside every task that has one: it is the ceiling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.coding.book import AGREEMENT
from toolkit.evaluate.agreement import (
    BINS,
    LEVEL,
    Calibration,
    Confusion,
    Estimate,
    calibration,
    estimate,
    icc_agreement,
    spearman,
)
from toolkit.evaluate.decisions import EVENTS, QUANTITIES, TASKS, Event, Quantity, Tally, Task
from toolkit.formats.coded_csv import Prediction, Row
from toolkit.types import Missing

__all__ = ["Comparison", "DialogueScore", "as_json", "compare"]

Pairs = Mapping[str, Sequence[tuple[str, str]]]
"""Label column to (reference, found), one pair an utterance with a reference."""


@dataclass(frozen=True, slots=True)
class DialogueScore:
    """One quantity over dialogues, of both sides.

    `left_out` counts dialogues with a reference in which the quantity is missing on either side.
    """

    spearman: Estimate
    icc: Estimate
    left_out: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was compared, by the names of `TASKS`, `QUANTITIES` and `EVENTS`."""

    tasks: Mapping[str, Confusion]
    dialogues: Mapping[str, DialogueScore]
    calibration: Mapping[str, Calibration]


def compare(rows: Sequence[Row], predictions: Sequence[Prediction]) -> Comparison:
    """Compare predictions with the references that the rows hold.

    Parameters
    ----------
    rows
        Those without a reference in a column do not count for it.
    predictions
        One a row, in the same order.
    """
    dialogues: dict[str, dict[str, list[tuple[str, str]]]] = {}
    whole: dict[str, list[tuple[str, str]]] = {}
    for row, found in zip(rows, predictions, strict=True):
        for column, there in row.reference.items():
            pair = (there, found.labels[column])
            dialogues.setdefault(row.dialogue, {}).setdefault(column, []).append(pair)
            whole.setdefault(column, []).append(pair)
    return Comparison(
        {name: confusion(task, whole) for name, task in TASKS.items()},
        {name: over_dialogues(quantity, list(dialogues.values())) for name, quantity in QUANTITIES.items()},
        {name: calibrated(name, event, rows, predictions) for name, event in EVENTS.items()},
    )


def confusion(task: Task, pairs: Pairs) -> Confusion:
    """The labels of one task on both sides."""
    mapped = ((task.labels.get(a), task.labels.get(b)) for a, b in pairs.get(task.column, ()))
    counts = Counter((a, b) for a, b in mapped if a is not None and b is not None)
    return Confusion(tuple(dict.fromkeys(task.labels.values())), counts)


def over_dialogues(quantity: Quantity, dialogues: Sequence[Pairs]) -> DialogueScore:
    """One quantity of each dialogue with the references it needs, on both sides."""
    numbers: list[tuple[float, float]] = []
    left_out = 0
    for pairs in dialogues:
        if not all(column in pairs for column in quantity.columns):
            continue
        there, found = (quantity.of(tally(pairs, side)) for side in (0, 1))
        if isinstance(there, Missing) or isinstance(found, Missing):
            left_out += 1
        else:
            numbers.append((there, found))
    return DialogueScore(estimate(numbers, spearman), estimate(numbers, icc_agreement), left_out)


def tally(pairs: Pairs, side: int) -> Tally:
    """How often each label was given on one side: 0 is the reference, 1 what was found."""
    return {column: Counter(pair[side] for pair in own) for column, own in pairs.items()}


def calibrated(name: str, event: Event, rows: Sequence[Row], predictions: Sequence[Prediction]) -> Calibration:
    """Calibration of one probability where there is a reference for its event."""
    chances, happened = [], []
    for row, found in zip(rows, predictions, strict=True):
        label = row.reference.get(event.column, "")
        if name in found.chances and label in event.labels:
            chances.append(found.chances[name])
            happened.append(event.labels[label])
    return calibration(chances, happened)


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything as plain values, with the counts behind each number."""
    return {
        "tasks": {name: plain_task(TASKS[name], found) for name, found in comparison.tasks.items()},
        "dialogues": {
            name: {
                "title": QUANTITIES[name].title,
                "left_out": found.left_out,
                "spearman": plain_estimate(found.spearman),
                "icc_2_1": plain_estimate(found.icc),
            }
            for name, found in comparison.dialogues.items()
        },
        "calibration": {name: plain_calibration(found) for name, found in comparison.calibration.items()},
        "definitions": {
            "macro_f1": "mean of F1 over the labels that either side has",
            "kappa": "Cohen's, unweighted; the humans' is Fleiss'",
            "dialogues": "utterances with a reference are counted, on both sides; left_out: the ratio is missing",
            "icc_2_1": "Shrout & Fleiss ICC(2,1), McGraw & Wong ICC(A,1): two-way, absolute agreement, single rater",
            "interval": f"{LEVEL:.0%} percentile bootstrap over dialogues, seeded",
            "expected_calibration_error": f"{BINS} bins of equal mass",
            "p_input": "not compared: no reference column says whether an utterance gives input beside something else",
        },
    }


def plain_task(task: Task, found: Confusion) -> dict[str, Any]:
    """One task."""
    ceiling = AGREEMENT.get(task.ceiling)
    return {
        "title": task.title,
        "denominator": task.denominator,
        "n": found.n,
        "right": found.right,
        "accuracy": plain(found.accuracy()),
        "macro_f1": {**plain(found.macro_f1()), "labels": len(found.scored()), "of": len(found.labels)},
        "kappa": plain(found.kappa()),
        "human": ceiling
        and {
            "f1": plain(ceiling.f1),
            "f1_of": task.ceiling_label or "macro",
            "kappa_low": ceiling.kappa_low,
            "kappa_high": ceiling.kappa_high,
            "source": ceiling.source,
        },
        "labels": {label: plain_label(found, label) for label in found.labels},
        "confusion": [
            {"reference": a, "found": b, "count": found.counts[a, b]} for a in found.labels for b in found.labels
        ],
    }


def plain_label(found: Confusion, label: str) -> dict[str, Any]:
    """One label of a task."""
    matches = found.matches(label)
    return {
        "f1": plain(matches.value()),
        "precision": plain(matches.precision()),
        "recall": plain(matches.recall()),
        "hits": matches.hits,
        "found": matches.found,
        "there": matches.there,
    }


def plain_estimate(found: Estimate) -> dict[str, Any]:
    """A statistic over dialogues."""
    interval = found.interval
    if isinstance(interval, Missing):
        ends: dict[str, Any] = {"low": None, "high": None, "interval_missing_reason": interval.reason}
    else:
        low, high = round(interval.start, 6), round(interval.end, 6)
        ends = {"low": low, "high": high, "interval_missing_reason": None}
    return {**plain(found.value), "n": found.n, **ends}


def plain_calibration(found: Calibration) -> dict[str, Any]:
    """One probability."""
    return {
        "n": found.n,
        "events": found.events,
        "mean_probability": plain(found.mean),
        "brier": plain(found.brier),
        "expected_calibration_error": plain(found.error),
    }


def plain(value: float | Missing) -> dict[str, Any]:
    """A number, or the reason why it is missing."""
    if isinstance(value, Missing):
        return {"value": None, "missing_reason": value.reason}
    return {"value": round(value, 6), "missing_reason": None}
