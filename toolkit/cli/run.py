"""`toolkit run`: sessions from audio to measures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from toolkit.cli.models import watching
from toolkit.cli.screen import NO_SESSIONS, say, stderr, stdout, table

if TYPE_CHECKING:
    from toolkit.batch import Outcome
    from toolkit.settings import Settings

__all__ = ["Bars", "have_models", "register", "report"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", epilog="Example: toolkit run my-study s01 s02")(run)


def run(
    study: Path = typer.Argument(help="Folder of the study."),
    sessions: list[str] | None = typer.Argument(None, help="Which sessions; none means all."),
    *,
    force: bool = typer.Option(False, "--force", help="Process again what is current."),
    coder: str = typer.Option("", "--coder", help="trained, rules or none, instead of the study's coding.coder."),
) -> None:
    """Process sessions: words, speakers, turns, silences, codes, measures.

    Sessions whose results are current are skipped. One that fails is reported and the others go on.
    """
    from toolkit import batch
    from toolkit.consent import audit
    from toolkit.settings import with_coder
    from toolkit.study import Study

    opened = Study.open(study)
    have_models(with_coder(opened.settings(), coder))
    with Bars() as bars:
        outcomes = batch.run(opened, sessions or [], bars, force=force, coder=coder)
    if not outcomes:
        say(NO_SESSIONS)
        return
    report(outcomes)
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


def have_models(settings: Settings) -> None:
    """Fetch what models of the settings are not here yet, with a bar; nothing is contacted when all are."""
    from toolkit import models, session

    with watching():
        for name in session.models_of(settings):
            models.path(name)


def report(outcomes: Sequence[Outcome]) -> None:
    """A table of how each session ended, and one line on standard error for each that did not end well."""
    rows = [
        (o.session_id, o.state, o.message if o.exit_code == 0 else f"in stage {o.stage}, see below") for o in outcomes
    ]
    stdout.print(table("", ("session", "result", "what"), rows))
    for outcome in outcomes:
        if outcome.exit_code:
            stderr.print(Text.assemble(("error: ", "bold red"), outcome.message), soft_wrap=True)


class Bars:
    """Progress bars of a batch: the stage, minutes of audio done in it, time left."""

    def __init__(self) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[session]}", style="bold"),
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[minutes]}"),
            TimeRemainingColumn(compact=True),
            console=stderr,
        )
        self.task: TaskID | None = None
        self.name = ""
        self.session = ""

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def start(self, session_id: str) -> None:
        """Begin the bar of a session."""
        self.session = session_id

    def stage(self, name: str, done: float, total: float) -> None:
        """Move the bar; a new stage starts its own, so that the time left is honest."""
        minutes = f"{done / 60:.1f} of {total / 60:.1f} min" if total else ""
        if self.task is None or name != self.name:
            self.clear()
            self.name = name
            self.task = self.progress.add_task(name, total=total or None, session=self.session, minutes=minutes)
        self.progress.update(self.task, completed=done, total=total or None, minutes=minutes)

    def end(self, outcome: object) -> None:  # noqa: ARG002 - a watcher is told the outcome, the table shows it
        """End the bar of a session."""
        self.clear()

    def clear(self) -> None:
        """Take the current bar away."""
        if self.task is not None:
            self.progress.remove_task(self.task)
        self.task = None
