"""`toolkit doctor`: whether the machine and a study are as they should be, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.text import Text

from toolkit.cli.consent import this_day
from toolkit.cli.screen import say, stdout

__all__ = ["register"]

STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", epilog="Example: toolkit doctor my-study")(doctor)


def doctor(
    study: Path | None = typer.Argument(None, help="Folder of the study; left out, only the machine is looked at."),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """Look at versions, models, GPU, disk, encryption, rights, consent, telemetry, network and sessions at risk.

    Each line says what to do where something is not as it should be. The exit code is 1 when there is a problem.
    """
    from toolkit.doctor import State, examine
    from toolkit.study import Study

    opened = Study.open(study) if study else None
    found = list(examine(opened, today=this_day()))
    problems = [f for f in found if f.state is State.PROBLEM]
    if as_json:
        print(json.dumps({"schema_version": 1, "ok": not problems, "findings": [f.as_dict() for f in found]}, indent=2))  # noqa: T201 - the result
    else:
        for f in found:
            line = Text.assemble((f"{f.state!s:<8}", STYLES[f.state]), (f"{f.topic:<11}", "bold"), f.found)
            stdout.print(line, soft_wrap=True)
            if f.todo:
                stdout.print(Text(f"{'':<19}→ {f.todo}", style="dim"), soft_wrap=True)
        say("")
        say("All is as it should be." if not problems else f"{len(problems)} to be put right, see above.")
    if problems:
        raise typer.Exit(1)
