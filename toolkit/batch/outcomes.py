"""What a run asks of the processes that work for it, and what they give back: plain values, and who is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["Engine", "Job", "Outcome", "State", "Watcher", "worst_exit_code"]


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


def worst_exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 when all went well; the common code when every session ended with the same; else 1."""
    codes = {o.exit_code for o in outcomes}
    if len(codes) == 1:
        return codes.pop()
    return 1 if any(codes) else 0
