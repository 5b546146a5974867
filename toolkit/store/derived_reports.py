"""Kind of derived thing: reports of a session that the toolkit wrote into the study's folder.

They may have any name and lie anywhere in it, so they are known by their SHA-256, which the audit log noted when they
were written: of the report, and of the file where it is encrypted. One that was encrypted anew since is opened and
compared, if a key is at hand. A report that was changed, or lies elsewhere, is nobody's to find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from toolkit.atomic import store_error
from toolkit.consent import audit
from toolkit.errors import ConfigError, StoreError
from toolkit.intervals import Span
from toolkit.privacy import vault
from toolkit.store.sealing import REPORT, reports
from toolkit.study import Study

__all__ = ["forget", "found", "known"]

EVENT = "export-report"
KINDS = ("*.html", "*.pdf", f"*{REPORT}")


def known(study: Study) -> set[str]:
    """Sessions of which a report is there."""
    noted = sessions(study)
    return {noted[digest] for _, digest in there(study, noted)}


def found(study: Study, session_id: str) -> tuple[Path, ...]:
    """The reports of the session that are there."""
    noted = sessions(study)
    return tuple(path for path, digest in there(study, noted) if noted[digest] == session_id)


def forget(study: Study, session_id: str, portions: Sequence[Span]) -> None:
    """Delete them; with `portions` too, as a report is about all of a session."""
    del portions
    for path in found(study, session_id):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise store_error(path, error) from None


def sessions(study: Study) -> dict[str, str]:
    """SHA-256 of every report and report file that was written, and its session."""
    try:
        if EVENT.encode() not in study.audit_file.read_bytes():
            return {}
    except OSError:
        return {}
    noted: dict[str, str] = {}
    for line in (line for line in audit.entries(study.audit_file) if line["event"] == EVENT):
        for name in ("sha256", "file_sha256"):
            if digest := line["details"].get(name):
                noted[digest] = line["session"]
    return noted


def there(study: Study, noted: dict[str, str]) -> Iterator[tuple[Path, str]]:
    """Files in the study's folder that are one of the reports noted, each with the hash it is known by."""
    for path in (p for pattern in KINDS for p in reports(study, pattern)) if noted else ():
        try:
            data = path.read_bytes()
        except OSError as error:
            raise store_error(path, error) from None
        digest = hashlib.sha256(data).hexdigest()
        if digest not in noted and path.suffix == REPORT and vault.is_sealed(data):
            try:
                digest = hashlib.sha256(vault.unseal(study.root, data, what=path.name)).hexdigest()
            except (ConfigError, StoreError):  # no key, or damaged: nobody can tell
                continue
        if digest in noted:
            yield path, digest
