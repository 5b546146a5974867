"""Consent: the ledger a clinic keeps, the gate every recording passes, and the log of what was done.

The gate is a type: `toolkit.audio.load` takes a `ConsentedRecording`, and only `admit` makes one. Nothing turns it off.
`admit_voice` does the same for the recording of one person whose voice is enrolled.
"""

from toolkit.consent.admit import ConsentedRecording, ConsentedVoice, Refusal, admit, admit_voice
from toolkit.consent.ledger import Grant, Ledger, Party, Record

__all__ = [
    "ConsentedRecording",
    "ConsentedVoice",
    "Grant",
    "Ledger",
    "Party",
    "Record",
    "Refusal",
    "admit",
    "admit_voice",
]
