"""`toolkit show`: one session in the terminal."""

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
    text: bool = typer.Option(True, "--text/--no-text", help="With words, where consent covers a transcript."),
    everything: bool = typer.Option(False, "--all", help="With parts of measures and other ways to count the same."),
    as_json: bool = typer.Option(False, "--json", help="Print the measures as JSON for scripts."),
) -> None:
    """Show a session: measures, who spoke when, silences, reflections, moments to listen to again, notes.

    It is what the report holds. What was said is shown only where everybody agreed to a transcript.
    """
    from toolkit import display
    from toolkit.display.terminal import listed, once, screens
    from toolkit.report.content import details

    review = display.scan(study, session, text=text and not as_json, where="terminal")
    if as_json:
        print(json.dumps({"session_id": session, "measures": review.tables["measures"]}, indent=2))  # noqa: T201 - the result
        return
    for part in screens(review, width=stdout.width, everything=everything):
        stdout.print(part)
    told: set[str] = set()
    for one in details(review):
        for part in listed(one.title, once(one.parts, told)):
            stdout.print(part)
