"""Words from faster-whisper: where somebody speaks, each once, with times inside the recording.

Conventions
-----------
Speech is found first (Silero VAD, in faster-whisper), its pieces are packed into clips of at most 30 s, and only these
clips are decoded, so nothing can be invented where nobody speaks. Times are mapped back piece by piece: a word lies
inside one piece of speech and cannot swallow the silence between two. Decoding is greedy in temperature (0 only) and
never conditioned on earlier text, so the same waveform gives the same words.

Two guards look at each clip afterwards, and what they take out is counted: a clip the model itself calls silent with
low confidence is left out, and a clip in which a phrase is repeated too often, or which compresses too well, is
decoded once more without repetition. And speech in which no words were found is decoded once more by itself: Whisper
ends a clip early now and then, and whole sentences are lost.

Batches of clips are decoded beside each other, each by one thread from beginning to end. So how many threads there are
changes no number, none waits for another inside a matrix product, and the diarizer can use what they leave.

References
----------
A. Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022 (thresholds of section 4.5);
https://github.com/SYSTRAN/faster-whisper.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from toolkit import threads
from toolkit.backends.beside import in_order
from toolkit.backends.loops import collapse, is_loop
from toolkit.backends.speech import RATE, pieces_of_speech
from toolkit.errors import BackendError
from toolkit.settings import Settings, WordSettings
from toolkit.types import Transcript, Word

if TYPE_CHECKING:
    from toolkit.audio import Waveform
    from toolkit.backends import Progress

__all__ = ["FasterWhisper", "create", "tidy"]

CLIP = 30.0  # s: what the model hears at once
UNHEARD = 1.0  # s: speech without words that is longer is decoded once more by itself
MARGIN = 0.3  # s: left out around words when looking for it, as word times are no finer
SHORTEST_SOUND = 0.1  # s: less holds no word
SHORTEST_WORD = 0.02  # s: what Whisper's time resolution can tell apart
NO_SPEECH = 0.6  # Whisper's own: above it and ...
LOW_LOGPROB = -1.0  # ... below this, a clip is taken for silent
COMPRESSION = 2.4  # Whisper's own: text that compresses better than this repeats itself
NO_REPEAT_NGRAM = 3  # tokens: for the second decoding of a clip that loops


@dataclass(frozen=True, slots=True)
class Clip:
    """Pieces of speech, as samples of the recording, that are decoded together."""

    pieces: tuple[tuple[int, int], ...]

    @property
    def length(self) -> int:
        """Samples in all."""
        return sum(end - start for start, end in self.pieces)

    def restore(self, start: float, end: float) -> tuple[float, float]:
        """Map seconds of the clip to seconds of the recording, both inside the piece that holds the middle."""
        middle = (start + end) / 2
        passed = 0.0
        for first, last in self.pieces:
            length = (last - first) / RATE
            if middle < passed + length or (first, last) == self.pieces[-1]:
                offset = first / RATE - passed
                low, high = first / RATE, last / RATE
                return min(max(start + offset, low), high), min(max(end + offset, low), high)
            passed += length
        raise AssertionError("a clip has at least one piece")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the model made of one clip."""

    words: tuple[Word, ...]
    no_speech: float
    logprob: float
    compression: float


def create(settings: Settings) -> FasterWhisper:
    """Load the model that the settings name.

    Raises
    ------
    BackendError
        When the model is not there, is damaged, or does not run on the device asked for.
    """
    return FasterWhisper(settings.words)


class FasterWhisper:
    """The transcriber ``faster-whisper``."""

    def __init__(self, settings: WordSettings) -> None:
        from toolkit import models

        self.settings = settings
        folder = models.path(settings.model)
        if not (folder / "tokenizer.json").is_file():  # the library would go and look for it on the model hub
            raise BackendError(
                f"the model {folder.name} has no tokenizer.json.", hint="A CTranslate2 Whisper folder needs one."
            )
        import ctranslate2
        from faster_whisper import WhisperModel

        self.device = settings.device
        if self.device == "auto":
            self.device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        self.compute_type = settings.compute_type
        if self.compute_type == "auto":
            self.compute_type = "float16" if self.device == "cuda" else "int8"
        self.workers = 1 if self.device == "cuda" else settings.threads or threads.count()
        try:
            self.model = WhisperModel(
                str(folder),
                device=self.device,
                compute_type=self.compute_type,
                cpu_threads=1,
                num_workers=self.workers,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise BackendError(
                f"the Whisper model {folder.name} cannot be loaded on {self.device} as {self.compute_type}"
                f" ({type(error).__name__}).",
                hint="Check it with: toolkit models verify. Or set words.device and words.compute_type.",
            ) from error

    def describe(self) -> Mapping[str, str]:
        """Name, versions, model and its hash, device and number type."""
        from toolkit import models

        return {
            "name": "faster-whisper",
            "faster-whisper": version("faster-whisper"),
            "ctranslate2": version("ctranslate2"),
            "model": last_part(self.settings.model),
            "model_sha256": models.sha256(self.settings.model),
            "device": self.device,
            "compute_type": self.compute_type,
            "batch_size": str(self.settings.batch_size),
        }

    def transcribe(self, waveform: Waveform, *, language: str, progress: Progress) -> Transcript:
        """Words of `waveform` in order of start.

        Parameters
        ----------
        waveform
            Mono, 16 kHz.
        language
            A code such as ``en``; empty to detect it on the first speech.
        progress
            Told the seconds of audio done, after each batch.

        Returns
        -------
        Transcript
            No words when nobody speaks; the language is then the one given, or empty.

        Raises
        ------
        BackendError
            When the model does not know the language, or fails.
        """
        if waveform.rate != RATE:
            raise BackendError(f"Whisper needs {RATE} samples a second, the waveform has {waveform.rate}.")
        self.check(language)
        clips = self.clips(waveform)
        if not clips:
            progress(waveform.duration)
            return Transcript((), language, 1.0 if language else 0.0, 0)
        try:
            code, sure = (language, 1.0) if language else self.detect(waveform, clips)
            words: list[Word] = []
            rejected = 0
            groups = list(batches(clips, self.settings.batch_size))
            heard = in_order(lambda batch: self.hear_twice(waveform, batch, code), groups, workers=self.workers)
            for batch, (found, dropped) in zip(groups, heard, strict=True):
                words.extend(found)
                rejected += dropped
                progress(batch[-1].pieces[-1][1] / RATE)
        except RuntimeError as error:  # what CTranslate2 raises, out of memory included
            raise BackendError(
                f"faster-whisper failed on {self.device} ({type(error).__name__}).",
                hint='Try a smaller words.batch_size, or words.device = "cpu".',
            ) from error
        progress(waveform.duration)
        return Transcript(tidy(words, waveform.duration), code, sure, rejected)

    def check(self, language: str) -> None:
        """Refuse a language that the model does not know."""
        known = self.model.supported_languages
        if language and language not in known:
            raise BackendError(
                f"the model {last_part(self.settings.model)} does not know the language {language!r}.",
                hint="It knows only English." if len(known) == 1 else "Give a code such as en, de or fr.",
            )

    def clips(self, waveform: Waveform) -> list[Clip]:
        """Find speech and pack its pieces into clips."""
        samples = waveform.samples
        if waveform.duration < SHORTEST_SOUND or not samples.any():
            return []
        clips: list[Clip] = []
        pieces: list[tuple[int, int]] = []
        for piece in pieces_of_speech(samples, longest=CLIP):
            if pieces and sum(e - s for s, e in (*pieces, piece)) > CLIP * RATE:
                clips.append(Clip(tuple(pieces)))
                pieces = []
            pieces.append(piece)
        return [*clips, Clip(tuple(pieces))] if pieces else clips

    def detect(self, waveform: Waveform, clips: Sequence[Clip]) -> tuple[str, float]:
        """Detect the language on the first two minutes of speech."""
        if not self.model.model.is_multilingual:
            return "en", 1.0
        code, sure, _ = self.model.detect_language(
            audio=join(waveform, clips[:4]), language_detection_segments=4, language_detection_threshold=0.5
        )
        return str(code), float(sure)

    def hear_twice(self, waveform: Waveform, clips: Sequence[Clip], language: str) -> tuple[list[Word], int]:
        """Words of clips in order of start, those of a second hearing among them, and how many were rejected."""
        kept, rejected = self.hear(waveform, clips, language)
        again = [clip for clip, heard in zip(clips, kept, strict=True) for clip in unheard(clip, heard)]
        more, rejected_again = self.hear(waveform, again, language) if again else ([], 0)
        return sorted(itertools.chain(*kept, *more), key=lambda word: word.start), rejected + rejected_again

    def hear(self, waveform: Waveform, clips: Sequence[Clip], language: str) -> tuple[list[tuple[Word, ...]], int]:
        """Words of each clip that stand up to the guards, and how many were rejected."""
        words: list[tuple[Word, ...]] = []
        rejected = 0
        for batch in batches(clips, self.settings.batch_size):
            for clip, decoded in zip(batch, self.decode(waveform, batch, language), strict=True):
                kept, dropped = self.guard(waveform, clip, decoded, language)
                words.append(kept)
                rejected += dropped
        return words, rejected

    def decode(
        self, waveform: Waveform, clips: Sequence[Clip], language: str, *, no_repeat: int = 0
    ) -> tuple[Decoded, ...]:
        """Decode clips in one batch."""
        from faster_whisper import BatchedInferencePipeline

        bounds = [0]
        for clip in clips:
            bounds.append(bounds[-1] + clip.length)
        # a pipeline of its own: it remembers the last word of a clip, which must not be another thread's
        segments, _ = BatchedInferencePipeline(self.model).transcribe(
            join(waveform, clips),
            language=language,
            clip_timestamps=[{"start": a / RATE, "end": b / RATE} for a, b in itertools.pairwise(bounds)],
            batch_size=len(clips),
            beam_size=self.settings.beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=False,  # the library's default for batches: it ends a clip at a change of speaker
            word_timestamps=True,
            no_repeat_ngram_size=no_repeat,
        )
        found: list[list[Any]] = [[] for _ in clips]
        for segment in segments:  # a lazy generator: its errors belong here
            middle = (segment.seek / 100 + 0.05) * RATE
            found[max(i for i, bound in enumerate(bounds[:-1]) if bound <= middle)].append(segment)
        return tuple(
            gather(clip, bound / RATE, parts) for clip, bound, parts in zip(clips, bounds, found, strict=False)
        )

    def guard(self, waveform: Waveform, clip: Clip, decoded: Decoded, language: str) -> tuple[tuple[Word, ...], int]:
        """Words of a clip that stand, and how many were rejected."""
        if decoded.no_speech > NO_SPEECH and decoded.logprob < LOW_LOGPROB:
            return (), len(decoded.words)
        limit = self.settings.max_repeats
        if not is_loop([w.text for w in decoded.words], limit) and decoded.compression <= COMPRESSION:
            return decoded.words, 0
        (again,) = self.decode(waveform, [clip], language, no_repeat=NO_REPEAT_NGRAM)
        kept = collapse(again.words, limit)
        return kept, max(0, len(decoded.words) - len(kept))


def unheard(clip: Clip, words: Sequence[Word]) -> list[Clip]:
    """Stretches of the clip's speech in which no word was found, each a clip of its own.

    Whisper sometimes ends a clip early, most of all where the speaker changes, and a whole sentence is gone.
    """
    found: list[Clip] = []
    for first, last in clip.pieces:
        position = first / RATE
        inside = [w for w in words if w.end > first / RATE and w.start < last / RATE]
        for start, end in [*((w.start - MARGIN, w.end + MARGIN) for w in inside), (last / RATE, last / RATE)]:
            if start - position >= UNHEARD:
                found.append(Clip(((int(position * RATE), int(start * RATE)),)))
            position = max(position, end)
    return found


def last_part(model: str) -> str:
    """The last part of a name or path: what may be shown and kept."""
    return model.replace("\\", "/").rstrip("/").rpartition("/")[2]


def batches(clips: Sequence[Clip], size: int) -> Iterator[Sequence[Clip]]:
    """Clips in groups of at most `size`."""
    for first in range(0, len(clips), size):
        yield clips[first : first + size]


def join(waveform: Waveform, clips: Sequence[Clip]) -> Any:
    """The samples of clips one after the other."""
    import numpy as np

    return np.concatenate([waveform.samples[start:end] for clip in clips for start, end in clip.pieces])


def gather(clip: Clip, offset: float, segments: Sequence[Any]) -> Decoded:
    """Put what the library says of one clip together; `offset` is where the clip starts in the batch, seconds."""
    words: list[Word] = []
    for segment in segments:
        for word in segment.words or ():
            text = word.word.strip()
            if any(c.isalnum() for c in text):
                start, end = clip.restore(word.start - offset, word.end - offset)
                words.append(Word(start, end, text, float(word.probability)))
    return Decoded(
        words=tuple(words),
        no_speech=min((s.no_speech_prob for s in segments), default=1.0),
        logprob=max((s.avg_logprob for s in segments), default=0.0),
        compression=max((s.compression_ratio for s in segments), default=0.0),
    )


def tidy(words: Sequence[Word], duration: float) -> tuple[Word, ...]:
    """Words in order with finite times inside the recording, each starting before it ends.

    Milliseconds: the recogniser is not finer. Starts never go back, as order of speech is what the model knows best.
    """
    tidied: list[Word] = []
    earliest = 0.0
    latest = max(0.0, int(duration * 1000) / 1000 - SHORTEST_WORD)
    for word in words:
        start = round(min(max(word.start, earliest), latest), 3)
        end = round(min(max(word.end, start + SHORTEST_WORD), latest + SHORTEST_WORD), 3)
        tidied.append(Word(start, end, word.text, min(1.0, max(0.0, word.probability))))
        earliest = start
    return tuple(tidied)
