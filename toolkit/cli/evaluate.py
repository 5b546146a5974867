"""`toolkit evaluate`: how far results are from references."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.screen import say, stderr, stdout, table
from toolkit.errors import InputError
from toolkit.types import Missing

if TYPE_CHECKING:
    from toolkit.evaluate.agreement import Estimate
    from toolkit.evaluate.codes import Comparison
    from toolkit.formats.coded_csv import Reference

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
    data: list[Path] | None = typer.Option(
        None, "--data", help="Development data outside the repository; may be given again, for hard audio's."
    ),
    work: Path | None = typer.Option(None, "--work", help="Keep the study here; an interrupted run then goes on."),
    peers: bool = typer.Option(True, help="Run faster-whisper alone and pyannote's stock pipeline beside it."),
) -> None:
    """Run the whole chain on recordings with known truth, and write how accurate it is."""
    from toolkit.evaluate import report as reports

    reports.write(sample, data, output, work=work, peers=peers, tell=lambda line: stderr.print(line, highlight=False))
    say(f"Wrote {output.name}.")


@group.command("codes", epilog="Example: toolkit evaluate codes coded.csv --predictions found.csv")
def codes(
    source: Path = typer.Argument(
        help="CSV with dialogue_id, utterance_id, role, text, and what people coded: main, reflection, question, "
        "client_talk, as far as they did.",
        metavar="IN.csv",
    ),
    *,
    predictions: Path = typer.Option(..., "--predictions", help="The CSV to write: a row for each row of IN."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, with the counts behind every number."),
    coder: str = typer.Option("", "--coder", help="A coder of the toolkit; the default one when left out."),
) -> None:
    """Code the utterances of a CSV file, and compare with what people coded; no text is shown.

    Without reference columns only the predictions are written.
    """
    from toolkit import backends
    from toolkit.cli.models import watching
    from toolkit.evaluate import codes as coding
    from toolkit.evaluate.labels import predict
    from toolkit.formats import coded_csv
    from toolkit.settings import Settings

    settings = Settings()
    name = coder or settings.coding.coder
    backends.check("coder", name)
    check_output(source, predictions)
    reference = coded_csv.read(source)
    with watching():
        made = backends.create("coder", name, settings)
    with counting(len(reference.rows)) as tell:
        found = predict(reference.rows, made, tell)
    coded_csv.write(predictions, reference.rows, found)
    compared = any(row.reference for row in reference.rows)
    comparison = coding.compare(reference.rows, found)
    if as_json:
        facts = {
            "coder": dict(made.describe()),
            "utterances": len(reference.rows),
            "dialogues": len({row.dialogue for row in reference.rows}),
            "references": list(reference.columns),
            "misplaced_references": reference.misplaced,
        }
        nothing = {"missing_reason": "no reference labels: only the predictions were written"}
        typer.echo(json.dumps({"input": facts, **(coding.as_json(comparison) if compared else nothing)}, indent=1))
        return
    if compared:
        show(comparison)
    tell_rest(reference, predictions, compared=compared)


def check_output(source: Path, output: Path) -> None:
    """Refuse an output that would replace the input or cannot be a file, before anything is coded."""
    if output.resolve() == source.resolve() or (output.exists() and source.exists() and output.samefile(source)):
        raise InputError("--predictions is the input file.", hint="Give it another name; the input is never changed.")
    if output.is_dir():
        raise InputError(f"{output.name} is a folder.", hint="Give a file after --predictions.")
    if not output.parent.is_dir():
        raise InputError(f"the folder of {output.name} is not there.", hint="Make it first.")


@contextlib.contextmanager
def counting(utterances: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error, where that is a terminal, and give a function to be told of utterances done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bars:
        task = bars.add_task("utterances", total=utterances)
        yield lambda count: bars.advance(task, count)


def show(comparison: Comparison) -> None:
    """Three tables: utterances beside the human ceiling, dialogues, probabilities where there are any."""
    from toolkit.evaluate.decisions import QUANTITIES

    heads = ["decision", "n", "F1", "human F1", "kappa", "human kappa", "accuracy"]
    stdout.print(table("", heads, task_rows(comparison), right=heads[1:]))
    heads = ["in a dialogue", "n", "left out", "Spearman", "ICC(2,1)"]
    rows = [
        (QUANTITIES[name].title, str(found.icc.n), str(found.left_out), bounded(found.spearman), bounded(found.icc))
        for name, found in comparison.dialogues.items()
    ]
    stdout.print("", table("", heads, rows, right=heads[1:]))
    probable = [(name, found) for name, found in comparison.calibration.items() if found.n]
    if probable:
        heads = ["probability", "n", "mean", "observed", "Brier", "calibration error"]
        lines = [
            (name, str(c.n), number(c.mean), f"{c.events / c.n:.2f}", number(c.brier, 3), number(c.error, 3))
            for name, c in probable
        ]
        stdout.print("", table("", heads, lines, right=heads[1:]))
    else:
        say("\nNo probabilities with a reference: nothing to calibrate.")


def task_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    """A line a task, with macro-F1, and one a label."""
    from toolkit.coding.book import AGREEMENT
    from toolkit.evaluate.decisions import TASKS

    for name, found in comparison.tasks.items():
        task = TASKS[name]
        ceiling = AGREEMENT.get(task.ceiling)
        f1 = "-" if ceiling is None or isinstance(ceiling.f1, Missing) else f"{ceiling.f1:g}"
        kappa = "-"
        if ceiling:
            low, high = f"{ceiling.kappa_low:.2f}", f"{ceiling.kappa_high:.2f}"
            kappa = low if low == high else f"{low}-{high}"
        of_task = "-" if task.ceiling_label else f1
        shown = (number(found.macro_f1()), of_task, number(found.kappa()), kappa, number(found.accuracy()))
        yield (task.title, str(found.n), *shown)
        for label in found.labels:
            matches = found.matches(label)
            human = f1 if label == task.ceiling_label else ""
            yield (f"  {label}", str(matches.there), number(matches.value()), human, "", "", "")


def number(value: float | Missing, decimals: int = 2) -> str:
    """A number for a table; a dash where it is missing."""
    return "-" if isinstance(value, Missing) else f"{value:z.{decimals}f}"


def bounded(found: Estimate) -> str:
    """A number and its interval, as far as they are there."""
    if isinstance(found.interval, Missing):
        return number(found.value)
    return f"{number(found.value)} [{found.interval.start:z.2f}, {found.interval.end:z.2f}]"


def tell_rest(reference: Reference, predictions: Path, *, compared: bool) -> None:
    """Say what the tables mean, what was left out, and what was written."""
    if compared:
        say(
            "\nThe line of a decision shows macro-F1 over the labels that occur; n of a label counts the reference. "
            "Simple or complex, open or closed: where both sides found one. human: trained people (AnnoMI, Fleiss' "
            "kappa). ICC(2,1): two-way, absolute agreement, single rater; [ ]: 90 % bootstrap over dialogues; left "
            "out: nothing to divide by. Calibration error: 10 bins of equal mass. A dash: missing; --json says why."
        )
    else:
        say("No reference labels: nothing to compare.")
    if reference.misplaced:
        say(f"{reference.misplaced} labels were not for their row's role, and are left out.")
    say(f"Wrote {len(reference.rows)} rows to {predictions.name}.")
