"""``cluster.toml``: how workers are started on a cluster, and the certificates of one that is there.

::

    [jobs]                          # for --engine slurm and --engine pbs
    workers = 32                    # jobs, one worker each
    cores = 8
    memory_gb = 16.0
    hours = 8.0                     # wall-clock limit of a job
    queue = "normal"                # SLURM's partition, PBS's queue
    account = ""
    gpus = 0                        # of each worker
    directives = ["--constraint=avx512"]     # further lines of the job's head, as the job scheduler has them
    prologue = ["module load python"]        # shell lines before the worker starts
    interface = "ib0"               # network interface; empty: the system's choice
    scratch = "~/toolkit-jobs"      # shared folder for the certificates of the run and the logs of its jobs

    [certificates]                  # for --engine dask: files in PEM form
    ca = "ca.pem"
    certificate = "client.pem"
    key = "client-key.pem"
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import settings
from toolkit.errors import ConfigError
from toolkit.formats import by_hand
from toolkit.settings import setting
from toolkit.types import Missing

__all__ = ["Certificates", "Cluster", "JobSettings", "load"]


@dataclass(frozen=True, slots=True)
class JobSettings:
    """What is asked of SLURM or PBS; see the module's example."""

    workers: int = setting(4, "jobs", "one worker each", low=1, high=10_000)
    cores: int = setting(4, "cores", "of each worker", low=1, high=1024)
    memory_gb: float = setting(8.0, "GB", "of each worker; docs/scale.md", low=0.25, high=4096)
    hours: float = setting(8.0, "hours", "wall-clock limit of a job", low=0.05, high=8760)
    queue: str = setting("", "name", "SLURM's partition, PBS's queue; empty for the cluster's default")
    account: str = setting("", "name", "whom the hours are charged to; empty for the cluster's default")
    gpus: int = setting(0, "GPUs", "of each worker", low=0, high=64)
    directives: tuple[str, ...] = setting((), "lines", "of the job's head")
    prologue: tuple[str, ...] = setting((), "lines", "before the worker starts")
    interface: str = setting("", "name", "network interface; empty for the system's choice")
    scratch: str = setting("~/toolkit-jobs", "folder", "shared, for the certificates of the run and the jobs' logs")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM form: the authority both ends trust, and this end's certificate and key."""

    ca: str
    certificate: str
    key: str


UNNAMED = Missing("no certificates are named")


@dataclass(frozen=True, slots=True)
class Cluster:
    """What stands in ``cluster.toml``."""

    jobs: JobSettings = JobSettings()
    certificates: Certificates | Missing = UNNAMED


def load(path: Path) -> Cluster:
    """Read a ``cluster.toml``; what it leaves out has its default.

    Raises
    ------
    ConfigError
        When it cannot be read, is no TOML, or holds an unknown name, a wrong type or a value out of range.
    """
    try:
        tables = by_hand.toml(by_hand.read(path, most=by_hand.SETTINGS).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {type(error).__name__}.") from None
    except by_hand.TomlError as error:
        raise ConfigError(f"{path.name} is no valid TOML: {error}.") from None
    for name, table in tables.items():
        if name not in {"jobs", "certificates"} or not isinstance(table, dict):
            raise ConfigError(f"unknown section {name} in {path.name}.", hint="Known: [jobs], [certificates].")
    given = {name: lines(name, value) for name, value in tables.get("jobs", {}).items()}
    jobs = settings.section(JobSettings, "jobs", given, file=path.name)
    if "certificates" not in tables:
        return Cluster(jobs)
    return Cluster(jobs, certificates(tables["certificates"], path))


def lines(name: str, value: Any) -> Any:
    """A list of lines as a tuple; everything else as it is."""
    if name not in {"directives", "prologue"}:
        return value
    if not isinstance(value, list) or not all(isinstance(line, str) and line.isprintable() for line in value):
        raise ConfigError(f"setting jobs.{name} must be a list of lines.", hint='Write it as ["first", "second"].')
    return tuple(value)


def certificates(table: dict[str, Any], path: Path) -> Certificates:
    """The files of ``[certificates]``, relative to the file that names them."""
    names = [f.name for f in dataclasses.fields(Certificates)]
    if sorted(table) != sorted(names) or not all(isinstance(value, str) for value in table.values()):
        raise ConfigError(f"[certificates] in {path.name} must name {', '.join(names)}.", hint="Each is a file.")
    files = {name: path.parent / value for name, value in table.items()}
    for name, file in files.items():
        if not file.is_file():
            raise ConfigError(f"certificates.{name}: there is no file {file.name}.")
    return Certificates(**{name: str(file) for name, file in files.items()})
