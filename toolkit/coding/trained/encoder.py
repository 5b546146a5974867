"""The encoder half of the coder: a small transformer in ONNX, read in batches of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from toolkit.coding.trained.reading import Piece, Reader, Said
from toolkit.errors import BackendError
from toolkit.threads import count

__all__ = ["Encoder", "Vocabulary", "batches"]

BATCH_TOKENS = 1024  # of one batch, padding included: what stays in a processor's cache is read twice as fast
PAD = 0


class Vocabulary:
    """The encoder's tokenizer, from its ``tokenizer.json``."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, text: str) -> list[int]:
        """Ids of a text without marks."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def id_of(self, token: str) -> int:
        """Id of one token of the vocabulary.

        Raises
        ------
        BackendError
            When the vocabulary has no such token.
        """
        found = self._tokenizer.token_to_id(token)
        if found is None:
            raise BackendError(f"the coder's vocabulary lacks the token {token}.", hint="Install the toolkit again.")
        return int(found)


class Encoder:
    """Scores of every head from an ONNX model.

    Parameters
    ----------
    folder
        Holds ``encoder.onnx`` and ``tokenizer.json``.
    threads
        Of the runtime; 0 takes this process's share.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or count()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the parser wants the cores too
        options.log_severity_level = 3  # it warns of every GPU that is not there
        self._session = onnxruntime.InferenceSession(
            str(folder / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.reader = Reader(Vocabulary(folder / "tokenizer.json"))

    def scores(self, said: Sequence[tuple[Said, Sequence[Said]]]) -> Any:
        """Logits of each utterance for each head, an array of shape (utterances, heads).

        Parameters
        ----------
        said
            Each utterance with those before it, the newest last.
        """
        import numpy as np

        pieces = [self.reader.read(own, before) for own, before in said]
        found: list[Any] = [None] * len(pieces)
        for places in batches([len(p.ids) for p in pieces]):
            for place, row in zip(places, self._run([pieces[i] for i in places]), strict=True):
                found[place] = row
        return np.stack(found) if found else np.zeros((0, 0), dtype=np.float32)

    def _run(self, pieces: Sequence[Piece]) -> Any:
        """One batch."""
        import numpy as np

        shape = (len(pieces), max(len(p.ids) for p in pieces))
        ids = np.full(shape, PAD, dtype=np.int64)
        segments, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, piece in enumerate(pieces):
            ids[row, : len(piece.ids)] = piece.ids
            segments[row, piece.own : len(piece.ids)] = 1
            mask[row, : len(piece.ids)] = 1
        return self._session.run(["scores"], {"ids": ids, "segments": segments, "mask": mask})[0]


def batches(lengths: Sequence[int], most: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Places of pieces of like length, as many together as fit into `most` tokens with padding.

    Examples
    --------
    >>> list(batches([5, 50, 6], most=60))
    [[0, 2], [1]]
    """
    current: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if current and lengths[place] * (len(current) + 1) > most:
            yield current
            current = []
        current.append(place)
    if current:
        yield current
