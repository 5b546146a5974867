"""`toolkit import`: put a transcript made elsewhere on the list of sessions."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.screen import say
from toolkit.errors import ConsentError, InputError, one_line
from toolkit.types import Role

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example: toolkit import my-study talk.vtt --session s02 --therapist T01 --client C02"
    app.command("import", epilog=example)(import_)


def import_(
    study: Path = typer.Argument(help="Folder of the study.", readable=False),
    file: Path = typer.Argument(help="The transcript; it is neither copied nor changed.", readable=False),
    *,
    session: str = typer.Option(..., "--session", metavar="ID", help="A new session, or one that has a recording."),
    maps: list[str] = typer.Option(
        [], "--map", metavar="SPEAKER=ROLE", help="Who a speaker of the file is: Jane=therapist. Repeatable."
    ),
    therapist: str = typer.Option("", "--therapist", metavar="ID", help="Pseudonym of the therapist (new session)."),
    client: str = typer.Option("", "--client", metavar="ID", help="Pseudonym of the client (new session)."),
    language: str = typer.Option("", "--language", metavar="CODE", help="Language, such as en."),
    recorded_on: str = typer.Option("", "--recorded-on", metavar="DATE", help="Day of the session: 2026-11-23."),
    force: bool = typer.Option(False, "--force", help="In place of a transcript that the session has."),
) -> None:
    """Put a transcript made elsewhere on the study's list, beside a recording or instead of one.

    WhisperX and faster-whisper JSON, WebVTT (Zoom, Teams, noScribe), SRT, RTTM, CTM, STM, SegLST, Praat TextGrid, ELAN
    EAF, CHAT, CSV of speaker, start, end, text. The file is read once, to check its form and number its speakers;
    nothing of it is kept. Names in it go nowhere: the study calls its speakers by role, or SPEAKER_00.
    """
    from toolkit import transcripts
    from toolkit.consent import audit
    from toolkit.formats import registry
    from toolkit.study import Study

    opened = Study.open(study)
    refuse_withdrawn(opened, session)
    new = session not in opened.recordings()
    if new and not (therapist and client):
        raise InputError(
            f"there is no session {session[:80]} yet.", hint="For a new one give --therapist ID and --client ID."
        )
    found, conversation, _ = transcripts.read(file)
    labels = transcripts.labels_of(conversation, dict(parsed(text) for text in maps))
    if new and not labels:
        raise InputError(
            f"{file.name} names no speaker.", hint="Without sound nobody is told from another: add a recording."
        )
    added = opened.bring(
        file,
        {
            "session_id": session,
            "therapist": therapist,
            "client": client,
            "recorded_on": recorded_on,
            "language": language,
            "transcript_speakers": ";".join(labels),
        },
        force=force,
    )
    audit.append(opened.audit_file, "import", session_id=session, format=found)
    who = ", ".join(labels) if labels else "speakers are found in the sound"
    beside = "beside its recording" if added.has_sound else "without sound"
    say(f"Added to session {session}, {beside}: {one_line(file.name)} ({registry.FORMS[found].title}); {who}.")
    say("Nothing of it is used before everybody has agreed to a transcript, for this file:")
    quoted = shlex.quote(str(study))
    say(f"  toolkit consent grant {quoted} --session {session} --purpose measure --purpose transcript")


def parsed(text: str) -> tuple[str, Role]:
    """A speaker and a role from ``Jane=therapist``."""
    label, equals, role = text.rpartition("=")
    known = [str(r) for r in Role if r is not Role.UNKNOWN]
    if not equals or not label.strip() or role.strip() not in known:
        raise InputError("--map needs SPEAKER=ROLE.", hint=f"Such as Jane=therapist; roles: {', '.join(known)}.")
    return " ".join(label.split()), Role(role.strip())


def refuse_withdrawn(study: Study, session: str) -> None:
    """Refuse to read a file for a session whose consent was withdrawn."""
    record = study.ledger().records.get(session)
    if getattr(record, "withdrawn_on", None) is not None:
        raise ConsentError(
            f"session {session}: consent was withdrawn (rule: withdrawn).", hint="Nothing of it may be read."
        )
