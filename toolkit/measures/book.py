"""The code book: what every measure means, written from the registry."""

from __future__ import annotations

import math
from collections.abc import Iterator

from toolkit.measures import CLIENT_MEASURES, MEASURES, THERAPIST_MEASURES, WINDOW_MEASURES
from toolkit.settings import Settings
from toolkit.types import Band, Level, Measure

__all__ = ["entries", "markdown", "page", "taken"]

PREAMBLE = """# Code book

*Written from the registry of measures by `toolkit measures --markdown`; do not edit by hand.*

Every measure keeps its numerator and denominator, so a caseload's ratio is the ratio of sums, and has a reason where
it has no value: never 0 in place of "not known". Numbers are proxies, never a score of a person. A band is a range to
compare with, never pass or fail. An interval says how far chance alone might move the number if the same people
talked on in the same way. That of a coded measure says more where the coder gave probabilities: how far a trained
human's number may be from it. None says anything about the errors of recogniser and diarizer.

The *confirmed* share, from 0 to 1, says how much of what a value counts a human has set or confirmed: of its speech and
turns, whose they are; of its silences, what they were; of its codes, that they are right. It is missing where nothing
was counted. It does not say who is right, and says nothing of what neither machine nor human found.

*Speaking time* is the time in which somebody of a role speaks. *Session time* goes from the first to the last speech.
Excluded portions count in neither, and they are no silence. A *share* is a number from 0 to 1.
"""


def taken(measure: Measure) -> str:
    """For whom a measure is taken."""
    if measure.level is Level.SESSION:
        return "each window" if measure.name in WINDOW_MEASURES else "session"
    if measure.name in CLIENT_MEASURES:
        return "clients"
    return "therapists" if measure.name in THERAPIST_MEASURES else "each role"


def entries(measure: Measure) -> Iterator[tuple[str, str]]:
    """What the code book says about a measure, as pairs of heading and text, the definition first."""
    yield "Definition", measure.definition
    yield "Unit", measure.unit
    yield "Taken for", taken(measure)
    if measure.numerator:
        yield "Numerator", measure.numerator
        yield "Denominator", measure.denominator
    yield "Missing when", measure.missing_when
    yield "Interval", measure.interval
    yield "Confirmed", measure.confirmed or "never: nothing that it counts can be confirmed one by one"
    if measure.needs:
        yield "Needs", f"{', '.join(measure.needs)}: missing where the session does not tell it"
    for band in measure.bands:
        yield "Band", band_text(band)
    if measure.agreement:
        yield "Human agreement", measure.agreement
    if measure.scheme:
        yield "Scheme", measure.scheme
    for path in measure.settings:
        yield "Setting", setting_text(path)
    yield "Source", measure.source


def band_text(band: Band) -> str:
    """A band in words, with what stands behind it."""
    limits = f"{band.low:g} or more" if math.isinf(band.high) else f"{band.low:g} to {band.high:g}"
    return f"{band.label}: {limits} ({band.scheme})"


def setting_text(path: str) -> str:
    """A setting with its default, unit and source."""
    section, _, name = path.partition(".")
    values = getattr(Settings(), section)
    meta = type(values).__dataclass_fields__[name].metadata
    return f"{path} = {getattr(values, name)} ({meta['unit']}; {meta['source']})"


def page(name: str) -> str:
    """The page of one measure as Markdown."""
    measure = MEASURES[name]
    lines = [f"## {measure.title}", "", f"`{measure.name}`", ""]
    lines += [f"- **{heading}:** {text}" for heading, text in entries(measure)]
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """The whole code book as Markdown: preamble, table of all measures, one page a measure."""
    rows = [f"| `{m.name}` | {m.title} | {m.unit} | {taken(m)} |" for m in MEASURES.values()]
    table = "\n".join(["| measure | title | unit | taken for |", "|---|---|---|---|", *rows])
    return "\n".join([PREAMBLE, table, "", *(page(name) for name in MEASURES)])
