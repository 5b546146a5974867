"""Worker processes on one machine: the engine that a run uses unless it is told another.

A worker has one session at a time, so that the one it dies with is the one to blame: that is given to a fresh worker
once more, in smaller batches, and then given up; the others never notice. Ctrl-C lets the sessions in work come to
their end and begins no other; a second one ends all at once. Either way the next run goes on from what is there.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from toolkit import threads
from toolkit.batch import worker
from toolkit.batch.outcomes import Job, Outcome, Watcher
from toolkit.batch.worker import ATTEMPTS, DEADLINE_EXIT, Limits
from toolkit.privacy import identities
from toolkit.privacy.identities import Handed
from toolkit.study import Study

if TYPE_CHECKING:
    from pebble import ProcessPool

__all__ = ["Pool", "sensible_workers"]

NEEDED = 3.0  # GB a worker with the default models needs for three hours of sound, measured: docs/benchmark.md
BUSY = 2  # cores that one worker keeps busy: it hears words and speakers at the same time
SPARED = 0.9  # share of the memory that workers may have together


@dataclass(frozen=True, slots=True)
class Pool:
    """Worker processes on this machine.

    Attributes
    ----------
    workers
        How many.
    stopping
        Told when Ctrl-C was pressed once.
    """

    workers: int
    stopping: Callable[[], None] = lambda: None

    def outcomes(self, job: Job, session_ids: Sequence[str], watcher: Watcher) -> Iterator[Outcome]:
        """The end of every session, as they end; fewer after Ctrl-C."""
        from pebble import ProcessPool

        count = min(self.workers, len(session_ids)) or 1
        pool = ProcessPool(
            max_workers=count,
            initializer=prepare,
            initargs=(job, limits(Path(job.root), count), identities.handed()),
            context=get_context("spawn"),
        )
        try:
            with interruptible(self.stopping) as stopped:
                for outcome in served(pool, job, deque((s, 0) for s in session_ids), count, stopped):
                    watcher.end(outcome)
                    yield outcome
            pool.close()
        except BaseException:
            pool.stop()
            raise
        finally:
            pool.join()


def prepare(job: Job, given: Limits, keys: Handed) -> None:
    """Make a process a worker that holds the keys which the run holds; they come through a pipe, in memory."""
    identities.take(keys)
    worker.prepare(job, given)


def limits(root: Path, count: int) -> Limits:
    """What each of so many workers of a study may use: what its settings say, or a share of the machine."""
    import psutil

    share = psutil.virtual_memory().total * SPARED / count
    memory = Study(root).settings().batch.memory_max * 1e9 or share
    return Limits(max(1, threads.cores() // count), int(memory / 1e6), os.getpid())


def served(
    pool: ProcessPool, job: Job, waiting: deque[tuple[str, int]], count: int, stopped: threading.Event
) -> Iterator[Outcome]:
    """Keep every worker busy with one session until none is left, or the run is stopped."""
    flying: dict[Future[Outcome], tuple[str, int]] = {}
    while flying or (waiting and not stopped.is_set()):
        while waiting and len(flying) < count and not stopped.is_set():
            session_id, tried = waiting.popleft()
            flying[pool.schedule(worker.process, args=(session_id, tried))] = (session_id, tried)
        done, _ = wait(flying, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            session_id, tried = flying.pop(future)
            outcome = result_of(future, job, session_id, tried)
            if outcome is None:
                waiting.appendleft((session_id, tried + 1))
            else:
                yield outcome


def result_of(future: Future[Outcome], job: Job, session_id: str, tried: int) -> Outcome | None:
    """How a session ended; None when its worker died with it and it is to be tried once more."""
    from pebble import ProcessExpired

    try:
        return future.result()
    except ProcessExpired as error:
        hung = error.exitcode == DEADLINE_EXIT
        if not hung and tried + 1 < ATTEMPTS:
            return None
        return worker.died(job, session_id, hung=hung, attempts=tried + 1)


@contextmanager
def interruptible(told: Callable[[], None]) -> Iterator[threading.Event]:
    """Take note of a first Ctrl-C; a second one is a `KeyboardInterrupt`."""
    stopped = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        told()

    if threading.current_thread() is not threading.main_thread():
        yield stopped  # somebody else's program: signals are not ours there
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def sensible_workers(sessions: int) -> int:
    """How many workers suit this machine: one for every two cores, as far as memory goes."""
    import psutil

    by_memory = int(psutil.virtual_memory().available / 1e9 / NEEDED)
    return max(1, min(sessions, threads.cores() // BUSY, by_memory))
