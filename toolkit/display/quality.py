"""Which sessions to distrust, why, and what to do about it, for a notebook; `scan` reads, the others show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.caseload import quality, read
from toolkit.caseload.bins import bins
from toolkit.caseload.checks import CHECKS, Check
from toolkit.caseload.cohort import LEAST_SHOWN
from toolkit.caseload.quality import Doubt, Quality
from toolkit.display import panels
from toolkit.display.cohort import bar
from toolkit.display.gallery import Gallery
from toolkit.display.html import Drawing, Page, note, table
from toolkit.display.progress import by_reason, count
from toolkit.display.words import COUNTS, number
from toolkit.study import Study
from toolkit.types import Missing

__all__ = ["Qualities", "chart", "definitions", "distrust", "overview", "scan", "sessions"]

NOBODY = "No session has results that consent covers today."
MOST = 30  # sessions listed one by one
UNITS = frozenset({"dBFS", "kHz", "min"})


@dataclass(frozen=True, slots=True)
class Qualities:
    """The quality of each session, and its doubts, most doubts first."""

    sessions: tuple[tuple[Quality, tuple[Doubt, ...]], ...]


def scan(study: str | Path) -> Qualities:
    """Read the quality of every session that has results and that consent covers today.

    Raises
    ------
    InputError
        When there is no such study.
    """
    found = quality.sessions(read(Study.open(Path(study))))
    doubted = [(q, quality.doubts(q)) for q in found]
    return Qualities(tuple(sorted(doubted, key=lambda pair: (-len(pair[1]), pair[0].session_id))))


def overview(found: Qualities) -> Page:
    """How many sessions raise a doubt, and which doubts."""
    doubted = [d for _, d in found.sessions if d]
    if not found.sessions:
        return Page("Data quality", [note(NOBODY)])
    told = [note(f"{len(doubted)} of {count(len(found.sessions), 'session')} raise a doubt: a reason to listen first.")]
    often = Counter(d.check.name for doubts in doubted for d in doubts)
    rows = [(c.title, limit(c), str(often[c.name]), c.why, c.what_to_do) for c in CHECKS if often[c.name]]
    if rows:
        told.append(table("Doubts, and what to do", ("what", "doubtful", "sessions", "why", "what to do"), rows))
    return Page("Data quality", told)


def distrust(found: Qualities) -> Page:
    """The sessions with doubts, most first: what, why, and what was noted while they were processed."""
    doubted = [(q, d) for q, d in found.sessions if d]
    if not found.sessions:
        return Page("", [note(NOBODY)])
    if not doubted:
        return Page("", [note("None: no number is beyond its limit.")])
    everywhere = frozenset.intersection(*(frozenset(q.warnings) for q, _ in found.sessions))
    rows = [
        (
            q.session_id,
            q.therapist,
            "; ".join(f"{d.check.title} {number(d.value, d.check.unit)}" for d in doubts),
            "; ".join(d.check.why for d in doubts),
            " ".join(w for w in q.warnings if w not in everywhere),
        )
        for q, doubts in doubted[:MOST]
    ]
    heads = ("session", "therapist", "doubts", "what may be wrong", "noted while it was processed")
    parts = [table("", heads, rows), note("What to do about each doubt stands in the table above.")]
    parts += [note(f"Noted in every session: {warning}") for warning in sorted(everywhere)]
    if len(doubted) > MOST:
        parts.append(note(f"{len(doubted) - MOST} more sessions have doubts; those with most stand here."))
    return Page("", parts)


def chart(found: Qualities) -> Gallery | Page:
    """How each number is distributed, beside the limit of its check."""
    if 0 < len(found.sessions) < LEAST_SHOWN:
        return Page("", [note(f"Fewer than {LEAST_SHOWN} sessions: nothing to draw, the numbers stand below.")])
    drawings = [d for c in CHECKS if (d := drawing(c, found)) is not None]
    lacking = [(c.title, reason) for c in CHECKS for reason in reasons(c, found)]
    notes = ["Bars: sessions. Dashed line: from there on there is a doubt; the line below says on which side."]
    same = [f"{c.title} {number(there[0], c.unit)}" for c in CHECKS if alike(there := values(c, found))]
    if same:
        notes.append(f"The same in every session: {'; '.join(same)}.")
    notes += [f"{names}: not known in some sessions or all ({why})." for names, why in by_reason(lacking)]
    if not drawings:
        return Page("", [note(text) for text in notes[1:] or [NOBODY]])
    return Gallery("", notes, drawings)


def values(check: Check, found: Qualities) -> list[float]:
    """The numbers of all sessions that have one, in ascending order."""
    return sorted(v for q, _ in found.sessions if not isinstance(v := q.numbers[check.name], Missing))


def reasons(check: Check, found: Qualities) -> Sequence[str]:
    """Why sessions have no such number, each reason once."""
    return sorted({v.reason for q, _ in found.sessions if isinstance(v := q.numbers[check.name], Missing)})


def drawing(check: Check, found: Qualities) -> tuple[Drawing, str] | None:
    """One check; None where no session has its number, or all have the same."""
    there = values(check, found)
    if not there or alike(there):
        return None
    bars = [bar(b, check.unit) for b in bins(there, whole=check.unit in COUNTS)]
    beyond = sum(check.beyond(v) for v in there)
    told = f"{count(len(there), 'session')}; doubtful {limit(check)}: {beyond}"
    near = bars[0]["low"] <= check.limit <= bars[-1]["high"]
    lines = (
        [{"at": check.limit, "name": "doubtful \u2192" if check.above else "\u2190 doubtful to the left"}]
        if near
        else []
    )
    drawn = panels.histogram_panel(bars, lines, title=check.title, unit=check.unit)
    return Drawing(drawn, f"{check.title}: {told}. {'; '.join(b['label'] for b in bars if b['count'])}"), told


def alike(ordered: Sequence[float]) -> bool:
    """Whether there are numbers and all are the same."""
    return bool(ordered) and ordered[0] == ordered[-1]


def limit(check: Check) -> str:
    """From where on there is a doubt."""
    return f"{'over' if check.above else 'under'} {number(check.limit, check.unit)}"


def sessions(found: Qualities) -> Page:
    """Every number of every session, those with most doubts first; a star where it is doubtful."""
    if not found.sessions:
        return Page("", [note(NOBODY)])
    rows = []
    for q, doubts in found.sessions[:MOST]:
        doubtful = {d.check.name for d in doubts}
        cells = [cell(q.numbers[c.name], c.unit) + (" *" if c.name in doubtful else "") for c in CHECKS]
        rows.append((q.session_id, *cells))
    parts = [table("A star: doubtful. A dash: not known.", ("session", *map(head, CHECKS)), rows)]
    if len(found.sessions) > MOST:
        parts.append(note(f"{MOST} of {len(found.sessions)} sessions, those with most doubts."))
    return Page("", parts)


def head(check: Check) -> str:
    """The head of a column."""
    return f"{check.title}, {check.unit}" if check.unit in UNITS else check.title


def cell(value: float | Missing, unit: str) -> str:
    """A number in a cell, its unit in the head of the column."""
    return "—" if isinstance(value, Missing) else f"{value:.1f}" if unit in UNITS else number(value, unit)


def definitions() -> Page:
    """What is looked at, and where the limits come from."""
    rows = [(c.title, limit(c), c.source) for c in CHECKS]
    return Page("", [table("Checks and their limits", ("what", "doubtful", "source of the limit"), rows)])
