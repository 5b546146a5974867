"""`toolkit report`: one session as one file to read, to print and to hand on."""

from __future__ import annotations

from pathlib import Path

import typer

from toolkit.cli.screen import say
from toolkit.errors import InputError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", epilog="Example: toolkit report my-study s01 --html s01.html")(report)


def report(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument(help="Which session."),
    *,
    html: Path | None = typer.Option(None, "--html", help="The HTML file to write; without --pdf, SESSION.html."),
    pdf: Path | None = typer.Option(None, "--pdf", help="The PDF file to write."),
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Write the report of a session: one file, without scripts, that needs no network.

    Measures with bands, intervals and definitions, timeline, talk balance, silences, reflections, moments, notes. What
    was said is in it only where everybody agreed to a transcript.
    """
    from toolkit import report as reports
    from toolkit.study import Study

    if html and pdf and html.resolve() == pdf.resolve():
        raise InputError("--html and --pdf name the same file.")
    opened = Study.open(study)
    wanted = [(reports.Form.HTML, html), (reports.Form.PDF, pdf)] if html or pdf else []
    for form, output in wanted or [(reports.Form.HTML, Path(f"{session}.html"))]:
        if output is not None:
            spoken = reports.write(opened, session, output, form=form, force=force)
            written = reports.place(opened, output)
            say(f"Wrote {written.name}{', with words of the session' if spoken else ', without words of the session'}.")
            if written != output:
                say("It is encrypted, as the study is. Open it with: toolkit vault open STUDY FILE --output COPY")
    say("A copy outside the study is out of the reach of a later withdrawal: keep it where you can delete it.")
