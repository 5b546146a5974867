"""What the tables are made of: one row a chain and reading, over the recordings that all have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.parts import START, Part, Scores
from toolkit.evaluate.compare import Score, summed
from toolkit.evaluate.metrics import Deviation, Matches
from toolkit.types import Missing

__all__ = ["GROWN", "OURS", "SHOWN", "Row", "burden", "common", "grown", "minutes_of", "rows_of", "score", "value"]

OURS = "ours"
GROWN = "minutes-"
SHOWN = {  # columns, and their short heads
    "WER": "wer",
    "cpWER": "cpwer",
    "DER": "der",
    "WDER": "word_speaker_error",
    "talk share (points)": "talk_share_error",
    "silences ±0.5 s": "silence_f1_half",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison: a chain, and a reading of what it found.

    Attributes
    ----------
    title
        For the page.
    chain, kind
        Which, and its reading.
    parts
        One a recording, with the median time of its runs.
    start
        Seconds that the chain takes for a few seconds of speech.
    """

    title: str
    chain: str
    kind: str
    parts: Mapping[str, Part]
    start: float

    def scores(self, session: str) -> Scores:
        """Of one recording."""
        return dict(self.parts[session].scores[self.kind])

    def net(self, session: str) -> float:
        """Seconds without the start."""
        return max(0.0, self.parts[session].use.wall - self.start)


def rows_of(parts: Sequence[Part], titles: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """One row a chain and reading, of what did not fail; of several runs the one with the median time."""
    rows = []
    for chain, readings in titles.items():
        runs: dict[str, list[Part]] = {}
        for part in parts:
            if part.chain == chain and not part.failed:
                runs.setdefault(part.session, []).append(part)
        typical = {session: middle(found) for session, found in runs.items()}
        start = typical.pop(START).use.wall if START in typical else 0.0
        rows += [Row(title, chain, kind, typical, start) for kind, title in readings.items() if typical]
    return rows


def middle(runs: Sequence[Part]) -> Part:
    """The run with the median time; of two the faster."""
    return sorted(runs, key=lambda part: part.use.wall)[(len(runs) - 1) // 2]


def common(rows: Sequence[Row]) -> list[str]:
    """Recordings that every row has, grown ones left out, in the order of the first."""
    if not rows:
        return []
    return [s for s in rows[0].parts if not s.startswith(GROWN) and all(s in row.parts for row in rows)]


def minutes_of(session: str) -> int:
    """Length of a grown recording, as asked for."""
    return int(session.removeprefix(GROWN))


def score(row: Row, sessions: Sequence[str], metric: str) -> Score | Missing:
    """A metric over recordings: the rate of sums."""
    return summed(row.scores(session)[metric] for session in sessions)


def grown(row: Row) -> list[str]:
    """The grown recordings of a row, the shortest first."""
    return sorted((s for s in row.parts if s.startswith(GROWN)), key=minutes_of)


def value(found: Score | Missing) -> float | Missing:
    """The value of a score."""
    return found if isinstance(found, Missing) else found.value()


def burden(found: Score | Missing) -> float:
    """How bad a score is, to the digits that are shown; not a number where it is missing (no goal is met then)."""
    amount = value(found)
    if isinstance(amount, Missing):
        return float("nan")
    if isinstance(found, Matches):
        return -round(amount, 2)
    return round(amount, 1 if isinstance(found, Deviation) else 3)
