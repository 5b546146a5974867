"""`toolkit run`: sessions from audio to measures."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from toolkit.cli.models import watching
from toolkit.cli.progress import Bars, BatchBar, JsonLog, Together, clock
from toolkit.cli.screen import NO_SESSIONS, say, stderr, stdout, table
from toolkit.errors import ConfigError

if TYPE_CHECKING:
    from toolkit.batch import Engine, Outcome
    from toolkit.engines import Dask, Jobs
    from toolkit.settings import Settings
    from toolkit.study import Study

__all__ = ["have_models", "register", "report"]


class Where(StrEnum):
    """What works for a run: this machine, a Dask scheduler that is there, or workers that a job scheduler starts."""

    LOCAL = "local"
    DASK = "dask"
    SLURM = "slurm"
    PBS = "pbs"


INTERRUPTED = 130  # what shells give for Ctrl-C
LISTED = 60  # more sessions than these are counted, and only those that ended badly are listed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", epilog="Example: toolkit run my-study s01 s02")(run)


def run(
    study: Path = typer.Argument(help="Folder of the study."),
    sessions: list[str] | None = typer.Argument(None, help="Which sessions; none means all."),
    *,
    force: bool = typer.Option(False, "--force", help="Process again what is current."),
    coder: str = typer.Option("", "--coder", help="trained, rules or none, instead of the study's coding.coder."),
    retry_failed: bool = typer.Option(
        False, "--retry-failed", help="Try again what failed before although nothing has changed since."
    ),
    workers: int = typer.Option(
        0, "--workers", min=0, max=256, help="Processes that work at once; 0: as many as cores and memory allow."
    ),
    log_json: Path | None = typer.Option(None, "--log-json", help="Add a line of JSON for every session to this file."),
    where: Where = typer.Option(Where.LOCAL, "--engine", help="What works: this machine, or a cluster: docs/scale.md."),
    scheduler: str = typer.Option("", "--scheduler", metavar="ADDRESS", help="For dask: tls://HOST:PORT."),
    config: Path | None = typer.Option(
        None, "--config", metavar="FILE", help="cluster.toml: what to ask of slurm or pbs, certificates for dask."
    ),
) -> None:
    """Process sessions: words, speakers, turns, silences, codes, measures.

    Sessions whose results are current are skipped, and of the others only those stages are run that something has
    changed for. One that fails is recorded and the others go on. Ctrl-C stops after the sessions in work, a second one
    at once; the next run goes on from there.
    """
    from toolkit import batch
    from toolkit.consent import audit
    from toolkit.privacy import vault
    from toolkit.settings import with_coder
    from toolkit.study import Study

    opened = Study.open(study)
    cluster = cluster_of(where, scheduler, config)
    wanted = [opened.recording(s) for s in sessions] if sessions else opened.recordings().values()
    have_models(with_coder(opened.settings(), coder), heard=not wanted or any(r.has_sound for r in wanted))
    sizes = sizes_of(opened, sessions or [])
    if not sizes:
        say(NO_SESSIONS)
        return
    vault.unlock(opened.root)  # whoever is to be asked for the key is asked before there are bars
    count = workers_of(workers, sizes) if cluster is None else max(1, workers)
    with (
        Bars() if count == 0 else BatchBar(sizes) as bars,
        closing(JsonLog(log_json, sessions=len(sizes), workers=max(1, count))) if log_json else nullcontext() as log,
    ):
        began = time.monotonic()
        try:
            outcomes = batch.run(
                opened,
                sessions or [],
                Together([bars, log]) if log else bars,
                force=force,
                coder=coder,
                retry_failed=retry_failed,
                engine=engine_of(count, bars, cluster),
            )
        except KeyboardInterrupt:
            stopped(opened)
    report(outcomes, seconds=time.monotonic() - began)
    if len(outcomes) < len(sizes):
        stopped(opened)
    done = next((o.session_id for o in outcomes if o.state in {batch.State.DONE, batch.State.CURRENT}), "")
    if done:
        say(f"\nLook at one: toolkit show {study.name} {done}")
    if coder and coder != opened.settings().coding.coder:
        say(f'toolkit.toml names another coder: write coder = "{coder}" there, or these results will be made again.')
    if any(o.state is not batch.State.CURRENT for o in outcomes):
        say(f"The audit log ends at {audit.head(opened.audit_file)}")
    code = batch.worst_exit_code(outcomes)
    if code:
        raise typer.Exit(code)


def sizes_of(study: Study, sessions: Sequence[str]) -> dict[str, int]:
    """Bytes of the recording of each session that is to be processed; 0 for one that is not there."""
    recordings = [study.recording(s) for s in sessions] if sessions else study.recordings().values()
    return {r.session_id: r.path.stat().st_size if r.path.is_file() else 0 for r in recordings}


def workers_of(wanted: int, sizes: dict[str, int]) -> int:
    """How many worker processes there are to be; 0 for none: one session, or tracebacks are wanted."""
    from toolkit.batch.pool import sensible_workers

    if len(sizes) == 1 or os.environ.get("TOOLKIT_DEBUG"):
        return 0
    return wanted or sensible_workers(len(sizes))


def cluster_of(where: Where, scheduler: str, config: Path | None) -> Dask | Jobs | None:
    """The engine beyond this machine that is asked for, None for none; raises before any work when it is wrong."""
    if where is Where.LOCAL:
        if scheduler or config:
            raise ConfigError("--scheduler and --config are for a cluster.", hint="Add --engine dask, slurm or pbs.")
        return None
    from toolkit import engines

    found = engines.load(config) if config else engines.Cluster()
    if where is Where.DASK:
        if not scheduler:
            raise ConfigError("--engine dask needs a scheduler.", hint="Add --scheduler tls://HOST:PORT.")
        return engines.Dask(engines.checked(scheduler), found.certificates)
    if scheduler:
        raise ConfigError(f"--engine {where} starts a scheduler of its own.", hint="Leave --scheduler out.")
    return engines.Jobs(str(where), found.jobs)


def engine_of(count: int, bars: Bars | BatchBar, cluster: Dask | Jobs | None) -> Engine:
    """What works: a cluster, so many processes, or this one."""
    from toolkit.batch import HERE
    from toolkit.batch.pool import Pool

    if isinstance(bars, Bars):
        return HERE
    return Pool(count, stopping=bars.stopping) if cluster is None else replace(cluster, stopping=bars.stopping)


def stopped(study: Study) -> None:
    """Say how to go on, and end as shells expect of an interrupted command."""
    stderr.print(Text(f"stopped. What is done is kept; go on with: toolkit run {study.root.name}"), soft_wrap=True)
    raise typer.Exit(INTERRUPTED)


def have_models(settings: Settings, *, heard: bool = True) -> None:
    """Fetch what models of the settings are not here yet, with a bar; nothing is contacted when all are.

    Where nothing is `heard`, only the coder's.
    """
    from toolkit import models, session

    with watching():
        for name in session.models_of(settings, heard=heard):
            models.path(name)


def report(outcomes: Sequence[Outcome], *, seconds: float = 0.0) -> None:
    """A table of how each session ended, and one line on standard error for each that did not end well."""
    shown = [o for o in outcomes if o.exit_code] if len(outcomes) > LISTED else outcomes
    rows = [(o.session_id, o.state, o.message if o.exit_code == 0 else f"in stage {o.stage}, see below") for o in shown]
    if rows:
        stdout.print(table("", ("session", "result", "what"), rows))
    for outcome in outcomes:
        if outcome.exit_code:
            before = "" if outcome.attempts else " It failed so before and nothing has changed since: --retry-failed."
            stderr.print(Text.assemble(("error: ", "bold red"), outcome.message, before), soft_wrap=True)
    if len(outcomes) > 1 and seconds:
        states = Counter(str(o.state) for o in outcomes)
        hours = sum(o.audio_seconds for o in outcomes) / 3600
        counted = ", ".join(f"{n} {state}" for state, n in states.items())
        say(f"{len(outcomes)} sessions: {counted}; {hours:.2f} h of audio in {clock(seconds)}.")
