"""The loop over sessions, the run's own part: it holds the study's lock, sweeps, hands out ids, and notes each end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date

from toolkit import atomic, store, withdrawal
from toolkit.batch import failures
from toolkit.batch.attempt import attempt
from toolkit.batch.failures import Failure
from toolkit.batch.outcomes import Engine, Job, Outcome, State, Watcher
from toolkit.batch.workplace import Workplace
from toolkit.consent import audit, voices
from toolkit.consent.anchors import RECEIPTS
from toolkit.errors import StoreError
from toolkit.privacy import vault
from toolkit.settings import with_coder
from toolkit.stages.keys import machinery_of
from toolkit.study import Study

__all__ = ["HERE", "Here", "run"]


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
    recordings = {s: study.recording(s) for s in session_ids} if session_ids else study.recordings()
    wanted = list(recordings)
    machinery = machinery_of(with_coder(study.settings(), coder))
    machinery.check(heard=any(r.has_sound for r in recordings.values()))  # what is wrong is said once, at the start
    job = Job(str(study.root), coder, force, retry_failed or frozenset(session_ids))
    today = date.today()  # noqa: DTZ011 - consent is of the place's day
    ended: dict[str, Outcome] = {}
    vault.unlock(study.root)  # whoever is to be asked for the key is asked once, now
    with store.writing(study):
        store.sweep(study)
        store.go_on(study)
        for folder in (study.root, study.overlay("").parent, study.root / RECEIPTS):
            atomic.sweep(folder)
        audit.tidy(study.audit_file)
        withdrawal.finish_all(study)
        store.sweep_stages(study, study.ledger(), today)
        with study.editing():
            gone = voices.sweep(study.ledger(), today)
            if gone:
                audit.append(study.audit_file, "purge-voices", files=len(gone))
        try:
            for outcome in engine.outcomes(job, wanted, watcher):
                note(study, outcome)
                ended[outcome.session_id] = outcome
        except KeyboardInterrupt:
            with suppress(StoreError):  # the next run sweeps too
                store.sweep(study)  # what a worker was writing when it was stopped at once
            raise
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
