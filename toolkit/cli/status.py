"""`toolkit status`: what is there, what is current, what may not be used."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import typer

from toolkit.cli.screen import NO_SESSIONS, say, stdout, table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog="Example: toolkit status my-study")(status)


def status(
    study: Path = typer.Argument(help="Folder of the study."),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """Say for every session whether consent covers it, and whether its results are current, stale, not there or failed.

    Of stale ones it says which stage would give something else and why; of failed ones how they failed.
    """
    from toolkit.batch import standing
    from toolkit.study import Study

    opened = Study.open(study)
    states = standing.status(opened)
    if as_json:
        print(json.dumps({"sessions": [state.as_dict() for state in states]}, indent=2))  # noqa: T201 - the result
        return
    if not states:
        say(NO_SESSIONS)
        return
    rows = [(s.session_id, s.consent, s.results, s.why, s.what_to_do) for s in states]
    stdout.print(table("", ("session", "consent", "results", "why", "what to do"), rows))
    counted = Counter(s.results for s in states)
    say(", ".join(f"{n} {results}" for results, n in counted.items()))
