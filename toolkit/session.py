"""The spine: one session from a consented recording to its measures, one line a stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from toolkit import (
    audio,
    certainty,
    lexicon,
    measures,
    overlay,
    role_cues,
    roles,
    silences,
    transcripts,
    turns,
    utterances,
    voices,
)
from toolkit.audio import Audio
from toolkit.audio.waveform import FLOOR_DB
from toolkit.backends import Coder, codable, gpu
from toolkit.coding.book import RULES_ERROR, TRAINED_ERROR
from toolkit.consent.admit import ConsentedRecording
from toolkit.errors import InputError
from toolkit.intervals import Span, union
from toolkit.listening import (
    Backends,
    Report,
    SpeakersHeard,
    WordsHeard,
    attributed,
    brought_speakers,
    brought_words,
    hear_speakers,
    hear_words,
    wordless_speech,
)
from toolkit.overlay import Corrections, Laid
from toolkit.result import UNCORRECTED, SessionResult
from toolkit.settings import Settings, digest
from toolkit.stages.kept import Coded, Kept, Said, Sound, Talk
from toolkit.stages.keys import TRAINED, models_of
from toolkit.stages.side import beside
from toolkit.transcripts import Brought
from toolkit.types import (
    AttributedWord,
    Dialogue,
    Diarization,
    Missing,
    Need,
    Provenance,
    Role,
    Silence,
    SilenceEvidence,
    SpeakerInterval,
    SpokenUtterance,
    Turn,
)
from toolkit.voices.recognising import NOBODY

__all__ = ["Backends", "Report", "measured", "models_of", "process", "remeasure"]

UNCODED = Missing("the dialogue is not coded yet")
TEXTLESS = Missing("the transcript holds no text, only who spoke when")
UNKEPT = Missing("consent does not cover a transcript")


def process(
    consented: ConsentedRecording,
    settings: Settings,
    backends: Backends,
    *,
    corrections: Corrections,
    report: Report,
    kept: Kept,
) -> SessionResult:
    """Take one consented recording through every stage whose result is not kept.

    Parameters
    ----------
    consented
        What `toolkit.consent.admit` made.
    settings
        Thresholds.
    backends
        The exchangeable parts; one is loaded only when a stage needs it.
    corrections
        What counts of what humans said; it goes over the machine's.
    report
        Told about progress.
    kept
        Results of stages that need not be done again, and where new ones are kept.

    Raises
    ------
    InputError
        When the recording cannot be used, or nothing at all is found in it.
    BackendError
        When a model fails.
    StoreError
        When a stage's result cannot be kept.
    """
    talk, said, coded = kept.get(Talk), kept.get(Said), kept.get(Coded)
    if talk is None or (said is None and (coded is None or kept.text)):
        talk, said = converse(consented, settings, backends, report, kept)
    if coded is None and said is not None:
        report("codes", 0.0, talk.dialogue.duration)
        coded = kept.put(
            code(said.utterances, backends.coder, language=talk.language)
            if isinstance(talk.dialogue.words_without_speaker, int)
            else Coded(TEXTLESS, (), {})
        )
    assert coded is not None  # where there are no codes yet, the text is there
    report("measures", 0.0, talk.dialogue.duration)
    dialogue = replace(talk.dialogue, codes=coded.codes, coded=frozenset(coded.coded))
    # text that may not be kept serves the coder only: corrections must come to the same with and without it at hand
    shown = said if kept.text else None
    machine = SessionResult(
        dialogue=dialogue,
        utterances=UNKEPT if shown is None else shown.utterances,
        words=UNKEPT if shown is None else shown.words,
        measures=measures.compute(dialogue, settings),
        provenance=provenance(consented, settings, {**talk.described, **coded.described}),
        key=kept.keys.result,
        overlay="",
        facts=talk.facts,
        language=talk.language,
        rejected_words=talk.rejected_words,
        warnings=(
            *talk.facts.warnings,
            *warnings(dialogue, talk.rejected_words),
            *measures.notes(dialogue, settings),
        ),
        stages={str(stage): parts for stage, parts in kept.keys.parts.items()},
    )
    return remeasure(machine, settings, corrections=corrections) if corrections.digest else machine


def converse(
    consented: ConsentedRecording, settings: Settings, backends: Backends, report: Report, kept: Kept
) -> tuple[Talk, Said]:
    """From sound to a dialogue: decode, words, speakers, and what is built of them."""
    report("audio", 0.0, 0.0)
    brought, sound = transcripts.load(consented), consented.recording.has_sound
    silent = brought if brought and not sound else None
    heard = transcripts.silent(silent, settings.audio) if silent else audio.load(consented, settings.audio)
    kept.put(Sound(heard.facts, heard.mix.duration))
    with gpu.turn(settings.words.device, settings.speakers.device):
        speakers, words = (
            listen(heard, consented, settings, backends, report, kept)
            if brought is None
            else take_in(heard, consented, settings, backends, report, brought)
        )
    report("dialogue", 0.0, heard.mix.duration)
    activity = speakers.diarization.regular
    attributes, language, rejected = attributed(
        words, speakers.diarization, consented, reach=settings.dialogue.word_reach
    )
    own = settings.dialogue.lexicons
    textless = TEXTLESS if brought and not (sound or brought.words) else None
    if not (textless and activity):
        refuse_blank(consented, heard, activity, attributes)
    if brought and not language:
        language = role_cues.language_of((w.text for w in attributes), own=own)
    untold = {**lexicon.untold(language, own), **(brought.untold if brought else {})}
    spoken = utterances.split(attributes, settings.dialogue, language=language)
    floor = turns.build(activity, spoken, settings.dialogue, language=language, excluded=consented.excluded)
    known = voices.recognise(heard.mix, activity, consented, settings) if sound else NOBODY
    quiet = check_silences(heard, attributes, activity, floor.turns, consented.excluded, settings)
    dialogue = Dialogue(
        session_id=consented.recording.session_id,
        duration=round(heard.mix.duration, 3),
        excluded=consented.excluded,
        roles=roles.name(spoken, speakers_of(activity), consented.recording, settings.roles, known, own=own),
        activity=activity,
        utterances=textless or tuple(u.counts for u in spoken),
        turns=floor.turns,
        backchannels=floor.backchannels,
        interruptions=() if Need.TURN_TAKING in untold else floor.interruptions,
        silences=() if Need.SILENCES in untold else quiet,
        codes=UNCODED,
        words_without_speaker=textless or sum(w.speaker is None for w in attributes),
        speech_without_words=textless or wordless_speech(activity, attributes, gap=settings.dialogue.ipu_gap),
        coded=frozenset(),
        untold=untold,
    )
    described = {f"transcriber.{key}": value for key, value in words.described.items()}
    described |= {f"diarizer.{key}": value for key, value in speakers.described.items()}
    facts = replace(heard.facts, warnings=(*heard.facts.warnings, *known.notes, *certainty.notes(attributes)))
    talk = Talk(dialogue, facts, language, rejected, described)
    return kept.put(talk), kept.put(Said(attributes, spoken))


def listen(
    heard: Audio, consented: ConsentedRecording, settings: Settings, backends: Backends, report: Report, kept: Kept
) -> tuple[SpeakersHeard, WordsHeard]:
    """Who spoke when and what was said; the words of a channel are those heard while its speaker is active."""
    speakers, words = kept.get(SpeakersHeard), kept.get(WordsHeard)
    if speakers is None and heard.channels:
        speakers = kept.put(hear_speakers(heard, consented, settings, backends, report))
    nobody = Diarization((), ())
    if words is not None:
        speakers = speakers or kept.put(hear_speakers(heard, consented, settings, backends, report))
    elif speakers is not None:
        activity = speakers.diarization
        words = kept.put(hear_words(heard, consented, backends.transcriber, report, channels=activity))
    else:
        with beside(lambda told: hear_speakers(heard, consented, settings, backends, told), report) as found:
            words = kept.put(hear_words(heard, consented, backends.transcriber, report, channels=nobody))
            speakers = kept.put(found())
    return speakers, words


def take_in(
    heard: Audio, consented: ConsentedRecording, settings: Settings, backends: Backends, report: Report, found: Brought
) -> tuple[SpeakersHeard, WordsHeard]:
    """Who spoke when and what was said, as a transcript made elsewhere tells it; the sound tells the rest."""
    if heard.has_sound and not found.words:
        plain = replace(heard, channels=())
        words = hear_words(plain, consented, backends.transcriber, report, channels=Diarization((), ()))
    else:
        words = brought_words(heard, consented, found)
    if not (found.words and heard.has_sound):
        return brought_speakers(heard, consented, found), words
    speakers = hear_speakers(heard, consented, settings, backends, report)
    named = transcripts.named_by_words(speakers.diarization, words.transcripts[0].words)
    return replace(speakers, diarization=named), words


def refuse_blank(
    consented: ConsentedRecording,
    heard: Audio,
    activity: Sequence[SpeakerInterval],
    words: Sequence[AttributedWord],
) -> None:
    """Refuse a session in which nothing was found: blank results look like an answer."""
    if activity and words:
        return
    lacking = "no words were" if activity else "no speech was"
    raise InputError(
        f"session {consented.recording.session_id}: {lacking} found in {heard.mix.duration:.0f} s of sound, "
        "so its results would be blank.",
        hint="Listen to the recording: is it the right one, and is its language?",
    )


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
    if not heard.has_sound:
        return silences.cross_check(found, words, [FLOOR_DB] * len(found), 0.0, settings.dialogue)
    levels = audio.level_db(heard.mix, [Span(s.start, s.end) for s in found])
    spoken = audio.level_db(heard.mix, union(i.span for i in activity))
    speech_level = sorted(spoken)[len(spoken) // 2] if spoken else 0.0
    background = audio.background_db(heard.mix)
    return silences.cross_check(found, words, levels, speech_level, settings.dialogue, background=background)


def code(spoken: Sequence[SpokenUtterance], coder: Coder | Missing, *, language: str) -> Coded:
    """Behaviour codes of every utterance, or why there are none."""
    if isinstance(coder, Missing):
        return Coded(coder, tuple(sorted(codable(coder))), {})
    described = {f"coder.{key}": value for key, value in coder.describe().items()}
    return Coded(coder.code(spoken, language=language), tuple(sorted(codable(coder))), described)


def provenance(consented: ConsentedRecording, settings: Settings, described: Mapping[str, str]) -> Provenance:
    """What the result is made from and with."""
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
    if not isinstance(dialogue.codes, Missing):
        coders = {a.coder for c in dialogue.codes for a in c.codes}
        told += [TRAINED_ERROR] if TRAINED in coders else [RULES_ERROR] if "rules" in coders else []
    if Need.BACKCHANNELS in dialogue.untold:
        told.append(f"{dialogue.untold[Need.BACKCHANNELS]}: a short yes may count as a turn.".capitalize())
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
