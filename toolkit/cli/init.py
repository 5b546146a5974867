"""`toolkit init`: make a study."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from toolkit.cli.screen import say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", epilog="Example: toolkit init my-study")(init)


def init(
    study: Path = typer.Argument(help="Folder to make; one that holds recordings already will do.", readable=False),
) -> None:
    """Make a study: a folder with settings, a table of sessions and an empty consent ledger."""
    from toolkit.consent import audit
    from toolkit.errors import one_line
    from toolkit.study import Study

    made = Study.create(study)
    audit.append(made.audit_file, "init")
    say(
        f"Made the study {one_line(made.name)}: toolkit.toml has its settings, sessions.csv its sessions, "
        "consent.toml who agreed to what."
    )
    say(
        "The study is not encrypted: keep it on an encrypted disk, or encrypt what is most sensitive in it with: "
        f"toolkit vault init {shlex.quote(str(study))}"
    )
    say("Nothing is read before consent is recorded. Add a recording; it stays where it is:")
    say(f"  toolkit add {shlex.quote(str(study))} RECORDING --session s01 --therapist T01 --client C01")
