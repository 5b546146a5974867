"""Where things lie under ``results/``."""

from __future__ import annotations

from pathlib import Path

from toolkit.formats.sessions import check_session_id
from toolkit.study import Study

__all__ = ["OLD", "PURGED", "STAGING", "places"]

STAGING, OLD, PURGED = ".staging-", ".old-", ".purged-"


def places(study: Study, session_id: str) -> tuple[Path, Path, Path]:
    """Where a session's results are, where they are staged, and where the old ones are put aside."""
    check_session_id(session_id, where="results")
    results = study.results
    return results / session_id, results / f"{STAGING}{session_id}", results / f"{OLD}{session_id}"
