"""Where every session of a study stands: current, stale and why, not there, or failed and why; no model is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from toolkit import overlay, store, withdrawal
from toolkit.batch import failures
from toolkit.batch.failures import Failure
from toolkit.batch.outcomes import Job
from toolkit.batch.workplace import Workplace
from toolkit.consent.admit import admit
from toolkit.errors import ConsentError, ToolkitError
from toolkit.stages.kept import wanted
from toolkit.stages.keys import Keys, Stage, changes, keys_of
from toolkit.study import Study
from toolkit.types import Purpose, Recording

__all__ = ["SessionState", "clean", "leftovers", "status"]


@dataclass(frozen=True, slots=True)
class SessionState:
    """Where one session stands.

    Attributes
    ----------
    consent
        The purposes that hold today, or ``refused``, or ``unreadable``.
    results
        ``current``, ``stale``, ``none`` or ``failed``.
    why
        One line: what changed, or how it failed; empty for current results.
    what_to_do
        A command, or what the error says.
    stages
        Of stale results the stages that would give something else, each with what it reads that has changed.
    """

    session_id: str
    consent: str
    results: str
    why: str
    what_to_do: str
    stages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "session_id": self.session_id,
            "consent": self.consent,
            "results": self.results,
            "why": self.why,
            "what_to_do": self.what_to_do,
            "stages": {stage: list(names) for stage, names in self.stages.items()},
        }


def status(study: Study) -> tuple[SessionState, ...]:
    """Where every session of ``sessions.csv`` stands.

    Raises
    ------
    ToolkitError
        When settings, sessions or the ledger cannot be read.
    """
    workplace = Workplace(Job(str(study.root)))
    return tuple(standing(workplace, recording) for recording in workplace.recordings.values())


def standing(workplace: Workplace, recording: Recording) -> SessionState:
    """Where one session stands."""
    study, session_id = workplace.study, recording.session_id
    manifest = store.manifest(study, session_id)
    here = "none" if manifest is None else "stale"
    failure = failures.read(study, session_id)
    today = date.today()  # noqa: DTZ011 - as in a run
    try:
        consented = admit(recording, workplace.ledger(), purposes=[Purpose.MEASURE], today=today)
    except ToolkitError as error:
        refused = isinstance(error, ConsentError)
        state = here if refused or failure is None else "failed"
        return SessionState(session_id, "refused" if refused else "unreadable", state, error.message, error.hint)
    granted = ", ".join(sorted(consented.purposes))
    keys = keys_of(consented, workplace.machinery)
    corrected = overlay.digest(study.overlay(session_id))
    if store.is_current(study, session_id, key=keys.result, overlay=corrected):
        return SessionState(session_id, granted, "current", "", "")
    again = f"toolkit run {study.root.name} {session_id}"
    if failure is not None and failure.key in {"", keys.result}:
        return SessionState(session_id, granted, "failed", told(session_id, failure), again)
    if manifest is None:
        return SessionState(session_id, granted, here, "it was not run, or its results are damaged", again)
    stages = {str(stage): names for stage, names in reasons(manifest.stages, keys).items()}
    why = "; ".join(f"{stage}: {', '.join(names)}" for stage, names in stages.items())
    if not why:
        why = "corrections changed" if manifest.overlay != corrected else "its results are damaged"
    return SessionState(session_id, granted, here, why, again, stages)


def reasons(before: Mapping[str, Mapping[str, str]], keys: Keys) -> Mapping[Stage, tuple[str, ...]]:
    """What stages read that has changed since."""
    return changes(before, keys.parts)


def told(session_id: str, failure: Failure) -> str:
    """A failure as one line."""
    message = failure.message.removeprefix(f"session {session_id}: ")
    return f"{failure.error} in stage {failure.stage}: {message}"


def leftovers(study: Study) -> tuple[store.Entry, ...]:
    """Kept results of stages that no session refers to with today's settings, sessions and consent.

    Of a session that cannot be judged now (its recording is not there, its record cannot be read) everything is left.
    """
    workplace = Workplace(Job(str(study.root)))
    found: list[store.Entry] = []
    for session_id in store.stage_folders(study):
        kept = tuple(store.entries(study, session_id))
        if session_id in workplace.recordings:
            recording = workplace.recordings[session_id]
            today = date.today()  # noqa: DTZ011 - as in a run
            try:
                consented = admit(recording, workplace.ledger(), purposes=[Purpose.MEASURE], today=today)
            except ToolkitError:
                continue
            keys = keys_of(consented, workplace.machinery)
            used = wanted(keys, text=Purpose.TRANSCRIPT in consented.purposes)
            kept = tuple(e for e in kept if (e.stage, e.key) not in used)
        found += kept
    return tuple(found)


def clean(study: Study) -> tuple[store.Entry, ...]:
    """Finish withdrawals that were stopped, and delete what `leftovers` finds, while nobody else writes; returns it.

    Raises
    ------
    StoreError
        When a run is at work, or something cannot be deleted.
    """
    with store.writing(study):
        withdrawal.finish_all(study)
        found = leftovers(study)
        for entry in found:
            store.drop(entry)
        store.drop_empty(study, set(store.stage_folders(study)) - set(study.recordings()))
    return found
