"""How long the notebooks of many sessions take on thousands of sessions, from an empty process to the last chart.

    python pipelines/benchmark_notebooks.py --study build/synthetic --sessions 5000 --output docs/benchmark.md

Each notebook is run by nbconvert in a process of its own, kernel included: the time holds what a reader waits for and
the start of Jupyter beside it. The fastest of three runs counts, and the largest memory of all processes together.
The study is made when it is not there (`synthetic`), and collected first, as docs/notebooks.md advises for thousands of
sessions; `--uncollected` leaves that out. In the page only the section of this script is written anew.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.machine import described
from bench.process import Use, keep_to, measured
from bench.section import put
from synthetic import make

from toolkit import lab, store
from toolkit.study import Study

RUNS = 3
WANTED = ("02", "03", "04", "05")
HEADING = "## Notebooks of many sessions"


def run(notebook: Path, study: Path, threads: int) -> Use:
    """The fastest of a few runs of one notebook, with the largest memory of all of them."""
    uses = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as work:
            _, therapist = lab.newest(Study.open(study))
            environment = {**keep_to(threads), "TOOLKIT_STUDY": str(study), "TOOLKIT_THERAPIST": therapist}
            environment["TOOLKIT_SESSION"] = ""
            command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute"]
            log = Path(work) / "log"
            uses.append(measured([*command, "--output-dir", work, str(notebook)], environment, log))
            if uses[-1].status:
                sys.exit(log.read_text(encoding="utf-8", errors="replace")[-2000:])
    best = min(uses, key=lambda use: use.wall)
    return Use(best.wall, best.cpu, max(use.peak for use in uses), 0)


def section(rows: Sequence[tuple[str, Use]], sessions: int, threads: int, state: str) -> str:
    """The section of the page."""
    how = (
        f"{sessions} synthetic sessions of 15 minutes (`pipelines/synthetic.py`), each notebook run whole by "
        "nbconvert: the start of Jupyter, of a kernel and of the libraries, all reading, all charts. "
        f"Fastest of {RUNS} runs; memory is the peak of all processes together. The study {state}."
    )
    lines = [
        HEADING,
        "",
        how,
        "",
        *described(threads),
        "",
        "| notebook | time | processor | memory |",
        "|---|---|---|---|",
        *(f"| `{name}` | {use.wall:.1f} s | {use.cpu:.1f} s | {use.peak / 1e6:.0f} MB |" for name, use in rows),
        "",
        "`python pipelines/benchmark_notebooks.py --study build/synthetic --output docs/benchmark.md`",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the section of the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--study", type=Path, required=True, help="made when it is not there")
    options.add_argument("--sessions", type=int, default=5000, help="of a study that is made")
    options.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options.add_argument("--uncollected", action="store_true", help="read the sessions' own folders")
    options.add_argument("--output", type=Path, help="the page whose section is written anew")
    given = options.parse_args()
    study = Study.open(given.study) if given.study.exists() else make(given.study, given.sessions)
    sessions = len(store.sessions(study))
    began = time.perf_counter()
    if not given.uncollected:
        store.collect(study)
    state = "is not collected" if given.uncollected else f"is collected, which took {time.perf_counter() - began:.0f} s"
    rows = []
    for name in lab.notebooks():
        if name.startswith(WANTED):
            use = run(lab.folder() / name, study.root.resolve(), given.threads)
            rows.append((name.removesuffix(".ipynb"), use))
            print(f"{name:26} {use.wall:6.1f} s {use.cpu:6.1f} s {use.peak / 1e6:6.0f} MB", flush=True)
    text = section(rows, sessions, given.threads, state)
    if given.output:
        put(given.output, text)


if __name__ == "__main__":
    main()
