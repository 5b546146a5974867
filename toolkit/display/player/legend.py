"""What the page says of codes and of the categories of silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.coding.book import BOOK
from toolkit.overlay.values import MARKERS
from toolkit.types import Code, SilenceCategory

__all__ = ["ASIDE", "PICS", "SHORT", "book"]

SHORT: Mapping[Code, str] = {
    Code.SIMPLE_REFLECTION: "SR",
    Code.COMPLEX_REFLECTION: "CR",
    Code.OPEN_QUESTION: "OQ",
    Code.CLOSED_QUESTION: "CQ",
    Code.GIVING_INFORMATION: "GI",
    Code.PERSUADE: "P",
    Code.PERSUADE_WITH_PERMISSION: "PWP",
    Code.AFFIRM: "AF",
    Code.SEEK_COLLABORATION: "SEEK",
    Code.EMPHASIZE_AUTONOMY: "EMPH",
    Code.CONFRONT: "CON",
    Code.OTHER: "OT",
    Code.CHANGE_TALK: "CT",
    Code.SUSTAIN_TALK: "ST",
    Code.NEUTRAL: "FN",
    Code.FACILITATE: "FA",
    Code.FEELING: "FEEL",
}
"""What stands on a code's mark: the letters of MITI and MISC where they have some."""

ASIDE = frozenset({Code.OTHER, Code.NEUTRAL, Code.FACILITATE})
"""Codes that most utterances carry: small marks, and passed over by *next code* unless they are asked for."""

PICS: Mapping[SilenceCategory, str] = {
    SilenceCategory.DISENGAGED: "drawing back from what is felt or worked on",
    SilenceCategory.EMOTIONAL: "being with a feeling",
    SilenceCategory.INTERACTIONAL: "attending to the other person, or to what to say to them",
    SilenceCategory.REFLECTIVE: "thinking about it, making a connection, asking oneself",
    SilenceCategory.EXPRESSIVE: "looking for the word or picture that fits",
    SilenceCategory.ASSOCIATIONAL: "passing on to something else",
    SilenceCategory.MNEMONIC: "remembering what happened",
}
"""The seven categories of a silence and what goes on in the client, in short (Levitt 2001); a human gives them."""


def book() -> dict[str, dict[str, Any]]:
    """Every code with its title, its letters, whose it is, and what is coded."""
    return {
        str(code): {
            "title": page.title,
            "short": SHORT[code],
            "role": str(page.role),
            "definition": page.definition,
            "aside": code in ASIDE,
            "marker": code in MARKERS,
        }
        for code, page in BOOK.items()
    }
