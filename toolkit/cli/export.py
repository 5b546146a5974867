"""`toolkit export`: one session's results in a format of another program."""

from __future__ import annotations

from pathlib import Path

import typer

from toolkit.cli.redact import redact, sign_off
from toolkit.cli.screen import say
from toolkit.errors import InputError
from toolkit.formats.names import Format, Labels

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", epilog="Example: toolkit export my-study s01 --format csv --output s01.csv")(export)


def export(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument("", help="Which session."),
    *,
    form: Format | None = typer.Option(
        None, "--format", help="rttm: who spoke when. csv, parquet: a table. The others: docs/formats.md."
    ),
    output: Path | None = typer.Option(None, "--output", "-o", help="The file to write."),
    labels: Labels = typer.Option(Labels.ROLE, "--labels", help="Name speakers by role, or as the diarizer does."),
    table: str = typer.Option("measures", "--table", metavar="NAME", help="For csv and parquet; all makes a zip."),
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
    redacted: Path | None = typer.Option(
        None, "--redacted", metavar="FOLDER", help="A draft of all research sessions without identifiers."
    ),
    audio: bool = typer.Option(
        False, "--audio", help="With --redacted: the sound too, silent where identifiers are said; a voice identifies."
    ),
    names: Path | None = typer.Option(None, "--names", help="With --redacted: names known to occur, one a line."),
    signed: Path | None = typer.Option(
        None, "--sign-off", metavar="FOLDER", help="A person has reviewed a redacted draft; needs --by."
    ),
    by: str = typer.Option("", "--by", metavar="ID", help="With --sign-off: who reviewed it."),
) -> None:
    """Write a session's results to a file, and note it in the audit log.

    Formats that hold what was said need the transcript purpose. JSON and BIDS leave text out where it is not granted.
    Beside a table stands its data dictionary.
    With --redacted all sessions that research covers go into one folder, without what a program could find of names,
    places, dates and numbers: a draft, which a person reviews and then signs off.
    """
    if redacted is not None or signed is not None:
        if session or form or output or (redacted and signed):
            raise InputError("--redacted and --sign-off stand alone.", hint="They are about all research sessions.")
        if redacted is not None:
            redact(study, redacted, names, audio=audio)
        elif signed is not None:
            sign_off(study, signed, by)
        return
    if not session or form is None or output is None:
        raise InputError("a session, --format and --output are needed.", hint="Or --redacted FOLDER for all of them.")
    from toolkit import export as exports
    from toolkit.study import Study

    written = exports.export(
        Study.open(study),
        session,
        output,
        form=form,
        labels=labels,
        table=table,
        force=force,
    )
    for path in written:
        say(f"Wrote {path.name}.")
    if form is Format.VCON:
        say("vCon and its consent attachment are drafts of the IETF: they may change.")
    if form not in {Format.RTTM, Format.CSV, Format.PARQUET} or table != "measures":
        say("A copy outside the study is out of the reach of a later withdrawal: keep it where you can delete it.")
