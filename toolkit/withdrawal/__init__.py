"""Consent is taken back: everything derived is deleted, at once or after a stop, and a receipt says what.

How a stop is survived
----------------------
::

    1  consent.toml           the withdrawal, or the portion taken back: from here on nothing is shown or made
    2  receipts/ID.begun      what is about to be deleted: kinds, numbers, hashes; of a portion this comes before 1
    3  audit.jsonl            withdraw (of a retention day that is over: purge-retention)
    4  every kind of `toolkit.store.derived` deletes what it has; the recording goes too where that was asked for
    5  receipts/….json        the receipt
    6  audit.jsonl            purge, with the receipt's hash; then ID.begun goes

After a stop at any moment `finish` goes on: from ``ID.begun`` where it is there, else from the ledger, which names
every session that is withdrawn and every portion that is excluded (`toolkit.withdrawal.portions` tells which of those
are gone); a portion that did not come into the ledger it writes there. A batch begins and ends with it, ``collect`` and
``clean`` begin with it, and so does a new grant, which ends with it too where it excludes a portion, so that nothing
from before comes back. A damaged audit log stops the lines of 3 and 6, and is reported, but never the deletion.
"""

from toolkit.withdrawal.carrying_out import check_known, finish, finish_all, safe, unfinished, withdraw
from toolkit.withdrawal.plan import Plan, Reason
from toolkit.withdrawal.receipts import Receipt

__all__ = ["Plan", "Reason", "Receipt", "check_known", "finish", "finish_all", "safe", "unfinished", "withdraw"]
