"""`toolkit clean`: drop kept results of stages that no session refers to."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import typer

from toolkit.cli.screen import say, stdout, table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("clean", epilog="Example: toolkit clean my-study --dry-run")(clean)


def clean(
    study: Path = typer.Argument(help="Folder of the study."),
    *,
    dry_run: bool = typer.Option(False, "--dry-run", help="Only list what would be deleted."),
) -> None:
    """Delete what stages gave with settings, recordings or sessions that the study no longer has.

    Results themselves stay, and so does what a run with today's settings would take up.
    """
    from toolkit.batch import standing
    from toolkit.consent import audit
    from toolkit.study import Study

    opened = Study.open(study)
    found = standing.leftovers(opened) if dry_run else standing.clean(opened)
    if found and not dry_run:
        audit.append(opened.audit_file, "purge-stages", files=len(found))
    sizes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entry in found:
        sizes[entry.session_id, entry.stage].append(entry.size)
    rows = [(*names, str(len(own)), size(sum(own))) for names, own in sizes.items()]
    if rows:
        stdout.print(table("", ("session", "stage", "files", "size"), rows, right=("files", "size")))
    verb = "would be deleted" if dry_run else "deleted"
    what = "kept result of a stage" if len(found) == 1 else "kept results of stages"
    say(f"{len(found)} {what} {verb}, {size(sum(e.size for e in found))}.")


def size(count: int) -> str:
    """Bytes as a reader says them.

    Examples
    --------
    >>> size(1_234_567)
    '1.2 MB'
    """
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
