"""Kind of derived thing: what humans said of a session. Of a portion, only what is about it is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit import overlay
from toolkit.errors import InputError
from toolkit.intervals import Span
from toolkit.overlay import What
from toolkit.overlay.rows import write
from toolkit.privacy import vault
from toolkit.store.derived import listed
from toolkit.store.publishing import overlays, purge_overlays
from toolkit.study import Study

__all__ = ["forget", "found", "known"]

TIMELESS = frozenset({What.ROLE, What.RATING, What.COUNTED})


def known(study: Study) -> set[str]:
    """Every name of a file of corrections, whole or half-written."""
    names = listed(study.overlay("").parent)
    return {name.removeprefix(".").partition(".csv")[0] for name in names}


def found(study: Study, session_id: str) -> tuple[Path, ...]:
    """The file of corrections, and what a stopped writing of it left."""
    return overlays(study, session_id)


def forget(study: Study, session_id: str, portions: Sequence[Span]) -> None:
    """Delete it; with `portions` only the lines about a time in them, and the whole file when it cannot be read.

    Raises
    ------
    ConfigError
        When it is encrypted and no key for it is here: nothing of it is deleted then.
    """
    path = study.overlay(session_id)
    try:
        lines = overlay.lines(path) if portions else ()
    except (InputError, vault.DamagedError):
        lines = ()
    kept = [line for line in lines if not within(line, portions)]
    if kept == list(lines) and lines:
        return
    if not kept:
        purge_overlays(study, session_id)
        return
    rows = [(x.made_on, x.by, x.correction.what, x.correction.target, x.correction.value) for x in kept]
    write(path, rows)


def within(line: overlay.Line, portions: Sequence[Span]) -> bool:
    """Whether a line is about a time in one of the portions."""
    if line.correction.what in TIMELESS:
        return False
    time = float(line.correction.target.partition("/")[0])
    return any(portion.start <= time < portion.end for portion in portions)
