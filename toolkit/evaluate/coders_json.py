"""A comparison of several coders as plain values, each number with what it is counted from."""

from __future__ import annotations

from typing import Any

from toolkit.coding.book import AGREEMENT
from toolkit.evaluate.agreement import Estimate
from toolkit.evaluate.coders import COUNTS, DECISIONS, ICC, INTERVAL, Comparison, Found
from toolkit.evaluate.codes import plain_estimate
from toolkit.evaluate.reliability import COEFFICIENTS, Coefficient
from toolkit.types import Missing

__all__ = ["as_json"]


def as_json(found: Comparison) -> dict[str, Any]:
    """Everything as plain values, each number with what it is counted from."""
    return {
        "coders": [
            {
                "name": c.name,
                "utterances": len(c.units),
                "listed": c.listed,
                "sessions": len(c.sessions),
                "misplaced_codes": c.misplaced,
                "blind": c.blind,
            }
            for c in found.codings
        ],
        "left_out": dict(found.left_out),
        "people": plain_found(found.people),
        "machine": {"missing_reason": found.machine.reason}
        if isinstance(found.machine, Missing)
        else {name: plain_found(one) for name, one in found.machine.items()},
        "definitions": {
            **{name: kind.definition for name, kind in COEFFICIENTS.items()},
            "icc_2_1": ICC,
            "interval": INTERVAL,
            "published": "Fleiss' kappa of trained people on the same decision, with its source",
        },
    }


def plain_found(found: Found | Missing) -> dict[str, Any]:
    """How some coders agree, as plain values."""
    if isinstance(found, Missing):
        return {"missing_reason": found.reason}
    return {
        "coders": list(found.coders),
        "decisions": {name: plain_decision(name, found) for name in found.decisions},
        "session_counts": {
            name: {"title": COUNTS[name].title, "icc_2_1": plain_estimate(one)} for name, one in found.counts.items()
        },
    }


def plain_decision(name: str, found: Found) -> dict[str, Any]:
    """One decision."""
    known = AGREEMENT.get(DECISIONS[name].ceiling)
    human = known and {"kappa_low": known.kappa_low, "kappa_high": known.kappa_high, "source": known.source}
    return {
        "title": DECISIONS[name].title,
        **{kind: plain_coefficient(one) for kind, one in found.decisions[name].items()},
        "cohen_of_pairs": [{"coders": list(pair), **plain_coefficient(c)} for pair, c in found.pairs[name].items()],
        "labels": {coder: dict(sorted(counts.items())) for coder, counts in found.given[name].items()},
        "published": human,
    }


def plain_coefficient(found: Coefficient) -> dict[str, Any]:
    """One coefficient."""
    shown = plain_estimate(Estimate(found.value, found.n, found.interval))
    return {**shown, "resampled": found.drawn or None}
