"""One process that works for a run: it takes session ids and gives back how each ended. It knows no engine.

An engine calls `prepare` once in each process, before anything heavy is imported there, and then `process` for one
session at a time; both take plain values only. Models are loaded when the first session needs them and stay. A session
that hangs ends the process at its deadline, and one that grows beyond the limit of memory ends it at once: the engine
sees a worker that has died and asks `died` what to make of it.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit import threads
from toolkit.batch.attempt import Progress, attempt, failed
from toolkit.batch.outcomes import Job, Outcome, State
from toolkit.batch.workplace import Workplace
from toolkit.errors import BackendError, ToolkitError
from toolkit.study import Study

__all__ = ["ATTEMPTS", "Limits", "died", "last_noted", "prepare", "process"]

ATTEMPTS = 2  # of a session that ends its worker, before it is given up
DEADLINE_EXIT = 1  # exit status of a process that `faulthandler` has ended at its deadline
PR_SET_PDEATHSIG = 1  # of linux/prctl.h
FIRST = "consent"  # the stage in which nothing of a session is written yet
EYE = 0.5  # s between two looks at memory and at the parent


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker process may use.

    Attributes
    ----------
    threads
        Of its libraries; 0 leaves that to the environment.
    memory_mb
        Beyond it the process ends itself; 0 for no limit.
    parent
        Process id of the run when it is on the same machine: the worker ends with it. 0 for a run elsewhere.
    """

    threads: int = 0
    memory_mb: int = 0
    parent: int = 0


class Silent:
    """A watcher that tells nobody."""

    def start(self, session_id: str) -> None:
        """Nothing."""

    def stage(self, name: str, done: float, total: float) -> None:
        """Nothing."""

    def end(self, outcome: Outcome) -> None:
        """Nothing."""


class Place:
    """What `prepare` was given, the workplace once a session has come, and when that one is ended by the clock."""

    job: Job | None = None
    workplace: Workplace | None = None
    deadline: float = 0.0  # 0 while there is none


def prepare(job: Job, limits: Limits = Limits()) -> None:
    """Make this process a worker; to be called once, before anything heavy is imported.

    Parameters
    ----------
    job
        What the run asks for.
    limits
        What this process may use.
    """
    if limits.threads:
        threads.limit(limits.threads)
    with suppress(ValueError):  # not the main thread: the engine sees to signals itself
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to answer
    Place.job, Place.workplace = job, None
    if limits.parent and sys.platform == "linux":
        die_with_parent()
    if limits.memory_mb or limits.parent:
        threading.Thread(target=watch, args=(limits,), daemon=True).start()


def process(session_id: str, tried: int = 0) -> Outcome:
    """Process one session, whatever happens.

    Parameters
    ----------
    session_id
        Which session of the study.
    tried
        How often it has ended a worker before: then it is processed in smaller batches.

    Returns
    -------
    Outcome
        How it ended, with seconds and peak memory.
    """
    forget_peak()
    assert Place.job is not None, "prepare comes first"
    try:
        workplace = Place.workplace = Place.workplace or Workplace(Place.job)
    except (ToolkitError, OSError) as error:
        outcome = replace(failed(session_id, Progress(Silent()), error), key="")
    else:
        with deadline(workplace, session_id) as told:
            outcome = attempt(workplace, session_id, told, smaller=tried > 0)
    return replace(
        outcome,
        attempts=outcome.attempts + tried if outcome.attempts else 0,
        peak_mb=peak_mb(),
    )


def died(job: Job, session_id: str, *, hung: bool, attempts: int) -> Outcome:
    """The outcome of a session whose worker was lost with it, in the run's own process.

    Parameters
    ----------
    job
        What the run asks for.
    session_id
        The session that the worker had.
    hung
        It was ended at its deadline.
    attempts
        How many workers it was given to.
    """
    try:
        workplace = Workplace(job)
        key = workplace.keys(session_id).result
    except ToolkitError:
        key = ""
    said = (
        "it was still not done at its deadline and was ended"
        if hung
        else f"it ended its worker {attempts} times, as happens when memory runs out or a library crashes"
    )
    kind = "WorkerHung" if hung else "WorkerDied"
    stage, _ = last_noted(Study(Path(job.root)), session_id)
    message = f"session {session_id}: {said} (stage {stage}). Look at the recording, then: toolkit run --retry-failed"
    return Outcome(session_id, State.FAILED, stage, kind, message, BackendError.exit_code, attempts=attempts, key=key)


class Told(Silent):
    """Moves the deadline once the length of the sound is known, and notes it and the stage for `died` to find.

    The note is written before the stage begins: a library that never gives the interpreter back lets nothing be told
    any more, no heartbeat either.

    Parameters
    ----------
    base, factor
        Of the deadline.
    note
        Where that is noted; a file that a sweep takes for half-written, as it is when it is left.
    """

    def __init__(self, base: float, factor: float, note: Path) -> None:
        self.base, self.factor, self.note = base, factor, note
        self.longest, self.name = 0.0, ""
        self.made = False
        with suppress(OSError):
            note.unlink()  # an earlier worker's

    def stage(self, name: str, done: float, total: float) -> None:  # noqa: ARG002 - the protocol's
        """A stage says how much sound it has before it."""
        longer, other = total > self.longest, name != self.name
        if longer:
            self.longest = total
            arm(self.base + self.factor * total)
        if other or longer:
            self.name = name
            self.write()

    def write(self) -> None:
        """Note the stage and the deadline; of what consent keeps out nothing is made."""
        if self.name == FIRST:
            return
        with suppress(OSError):
            self.made = self.made or not self.note.parent.exists()
            for folder in (self.note.parent.parent, self.note.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.note.touch(mode=0o600)
            self.note.write_text(f"{self.name} {Place.deadline:.3f}")

    def over(self) -> None:
        """Take the note away, and the folder where nothing else came into it."""
        with suppress(OSError):
            self.note.unlink(missing_ok=True)
            if self.made:
                self.note.parent.rmdir()


@contextmanager
def deadline(workplace: Workplace, session_id: str) -> Iterator[Told]:
    """End this process when the session takes too long, even where a library never gives the interpreter back."""
    limits, note = workplace.settings.batch, noted(workplace.study, session_id)
    arm(limits.deadline_base)
    told = Told(limits.deadline_base, limits.deadline_factor, note)
    try:
        yield told
    finally:
        faulthandler.cancel_dump_traceback_later()
        Place.deadline = 0.0
        told.over()


def noted(study: Study, session_id: str) -> Path:
    """Where a worker notes the stage it is in, and when it is ended by the clock."""
    return study.stages(session_id) / ".stage.tmp"


def last_noted(study: Study, session_id: str) -> tuple[str, float]:
    """The stage in which a worker was lost and its deadline; ``worker`` and 0 when it had begun none."""
    with suppress(OSError, ValueError):
        name, deadline = noted(study, session_id).read_text(encoding="ascii").split()
        if name.isalpha() and len(name) < 20:
            return name, float(deadline)
    return "worker", 0.0


def arm(seconds: float) -> None:
    """Set the deadline anew, from now."""
    Place.deadline = time.time() + seconds
    faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere())


_nowhere: list[int] = []


def nowhere() -> int:
    """Where the traceback of a hung session goes: file names and line numbers are nobody's concern."""
    if not _nowhere:
        _nowhere.append(os.open(os.devnull, os.O_WRONLY))
    return _nowhere[0]


def die_with_parent() -> None:
    """Have the system end this process with the run, even while a library holds the interpreter."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def watch(limits: Limits) -> None:
    """End this process when it grows beyond its limit, or when the run that it works for is no more."""
    import psutil

    own = psutil.Process()
    while True:
        time.sleep(EYE)
        orphaned = limits.parent and os.getppid() != limits.parent
        if orphaned or (limits.memory_mb and own.memory_info().rss > limits.memory_mb * 1e6):
            own.kill()


def forget_peak() -> None:
    """Let the system measure peak memory anew, where it can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> int:
    """Most memory this process has held since `forget_peak`, MB; 0 where the system does not say."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(x for x in lines if x.startswith("VmHWM")).split()[1]) * 1024 // 1_000_000
    return 0
