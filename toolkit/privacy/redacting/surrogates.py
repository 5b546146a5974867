"""What stands in place of an identifier: the same for the same one, so that a reader can follow who is who.

Surrogates are numbered tags, ``[person 2]``: a made-up name would look like a real one that was missed. A full date is
moved by the person's own number of days, so that the time between two dates stays; other dates and all else are tags.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from toolkit.privacy.redacting.finding import Hit
from toolkit.privacy.redacting.patterns import Identifier

__all__ = ["Surrogates", "shifted"]

ISO = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class Surrogates:
    """Surrogates of one export.

    Attributes
    ----------
    given
        Class and text (without case and apostrophes) to what stands for it.
    counts
        How many of each class there are.
    """

    given: dict[tuple[Identifier, str], str] = field(default_factory=dict)
    counts: Counter[Identifier] = field(default_factory=Counter)

    def of(self, text: str, what: Identifier, *, days: int) -> str:
        """What stands for a piece of text; dates are moved by so many days where they are whole."""
        if what is Identifier.DATE and ISO.fullmatch(text):
            return shifted(text, days)
        key = (what, " ".join(text.casefold().removesuffix("'s").removesuffix("\u2019s").split()))
        if key not in self.given:
            self.counts[what] += 1
            self.given[key] = f"[{what} {self.counts[what]}]".replace("_", " ")
        return self.given[key]

    def redacted(self, text: str, hits: Iterable[Hit], *, days: int) -> str:
        """A text with its identifiers replaced."""
        parts, last = [], 0
        for hit in hits:
            parts += [text[last : hit.start], self.of(text[hit.start : hit.end], hit.what, days=days)]
            last = hit.end
        return "".join([*parts, text[last:]])


def shifted(day: str, days: int) -> str:
    """A date such as 2026-11-23 moved by so many days; empty for one that is none.

    Examples
    --------
    >>> shifted("2026-02-27", 3)
    '2026-03-02'
    """
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return ""
