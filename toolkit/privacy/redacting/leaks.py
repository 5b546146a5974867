"""How many identifiers are found: recall and precision by class on synthetic sentences; a search for known names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from toolkit.privacy.redacting.finding import Finder, Hit, known_names
from toolkit.privacy.redacting.patterns import Identifier
from toolkit.privacy.redacting.synthetic import Sentence

__all__ = ["Score", "measure", "names_in"]


@dataclass(frozen=True, slots=True)
class Score:
    """Of one class: identifiers there are, those covered to the last letter, and stretches taken out, right or not.

    Recall asks whether an identifier is gone, whatever it was taken for; precision whether what was taken for the class
    touches any identifier.
    """

    there: int
    covered: int
    taken: int
    right: int

    @property
    def recall(self) -> float | None:
        """Share of the identifiers that are gone; None when there are none."""
        return round(self.covered / self.there, 4) if self.there else None

    @property
    def precision(self) -> float | None:
        """Share of what was taken out that is an identifier; None when nothing was."""
        return round(self.right / self.taken, 4) if self.taken else None

    def as_dict(self) -> dict[str, float | int | None]:
        """For the report."""
        return {"identifiers": self.there, "recall": self.recall, "taken_out": self.taken, "precision": self.precision}


def measure(finder: Finder, sentences: Iterable[Sentence]) -> Mapping[Identifier, Score]:
    """Score every class."""
    pairs = [(sentence.truth, finder.find(sentence.text)) for sentence in sentences]
    return {what: score(what, pairs) for what in Identifier}


def score(what: Identifier, pairs: Iterable[tuple[tuple[Hit, ...], tuple[Hit, ...]]]) -> Score:
    """Score one class."""
    there = covered = taken = right = 0
    for truth, found in pairs:
        for t in truth:
            if t.what is what:
                there += 1
                covered += set(range(t.start, t.end)) <= {at for f in found for at in range(f.start, f.end)}
        for f in found:
            if f.what is what:
                taken += 1
                right += any(f.start < t.end and t.start < f.end for t in truth)
    return Score(there, covered, taken, right)


def names_in(texts: Iterable[str], names: Iterable[str]) -> int:
    """How often known names occur in texts, whatever their case."""
    known = known_names(names)
    return 0 if known is None else sum(len(known.findall(text)) for text in texts)
