"""A real Slurm on loopback: Debian's packages, unpacked into a folder and never installed.

Authentication, credentials and process tracking are those that need no daemon and no rights beyond root's (slurmd
starts jobs as the user who submits them, and so runs as root).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "libmunge2", "libhwloc15")
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SlurmctldPort={port}
SlurmdPort={next_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
PluginDir={library}/slurm-wlm
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_min_interval=200000
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Slurm:
    """A Slurm that runs; `environment` is what its commands need."""

    environment: Mapping[str, str]

    def say(self, *command: str) -> str:
        """What a command of Slurm prints."""
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, check=True
        )
        return done.stdout

    def jobs(self) -> list[str]:
        """Ids of the jobs that run."""
        return self.say("squeue", "--noheader", "--states=RUNNING", "--format=%i").split()


def unpacked(folder: Path) -> Path:
    """Debian's packages in a folder; the test is skipped, with the reason, where they cannot be had."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("apt-get", "dpkg"))):
        pytest.skip("a Slurm on loopback needs root and Debian's apt-get and dpkg")
    debs, root = folder / "debs", folder / "root"
    for made in (debs, root):
        made.mkdir()
    got = subprocess.run(["apt-get", "download", *PACKAGES], cwd=debs, capture_output=True, text=True, check=False)
    if got.returncode:
        pytest.skip(
            f"Slurm's packages cannot be had here: {(got.stderr.strip().splitlines() or ['no reason'])[-1][:120]}"
        )
    for deb in debs.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
    return root


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on now."""
    with socket.socket() as one, socket.socket() as two:
        for held in (one, two):
            held.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@contextmanager
def slurm(folder: Path) -> Iterator[Slurm]:
    """slurmctld and slurmd as processes, with one node of four cores, ended at the end."""
    root = unpacked(folder)
    library = next((root / "usr" / "lib").glob("*-linux-gnu"))
    host = socket.gethostname().split(".")[0]
    port, next_port = free_ports()
    for name in ("spool", "state"):
        (folder / name).mkdir()
    file = folder / "slurm.conf"
    file.write_text(CONFIGURATION.format(host=host, port=port, next_port=next_port, folder=folder, library=library))
    environment = {
        "LD_LIBRARY_PATH": f"{library}:{library}/slurm-wlm",
        "SLURM_CONF": str(file),
        "PATH": f"{root}/usr/bin:{os.environ['PATH']}",
    }
    daemons = []
    try:
        for name, options in (("slurmctld", []), ("slurmd", ["-N", host, "-d", f"{root}/usr/sbin/slurmstepd-wlm"])):
            log = (folder / f"{name}.log").open("wb")
            command = [f"{root}/usr/sbin/{name}-wlm", "-D", "-f", str(file), *options]
            daemons.append(subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment}))
        running = Slurm(environment)
        until_idle(running)
        yield running
    finally:
        with suppress(subprocess.SubprocessError):
            running.say("scancel", "--partition=test")
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(timeout=30)


def until_idle(running: Slurm) -> None:
    """Wait until the node is up."""
    for _ in range(150):
        with suppress(subprocess.SubprocessError):
            if "idle" in running.say("sinfo", "--noheader", "--format=%T"):
                return
        time.sleep(0.2)
    raise AssertionError("Slurm's node does not come up")
