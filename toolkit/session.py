"""The spine: one session from a consented recording to its measures, one line a stage."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version

from toolkit import audio, measures, overlay, roles, silences, turns, utterances, voices
from toolkit.audio import Audio
from toolkit.backends import Coder, check, codable, create
from toolkit.coding.book import RULES_ERROR, TRAINED_ERROR
from toolkit.coding.trained import weights
from toolkit.consent.admit import ConsentedRecording
from toolkit.intervals import Span, union
from toolkit.listening import Backends, Report, listen, wordless_speech
from toolkit.models import sha256
from toolkit.overlay import Corrections, Laid
from toolkit.result import UNCORRECTED, SessionResult
from toolkit.settings import Settings, digest
from toolkit.types import (
    AttributedWord,
    CodedUtterance,
    Dialogue,
    Missing,
    Provenance,
    Role,
    Silence,
    SilenceEvidence,
    SpeakerInterval,
    SpokenUtterance,
    Turn,
)

__all__ = ["Backends", "Report", "key_of", "load_backends", "measured", "models_of", "process", "remeasure"]

TRAINED = "trained"
CODE_VERSION = "3"  # goes up when the same inputs would give other numbers


def load_backends(settings: Settings) -> Backends:
    """Load the backends that the settings name, models included."""
    return Backends(
        transcriber=create("transcriber", settings.words.backend, settings),
        diarizer=create("diarizer", settings.speakers.backend, settings),
        coder=Missing("coding is turned off (coding.coder = none)")
        if settings.coding.coder == "none"
        else create("coder", settings.coding.coder, settings),
    )


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


def models_of(settings: Settings) -> tuple[str, ...]:
    """Names or paths of the models that a run with these settings loads; replayed files are none."""
    return tuple(model for _, backend, models in parts_of(settings) if backend != "files" for model in models)


def digests_of(settings: Settings) -> dict[str, str]:
    """Digest of every model and replayed file that these settings name, found without loading a model."""
    digests = {name: sha256(name) for name in models_of(settings)}
    for kind, backend, _ in parts_of(settings):
        if backend == "files":
            digests[kind] = create(kind, backend, settings).describe()["file_sha256"]
        if backend == TRAINED:
            digests["coder_weights"] = weights.digest(settings.coding.weights)
    return digests


def key_of(consented: ConsentedRecording, settings: Settings) -> str:
    """Digest of everything the results of a session depend on, found without loading a model."""
    recording = consented.recording
    parts = {
        "code": CODE_VERSION,
        "toolkit": version("counselling-session-toolkit"),
        "recording": consented.sha256,
        "excluded": [[span.start, span.end] for span in consented.excluded],
        "purposes": sorted(consented.purposes),
        "voices": sorted(voice.digest for voice in consented.voices),
        "settings": digest(settings),
        "models": digests_of(settings),
        "row": [recording.language, recording.min_speakers, recording.max_speakers, list(recording.channels)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def process(
    consented: ConsentedRecording,
    settings: Settings,
    backends: Callable[[], Backends],
    *,
    corrections: Corrections,
    report: Report,
) -> SessionResult:
    """Take one consented recording through every stage.

    Parameters
    ----------
    consented
        What `toolkit.consent.admit` made.
    settings
        Thresholds and names of backends.
    backends
        Gives the backends, as `load_backends` makes them; asked only once the recording has proved usable.
    corrections
        What counts of what humans said; it goes over the machine's.
    report
        Told about progress.

    Raises
    ------
    InputError
        When the recording cannot be used.
    BackendError
        When a model fails.
    """
    session_id = consented.recording.session_id
    report("audio", 0.0, 0.0)
    heard = audio.load(consented, settings.audio)
    loaded = backends()
    words, diarization, language, rejected = listen(heard, consented, settings, loaded, report)
    report("dialogue", 0.0, heard.mix.duration)
    spoken = utterances.split(words, settings.dialogue, language=language)
    floor = turns.build(diarization.regular, spoken, settings.dialogue, language=language, excluded=consented.excluded)
    quiet = check_silences(heard, words, diarization.regular, floor.turns, consented.excluded, settings)
    known = voices.recognise(heard.mix, diarization.regular, consented, settings)
    facts = replace(heard.facts, warnings=(*heard.facts.warnings, *known.notes))
    named = roles.name(spoken, speakers_of(diarization.regular), consented.recording, settings.roles, known)
    report("codes", 0.0, heard.mix.duration)
    codes = code(spoken, loaded.coder, language=language)
    report("measures", 0.0, heard.mix.duration)
    dialogue = Dialogue(
        session_id=session_id,
        duration=round(heard.mix.duration, 3),
        excluded=consented.excluded,
        roles=named,
        activity=diarization.regular,
        utterances=spoken,
        turns=floor.turns,
        backchannels=floor.backchannels,
        interruptions=floor.interruptions,
        silences=quiet,
        codes=codes,
        words_without_speaker=sum(w.speaker is None for w in words),
        speech_without_words=wordless_speech(diarization.regular, words, gap=settings.dialogue.ipu_gap),
        coded=codable(loaded.coder),
    )
    machine = SessionResult(
        dialogue=dialogue,
        utterances=spoken,
        words=words,
        measures=measures.compute(dialogue, settings),
        provenance=provenance(consented, settings, loaded),
        key=key_of(consented, settings),
        overlay="",
        facts=facts,
        language=language,
        rejected_words=rejected,
        warnings=(*facts.warnings, *warnings(dialogue, rejected), *measures.notes(dialogue, settings)),
    )
    return remeasure(machine, settings, corrections=corrections) if corrections.digest else machine


def remeasure(result: SessionResult, settings: Settings, *, corrections: Corrections) -> SessionResult:
    """Lay human corrections over what the machine made and compute all measures again; no model, no audio is needed.

    Parameters
    ----------
    result
        With earlier corrections or without: they are laid over the machine's account, never over each other.
    settings
        Those of the study.
    corrections
        What counts of what humans said; none gives the machine's result.
    """
    laid = overlay.lay(result.heard, corrections, settings.dialogue, language=result.language)
    return measured(result, settings, laid, overlaid=corrections.digest)


def measured(result: SessionResult, settings: Settings, laid: Laid, *, overlaid: str) -> SessionResult:
    """The result of corrections that are laid already; `overlaid` is their digest."""
    dialogue = laid.account.dialogue
    return replace(
        result,
        dialogue=dialogue,
        utterances=laid.account.utterances,
        words=laid.account.words,
        measures=measures.compute(dialogue, settings),
        overlay=overlaid,
        warnings=(
            *result.facts.warnings,
            *corrected(laid),
            *warnings(dialogue, result.rejected_words),
            *measures.notes(dialogue, settings),
        ),
        machine=result.heard if overlaid else UNCORRECTED,
    )


def corrected(laid: Laid) -> tuple[str, ...]:
    """What a reader should know about the corrections that lie over a session."""
    told = []
    if laid.lost:
        kinds = Counter(str(c.what).replace("_", " ") for c in laid.lost)
        which = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        told.append(
            f"{len(laid.lost)} corrections by a human find nothing to correct any more ({which}): "
            "see `toolkit correct list`."
        )
    if laid.unread:
        told.append(
            f"{laid.unread} utterances hold other words since speakers were corrected: their codes were carried over, "
            "no coder read them again."
        )
    return tuple(told)


def speakers_of(activity: Sequence[SpeakerInterval]) -> tuple[str, ...]:
    """Speaker labels in alphabetical order."""
    return tuple(sorted({i.speaker for i in activity}))


def check_silences(
    heard: Audio,
    words: Sequence[AttributedWord],
    activity: Sequence[SpeakerInterval],
    floor: Sequence[Turn],
    excluded: Sequence[Span],
    settings: Settings,
) -> tuple[Silence, ...]:
    """Silences from speech activity, cross-checked with the words and with how loud they are."""
    found = silences.find(activity, floor, excluded, settings.dialogue)
    levels = audio.level_db(heard.mix, [Span(s.start, s.end) for s in found])
    spoken = audio.level_db(heard.mix, union(i.span for i in activity))
    speech_level = sorted(spoken)[len(spoken) // 2] if spoken else 0.0
    return silences.cross_check(found, words, levels, speech_level, settings.dialogue)


def code(
    spoken: Sequence[SpokenUtterance], coder: Coder | Missing, *, language: str
) -> tuple[CodedUtterance, ...] | Missing:
    """Behaviour codes of every utterance, or why there are none."""
    return coder if isinstance(coder, Missing) else coder.code(spoken, language=language)


def provenance(consented: ConsentedRecording, settings: Settings, backends: Backends) -> Provenance:
    """What the result is made from and with."""
    described = backends.describe()
    hashes = {key: value for key, value in described.items() if "sha256" in key}
    return Provenance(
        toolkit_version=version("counselling-session-toolkit"),
        recording_sha256=consented.sha256,
        settings_digest=digest(settings),
        models=hashes,
        packages={key: value for key, value in described.items() if key not in hashes},
        purposes=tuple(sorted(consented.purposes)),
    )


def warnings(dialogue: Dialogue, rejected: int) -> tuple[str, ...]:
    """What a reader of the numbers should know before believing them."""
    told = []
    if any(a.role is Role.UNKNOWN for a in dialogue.roles.values()):
        told.append("It is not known who is therapist and who is client: listen, then set it with `toolkit roles`.")
    if not dialogue.activity:
        told.append("No speech was found in this recording.")
    if not isinstance(dialogue.codes, Missing):
        coders = {a.coder for c in dialogue.codes for a in c.codes}
        told += [TRAINED_ERROR] if TRAINED in coders else [RULES_ERROR] if "rules" in coders else []
    if isinstance(dialogue.speech_without_words, float) and dialogue.speech_without_words > 10:
        told.append(f"{dialogue.speech_without_words:.0f} s of speech have no words: word counts and codes miss them.")
    if not isinstance(dialogue.words_without_speaker, Missing) and dialogue.words_without_speaker:
        told.append(f"{dialogue.words_without_speaker} words fit no speaker and are counted for nobody.")
    if rejected:
        told.append(f"{rejected} words were left out as invented by the recogniser.")
    doubtful = sum(
        s.evidence in {SilenceEvidence.WORDS, SilenceEvidence.NOISE} and s.duration >= 3 for s in dialogue.silences
    )
    if doubtful:
        told.append(
            f"{doubtful} stretches of 3 s or more without detected speech hold words or noise: not counted as silence."
        )
    return tuple(told)
