"""`toolkit add`: put a recording on the list of sessions."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from toolkit.cli.screen import say
from toolkit.errors import InputError, one_line

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example: toolkit add my-study tuesday.m4a --session s01 --therapist T01 --client C01"
    app.command("add", epilog=example)(add)


def add(
    study: Path = typer.Argument(help="Folder of the study.", readable=False),
    recording: Path = typer.Argument(help="Audio or video file; it is neither copied nor changed.", readable=False),
    *,
    session: str = typer.Option(..., "--session", metavar="ID", help="Name of the session, such as s01."),
    therapist: str = typer.Option(..., "--therapist", metavar="ID", help="Pseudonym of the therapist, such as T01."),
    client: str = typer.Option(..., "--client", metavar="ID", help="Pseudonym of the client; several as 'C01;C02'."),
    speakers: int | None = typer.Option(None, "--speakers", metavar="N", help="How many people speak.  [default: 2]"),
    min_speakers: int | None = typer.Option(None, "--min-speakers", metavar="N", help="At least so many speak."),
    max_speakers: int | None = typer.Option(None, "--max-speakers", metavar="N", help="At most so many speak."),
    channels: str = typer.Option(
        "", "--channels", metavar="WHO,WHO", help="Who is on each channel, in order: therapist,client."
    ),
    language: str = typer.Option("", "--language", metavar="CODE", help="Language, such as en; else it is detected."),
    recorded_on: str = typer.Option("", "--recorded-on", metavar="DATE", help="Day of the session: 2026-11-23."),
) -> None:
    """Put a recording on the study's list of sessions."""
    from toolkit.consent import audit
    from toolkit.study import Study

    columns = {
        "session_id": session,
        "therapist": therapist,
        "client": client,
        "recorded_on": recorded_on,
        "language": language,
        "speakers": number_of_speakers(speakers, min_speakers, max_speakers),
        "channels": channels.replace(",", ";"),
    }
    opened = Study.open(study)
    added = opened.add(recording, columns)
    audit.append(opened.audit_file, "add", session_id=session)
    people = str(added.min_speakers)
    if added.max_speakers != added.min_speakers:
        people += f" to {added.max_speakers}"
    where = f", one a channel ({', '.join(added.channels)})" if added.channels else ""
    say(f"Added session {session}: {one_line(recording.name)}, {people} speakers{where}.")
    say("Nothing of it is read before consent is recorded. Once everybody has agreed:")
    say(f"  toolkit consent grant {shlex.quote(str(study))} --session {session} --purpose measure")


def number_of_speakers(exact: int | None, low: int | None, high: int | None) -> str:
    """The three options as the column ``speakers`` has them: empty, ``2`` or ``2-4``.

    Raises
    ------
    InputError
        When they exclude each other or one is alone.
    """
    if exact is not None:
        if low is not None or high is not None:
            raise InputError(
                "--speakers excludes --min-speakers and --max-speakers.",
                hint="Give the exact number, or a minimum and a maximum.",
            )
        return str(exact)
    if (low is None) != (high is None):
        raise InputError("--min-speakers and --max-speakers go together.", hint="Give both, or --speakers alone.")
    if low is None or high is None:
        return ""
    if low > high:
        raise InputError(f"--min-speakers {low} is more than --max-speakers {high}.", hint="Exchange them.")
    return f"{low}-{high}"
