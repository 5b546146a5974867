"""`toolkit collect`: the tables of all sessions in few files, and the measures of all as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.consent_lines import parse_purpose
from toolkit.cli.screen import say
from toolkit.errors import InputError
from toolkit.types import Purpose

if TYPE_CHECKING:
    from toolkit.store import Collected

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("collect", epilog="Example: toolkit collect my-study --output measures.csv")(collect)


def collect(
    study: Path = typer.Argument(help="Folder of the study."),
    *,
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write the measures of all sessions to this .parquet or .csv, one row a value."
    ),
    purpose: str = typer.Option(
        str(Purpose.RESEARCH), "--purpose", help="What the file is for: research, supervision or measure."
    ),
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Bring the tables of all sessions together, so that notebooks over thousands of sessions open fast.

    Only what changed is read again. A file for --output holds the sessions that everybody agreed to for the purpose.
    """
    from toolkit import collect as collecting
    from toolkit import store, withdrawal
    from toolkit.study import Study

    wanted = parse_purpose(purpose)
    if wanted not in collecting.PURPOSES:
        raise InputError(f"a table of sessions is not for {wanted}.", hint=f"One of: {', '.join(collecting.PURPOSES)}.")
    opened = Study.open(study)
    withdrawal.finish_all(opened)
    report(store.collect(opened))
    if output is None:
        return
    found = collecting.write(opened, output, purpose=wanted, force=force)
    say(f"Wrote {output.name}: measures of {len(found)} sessions whose consent covers {wanted} today.")
    say("A copy outside the study is out of the reach of a later withdrawal: keep it where you can delete it.")


def report(found: Collected) -> None:
    """Say what is in the dataset and what was left out of it."""
    say(f"{found.sessions} sessions collected; {found.made} of {found.parts} parts were made anew.")
    if found.uncovered:
        say(f"Left out, consent does not cover them as they are today: {some(found.uncovered)}.")
    if found.damaged:
        say(f"Left out, their results are damaged or of another version: {some(found.damaged)}. Run them again.")


def some(session_ids: tuple[str, ...]) -> str:
    """The first few of many ids."""
    rest = len(session_ids) - 8
    return ", ".join(session_ids[:8]) + (f" and {rest} more" if rest > 0 else "")
