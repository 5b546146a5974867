"""`toolkit export --redacted` and `--sign-off`: a draft without identifiers, and a person's word for it."""

from __future__ import annotations

from pathlib import Path

from toolkit.cli.consent import this_day
from toolkit.cli.screen import say, stdout, table
from toolkit.errors import InputError

__all__ = ["redact", "sign_off"]


def redact(study: Path, folder: Path, names: Path | None, *, audio: bool) -> None:
    """Write a redacted draft and say what it is."""
    from toolkit import redaction
    from toolkit.formats.lines import read_text
    from toolkit.study import Study

    known = [line.strip() for line in read_text(names).splitlines() if line.strip()] if names else []
    draft = redaction.export(Study.open(study), folder, names=known, audio=audio)
    for session_id, why in draft.left_out.items():
        say(f"Left out: session {session_id}, {why}.")
    for session_id, why in draft.silent.items():
        say(f"Without its sound: session {session_id}, {why}.")
    columns = ("class", "identifiers", "found", "right")
    for sentences, told in draft.leaks["synthetic_sentences"].items():
        rows = [
            (name, str(found["identifiers"]), share(found["recall"]), share(found["precision"]))
            for name, found in told["classes"].items()
        ]
        title = f"In {told['sentences']} synthetic sentences, {sentences}"
        stdout.print(table(title, columns, rows, right=columns[1:]))
    say(f"Known names left in the draft: {draft.leaks['known_names_left']}")
    if draft.sounding:
        say(f"With the sound of {draft.sounding} sessions. A voice identifies: keep it as you keep the recordings.")
    say(f"Wrote {draft.sessions} sessions to {folder.name}: a redacted draft for a reviewer. Once it has been read:")
    say(f"  toolkit export {study.name} --sign-off {folder.name} --by ID")


def sign_off(study: Path, folder: Path, by: str) -> None:
    """Note a reviewer's word."""
    from toolkit import redaction
    from toolkit.study import Study

    if not by:
        raise InputError("who reviewed it?", hint="Give a pseudonymous id: --by R1")
    count = redaction.sign_off(Study.open(study), folder, by=by, today=this_day())
    say(f"{by} signed off {count} files of {folder.name} as they are now; it is in the audit log.")


def share(value: float | None) -> str:
    """A share for a cell."""
    return "-" if value is None else f"{value:.0%}"
