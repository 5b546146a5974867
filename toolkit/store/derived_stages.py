"""Kind of derived thing: what stages gave of a session, and how it failed last."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from toolkit.atomic import store_error
from toolkit.intervals import Span
from toolkit.store.derived import listed
from toolkit.study import Study

__all__ = ["forget", "found", "known"]


def known(study: Study) -> set[str]:
    """Every name under the stages."""
    return set(listed(study.stages("")))


def found(study: Study, session_id: str) -> tuple[Path, ...]:
    """Every file that is kept of a session, half-written ones included; the lock holds nothing."""
    paths = sorted(study.stages(session_id).rglob("*"))
    return tuple(p for p in paths if (p.is_symlink() or p.is_file()) and p.name != ".lock")


def forget(study: Study, session_id: str, portions: Sequence[Span] = ()) -> None:  # noqa: ARG001 - every stage heard all
    """Delete it all.

    Raises
    ------
    StoreError
        When something cannot be deleted.
    """
    folder = study.stages(session_id)
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
    except OSError as error:
        raise store_error(folder, error) from None
