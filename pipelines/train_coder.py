"""Train the coder on AnnoMI, judge it by cross-validation over videos, and write its files.

Usage::

    pip install --editable ".[train]"
    toolkit models fetch all-minilm-l6-v2 en_core_web_sm
    python pipelines/train_coder.py --data ../shared/data/annomi/annomi_full.csv --work work/coder --seeds 0 1

Five folds, no video in two of them. For each seed and fold the encoder is fine-tuned on the other four (about seven
minutes on two cores); the linear half is fitted on the same ones. The regression that joins them is fitted on held-out
scores, and for judging once more by fold: no figure comes from an utterance that any part was fitted on. What was
finished is kept in the work folder, so an interrupted run goes on. The rules' cues, which the linear half reads, were
written with six tenths of the videos in view: figures for the other four tenths stand beside the rest.

The coder that ships is trained on everything with the first seed, joined by the regression over all held-out scores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coder_training import annomi, card, coverage, halves, judging
from coder_training.training import FOLDS, VIEWS, Training, tell

from toolkit.coding import rules
from toolkit.coding.trained.encoder import Encoder
from toolkit.coding.trained.heads import HEADS, MAIN, Stack, columns, comparable
from toolkit.coding.trained.linear import KINDS
from toolkit.coding.trained.reading import spoken_text
from toolkit.coding.trained.weights import FILES
from toolkit.settings import Settings


@dataclass(frozen=True, slots=True)
class Judge:
    """The regression and the thresholds that were fitted without one fold."""

    stack: Stack

    @classmethod
    def without(cls, fold: int, run: Training, scores: dict[str, np.ndarray], seed: int) -> Judge:
        """Fit on the held-out scores of the other folds."""
        others = np.flatnonzero(run.fold_of != fold)
        both = np.concatenate([scores[view][seed][others] for view in VIEWS])
        coded = run.coded
        true = [coded[i] for i in others] * len(VIEWS)
        weights, bias = halves.train_stack(both, true)
        seen = Stack(weights, bias, {}, {}).probabilities(both)
        return cls(Stack(weights, bias, halves.thresholds(seen, true), halves.offsets(seen, true)))

    def __call__(self, columns_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and margins of some utterances, see `judging.Held`."""
        likely = self.stack.probabilities(columns_of)
        margin = np.full(likely.shape, -1.0)
        for head, limit in self.stack.thresholds.items():
            column = HEADS.index(head)
            margin[:, column] = likely[:, column] - limit
        for head, added in self.stack.offsets.items():
            column = HEADS.index(head)
            margin[:, column] = np.log(likely[:, column] + 1e-6) + added
        return likely, margin


def judged(run: Training, scores: dict[str, np.ndarray], seed: int) -> dict[str, judging.Held]:
    """Held-out probabilities and decisions by view: regression and thresholds are fitted on the other folds' scores."""
    coded, names = run.coded, run.names
    found = {view: (np.zeros((len(coded), len(HEADS))), np.zeros((len(coded), len(HEADS)))) for view in VIEWS}
    for k in range(FOLDS):
        own = run.fold_of == k
        judge = Judge.without(k, run, scores, seed)
        for view, (likely, margin) in found.items():
            likely[own], margin[own] = judge(scores[view][seed][own])
    return {view: judging.Held(likely, margin, coded, names) for view, (likely, margin) in found.items()}


def int8_loss(run: Training, scores: dict[str, np.ndarray], seeds: Sequence[int]) -> str:
    """What int8 weights change: clean text, first seed, the regression of each kind of scores fitted on its own."""
    whole = np.concatenate([run.float_scores(seeds[0], k) for k in range(FOLDS)])
    instead = {v: rows[:1].copy() for v, rows in scores.items()}
    instead["clean"][0, :, : len(HEADS)] = comparable(whole)
    first = judged(run, {v: rows[:1] for v, rows in scores.items()}, 0)["clean"]
    second = judged(run, instead, 0)["clean"]
    name = "four-way macro-F1"
    same = np.mean(first.margin[:, : len(MAIN)].argmax(1) == second.margin[:, : len(MAIN)].argmax(1))
    values = judging.figures(first)[name], judging.figures(second)[name]
    return f"{name} {values[0]:.4f} against {values[1]:.4f}; {100 * (1 - same):.1f} % of decisions differ"


def judged_heard(run: Training, scores: dict[str, np.ndarray], seed: int, *, per_fold: int) -> dict[str, Any]:
    """The same of dialogues that were read out and recognised, beside what their true text gives.

    Held-out figures of both, the word error rate, and how many there are.
    """
    from coder_training import heard, network

    places = heard.chosen(run.transcripts, run.folds, per_fold)
    spoken = heard.dialogues(run.transcripts, places, run.work / "heard.json", tell)
    parts: dict[str, list[judging.Held]] = {"read out, true text": [], "read out, recognised": []}
    parser = rules.create(Settings())
    for k in range(FOLDS):
        judge, linear = Judge.without(k, run, scores, seed), run.linear(k)
        encoder = Encoder(run.work / f"encoder_s{seed}_f{k}")
        own = [i for i, place in enumerate(places) if run.folds[place] == k]
        for name, texts in zip(
            parts, ([run.transcripts[places[i]] for i in own], [spoken[i] for i in own]), strict=True
        ):
            seen = [d for one in halves.described(parser, texts, spoken_text) for d in one]
            encoded = network.shipped_scores(encoder, texts, spoken_text)
            rows = columns(encoded, linear.scores([f for f, _ in seen]), np.array([r for _, r in seen]))
            coded = [u for one in texts for u in one.said]
            parts[name].append(judging.Held(*judge(rows), coded, [one.name for one in texts for _ in one.said]))
    found: dict[str, Any] = {name: judging.figures(judging.joined(held)) for name, held in parts.items()}
    true = [run.transcripts[i] for i in places]
    return found | {
        "word error rate": heard.word_error_rate(true, spoken),
        "dialogues": len(places),
        "utterances": sum(len(one.said) for one in true),
    }


def write(run: Training, scores: dict[str, np.ndarray], *, seed: int, output: Path) -> None:
    """Train on everything and write the coder's files."""
    from coder_training import network

    output.mkdir(parents=True, exist_ok=True)
    network.export(run.trained(seed, None), output / "encoder.onnx")
    (output / "tokenizer.json").write_bytes((run.encoder / "tokenizer.json").read_bytes())
    linear = run.linear(None)
    names = {f"names_{kind}": np.frombuffer("\n".join(linear.places[kind]).encode(), dtype=np.uint8) for kind in KINDS}
    np.savez_compressed(
        output / "linear.npz",
        **names,
        rarity=linear.rarity.astype(np.float32),
        weights=linear.weights.astype(np.float16),
        bias=linear.bias,
    )
    both = np.concatenate([scores[view][0] for view in VIEWS])
    true = run.coded * len(VIEWS)
    weights, bias = halves.train_stack(both, true)
    likely = Stack(weights, bias, {}, {}).probabilities(both)
    table: dict[str, Any] = {
        "version": card.VERSION,
        "sha256": {name: hashlib.sha256((output / name).read_bytes()).hexdigest() for name in FILES},
        "stack": {
            "weights": weights.round(6).tolist(),
            "bias": bias.round(6).tolist(),
            "thresholds": halves.thresholds(likely, true),
            "offsets": halves.offsets(likely, true),
        },
    }
    (output / "coder.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Read the arguments and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="annomi_full.csv")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is finished")
    parser.add_argument("--output", type=Path, default=Path("toolkit/coding/trained/model"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument(
        "--heard", type=int, default=110, help="utterances a fold to read out and recognise; 0 for none"
    )
    parser.add_argument("--judge-only", action="store_true", help="figures only; write no coder")
    given = parser.parse_args()
    run = Training(given.data, given.work)
    scores = run.held_out(given.seeds)
    held = [judged(run, scores, place) for place in range(len(given.seeds))]
    unseen = np.array([annomi.unseen_by_rules(one) for k in range(FOLDS) for one in run.of_fold(k) for _ in one.said])
    found = {view: [judging.figures(h[view]) for h in held] for view in VIEWS}
    found["clean, unseen by the rules"] = [judging.figures(h["clean"].only(unseen)) for h in held]
    np.savez(
        given.work / "held_out.npz",
        dialogue=np.array(held[0]["clean"].dialogue),
        **{f"likely_{v}": np.stack([h[v].likely for h in held]) for v in VIEWS},
        **{f"margin_{v}": np.stack([h[v].margin for h in held]) for v in VIEWS},
    )
    tell(card.table(found))
    spoken = judged_heard(run, scores, 0, per_fold=given.heard) if given.heard else {}
    tell(card.heard_table(spoken))
    tell(f"int8 against float: {int8_loss(run, scores, given.seeds)}")
    tell("intervals, clean text, first seed:")
    in_order = [one for k in range(FOLDS) for one in run.of_fold(k)]
    tell(coverage.table(coverage.study(in_order, held[0]["clean"], Settings())))
    if not given.judge_only:
        write(run, scores, seed=given.seeds[0], output=given.output)
        text = card.card(found, run.transcripts, given.seeds, spoken)
        (given.output / "MODEL_CARD.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
