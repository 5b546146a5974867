"""The loop over sessions: one that fails is recorded and the rest goes on.

`run` is the run's own part: it holds the study's lock, sweeps, hands session ids to an engine, and writes down how
each ended. `attempt` is what is done to one session, in whatever process: consent, what is current, the stages that
are not, publishing. It never raises, and what it returns holds no speech and no paths. Between the two is an `Engine`:
this process (`Here`), worker processes (`toolkit.pool`), or a cluster.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from toolkit import failures, overlay, session, store, threads
from toolkit.consent import audit, voices
from toolkit.consent.admit import ConsentedRecording, admit, covered
from toolkit.consent.ledger import Ledger
from toolkit.errors import ConsentError, InputError, ToolkitError
from toolkit.failures import Failure
from toolkit.kept import Kept
from toolkit.keys import Keys, Machinery, keys_of, machinery_of
from toolkit.listening import Backends
from toolkit.settings import Settings, with_coder
from toolkit.study import Study
from toolkit.types import Purpose, Recording

__all__ = ["Engine", "Here", "Job", "Outcome", "State", "Watcher", "Workplace", "attempt", "run", "worst_exit_code"]


class State(StrEnum):
    """How a session of the batch ended."""

    DONE = "done"
    CURRENT = "current"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one session: for a failed or refused one the stage, the class of the error and one line.

    Attributes
    ----------
    seconds, audio_seconds
        What it took, and how long its sound is; 0 where nobody knows.
    peak_mb
        Most memory its process held meanwhile, MB; 0 where the system does not say.
    attempts
        How often it was tried in this run; 0 for one that failed earlier and was not tried again.
    key
        Of what its results are made from; empty where the inputs are not to blame for a failure.
    """

    session_id: str
    state: State
    stage: str
    error: str
    message: str
    exit_code: int
    seconds: float = 0.0
    audio_seconds: float = 0.0
    peak_mb: int = 0
    attempts: int = 1
    key: str = ""


class Watcher(Protocol):
    """Told what a batch does; the command line draws progress bars from it."""

    def start(self, session_id: str) -> None:
        """A session begins; with several workers this may not be told."""
        ...

    def stage(self, name: str, done: float, total: float) -> None:
        """So many seconds of audio of a stage are done; told only of sessions in this process."""
        ...

    def end(self, outcome: Outcome) -> None:
        """A session has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What a run asks of every process that works for it; plain values.

    Attributes
    ----------
    root
        The study's folder.
    coder
        A coder to use instead of the one in the study's settings, empty for that one.
    force
        Process again what is current, every stage of it.
    retry
        Sessions to try again although the same inputs failed before: all of them for ``True``.
    """

    root: str
    coder: str = ""
    force: bool = False
    retry: bool | frozenset[str] = False

    def retries(self, session_id: str) -> bool:
        """Whether a failure of the same inputs is tried again."""
        return self.force or (self.retry if isinstance(self.retry, bool) else session_id in self.retry)


class Engine(Protocol):
    """What has the sessions of a run processed."""

    def outcomes(self, job: Job, session_ids: Sequence[str], watcher: Watcher) -> Iterator[Outcome]:
        """The end of every session, as they end; a run that is stopped gives fewer."""
        ...


class Workplace:
    """What a process keeps from one session to the next: rows, settings and digests, ledger, and the models.

    Parameters
    ----------
    job
        What the run asks for.

    Raises
    ------
    ToolkitError
        When settings or sessions cannot be read.
    """

    def __init__(self, job: Job) -> None:
        threads.steady()
        self.job = job
        self.study = Study(Path(job.root))
        self.settings: Settings = with_coder(self.study.settings(), job.coder)
        self.recordings: Mapping[str, Recording] = self.study.recordings()
        self.machinery: Machinery = machinery_of(self.settings)
        self.backends = Backends(self.settings)
        self._ledger: tuple[tuple[int, ...], Ledger] | None = None

    def ledger(self) -> Ledger:
        """The ledger as it stands now; read again only when the file is another or was written to."""
        try:
            found = self.study.consent_file.stat()
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError:
            return self.study.ledger()  # says what is wrong
        if self._ledger is None or self._ledger[0] != mark:
            self._ledger = (mark, self.study.ledger())
        return self._ledger[1]

    def recording(self, session_id: str) -> Recording:
        """The row of a session, as it was when the process began."""
        return self.recordings[session_id] if session_id in self.recordings else self.study.recording(session_id)

    def keys(self, session_id: str) -> Keys:
        """The keys of a session's stages, if consent lets it in today; raises as `admit`."""
        today = date.today()  # noqa: DTZ011 - consent expires by the calendar of the place
        consented = admit(self.recording(session_id), self.ledger(), purposes=[Purpose.MEASURE], today=today)
        return keys_of(consented, self.machinery)

    def smaller(self) -> Backends:
        """Backends that take less memory: one chunk at a time."""
        one = replace(self.settings.words, batch_size=1)
        return Backends(replace(self.settings, words=one))


class Here:
    """The engine that is this process: one session after the other."""

    def outcomes(self, job: Job, session_ids: Sequence[str], watcher: Watcher) -> Iterator[Outcome]:
        """The end of every session, in order."""
        workplace = Workplace(job)
        for session_id in session_ids:
            watcher.start(session_id)
            outcome = attempt(workplace, session_id, watcher)
            watcher.end(outcome)
            yield outcome


HERE = Here()


def run(  # noqa: PLR0913 - the options of the command
    study: Study,
    session_ids: Sequence[str],
    watcher: Watcher,
    *,
    force: bool = False,
    coder: str = "",
    retry_failed: bool = False,
    engine: Engine = HERE,
) -> tuple[Outcome, ...]:
    """Process sessions, those whose results are current excepted.

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
    retry_failed
        Try again what failed with the same inputs; sessions that are named are always tried.
    engine
        What works: this process, unless another is given.

    Returns
    -------
    tuple of Outcome
        One a session, in order; fewer when the run was stopped.

    Raises
    ------
    ToolkitError
        For what stops the whole batch: unreadable settings, ledger or table, another run at work.
    """
    machinery_of(with_coder(study.settings(), coder))  # what is wrong with the settings is said once, at the start
    wanted = [study.recording(s).session_id for s in session_ids] if session_ids else list(study.recordings())
    job = Job(str(study.root), coder, force, retry_failed or frozenset(session_ids))
    today = date.today()  # noqa: DTZ011 - consent is of the place's day
    ended: dict[str, Outcome] = {}
    with store.writing(study):
        store.sweep(study)
        store.sweep_stages(study, study.ledger(), today)
        with study.editing():
            gone = voices.sweep(study.ledger(), today)
            if gone:
                audit.append(study.audit_file, "purge-voices", files=len(gone))
        for outcome in engine.outcomes(job, wanted, watcher):
            note(study, outcome)
            ended[outcome.session_id] = outcome
    return tuple(ended[s] for s in wanted if s in ended)


def note(study: Study, outcome: Outcome) -> None:
    """Write down how a session ended: a line in the audit log, and a failure until it succeeds."""
    if outcome.state is State.FAILED and outcome.attempts:
        failures.write(
            study,
            outcome.session_id,
            Failure(outcome.stage, outcome.error, outcome.message, outcome.exit_code, outcome.key, outcome.attempts),
        )
    if outcome.state in {State.DONE, State.CURRENT}:
        failures.clear(study, outcome.session_id)
    if outcome.state is not State.CURRENT and outcome.attempts:
        audit.append(study.audit_file, f"run-{outcome.state}", session_id=outcome.session_id)


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


def worst_exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 when all went well; the common code when every session ended with the same; else 1."""
    codes = {o.exit_code for o in outcomes}
    if len(codes) == 1:
        return codes.pop()
    return 1 if any(codes) else 0
