"""The consent ledger: ``consent.toml``, which a clinic can read, edit and audit.

::

    schema_version = 1

    [sessions.s01]
    parties = [{ role = "therapist", id = "T01" }, { role = "client", id = "C01" }]
    excluded = [[62.0, 75.5]]           # seconds: silenced before any model hears them
    recording_sha256 = "9f86d081..."    # written by: toolkit consent grant
    transcript_sha256 = "2c26b46b..."   # likewise, where a transcript made elsewhere was imported
    withdrawn_on = 2026-11-23           # only when somebody withdrew
    note = "form in cabinet 3"          # optional

    [[sessions.s01.grants]]             # one or more for each party
    role = "therapist"
    id = "T01"
    purposes = ["measure", "transcript"]
    granted_on = 2026-10-01
    expires_on = 2027-10-01             # the last day on which it holds; optional
    recorded_by = "reception"           # optional
    listeners = ["S01"]                 # who may open the session for these purposes; optional: whoever the clinic lets
    keep_until = 2031-12-31             # the last day on which anything made from it is kept; optional

    [people.T01]                        # consent of one person outside any session: their voice may be enrolled
    role = "therapist"
    withdrawn_on = 2026-11-23           # only when the person withdrew

    [[people.T01.grants]]
    purposes = ["voiceprint"]           # no other purpose is granted without a session
    granted_on = 2026-10-01

What is not known is not granted: an unknown field, purpose, role or schema refuses. A record that cannot be read
refuses its own session or person and no other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from toolkit import atomic
from toolkit.consent import audit
from toolkit.consent.records import Grant, Party, Record, Unreadable, parse, parse_person, person_table, to_table
from toolkit.errors import ConsentError
from toolkit.formats import by_hand
from toolkit.intervals import Span, union
from toolkit.types import Purpose, Recording, Role

__all__ = [
    "SCHEMA_VERSION",
    "Grant",
    "Ledger",
    "Party",
    "Record",
    "Unreadable",
    "dump",
    "grant",
    "granted",
    "kept_until",
    "listeners",
    "load",
    "parties",
    "save",
]

SCHEMA_VERSION = 1

HEADER = """\
# Consent ledger: who agreed to what, for each session. What is not written here is refused.
# It may be edited by hand; the toolkit keeps every field, but no comments, when it writes. Use note = "..." instead.
# Purposes: measure, transcript, supervision, research, voiceprint. Every party of a session must have granted one.
# [people.ID] is what one person agreed to outside any session: voiceprint, so that their voice may be enrolled.
# Dates are written 2026-11-23, without quotes. expires_on is the last day on which a grant holds, keep_until the last
# day on which anything made from the session is kept, listeners = ["S01"] who may open it. The strictest party counts.

"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All consent records of a study.

    Attributes
    ----------
    records
        By session id.
    people
        What people agreed to outside any session, by their pseudonymous id.
    home
        The folder the ledger was read from, in which enrolled voices lie too; None for one that was not read.
    logged_on
        Day of the last line of the audit log beside it; None when there is none that can be read.
    """

    records: Mapping[str, Record | Unreadable] = field(default_factory=lambda: MappingProxyType({}))
    people: Mapping[str, Record | Unreadable] = field(default_factory=lambda: MappingProxyType({}))
    home: Path | None = field(default=None, compare=False)
    logged_on: date | None = field(default=None, compare=False)

    def behind(self, today: date) -> bool:
        """Whether the clock is behind the audit log by more than a time zone: no date can be judged by it then."""
        return self.logged_on is not None and today < self.logged_on - timedelta(days=1)

    def record(self, session_id: str) -> Record | None:
        """The record of a session, None when there is none.

        Raises
        ------
        ConsentError
            When the session's record cannot be read.
        """
        found = self.records.get(session_id)
        if isinstance(found, Unreadable):
            raise ConsentError(found.message(session_id), hint="Correct consent.toml.")
        return found

    def replace(self, session_id: str, record: Record) -> Ledger:
        """The ledger with one session's record added or replaced."""
        return dataclasses.replace(self, records=MappingProxyType({**self.records, session_id: record}))

    def replace_person(self, who: str, record: Record) -> Ledger:
        """The ledger with one person's own record added or replaced."""
        return dataclasses.replace(self, people=MappingProxyType({**self.people, who: record}))


def load(path: Path) -> Ledger:
    """Read a ledger; one that is not there grants nothing.

    Parameters
    ----------
    path
        A ``consent.toml``.

    Raises
    ------
    ConsentError
        When the file cannot be read, is no TOML, or has an unknown schema or top-level field. A single record that
        cannot be read is kept as `Unreadable` and refuses its session only.
    """
    try:
        text = by_hand.read(path, most=by_hand.LEDGER).decode("utf-8-sig")
    except FileNotFoundError:
        return Ledger(home=path.parent)
    except UnicodeDecodeError:
        raise ConsentError(f"{path.name} is not UTF-8 text.", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise ConsentError(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from None
    logged_on = audit.last_day(path.with_name(audit.NAME))
    return Ledger(*_records(path.name, text), path.parent, logged_on)


@lru_cache(maxsize=2)
def _records(name: str, text: str) -> tuple[Mapping[str, Record | Unreadable], Mapping[str, Record | Unreadable]]:
    """The records of sessions and of people; those of the same text are not read again, which for 10,000 takes 2 s."""
    try:
        tables = by_hand.toml(text)
    except by_hand.TomlError as error:
        raise ConsentError(
            f"{name} is no valid TOML: {error}.", hint="Correct it; until then all is refused."
        ) from None
    version = tables.pop("schema_version", None)
    if type(version) is not int or version != SCHEMA_VERSION:
        raise ConsentError(
            f"{name}: schema_version is {version!r}, this toolkit knows {SCHEMA_VERSION} (rule: unknown-schema).",
            hint="Until it is known, all is refused.",
        )
    sessions, people = tables.pop("sessions", {}), tables.pop("people", {})
    if tables or not isinstance(sessions, dict) or not isinstance(people, dict):
        field_name = next(iter(tables), "people" if isinstance(sessions, dict) else "sessions")
        raise ConsentError(
            f"{name}: unknown or wrong field {field_name!r} (rule: unknown-field).",
            hint="Only schema_version, [sessions.ID] and [people.ID] stand at the top.",
        )
    return (
        MappingProxyType({key: parse(table) for key, table in sessions.items()}),
        MappingProxyType({key: parse_person(key, table) for key, table in people.items()}),
    )


def save(path: Path, ledger: Ledger) -> None:
    """Write a ledger, whole or not at all; records that could not be read are kept as they are.

    Raises
    ------
    StoreError
        When it cannot be written.
    """
    atomic.write_text(path, dump(ledger))


def dump(ledger: Ledger) -> str:
    """A ledger as TOML with a header that explains it."""
    import tomli_w

    sessions: dict[str, Any] = {
        key: r.table if isinstance(r, Unreadable) else to_table(r) for key, r in ledger.records.items()
    }
    people: dict[str, Any] = {
        key: r.table if isinstance(r, Unreadable) else person_table(r) for key, r in ledger.people.items()
    }
    tables = {"schema_version": SCHEMA_VERSION, "sessions": sessions, **({"people": people} if people else {})}
    return HEADER + tomli_w.dumps(tables)


def parties(recording: Recording) -> tuple[Party, ...]:
    """Who took part according to ``sessions.csv``; several ids of one role are separated by ``;``."""
    named = ((Role.THERAPIST, recording.therapist), (Role.CLIENT, recording.client))
    return tuple(Party(role, part.strip()) for role, ids in named for part in ids.split(";") if part.strip())


def grant(
    record: Record | None,
    given: Grant,
    *,
    by: Iterable[Party],
    present: Iterable[Party] = (),
    excluded: Iterable[Span] = (),
    recording_sha256: str,
) -> Record:
    """Add a grant to a record.

    For each party and purpose the latest grant counts: `given` replaces what the same party granted earlier for the
    same purposes and leaves other purposes alone. Excluded portions add up. A grant after a withdrawal starts anew:
    nothing granted before the withdrawal comes back, the excluded portions stay.

    Parameters
    ----------
    record
        The session's record, None when there is none yet.
    given
        What is granted; its `party` is replaced by each of `by`.
    by
        The parties who grant it.
    present
        Further parties of the session, who have not granted it.
    excluded
        Portions to leave out, seconds from the start.
    recording_sha256
        Digest of the recording that the grant is for; empty for a session without sound.
    """
    givers = tuple(dict.fromkeys(by))
    old = record or Record(parties=(), grants=())
    kept: list[Grant] = []
    for earlier in () if old.withdrawn_on else old.grants:
        left = earlier.purposes - given.purposes if earlier.party in givers else earlier.purposes
        if left:
            kept.append(dataclasses.replace(earlier, purposes=left))
    return dataclasses.replace(
        old,
        parties=tuple(dict.fromkeys([*old.parties, *present, *givers])),
        grants=(*kept, *(dataclasses.replace(given, party=party) for party in givers)),
        excluded=union([*old.excluded, *excluded]),
        recording_sha256=recording_sha256,
        withdrawn_on=None,
    )


def granted(record: Record, today: date) -> frozenset[Purpose]:
    """Purposes that every party has granted and that hold today: the most restrictive consent wins."""
    end = kept_until(record)
    if record.withdrawn_on or not record.parties or (end is not None and end < today):
        return frozenset()
    everyone = [
        frozenset(p for g in record.grants if g.party == party and g.holds(today) for p in g.purposes)
        for party in record.parties
    ]
    return frozenset.intersection(*everyone)


def kept_until(record: Record) -> date | None:
    """The last day on which anything made from the session is kept: the earliest that any party named."""
    return min((g.keep_until for g in record.grants if g.keep_until is not None), default=None)


def listeners(record: Record, purpose: Purpose, today: date) -> frozenset[str] | None:
    """Who may open a session for a purpose: whom every party that names anybody lets in; None when nobody does.

    Of one party's grants the widest counts, as for purposes; of the parties the strictest.
    """
    allowed: frozenset[str] | None = None
    for party in record.parties:
        own = [g.listeners for g in record.grants if g.party == party and purpose in g.purposes and g.holds(today)]
        if own and all(own):
            named = frozenset[str]().union(*own)
            allowed = named if allowed is None else allowed & named
    return allowed
