"""The two networks of the default diarizer and the pipeline that joins them, built from the model store.

Nothing is unpickled: weights are safetensors, and the architecture is built here from plain numbers. This module
imports torch and pyannote.audio at its top, so only the factories of `toolkit.backends` import it, and after
`toolkit.backends.quiet.offline`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pyannote.audio import Audio, Inference
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from pyannote.pipeline.parameter import ParamDict, Uniform
from safetensors import SafetensorError
from safetensors.torch import load_file

from toolkit import threads
from toolkit.backends.anchors import AnchoredClustering, to_embed
from toolkit.backends.beside import in_order
from toolkit.backends.campplus import CAMPPlus, CampplusEmbedding
from toolkit.errors import BackendError

__all__ = ["ClusteredDiarization", "embedding", "only_weights", "pick_device", "segmentation", "voice_activity"]

SEGMENTATION_BATCH = 16  # chunks between two looks at the progress
TOGETHER = 4  # chunks that one thread takes through the network at once; more is no faster on a CPU
MIN_CLUSTER = 12  # embeddings: speaker-diarization-3.1's own
METHOD = "centroid"  # linkage: speaker-diarization-3.1's own

torch.set_num_threads(1)  # several chunks at the same time instead: no thread waits, and their number changes no number


@contextmanager
def only_weights() -> Iterator[None]:
    """Load checkpoints without executing what is in them: tensors, plain values and three classes of pyannote.

    Whatever `torch.load` is asked for by a library inside, the variable has the last word.
    """
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    with torch.serialization.safe_globals([Specifications, Problem, Resolution]):
        yield


def pick_device(name: str) -> Any:
    """The device of a setting; ``auto`` takes a GPU when there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise BackendError("speakers.device is cuda, and torch finds no GPU.", hint="Set speakers.device to auto.")
    return torch.device(name)


def segmentation(folder: Path) -> Any:
    """Segmentation-3.0 from a folder of the model store: ``model.safetensors`` and ``model.json``.

    Raises
    ------
    BackendError
        When the folder holds something else.
    """
    try:
        made_of = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = PyanNet(**made_of["hyper_parameters"])
        told = dict(made_of["specifications"])
        told |= {"problem": Problem[told["problem"]], "resolution": Resolution[told["resolution"]]}
        told["warm_up"] = tuple(told["warm_up"])
        model.specifications = Specifications(**told)
        model.build()
        model.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise damaged(folder, error) from error
    return model.eval()


def embedding(folder: Path) -> CampplusEmbedding:
    """CAM++ from a folder of the model store: ``model.safetensors``.

    Raises
    ------
    BackendError
        When the folder holds something else.
    """
    network = CAMPPlus()
    try:
        network.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise damaged(folder, error) from error
    return CampplusEmbedding(network.eval())


def damaged(folder: Path, error: Exception) -> BackendError:
    """The error for a folder that does not hold the model it should."""
    return BackendError(
        f"the model {folder.name} cannot be loaded ({type(error).__name__}).",
        hint=f"Fetch it again: toolkit models fetch {folder.name}",
    )


class ManyAtOnce(Inference):  # type: ignore[misc]
    """pyannote's sliding window, the chunks of a batch shared out among threads."""

    def infer(self, chunks: Any) -> Any:
        """Outputs of chunks (chunks, 1, samples); a few at a time, always the same few together."""
        few = list(chunks.split(TOGETHER))
        return np.concatenate(list(in_order(super().infer, few, workers=workers(self.device))))


def workers(device: Any) -> int:
    """Threads that work beside each other on a device: a GPU is given one thing after the other."""
    return threads.count() if device.type == "cpu" else 1


def voice_activity(network: Any, sound: Any, *, step: float) -> tuple[np.ndarray[Any, Any], float, float]:
    """Frames in which anybody speaks, the middle of the first one and the distance of two, in seconds.

    `sound` is pyannote's dictionary of waveform and sample rate; `step` the share of a chunk between two chunks.
    """
    inference = ManyAtOnce(
        network,
        step=step * network.specifications.duration,
        batch_size=SEGMENTATION_BATCH,
        device=network.device,
        pre_aggregation_hook=lambda scores: np.max(scores, axis=-1, keepdims=True),
    )
    scores = inference(sound)
    window = scores.sliding_window
    return np.nan_to_num(scores.data[:, 0]) > 0.5, window.start + window.duration / 2, window.step


class ClusteredDiarization(SpeakerDiarization):  # type: ignore[misc]
    """pyannote's pipeline on two networks that are at hand, with agglomerative clustering.

    Parameters
    ----------
    network
        A segmentation model with powerset output.
    voices
        The embedding.
    step
        Share of a chunk between two chunks.
    threshold
        Distance below which two clusters are one, where the number of speakers is not given.
    anchor_step
        Seconds between chunks whose speakers are embedded, see `toolkit.backends.anchors`; 0 embeds all, as
        the library does.
    """

    def __init__(
        self, network: Any, voices: CampplusEmbedding, *, step: float, threshold: float, anchor_step: float = 0.0
    ) -> None:
        # not its own __init__: that loads a PLDA from the model hub, which only another clustering needs
        super(SpeakerDiarization, self).__init__()
        self.legacy = False
        self.segmentation_step = step
        duration = network.specifications.duration
        self._segmentation = ManyAtOnce(
            network, duration=duration, step=step * duration, skip_aggregation=True, batch_size=SEGMENTATION_BATCH
        )
        self.segmentation = ParamDict(min_duration_off=Uniform(0.0, 1.0))
        self._embedding = voices
        self._audio = Audio(sample_rate=voices.sample_rate, mono="downmix")
        self.embedding_batch_size = len(network.specifications.classes)  # the local speakers of one chunk
        self.embedding_exclude_overlap = False
        self.klustering = "AgglomerativeClustering"
        self.every = max(1, round(anchor_step / (step * duration)))
        clustering = AnchoredClustering if self.every > 1 else AgglomerativeClustering
        self.clustering = clustering(metric=voices.metric)
        self._expects_num_speakers = False
        # the library's own least size of a cluster is for its own step of a second
        smallest = max(1, round(MIN_CLUSTER / (self.every * step * duration)))
        self.clustering.smallest = max(1, round(MIN_CLUSTER / (step * duration)))
        self.instantiate(
            {
                "segmentation": {"min_duration_off": 0.0},
                "clustering": {"method": METHOD, "min_cluster_size": smallest, "threshold": threshold},
            }
        )

    def get_embeddings(self, file: Any, segmentations: Any, *, hook: Any = None, **stock: Any) -> np.ndarray[Any, Any]:
        """Embeddings (chunks, speakers, dimension) of the local speakers who need one; NaN for all others."""
        if self.every == 1:
            found: np.ndarray[Any, Any] = super().get_embeddings(file, segmentations, hook=hook, **stock)
            return found
        self.clustering.embed = partial(self.embed_some, file, segmentations)
        return self.embed_some(file, segmentations, to_embed(segmentations, self.every), hook=hook)

    def embed_some(
        self, file: Any, segmentations: Any, needed: np.ndarray[Any, Any], *, hook: Any = None
    ) -> np.ndarray[Any, Any]:
        """Embeddings of the local speakers marked in `needed` (chunks, speakers)."""
        active = np.nan_to_num(segmentations.data)
        chunks = np.flatnonzero(needed.any(axis=1))
        embedded = np.full((*needed.shape, self._embedding.dimension), np.nan)

        def voices(chunk: int) -> np.ndarray[Any, Any]:
            sound, _ = self._audio.crop(file, segmentations.sliding_window[chunk], mode="pad")
            who = np.flatnonzero(needed[chunk])
            masks = torch.from_numpy(active[chunk][:, who].T.astype(np.float32))
            return self._embedding(sound[None].expand(len(who), -1, -1), masks=masks)

        at_once = workers(self._embedding.device)
        for done, (chunk, found) in enumerate(
            zip(chunks, in_order(voices, chunks.tolist(), workers=at_once), strict=True), 1
        ):
            embedded[chunk, needed[chunk]] = found
            if hook is not None:
                hook("embeddings", None, total=len(chunks), completed=done)
        return embedded
