"""How many identifiers are found: recall and precision by class on synthetic sentences; a search for known names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from toolkit.privacy.redacting.finding import Finder, Hit, known_names
from toolkit.privacy.redacting.patterns import Identifier
from toolkit.privacy.redacting.synthetic import Sentence, Source, sentences

__all__ = ["Score", "measure", "names_in", "of_sets"]


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


@cache
def of_sets(model: Path) -> Mapping[Source, tuple[int, Mapping[Identifier, Score]]]:
    """Of each set of sentences made for that, how many there are and the scores, with no name known beforehand.

    They depend on the model and the rules only, so they are measured once in a process.
    """
    finder = Finder(model)
    return {source: (len(made), measure(finder, made)) for source in Source for made in [sentences(source)]}


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
