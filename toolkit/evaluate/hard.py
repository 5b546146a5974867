"""How each kind of hard audio degrades the result: every variant beside the clean recording it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.evaluate.compare import METRICS, Score, summed
from toolkit.evaluate.recordings import Case, Variant
from toolkit.evaluate.study import written
from toolkit.types import Missing

__all__ = ["SHOWN", "degradation"]

SHOWN = {  # columns of both tables, and their short heads
    "WER": "wer",
    "cpWER": "cpwer",
    "DER": "der",
    "wrong speaker": "word_speaker_error",
    "talk share (points)": "talk_share_error",
    "silences ±0.5 s": "silence_f1_half",
}

Scores = Mapping[str, Mapping[str, Score | Missing]]


def degradation(cases: Sequence[Case], scores: Scores) -> list[str]:
    """The section of the page, without its heading; empty when no case is a variant.

    Parameters
    ----------
    cases
        All cases; those that are variants are shown, in their order.
    scores
        Of every session that could be processed.
    """
    kinds: dict[str, list[tuple[Case, Variant]]] = {}
    for case in cases:
        if case.variant is not None:
            kinds.setdefault(case.variant.name, []).append((case, case.variant))
    if not kinds:
        return []
    summary = [[name, counted(members, scores), *cells(members, scores)] for name, members in kinds.items()]
    single = [
        [variant.original, name, *cells([(case, variant)], scores)]
        for name, members in kinds.items()
        for case, variant in members
        if case.session_id in scores
    ]
    return [
        "Each cell: the recording as it is → made harder. Sums are over recordings of which both could be processed.",
        "",
        *table(["variant", "recordings", *SHOWN], summary),
        "",
        *(f"- **{name}**: {members[0][1].change}" for name, members in kinds.items()),
        "",
        "### By recording",
        "",
        *table(["recording", "variant", *SHOWN], single),
    ]


def counted(members: Sequence[tuple[Case, Variant]], scores: Scores) -> str:
    """How many recordings a variant has, and how many of them failed."""
    failed = sum(case.session_id not in scores for case, _ in members)
    return f"{len(members)} ({failed} failed)" if failed else str(len(members))


def cells(members: Sequence[tuple[Case, Variant]], scores: Scores) -> list[str]:
    """The metrics, clean and hard, summed over the recordings of which both are there."""
    pairs = [(v.original, c.session_id) for c, v in members if v.original in scores and c.session_id in scores]
    found = []
    for name in SHOWN.values():
        clean = summed(scores[original][name] for original, _ in pairs)
        hard = summed(scores[made][name] for _, made in pairs)
        found.append(change(clean, hard, METRICS[name].unit))
    return found


def change(clean: Score | Missing, hard: Score | Missing, unit: str) -> str:
    """Two scores of one metric, the unit said once.

    Examples
    --------
    >>> from toolkit.evaluate.metrics import ErrorRate
    >>> change(ErrorRate(5, 100, {}), ErrorRate(12, 100, {}), "%")
    '5.0 → 12.0 %'
    """
    before, after = written(clean, unit), written(hard, unit)
    return "-" if before == after == "-" else f"{before.removesuffix(' %')} → {after}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
