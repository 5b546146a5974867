"""What is looked at of a study's sessions: how consent covers them, and which are at risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from toolkit import retention, store, tables
from toolkit.consent import ledger
from toolkit.consent.admit import Refusal, covered
from toolkit.doctor.finding import Finding, State
from toolkit.errors import ToolkitError
from toolkit.privacy import vault
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["look"]

SOON = timedelta(days=30)
FEW = 8  # sessions named
MEANT = frozenset({"no-record", "withdrawn", "retention-over", "purpose-not-granted", "expired", "not-yet-valid"})
"""Rules that refuse because somebody decided so, or has not decided yet; the others point to a mistake."""


def look(study: Study, *, today: date) -> Iterator[Finding]:
    """Each thing that was looked at."""
    yield from coverage(study, today)
    yield from ending(study, today)
    yield from due(study, today)
    yield from results(study, today)
    yield from recordings(study)


def coverage(study: Study, today: date) -> Iterator[Finding]:
    """How many sessions may be measured today, and why not the others."""
    book, known = study.ledger(), study.recordings()
    refused: dict[str, list[str]] = defaultdict(list)
    for session_id, recording in known.items():
        try:
            covered(recording, book, purposes=(), today=today)
        except Refusal as refusal:
            refused[refusal.rule].append(session_id)
    may = len(known) - sum(map(len, refused.values()))
    yield Finding("consent", State.OK, f"{may} of {len(known)} sessions may be measured today")
    for rule, ids in sorted(refused.items()):
        state = State.NOTE if rule in MEANT else State.PROBLEM
        yield Finding("consent", state, f"{rule}: {named(ids)}", f"toolkit consent check {study.name}")
    unknown = sorted(set(store.sessions(study)) - set(book.records))
    if unknown:
        todo = f"Nothing shows them. Delete them: toolkit consent withdraw {study.name} --session {unknown[0]}"
        yield Finding("consent", State.PROBLEM, f"results without any consent record: {named(unknown)}", todo)


def ending(study: Study, today: date) -> Iterator[Finding]:
    """Sessions whose consent ends soon."""
    soon = []
    for session_id, record in study.ledger().records.items():
        if not isinstance(record, ledger.Record) or Purpose.MEASURE not in ledger.granted(record, today):
            continue
        if Purpose.MEASURE not in ledger.granted(record, today + SOON):
            soon.append(session_id)
    if soon:
        found = f"consent ends within {SOON.days} days: {named(soon)}"
        yield Finding("at risk", State.NOTE, found, "Ask again in time.")


def due(study: Study, today: date) -> Iterator[Finding]:
    """Sessions that are to be deleted by now, and withdrawals that were stopped."""
    found = [d for d in retention.dates(study, today=today) if d.is_due]
    for state in sorted({d.state for d in found}):
        ids = [d.session_id for d in found if d.state == state]
        yield Finding("at risk", State.PROBLEM, f"{state}: {named(ids)}", f"toolkit retention {study.name} --carry-out")


def results(study: Study, today: date) -> Iterator[Finding]:
    """Results that are damaged, and those that are kept though consent to them is over."""
    book, readable = study.ledger(), vault.is_open(study.root)
    damaged, over, texts = [], [], []
    if not readable:
        unread = "no key that opens this study is here: results were not compared with their hashes"
        yield Finding("at risk", State.NOTE, unread, "Set TOOLKIT_VAULT_KEY_FILE and look again.")
    for session_id in store.sessions(study):
        if readable and store.verify(study, session_id):
            damaged.append(session_id)
            continue
        found, record = store.manifest(study, session_id), book.records.get(session_id)
        if found is None or not isinstance(record, ledger.Record) or record.withdrawn_on or is_due(record, today):
            continue  # said already
        purposes = ledger.granted(record, today)
        if Purpose.MEASURE not in purposes:
            over.append(session_id)
        elif Purpose.TRANSCRIPT not in purposes and set(tables.RESTRICTED) & set(found.tables):
            texts.append(session_id)
    if damaged:
        yield Finding("at risk", State.PROBLEM, f"damaged results: {named(damaged)}", f"toolkit run {study.name}")
    if over:
        todo = f"Ask again, or delete them: toolkit consent withdraw {study.name} --session {over[0]}"
        yield Finding("at risk", State.PROBLEM, f"results are kept though consent is over: {named(over)}", todo)
    if texts:
        todo = f"Nothing shows it. It goes when they are run again: toolkit run {study.name}"
        yield Finding("at risk", State.PROBLEM, f"text is kept though consent to it is over: {named(texts)}", todo)


def is_due(record: ledger.Record, today: date) -> bool:
    """Whether the day until which a session is kept is over."""
    end = ledger.kept_until(record)
    return end is not None and end < today


def recordings(study: Study) -> Iterator[Finding]:
    """Recordings that are not where ``sessions.csv`` says."""
    gone = []
    for session_id, recording in study.recordings().items():
        try:
            there = recording.path.is_file()
        except (OSError, ToolkitError):
            there = False
        if not there:
            gone.append(session_id)
    if gone:
        yield Finding("at risk", State.NOTE, f"no recording there: {named(gone)}", "Correct the path in sessions.csv.")


def named(ids: Iterable[str]) -> str:
    """A few ids, and how many more."""
    known = list(ids)
    return ", ".join(known[:FEW]) + (f" and {len(known) - FEW} more" if len(known) > FEW else "")
