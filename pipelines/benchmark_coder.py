"""How many utterances a second the trained coder codes, beside spaCy's own parse of the same text in the same run.

    python pipelines/benchmark_coder.py coded.csv

The table is one that ``toolkit evaluate codes`` reads; its text is coded as it stands. Each part runs three times, the
fastest counts. Peak memory is that of the whole process, models loaded.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from toolkit.backends import create
from toolkit.coding.pipeline import english
from toolkit.evaluate.labels import spoken, words_of
from toolkit.formats import coded_csv
from toolkit.settings import Settings
from toolkit.types import SpokenUtterance

TIMES = 3


def fastest(run: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return min(taken)


def dialogues(path: Path) -> list[Sequence[SpokenUtterance]]:
    """The utterances of a table, dialogue by dialogue."""
    rows = coded_csv.read(path).rows
    ordered = sorted(rows, key=lambda row: row.dialogue)
    groups = (list(group) for _, group in groupby(ordered, key=lambda row: row.dialogue))
    return [spoken([(row.role, words) for row in group if (words := words_of(row.text))]) for group in groups]


def main() -> None:
    """Print one line a part."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("table", type=Path, help="CSV with dialogue_id, utterance_id, role, text")
    said = dialogues(options.parse_args().table)
    settings = Settings()
    count = sum(map(len, said))
    words = sum(len(u.words) for one in said for u in one)
    nlp, _ = english(settings.coding.model)
    texts = [" ".join(w.text for w in u.words) for one in said for u in one]
    parse = fastest(lambda: list(nlp.pipe(texts, disable=["mi_cues"])))
    print(f"{count} utterances, {words} words, {len(said)} dialogues")
    print(f"{'spaCy parse alone':20} {count / parse:7.0f} utterances/s")
    for name in ("rules", "trained"):
        coder = create("coder", name, settings)
        took = fastest(lambda coder=coder: [coder.code(one, language="en") for one in said])
        print(f"{name:20} {count / took:7.0f} utterances/s   {took / parse:.2f} times the parse alone")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
