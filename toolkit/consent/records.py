"""One record of the ledger: what it holds, and how it is read from and written to a TOML table."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from toolkit.intervals import Span, union
from toolkit.types import Purpose, Role

__all__ = ["Grant", "Party", "Record", "Unreadable", "parse", "parse_person", "person_table", "to_table"]

SHA256 = re.compile(r"[0-9a-f]{64}")
SAFE_ID = re.compile(r"\w[\w.-]{0,63}")  # as `toolkit.formats.sessions` has party ids
Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who takes part in a session: a role and a pseudonymous id."""

    role: Role
    id: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What one party agreed to, from `granted_on` up to and with `expires_on` (None: until withdrawn).

    Attributes
    ----------
    listeners
        Pseudonymous ids of those who may open the session for these purposes; none: whoever the clinic lets.
    keep_until
        The last day on which anything made from the session is kept; None: no such day was agreed.
    """

    party: Party
    purposes: frozenset[Purpose]
    granted_on: date
    expires_on: date | None
    recorded_by: str = ""
    listeners: frozenset[str] = frozenset()
    keep_until: date | None = None

    def holds(self, today: date) -> bool:
        """Whether the grant is in force on that day."""
        return self.granted_on <= today and (self.expires_on is None or today <= self.expires_on)


@dataclass(frozen=True, slots=True)
class Record:
    """Consent for one session, or of one person outside any session.

    Attributes
    ----------
    parties
        Everybody who takes part; each must have granted a purpose for it to count. One party for a person's own.
    grants
        Any number for each party.
    excluded
        Portions that nothing may use: disjoint, in order, seconds.
    recording_sha256
        Digest of the one file the consent is for; empty while no file has been granted.
    transcript_sha256
        Digest of the transcript made elsewhere that the consent is for; empty where there is none.
    withdrawn_on
        The day of withdrawal; any date, even a future one, refuses.
    note
        For the clinic.
    """

    parties: tuple[Party, ...]
    grants: tuple[Grant, ...]
    excluded: tuple[Span, ...] = ()
    recording_sha256: str = ""
    withdrawn_on: date | None = None
    note: str = ""
    transcript_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be understood, so that it refuses its session: the rule, the reason, what stands there."""

    rule: str
    reason: str
    table: Any

    def message(self, session_id: str) -> str:
        """One line for the person who keeps the ledger."""
        return f"session {session_id}: its consent record cannot be understood: {self.reason} (rule: {self.rule})."


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """A value that does not belong here: rule and reason."""


def parse(table: object) -> Record | Unreadable:
    """Read one record; what cannot be understood comes back as `Unreadable`, never as a guess."""
    try:
        return _record(table)
    except _Wrong as wrong:
        return Unreadable(wrong.args[0], wrong.args[1], table)


def parse_person(who: str, table: object) -> Record | Unreadable:
    """Read what one person agreed to outside any session: it names its role once, and grants no more than a voice."""
    try:
        return _person(who, table)
    except _Wrong as wrong:
        return Unreadable(wrong.args[0], wrong.args[1], table)


def _person(who: str, value: object) -> Record:
    table = _table(value, "the person's record", {"role", "grants", "withdrawn_on", "note"})
    party = Party(_name(Role, table.get("role"), "role"), who)
    if party.role is Role.UNKNOWN:
        raise _Wrong("unknown-role", "a person's role cannot be unknown")
    if not SAFE_ID.fullmatch(who):  # it names a file
        raise _Wrong("invalid-record", "a person's id must be letters, digits and _ . - only")
    grants = []
    for given in _list(table, "grants"):
        own = _table(given, "a grant of a person", {"purposes", "granted_on", "expires_on", "recorded_by"})
        grants.append(_grant({**own, "role": str(party.role), "id": who}))
    if any(g.purposes - {Purpose.VOICEPRINT} for g in grants):
        raise _Wrong("unknown-purpose", "outside a session only the purpose voiceprint can be granted")
    return Record((party,), tuple(grants), withdrawn_on=_date(table, "withdrawn_on"), note=_text(table, "note"))


def _record(value: object) -> Record:
    known = {"parties", "grants", "excluded", "recording_sha256", "transcript_sha256", "withdrawn_on", "note"}
    table = _table(value, "the record", known)
    parties = tuple(_party(_table(p, "a party", {"role", "id"})) for p in _list(table, "parties"))
    if len(set(parties)) != len(parties):
        raise _Wrong("invalid-record", "a party is named twice")
    grants = tuple(_grant(g) for g in _list(table, "grants"))
    for given in grants:
        if given.party not in parties:
            raise _Wrong("unknown-party", f"a grant by {given.party.role} {given.party.id}, who is not in parties")
    digests = {name: _text(table, name) for name in ("recording_sha256", "transcript_sha256")}
    for name, digest in digests.items():
        if digest and not SHA256.fullmatch(digest):
            raise _Wrong("invalid-record", f"{name} must be 64 hexadecimal digits, in small letters")
    return Record(
        parties=parties,
        grants=grants,
        excluded=union(_span(pair) for pair in _list(table, "excluded")),
        recording_sha256=digests["recording_sha256"],
        withdrawn_on=_date(table, "withdrawn_on"),
        note=_text(table, "note"),
        transcript_sha256=digests["transcript_sha256"],
    )


def _grant(value: object) -> Grant:
    known = {"role", "id", "purposes", "granted_on", "expires_on", "recorded_by", "listeners", "keep_until"}
    table = _table(value, "a grant", known)
    purposes = frozenset(_name(Purpose, p, "purpose") for p in _list(table, "purposes"))
    granted_on = _date(table, "granted_on")
    if granted_on is None:
        raise _Wrong("invalid-record", "a grant without granted_on")
    return Grant(
        party=_party(table),
        purposes=purposes,
        granted_on=granted_on,
        expires_on=_date(table, "expires_on"),
        recorded_by=_text(table, "recorded_by"),
        listeners=frozenset(_listeners(table)),
        keep_until=_date(table, "keep_until"),
    )


def _listeners(table: dict[str, Any]) -> Iterator[str]:
    """Who may open the session; a list that is there and empty would let nobody in, and is refused as a mistake."""
    if "listeners" in table and not _list(table, "listeners"):
        raise _Wrong("invalid-record", "listeners names nobody: leave it out to let in whoever the clinic lets in")
    for who in _list(table, "listeners"):
        if not isinstance(who, str) or not SAFE_ID.fullmatch(who):
            raise _Wrong("invalid-record", "each of listeners must be a pseudonymous id such as S01")
        yield who


def _party(table: dict[str, Any]) -> Party:
    who = _text(table, "id")
    if not who:
        raise _Wrong("invalid-record", "a party or grant without id")
    return Party(_name(Role, table.get("role"), "role"), who)


def _table(value: object, what: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("invalid-record", f"{what} must be a table")
    for name in value:
        if name not in known:
            raise _Wrong("unknown-field", f"unknown field {name!r} in {what}{_nearest(name, known)}")
    return value


def _list(table: dict[str, Any], name: str) -> list[Any]:
    value = table.get(name, [])
    if not isinstance(value, list):
        raise _Wrong("invalid-record", f"{name} must be a list in [ ]")
    return value


def _text(table: dict[str, Any], name: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise _Wrong("invalid-record", f"{name} must be text in quotes")
    return value


def _date(table: dict[str, Any], name: str) -> date | None:
    value = table.get(name)
    if value is None or type(value) is date:  # a datetime is a date too, but its day depends on the time zone
        return value
    raise _Wrong("invalid-record", f"{name} must be a date such as 2026-11-23, without quotes")


def _name(kind: type[Name], value: object, what: str) -> Name:
    known = {str(k) for k in kind}
    if not isinstance(value, str) or value not in known:
        raise _Wrong(f"unknown-{what}", f"unknown {what} {value!r}{_nearest(str(value), known)}")
    return kind(value)


def _span(value: object) -> Span:
    if not isinstance(value, list) or len(value) != 2 or not all(type(x) in (int, float) for x in value):
        raise _Wrong("invalid-record", "each of excluded must be [start, end] in seconds")
    start, end = float(value[0]), float(value[1])
    if not (math.isfinite(end) and 0 <= start < end):
        raise _Wrong("invalid-record", f"excluded [{value[0]}, {value[1]}] must have 0 <= start < end")
    return Span(start, end)


def _nearest(name: str, known: Iterable[str]) -> str:
    match = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {match[0]}?" if match else ""


def to_table(record: Record) -> dict[str, Any]:
    """Write one record as a TOML table; fields without content are left out."""
    table: dict[str, Any] = {
        "parties": [{"role": str(p.role), "id": p.id} for p in record.parties],
        "excluded": [[s.start, s.end] for s in record.excluded],
        "recording_sha256": record.recording_sha256,
        "transcript_sha256": record.transcript_sha256,
        "withdrawn_on": record.withdrawn_on,
        "note": record.note,
        "grants": [_grant_table(g) for g in record.grants],
    }
    return {name: value for name, value in table.items() if value or name in {"parties", "grants"}}


def person_table(record: Record) -> dict[str, Any]:
    """Write what one person agreed to as a TOML table; fields without content are left out."""
    grants = [_grant_table(g) for g in record.grants]
    table: dict[str, Any] = {
        "role": str(record.parties[0].role),
        "withdrawn_on": record.withdrawn_on,
        "note": record.note,
        "grants": [{name: value for name, value in g.items() if name not in {"role", "id"}} for g in grants],
    }
    return {name: value for name, value in table.items() if value or name == "grants"}


def _grant_table(given: Grant) -> dict[str, Any]:
    table: dict[str, Any] = {
        "role": str(given.party.role),
        "id": given.party.id,
        "purposes": [str(p) for p in Purpose if p in given.purposes],
        "granted_on": given.granted_on,
        "expires_on": given.expires_on,
        "recorded_by": given.recorded_by,
        "listeners": sorted(given.listeners),
        "keep_until": given.keep_until,
    }
    return {name: value for name, value in table.items() if value or name == "purposes"}
