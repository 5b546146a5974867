"""`toolkit retention`: what is to be deleted by now, and deleting it."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from toolkit.cli.consent import this_day
from toolkit.cli.screen import say, stdout, table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("retention", epilog="Example: toolkit retention my-study --carry-out")(retention)


def retention(
    study: Path = typer.Argument(help="Folder of the study.", readable=False),
    *,
    carry_out: bool = typer.Option(False, "--carry-out", help="Delete what is due."),
    recordings: bool = typer.Option(False, "--recordings", help="With --carry-out: delete the recordings too."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask first."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """List until when each session is kept, and what is due to be deleted; with --carry-out delete it.

    Due is what its parties agreed to keep until a day that is over, and a withdrawal that was stopped. The exit code
    is 1 when something is due and was not deleted.
    """
    from toolkit import retention as dates
    from toolkit.errors import InputError
    from toolkit.study import Study

    if recordings and not carry_out:
        raise InputError("--recordings goes with --carry-out.", hint="Without it nothing is deleted.")
    opened = Study.open(study)
    found = dates.dates(opened, today=this_day())
    if as_json:
        print(json.dumps({"sessions": [d.as_dict() for d in found]}, indent=2))  # noqa: T201 - the result
    elif found:
        columns = ("session", "keep until", "state", "files")
        stdout.print(table("", columns, [d.cells() for d in found], right=("files",)))
    else:
        say("No session has a day until which it is kept, and no withdrawal is unfinished.")
    due = [d for d in found if d.is_due]
    if not carry_out:
        if due and not as_json:
            say(f"Due: {len(due)}. Delete what was made from them: toolkit retention {study.name} --carry-out")
        if due:
            raise typer.Exit(1)
        return
    also = " and their recordings" if recordings else ""
    if due and not yes:
        typer.confirm(f"Delete everything made from {len(due)} sessions{also}?", abort=True)
    for receipt in dates.carry_out(opened, due, today=this_day(), recordings=recordings):
        say(f"Session {receipt.session_id}: {receipt.files} files deleted; receipt: receipts/{receipt.path.name}")
