"""The encoder half: a small pretrained encoder, fine-tuned for all heads at once, and its way to int8 ONNX.

Every utterance is read with the three before it (`toolkit.coding.trained.reading`); heads stand on the first token and
on the mean of the utterance's own tokens. Therapist's utterances teach the therapist's heads, clients' the client's
head. Half of what is read is made noisy like a recogniser's text, anew in each epoch. Embeddings stay as they were.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel

from coder_training.annomi import MAIN, TALK, Coded, Transcript, dialogue, noisy
from toolkit.coding.trained.encoder import Encoder, Vocabulary
from toolkit.coding.trained.reading import Piece, Reader

BINARY_WEIGHT = torch.tensor([0.5, 0.5, 0.4, 0.5, 0.5])
CLIENT_WEIGHT = 0.7
WARM_UP = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the encoder is trained."""

    epochs: int = 4
    rate: float = 1.6e-4  # of the topmost layer; heads ten times as much
    decay: float = 0.9  # of the rate, from layer to layer downwards
    balance: float = 0.4  # power of the inverse class frequency
    batch_tokens: int = 1600
    batch_most: int = 32


class Network(nn.Module):
    """Encoder and heads; scores come out in the order of `toolkit.coding.trained.heads.HEADS`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        config = AutoConfig.from_pretrained(folder)
        config.attention_probs_dropout_prob = 0.0  # the fast attention has none
        self.encoder = AutoModel.from_pretrained(
            folder, config=config, add_pooling_layer=False, attn_implementation="sdpa"
        )
        for parameter in self.encoder.embeddings.parameters():
            parameter.requires_grad = False
        width = 2 * config.hidden_size
        self.heads = nn.ModuleDict(
            {"main": nn.Linear(width, len(MAIN)), "talk": nn.Linear(width, len(TALK)), "binary": nn.Linear(width, 5)}
        )
        self.dropout = nn.Dropout(0.2)

    def forward(self, ids: torch.Tensor, segments: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores of a batch; `mask` is 0 in the padding, `segments` 1 in the context."""
        states = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=segments).last_hidden_state.float()
        own = ((segments == 0) & (mask == 1)).unsqueeze(-1).float()
        pooled = torch.cat([states[:, 0], (states * own).sum(1) / own.sum(1)], dim=-1)
        pooled = self.dropout(pooled)
        return torch.cat([self.heads[name](pooled).float() for name in ("main", "talk", "binary")], dim=-1)


@dataclass(frozen=True, slots=True)
class Targets:
    """What a batch should score: weights of the classes are in `weight` already."""

    therapist: torch.Tensor
    main: torch.Tensor
    talk: torch.Tensor
    binary: torch.Tensor
    weight: torch.Tensor
    talk_weight: torch.Tensor


def class_weights(fractions: Sequence[Sequence[float]], power: float) -> torch.Tensor:
    """How much each class counts: the rarer the more."""
    sums = np.asarray(fractions).sum(axis=0)
    return torch.tensor((sums.mean() / sums) ** power, dtype=torch.float)


def loss_of(scores: torch.Tensor, targets: Targets) -> torch.Tensor:
    """Mean loss over the utterances of a batch."""
    main, talk, binary = scores.split([len(MAIN), len(TALK), 5], dim=-1)
    of_main = -(targets.main * functional.log_softmax(main, -1)).sum(-1) * targets.weight
    of_talk = -(targets.talk * functional.log_softmax(talk, -1) * targets.talk_weight).sum(-1)
    known = (targets.binary >= 0).float() * BINARY_WEIGHT
    of_binary = functional.binary_cross_entropy_with_logits(binary, targets.binary.clamp(0, 1), reduction="none")
    own = (of_main + (of_binary * known).sum(-1)) * targets.therapist
    return (own + CLIENT_WEIGHT * of_talk * (1 - targets.therapist)).mean()


def pieces(reader: Reader, transcripts: Sequence[Transcript], view: Callable[[str], str]) -> list[Piece]:
    """Encoder input of every utterance; the context of one is made noisy apart from the utterance itself."""
    found = []
    for one in transcripts:
        said = dialogue(one, view)
        found.extend(reader.read(s, said[max(0, i - 3) : i]) for i, s in enumerate(said))
    return found


def batches(read: Sequence[Piece], recipe: Recipe, rng: random.Random) -> list[list[int]]:
    """Places of pieces of about the same length, in random order."""
    order = sorted(range(len(read)), key=lambda i: len(read[i].ids) + 12 * rng.random())
    found: list[list[int]] = []
    current: list[int] = []
    for place in order:
        longest = max(len(read[i].ids) for i in (*current, place))
        full = longest * (len(current) + 1) > recipe.batch_tokens or len(current) >= recipe.batch_most
        if current and full:
            found.append(current)
            current = []
        current.append(place)
    found.append(current)
    rng.shuffle(found)
    return found


def tensors(read: Sequence[Piece]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, segments and mask of a batch."""
    shape = (len(read), max(len(p.ids) for p in read))
    ids, segments, mask = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    for row, piece in enumerate(read):
        ids[row, : len(piece.ids)] = torch.tensor(piece.ids)
        segments[row, piece.own : len(piece.ids)] = 1
        mask[row, : len(piece.ids)] = 1
    return ids, segments, mask


def train(
    folder: Path, transcripts: Sequence[Transcript], recipe: Recipe, *, seed: int, tell: Callable[[str], None]
) -> Network:
    """Fine-tune the encoder in `folder` on all utterances of `transcripts`."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    reader = Reader(Vocabulary(folder / "tokenizer.json"))
    network = Network(folder)
    coded = [u for one in transcripts for u in one.said]
    targets = partial(
        targets_of,
        main_weight=class_weights([u.main for u in coded if u.role == "therapist"], recipe.balance),
        talk_weight=class_weights([u.talk for u in coded if u.role == "client"], recipe.balance),
    )
    optimizer = torch.optim.AdamW(groups(network, recipe), weight_decay=0.01, fused=True)
    steps = recipe.epochs * len(batches(pieces(reader, transcripts, str), recipe, random.Random(0)))
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1.0, (s + 1) / (WARM_UP * steps)) * max(0.02, 1 - s / steps)
    )
    network.train()
    for epoch in range(recipe.epochs):
        started, losses = time.monotonic(), []
        read = pieces(reader, transcripts, partial(noisy, rng=rng))
        for places in batches(read, recipe, rng):
            with torch.autocast("cpu", torch.bfloat16):
                scores = network(*tensors([read[i] for i in places]))
            loss = loss_of(scores, targets([coded[i] for i in places]))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            rates.step()
            losses.append(loss.item())
        tell(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, {time.monotonic() - started:.0f} s")
    return network.eval()


def groups(network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Parameters with their learning rates: smaller from layer to layer downwards."""
    layers = network.encoder.encoder.layer
    found: list[dict[str, object]] = [{"params": list(network.heads.parameters()), "lr": 10 * recipe.rate}]
    for depth, layer in enumerate(reversed(layers)):
        found.append({"params": list(layer.parameters()), "lr": recipe.rate * recipe.decay**depth})
    return found


def targets_of(coded: Sequence[Coded], *, main_weight: torch.Tensor, talk_weight: torch.Tensor) -> Targets:
    """The targets of a batch."""
    main = torch.tensor([u.main for u in coded])
    return Targets(
        therapist=torch.tensor([float(u.role == "therapist") for u in coded]),
        main=main,
        talk=torch.tensor([u.talk for u in coded]),
        binary=torch.tensor([u.binary for u in coded]),
        weight=(main * main_weight).sum(-1),
        talk_weight=talk_weight,
    )


def keep(network: Network, path: Path) -> None:
    """Write the weights in half precision, whole or not at all."""
    part = path.with_suffix(".part")
    torch.save({name: value.half() for name, value in network.state_dict().items()}, part)
    part.replace(path)


def load(folder: Path, path: Path) -> Network:
    """The encoder in `folder` with weights that `keep` wrote."""
    network = Network(folder)
    network.load_state_dict({name: value.float() for name, value in torch.load(path, weights_only=True).items()})
    return network.eval()


def scores(network: Network, read: Sequence[Piece]) -> np.ndarray:
    """Scores of every piece, shape (pieces, heads)."""
    found = np.zeros((len(read), len(MAIN) + len(TALK) + 5), dtype=np.float32)
    order = sorted(range(len(read)), key=lambda i: len(read[i].ids))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for first in range(0, len(order), 32):
            places = order[first : first + 32]
            found[places] = network(*tensors([read[i] for i in places])).float().numpy()
    return found


def shipped_scores(encoder: Encoder, transcripts: Sequence[Transcript], view: Callable[[str], str]) -> np.ndarray:
    """Scores of every utterance as the toolkit finds them, shape (utterances, heads)."""
    read = []
    for one in transcripts:
        said = dialogue(one, view)
        read.extend((s, said[max(0, i - 3) : i]) for i, s in enumerate(said))
    return np.asarray(encoder.scores(read), dtype=np.float32)


def export(network: Network, path: Path) -> None:
    """Write the network as ONNX with int8 weights."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = path.with_suffix(".float.onnx")
    ids = torch.ones((2, 9), dtype=torch.long)
    axes = {name: {0: "utterances", 1: "tokens"} for name in ("ids", "segments", "mask")}
    torch.onnx.export(
        network.float().eval(),
        (ids, torch.zeros_like(ids), torch.ones_like(ids)),
        str(whole),
        input_names=["ids", "segments", "mask"],
        output_names=["scores"],
        dynamic_axes=axes | {"scores": {0: "utterances"}},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True)
    whole.unlink()
