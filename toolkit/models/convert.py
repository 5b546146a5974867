"""Conversion: a pickled checkpoint becomes a safetensors file, once, when the model is fetched.

Nothing is unpickled when the toolkit starts. The checkpoint's SHA-256 is checked before this module opens it, it is
read by torch's restricted loader, and the result has a pinned SHA-256 too: the same bytes on every machine.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

__all__ = ["CONVERTERS", "ConversionError", "convert"]

CONVERTERS: Mapping[str, tuple[str, ...]] = {
    # converter: classes named in the pickle that are replaced by an empty stand-in, never imported
    "state-dict": (),
    "lightning": (
        "pyannote.audio.core.task.Specifications",
        "pyannote.audio.core.task.Problem",
        "pyannote.audio.core.task.Resolution",
        "torch.torch_version.TorchVersion",
    ),
}


class ConversionError(Exception):
    """A checkpoint that cannot be read the safe way."""


class StandIn:
    """What a class named in the checkpoint becomes: it takes any state and does nothing with it."""

    def __new__(cls, *_: object) -> Self:
        """Take and forget the arguments."""
        return super().__new__(cls)

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def convert(converter: str, checkpoint: Path, target: Path) -> None:
    """Write the weights of `checkpoint` as safetensors.

    Parameters
    ----------
    converter
        ``state-dict`` for a file that is a plain dictionary of tensors, ``lightning`` for one that holds it under
        ``state_dict`` beside hyper-parameters.
    checkpoint
        A file whose hash was checked.
    target
        Where the safetensors file goes.

    Raises
    ------
    ConversionError
        When the checkpoint holds anything but what the converter expects.
    """
    import torch
    from safetensors.torch import save_file

    allowed: list[Any] = [(type("StandIn", (StandIn,), {}), name) for name in CONVERTERS[converter]]
    try:
        with torch.serialization.safe_globals(allowed):
            loaded = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ConversionError(f"the checkpoint cannot be read safely ({type(error).__name__})") from None
    weights = loaded.get("state_dict") if converter == "lightning" and isinstance(loaded, dict) else loaded
    if not isinstance(weights, dict) or not all(isinstance(w, torch.Tensor) for w in weights.values()):
        raise ConversionError("the checkpoint holds no table of weights")
    save_file({name: weight.clone().contiguous() for name, weight in weights.items()}, target)
