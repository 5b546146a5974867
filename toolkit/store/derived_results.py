"""Kind of derived thing: results, and what a stopped run or purge left of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from toolkit.intervals import Span
from toolkit.store.derived import listed
from toolkit.store.places import OLD, PURGED, STAGING, places
from toolkit.store.publishing import graves, purge_results
from toolkit.study import Study

__all__ = ["forget", "found", "known"]

MARKS = re.compile(rf"^(?:{re.escape(STAGING)}|{re.escape(OLD)}|{re.escape(PURGED)}[a-z]+-)")


def known(study: Study) -> set[str]:
    """Every name under the results, without what marks it as staged, old or purged."""
    return {MARKS.sub("", name) for name in listed(study.results)}


def found(study: Study, session_id: str) -> tuple[Path, ...]:
    """Every file of the results."""
    folders = (*places(study, session_id), *graves(study, session_id))
    there = [folder for folder in folders if folder.is_dir() or folder.is_symlink()]
    paths = (path for folder in there for path in (folder, *sorted(folder.rglob("*"))))
    return tuple(path for path in paths if path.is_symlink() or path.is_file())


def forget(study: Study, session_id: str, portions: Sequence[Span]) -> None:  # noqa: ARG001 - every table holds all portions
    """Delete them."""
    purge_results(study, session_id)
