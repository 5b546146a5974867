"""Workers that SLURM or PBS starts: the engine of ``toolkit run STUDY --engine slurm --config cluster.toml``.

dask-jobqueue submits one job a worker and ends them with the run. The scheduler is in this process; everything between
it and the workers goes over TLS with certificates made for this run, on a cluster of one machine too.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import extras
from toolkit.batch.outcomes import Job, Outcome, Watcher
from toolkit.batch.pool import interruptible
from toolkit.engines.config import JobSettings
from toolkit.engines.crew import GPU, Crew
from toolkit.engines.dask import connected
from toolkit.errors import BackendError

if TYPE_CHECKING:
    from dask_jobqueue.core import JobQueueCluster

__all__ = ["KINDS", "Jobs", "options_of"]

KINDS = ("slurm", "pbs")
NOWHERE = "127.0.0.1:0"  # Dask's dashboards show task names and have no password: on this machine only
IN_MEMORY = tuple(f"export DASK_DISTRIBUTED__WORKER__MEMORY__{what}=False" for what in ("TARGET", "SPILL", "PAUSE"))
"""Lines of a job: nothing may be put on a worker's own disk, and no worker may wait for memory with its session."""

LEAVE = 0.9  # share of a job's time after which its worker takes no further session and leaves
LEAVE_APART = 0.05  # share of a job's time over which the leaving of many workers is spread


@dataclass(frozen=True, slots=True)
class Jobs:
    """Workers as jobs of a cluster.

    Attributes
    ----------
    kind
        One of `KINDS`.
    settings
        What is asked of the job scheduler.
    stopping
        Told when Ctrl-C was pressed once.
    """

    kind: str
    settings: JobSettings
    stopping: Callable[[], None] = lambda: None

    def outcomes(self, job: Job, session_ids: Sequence[str], watcher: Watcher) -> Iterator[Outcome]:
        """The end of every session, as they end; fewer after Ctrl-C.

        Raises
        ------
        BackendError
            When Dask is not installed, or no job can be submitted.
        """
        extras.need("distributed", what="a cluster")
        count = min(self.settings.workers, max(1, len(session_ids)))
        with (
            started(self.kind, self.settings, count) as cluster,
            connected(cluster) as client,
            interruptible(self.stopping) as stopped,
        ):
            crew = Crew(client, job, patience=0)  # a job may wait in the queue for hours
            for outcome in crew.outcomes(deque((s, 0) for s in session_ids), stopped):
                watcher.end(outcome)
                yield outcome


@contextmanager
def started(kind: str, settings: JobSettings, count: int) -> Iterator[JobQueueCluster]:
    """Submit so many jobs, kept at that number while the run lasts.

    Raises
    ------
    BackendError
        When the job scheduler's commands are not there or refuse.
    """
    from dask_jobqueue import PBSCluster, SLURMCluster

    classes = {"slurm": SLURMCluster, "pbs": PBSCluster}
    try:
        scratch(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
        cluster = classes[kind](**options_of(kind, settings))
        cluster.adapt(minimum_jobs=count, maximum_jobs=count)
    except (OSError, RuntimeError, ValueError) as error:
        raise BackendError(
            f"{kind} takes no job ({type(error).__name__}).", hint="Are its commands on the path here?"
        ) from None
    try:
        yield cluster
    finally:
        cluster.close()


def options_of(kind: str, settings: JobSettings) -> dict[str, Any]:
    """What dask-jobqueue is told."""
    leave, apart = (int(settings.hours * 3600 * share) for share in (LEAVE, LEAVE_APART))
    extra = ["--dashboard-address", NOWHERE, "--lifetime", f"{leave}s", "--lifetime-stagger", f"{apart}s"]
    if settings.gpus:
        extra += ["--resources", f"{GPU}={settings.gpus}"]
    asked = list(settings.directives)
    if settings.gpus and kind == "slurm":
        asked.append(f"--gpus={settings.gpus}")
    options: dict[str, Any] = {
        "cores": settings.cores,
        "processes": 1,
        "memory": f"{settings.memory_gb}GB",
        "walltime": clock(settings.hours),
        "queue": settings.queue or None,
        "account": settings.account or None,
        "job_extra_directives": asked,
        "job_script_prologue": [*IN_MEMORY, *settings.prologue],
        "worker_extra_args": extra,
        "interface": settings.interface or None,
        "shared_temp_directory": str(scratch(settings)),
        "log_directory": str(scratch(settings)),
        "python": sys.executable,
        "protocol": "tls://",
        "security": True,
        "scheduler_options": {"dashboard_address": NOWHERE},
    }
    return options


def scratch(settings: JobSettings) -> Path:
    """The shared folder for the certificates of the run and the logs of its jobs."""
    return Path(settings.scratch).expanduser()


def clock(hours: float) -> str:
    """Hours as job schedulers write them.

    Examples
    --------
    >>> clock(1.5)
    '01:30:00'
    """
    minutes = round(hours * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"
