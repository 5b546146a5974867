"""Kind of derived thing: results, and what a stopped run or purge left of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.intervals import Span
from toolkit.store.places import places
from toolkit.store.publishing import graves, purge_results
from toolkit.study import Study

__all__ = ["forget", "found"]


def found(study: Study, session_id: str) -> tuple[Path, ...]:
    """Every file of the results."""
    folders = (*places(study, session_id), *graves(study, session_id))
    paths = (path for folder in folders for path in (folder, *sorted(folder.rglob("*"))))
    return tuple(path for path in paths if path.is_symlink() or path.is_file())


def forget(study: Study, session_id: str, portions: Sequence[Span]) -> None:  # noqa: ARG001 - every table holds all portions
    """Delete them."""
    purge_results(study, session_id)
