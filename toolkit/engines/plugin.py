"""What runs in a Dask worker: `Work` makes the process a worker of this run, `process` takes one session.

The one module that imports `distributed` at its top: a plugin has to be a subclass of Dask's, and nothing imports this
one but an engine at work.
"""

from __future__ import annotations

import os
import threading
from importlib.metadata import version
from typing import Any

import psutil
from distributed import Scheduler, Worker, WorkerPlugin

from toolkit.batch import worker as one_process
from toolkit.batch.outcomes import Job, Outcome
from toolkit.batch.worker import Limits

__all__ = ["NAME", "PACKAGE", "Work", "blame_the_first", "process"]

NAME = "toolkit"
PACKAGE = "counselling-session-toolkit"
LATER = 0.5  # s: the scheduler is to hear first that the plugin is there
_busy = threading.Lock()


class Work(WorkerPlugin):  # type: ignore[misc]  # mypy does not follow Dask
    """Makes a worker, when it joins and after each restart, one of a run.

    Parameters
    ----------
    job
        What the run asks for; the study's folder is told here, once, and with no session.
    run
        A word of its own for each run: a worker is given sessions only once it says the same word.
    """

    name = NAME

    def __init__(self, job: Job, run: str) -> None:
        self.job, self.run = job, run

    def setup(self, worker: Worker) -> None:
        """Prepare the process, before anything heavy is imported in it.

        One that is still at work for a run that was killed is ended, and its nanny gives this run a new one.
        """
        if _busy.locked():
            threading.Timer(LATER, psutil.Process().kill).start()
            return
        os.environ.pop("TOOLKIT_DEBUG", None)  # an error that is let through would be printed by Dask, text and all
        # Dask's nanny allows one thread to libraries, which cripples them: here --nthreads says what a session may use
        one_process.prepare(self.job, Limits(threads=worker.state.nthreads))
        # a paused worker would keep its session waiting for ever: what is too much the nanny ends
        worker.memory_manager.memory_pause_fraction = False
        worker.metrics[NAME] = self.told

    def teardown(self, worker: Worker) -> None:
        """Give the worker back."""
        worker.metrics.pop(NAME, None)

    async def told(self, _: Worker) -> dict[str, Any]:
        """What each heartbeat says: the run, the version here, and when the session in work is ended, by the clock."""
        return {"run": self.run, "version": version(PACKAGE), "deadline": one_process.Place.deadline}


def process(session_id: str, tried: int) -> Outcome:
    """Process one session, one at a time."""
    with _busy:
        return one_process.process(session_id, tried)


def blame_the_first(dask_scheduler: Scheduler) -> None:
    """Have the scheduler report the first death of a worker: this run counts attempts itself."""
    dask_scheduler.allowed_failures = 0
