"""How much of what identifies people the redaction finds, by class, in every set of synthetic sentences.

    python pipelines/measure_redaction.py

It prints the table of docs/adr/0017-redacted-draft.md: in sentences that were looked at while the rules were made, and
in those that were held out. `toolkit export --redacted` measures the same at each export.
"""

from __future__ import annotations

from toolkit import models, redaction
from toolkit.privacy.redacting.leaks import Score, of_sets
from toolkit.privacy.redacting.patterns import Identifier


def main() -> None:
    """Measure and print."""
    found = of_sets(models.path(redaction.MODEL))
    sets = [f"{redaction.SETS[source]} ({count})" for source, (count, _) in found.items()]
    print("| class |", " | ".join(f"{name}: identifiers | gone | right" for name in sets), "|")
    print("|" + "---|" * (1 + 3 * len(sets)))
    for what in Identifier:
        cells = " | ".join(cell(scores[what]) for _, scores in found.values())
        print(f"| {what} | {cells} |".replace("_", " "))


def cell(score: Score) -> str:
    """Number, recall and precision of a class."""
    return f"{score.there} | {share(score.recall)} | {share(score.precision)}"


def share(value: float | None) -> str:
    """With two digits."""
    return "-" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
