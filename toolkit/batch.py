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
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from toolkit import atomic, failures, overlay, session, store, withdrawal
from toolkit.consent import audit, voices
from toolkit.consent.admit import ConsentedRecording, admit, covered
from toolkit.consent.anchors import RECEIPTS
from toolkit.errors import ConsentError, InputError, ToolkitError
from toolkit.failures import Failure
from toolkit.kept import Kept
from toolkit.keys import keys_of, machinery_of
from toolkit.listening import Backends
from toolkit.outcomes import Engine, Job, Outcome, State, Watcher, worst_exit_code
from toolkit.settings import with_coder
from toolkit.study import Study
from toolkit.types import Purpose
from toolkit.workplace import Workplace

__all__ = ["Engine", "Here", "Job", "Outcome", "State", "Watcher", "Workplace", "attempt", "run", "worst_exit_code"]


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
        for folder in (study.root, study.overlay("").parent, study.root / RECEIPTS):
            atomic.sweep(folder)
        withdrawal.finish_all(study)
        store.sweep_stages(study, study.ledger(), today)
        with study.editing():
            gone = voices.sweep(study.ledger(), today)
            if gone:
                audit.append(study.audit_file, "purge-voices", files=len(gone))
        for outcome in engine.outcomes(job, wanted, watcher):
            note(study, outcome)
            ended[outcome.session_id] = outcome
        close(study, tuple(ended.values()))
    return tuple(ended[s] for s in wanted if s in ended)


def close(study: Study, outcomes: Sequence[Outcome]) -> None:
    """Note how a batch ended, and anchor the log there; nothing when every session was current."""
    withdrawal.finish_all(study)  # consent may have been taken back meanwhile
    ended = Counter(o.state for o in outcomes)
    if set(ended) - {State.CURRENT}:
        counts: dict[str, audit.Detail] = {str(state): count for state, count in sorted(ended.items())}
        audit.append(study.audit_file, "batch-end", session_id="", **counts)
        audit.anchor(study.audit_file)


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
