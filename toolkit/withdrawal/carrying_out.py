"""Consent is taken back and what was derived is deleted; see the package for the order and how a stop is survived."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date

from toolkit import atomic, store
from toolkit.consent import audit, ledger
from toolkit.consent.admit import fingerprint
from toolkit.consent.anchors import RECEIPTS
from toolkit.errors import ConfigError, InputError, StoreError
from toolkit.formats import sessions
from toolkit.intervals import Span, union
from toolkit.store import derived
from toolkit.store.derived import Found
from toolkit.study import Study
from toolkit.types import Recording
from toolkit.withdrawal import portions as cuts
from toolkit.withdrawal.plan import BEGUN, Plan, Reason, begun, free_name, note, read_begun
from toolkit.withdrawal.receipts import Receipt, exports, write

__all__ = ["begin", "check_known", "finish", "finish_all", "safe", "unfinished", "withdraw"]


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
    begin(study, session_id, today=today, plan=Plan(reason, recording=recording, portions=tuple(portions)))
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
    if plan.reason is Reason.PORTION:  # noted first: the ledger alone does not tell that something is still to go
        with study.editing():
            note(study, session_id, plan)
        exclude(study, session_id, plan.portions)
        return
    with study.editing():
        old = known_record(study, session_id)
        if plan.reason is Reason.WITHDRAWAL and old.withdrawn_on is None:
            record = dataclasses.replace(old, withdrawn_on=today)
            ledger.save(study.consent_file, study.ledger().replace(session_id, record))
        note(study, session_id, plan)


def known_record(study: Study, session_id: str) -> ledger.Record:
    """The session's record, one without grants where there is none that can be read."""
    found = study.ledger().records.get(session_id)
    if isinstance(found, ledger.Record):
        return found
    recording = study.recordings().get(session_id)
    return ledger.Record(parties=ledger.parties(recording) if recording else (), grants=())


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
        plan = asked_by_ledger(study, session_id)
        if plan is None:
            return None
        with study.editing():
            note(study, session_id, plan)
    plan = read_begun(place)
    if plan is None:
        return None
    if plan.reason is Reason.PORTION:
        held = cuts.pending(study).get(session_id, ())
        plan = dataclasses.replace(plan, portions=union([*plan.portions, *held]))
        exclude(study, session_id, plan.portions)
    if not plan.receipt:
        plan = dataclasses.replace(plan, receipt=free_name(study, session_id, plan.reason))
    with store.writing(study):
        derived.forget(study, session_id, plan.portions)
        gone = delete_sources(study, session_id) if plan.recording else {}
        receipt = Receipt(
            session_id=session_id,
            reason=plan.reason,
            removed=plan.removed,
            recording=gone.get("recording", ""),
            transcript=gone.get("transcript", ""),
            not_reached=("backups", *(what for what in sources(study, session_id) if what not in gone)),
            exports=tuple(exports(study, session_id)),
            path=study.root / RECEIPTS / f"{session_id}.{plan.receipt}.json",
        )
        digest = write(study, receipt)
        audit.append(
            study.audit_file,
            "purge",
            session_id=session_id,
            files=receipt.files,
            reason=str(plan.reason),
            receipt=plan.receipt,
            sha256=digest,
        )
        if plan.reason is Reason.PORTION:
            cuts.note_gone(study, session_id, plan.portions)
        place.unlink()
        for cut_off in place.parent.glob(f".{session_id}.*.tmp"):  # a stopped writing of the lines above
            cut_off.unlink()
        atomic.sync_folder(place.parent)
    return receipt


def asked_by_ledger(study: Study, session_id: str) -> Plan | None:
    """What the ledger alone says is to go: of a withdrawn session all that is left, else portions still held."""
    if is_over(study, session_id):
        return Plan(Reason.WITHDRAWAL) if left(study, session_id) else None
    held = cuts.pending(study).get(session_id, ())
    return Plan(Reason.PORTION, portions=held) if held else None


def exclude(study: Study, session_id: str, portions: Sequence[Span]) -> None:
    """Write into the ledger which portions were taken back, where it does not say so yet."""
    with study.editing():
        old = known_record(study, session_id)
        record = dataclasses.replace(old, excluded=union([*old.excluded, *portions]))
        if record.excluded != old.excluded:
            ledger.save(study.consent_file, study.ledger().replace(session_id, record))


def finish_all(study: Study) -> tuple[Receipt, ...]:
    """Go on with every deletion that was stopped; raises as `finish`, after the others."""
    done: list[Receipt] = []
    failed: ConfigError | StoreError | None = None
    for session_id in unfinished(study):
        try:
            receipt = finish(study, session_id)
        except (ConfigError, StoreError) as error:
            failed = failed or error
        else:
            done += [receipt] if receipt else []
    if failed is not None:
        raise failed
    cuts.settle(study)
    return tuple(done)


def unfinished(study: Study) -> tuple[str, ...]:
    """Sessions that were taken back, or portions of them, and of which something is left."""
    folder = study.root / RECEIPTS
    started = {p.name.removesuffix(BEGUN) for p in folder.glob(f"*{BEGUN}")} if folder.is_dir() else set()
    over = {
        session_id
        for session_id, record in study.ledger().records.items()
        if isinstance(record, ledger.Record) and record.withdrawn_on and safe(session_id)
    }
    there = over & derived.known(study)
    held = {session_id for session_id in cuts.pending(study) if safe(session_id)}
    return tuple(sorted(started | held | {session_id for session_id in there if left(study, session_id)}))


def left(study: Study, session_id: str) -> tuple[Found, ...]:
    """What is there of a session; not the voices of its people, who may enrol anew after it was withdrawn."""
    return derived.inventory(study, session_id, persons=False)


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


def sources(study: Study, session_id: str) -> dict[str, Recording]:
    """What a session was made from: ``recording``, ``transcript`` where it has them; a row with the path of each."""
    found = study.recordings().get(session_id)
    if found is None:
        return {}
    brought = found.transcript
    return {
        **({"recording": found} if found.has_sound else {}),
        **({"transcript": dataclasses.replace(found, path=brought.path)} if brought else {}),
    }


def delete_sources(study: Study, session_id: str) -> dict[str, str]:
    """Delete the recording and a transcript that was imported; SHA-256 of those that were the files of the consent."""
    record = study.ledger().records.get(session_id)
    if not isinstance(record, ledger.Record):
        return {}
    given = {"recording": record.recording_sha256, "transcript": record.transcript_sha256}
    there = sources(study, session_id)
    return {what: given[what] for what, found in there.items() if delete_source(what, found, given[what])}


def delete_source(what: str, found: Recording, consented: str) -> bool:
    """Delete one file, when it is there and the one that consent was given for; whether it was."""
    if not consented or not found.path.is_file() or fingerprint(found) != consented:
        return False
    try:
        found.path.unlink()
        atomic.sync_folder(found.path.parent)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StoreError(f"session {found.session_id}: the {what} cannot be deleted: {why}.") from None
    return True
