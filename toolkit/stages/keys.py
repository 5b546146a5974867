"""What each stage of the chain reads, and the key that its result is kept and found under.

A key is a digest of a stage's own inputs and of the keys of the stages before it. A change of anything that a stage
reads changes its key and those after it, and no other: another coder leaves words, speakers and dialogue as they are.

=========== ====================== ====================================================================================
stage       after                  reads
=========== ====================== ====================================================================================
decode                             recording, transcript made elsewhere, excluded portions, channel map, ``[audio]``
words       decode (and, of a      language, ``[words]`` but its threads, the transcriber's models
            channel map, speakers)
speakers    decode                 how many speakers, ``[speakers]``, the diarizer's models
dialogue    words, speakers        ``[dialogue]``, ``[roles]``, the ids of ``sessions.csv``, voices it is compared with
codes       words, speakers        ``[coding]``, the coder's models and rules, where utterances begin and end
measures    dialogue, codes        ``[measures]``
=========== ====================== ====================================================================================

Of a session that is a transcript alone, words and speakers read the transcript and nothing that hears: no model of
theirs need be there. Every stage also reads its own version (`VERSIONS`) and those of the libraries that do its work.
How many threads or workers there are is in no key: it changes no number (see docs/adr/0014-stages.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Any

from toolkit.backends import BACKENDS, check, create
from toolkit.backends.channels import SEGMENTATION
from toolkit.backends.voiceprint import model_sha256
from toolkit.coding import cues
from toolkit.coding.trained import weights
from toolkit.consent.admit import ConsentedRecording
from toolkit.models import sha256
from toolkit.settings import Settings, lists_digest
from toolkit.types import Recording

__all__ = ["TRAINED", "VERSIONS", "Keys", "Machinery", "Stage", "changes", "keys_of", "machinery_of", "models_of"]

TRAINED = "trained"


class Stage(StrEnum):
    """The stages whose results are kept, in order."""

    DECODE = "decode"
    WORDS = "words"
    SPEAKERS = "speakers"
    DIALOGUE = "dialogue"
    CODES = "codes"
    MEASURES = "measures"


VERSIONS: Mapping[Stage, str] = {
    **dict.fromkeys(Stage, "1"),
    **dict.fromkeys((Stage.WORDS, Stage.SPEAKERS), "2"),
    Stage.DIALOGUE: "3",
}
"""Of the code of each stage: goes up when the same inputs would give other numbers."""

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "faster-whisper": ("faster-whisper", "ctranslate2"),
    "pyannote": ("pyannote.audio", "torch"),
    "channels": ("pyannote.audio", "torch"),
    "trained": ("spacy", "onnxruntime"),
    "rules": ("spacy",),
}
"""Packages that do the work of a backend."""

SPEAKERS = ("pipeline", "device", "segmentation_step", "anchor_step", "clustering_threshold")
CHANNELS = ("device", "bleed_db")  # what is read of [speakers] when every speaker has a channel
CUTTING = (
    "word_reach",
    "utterance_gap",
    "backchannel_max_words",
)  # what is read of [dialogue] before anything is coded
ROLES = ("min_confidence", "backend", "voice_threshold", "voice_speech")

HEARING = frozenset({"words", "speakers", "channels", "voices"})
"""Parts that a transcript alone does not need."""

Parts = Mapping[str, str]
"""What a stage reads: name to a short digest of the value. Names say what changed, digests give no value away."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What each stage of one session reads, and the digests of it."""

    parts: Mapping[Stage, Parts]
    digests: Mapping[Stage, str]
    result: str
    """Of everything that the results depend on: of the last stage and of what consent lets be written."""


class Machinery:
    """What the settings give a stage to read, the same for every session: settings, models, libraries, versions.

    Each part is found when it is first asked for, so that a study of transcripts needs no model that hears.

    Parameters
    ----------
    makers
        Name of a part to what finds it.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Parts]]) -> None:
        self._makers = makers
        self._found: dict[str, Parts] = {}

    def __getitem__(self, name: str) -> Parts:
        """One part; raises as `machinery_of`."""
        if name not in self._found:
            self._found[name] = self._makers[name]()
        return self._found[name]

    def check(self, *, heard: bool) -> None:
        """Find what there is to find, so that what is wrong is said at once; what hears only where something is."""
        for name in self._makers:
            if heard or name not in HEARING:
                self[name]


def parts_of(settings: Settings) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Kind, backend and models of each part that these settings name, in the order of the stages."""
    words, speakers, coding = settings.words, settings.speakers, settings.coding
    parts = (
        ("transcriber", words.backend, (words.model,)),
        ("diarizer", speakers.backend, tuple(speakers.pipeline.split("+"))),
    )
    found = parts if coding.coder == "none" else (*parts, ("coder", coding.coder, (coding.model,)))
    for kind, backend, _ in found:
        check(kind, backend)
    return found


def models_of(settings: Settings, *, heard: bool = True) -> tuple[str, ...]:
    """Names or paths of the models that a run with these settings loads.

    Replayed files are none, and what a backend of somebody else's loads is its own affair. Where nothing is `heard`,
    as all sessions are transcripts alone, they are those of the coder.
    """
    return tuple(
        model
        for kind, backend, models in parts_of(settings)
        if backend != "files" and backend in BACKENDS[kind] and (heard or kind == "coder")
        for model in models
    )


def machinery_of(settings: Settings) -> Machinery:
    """What the settings give each stage to read, found without loading a model.

    Raises
    ------
    ConfigError
        When no backend has the name that is set; with `Machinery.check`, or when a part is asked for, also
    BackendError
        when a model, or a file that is replayed, is not there.
    """
    named = {kind: (backend, models) for kind, backend, models in parts_of(settings)}

    def own(kind: str) -> Parts:
        return backend_parts(kind, *named[kind], settings) if kind in named else {}

    replayed = settings.words.backend == "files"
    return Machinery(
        {
            "decode": lambda: {**chosen(settings, "audio"), **libraries("av")},
            "words": lambda: {**chosen(settings, "words", words_read(replayed=replayed)), **own("transcriber")},
            "speakers": lambda: {**chosen(settings, "speakers", speakers_read(settings)), **own("diarizer")},
            "channels": lambda: {
                **chosen(settings, "speakers", CHANNELS),
                **libraries(*LIBRARIES["channels"]),
                "model": short(sha256(SEGMENTATION)),
            },
            "dialogue": lambda: {
                **chosen(settings, "dialogue"),
                "dialogue.lexicons": short(lists_digest(settings.dialogue.lexicons)),  # their words
                **chosen(settings, "roles", ROLES),
            },
            "voices": lambda: {**chosen(settings, "speakers", ("device",)), "voice model": short(model_sha256())},
            "codes": lambda: {
                **chosen(settings, "dialogue", CUTTING),
                "dialogue.lexicons": short(lists_digest(settings.dialogue.lexicons)),
                **chosen(settings, "coding", ("coder",)),
                **own("coder"),
            },
            "measures": lambda: chosen(settings, "measures"),
        }
    )


def words_read(*, replayed: bool) -> tuple[str, ...]:
    """Settings of ``[words]`` that a transcriber reads; of replayed words the file says everything."""
    whole = ("backend", "model", "device", "compute_type", "batch_size", "beam_size", "max_repeats")
    return whole[:1] if replayed else whole


def speakers_read(settings: Settings) -> tuple[str, ...]:
    """Settings of ``[speakers]`` that a diarizer reads."""
    return ("backend",) if settings.speakers.backend == "files" else ("backend", *SPEAKERS)


def backend_parts(kind: str, backend: str, models: Iterable[str], settings: Settings) -> Parts:
    """Models, libraries and replayed file of a backend."""
    if backend == "files":
        return {"file": short(create(kind, backend, settings).describe()["file_sha256"])}
    if backend not in BACKENDS[kind]:
        return third_party(kind, backend, models)
    found = {f"model {n}" if n > 1 else "model": short(sha256(model)) for n, model in enumerate(models, start=1)}
    found |= libraries(*LIBRARIES.get(backend, ()))
    if kind == "coder":
        found["rules"] = short(cues.digest())
    if backend == TRAINED:
        found["weights"] = short(weights.digest(settings.coding.weights))
    return found


def third_party(kind: str, backend: str, models: Iterable[str]) -> Parts:
    """The package that brings a backend of somebody else's, and the names of models it is given."""
    entry = next(e for e in entry_points(group=f"toolkit.{kind}") if e.name == backend)
    package = [entry.dist.name, entry.dist.version] if entry.dist else []
    return {"backend": short([entry.value, *package]), "model": short(list(models))}


def chosen(settings: Settings, section: str, names: Iterable[str] | None = None) -> Parts:
    """Settings of a section, all of them when none are named."""
    values = getattr(settings, section)
    return {f"{section}.{name}": short(getattr(values, name)) for name in (names or values.__slots__)}


def libraries(*names: str) -> Parts:
    """Versions of packages."""
    return {name: short(installed(name)) for name in names}


@cache
def installed(name: str) -> str:
    """Version of an installed package, empty for one that is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def keys_of(consented: ConsentedRecording, machinery: Machinery) -> Keys:
    """The keys of one session's stages, found without loading a model."""
    recording, made = consented.recording, machinery
    mapped, brought = bool(recording.channels), recording.transcript
    before: dict[Stage, tuple[Stage, ...]] = {
        Stage.DECODE: (),
        Stage.SPEAKERS: (Stage.DECODE,),
        Stage.WORDS: (Stage.DECODE, Stage.SPEAKERS) if mapped else (Stage.DECODE,),
        Stage.DIALOGUE: (Stage.WORDS, Stage.SPEAKERS),
        Stage.CODES: (Stage.WORDS, Stage.SPEAKERS),
        Stage.MEASURES: (Stage.DIALOGUE, Stage.CODES),
    }
    parts: dict[Stage, Parts] = {
        Stage.DECODE: {
            "recording": short(consented.sha256),
            "excluded portions": short([[span.start, span.end] for span in consented.excluded]),
            "channel map": short(list(recording.channels)),
            **({"transcript": short([consented.transcript_sha256, *brought.speakers])} if brought else {}),
            **made["decode"],
        },
        Stage.WORDS: {"language": short(recording.language), **(made["words"] if recording.has_sound else {})},
        Stage.SPEAKERS: speakers_parts(recording, made),
        Stage.DIALOGUE: {
            "people": short([recording.therapist, recording.client]),
            **made["dialogue"],
            **(
                {"enrolled voices": short(sorted(v.digest for v in consented.voices)), **made["voices"]}
                if consented.voices and recording.has_sound
                else {}
            ),
        },
        Stage.CODES: made["codes"],
        Stage.MEASURES: made["measures"],
    }
    digests: dict[Stage, str] = {}
    for stage, earlier in before.items():
        parts[stage] = {**parts[stage], "code": short(VERSIONS[stage])}
        digests[stage] = digest([stage, parts[stage], [digests[s] for s in earlier]])
    purposes = sorted(consented.purposes)
    parts[Stage.MEASURES] = {**parts[Stage.MEASURES], "purposes": short(purposes)}
    return Keys({s: parts[s] for s in Stage}, digests, digest([digests[Stage.MEASURES], purposes]))


def speakers_parts(recording: Recording, made: Machinery) -> Parts:
    """What the stage of speakers reads: channels where each speaker has one, nothing where there is no sound."""
    if not recording.has_sound:
        return {}
    return made["channels"] if recording.channels else {"number of speakers": counted(recording), **made["speakers"]}


def counted(recording: Recording) -> str:
    """How many speakers there are said to be."""
    return short([recording.min_speakers, recording.max_speakers])


def changes(before: Mapping[str, Parts], now: Mapping[Stage, Parts]) -> dict[Stage, tuple[str, ...]]:
    """Of each stage that would give something else now, what it reads that is not as it was.

    Parameters
    ----------
    before
        What the stages of the results have read, as their manifest says.
    now
        What they would read.
    """
    found = {}
    for stage in Stage:
        was, own = before.get(stage, {}), now[stage]
        different = tuple(sorted(name for name in {*was, *own} if was.get(name) != own.get(name)))
        if different:
            found[stage] = different
    return found


def digest(value: Any) -> str:
    """SHA-256 of a value in canonical form."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def short(value: Any) -> str:
    """The beginning of the digest of one value: enough to tell it from another."""
    return digest(value)[:16]
