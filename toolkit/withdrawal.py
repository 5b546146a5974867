"""Consent is taken back: everything derived is deleted, at once or after a stop, and a receipt says what.

How a stop is survived
----------------------
::

    1  consent.toml           the withdrawal, or the portion taken back: from here on nothing is shown or made
    2  receipts/ID.begun      what is about to be deleted: kinds, numbers, hashes
    3  audit.jsonl            withdraw (of a retention day that is over: purge-retention)
    4  every kind of `toolkit.store.derived` deletes what it has; the recording goes too where that was asked for
    5  audit.jsonl            purge
    6  receipts/….json        the receipt, then ID.begun goes

After a stop at any moment `finish` goes on: from ``ID.begun`` where it is there, else from the ledger, which names
every session that is withdrawn. A batch begins and ends with it, and a new grant begins with it, so that nothing from
before comes back. A damaged audit log stops the lines of 3 and 5, and is reported, but never the deletion.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from toolkit import atomic, store
from toolkit.consent import audit, ledger
from toolkit.consent.admit import fingerprint
from toolkit.consent.anchors import RECEIPTS
from toolkit.errors import InputError, StoreError
from toolkit.formats import sessions
from toolkit.intervals import Span, union
from toolkit.store import derived
from toolkit.store.derived import Found
from toolkit.study import Study

__all__ = ["Reason", "Receipt", "finish", "finish_all", "unfinished", "withdraw"]

SCHEMA_VERSION = 1
BEGUN = ".begun"


class Reason(StrEnum):
    """Why something is deleted."""

    WITHDRAWAL = "withdrawal"
    PORTION = "portion"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted of a session; no content, no name, no path.

    Attributes
    ----------
    removed
        One entry a kind.
    recording
        SHA-256 of the recording when it was deleted too, else empty.
    exports
        Line, day and format of each earlier export in the audit log: copies that nothing here can reach.
    path
        The receipt's file.
    """

    session_id: str
    reason: Reason
    removed: tuple[Found, ...]
    recording: str
    exports: tuple[str, ...]
    path: Path

    @property
    def files(self) -> int:
        """How many files were deleted or rewritten, the recording not among them."""
        return sum(found.files for found in self.removed)


def withdraw(
    study: Study,
    session_id: str,
    *,
    today: date,
    portions: Sequence[Span] = (),
    reason: Reason = Reason.WITHDRAWAL,
    recording: bool = False,
) -> Receipt:
    """Take back consent for a session, or for portions of it, and delete everything derived.

    Parameters
    ----------
    study, session_id
        Which session; the ledger, the table or the results must know it.
    today
        The day of the withdrawal.
    portions
        Only these, in seconds; the rest of the session stays.
    reason
        `Reason.RETENTION` when the day until which it may be kept is over: the ledger says that already.
    recording
        Delete the recording too, when it is the file that consent was given for.

    Raises
    ------
    InputError
        When nobody knows the session.
    StoreError
        When the withdrawal cannot be written, and nothing is deleted; or as `finish`.
    """
    sessions.check_session_id(session_id, where="--session")  # it will name files to delete
    check_known(study, session_id)
    reason = Reason.PORTION if portions else reason
    begin(study, session_id, today=today, plan=Plan(reason, recording=recording, portions=tuple(portions), removed=()))
    event = "purge-retention" if reason is Reason.RETENTION else "withdraw"
    try:
        audit.append(study.audit_file, event, session_id=session_id, portions=len(portions))
    except StoreError:  # a log that somebody changed must not keep what is to be deleted
        with store.writing(study):
            derived.forget(study, session_id, portions)
        raise
    receipt = finish(study, session_id)
    assert receipt is not None
    return receipt


def begin(study: Study, session_id: str, *, today: date, plan: Plan) -> None:
    """Write down that consent is taken back, so that nothing is shown or made any more; deletes nothing yet."""
    with study.editing():
        book = study.ledger()
        old = book.records.get(session_id)
        if not isinstance(old, ledger.Record):
            found = study.recordings().get(session_id)
            old = ledger.Record(parties=ledger.parties(found) if found else (), grants=())
        record = old
        if plan.reason is Reason.PORTION:
            record = dataclasses.replace(old, excluded=union([*old.excluded, *plan.portions]))
        elif plan.reason is Reason.WITHDRAWAL and old.withdrawn_on is None:
            record = dataclasses.replace(old, withdrawn_on=today)
        if record != book.records.get(session_id):
            ledger.save(study.consent_file, book.replace(session_id, record))
        note(study, session_id, plan)


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``ID.begun`` holds: what is to be deleted, and what was there when it began."""

    reason: Reason
    recording: bool
    portions: tuple[Span, ...]
    removed: tuple[Found, ...]

    def after(self, before: Plan | None) -> Plan:
        """Both as one, a stopped one and what follows it: the whole session swallows a portion of it."""
        if before is None:
            return self
        only = self.reason is before.reason is Reason.PORTION
        return Plan(
            reason=before.reason if self.reason is Reason.PORTION else self.reason,
            recording=self.recording or before.recording,
            portions=union([*before.portions, *self.portions]) if only else (),
            removed=merged([*before.removed, *self.removed]),
        )


def note(study: Study, session_id: str, plan: Plan) -> None:
    """Write ``ID.begun``, added to what a stopped deletion wrote there."""
    place = begun(study, session_id)
    now = dataclasses.replace(plan, removed=derived.inventory(study, session_id))
    whole = now.after(read_begun(place))
    atomic.make_private(place.parent)
    table = {**dataclasses.asdict(whole), "portions": [[s.start, s.end] for s in whole.portions]}
    atomic.write_text(place, json.dumps(table) + "\n")


def finish(study: Study, session_id: str) -> Receipt | None:
    """Delete what `begin` wrote down, and write the receipt; None when there is nothing to delete.

    Raises
    ------
    StoreError
        When something cannot be deleted, or a batch is running: what is deleted is gone, and the next `finish` goes on;
        or when the audit log is damaged: everything is deleted then, only the receipt is missing.
    """
    place = begun(study, session_id)
    if not place.exists():
        if not is_over(study, session_id) or not left(study, session_id):
            return None
        with study.editing():
            note(study, session_id, Plan(Reason.WITHDRAWAL, recording=False, portions=(), removed=()))
    plan = read_begun(place)
    if plan is None:
        return None
    with store.writing(study):
        derived.forget(study, session_id, plan.portions)
        receipt = Receipt(
            session_id=session_id,
            reason=plan.reason,
            removed=plan.removed,
            recording=delete_recording(study, session_id) if plan.recording else "",
            exports=tuple(exports(study, session_id)),
            path=free_place(study, session_id, plan.reason),
        )
        audit.append(study.audit_file, "purge", session_id=session_id, files=receipt.files, reason=str(plan.reason))
        write(study, receipt)
        place.unlink()
        for cut_off in place.parent.glob(f".{session_id}.*.tmp"):  # a stopped writing of the lines above
            cut_off.unlink()
        atomic.sync_folder(place.parent)
    return receipt


def finish_all(study: Study) -> tuple[Receipt, ...]:
    """Go on with every deletion that was stopped; raises as `finish`, after the others."""
    done: list[Receipt] = []
    failed: StoreError | None = None
    for session_id in unfinished(study):
        try:
            receipt = finish(study, session_id)
        except StoreError as error:
            failed = failed or error
        else:
            done += [receipt] if receipt else []
    if failed is not None:
        raise failed
    return tuple(done)


def unfinished(study: Study) -> tuple[str, ...]:
    """Sessions that were taken back and of which something is left."""
    folder = study.root / RECEIPTS
    started = {p.name.removesuffix(BEGUN) for p in folder.glob(f"*{BEGUN}")} if folder.is_dir() else set()
    over = {
        session_id
        for session_id, record in study.ledger().records.items()
        if isinstance(record, ledger.Record) and record.withdrawn_on and safe(session_id)
    }
    return tuple(sorted(started | {session_id for session_id in over if left(study, session_id)}))


def left(study: Study, session_id: str) -> tuple[Found, ...]:
    """What is there of a session; not the voices of its people, who may enrol anew after it was withdrawn."""
    return tuple(found for found in derived.inventory(study, session_id) if found.kind != derived.PERSONS)


def safe(session_id: str) -> bool:
    """Whether an id of the ledger, which somebody may have typed, can name files."""
    try:
        sessions.check_session_id(session_id, where="consent.toml")
    except InputError:
        return False
    return True


def is_over(study: Study, session_id: str) -> bool:
    """Whether the ledger says that the session was withdrawn."""
    record = study.ledger().records.get(session_id)
    return isinstance(record, ledger.Record) and record.withdrawn_on is not None


def check_known(study: Study, session_id: str) -> None:
    """Refuse an id of which neither the table, the ledger nor what was derived know anything."""
    known = session_id in study.ledger().records or session_id in study.recordings()
    if not known and not derived.inventory(study, session_id):
        study.recording(session_id)


def delete_recording(study: Study, session_id: str) -> str:
    """Delete the recording; its SHA-256, empty when it is not there, or is another file than consent was given for."""
    found, record = study.recordings().get(session_id), study.ledger().records.get(session_id)
    if found is None or not isinstance(record, ledger.Record) or not found.path.is_file():
        return ""
    digest = fingerprint(found)
    if digest != record.recording_sha256:
        return ""
    try:
        found.path.unlink()
        atomic.sync_folder(found.path.parent)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StoreError(f"session {session_id}: the recording cannot be deleted: {why}.") from None
    return digest


def exports(study: Study, session_id: str) -> Iterator[str]:
    """Line, day and format of each export of a session that the log names."""
    for line in audit.entries(study.audit_file):
        if line["session"] == session_id and str(line["event"]).startswith("export"):
            yield f"{line['n']} {str(line['at'])[:10]} {line['details'].get('format', line['event'])}"


def write(study: Study, receipt: Receipt) -> None:
    """The receipt's file; its ``audit`` is the head of the log at that moment."""
    table = {
        "schema_version": SCHEMA_VERSION,
        "reason": str(receipt.reason),
        "session": receipt.session_id,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "removed": [dataclasses.asdict(f) for f in receipt.removed],
        "recording_sha256": receipt.recording,
        "not_reached": ["backups", *([] if receipt.recording else ["recording"])],
        "earlier_exports": list(receipt.exports),
        "audit": str(audit.head(study.audit_file)),
    }
    atomic.write_text(receipt.path, json.dumps(table, indent=1) + "\n")


def free_place(study: Study, session_id: str, reason: Reason) -> Path:
    """A name for a receipt that is not taken: a session may be taken back portion by portion."""
    folder = study.root / RECEIPTS
    number = 1
    while (path := folder / f"{session_id}.{reason}-{number}.json").exists():
        number += 1
    return path


def begun(study: Study, session_id: str) -> Path:
    """Where a deletion that is under way is written down."""
    return study.root / RECEIPTS / f"{session_id}{BEGUN}"


def read_begun(place: Path) -> Plan | None:
    """What ``ID.begun`` holds; None when there is none. One that cannot be read stands for the whole session."""
    try:
        table: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        return Plan(
            reason=Reason(table["reason"]),
            recording=bool(table["recording"]),
            portions=tuple(Span(*pair) for pair in table["portions"]),
            removed=tuple(Found(r["kind"], r["files"], r["bytes"], tuple(r["sha256"])) for r in table["removed"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Plan(Reason.WITHDRAWAL, recording=False, portions=(), removed=())


def merged(found: Iterable[Found]) -> tuple[Found, ...]:
    """One entry a kind: what was there before a stop, and what is there now beside it."""
    by_kind: dict[str, Found] = {}
    for f in found:
        old = by_kind.get(f.kind, f)
        hashes = tuple(sorted({*old.sha256, *f.sha256}))
        by_kind[f.kind] = Found(f.kind, max(old.files, f.files, len(hashes)), max(old.bytes, f.bytes), hashes)
    return tuple(by_kind.values())
