"""One run of the training: the material, its folds, and the folder in which everything finished is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coder_training import annomi, halves
from coder_training.annomi import Coded, Transcript
from toolkit import models
from toolkit.coding import rules
from toolkit.coding.trained.encoder import Encoder, Vocabulary
from toolkit.coding.trained.heads import columns
from toolkit.coding.trained.linear import Linear
from toolkit.coding.trained.reading import Reader, spoken_text
from toolkit.settings import Settings

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

    @property
    def fold_of(self) -> np.ndarray:
        """The fold of each of `coded`."""
        return np.repeat(np.arange(FOLDS), [sum(len(one.said) for one in self.of_fold(k)) for k in range(FOLDS)])

    @property
    def names(self) -> list[str]:
        """The dialogue of each of `coded`."""
        return [one.name for k in range(FOLDS) for one in self.of_fold(k) for _ in one.said]

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
        """Scores of the encoder, int8 as it ships, for a fold that it has not seen, by view."""
        kept = self.work / f"encoder_s{seed}_f{fold}.int8.npz"
        if not kept.exists():
            from coder_training import network

            exported = self.work / f"encoder_s{seed}_f{fold}"
            exported.mkdir(exist_ok=True)
            (exported / "tokenizer.json").write_bytes((self.encoder / "tokenizer.json").read_bytes())
            network.export(self.trained(seed, fold), exported / "encoder.onnx")
            encoder = Encoder(exported)
            np.savez(
                kept, **{v: network.shipped_scores(encoder, self.of_fold(fold), view) for v, view in VIEWS.items()}
            )
        with np.load(kept) as arrays:
            return {name: arrays[name] for name in VIEWS}

    def float_scores(self, seed: int, fold: int) -> np.ndarray:
        """The same of clean text before the weights became int8."""
        kept = self.work / f"encoder_s{seed}_f{fold}.npz"
        if not kept.exists():
            from coder_training import network

            reader = Reader(Vocabulary(self.encoder / "tokenizer.json"))
            read = network.pieces(reader, self.of_fold(fold), spoken_text)
            np.savez(kept, clean=network.scores(self.trained(seed, fold), read))
        with np.load(kept) as arrays:
            found: np.ndarray = arrays["clean"]
        return found

    def trained(self, seed: int, fold: int | None) -> Any:
        """The encoder, fine-tuned on all folds but one, or on all; a `network.Network`."""
        from coder_training import network

        kept = self.work / f"encoder_s{seed}_{'all' if fold is None else f'f{fold}'}.pt"
        if not kept.exists():
            tell(f"encoder: seed {seed}, {'all folds' if fold is None else f'fold {fold} left out'}")
            material = self.transcripts if fold is None else self.of_fold(fold, others=True)
            trained = network.train(self.encoder, material, network.Recipe(), seed=seed, tell=tell)
            network.keep(trained, kept)
        return network.load(self.encoder, kept)

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
