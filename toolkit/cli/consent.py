"""`toolkit consent`: record who agreed to what, take it back, list and check it."""

from __future__ import annotations

import dataclasses
import json
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.consent_lines import (
    choose,
    grant_lines,
    parse_expiry,
    parse_listener,
    parse_party,
    parse_portion,
    parse_purpose,
    receipt_lines,
    standing,
)
from toolkit.cli.screen import say, stdout, table
from toolkit.errors import ConfigError, ConsentError, InputError, StoreError, ToolkitError
from toolkit.types import Purpose, Recording, Role

if TYPE_CHECKING:
    from toolkit.consent.admit import Fingerprints
    from toolkit.consent.ledger import Record
    from toolkit.study import Study

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Record who agreed to what, take it back, list and check it.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="consent")


STUDY = typer.Argument(help="Folder of the study.", readable=False)
SHOWN_ALWAYS = {"session", "parties", "purposes", "expires", "excluded", "state"}
SESSION = typer.Option(..., "--session", metavar="ID", help="Which session.")


@group.command(
    "grant",
    epilog="Example: toolkit consent grant my-study --session s01 --purpose measure --purpose transcript "
    "--expires 2027-11-23 --exclude 12:30-13:05",
)
def grant(
    study: Path = STUDY,
    *,
    session: str = SESSION,
    purpose: list[str] = typer.Option(
        ..., "--purpose", help=f"One of {', '.join(Purpose)}; may be given several times."
    ),
    expires: str = typer.Option("", "--expires", metavar="DATE", help="Last day on which it holds: 2027-11-23."),
    exclude: list[str] = typer.Option(
        [], "--exclude", metavar="START-END", help="Leave this portion out: seconds, mm:ss or hh:mm:ss. Repeatable."
    ),
    listener: list[str] = typer.Option(
        [],
        "--listener",
        metavar="ID",
        help="Who may open the session; left out: whoever the clinic lets. Repeatable.",
    ),
    keep_until: str = typer.Option(
        "", "--keep-until", metavar="DATE", help="Last day on which anything made from it is kept: 2031-12-31."
    ),
    by: str = typer.Option("", "--by", metavar="NAME", help="Who records this."),
    party: list[str] = typer.Option(
        [], "--party", metavar="ID", help="Only this party agrees (all do when left out). Repeatable."
    ),
    also: list[str] = typer.Option(
        [], "--also", metavar="ROLE=ID", help="Somebody else took part: interpreter=I01. Repeatable."
    ),
) -> None:
    """Record what the parties of a session have agreed to.

    For each purpose the latest grant counts; other purposes granted before, and portions left out before, stay. What
    was made with a portion before it was left out is deleted at once, with a receipt.
    """
    from toolkit import withdrawal
    from toolkit.consent import audit, ledger
    from toolkit.consent.admit import fingerprints
    from toolkit.study import Study

    today = this_day()
    given = ledger.Grant(
        party=ledger.Party(Role.UNKNOWN, ""),
        purposes=frozenset(parse_purpose(p) for p in purpose),
        granted_on=today,
        expires_on=parse_expiry(expires, today=today),
        recorded_by=by,
        listeners=frozenset(parse_listener(who) for who in listener),
        keep_until=parse_expiry(keep_until, today=today, option="--keep-until"),
    )
    portions = [parse_portion(text) for text in exclude]
    opened = Study.open(study)
    recording = opened.recording(session)
    found = fingerprints(recording)
    withdrawal.finish(opened, session)  # what a stopped withdrawal left must not come back
    with opened.editing():
        book = opened.ledger()
        old = book.record(session)
        check_same_file(recording, old, found)
        present = dict.fromkeys([*ledger.parties(recording), *(parse_party(text) for text in also)])
        known = dict.fromkeys([*(old.parties if old else ()), *present])
        record = ledger.grant(
            old,
            given,
            by=choose(known, party) if party else present,
            present=present,
            excluded=portions,
            recording_sha256=found.recording,
        )
        record = dataclasses.replace(record, transcript_sha256=found.transcript)
        ledger.save(opened.consent_file, book.replace(session, record))
    audit.append(
        opened.audit_file,
        "grant",
        session_id=session,
        purposes=[str(p) for p in Purpose if p in given.purposes],
        expires_on=expires,
        excluded=len(portions),
        listeners=len(listener),
        keep_until=keep_until,
    )
    if old is not None and old.withdrawn_on is not None:
        say(f"The withdrawal of {old.withdrawn_on} is lifted; what was granted before it stays withdrawn.")
    for line in grant_lines(recording, record, today):
        say(line)
    if portions:
        forget_portions(opened, session)
    if Purpose.MEASURE in ledger.granted(record, today):
        say(f"Next: toolkit run {shlex.quote(str(study))}")


@group.command("withdraw", epilog="Example: toolkit consent withdraw my-study --session s01 --portion 12:30-13:05")
def withdraw(
    study: Path = STUDY,
    *,
    session: str = SESSION,
    portion: list[str] = typer.Option(
        [], "--portion", metavar="START-END", help="Only this portion: seconds, mm:ss or hh:mm:ss. Repeatable."
    ),
    delete_recording: bool = typer.Option(
        False, "--delete-recording", help="Delete the recording too, and a transcript that was imported."
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask first."),
) -> None:
    """Withdraw consent for a session, and delete everything that was derived from its recording.

    With --portion that stretch is left out from now on, and what remains is measured again. A receipt in the folder
    receipts says what was deleted. To take back one purpose only, withdraw and grant the others again.
    """
    from toolkit import withdrawal
    from toolkit.study import Study

    portions = [parse_portion(text, option="--portion") for text in portion]
    if portions and delete_recording:
        raise InputError("--delete-recording deletes the whole recording.", hint="Leave --portion out.")
    opened = Study.open(study)
    check_known(opened, session)
    part = f"{len(portions)} portion{'s' * (len(portions) > 1)} of " if portions else ""
    also = ", and the recording itself" if delete_recording else ""
    if not yes:
        asked = f"Withdraw consent for {part}session {session}, and delete everything made from it{also}?"
        typer.confirm(asked, abort=True)
    try:
        receipt = withdrawal.withdraw(opened, session, today=this_day(), portions=portions, recording=delete_recording)
    except (ConfigError, StoreError) as error:
        raise type(error)(
            f"session {session}: consent is withdrawn, but not everything is deleted: {error.message}",
            hint=f"{error.hint} Withdraw it again.",
        ) from None
    for line in receipt_lines(receipt, whole=not portions, asked=delete_recording):
        say(line)
    if portions:
        measure_again(opened, session)


def forget_portions(study: Study, session: str) -> None:
    """Delete what was made of portions that have just been excluded, and say so."""
    from toolkit import withdrawal

    try:
        receipt = withdrawal.finish(study, session)
    except (ConfigError, StoreError) as error:
        raise type(error)(
            f"session {session}: the portion is left out from now on, but what was made of it is not deleted yet: "
            f"{error.message}",
            hint=error.hint or "The next run deletes it.",
        ) from None
    if receipt is not None:
        files = f"{receipt.files} derived file{'' if receipt.files == 1 else 's'}"
        say(f"{files} made with the portion deleted; receipt: {receipt.path.parent.name}/{receipt.path.name}")


def measure_again(study: Study, session: str) -> None:
    """Run a session of which a portion was taken back."""
    from toolkit import batch
    from toolkit.cli.progress import Bars
    from toolkit.cli.run import have_models, report

    have_models(study.settings(), heard=study.recording(session).has_sound)
    with Bars() as bars:
        outcomes = batch.run(study, [session], bars)
    report(outcomes)
    if code := batch.worst_exit_code(outcomes):
        raise typer.Exit(code)


@group.command("list", epilog="Example: toolkit consent list my-study")
def list_(
    study: Path = STUDY,
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """List every session with what its parties agreed to, as of today."""
    from toolkit.study import Study

    opened = Study.open(study)
    found = opened.recordings()
    book = opened.ledger()
    rows = [standing(s, found.get(s), book, this_day()) for s in dict.fromkeys([*found, *book.records])]
    if as_json:
        print(json.dumps({"sessions": [row.as_dict() for row in rows]}, indent=2))  # noqa: T201 - the result
        return
    if not rows:
        say("This study has no sessions yet. Add one with: toolkit add STUDY RECORDING --session s01 …")
        return
    cells = [row.cells() for row in rows]
    used = [name for name in cells[0] if name in SHOWN_ALWAYS or any(row[name] != "-" for row in cells)]
    stdout.print(table("", used, [[row[name] for name in used] for row in cells]))


@group.command("check", epilog="Example: toolkit consent check my-study")
def check(study: Path = STUDY) -> None:
    """Check for every session whether it may be measured today; the exit code is 3 when one may not."""
    from toolkit.consent import audit
    from toolkit.consent.admit import admit
    from toolkit.study import Study

    opened = Study.open(study)
    found, book, today = opened.recordings(), opened.ledger(), this_day()
    rows: list[tuple[str, str, str]] = []
    errors: list[ToolkitError] = []
    for session, recording in found.items():
        try:
            consented = admit(recording, book, purposes=[Purpose.MEASURE], today=today)
            rows.append((session, "yes", ", ".join(sorted(consented.purposes))))
        except (ConsentError, InputError) as error:
            errors.append(error)
            rows.append((session, "no", error.message.removeprefix(f"session {session}: ")))
    stdout.print(table("", ("session", "may be measured", "purposes, or why not"), rows))
    findings = audit.verify(opened.audit_file)
    if findings.ok:
        torn = "; its last line was cut off by a crash and is repaired by the next command" if findings.torn else ""
        say(f"Audit log: {findings.count} lines, as they were written{torn}.")
    if errors:
        refused = any(isinstance(e, ConsentError) for e in errors)
        kind = ConsentError if refused else InputError
        raise kind(f"{len(errors)} of {len(found)} sessions may not be measured today.", hint="The table says why.")
    if not findings.ok:
        raise StoreError(f"audit.jsonl has been changed: {findings.problems[0]}")


def this_day() -> date:
    """Today by the calendar of this place: that is what a consent form means."""
    return date.today()  # noqa: DTZ011 - a time zone would make it another day


def check_same_file(recording: Recording, old: Record | None, found: Fingerprints) -> None:
    """Refuse to carry a consent over to another file."""
    if old is None or old.withdrawn_on is not None:
        return
    brought = recording.transcript.path if recording.transcript else recording.path
    for path, known, now in (
        (recording.path, old.recording_sha256, found.recording),
        (brought, old.transcript_sha256, found.transcript),
    ):
        if now and known not in {"", now}:
            raise ConsentError(
                f"session {recording.session_id}: {path.name} is not the file that consent was given for "
                "(rule: other-recording).",
                hint="Put the right file back, or withdraw the session and grant again.",
            )


def check_known(study: Study, session: str) -> None:
    """Refuse an id of which neither the table, the ledger nor the results know anything."""
    from toolkit import withdrawal

    withdrawal.check_known(study, session)
