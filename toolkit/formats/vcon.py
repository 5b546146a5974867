"""vCon: a conversation with its consent in one JSON document, after the IETF's *draft* (draft-ietf-vcon-vcon-core-04).

It is a draft, and so is the consent attachment (draft-howe-vcon-consent): both may change, and nothing here is signed
or encrypted. Parties are pseudonymous ids with their role; the recording is named and not included; the transcript
stands under ``analysis``; what each party granted stands under ``attachments`` with the type ``consent``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.formats.conversation import Conversation
from toolkit.formats.segment import by_time

__all__ = ["VERSION", "Agreement", "dump"]

VERSION = "0.4.0"
"""Of the syntax: the only value that the draft allows. It calls the field deprecated; older readers need it."""
SPACE = uuid.UUID("0f0a6f2b-8b6e-5f0c-8a53-6f6d3f9a7c21")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one party granted: id, role, purposes, and the first and last day it holds (empty: until withdrawn)."""

    who: str
    role: str
    purposes: tuple[str, ...]
    granted_on: str
    expires_on: str


def dump(conversation: Conversation, agreements: Sequence[Agreement], *, day: str) -> str:
    """A conversation as vCon.

    Parameters
    ----------
    conversation
        Segments are written.
    agreements
        From the consent ledger, one a grant.
    day
        Of the session, or of the export where that is not known: ``2026-11-23``.
    """
    people = list(dict.fromkeys((a.who, a.role) for a in agreements))
    moment = f"{day}T00:00:00Z"
    content: dict[str, Any] = {
        "vcon": VERSION,
        "uuid": str(uuid.uuid5(SPACE, conversation.session_id)),
        "created_at": moment,
        "subject": conversation.session_id,
        "parties": [{"uuid": str(uuid.uuid5(SPACE, who)), "role": role, "meta": {"id": who}} for who, role in people],
        "dialog": [
            {
                "type": "recording",
                "start": moment,
                "duration": round(conversation.duration, 3),
                "parties": list(range(len(people))),
            }
        ],
        "analysis": [
            {
                "type": "transcript",
                "dialog": 0,
                "vendor": "counselling-session-toolkit",
                "mediatype": "application/json",
                "encoding": "json",
                "body": transcript(conversation),
            }
        ],
        "attachments": [attachment(a, people.index((a.who, a.role)), moment) for a in agreements],
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def transcript(conversation: Conversation) -> list[dict[str, Any]]:
    """Segments with their speaker."""
    return [
        {"speaker": s.speaker, "start": round(s.start, 3), "end": round(s.end, 3), "text": s.text}
        for s in sorted(conversation.segments, key=by_time)
    ]


def attachment(agreement: Agreement, party: int, moment: str) -> dict[str, Any]:
    """One grant."""
    body = {
        "party": party,
        "granted_on": agreement.granted_on,
        "expiration": agreement.expires_on or "indefinite",
        "consents": [{"purpose": purpose, "status": "granted"} for purpose in agreement.purposes],
    }
    return {
        "purpose": "consent",
        "type": "consent",
        "start": moment,
        "party": party,
        "dialog": 0,
        "mediatype": "application/json",
        "encoding": "json",
        "body": body,
    }
