"""How many sessions a second a Dask scheduler gives out, and what it and its idle workers hold in memory.

    python pipelines/measure_cluster.py --sessions 300 --work build/cluster --output docs/benchmark.md

The recordings last two seconds and their words are replayed from files, so that next to nothing but the engine, the
reading, hashing and publishing is left: what a session costs beside its models. Scheduler and workers are on loopback
and speak TLS. The section of the page is replaced, the rest of it stays.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
import wave
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench import machine
from bench.section import put

from toolkit import batch
from toolkit.atomic import write_text
from toolkit.batch.outcomes import Job, Outcome
from toolkit.batch.pool import interruptible
from toolkit.batch.worker import Silent
from toolkit.consent import ledger
from toolkit.consent.ledger import Grant, Party, Record
from toolkit.engines.crew import Crew
from toolkit.formats import sessions
from toolkit.study import Study
from toolkit.types import Purpose, Role

HEADING = "## A cluster beside its models"
RATE = 16_000


class OnClient:
    """The engine of this measurement: a crew on a cluster that is here already."""

    def __init__(self, client: object) -> None:
        self.client = client

    def outcomes(self, job: Job, session_ids: Sequence[str], watcher: object) -> object:  # noqa: ARG002 - the protocol's
        """As `toolkit.engines.Dask.outcomes`."""
        from collections import deque

        with interruptible(lambda: None) as stopped:
            yield from Crew(self.client, job, patience=60).outcomes(deque((s, 0) for s in session_ids), stopped)


def prepared(folder: Path, count: int) -> Study:
    """A study of tiny recordings with consent whose words, speakers and codes are replayed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    study = Study.create(folder / "study")
    replayed = folder / "replayed"
    replayed.mkdir()
    words = [{"start": 0.5, "end": 0.9, "text": "So?", "probability": 0.9}]
    (replayed / "x.words.json").write_text(json.dumps({"language": "en", "words": words}))
    (replayed / "x.rttm").write_text("SPEAKER x 1 0.400 0.800 <NA> <NA> SPEAKER_00 <NA> <NA>\n")
    (replayed / "x.codes.json").write_text(json.dumps({"codes": []}))
    parts = (("words", "backend", "model"), ("speakers", "backend", "pipeline"), ("coding", "coder", "model"))
    where = json.dumps(str(replayed))
    text = "".join(f'[{section}]\n{backend} = "files"\n{name} = {where}\n' for section, backend, name in parts)
    study.settings_file.write_text(text)
    rows, records = [",".join(sessions.COLUMNS)], {}
    for number in range(count):
        name = f"s{number:05d}"
        path = study.recordings_folder / f"{name}.wav"
        sound(path, seed=number)
        rows.append(f"{name},recordings/{name}.wav,T1,C{number},,en,2,,,")
        parties = (Party(Role.THERAPIST, "T1"), Party(Role.CLIENT, f"C{number}"))
        grants = tuple(Grant(p, frozenset({Purpose.MEASURE}), date(2026, 1, 1), None) for p in parties)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        records[name] = Record(parties, grants, recording_sha256=digest)
    write_text(study.sessions_file, "\n".join(rows) + "\n")
    ledger.save(study.consent_file, ledger.Ledger(records))
    return study


def sound(path: Path, *, seed: int) -> None:
    """Two seconds of noise."""
    samples = np.random.default_rng(seed).normal(0, 2000, 2 * RATE).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def timed(study: Study, client: object) -> tuple[float, tuple[Outcome, ...]]:
    """Seconds of one run, and how its sessions ended."""
    began = time.monotonic()
    ended = batch.run(study, [], Silent(), engine=OnClient(client))  # type: ignore[arg-type]
    return time.monotonic() - began, ended


def held(pids: Sequence[int]) -> int:
    """Memory of processes, MB; what they share is counted once."""
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids) // 1_000_000


def measured(folder: Path, count: int, workers: int) -> list[tuple[str, str]]:
    """Lines of the table."""
    from distributed import Client, LocalCluster, Security

    study = prepared(folder, count)
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            protocol="tls://",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        made, ended = timed(study, client)
        assert all(o.state is batch.State.DONE for o in ended), [o.message for o in ended if o.exit_code][:3]
        current, ended = timed(study, client)
        assert all(o.state is batch.State.CURRENT for o in ended)
        working = held([told["pid"] for told in client.run(lambda: {"pid": os.getpid()}).values()])
    return [
        ("sessions made from nothing, a second", f"{count / made:.1f}"),
        ("sessions found current, a second", f"{count / current:.1f}"),
        ("memory of a worker without models, MB", f"{working // workers}"),
        ("memory of the run with its scheduler, MB", f"{held([os.getpid()])}"),
    ]


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("build/cluster"))
    parser.add_argument("--output", type=Path, help="a page whose section is replaced; printed otherwise")
    given = parser.parse_args()
    rows = measured(given.work, given.sessions, given.workers)
    own = "\n".join(
        [
            HEADING,
            "",
            f"{given.sessions} recordings of two seconds, replayed words; {given.workers} workers, loopback, TLS.",
            "",
            *machine.described(os.cpu_count() or 1),
            "",
            "| what | measured |",
            "| --- | ---: |",
            *(f"| {what} | {number} |" for what, number in rows),
            "",
            "Measured with `python pipelines/measure_cluster.py`.",
            "",
        ]
    )
    print(own)
    if given.output is not None:
        put(given.output, own)


if __name__ == "__main__":
    main()
