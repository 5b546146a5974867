"""Kind of derived thing: the parts of the compacted dataset that hold a session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.atomic import store_error
from toolkit.intervals import Span
from toolkit.store import collected
from toolkit.study import Study

__all__ = ["forget", "found", "known"]


def known(study: Study) -> set[str]:
    """Every session that a part tells of; one that cannot tell is deleted by the next `toolkit collect`."""
    return {session_id for part in collected.parts(study) for session_id in (*part.sessions, *part.damaged)}


def found(study: Study, session_id: str) -> tuple[Path, ...]:
    """Every file of those parts, and of parts that cannot tell; they hold other sessions too."""
    homes = collected.holding(study, session_id)
    return tuple(path for home in homes for path in sorted(home.rglob("*")) if path.is_file())


def forget(study: Study, session_id: str, portions: Sequence[Span] = ()) -> None:  # noqa: ARG001 - a part holds all of it
    """Delete them; the other sessions in them are read from their own folders until the next collecting.

    Raises
    ------
    StoreError
        When something cannot be deleted.
    """
    try:
        for home in collected.holding(study, session_id):
            collected.discard(home)
    except OSError as error:
        raise store_error(collected.folder(study), error) from None
