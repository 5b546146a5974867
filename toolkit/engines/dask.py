"""A Dask scheduler that is there already: the engine of ``toolkit run STUDY --engine dask --scheduler ADDRESS``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit import extras
from toolkit.batch.outcomes import Job, Outcome, Watcher
from toolkit.batch.pool import interruptible
from toolkit.engines.addresses import checked, security_of
from toolkit.engines.config import Certificates
from toolkit.engines.crew import Crew
from toolkit.errors import BackendError
from toolkit.types import Missing

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Dask", "connected"]

CONNECT = 10.0  # s until a scheduler that does not answer is given up
PATIENCE = 60.0  # s that a run waits for the first worker of a scheduler


@dataclass(frozen=True, slots=True)
class Dask:
    """The workers of a scheduler.

    Attributes
    ----------
    address
        Of the scheduler: ``tls://HOST:PORT``, or ``tcp://`` on this machine.
    certificates
        For TLS; missing for those of Dask's own configuration.
    stopping
        Told when Ctrl-C was pressed once.
    """

    address: str
    certificates: Certificates | Missing
    stopping: Callable[[], None] = lambda: None

    def outcomes(self, job: Job, session_ids: Sequence[str], watcher: Watcher) -> Iterator[Outcome]:
        """The end of every session, as they end; fewer after Ctrl-C.

        Raises
        ------
        ConfigError
            When the address is not private.
        BackendError
            When Dask is not installed, nobody answers there, or there are no workers.
        """
        extras.need("distributed", what="a cluster")
        address = checked(self.address)
        security = security_of(self.certificates)
        with connected(address, security=security) as client, interruptible(self.stopping) as stopped:
            crew = Crew(client, job, patience=PATIENCE)
            for outcome in crew.outcomes(deque((s, 0) for s in session_ids), stopped):
                watcher.end(outcome)
                yield outcome


@contextmanager
def connected(scheduler: Any, **options: Any) -> Iterator[Client]:
    """A client of a scheduler, by its address or as an object of Dask's.

    Raises
    ------
    BackendError
        When nobody answers.
    """
    from distributed import Client

    try:
        client = Client(scheduler, set_as_default=False, timeout=CONNECT, **options)
    except (OSError, TimeoutError, RuntimeError, TypeError) as error:
        raise BackendError(
            f"no scheduler answers there ({type(error).__name__}).", hint="Is it running, with these certificates?"
        ) from None
    try:
        yield client
    finally:
        client.close(timeout=5)
