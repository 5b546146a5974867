"""What was deleted, for those who have to answer for it: kinds, numbers and hashes, and what could not be reached."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from toolkit import atomic
from toolkit.consent import audit
from toolkit.store.derived import Found
from toolkit.study import Study
from toolkit.withdrawal.plan import Reason

__all__ = ["Receipt", "exports", "write"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted of a session; no content, no name, no path.

    Attributes
    ----------
    removed
        One entry a kind.
    recording
        SHA-256 of the recording when it was deleted too, else empty.
    transcript
        Likewise of a transcript that was imported.
    not_reached
        What was left: ``backups``, ``recording``, ``transcript``.
    exports
        Line, day and format of each earlier export in the audit log: copies that nothing here can reach.
    path
        The receipt's file.
    """

    session_id: str
    reason: Reason
    removed: tuple[Found, ...]
    recording: str
    transcript: str
    not_reached: tuple[str, ...]
    exports: tuple[str, ...]
    path: Path

    @property
    def files(self) -> int:
        """How many files were deleted or rewritten, the recording not among them."""
        return sum(found.files for found in self.removed)


def exports(study: Study, session_id: str) -> Iterator[str]:
    """Line, day and format of each export that the log names: of the session, and of many, which may hold it."""
    for line in audit.entries(study.audit_file):
        details = line["details"]
        if str(line["event"]).startswith("export") and (line["session"] == session_id or "sessions" in details):
            many = f" of {details['sessions']} sessions" if "sessions" in details else ""
            yield f"{line['n']} {str(line['at'])[:10]} {details.get('format', line['event'])}{many}"


def write(study: Study, receipt: Receipt) -> str:
    """Write the receipt, whose ``audit`` is the head of the log at that moment; returns its SHA-256."""
    table = {
        "schema_version": SCHEMA_VERSION,
        "reason": str(receipt.reason),
        "session": receipt.session_id,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "removed": [dataclasses.asdict(f) for f in receipt.removed],
        "recording_sha256": receipt.recording,
        "transcript_sha256": receipt.transcript,
        "not_reached": list(receipt.not_reached),
        "earlier_exports": list(receipt.exports),
        "audit": str(audit.head(study.audit_file)),
    }
    data = (json.dumps(table, indent=1) + "\n").encode()
    atomic.write_bytes(receipt.path, data)
    return hashlib.sha256(data).hexdigest()
