"""`toolkit code`: codes to a spreadsheet and back."""

from __future__ import annotations

from pathlib import Path

import typer

from toolkit.cli.screen import say

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Code a session in a spreadsheet, and lay the codes over the machine's.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="code")


@group.command("export", epilog="Example: toolkit code export my-study s01 --blind -o s01.csv")
def export(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument(help="Which session."),
    *,
    output: Path | None = typer.Option(
        None, "--output", "-o", help="The file to write, SESSION-codes.csv when it is left out."
    ),
    blind: bool = typer.Option(False, "--blind", help="Leave the machine's codes out, so that they lead nobody."),
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Write a sheet with one row an utterance, and empty columns for codes and notes.

    It opens in any spreadsheet. The words are in it only where everybody agreed to a transcript.
    """
    from toolkit import corrections
    from toolkit.study import Study

    target = output or Path(f"{session}-codes.csv")
    count = corrections.export_sheet(Study.open(study), session, target, blind=blind, force=force)
    say(f"Wrote {target.name} with {count} utterances.")
    say("In the column codes write codes joined by ; (their names, or SR CR OQ CQ GI AF CT ST), or none.")
    say(f"Then: toolkit code import {study.name} {session} {target.name} --by ID")
    say("A copy outside the study is out of the reach of a later withdrawal: keep it where you can delete it.")


@group.command("import", epilog="Example: toolkit code import my-study s01 s01.csv --by T2")
def import_(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument(help="Which session."),
    file: Path = typer.Argument(help="The filled sheet, saved as CSV; or an EAF or TextGrid."),
    *,
    by: str = typer.Option(..., "--by", help="Who coded it (a pseudonymous id)."),
) -> None:
    """Lay the codes and notes of a filled sheet over a session, and compute the measures again.

    Every line is checked first; when one is wrong nothing is written, and its number is said. Of a file that was coded
    in ELAN or Praat the tiers codes@SPEAKER count: write the codes there after `toolkit export --format eaf`.
    """
    from toolkit import corrections
    from toolkit.study import Study

    if file.name.casefold().endswith(corrections.ENDINGS):
        count = corrections.import_tiers(Study.open(study), session, file, by=by)
        say(f"{count} utterances coded. The measures now follow the codes that count.")
        return
    coded, noted = corrections.import_sheet(Study.open(study), session, file, by=by)
    say(f"{coded} utterances coded, {noted} notes. The measures now follow the codes that count.")
