"""`toolkit demo`: two consented role-plays from audio to a page of listening measures."""

from __future__ import annotations

from pathlib import Path

import typer

from toolkit.cli.screen import say, stdout

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog="Example: toolkit demo --study demo-study")(demo)


def demo(
    *,
    study: Path = typer.Option(
        Path("demo-study"), "--study", help="Folder to make; processed again only what changed."
    ),
    sample_data: Path | None = typer.Option(None, "--sample-data", help="Folder of the sample recordings."),
) -> None:
    """Process the sample sessions: two role-plays, consented, spoken by synthetic voices."""
    from toolkit import batch, display
    from toolkit.cli.progress import Bars
    from toolkit.cli.run import have_models, report
    from toolkit.demo import SESSIONS, prepare
    from toolkit.display.html import Table
    from toolkit.display.terminal import compare, listed, screens
    from toolkit.report.content import details

    opened = prepare(study, sample_data)
    say(f"Two role-plays with consent, in {study.name}/ (written for this project, synthetic voices).")
    have_models(opened.settings())
    with Bars() as bars:
        outcomes = batch.run(opened, SESSIONS, bars)
    report(outcomes)
    code = batch.worst_exit_code(outcomes)
    if code:
        raise typer.Exit(code)
    reviews = [display.scan(study, o.session_id, text=False) for o in outcomes]
    silences = details(reviews[0])[0]
    tables = [part for part in silences.parts if isinstance(part, Table)]
    for part in (*screens(reviews[0], width=stdout.width), *listed(silences.title, tables)):
        stdout.print(part)
    say("")
    stdout.print(compare(reviews))
    say(f"\nThe other one:  toolkit show {study} {outcomes[-1].session_id}")
    say(f"As a notebook:  toolkit lab {study}")
