"""How a session failed last, kept beside what its stages gave until a run of it succeeds.

A failure that the same inputs would repeat is not tried again by itself: a file that kills its worker must not cost
every night an hour. It is tried again when what the session is made from has changed, when it is named, and with
`toolkit run --retry-failed`. What lay in the machine and not in the session (a full disk, a model that is not there,
a recording that was not there) is always tried again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from toolkit import atomic
from toolkit.errors import StoreError, one_line
from toolkit.study import Study

__all__ = ["Failure", "clear", "read", "write"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure.

    Attributes
    ----------
    stage, error, message
        Where, the class of the error, one line without speech, names of people or paths.
    exit_code
        That of the error.
    key
        Of what the results would have been made from; empty when the inputs are not to blame.
    attempts
        How often it was tried.
    """

    stage: str
    error: str
    message: str
    exit_code: int
    key: str
    attempts: int


def read(study: Study, session_id: str) -> Failure | None:
    """The last failure of a session, None when there was none or its record cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads(study.failure(session_id).read_text(encoding="utf-8"))
        return Failure(
            stage=one_line(str(data["stage"])),
            error=one_line(str(data["error"])),
            message=one_line(str(data["message"])),
            exit_code=int(data["exit_code"]),
            key=str(data["key"]),
            attempts=int(data["attempts"]),
        )
    return None


def write(study: Study, session_id: str, failure: Failure) -> None:
    """Record a failure in place of an earlier one.

    Raises
    ------
    StoreError
        When it cannot be written.
    """
    path = study.failure(session_id)
    data = {name: getattr(failure, name) for name in Failure.__slots__}
    try:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise atomic.store_error(path, error) from None
    atomic.write_text(path, json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1) + "\n")


def clear(study: Study, session_id: str) -> None:
    """Forget a failure: the session succeeded.

    Raises
    ------
    StoreError
        When the record cannot be deleted.
    """
    try:
        study.failure(session_id).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"session {session_id}: its failure record cannot be deleted: {error.strerror}.") from None
