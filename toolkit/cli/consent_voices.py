"""`toolkit consent grant-voice`, `withdraw-voice` and `voices`: what one person agreed to outside any session."""

from __future__ import annotations

import dataclasses
import difflib
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.consent import STUDY, group, this_day
from toolkit.cli.consent_lines import parse_expiry
from toolkit.cli.screen import say, stdout, table
from toolkit.errors import InputError
from toolkit.types import Purpose, Role

if TYPE_CHECKING:
    from toolkit.consent.ledger import Ledger, Party, Record
    from toolkit.study import Study

__all__ = ["register", "tidy"]

PERSON = typer.Argument(help="Pseudonym of the person, such as T01.", metavar="PERSON")


def register() -> None:
    """Add the commands to the group ``consent``."""
    group.command("grant-voice", epilog="Example: toolkit consent grant-voice my-study T01 --expires 2027-11-23")(grant)
    group.command("withdraw-voice", epilog="Example: toolkit consent withdraw-voice my-study T01")(withdraw)
    group.command("voices", epilog="Example: toolkit consent voices my-study")(voices)


def grant(
    study: Path = STUDY,
    person: str = PERSON,
    *,
    role: str = typer.Option("", "--role", help="Role of somebody who is not in sessions.csv yet, such as therapist."),
    expires: str = typer.Option("", "--expires", metavar="DATE", help="Last day on which it holds: 2027-11-23."),
    by: str = typer.Option("", "--by", metavar="NAME", help="Who records this."),
) -> None:
    """Record that a person agreed to their voice being enrolled."""
    from toolkit.consent import audit, ledger
    from toolkit.study import Study

    opened = Study.open(study)
    today = this_day()
    ends = parse_expiry(expires, today=today)
    with opened.editing():
        book = opened.ledger()
        party = find(opened, book, person, role)
        given = ledger.Grant(party, frozenset({Purpose.VOICEPRINT}), today, ends, by)
        record = ledger.grant(own_record(book, person), given, by=[party], recording_sha256="")
        ledger.save(opened.consent_file, book.replace_person(person, record))
    audit.append(opened.audit_file, "grant-voice", role=str(party.role), expires_on=expires)
    until = f"up to and with {ends}" if ends else "until withdrawn"
    say(f"The {party.role} {person} agrees to their voice being enrolled, {until}.")
    say(f"Next: toolkit enroll {study.name} {person} RECORDING")


def withdraw(
    study: Path = STUDY,
    person: str = PERSON,
    *,
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask first."),
) -> None:
    """Withdraw a person's consent to a voice print, and delete what was enrolled."""
    from toolkit.consent import audit, ledger
    from toolkit.consent import voices as enrolled
    from toolkit.study import Study

    opened = Study.open(study)
    find(opened, opened.ledger(), person, "")
    if not yes:
        typer.confirm(f"Withdraw the consent of {person}, and delete their enrolled voice?", abort=True)
    with opened.editing():
        book = opened.ledger()
        party = find(opened, book, person, "")
        old = own_record(book, person) or ledger.Record(parties=(party,), grants=())
        if old.withdrawn_on is None:
            record = dataclasses.replace(old, withdrawn_on=this_day())
            ledger.save(opened.consent_file, book.replace_person(person, record))
        gone = enrolled.remove(opened.root, person)
    audit.append(opened.audit_file, "withdraw-voice", role=str(party.role), files=int(gone))
    say(f"Consent of the {party.role} {person} is withdrawn, and {'the' if gone else 'no'} enrolled voice was deleted.")
    say("Roles that it named stay in results until those sessions are run again.")


def voices(
    study: Path = STUDY,
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """List who agreed to their voice being enrolled, and whose is, as of today."""
    from toolkit.consent.voices import place
    from toolkit.study import Study

    opened = Study.open(study)
    tidy(opened)
    book, today = opened.ledger(), this_day()
    rows = [
        {"person": who, "role": role_of(book, who), "state": state(book, who, today)}
        | {"enrolled": "yes" if place(opened.root, who).exists() else "no"}
        for who in book.people
    ]
    if as_json:
        print(json.dumps({"people": rows}, indent=2))  # noqa: T201 - the result
        return
    if not rows:
        say("Nobody has agreed to a voice print yet. Record it with: toolkit consent grant-voice STUDY PERSON")
        return
    stdout.print(table("", tuple(rows[0]), [tuple(row.values()) for row in rows]))


def tidy(study: Study) -> None:
    """Delete voices that consent does not cover today: expired, or taken out of the ledger by hand."""
    from toolkit.consent import audit
    from toolkit.consent import voices as enrolled

    with study.editing():
        gone = enrolled.sweep(study.ledger(), this_day())
    if gone:
        audit.append(study.audit_file, "purge-voices", files=len(gone))
        say(f"Deleted {len(gone)} enrolled voice{'' if len(gone) == 1 else 's'} that consent no longer covers.")


def find(study: Study, book: Ledger, person: str, role: str) -> Party:
    """Role and id of a person: by the ledger, by ``sessions.csv``, or by the role that was given."""
    from toolkit.consent.ledger import Party, parties
    from toolkit.formats.sessions import check_party

    known = {p.id: p for recording in study.recordings().values() for p in parties(recording)}
    old = own_record(book, person)
    if old:
        known[person] = old.parties[0]
    if role:
        if role not in set(Role) - {Role.UNKNOWN}:
            raise InputError(f"--role {role[:40]} is no role.", hint="Such as therapist or client.")
        if person in known and known[person].role != role:
            raise InputError(f"{person} is a {known[person].role} already.", hint="Leave --role out.")
        if ";" in person:
            raise InputError("PERSON names one person.")
        return Party(Role(role), check_party(person, where="PERSON", column="PERSON"))
    if person not in known:
        near = difflib.get_close_matches(person, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else "Add a session of theirs first, or give --role."
        raise InputError(f"nobody with the id {person[:40]} is in sessions.csv.", hint=hint)
    return known[person]


def own_record(book: Ledger, person: str) -> Record | None:
    """What a person agreed to outside any session; a record that cannot be read refuses."""
    from toolkit.consent.ledger import Unreadable
    from toolkit.errors import ConsentError

    found = book.people.get(person)
    if isinstance(found, Unreadable):
        raise ConsentError(f"{person} in consent.toml: {found.reason} (rule: {found.rule}).", hint="Correct it.")
    return found


def role_of(book: Ledger, who: str) -> str:
    """The role in a person's record, ``-`` when it cannot be read."""
    from toolkit.consent.ledger import Record

    record = book.people[who]
    return str(record.parties[0].role) if isinstance(record, Record) else "-"


def state(book: Ledger, who: str, today: date) -> str:
    """``granted``, or the rule that refuses."""
    from toolkit.consent.admit import Refusal, covered_voice

    try:
        covered_voice(who, book, today=today)
    except Refusal as refusal:
        return refusal.rule
    return "granted"
