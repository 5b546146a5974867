"""Replays words, speaker intervals and codes from files, so that the whole chain runs with no model.

For transcripts and diarizations made elsewhere, or corrected by hand, and for tests. Each part of the chain takes its
file from the setting that otherwise names its model, a path from the working directory or an absolute one:

============ ====================== ==========================================
part         setting                file, or the only such file in a folder
============ ====================== ==========================================
transcriber  ``words.model``        ``*.words.json`` or ``*.ctm``
diarizer     ``speakers.pipeline``  ``*.rttm``
coder        ``coding.model``       ``*.codes.json``
============ ====================== ==========================================

A backend hears a waveform and knows no session, so one study with these backends replays one session; give each
session's files in a study of its own.

Conventions
-----------
``.words.json``: ``{"language": "en", "words": [{"start": 0.5, "end": 0.9, "text": "Hello.", "probability": 0.98}]}``,
seconds; the probability may be left out (1). ``.ctm``: lines of file, channel, start, duration, word and, optionally,
probability. ``.rttm``: SPEAKER lines of one recording, whose labels are kept. ``.codes.json``:
``{"codes": [{"utterance": 0, "code": "simple_reflection"}]}``, with the optional fields of `AppliedCode`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import BackendError, InputError
from toolkit.formats import rttm
from toolkit.settings import Settings
from toolkit.types import (
    AppliedCode,
    Code,
    CodedUtterance,
    Diarization,
    Missing,
    SpeakerInterval,
    SpokenUtterance,
    Transcript,
    Word,
)

if TYPE_CHECKING:
    from toolkit.audio import Waveform
    from toolkit.backends import Progress

__all__ = [
    "FileCoder",
    "FileDiarizer",
    "FileTranscriber",
    "create_coder",
    "create_diarizer",
    "create_transcriber",
    "exclusive",
]


def create_transcriber(settings: Settings) -> FileTranscriber:
    """Make the transcriber ``files``, which replays ``words.model``."""
    return FileTranscriber(find(settings.words.model, (".words.json", ".ctm"), "words.model"))


def create_diarizer(settings: Settings) -> FileDiarizer:
    """Make the diarizer ``files``, which replays ``speakers.pipeline``."""
    return FileDiarizer(find(settings.speakers.pipeline, (".rttm",), "speakers.pipeline"))


def create_coder(settings: Settings) -> FileCoder:
    """Make the coder ``files``, which replays ``coding.model``."""
    return FileCoder(find(settings.coding.model, (".codes.json",), "coding.model"))


class Replayed:
    """A file and what it says of itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.data = path.read_bytes()
        except OSError as error:
            raise BackendError(f"{path.name} cannot be read: {type(error).__name__}.") from None

    def describe(self) -> Mapping[str, str]:
        """Name and the hash of the file, never its name: that might be somebody's."""
        return {"name": "files", "file_sha256": hashlib.sha256(self.data).hexdigest()}

    def parsed(self, parse: Callable[[Any], Any]) -> Any:
        """What `parse` makes of the file's JSON.

        Raises
        ------
        BackendError
            When it is no such JSON.
        """
        try:
            return parse(json.loads(self.data.decode("utf-8-sig")))
        except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackendError(
                f"{self.path.name} is not as it should be ({type(error).__name__}).",
                hint="Its form is described in toolkit/backends/files.py.",
            ) from None


class FileTranscriber(Replayed):
    """The transcriber ``files``."""

    def transcribe(self, waveform: Waveform, *, language: str, progress: Progress) -> Transcript:
        """The words of the file that lie inside `waveform`; those outside are counted as rejected.

        A language that was asked for goes before the file's.
        """
        found, told = self.parsed(words_of) if self.path.suffix == ".json" else (self.ctm(), "")
        kept = [w for w in found if 0 <= w.start < w.end <= waveform.duration + 0.05]
        progress(waveform.duration)
        words = tuple(sorted(kept, key=lambda w: (w.start, w.end)))
        code = language or told
        return Transcript(words, code, 1.0 if code else 0.0, len(found) - len(kept))

    def ctm(self) -> list[Word]:
        """The words of CTM lines; ``;;`` begins a comment."""
        words = []
        for number, line in enumerate(self.data.decode("utf-8-sig", errors="replace").splitlines(), start=1):
            fields = line.split()
            if not fields or line.startswith(";;"):
                continue
            try:
                start, length = float(fields[2]), float(fields[3])
                words.append(Word(start, start + length, fields[4], float(fields[5]) if len(fields) > 5 else 1.0))
            except (IndexError, ValueError):
                raise BackendError(
                    f"{self.path.name}, line {number} is no CTM line.", hint="file channel start duration word"
                ) from None
        return words


class FileDiarizer(Replayed):
    """The diarizer ``files``."""

    def diarize(
        self,
        waveform: Waveform,
        *,
        min_speakers: int,  # noqa: ARG002
        max_speakers: int,  # noqa: ARG002
        progress: Progress,
    ) -> Diarization:
        """The intervals of the file, cut to the length of `waveform`; the bounds on speakers change nothing."""
        try:
            recordings = rttm.parse(self.data.decode("utf-8-sig", errors="replace"), self.path.name)
        except InputError as error:
            raise BackendError(error.message, hint=error.hint) from None
        if len(recordings) > 1:
            raise BackendError(f"{self.path.name} holds {len(recordings)} recordings.", hint="Give a file with one.")
        found = (i for lines in recordings.values() for i in lines if i.start < waveform.duration)
        regular = tuple(SpeakerInterval(i.start, min(i.end, waveform.duration), i.speaker) for i in found)
        progress(waveform.duration)
        return Diarization(regular, exclusive(regular), measured=False)


class FileCoder(Replayed):
    """The coder ``files``."""

    def code(
        self,
        utterances: Sequence[SpokenUtterance],
        *,
        language: str,  # noqa: ARG002 - the protocol's
    ) -> tuple[CodedUtterance, ...] | Missing:
        """The codes of the file, by the number of the utterance."""
        found: dict[int, list[AppliedCode]] = self.parsed(codes_of)
        if missing := sorted(set(found) - {u.index for u in utterances}):
            raise BackendError(
                f"{self.path.name} codes utterance {missing[0]}, and the session has {len(utterances)} utterances.",
                hint="The codes belong to other words or another diarization.",
            )
        return tuple(CodedUtterance(u.index, tuple(fitted(found.get(u.index, ()), u))) for u in utterances)


def find(named: str, endings: Sequence[str], setting: str) -> Path:
    """The file that a setting names: itself, or the only one with such an ending in a folder."""
    path = Path(named)
    if path.is_file():
        return path
    found = sorted(p for p in path.iterdir() if p.name.endswith(tuple(endings))) if path.is_dir() else []
    if len(found) != 1:
        raise BackendError(
            f"{setting} names {path.name}, where there are {len(found)} files ending in {' or '.join(endings)}.",
            hint="The backend files replays one: give its path.",
        )
    return found[0]


def words_of(data: Any) -> tuple[list[Word], str]:
    """Words and language of a ``.words.json``."""
    words = [
        Word(float(w["start"]), float(w["end"]), str(w["text"]).strip(), float(w.get("probability", 1.0)))
        for w in data["words"]
    ]
    if not all(math.isfinite(w.start) and math.isfinite(w.end) for w in words):
        raise ValueError("a time is not finite")
    return words, str(data.get("language", ""))


def codes_of(data: Any) -> dict[int, list[AppliedCode]]:
    """Codes of a ``.codes.json`` by utterance; -1 as last word stands for the utterance's last."""
    found: dict[int, list[AppliedCode]] = {}
    for entry in data["codes"]:
        found.setdefault(int(entry["utterance"]), []).append(
            AppliedCode(
                code=Code(entry["code"]),
                coder=str(entry.get("coder", "files")),
                rule=str(entry.get("rule", "")),
                first_word=int(entry.get("first_word", 0)),
                last_word=int(entry.get("last_word", -1)),
                answers=int(entry.get("answers", -1)),
            )
        )
    return found


def fitted(codes: Iterable[AppliedCode], utterance: SpokenUtterance) -> Iterable[AppliedCode]:
    """Codes with their words inside the utterance."""
    last = max(0, len(utterance.words) - 1)
    for code in codes:
        end = last if code.last_word < 0 else min(code.last_word, last)
        yield AppliedCode(code.code, code.coder, code.rule, min(max(0, code.first_word), end), end, code.answers)


def exclusive(intervals: Iterable[SpeakerInterval]) -> tuple[SpeakerInterval, ...]:
    """One speaker at a time: who began first keeps the floor until the end of the interval.

    Examples
    --------
    >>> exclusive([SpeakerInterval(0, 2, "A"), SpeakerInterval(1, 3, "B")])
    (SpeakerInterval(start=0, end=2, speaker='A'), SpeakerInterval(start=2, end=3, speaker='B'))
    """
    found: list[SpeakerInterval] = []
    floor = 0.0
    for interval in sorted(intervals, key=lambda i: (i.start, i.end, i.speaker)):
        start = max(interval.start, floor)
        if start < interval.end:
            found.append(SpeakerInterval(start, interval.end, interval.speaker))
            floor = interval.end
    return tuple(found)
