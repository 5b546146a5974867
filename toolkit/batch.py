"""The loop over sessions: one that fails is recorded and the rest goes on."""

from __future__ import annotations

import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from toolkit import atomic, overlay, session, store, withdrawal
from toolkit.consent import audit, voices
from toolkit.consent.admit import admit, covered
from toolkit.consent.anchors import RECEIPTS
from toolkit.errors import ConsentError, ToolkitError
from toolkit.session import Backends
from toolkit.settings import Settings, with_coder
from toolkit.study import Study
from toolkit.types import Purpose, Recording

__all__ = ["Outcome", "State", "Watcher", "run", "worst_exit_code"]


class State(StrEnum):
    """How a session of the batch ended."""

    DONE = "done"
    CURRENT = "current"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one session: for a failed or refused one the stage, the class of the error and one line."""

    session_id: str
    state: State
    stage: str
    error: str
    message: str
    exit_code: int


class Watcher(Protocol):
    """Told what a batch does; the command line draws progress bars from it."""

    def start(self, session_id: str) -> None:
        """A session begins."""
        ...

    def stage(self, name: str, done: float, total: float) -> None:
        """So many seconds of audio of a stage are done."""
        ...

    def end(self, outcome: Outcome) -> None:
        """A session has ended."""
        ...


def run(
    study: Study, session_ids: Sequence[str], watcher: Watcher, *, force: bool = False, coder: str = ""
) -> tuple[Outcome, ...]:
    """Process sessions one after the other, those whose results are current excepted.

    Parameters
    ----------
    study
        The study folder.
    session_ids
        Which sessions; none means all of ``sessions.csv``.
    watcher
        Told about progress.
    force
        Process again what is current.
    coder
        A coder to use instead of the one in the study's settings; the results are then stale by those settings.

    Returns
    -------
    tuple of Outcome
        One a session, in order.

    Raises
    ------
    ToolkitError
        For what stops the whole batch: unreadable settings, ledger or table, another run at work.
    """
    settings = with_coder(study.settings(), coder)
    recordings = [study.recording(s) for s in session_ids] if session_ids else list(study.recordings().values())
    with store.writing(study):
        store.sweep(study)
        for folder in (study.root, study.overlay("").parent, study.root / RECEIPTS):
            atomic.sweep(folder)
        withdrawal.finish_all(study)
        with study.editing():
            gone = voices.sweep(study.ledger(), date.today())  # noqa: DTZ011 - consent is of the place's day
            if gone:
                audit.append(study.audit_file, "purge-voices", files=len(gone))
        outcomes = tuple(each(study, recordings, settings, watcher, force=force))
        close(study, outcomes)
        return outcomes


def close(study: Study, outcomes: Sequence[Outcome]) -> None:
    """Note how a batch ended, and anchor the log there; nothing when every session was current."""
    withdrawal.finish_all(study)  # consent may have been taken back meanwhile
    ended = Counter(o.state for o in outcomes)
    if set(ended) - {State.CURRENT}:
        counts: dict[str, audit.Detail] = {str(state): count for state, count in sorted(ended.items())}
        audit.append(study.audit_file, "batch-end", session_id="", **counts)
        audit.anchor(study.audit_file)


def each(
    study: Study, recordings: Sequence[Recording], settings: Settings, watcher: Watcher, *, force: bool
) -> Iterator[Outcome]:
    """Process each recording; the models are loaded when the first one needs them."""
    loaded: list[Backends] = []

    def backends() -> Backends:
        if not loaded:
            loaded.append(session.load_backends(settings))
        return loaded[0]

    for recording in recordings:
        watcher.start(recording.session_id)
        at = Stage(watcher)
        try:
            outcome = one(study, recording, settings, at, backends=backends, force=force)
        except ToolkitError as error:
            outcome = failed(recording, at.name, error, str(error), error.exit_code)
        except Exception as error:
            if os.environ.get("TOOLKIT_DEBUG"):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
            message = f"session {recording.session_id}: internal error in stage {at.name}: {place}."
            outcome = failed(recording, at.name, error, message, exit_code=1)
        if outcome.state is not State.CURRENT:
            audit.append(study.audit_file, f"run-{outcome.state}", session_id=recording.session_id)
        watcher.end(outcome)
        yield outcome


class Stage:
    """Remembers which stage a session is in, so that a failure can name it, and passes progress on."""

    def __init__(self, watcher: Watcher) -> None:
        self.name = "consent"
        self.watcher = watcher

    def __call__(self, name: str, done: float, total: float) -> None:
        """Take note and tell the watcher."""
        self.name = name
        self.watcher.stage(name, done, total)


def one(
    study: Study,
    recording: Recording,
    settings: Settings,
    stage: Stage,
    *,
    backends: Callable[[], Backends],
    force: bool,
) -> Outcome:
    """Take one session from consent to published results, or find that they are current."""
    stage("consent", 0.0, 0.0)
    today = date.today()  # noqa: DTZ011 - consent expires by the calendar of the place
    consented = admit(recording, study.ledger(), purposes=[Purpose.MEASURE], today=today)
    corrections = overlay.read(study.overlay(recording.session_id))
    corrected = overlay.digest(study.overlay(recording.session_id))
    key = session.key_of(consented, settings)
    if not force and store.is_current(study, recording.session_id, key=key, overlay=corrected):
        return Outcome(recording.session_id, State.CURRENT, "", "", "results are current", 0)
    result = session.process(consented, settings, backends, corrections=corrections, report=stage)
    stage("results", 0.0, 0.0)
    # consent may have been withdrawn while the models ran: what was heard then is dropped
    covered(recording, study.ledger(), purposes=consented.purposes, today=today)
    store.publish(study, replace(result, overlay=corrected))
    return Outcome(recording.session_id, State.DONE, "", "", f"{len(result.measures)} values", 0)


def failed(recording: Recording, stage: str, error: Exception, message: str, exit_code: int) -> Outcome:
    """The outcome of a session that ended with an error."""
    state = State.REFUSED if isinstance(error, ConsentError) else State.FAILED
    return Outcome(recording.session_id, state, stage, type(error).__name__, message, exit_code)


def worst_exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 when all went well; the common code when every session ended with the same; else 1."""
    codes = {o.exit_code for o in outcomes}
    if len(codes) == 1:
        return codes.pop()
    return 1 if any(codes) else 0


@dataclass(frozen=True, slots=True)
class SessionState:
    """Where one session stands: consent today, results, and what to do next."""

    session_id: str
    consent: str
    results: str
    what_to_do: str

    def as_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return {
            "session_id": self.session_id,
            "consent": self.consent,
            "results": self.results,
            "what_to_do": self.what_to_do,
        }


def status(study: Study) -> tuple[SessionState, ...]:
    """Find for every session whether consent covers it and whether its results are current; no model is loaded."""
    settings = study.settings()
    return tuple(standing(study, recording, settings) for recording in study.recordings().values())


def standing(study: Study, recording: Recording, settings: Settings) -> SessionState:
    """Where one session stands."""
    session_id = recording.session_id
    here = "none" if store.manifest(study, session_id) is None else "stale"
    try:
        consented = admit(recording, study.ledger(), purposes=[Purpose.MEASURE], today=date.today())  # noqa: DTZ011 - as in one()
    except ToolkitError as error:
        refused = "refused" if isinstance(error, ConsentError) else "unreadable"
        return SessionState(session_id, refused, here, str(error))
    granted = ", ".join(sorted(consented.purposes))
    corrected = overlay.digest(study.overlay(session_id))
    if store.is_current(study, session_id, key=session.key_of(consented, settings), overlay=corrected):
        return SessionState(session_id, granted, "current", "")
    return SessionState(session_id, granted, here, f"toolkit run {study.root.name} {session_id}")
