"""Who opens a session: named by themselves, and held against the listeners that the parties agreed to.

A party may say who may open the session (``listeners`` of a grant). Who it is that opens it, the toolkit cannot know;
it asks: ``toolkit --as S01 …``, or the environment variable ``TOOLKIT_USER`` in a notebook. Nobody named, or somebody
else, is refused where a party named listeners. It is a declaration, noted in the audit log, and no proof: accounts of
the machine and an encrypted disk keep out those who would lie. See docs/adr/0016-consent-in-full.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from toolkit.consent import ledger as ledgers
from toolkit.consent.admit import Refusal
from toolkit.consent.records import Record
from toolkit.types import Purpose

__all__ = ["allowed", "check"]


def allowed(record: Record, purposes: Iterable[Purpose], *, who: str, today: date) -> frozenset[Purpose]:
    """Those of the purposes for which `who` (empty: nobody said) may open a session."""
    found = {purpose: ledgers.listeners(record, purpose, today) for purpose in purposes}
    return frozenset(purpose for purpose, named in found.items() if named is None or who in named)


def check(session_id: str, record: Record, purposes: Iterable[Purpose], *, who: str, today: date) -> None:
    """Refuse to open a session for somebody whom its parties did not name.

    Raises
    ------
    Refusal
        With the rule ``listener-not-named`` when nobody said who opens it, else ``not-a-listener``.
    """
    needed = [p for p in Purpose if p in {Purpose.MEASURE, *purposes}]
    open_for = allowed(record, needed, who=who, today=today)
    refused = [p for p in needed if p not in open_for]
    if not refused:
        return
    reason = f"its parties agreed on who may open it for {refused[0]}"
    if not who:
        hint = "Say who you are: toolkit --as S01 ..., or TOOLKIT_USER=S01."
        raise Refusal(session_id, "listener-not-named", f"{reason}, and nobody said who this is", hint=hint)
    raise Refusal(session_id, "not-a-listener", f"{reason}, and {who} is not among them")
