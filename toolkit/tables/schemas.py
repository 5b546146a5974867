"""The columns and types of every results table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from toolkit.types import Chances, Wording

__all__ = ["CHANCES", "COUNTED", "MACHINE", "NULLABLE", "RESTRICTED", "SCHEMAS", "VARIED"]

WHO: Mapping[str, type] = {"speaker": str, "role": str, "start": float, "end": float}
CHANCES: Mapping[str, type] = {f"p_{f.name}": float for f in fields(Chances)}
"""Columns of the coder's probabilities, one for each field of `Chances`, in its order."""

VARIED = ("window_words", "window_types")
COUNTED = tuple(f.name for f in fields(Wording) if f.name not in VARIED)
"""Columns of `Wording`: those that every language has, and those that need lists of function words."""

OWN: Mapping[str, Mapping[str, type]] = {
    "measures": {
        "session_id": str,
        "role": str,
        "measure": str,
        "value": float,
        "unit": str,
        "n": int,
        "numerator": float,
        "denominator": float,
        "low": float,
        "high": float,
        "confirmed": float,
        "scheme": str,
        "window_start": float,
        "window_end": float,
        "missing_reason": str,
    },
    "activity": {"session_id": str, **WHO},
    "confirmed": {"session_id": str, **WHO},
    "turns": {"session_id": str, "turn": int, **WHO, "duration": float, "speech_time": float, "confirmed": bool},
    "events": {
        "session_id": str,
        "kind": str,
        "speaker": str,
        "role": str,
        "other": str,
        "start": float,
        "end": float,
        "heard": bool,
    },
    "silences": {
        "session_id": str,
        "silence": int,
        "start": float,
        "end": float,
        "duration": float,
        "kind": str,
        "before": str,
        "before_role": str,
        "after": str,
        "after_role": str,
        "evidence": str,
        "category": str,
    },
    "utterances": {
        "session_id": str,
        "utterance": int,
        **WHO,
        "word_count": int,
        "syllable_count": int,
        **dict.fromkeys((*COUNTED, *VARIED), int),
    },
    "codes": {
        "session_id": str,
        "utterance": int,
        **WHO,
        "code": str,
        "coder": str,
        "rule": str,
        "first_word": int,
        "last_word": int,
        "answers": int,
        "probability": float,
    },
    "chances": {"session_id": str, "utterance": int, **WHO, **CHANCES},
    "volleys": {
        "session_id": str,
        "volley": int,
        **WHO,
        "code": str,
        "utterance": int,
        "code_start": float,
        "code_end": float,
        "rule": str,
        "counting_rule": str,
        "coder": str,
    },
    "restricted/words": {
        "session_id": str,
        "word": int,
        "start": float,
        "end": float,
        "text": str,
        "probability": float,
        "speaker": str,
        "speaker_confidence": float,
        "utterance": int,
        "missing_reason": str,
    },
    "restricted/utterances": {"session_id": str, "utterance": int, **WHO, "text": str},
}

MACHINE: Mapping[str, str] = {
    **{
        f"machine/{name}": name
        for name in ("activity", "turns", "events", "silences", "utterances", "codes", "chances")
    },
    "restricted/machine_words": "restricted/words",
}
"""Tables of what the machine made of a session that a human corrected, and the tables they are made like."""

SCHEMAS: Mapping[str, Mapping[str, type]] = {**OWN, **{name: OWN[like] for name, like in MACHINE.items()}}
RESTRICTED = tuple(name for name in SCHEMAS if name.startswith("restricted/"))

NULLABLE: Mapping[str, frozenset[str]] = {
    "measures": frozenset({"value", "numerator", "denominator", "low", "high", "confirmed", "missing_reason"}),
    "events": frozenset({"heard"}),
    "silences": frozenset({"category"}),
    "utterances": frozenset(COUNTED),
    "codes": frozenset({"probability"}),
    "restricted/words": frozenset({"speaker", "speaker_confidence", "utterance", "missing_reason"}),
}
