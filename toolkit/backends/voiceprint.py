"""Voice prints: stretches of sound as CAM++ embeddings, the network loaded once in a process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.backends.quiet import hushed, offline
from toolkit.errors import BackendError
from toolkit.intervals import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from toolkit.audio import Waveform

__all__ = ["MODEL", "embeddings", "model_sha256"]

MODEL = "campplus"


def embeddings(waveform: Waveform, spans: Sequence[Span], *, device: str) -> NDArray[np.float64]:
    """One embedding a span, each of length 1: (spans, 192); NaN for a span that is too short to say anything.

    Parameters
    ----------
    waveform
        Mono, 16 kHz.
    spans
        Each of one voice, seconds.
    device
        As `speakers.device`.

    Raises
    ------
    BackendError
        When the network is not there, is damaged, or fails.
    """
    network = load(device)
    import numpy as np
    import torch

    found = np.full((len(spans), network.dimension), np.nan)
    for i, span in enumerate(spans):
        part = waveform.samples[round(span.start * waveform.rate) : round(span.end * waveform.rate)]
        try:
            vector = network(torch.from_numpy(np.ascontiguousarray(part))[None, None])[0]
        except (RuntimeError, MemoryError) as error:
            raise BackendError(
                f"the voice embedding failed ({type(error).__name__}).",
                hint="Check the models with: toolkit models verify. With little memory set speakers.device to cpu.",
            ) from error
        length = float(np.linalg.norm(vector))
        if length > 0:
            found[i] = vector / length
    return found


def model_sha256() -> str:
    """Digest of the network, found without loading it."""
    from toolkit import models

    return models.sha256(MODEL)


@cache
def load(device: str) -> Any:
    """The network on its device."""
    offline()
    with hushed():
        from toolkit import models
        from toolkit.backends.networks import embedding, pick_device

        return embedding(models.path(MODEL)).to(pick_device(device))
