"""`toolkit evaluate`: how far results are from references."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from toolkit.cli.screen import say, stderr, stdout, table

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Compare results with references: words, speakers, silences, codes.")

REFERENCE_HELP = "Folder with SESSION.json, or SESSION.rttm and SESSION.stm."


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="evaluate")


@group.command("study", epilog="Example: toolkit evaluate study my-study --reference truth")
def study(
    folder: Path = typer.Argument(help="Folder of the study.", metavar="STUDY"),
    *,
    reference: Path = typer.Option(..., "--reference", help=REFERENCE_HELP),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, with the counts behind every score."),
) -> None:
    """Compare the results of a study with references; no model runs, and no text is shown.

    Word scores need the transcript purpose; without it they are missing, with that reason.
    """
    from toolkit.evaluate import study as studies
    from toolkit.evaluate.compare import METRICS
    from toolkit.study import Study

    scores = studies.evaluate(Study.open(folder), reference)
    if as_json:
        typer.echo(json.dumps(studies.as_json(scores), indent=1))
        return
    every = {**scores.sessions, "all": studies.total(scores.sessions.values())}
    rows = [
        (metric.title, *(studies.written(found[name], metric.unit) for found in every.values()), metric.unit)
        for name, metric in METRICS.items()
    ]
    stdout.print(table("", ("metric", *every, "unit"), rows, right=tuple(every)))
    for session_id, why in scores.skipped.items():
        say(f"{session_id}: left out, {why}")
    say("A dash: missing; --json says why. Definitions: docs/accuracy.md.")


@group.command(
    "report",
    epilog="Example: toolkit evaluate report --data ../shared/data --sample sample_data --output docs/accuracy.md",
)
def report(
    *,
    sample: Path = typer.Option(..., "--sample", help="The sample data: recordings, and truth/SESSION.json."),
    output: Path = typer.Option(..., "--output", "-o", help="The Markdown page to write."),
    data: Path | None = typer.Option(None, "--data", help="Development data outside the repository, where there are."),
    work: Path | None = typer.Option(None, "--work", help="Keep the study here; an interrupted run then goes on."),
    peers: bool = typer.Option(True, help="Run faster-whisper alone and pyannote's stock pipeline beside it."),
) -> None:
    """Run the whole chain on recordings with known truth, and write how accurate it is."""
    from toolkit.evaluate import report as reports

    reports.write(sample, data, output, work=work, peers=peers, tell=lambda line: stderr.print(line, highlight=False))
    say(f"Wrote {output.name}.")
