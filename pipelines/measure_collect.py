"""How long tables of thousands of sessions take to bring together and to read, and how much memory.

    python pipelines/measure_collect.py --sessions 10000 --work build/collect --output docs/benchmark.md

The sessions are synthetic (`pipelines/synthetic.py`). Every step is a process of its own, so that its memory is its
own; the clock runs from when the study is opened. The section of the page is replaced, the rest of it stays.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench import machine
from bench.section import put

from toolkit import collect, store
from toolkit.batch.worker import peak_mb
from toolkit.store import collected
from toolkit.study import Study
from toolkit.types import Purpose

HEADING = "## Tables of many sessions"
CHANGED = 10  # sessions between two collectings


def scan(study: Study) -> str:
    """All measures, read to the end."""
    frame = store.scan(study, "measures").collect()
    return f"{frame['session_id'].n_unique():,} sessions, {frame.height:,} rows"


def scan_lazily(study: Study) -> str:
    """One measure, averaged for each role: only its rows are kept."""
    import polars as pl

    lazy = store.scan(study, "measures").filter(pl.col("measure") == "talk_share_speech")
    return f"{lazy.group_by('role').agg(pl.col('value').mean()).collect(engine='streaming').height} rows"


def one(study: Study) -> str:
    """The measures of one session out of all."""
    return f"{store.scan(study, 'measures', only=['s00007']).collect().height} rows"


def bring_together(study: Study) -> str:
    """`toolkit collect STUDY`."""
    found = store.collect(study)
    size = sum(p.stat().st_size for p in collected.folder(study).rglob("*.parquet"))
    return f"{found.made} of {found.parts} parts made, {size / 1e6:.0f} MB"


def written(form: str) -> Callable[[Study], str]:
    """`toolkit collect STUDY --output`, the writing alone."""

    def write(study: Study) -> str:
        output = study.root.parent / f"measures.{form}"
        found = collect.write(study, output, purpose=Purpose.RESEARCH, force=True)
        return f"{len(found):,} sessions with research consent, {output.stat().st_size / 1e6:.0f} MB"

    return write


def some_change(study: Study) -> str:
    """Publish some sessions again."""
    for session_id in store.sessions(study)[::1000][:CHANGED]:
        path = study.results / session_id / "manifest.json"
        path.write_text(path.read_text().replace('"rejected_words": ', '"rejected_words": 1'))
    return ""


STEPS: dict[str, tuple[str, Callable[[Study], str]]] = {
    "scan": ("all measures, from the sessions' own folders", scan),
    "first": ("`toolkit collect`, the first time", bring_together),
    "again": ("`toolkit collect`, nothing changed", bring_together),
    "fast": ("all measures, collected", scan),
    "lazy": ("the mean of one measure, collected, streaming", scan_lazily),
    "one": ("one session of all", one),
    "change": ("", some_change),
    "increment": (f"`toolkit collect`, {CHANGED} sessions changed", bring_together),
    "csv": ("the table for a researcher, csv", written("csv")),
    "parquet": ("the same, Parquet", written("parquet")),
}


def step(name: str, study: Path) -> None:
    """Do one step in this process and print what it took."""
    began = time.monotonic()
    said = STEPS[name][1](Study.open(study))
    print(json.dumps({"seconds": time.monotonic() - began, "mb": peak_mb(), "said": said}))


def section(rows: list[tuple[str, dict[str, float | str]]], sessions: int) -> str:
    """The section of the page."""
    told = f"{sessions:,} synthetic sessions of 15 minutes with all their tables; each line a process of its own, timed"
    lines = [
        HEADING,
        "",
        f"{told} from opening the study: the ledger is read, and consent asked of every session.",
        "",
        *machine.described(os.cpu_count() or 1),
        "",
        "| what | seconds | most memory, MB | gave |",
        "| --- | ---: | ---: | --- |",
        *(f"| {what} | {float(r['seconds']):.1f} | {r['mb']} | {r['said']} |" for what, r in rows),
        "",
        "Measured with `python pipelines/measure_collect.py`.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--work", type=Path, default=Path("build/collect"))
    parser.add_argument("--output", type=Path, help="a page whose section is replaced; printed otherwise")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    study = given.work / "study"
    if given.step:
        step(given.step, study)
        return
    if not study.exists():
        from synthetic import make

        given.work.mkdir(parents=True, exist_ok=True)
        make(study, given.sessions)
    shutil.rmtree(collected.folder(Study(study)), ignore_errors=True)
    rows = []
    for name, (what, _) in STEPS.items():
        command = [sys.executable, __file__, "--work", str(given.work), "--step", name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(what, found, flush=True)
        if what:
            rows.append((what, found))
    own = section(rows, given.sessions)
    if given.output is None:
        print(own)
        return
    put(given.output, own)


if __name__ == "__main__":
    main()
