"""The command line: one file a command, each with a function beside it in the package that does the work.

Only this room prints or exits. A command module has `register(app)`, imports nothing heavy at its top, and raises
`ToolkitError`; `main` turns that into one line and an exit code.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import typer

from toolkit import offline
from toolkit.cli.screen import complain, quiet_crash
from toolkit.errors import ToolkitError

__all__ = ["app", "main"]

COMMANDS = (
    "init",
    "add",
    "import",
    "consent",
    "enroll",
    "run",
    "audit",
    "retention",
    "status",
    "clean",
    "doctor",
    "vault",
    "show",
    "report",
    "lab",
    "roles",
    "correct",
    "code",
    "measures",
    "languages",
    "export",
    "collect",
    "models",
    "evaluate",
    "agree",
    "demo",
)

app = typer.Typer(
    name="toolkit",
    help="Listening measures for consented recordings of counselling and therapy sessions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def tell_version(asked: bool) -> None:
    """Show the version of the toolkit, of Python, and the digest of every model, and leave."""
    if asked:
        from toolkit.cli.version import show

        show()
        raise typer.Exit


@app.callback()
def options(
    *,
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error; it may hold speech and paths."),
    strict_offline: bool = typer.Option(
        False, "--strict-offline", help="Refuse every connection but to this machine itself."
    ),
    user: str = typer.Option("", "--as", metavar="ID", help="Who opens sessions: your pseudonym, such as S01."),
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=tell_version, help="Show the version and that of every model."
    ),
) -> None:
    """Listening measures for consented recordings of counselling and therapy sessions."""
    assert not version  # its callback has shown it and left
    os.environ["TOOLKIT_DEBUG"] = "1" if debug else ""
    if strict_offline:
        offline.forbid()
    if user:
        os.environ["TOOLKIT_USER"] = user


for command in COMMANDS:
    import_module(f"toolkit.cli.{command}").register(app)


def main() -> None:
    """Run the command line: the console script ``toolkit``."""
    try:
        app()
    except ToolkitError as error:
        if os.environ.get("TOOLKIT_DEBUG"):
            raise
        complain(error)
        sys.exit(error.exit_code)
    finally:
        sys.excepthook = quiet_crash  # set last: typer sets its own when it is called
