"""Consent: the ledger a clinic keeps, the gate every recording passes, and the log of what was done.

The gate is a type: `toolkit.audio.load` takes a `ConsentedRecording`, and only `admit` makes one. Nothing turns it off.
"""

from toolkit.consent.admit import ConsentedRecording, Refusal, admit
from toolkit.consent.ledger import Grant, Ledger, Party, Record

__all__ = ["ConsentedRecording", "Grant", "Ledger", "Party", "Record", "Refusal", "admit"]
