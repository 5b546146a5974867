"""Sessions are given out to the workers of a Dask scheduler, one to each, so that one that dies has one with it.

A session goes to a worker of our choosing and to no other, and a worker has no second one. So the session a worker dies
with is the one to blame; it is given to another once more, in smaller batches, and then given up. A worker that leaves
on its own account, at the end of its job's time, takes no blame with it: its session is given to another.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.batch import worker
from toolkit.batch.outcomes import Job, Outcome
from toolkit.batch.worker import ATTEMPTS
from toolkit.engines.addresses import is_private
from toolkit.errors import BackendError, ConfigError
from toolkit.settings import Settings
from toolkit.study import Study

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["GPU", "Crew"]

GPU = "GPU"
"""The resource that a worker with a GPU offers: ``dask worker --resources GPU=1``."""

LOOK = 1.0  # s between two looks at which workers there are
SLACK = 1.0  # s: a worker that ends this long before its deadline, or later, was ended by it
GONE = 10.0  # s without its worker before a session is given to another


@dataclass(slots=True)
class Flight:
    """A session in work."""

    session_id: str
    tried: int
    address: str
    deadline: float = float("inf")
    missed: float = 0.0


class Crew:
    """The workers of one run.

    Parameters
    ----------
    client
        Connected to the scheduler.
    job
        What the run asks for.
    patience
        Seconds to wait when there is no worker at all; 0 waits for ever.
    """

    def __init__(self, client: Client, job: Job, *, patience: float) -> None:
        self.client, self.job, self.patience = client, job, patience
        self.device = device_of(Study(Path(job.root)).settings())
        self.run = uuid.uuid4().hex[:8]
        self.workers: Mapping[str, Mapping[str, Any]] = {}
        self.flying: dict[Future, Flight] = {}
        self.ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self.looked, self.seen = 0.0, time.monotonic()
        self.version = ""

    def outcomes(self, waiting: deque[tuple[str, int]], stopped: threading.Event) -> Iterator[Outcome]:
        """The end of every session, as they end; fewer when the run is stopped."""
        from toolkit.engines.plugin import NAME, PACKAGE, Work, blame_the_first

        self.version = version(PACKAGE)
        self.client.run_on_scheduler(blame_the_first)
        self.client.register_plugin(Work(self.job, self.run), name=NAME)
        try:
            while self.flying or (waiting and not stopped.is_set()):
                self.look()
                if not stopped.is_set():
                    self.give_out(waiting)
                yield from self.gather(waiting)
                self.take_back(waiting)
            self.client.unregister_worker_plugin(NAME)
        except BaseException:
            self.drop()
            raise

    def look(self) -> None:
        """See which workers there are, at most once a `LOOK`.

        Raises
        ------
        BackendError
            When the scheduler is gone, there was no worker for longer than `patience`, or one has another toolkit.
        ConfigError
            When a worker is not on this machine and not spoken to over TLS.
        """
        now = time.monotonic()
        if now - self.looked < LOOK:
            return
        try:
            found = self.client.scheduler_info()["workers"]
        except (OSError, TimeoutError):
            raise lost() from None
        self.looked = now
        if not all(is_private(address) for address in found):
            raise ConfigError("a worker of the cluster is not spoken to over TLS.", hint="See docs/scale.md.")
        ours = {address: told for address, told in found.items() if self.is_ours(told)}
        if any(told["metrics"]["toolkit"]["version"] != self.version for told in ours.values()):
            raise BackendError("a worker has another version of the toolkit.", hint="Install the same one everywhere.")
        if ours:
            self.device = decided(self.device, found.values())
        self.workers = {address: told for address, told in ours.items() if suits(self.device, told)}
        if self.workers:
            self.seen = now
        elif self.patience and now - self.seen > self.patience:
            raise BackendError("the scheduler has no workers.", hint="Start some: docs/scale.md says how.")
        for flight in self.flying.values():
            told = self.workers.get(flight.address)
            if told is not None:
                flight.missed = 0.0
                flight.deadline = told["metrics"]["toolkit"]["deadline"] or flight.deadline
            else:
                flight.missed = flight.missed or now

    def is_ours(self, told: Mapping[str, Any]) -> bool:
        """Whether a worker has been made one of this run."""
        return bool(told.get("metrics", {}).get("toolkit", {}).get("run") == self.run)

    def give_out(self, waiting: deque[tuple[str, int]]) -> None:
        """Give every worker that has nothing to do one session."""
        from toolkit.engines.plugin import process

        busy = {flight.address for flight in self.flying.values()}
        for address in self.workers.keys() - busy:
            if not waiting:
                return
            session_id, tried = waiting.popleft()
            future = self.client.submit(
                process,
                session_id,
                tried,
                key=f"{session_id}-{self.run}-{uuid.uuid4().hex[:8]}",
                workers=[address],
                allow_other_workers=False,
                resources={GPU: 1} if self.device == "cuda" else None,
                retries=0,
                pure=False,
            )
            self.flying[future] = Flight(session_id, tried, address)
            future.add_done_callback(self.ended.put)

    def gather(self, waiting: deque[tuple[str, int]]) -> Iterator[Outcome]:
        """Wait a little for sessions to end; one whose worker died the first time waits again."""
        with suppress(queue.Empty):
            future = self.ended.get(timeout=LOOK / 4)
            while True:
                flight = self.flying.pop(future, None)
                if flight is not None:
                    outcome = self.result_of(future, flight)
                    if outcome is None:
                        waiting.appendleft((flight.session_id, flight.tried))
                    else:
                        yield outcome
                future = self.ended.get_nowait()

    def result_of(self, future: Future, flight: Flight) -> Outcome | None:
        """How a session ended; None when it is to be tried again: its worker died with it, or with how it ended."""
        from distributed import KilledWorker

        if future.status == "cancelled":
            raise lost()
        try:
            error = future.exception(timeout=GONE)
            if error is None:
                found: Outcome = future.result(timeout=GONE)
                return found
        except TimeoutError:  # the outcome lay on a worker that is gone: the session is done, and is found current
            future.cancel()
            return None
        if not isinstance(error, KilledWorker):
            raise BackendError(
                f"the workers cannot do the run's work ({type(error).__name__}).",
                hint="Is the same version of the toolkit installed there, and the study's disk mounted?",
            )
        self.workers = {a: told for a, told in self.workers.items() if a != flight.address}
        # a heartbeat may have come too late to tell it; the worker notes it before it goes to work
        _, noted = worker.last_noted(Study(Path(self.job.root)), flight.session_id)
        hung = time.time() > (noted or flight.deadline) - SLACK
        flight.tried += 1
        if not hung and flight.tried < ATTEMPTS:
            return None
        return worker.died(self.job, flight.session_id, hung=hung, attempts=flight.tried)

    def take_back(self, waiting: deque[tuple[str, int]]) -> None:
        """Let sessions wait again whose worker has left without their end being reported."""
        now = time.monotonic()
        for future, flight in list(self.flying.items()):
            if flight.missed and now - flight.missed > GONE and not future.done():
                del self.flying[future]
                future.cancel()
                waiting.appendleft((flight.session_id, flight.tried))

    def drop(self) -> None:
        """Give up what is in work: the workers that have it are restarted, so that nothing is written any more."""
        busy = [flight.address for flight in self.flying.values()]
        for future in self.flying:
            future.cancel()
        with suppress(OSError, TimeoutError, RuntimeError, ValueError, KeyError):
            if busy:
                self.client.restart_workers(busy, timeout=10, raise_for_error=False)


def device_of(settings: Settings) -> str:
    """What the models are to run on: ``cuda`` when one of them must, ``cpu`` when none may, else ``auto``."""
    wanted = {settings.words.device, settings.speakers.device}
    return "cuda" if "cuda" in wanted else "cpu" if wanted == {"cpu"} else "auto"


def decided(device: str, workers: Iterable[Mapping[str, Any]]) -> str:
    """What a run is for, once it sees workers: with ``auto`` those with a GPU (``cuda``) or, without any, others.

    That is decided once for the whole run: no table shall mix what both kinds make.
    """
    if device != "auto":
        return device
    return "cuda" if any(map(offers_gpu, workers)) else "none"


def suits(device: str, told: Mapping[str, Any]) -> bool:
    """Whether a worker is of the kind that the run is for: any, where no GPU is to be used (``cpu``)."""
    return device == "cpu" or offers_gpu(told) == (device == "cuda")


def offers_gpu(told: Mapping[str, Any]) -> bool:
    """Whether a worker offers a GPU."""
    return bool(told.get("resources", {}).get(GPU))


def lost() -> BackendError:
    """The scheduler cannot be reached any more."""
    return BackendError("the scheduler is gone.", hint="What is done is kept: run the same command again.")
