"""Which excluded portions are gone from everything derived: ``receipts/portions.done``.

A portion may come into the ledger by ``toolkit consent withdraw --portion``, by ``grant --exclude``, or because
somebody edits ``consent.toml``. However it came, it is still in what was made before, until this file says that it was
deleted there. So the ledger and this file together tell what is to go, and nobody has to remember it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from toolkit import atomic
from toolkit.consent.anchors import RECEIPTS
from toolkit.consent.ledger import Record
from toolkit.intervals import Span, subtract, union
from toolkit.store import derived
from toolkit.study import Study

__all__ = ["NAME", "note_gone", "pending", "settle"]

NAME = "portions.done"


def pending(study: Study) -> dict[str, tuple[Span, ...]]:
    """Excluded portions that something derived may still hold, by session; withdrawn sessions are not among them."""
    return still_held(study, excluded(study))


def still_held(study: Study, asked: Mapping[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
    """What of these portions the file does not name, of sessions of which something derived is there."""
    gone = done(study)
    new = {s: parts for s, cuts in asked.items() if (parts := subtract(cuts, gone.get(s, ())))}
    there = new.keys() & derived.known(study) if new else set()
    return {s: new[s] for s in sorted(there) if derived.inventory(study, s, persons=False)}


def note_gone(study: Study, session_id: str, portions: Iterable[Span]) -> None:
    """Note that nothing derived holds these portions of a session any more."""
    with study.editing():
        known = done(study)
        write(study, {**known, session_id: union([*known.get(session_id, ()), *portions])})


def settle(study: Study) -> None:
    """Note what the ledger excludes of sessions of which nothing is pending; a portion that was given back is not."""
    with study.editing():
        asked, known = excluded(study), done(study)
        waiting = still_held(study, asked)
        write(study, {s: known.get(s, ()) if s in waiting else cuts for s, cuts in asked.items()})


def excluded(study: Study) -> dict[str, tuple[Span, ...]]:
    """Portions that the ledger excludes, by session."""
    records = study.ledger().records.items()
    return {s: r.excluded for s, r in records if isinstance(r, Record) and r.excluded and r.withdrawn_on is None}


def done(study: Study) -> dict[str, tuple[Span, ...]]:
    """What the file says; nothing when it is not there, or is not as it was written."""
    try:
        table = json.loads((study.root / RECEIPTS / NAME).read_text(encoding="utf-8"))
        return {str(s): tuple(Span(float(a), float(b)) for a, b in cuts) for s, cuts in table.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def write(study: Study, gone: Mapping[str, tuple[Span, ...]]) -> None:
    """Write the file, if it says something else by now."""
    table = {s: [[cut.start, cut.end] for cut in cuts] for s, cuts in sorted(gone.items()) if cuts}
    place = study.root / RECEIPTS / NAME
    if table == {s: [[cut.start, cut.end] for cut in cuts] for s, cuts in done(study).items()}:
        return
    atomic.make_private(place.parent)
    atomic.write_text(place, json.dumps(table) + "\n")
