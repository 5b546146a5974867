"""What `toolkit consent` reads from its options and says about a record; nothing here prints."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from toolkit.errors import InputError
from toolkit.intervals import Span
from toolkit.types import Purpose, Recording, Role

if TYPE_CHECKING:
    from toolkit.consent.ledger import Ledger, Party, Record
    from toolkit.withdrawal import Receipt

__all__ = [
    "Standing",
    "choose",
    "clock",
    "grant_lines",
    "parse_expiry",
    "parse_listener",
    "parse_party",
    "parse_portion",
    "parse_purpose",
    "parse_time",
    "receipt_lines",
    "standing",
]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one session stands today; `state` is ``granted`` or the rule that refuses it."""

    session_id: str
    record: Record
    purposes: tuple[Purpose, ...]
    expires_on: date | None
    keep_until: date | None
    listeners: Mapping[Purpose, frozenset[str]]
    state: str

    def as_dict(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "session_id": self.session_id,
            "parties": [{"role": p.role, "id": p.id} for p in self.record.parties],
            "purposes": list(self.purposes),
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
            "excluded": [[s.start, s.end] for s in self.record.excluded],
            "recording_sha256": self.record.recording_sha256 or None,
            "keep_until": self.keep_until.isoformat() if self.keep_until else None,
            "listeners": {str(p): sorted(who) for p, who in self.listeners.items()},
            "withdrawn_on": self.record.withdrawn_on.isoformat() if self.record.withdrawn_on else None,
            "state": self.state,
        }

    def cells(self) -> dict[str, str]:
        """For the table, by column."""
        named = {who for allowed in self.listeners.values() for who in allowed or {"nobody"}}
        return {
            "session": self.session_id,
            "parties": list_of(self.record.parties) or "-",
            "purposes": ", ".join(self.purposes) or "-",
            "expires": self.expires_on.isoformat() if self.expires_on else "-",
            "keep until": self.keep_until.isoformat() if self.keep_until else "-",
            "listeners": ", ".join(sorted(named)) or "-",
            "excluded": portions_text(self.record.excluded) or "-",
            "state": self.state,
        }


def standing(session_id: str, recording: Recording | None, book: Ledger, today: date) -> Standing:
    """How a session stands today, by its record alone; the recording's file is not looked at."""
    from toolkit.consent import ledger
    from toolkit.consent.admit import Refusal, covered

    found = book.records.get(session_id)
    record = found if isinstance(found, ledger.Record) else ledger.Record(parties=(), grants=())
    state = "granted" if recording else "not-in-sessions-csv"
    try:
        if recording:
            covered(recording, book, purposes=[], today=today)
    except Refusal as refusal:
        state = refusal.rule
    whole = ledger.granted(record, today)
    purposes = tuple(p for p in Purpose if p in whole)
    ends = [day for p in purposes if (day := until(record, p)) is not None]
    named = {p: who for p in purposes if (who := ledger.listeners(record, p, today)) is not None}
    return Standing(session_id, record, purposes, min(ends, default=None), ledger.kept_until(record), named, state)


def parse_purpose(text: str) -> Purpose:
    """A purpose by name, with the nearest when there is none."""
    if text in set(Purpose):
        return Purpose(text)
    near = difflib.get_close_matches(text.lower(), list(Purpose), n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"One of: {', '.join(Purpose)}."
    raise InputError(f"unknown purpose {text[:40]}.", hint=hint)


def parse_expiry(text: str, *, today: date, option: str = "--expires") -> date | None:
    """The last day of a grant, or of keeping; None for an empty text: until withdrawn."""
    from toolkit.formats.sessions import check_date

    if not text:
        return None
    day = date.fromisoformat(check_date(text, where=option, column="the day"))
    if day < today:
        raise InputError(f"{option} {day} is over already.", hint="Give the last day on which it holds.")
    return day


def parse_party(text: str) -> Party:
    """``interpreter=I01`` as a party."""
    from toolkit.consent.ledger import Party
    from toolkit.formats.sessions import check_party

    role, _, who = text.partition("=")
    if role not in set(Role) or role == Role.UNKNOWN:
        roles = [str(r) for r in Role if r is not Role.UNKNOWN]
        near = difflib.get_close_matches(role, roles, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}={who or 'I01'}?" if near else f"Roles: {', '.join(roles)}."
        raise InputError(f"--also needs ROLE=ID, such as interpreter=I01; found {text[:40]}.", hint=hint)
    return Party(Role(role), check_party(who, where="--also", column=role))


def choose(known: Iterable[Party], ids: Sequence[str]) -> list[Party]:
    """The parties with these ids."""
    people = list(known)
    for who in ids:
        if who not in {p.id for p in people}:
            raise InputError(f"nobody with the id {who[:40]} takes part.", hint=f"Known: {list_of(people)}.")
    return [p for p in people if p.id in ids]


def parse_listener(text: str) -> str:
    """One pseudonymous id."""
    from toolkit.formats.sessions import check_party

    if ";" in text:
        raise InputError("--listener names one person.", hint="Give it several times.")
    return check_party(text, where="--listener", column="who may open it")


def parse_portion(text: str, *, option: str = "--exclude") -> Span:
    """``START-END``, each in seconds, mm:ss or hh:mm:ss."""
    start, dash, end = text.replace("\u2013", "-").partition("-")
    low, high = parse_time(start), parse_time(end)
    if not dash or low is None or high is None:
        raise InputError(f"{option} {text[:40]} is no portion.", hint="Write START-END, such as 75-90 or 1:15-1:30.")
    if low >= high:
        raise InputError(f"{option} {text[:40]} ends before it starts.", hint="Write START-END.")
    return Span(low, high)


def parse_time(text: str) -> float | None:
    """Seconds, mm:ss or hh:mm:ss as seconds; None when it is none of them."""
    if re.fullmatch(r"\d{1,6}(\.\d+)?", text.strip()):
        return float(text)
    match = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)", text.strip())
    if match is None or (match[1] and int(match[2]) > 59):
        return None
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])


def clock(seconds: float) -> str:
    """Seconds as 1:05 or 1:02:03.5."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:06.3f}".rstrip("0").rstrip(".") if rest % 1 else f"{rest:02.0f}"
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


def list_of(people: Iterable[Party]) -> str:
    """Parties as one line."""
    return ", ".join(f"{p.role} {p.id}" for p in people)


def grant_lines(recording: Recording, record: Record, today: date) -> Iterator[str]:
    """What is granted now, by whom something is missing, and what is left out."""
    from toolkit.consent.ledger import granted, kept_until, listeners

    yield f"Session {recording.session_id}: consent of {list_of(record.parties)}."
    whole = granted(record, today)
    for purpose in Purpose:
        givers = {g.party for g in record.grants if purpose in g.purposes and g.holds(today)}
        if purpose in whole:
            end = until(record, purpose)
            allowed = listeners(record, purpose, today)
            openers = ", ".join(sorted(allowed or ())) or "nobody (no listener in common)"
            by = "" if allowed is None else f", to be opened by {openers}"
            yield f"  {purpose}: granted {f'up to and with {end}' if end else 'until withdrawn'}{by}"
        elif givers:
            yield f"  {purpose}: not granted by {list_of(p for p in record.parties if p not in givers)}"
    if Purpose.MEASURE not in whole:
        yield "  Nothing can be measured before everybody has granted the purpose measure."
    if (last := kept_until(record)) is not None:
        yield f"  everything made from it is kept until {last}, and then deleted: toolkit retention"
    if record.excluded:
        yield f"  left out of everything: {portions_text(record.excluded)}"
    if recording.min_speakers > len(record.parties):
        who = f"{recording.min_speakers} people speak, {len(record.parties)} are in the record"
        yield f"  Note: {who}. Record the others with: --also ROLE=ID"


def until(record: Record, purpose: Purpose) -> date | None:
    """The last day on which everybody's grant of a purpose holds; None when it holds until withdrawn."""
    ends = []
    for party in record.parties:
        days = [g.expires_on for g in record.grants if g.party == party and purpose in g.purposes]
        known = [day for day in days if day is not None]
        if known and len(known) == len(days):
            ends.append(max(known))
    return min(ends, default=None)


def portions_text(portions: Iterable[Span]) -> str:
    """Portions as 1:05 to 1:20, 3:00 to 3:10."""
    return ", ".join(f"{clock(s.start)} to {clock(s.end)}" for s in portions)


def receipt_lines(receipt: Receipt, *, whole: bool, asked: bool) -> Iterator[str]:
    """What was deleted, what was not, and where that is written."""
    files = f"{receipt.files} derived file{'' if receipt.files == 1 else 's'}"
    kinds = ", ".join(f"{found.kind} {found.files}" for found in receipt.removed)
    what = "consent is withdrawn" if whole else "the portion is left out from now on"
    yield f"Session {receipt.session_id}: {what}, and {files} deleted{f' ({kinds})' if kinds else ''}."
    left = [what for what in ("recording", "transcript") if what in receipt.not_reached]
    for what, digest in (("recording", receipt.recording), ("transcript", receipt.transcript)):
        if digest:
            yield f"The {what} was deleted too."
        elif asked and what in left:
            yield f"The {what} was not deleted: it is not there, or not the file that consent was given for."
    if left:
        yield (
            f"The {' and the '.join(left)} {'were' if len(left) > 1 else 'itself was'} left where "
            f"{'they are' if len(left) > 1 else 'it is'}, as were backups and earlier exports: delete those yourself."
        )
    else:
        yield "Backups and earlier exports are out of reach: delete those yourself."
    if receipt.exports:
        known = "; ".join(f"line {line}" for line in receipt.exports)
        yield f"Exported earlier, by the audit log: {known}."
    yield f"Receipt: {receipt.path.parent.name}/{receipt.path.name}"
