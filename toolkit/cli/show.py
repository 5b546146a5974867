"""`toolkit show`: one session on one screen."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from toolkit.cli.screen import stdout

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show", epilog="Example: toolkit show my-study s01")(show)


def show(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument(help="Which session."),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print the measures as JSON for scripts."),
) -> None:
    """Show the measures of a session, who spoke when, and its silences."""
    from toolkit import display
    from toolkit.display.terminal import screens

    review = display.scan(study, session)
    if as_json:
        print(json.dumps({"session_id": session, "measures": review.tables["measures"]}, indent=2))  # noqa: T201 - the result
        return
    for part in screens(review, width=stdout.width):
        stdout.print(part)
