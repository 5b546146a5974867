"""`toolkit audit`: whether the log of what was done is whole, and where it ends."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from toolkit.cli.screen import say
from toolkit.errors import StoreError

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Check the log of what was done with a study.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="audit")


STUDY = typer.Argument(help="Folder of the study.", readable=False)


@group.command("verify", epilog="Example: toolkit audit verify my-study")
def verify(
    study: Path = STUDY,
    *,
    head: list[str] = typer.Option(
        [], "--head", metavar="N:HASH", help="A head noted elsewhere, as `toolkit run` prints it. Repeatable."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """Check that every line is there, as it was written and in its place; the exit code is 6 when not.

    Beside the chain of the lines it asks audit.head, audit.anchors and the receipts of withdrawals where the log ended.
    """
    from toolkit.consent import anchors, audit
    from toolkit.study import Study

    opened = Study.open(study)
    noted = [anchors.parse(text, f"--head {number}") for number, text in enumerate(head, start=1)]
    found = audit.verify(opened.audit_file, noted)
    if as_json:
        told = {"ok": found.ok, "lines": found.count, "head": found.head, "torn": found.torn}
        print(json.dumps({**told, "problems": list(found.problems)}, indent=2))  # noqa: T201 - the result
    else:
        for problem in found.problems:
            say(problem)
        if found.torn:
            say("The last line was cut off by a crash; the next command takes it away and notes it.")
        if found.ok:
            say(f"{found.count} lines, all there and as they were written. Head: {found.count}:{found.head}")
    if not found.ok:
        problems = f"{len(found.problems)} problem{'' if len(found.problems) == 1 else 's'}"
        raise StoreError(f"the audit log has been changed: {problems}.", hint="Keep a copy and find out who did it.")


@group.command("head", epilog="Example: toolkit audit head my-study")
def head(study: Path = STUDY) -> None:
    """Print where the log ends, to be noted outside the study."""
    from toolkit.consent import audit
    from toolkit.study import Study

    say(str(audit.head(Study.open(study).audit_file)))
