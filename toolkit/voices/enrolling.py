"""Enrolling a person's voice: one recording of that person alone becomes one embedding, and nothing else is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import audio
from toolkit.consent import ConsentedVoice, Party, Refusal, admit_voice, audit, voices
from toolkit.consent.voices import Voice
from toolkit.errors import InputError
from toolkit.intervals import Span, total, union
from toolkit.settings import Settings
from toolkit.study import Study
from toolkit.voices.describing import cut, mean, spread, two_halves

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from toolkit.audio import Waveform

__all__ = ["ENOUGH", "Enrolled", "describe", "enroll"]

ENOUGH = 120.0  # s: more speech changes the mean of one voice no further
PIECE = 3.0  # s: short, so that a turn of somebody else is a piece of its own
QUIET_DB = 20.0  # dB below loud speech: bleed and voices behind a wall, not somebody across a room (15 dB)
STEP, GAP = 0.25, 0.3  # s: levels are looked at by the syllable, and pauses between syllables belong to the speech
FEW = 0.08  # share of the speech: a greeting by somebody else is left out, more of it is refused


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was enrolled: whose voice, from how many seconds of speech, and whether it took another's place."""

    party: Party
    seconds: float
    replaced: bool


def enroll(study: Study, who: str, recording: Path, *, today: date) -> Enrolled:
    """Enrol a person's voice and note it in the audit log.

    Parameters
    ----------
    study
        Whose ledger and folder.
    who
        The person's pseudonymous id, as in ``sessions.csv``.
    recording
        Of that person alone; it is neither copied nor changed.
    today
        The day to judge consent by.

    Raises
    ------
    ConsentError
        When the person's own consent does not cover it, or the recording is that of a session.
    InputError
        When the recording cannot be used, holds too little speech, or several voices.
    BackendError
        When a model is not there or fails.
    StoreError
        When the voice cannot be written.
    """
    try:
        consented = admit_voice(who, recording, study.ledger(), today=today)
    except Refusal as refusal:
        audit.append(study.audit_file, "enroll-refused", rule=refusal.rule)
        raise
    except InputError as error:
        raise of_voice(error) from None
    refuse_session(study, consented)
    settings = study.settings()
    voice, seconds = describe(consented, settings)
    with study.editing():  # consent is asked again, and cannot change between the answer and the writing
        replaced = voices.keep(study.ledger(), voice, today=today)
        audit.append(study.audit_file, "enroll", role=str(consented.party.role), seconds=round(seconds))
    return Enrolled(consented.party, seconds, replaced)


def refuse_session(study: Study, consented: ConsentedVoice) -> None:
    """Refuse a file that ``sessions.csv`` names: it holds a session, whether consent was given for it yet or not."""
    path = consented.sound.recording.path
    for session_id, other in study.recordings().items():
        if other.path.exists() and other.path.samefile(path):
            raise InputError(
                f"voice of {consented.party.id}: {path.name} is the recording of session {session_id}.",
                hint="Record the person alone.",
            )


def describe(consented: ConsentedVoice, settings: Settings) -> tuple[Voice, float]:
    """One voice from a recording, with the seconds of speech it was made from; raises as `enroll`."""
    from toolkit.backends.voiceprint import embeddings, model_sha256

    who = f"voice of {consented.party.id}: "
    sound = heard(consented, settings)
    parts = spread(near(sound, speech(sound, settings)), most=ENOUGH, piece=PIECE)
    if total(parts) < settings.roles.enroll_speech:
        raise InputError(
            f"{who}the recording holds {total(parts):.0f} s of speech, at least {settings.roles.enroll_speech:.0f} s "
            "are needed.",
            hint="Let the person talk for a minute.",
        )
    vector, seconds, share = main_voice(
        embeddings(sound, parts, device=settings.speakers.device), parts, settings.roles.voice_threshold
    )
    if share < 1 - FEW:
        raise InputError(
            f"{who}the recording seems to hold more than one voice ({1 - share:.0%} of the speech is unlike the rest).",
            hint="Record the person alone.",
        )
    return Voice(consented.party, tuple(float(x) for x in vector), model_sha256()), seconds


def near(sound: Waveform, speech: tuple[Span, ...]) -> tuple[Span, ...]:
    """Speech that is not far quieter than the loudest tenth of it: what is may be anybody."""
    steps = tuple(step for stretch in speech for step in cut(stretch, STEP, shortest=0.0))
    levels = audio.level_db(sound, steps)
    loud = sorted(levels)[-max(1, len(levels) // 10) :]
    kept = (step for step, level in zip(steps, levels, strict=True) if level >= loud[0] - QUIET_DB)
    return union(kept, gap=GAP)


def main_voice(
    vectors: NDArray[np.float64], parts: tuple[Span, ...], threshold: float
) -> tuple[NDArray[np.float64], float, float]:
    """The mean of the voice that speaks most, the seconds it speaks, and its share of all that could be described."""
    import numpy as np

    known = [i for i, vector in enumerate(vectors) if not np.isnan(vector).any()]
    vectors, spans = vectors[known], [parts[i] for i in known]
    larger, alike = two_halves(vectors, spans)
    if alike >= threshold:
        larger = np.ones(len(vectors), dtype=bool)
    own = [i for i, is_larger in enumerate(larger) if is_larger]
    mine = total(spans[i] for i in own)
    return mean(vectors[own], [spans[i] for i in own]), mine, mine / max(total(spans), 1e-9)


def heard(consented: ConsentedVoice, settings: Settings) -> Waveform:
    """The sound of the recording; what is said of a session in an error is said of the voice."""
    try:
        return audio.load(consented.sound, settings.audio).mix
    except InputError as error:
        raise of_voice(error) from None


def of_voice(error: InputError) -> InputError:
    """The same error about a voice instead of a session."""
    return InputError(
        f"voice of {error.message.removeprefix('session ')}", hint=error.hint.replace("toolkit run", "toolkit enroll")
    )


def speech(sound: Waveform, settings: Settings) -> tuple[Span, ...]:
    """Where anybody speaks: the activity of a recording taken as one channel."""
    from toolkit.backends.channels import diarize_channels

    return tuple(i.span for i in diarize_channels([sound], ["voice"], settings).regular)
