"""What is done to one session, in whatever process: consent, what is current, the stages that are not, publishing.

It never raises, and what it returns holds no speech and no paths.
"""

from __future__ import annotations

import os
import time
import traceback
from dataclasses import replace
from datetime import date
from pathlib import Path

from toolkit import overlay, session, store
from toolkit.batch import failures
from toolkit.batch.outcomes import Outcome, State, Watcher
from toolkit.batch.workplace import Workplace
from toolkit.consent.admit import ConsentedRecording, admit, covered
from toolkit.errors import ConsentError, InputError, ToolkitError
from toolkit.listening import Backends
from toolkit.stages.kept import Kept
from toolkit.stages.keys import keys_of
from toolkit.types import Purpose

__all__ = ["Progress", "attempt", "failed"]


class Progress:
    """Remembers which stage a session is in, so that a failure can name it, and passes progress on."""

    def __init__(self, watcher: Watcher) -> None:
        self.name = "consent"
        self.key = ""
        self.audio_seconds = 0.0
        self.watcher = watcher

    def __call__(self, name: str, done: float, total: float) -> None:
        """Take note and tell the watcher."""
        self.name = name
        self.watcher.stage(name, done, total)


def attempt(workplace: Workplace, session_id: str, watcher: Watcher, *, smaller: bool = False) -> Outcome:
    """Process one session, whatever happens; out of memory, once more with smaller batches.

    Parameters
    ----------
    workplace
        Of this process.
    session_id
        Which session.
    watcher
        Told about stages.
    smaller
        Begin with smaller batches: the session has ended a worker before.

    Returns
    -------
    Outcome
        How it ended; never an exception, but what ends the process.
    """
    began = time.monotonic()
    at = Progress(watcher)
    tries = (workplace.smaller(),) if smaller else (workplace.backends, None)
    number = 0
    for given in tries:
        number += 1
        backends = given or workplace.smaller()
        try:
            outcome = one(workplace, session_id, at, backends)
            break
        except Exception as error:
            if os.environ.get("TOOLKIT_DEBUG") and not isinstance(error, ToolkitError):
                raise
            outcome = failed(session_id, at, error)
            if not out_of_memory(error):
                break
        workplace.backends = Backends(workplace.settings)  # lets the models go before smaller batches are tried
    tried = number if outcome.attempts else 0
    return replace(outcome, attempts=tried, seconds=round(time.monotonic() - began, 3))


def one(workplace: Workplace, session_id: str, at: Progress, backends: Backends) -> Outcome:
    """Take one session from consent to published results, or find that they are current."""
    at("consent", 0.0, 0.0)
    study, settings, recording = workplace.study, workplace.settings, workplace.recording(session_id)
    today = date.today()  # noqa: DTZ011 - consent expires by the calendar of the place
    consented = admit(recording, workplace.ledger(), purposes=[Purpose.MEASURE], today=today)
    path = study.overlay(session_id)
    corrections, corrected = overlay.read(path), overlay.digest(path)
    keys = keys_of(consented, workplace.machinery)
    at.key = keys.result
    text = Purpose.TRANSCRIPT in consented.purposes
    if not workplace.job.force:
        if store.is_current(study, session_id, key=keys.result, overlay=corrected):
            return ended(session_id, at, State.CURRENT, "results are current")
        known = failures.read(study, session_id)
        if known is not None and known.key == keys.result and not workplace.job.retries(session_id):
            return Outcome(
                session_id, State.FAILED, known.stage, known.error, known.message, known.exit_code, attempts=0
            )
    with store.claimed(study, session_id):
        kept = Kept(study, session_id, keys, text, anew=workplace.job.force)
        result = session.process(consented, settings, backends, corrections=corrections, report=at, kept=kept)
        at.audio_seconds = result.facts.duration
        at("results", 0.0, 0.0)
        still_covered(workplace, consented, today)
        store.publish(study, replace(result, overlay=corrected), held=True)
    return ended(session_id, at, State.DONE, f"{len(result.measures)} values")


def still_covered(workplace: Workplace, consented: ConsentedRecording, today: date) -> None:
    """Refuse what consent was withdrawn from while the models ran, and drop what was kept of it meanwhile."""
    recording = consented.recording
    try:
        covered(recording, workplace.ledger(), purposes=consented.purposes, today=today)
    except ConsentError:
        for entry in store.entries(workplace.study, recording.session_id):
            store.drop(entry)
        raise


def ended(session_id: str, at: Progress, state: State, message: str) -> Outcome:
    """The outcome of a session that ended well."""
    return Outcome(session_id, state, "", "", message, 0, audio_seconds=at.audio_seconds, key=at.key)


def failed(session_id: str, at: Progress, error: Exception) -> Outcome:
    """The outcome of a session that ended with an error; what a defect said may be speech and is not told."""
    if isinstance(error, ToolkitError):
        message, code = str(error), error.exit_code
    else:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
        message, code = f"session {session_id}: internal error in stage {at.name}: {place}.", 1
    if not message.startswith("session "):
        message = f"session {session_id}: {message}"
    state = State.REFUSED if isinstance(error, ConsentError) else State.FAILED
    key = at.key if repeats(error) else ""
    return Outcome(session_id, state, at.name, type(error).__name__, message, code, key=key)


def repeats(error: Exception) -> bool:
    """Whether the same inputs would fail again: not with room on the disk, or with the model that was not there."""
    return isinstance(error, InputError) or not isinstance(error, ToolkitError) or out_of_memory(error)


def out_of_memory(error: BaseException | None) -> bool:
    """Whether memory ran out: as Python, CTranslate2, torch or ONNX say it, behind a `BackendError` or not."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        said = str(error).lower()
        if isinstance(error, RuntimeError) and any(
            s in said for s in ("out of memory", "bad_alloc", "allocate memory")
        ):
            return True
        error = error.__cause__
    return False
