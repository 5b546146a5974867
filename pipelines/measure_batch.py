"""How fast a batch goes with one worker and with more, how much memory it takes, and that the tables are the same.

    python pipelines/measure_batch.py --sample sample_data --work build/batch --output docs/benchmark.md

The sessions are the two sample recordings, each as often as ``--copies`` says, with consent of their own. Each number
of workers processes all of them from nothing; memory is the proportional set size of all processes, looked at twice a
second. The section of the page is replaced, the rest of it stays.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench import machine
from bench.section import put

from toolkit import models, session
from toolkit.atomic import write_text
from toolkit.consent import ledger
from toolkit.study import Study

HEADING = "## A batch on one machine"
COPIED = ("reflective", "hurried")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of all sessions.

    Attributes
    ----------
    workers
        Processes that worked at once.
    seconds
        Wall clock, from the command to its end.
    audio_seconds
        Sound of all sessions.
    memory_mb
        Most memory of all processes together.
    worker_mb
        Most memory of one worker.
    """

    workers: int
    seconds: float
    audio_seconds: float
    memory_mb: int
    worker_mb: int


def prepared(sample: Path, folder: Path, copies: int) -> Study:
    """A new study of copies of the sample recordings."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made, known, book = Study.create(folder), Study(sample), Study(sample).ledger()
    rows, records = ["session_id,recording,therapist,client,recorded_on,language,speakers,channels"], ledger.Ledger()
    for name in COPIED:
        own = known.recording(name)
        for copy in range(copies):
            session_id = f"{name}{copy}"
            rows.append(f"{session_id},{own.path.resolve()},{own.therapist},{own.client},,{own.language},,")
            record = book.record(name)
            assert record is not None, "the sample has consent"
            records = records.replace(session_id, record)
    write_text(made.sessions_file, "\n".join(rows) + "\n")
    ledger.save(made.consent_file, records)
    return made


def measured(study: Study, workers: int) -> Run:
    """Process the study from nothing with so many workers."""
    for folder in ("results", "stages"):
        shutil.rmtree(study.root / folder, ignore_errors=True)
    log = study.root / f"log-{workers}.jsonl"
    log.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "toolkit",
        "run",
        str(study.root),
        "--workers",
        str(workers),
        "--log-json",
        str(log),
    ]
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
    most = 0
    while child.poll() is None:
        most = max(most, held(child.pid))
        time.sleep(0.5)
    seconds = time.monotonic() - began
    if child.returncode:
        raise SystemExit(f"the run with {workers} workers ended with {child.returncode}")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    ended = [line for line in lines if line["event"] == "session"]
    return Run(
        workers, seconds, sum(e["audio_seconds"] for e in ended), most // 1_000_000, max(e["peak_mb"] for e in ended)
    )


def held(pid: int) -> int:
    """Memory of a process and all below it, bytes; what they share is counted once."""
    found = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            found += process.memory_full_info().pss
        except psutil.Error:  # it has ended meanwhile
            continue
    return found


def tables(study: Study) -> dict[str, bytes]:
    """Every file of the results but locks."""
    files = (p for p in study.results.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {str(p.relative_to(study.results)): p.read_bytes() for p in files}


def section(runs: list[Run], copies: int, *, same: bool) -> str:
    """The section of the page."""
    sound = runs[0].audio_seconds / 60
    told = f"{len(COPIED) * copies} sessions, {sound:.0f} minutes of sound: the sample recordings, {copies} times each"
    rows = [
        f"| {r.workers} | {r.seconds:.0f} | {r.audio_seconds / r.seconds:.1f} | {r.memory_mb:,} | {r.worker_mb:,} |"
        for r in runs
    ]
    agreement = "the same to the last byte" if same else "NOT the same"
    lines = [
        HEADING,
        "",
        f"{told}; default models, from nothing, start and loading of models included.",
        "",
        *machine.described(os.cpu_count() or 1),
        "",
        "| workers | seconds | times real time | most memory of all, MB | of one worker, MB |",
        "| ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        f"The tables of all runs are {agreement}. Measured with `python pipelines/measure_batch.py`.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=Path, default=Path("sample_data"))
    parser.add_argument("--work", type=Path, default=Path("build/batch"))
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--output", type=Path, help="a page whose section is replaced; printed otherwise")
    given = parser.parse_args()
    study = prepared(given.sample, given.work / "study", given.copies)
    for name in session.models_of(study.settings()):
        models.path(name)  # fetched before the clock runs
    runs, made = [], []
    for workers in given.workers:
        runs.append(measured(study, workers))
        made.append(tables(study))
        print(runs[-1], flush=True)
    own = section(runs, given.copies, same=all(m == made[0] for m in made))
    if given.output is None:
        print(own)
        return
    put(given.output, own)


if __name__ == "__main__":
    main()
