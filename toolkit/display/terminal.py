"""A session in the terminal: the same facts as the notebook and the report, in text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from toolkit.display.context import LONG
from toolkit.display.html import Drawing, Note, Part, Table
from toolkit.display.reading import Review
from toolkit.display.review import band_list, in_order, in_windows, sure, windowed
from toolkit.display.words import cell, clock, known_from, number, person, printable
from toolkit.measures import MEASURES, WINDOW_MEASURES
from toolkit.types import Level

__all__ = ["compare", "listed", "once", "screens"]

COLOURS = {"therapist": "blue", "client": "yellow"}
NARROW = 100  # characters; below, titles take two lines rather than that numbers are cut off
TITLE = 25  # characters of a title then
DETAILS = frozenset(
    name
    for name in MEASURES
    if name.startswith(("style_matching_", "misc_")) or name.endswith("_sample") or name == "silence_count_2s"
)
"""Parts and variants of other measures, which make the page long: in the tables, and here when asked for."""
FAMILIES = frozenset({"turn_count", "first_singular_rate", "reflection_count", "change_talk_count"}) | {
    "wait_time_after_open_question",
    "missed_opportunities",
}
"""The first measures of a family; a line is left free before them."""
BLOCK, QUIET, LIGHT = "█", "·", "▒"


def screens(review: Review, *, width: int, everything: bool = False) -> Iterator[RenderableType]:
    """A session at a glance, part by part; `everything` shows parts and variants of measures, too."""
    shown = [name for name in MEASURES if everything or name not in DETAILS]
    yield heading(review)
    yield lanes(review, width=min(width, 110) - 16)
    yield by_role(review, shown, narrow=width < NARROW)
    yield Text("")
    yield session_wide(review, shown)
    yield from over_time(review)
    yield Text("")
    yield from beside(review, shown)
    yield from without_value(review, shown)
    yield Text("")
    for text in review.manifest.warnings:
        yield Text(f"note: {text}", style="italic")
    if any(row["confirmed"] for row in review.tables["measures"]):
        yield Text("confirmed: percent of what is counted that a human set or confirmed", style="dim")
    yield Text("What a measure means, with its source: toolkit measures NAME", style="dim")
    if not everything:
        yield Text("Parts of style matching and other ways to count: toolkit show STUDY SESSION --all", style="dim")


def heading(review: Review) -> RenderableType:
    """Who, how long, in which language, and how sure the roles are."""
    named = review.manifest.roles
    roles = ", ".join(
        f"{person(named[speaker].role, speaker)} ({known_from(named[speaker].source)}, "
        f"confidence {named[speaker].confidence:.2f})"
        for speaker in sorted(
            named, key=lambda speaker: in_order(a.role for a in named.values()).index(named[speaker].role)
        )
    )
    facts = f"{clock(review.seconds)} min · language {review.manifest.language} · {roles}"
    return Panel(Text(facts), title=Text(f"Session {review.session_id}"), title_align="left", expand=False)


def lanes(review: Review, *, width: int) -> RenderableType:
    """A timeline: one lane a role, and one for the silences of 3 s or more."""
    grid = Grid.grid(padding=(0, 1))
    spans: dict[str, list[Mapping[str, Any]]] = {}
    for row in review.tables["activity"]:
        spans.setdefault(person(row["role"], row["speaker"]), []).append(row)
    for lane in in_order(spans):
        bar = "".join(shade(share) for share in coverage(spans[lane], review.seconds, width))
        grid.add_row(lane, Text(bar, style=COLOURS.get(lane, "green")))
    quiet = [r for r in review.tables["silences"] if r["duration"] >= LONG and r["evidence"] == "silent"]
    marks = "".join("─" if share else " " for share in coverage(quiet, review.seconds, width))
    grid.add_row("silence 3 s+", Text(marks, style="bold"))
    grid.add_row("", Text(f"0:00{clock(review.seconds):>{max(0, width - 4)}}", style="dim"))
    return grid


def coverage(rows: Iterable[Mapping[str, Any]], seconds: float, width: int) -> list[float]:
    """The share of each of `width` cells that the rows cover."""
    cells = [0.0] * width
    size = seconds / width
    for row in rows:
        first, last = int(row["start"] / size), min(width - 1, int(row["end"] / size))
        for i in range(first, last + 1):
            cells[i] += max(0.0, min(row["end"], (i + 1) * size) - max(row["start"], i * size)) / size
    return cells


def shade(share: float) -> str:
    """One cell of a lane: full from half covered on, light when there is a little speech."""
    if share >= 0.5:
        return BLOCK
    return LIGHT if share > 0.05 else QUIET


def by_role(review: Review, shown: Iterable[str], *, narrow: bool) -> RenderableType:
    """The measures of each role, and what of them a human confirmed."""
    whole = [r for r in review.tables["measures"] if r["role"] != "session"]
    roles = in_order(r["role"] for r in whole)
    found = {(r["measure"], r["role"]): r for r in whole}
    some = any(sure(row) for row in whole)
    table = plain_table()
    table.add_column("measure (90 % interval)", no_wrap=not narrow, max_width=TITLE if narrow else None)
    for role in roles:
        table.add_column(person(role), justify="right", no_wrap=True)
    if some:
        table.add_column("confirmed", no_wrap=True)
    for name in shown:
        measure = MEASURES[name]
        if measure.level is Level.ROLE:
            if name in FAMILIES:
                table.add_row()
            values = (cell(found.get((name, role))) for role in roles)
            human = sure(*(found[name, role] for role in roles if (name, role) in found))
            table.add_row(measure.title, *values, *([human] if some else []))
    return table


def beside(review: Review, shown: Iterable[str]) -> Iterator[RenderableType]:
    """The therapist's values that have bands beside them, a line each."""
    own = {r["measure"]: r for r in review.tables["measures"] if r["role"] == "therapist" and r["value"] is not None}
    banded = [name for name in shown if name in own and MEASURES[name].bands]
    if banded:
        yield Text("The therapist beside bands (expert opinion, no norms: neither pass nor fail)", style="bold")
    for name in banded:
        value = number(own[name]["value"], own[name]["unit"])
        yield Text.assemble(f"{MEASURES[name].title} {value} · ", (band_list(name), "dim"))


def without_value(review: Review, shown: Iterable[str]) -> Iterator[RenderableType]:
    """Why measures of roles are missing, each reason once."""
    why: dict[str, list[str]] = {}
    rows = {(r["measure"], r["role"]): r for r in review.tables["measures"] if r["missing_reason"]}
    for name in shown:
        for role in in_order(role for measure, role in rows if measure == name and role != "session"):
            titles = why.setdefault(rows[name, role]["missing_reason"], [])
            titles.append(f"{MEASURES[name].title} ({person(role)})")
    for reason, titles in why.items():
        yield Text.assemble(("missing: ", "bold"), ", ".join(titles), (f": {reason}", "dim"))


def session_wide(review: Review, shown: Iterable[str]) -> RenderableType:
    """The measures of the whole session, with the reason where one is missing."""
    found = {r["measure"]: r for r in review.tables["measures"] if r["role"] == "session" and not windowed(r)}
    some = any(sure(row) for row in found.values())
    table = plain_table()
    for name in ("the whole session", "", *(["confirmed"] if some else []), ""):
        table.add_column(name, justify="right" if not name else "left")
    for name in (name for name in shown if name in found):
        human = [sure(found[name])] if some else []
        table.add_row(MEASURES[name].title, cell(found[name]), *human, found[name]["missing_reason"] or "")
    return table


def over_time(review: Review) -> Iterator[RenderableType]:
    """The measures taken window by window, one line each."""
    for name in MEASURES:
        told = [
            f"{clock(r['window_start'])} to {clock(r['window_end'])}: {number(r['value'], r['unit'])}"
            for r in in_windows(review, name)
            if name in WINDOW_MEASURES and r["value"] is not None
        ]
        if told:
            yield Text(f"{MEASURES[name].title}: {', '.join(told)}")


def listed(title: str, parts: Iterable[Part | Drawing]) -> Iterator[RenderableType]:
    """A heading and what is listed under it, drawings in words; what was said stands below the line it belongs to."""
    yield Text(f"\n{title}", style="bold underline")
    for part in parts:
        if not isinstance(part, Table):
            yield Text(part.text if isinstance(part, Note) else part.description)
            continue
        first = len(part.columns) - part.spoken
        table = plain_table()
        for name in part.columns[:first]:
            table.add_column(name)
        if not part.spoken:
            for row in part.rows:
                table.add_row(*map(Text, row))
            yield table
            continue
        yield from spoken(part, first)


def once(parts: Iterable[Part | Drawing], told: set[str]) -> Iterator[Part | Drawing]:
    """The parts without notes that were told already, such as why there are no words."""
    for part in parts:
        if not isinstance(part, Note) or part.text not in told:
            yield part
        if isinstance(part, Note):
            told.add(part.text)


def spoken(part: Table, first: int) -> Iterator[RenderableType]:
    """Each row as a line, and below it what was said."""
    for row in part.rows:
        facts = (f"{name}: {fact}" for name, fact in zip(part.columns[1:first], row[1:first], strict=True) if fact)
        yield Text.assemble((row[0], "bold"), "  ", " · ".join(facts))
        for name, said in zip(part.columns[first:], row[first:], strict=True):
            if said:
                yield Padding(Text.assemble((f"{name}: ", "dim"), printable(said)), (0, 0, 0, 6))


def plain_table() -> Grid:
    """A table without lines."""
    return Grid(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))


def compare(reviews: Sequence[Review]) -> RenderableType:
    """The therapist's main measures of several sessions side by side."""
    names = (
        "talk_share_speech",
        "longest_turn",
        "reflection_to_question_ratio",
        "open_question_share",
        "response_latency_median",
    )
    table = plain_table()
    table.add_column("therapist")
    for review in reviews:
        table.add_column(review.session_id, justify="right")
    for name in names:
        rows = [
            r
            for review in reviews
            for r in review.tables["measures"]
            if (r["measure"], r["role"]) == (name, "therapist")
        ]
        table.add_row(MEASURES[name].title, *(number(r["value"], r["unit"]) for r in rows))
    quiet = [r for review in reviews for r in review.tables["measures"] if r["measure"] == "silence_count"]
    table.add_row(MEASURES["silence_count"].title, *(number(r["value"], r["unit"]) for r in quiet))
    return table
