"""`toolkit lab`: JupyterLab on the notebooks, with the study filled in."""

from __future__ import annotations

from pathlib import Path

import typer

from toolkit.cli.screen import say
from toolkit.errors import InputError

__all__ = ["register"]

SAID = (
    "JupyterLab opens on copies of the notebooks. They are saved without outputs, so that nothing that was said stays "
)
DELETED = SAID + "behind, and are deleted when it ends: --keep FOLDER keeps them. Ctrl-C ends it."
KEPT = SAID + "behind. Ctrl-C ends it."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lab", epilog="Example: toolkit lab my-study --session s01")(lab)


def lab(
    study: Path = typer.Argument(help="Folder of the study."),
    *,
    session: str = typer.Option("", "--session", help="For the session review; the latest when left out."),
    therapist: str = typer.Option("", "--therapist", help="For progress and self audit; the session's when left out."),
    notebook: str = typer.Option("01", "--notebook", help="Which one to open: 01 to 06."),
    keep: Path | None = typer.Option(None, "--keep", help="Keep the copies here, still without outputs."),
    browser: bool = typer.Option(True, "--browser/--no-browser", help="Open the browser, or only print the address."),
    port: int = typer.Option(0, "--port", min=0, max=65535, help="Of the address; the next free one when left out."),
) -> None:
    """Open JupyterLab on the notebooks, with the study filled in. Works offline."""
    from toolkit import lab as desk
    from toolkit.study import Study

    opened = Study.open(study)
    first = next((name for name in desk.notebooks() if name.startswith(notebook)), None)
    if first is None:
        raise InputError(f"no notebook {notebook[:40]}.", hint=f"One of: {', '.join(desk.notebooks())}.")
    if session:
        whose = opened.recording(session).therapist
        values = {"SESSION": session, "THERAPIST": therapist or whose}
    else:
        latest, whose = desk.newest(opened, therapist)
        values = {"SESSION": latest, "THERAPIST": whose}
    values["STUDY"] = str(opened.root.resolve())
    say(DELETED if keep is None else KEPT)
    code = desk.serve(values, keep=keep, first=first, browser=browser, port=port, told=say)
    if code:
        raise typer.Exit(code)
