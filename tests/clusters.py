"""A Dask scheduler and workers on loopback, as processes of their own, with TLS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

NOWHERE = ("--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1")


@dataclass(frozen=True)
class Dask:
    """A cluster that runs."""

    folder: Path
    address: str
    scheduler: int
    nannies: tuple[int, ...]

    @property
    def config(self) -> Path:
        """The ``cluster.toml`` that names the certificates."""
        return self.folder / "cluster.toml"

    def workers(self) -> list[psutil.Process]:
        """The processes that work, below their nannies."""
        below = [child for nanny in self.nannies for child in psutil.Process(nanny).children(recursive=True)]
        return [p for p in below if "multiprocessing.spawn" in " ".join(p.cmdline())]

    def listening(self) -> list[psutil._common.addr]:
        """The addresses on which any of its processes can be reached."""
        roots = [psutil.Process(pid) for pid in (self.scheduler, *self.nannies)]
        whole = [process for root in roots for process in (root, *root.children(recursive=True))]
        found = [c for process in whole for c in process.net_connections(kind="inet")]
        return [c.laddr for c in found if c.status == psutil.CONN_LISTEN]

    def logs(self) -> str:
        """All that Dask has written."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def certificates(folder: Path) -> list[str]:
    """Files of a certificate that both ends trust and use; the options that name them to Dask."""
    from distributed import Security

    made = Security.temporary()
    for name, text in (("ca", made.tls_ca_file), ("cert", made.tls_client_cert), ("key", made.tls_client_key)):
        (folder / f"{name}.pem").write_text(text)
    (folder / "cluster.toml").write_text('[certificates]\nca = "ca.pem"\ncertificate = "cert.pem"\nkey = "key.pem"\n')
    files = {"--tls-ca-file": "ca.pem", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
    return [part for option, name in files.items() for part in (option, str(folder / name))]


@contextmanager
def dask_cluster(folder: Path, *, workers: int = 2, environment: Mapping[str, str], tls: bool = True) -> Iterator[Dask]:
    """A scheduler and workers, ended at the end."""
    folder.mkdir()
    secure = [*certificates(folder), "--protocol", "tls"] if tls else []
    file = folder / "scheduler.json"
    started = [start(folder, "scheduler", ["--port", "0", "--scheduler-file", str(file), *secure], environment)]
    try:
        until(file.exists)
        own = ["--scheduler-file", str(file), "--nthreads", "1", "--memory-limit", "2GB", *secure]
        for number in range(workers):
            local = ["--local-directory", str(folder / f"scratch{number}"), "--death-timeout", "20"]
            started.append(start(folder, "worker", [*own, *local], environment))
        yield Dask(folder, json.loads(file.read_text())["address"], started[0].pid, tuple(p.pid for p in started[1:]))
    finally:
        end_all(started)


def end_all(started: list[subprocess.Popen[bytes]]) -> None:
    """End processes and all below them, the last first."""
    for process in reversed(started):
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()


def start(folder: Path, what: str, options: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """``dask scheduler`` or ``dask worker``, its output in a log."""
    log = (folder / f"{what}{len(list(folder.glob(f'{what}*.log')))}.log").open("wb")
    command = [sys.executable, "-m", "distributed.cli.dask_" + what, *options, *NOWHERE]
    return subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})


def until(true: object, *, seconds: float = 60.0) -> None:
    """Wait until a condition holds; fails when it does not for long."""
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
