"""The coder's files: where they lie, whether they are whole, and what stands in them.

``coder.json`` holds the regression, the thresholds and the SHA-256 of the other files; they are checked before any of
them is read. The folder that comes with the package is made by ``pipelines/train_coder.py``, as is any other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from toolkit.coding.trained.heads import BINARY, HEADS, MAIN, TALK, Stack
from toolkit.coding.trained.linear import KINDS, Linear
from toolkit.coding.trained.verdicts import VERDICTS
from toolkit.errors import BackendError

__all__ = ["BUILT_IN", "FILES", "Weights", "digest", "folder"]

BUILT_IN = "built-in"
FILES = ("encoder.onnx", "tokenizer.json", "linear.npz")
HINT = 'Install the toolkit again, or set coding.weights = "built-in".'


def folder(name: str) -> Path:
    """The folder that `coding.weights` names."""
    return Path(str(files(__package__))) / "model" if name == BUILT_IN else Path(name).expanduser()


def digest(name: str) -> str:
    """SHA-256 of ``coder.json``, which holds those of all other files: other weights are another coder.

    Raises
    ------
    BackendError
        When there is no such file.
    """
    return hashlib.sha256(content(folder(name) / "coder.json")).hexdigest()


def content(path: Path) -> bytes:
    """The bytes of one file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackendError(f"the coder's {path.name} cannot be read: {type(error).__name__}.", hint=HINT) from None


class Weights:
    """All that was learnt, checked and read.

    Parameters
    ----------
    name
        The setting `coding.weights`.

    Raises
    ------
    BackendError
        When a file is not there, is not the one that ``coder.json`` names, or has another form.
    """

    def __init__(self, name: str) -> None:
        self.folder = folder(name)
        self.digest = digest(name)
        try:
            facts = json.loads(content(self.folder / "coder.json"))
            self.version = str(facts["version"])
            for file in FILES:
                if hashlib.sha256(content(self.folder / file)).hexdigest() != facts["sha256"][file]:
                    raise BackendError(f"the coder's {file} is not the one it was made with.", hint=HINT)
            self.stack = stack(facts["stack"])
            self.linear = linear(self.folder / "linear.npz")
        except (ValueError, KeyError, TypeError) as error:
            raise BackendError(f"the coder's files have another form ({type(error).__name__}).", hint=HINT) from None


def stack(table: Mapping[str, Any]) -> Stack:
    """The regression from its table."""
    import numpy as np

    weights, bias = (np.asarray(table[k], dtype=np.float64) for k in ("weights", "bias"))
    if weights.shape != (len(HEADS), 2 * len(HEADS) + len(VERDICTS)) or bias.shape != (len(HEADS),):
        raise ValueError
    limits = {name: float(table["thresholds"][name]) for name in BINARY}
    return Stack(weights, bias, limits, {name: float(table["offsets"][name]) for name in (*MAIN, *TALK)})


def linear(path: Path) -> Linear:
    """The linear half from its arrays; nothing in them is run."""
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        names = {kind: bytes(arrays[f"names_{kind}"]).decode("utf-8").split("\n") for kind in KINDS}
        rarity = arrays["rarity"].astype(np.float32)
        weights, bias = arrays["weights"].astype(np.float32), arrays["bias"].astype(np.float32)
    places: dict[str, dict[str, int]] = {}
    row = 0
    for kind in KINDS:
        places[kind] = {name: row + i for i, name in enumerate(names[kind])}
        row += len(names[kind])
    if weights.shape != (row, len(HEADS)) or rarity.shape != (row,):
        raise ValueError
    return Linear(places, rarity, weights, bias)
