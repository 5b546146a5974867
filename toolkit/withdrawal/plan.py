"""What is to be deleted is written down before anything is: ``receipts/ID.begun``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from toolkit import atomic
from toolkit.consent.anchors import RECEIPTS
from toolkit.intervals import Span, union
from toolkit.store import derived
from toolkit.store.derived import Found
from toolkit.study import Study

__all__ = ["BEGUN", "Plan", "Reason", "begun", "free_name", "note", "read_begun"]

BEGUN = ".begun"


class Reason(StrEnum):
    """Why something is deleted."""

    WITHDRAWAL = "withdrawal"
    PORTION = "portion"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``ID.begun`` holds: what is to be deleted, what was there when it began, and the name of the receipt."""

    reason: Reason
    recording: bool = False
    portions: tuple[Span, ...] = ()
    removed: tuple[Found, ...] = ()
    receipt: str = ""

    def after(self, before: Plan | None) -> Plan:
        """Both as one, a stopped one and what follows it: the whole session swallows a portion of it."""
        if before is None:
            return self
        only = self.reason is before.reason is Reason.PORTION
        return Plan(
            reason=before.reason if self.reason is Reason.PORTION else self.reason,
            recording=self.recording or before.recording,
            portions=union([*before.portions, *self.portions]) if only else (),
            removed=merged([*before.removed, *self.removed]),
            receipt=before.receipt,
        )


def note(study: Study, session_id: str, plan: Plan) -> None:
    """Write ``ID.begun``, added to what a stopped deletion wrote there."""
    place = begun(study, session_id)
    found, name = derived.inventory(study, session_id), free_name(study, session_id, plan.reason)
    now = dataclasses.replace(plan, removed=found, receipt=name)
    whole = now.after(read_begun(place))
    atomic.make_private(place.parent)
    table = {**dataclasses.asdict(whole), "portions": [[s.start, s.end] for s in whole.portions]}
    atomic.write_text(place, json.dumps(table) + "\n")


def free_name(study: Study, session_id: str, reason: Reason) -> str:
    """A name for a receipt that is not taken: a session may be taken back portion by portion."""
    number = 1
    while (study.root / RECEIPTS / f"{session_id}.{reason}-{number}.json").exists():
        number += 1
    return f"{reason}-{number}"


def begun(study: Study, session_id: str) -> Path:
    """Where a deletion that is under way is written down."""
    return study.root / RECEIPTS / f"{session_id}{BEGUN}"


def read_begun(place: Path) -> Plan | None:
    """What ``ID.begun`` holds; None when there is none. One that cannot be read stands for the whole session."""
    try:
        table: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        return Plan(
            reason=Reason(table["reason"]),
            recording=bool(table["recording"]),
            portions=tuple(Span(*pair) for pair in table["portions"]),
            removed=tuple(Found(r["kind"], r["files"], r["bytes"], tuple(r["sha256"])) for r in table["removed"]),
            receipt=str(table["receipt"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Plan(Reason.WITHDRAWAL)


def merged(found: Iterable[Found]) -> tuple[Found, ...]:
    """One entry a kind: what was there before a stop, and what is there now beside it."""
    by_kind: dict[str, Found] = {}
    for f in found:
        old = by_kind.get(f.kind, f)
        hashes = tuple(sorted({*old.sha256, *f.sha256}))
        by_kind[f.kind] = Found(f.kind, max(old.files, f.files, len(hashes)), max(old.bytes, f.bytes), hashes)
    return tuple(by_kind.values())
