"""`toolkit roles`: who is therapist and who is client, corrected by a human; no model runs again."""

from __future__ import annotations

from pathlib import Path

import typer

from toolkit.cli.screen import say, stdout, table

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Say who is therapist and who is client; measures follow at once.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="roles")


@group.command("swap", epilog="Example: toolkit roles swap my-study s01")
def swap(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument(help="Which session."),
    *,
    by: str = typer.Option("", "--by", help="Who says so (a pseudonymous id)."),
) -> None:
    """Exchange therapist and client, and compute the measures again without running a model."""
    from toolkit import corrections
    from toolkit.study import Study

    tell(corrections.swap_roles(Study.open(study), session, by=by))


@group.command("set", epilog="Example: toolkit roles set my-study s01 SPEAKER_00=therapist SPEAKER_01=client")
def set_(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument(help="Which session."),
    given: list[str] = typer.Argument(help="SPEAKER=ROLE, once for each speaker to name.", metavar="SPEAKER=ROLE…"),
    *,
    by: str = typer.Option("", "--by", help="Who says so (a pseudonymous id)."),
) -> None:
    """Give speakers their roles, and compute the measures again without running a model."""
    from toolkit import corrections
    from toolkit.study import Study

    tell(corrections.set_roles(Study.open(study), session, corrections.parse_roles(given), by=by))


@group.command("show", epilog="Example: toolkit roles show my-study s01")
def show(
    study: Path = typer.Argument(help="Folder of the study."),
    session: str = typer.Argument(help="Which session."),
) -> None:
    """Show who has which role, how sure that is, and where it comes from."""
    from toolkit import store
    from toolkit.study import Study

    show_roles(store.load(Study.open(study), session).dialogue.roles)


def tell(roles: object) -> None:
    """Print roles that a human has just set."""
    show_roles(roles)
    say("The measures now follow these roles.")


def show_roles(roles: object) -> None:
    """Print roles as a table."""
    from toolkit.display.words import known_from

    assert isinstance(roles, dict)
    rows = [(speaker, a.role, f"{a.confidence:.2f}", known_from(a.source)) for speaker, a in sorted(roles.items())]
    stdout.print(table("", ("speaker", "role", "confidence", "from"), rows, right=("confidence",)))
