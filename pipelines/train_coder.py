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
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coder_training import annomi, card, coverage, halves, judging
from coder_training.annomi import Coded, Transcript

from toolkit import models
from toolkit.coding import rules
from toolkit.coding.trained.encoder import Vocabulary
from toolkit.coding.trained.heads import HEADS, Stack, columns
from toolkit.coding.trained.linear import KINDS, Linear
from toolkit.coding.trained.reading import Reader, spoken_text
from toolkit.coding.trained.weights import FILES
from toolkit.settings import Settings

VERSION = "1"
ENCODER = "all-minilm-l6-v2"
VIEWS = {"clean": spoken_text, "asr": annomi.like_asr}
FOLDS = 5


def tell(text: str) -> None:
    """Say what is going on."""
    print(text, flush=True)


class Training:
    """One run: the material, its folds, and the folder with what is finished."""

    def __init__(self, data: Path, work: Path, *, most: int = 0) -> None:
        self.transcripts = annomi.read(data)[: most or None]
        self.folds = annomi.folds(self.transcripts, FOLDS)
        self.work = work
        self.encoder = models.path(ENCODER)
        self._features: dict[str, list[list[halves.Described]]] = {}
        work.mkdir(parents=True, exist_ok=True)

    @property
    def coded(self) -> list[Coded]:
        """Every utterance, fold by fold, in the order of all held-out arrays."""
        return [u for k in range(FOLDS) for one in self.of_fold(k) for u in one.said]

    def of_fold(self, fold: int, *, others: bool = False) -> list[Transcript]:
        """The dialogues of a fold, or all but them."""
        return [one for one, own in zip(self.transcripts, self.folds, strict=True) if (own == fold) != others]

    def features(self, view: str) -> list[list[halves.Described]]:
        """Features of the linear half, dialogue by dialogue."""
        if view not in self._features:
            tell(f"features of the linear half, {view}")
            parser = rules.create(Settings())
            self._features[view] = halves.described(parser, self.transcripts, VIEWS[view])
        return self._features[view]

    def encoder_scores(self, seed: int, fold: int) -> dict[str, np.ndarray]:
        """Scores of the encoder for a fold that it has not seen, by view."""
        kept = self.work / f"encoder_s{seed}_f{fold}.npz"
        if not kept.exists():
            from coder_training import network

            tell(f"encoder: seed {seed}, fold {fold}")
            trained = network.train(
                self.encoder, self.of_fold(fold, others=True), network.Recipe(), seed=seed, tell=tell
            )
            network.keep(trained, self.work / f"encoder_s{seed}_f{fold}.pt")
            reader = Reader(Vocabulary(self.encoder / "tokenizer.json"))
            found = {
                name: network.scores(trained, network.pieces(reader, self.of_fold(fold), view))
                for name, view in VIEWS.items()
            }
            np.savez(kept, **found)
        with np.load(kept) as arrays:
            return {name: arrays[name] for name in VIEWS}

    def linear(self, fold: int | None) -> Linear:
        """The linear half, fitted on all folds but one."""
        chosen = [i for i, own in enumerate(self.folds) if own != fold]
        views = [[[f for f, _ in self.features(view)[i]] for i in chosen] for view in VIEWS]
        return halves.train_linear(views, [self.transcripts[i].said for i in chosen])

    def linear_scores(self, fold: int) -> dict[str, np.ndarray]:
        """Scores of the linear half for a fold that it has not seen, by view."""
        kept = self.work / f"linear_f{fold}.npz"
        if not kept.exists():
            model = self.linear(fold)
            own = [i for i, k in enumerate(self.folds) if k == fold]
            np.savez(kept, **{v: model.scores([f for i in own for f, _ in self.features(v)[i]]) for v in VIEWS})
        with np.load(kept) as arrays:
            return {name: arrays[name] for name in VIEWS}

    def verdicts(self) -> dict[str, np.ndarray]:
        """What the rules say of every utterance, by view, in the order of all held-out arrays."""
        kept = self.work / "verdicts.npz"
        if not kept.exists():
            order = [i for k in range(FOLDS) for i, own in enumerate(self.folds) if own == k]
            np.savez(kept, **{v: np.array([r for i in order for _, r in self.features(v)[i]]) for v in VIEWS})
        with np.load(kept) as arrays:
            return {name: arrays[name] for name in VIEWS}

    def held_out(self, seeds: Sequence[int]) -> dict[str, np.ndarray]:
        """What the regression reads, by parts that have not seen it: by view (seeds, utterances, columns)."""
        linear, rules_say = [self.linear_scores(k) for k in range(FOLDS)], self.verdicts()
        found = {}
        for view in VIEWS:
            second = np.concatenate([s[view] for s in linear])
            firsts = [np.concatenate([self.encoder_scores(s, k)[view] for k in range(FOLDS)]) for s in seeds]
            found[view] = np.stack([columns(first, second, rules_say[view]) for first in firsts])
        return found


def judged(run: Training, scores: dict[str, np.ndarray], seed: int) -> dict[str, judging.Held]:
    """Held-out probabilities and decisions by view: regression and thresholds are fitted on the other folds' scores."""
    ends = np.cumsum([0, *(sum(len(one.said) for one in run.of_fold(k)) for k in range(FOLDS))])
    coded = run.coded
    likely = {view: np.zeros((len(coded), len(HEADS))) for view in VIEWS}
    margin = {view: np.full((len(coded), len(HEADS)), -1.0) for view in VIEWS}
    for k in range(FOLDS):
        others = np.r_[0 : ends[k], ends[k + 1] : len(coded)]
        both = np.concatenate([scores[view][seed][others] for view in VIEWS])
        true = [coded[i] for i in others] * len(VIEWS)
        stack = Stack(*halves.train_stack(both, true), {}, {})
        seen = stack.probabilities(both)
        limits, offsets = halves.thresholds(seen, true), halves.offsets(seen, true)
        own = slice(ends[k], ends[k + 1])
        for view in VIEWS:
            likely[view][own] = stack.probabilities(scores[view][seed][own])
            for head, limit in limits.items():
                column = HEADS.index(head)
                margin[view][own, column] = likely[view][own, column] - limit
            for head, added in offsets.items():
                column = HEADS.index(head)
                margin[view][own, column] = np.log(likely[view][own, column] + 1e-6) + added
    names = [one.name for k in range(FOLDS) for one in run.of_fold(k) for _ in one.said]
    return {view: judging.Held(likely[view], margin[view], coded, names) for view in VIEWS}


def write(run: Training, scores: dict[str, np.ndarray], *, seed: int, output: Path) -> None:
    """Train on everything and write the coder's files."""
    import torch
    from coder_training import network

    output.mkdir(parents=True, exist_ok=True)
    kept = run.work / f"encoder_s{seed}_all.pt"
    if kept.exists():
        trained = network.Network(run.encoder)
        trained.load_state_dict(torch.load(kept, weights_only=True))
    else:
        tell(f"encoder: seed {seed}, all folds")
        trained = network.train(run.encoder, run.transcripts, network.Recipe(), seed=seed, tell=tell)
        torch.save(trained.state_dict(), kept)
    network.export(trained, output / "encoder.onnx")
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
        "version": VERSION,
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
    tell("intervals, clean text, first seed:")
    in_order = [one for k in range(FOLDS) for one in run.of_fold(k)]
    tell(coverage.table(coverage.study(in_order, held[0]["clean"], Settings())))
    if not given.judge_only:
        write(run, scores, seed=given.seeds[0], output=given.output)
        (given.output / "MODEL_CARD.md").write_text(card.card(found, run.transcripts, given.seeds), encoding="utf-8")


if __name__ == "__main__":
    main()
