"""What a report says of one session, section by section: the same for paper, screen and terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from toolkit import display
from toolkit.display.html import Drawing, Page, Part, note, table
from toolkit.display.reading import Review
from toolkit.display.words import clock

__all__ = ["Section", "details", "sections"]

ROW = 2400.0  # s: as much of a session as one line of a timeline can hold on paper
SHORT = 12  # characters of a hash
LISTENING = (
    "What kind of silence it was takes a human ear; the category of the Pausing Inventory Categorization System (PICS) "
    "is given by people only."
)
FOUND = (
    "Found by the coder that is named, or set by a human. Trained people agree little about simple against complex "
    "reflections (kappa 0.17 to 0.20)."
)
BESIDE = (
    "Diamond: the value. Line: its 90 % interval. Shaded: the bands of the scheme, expert opinion without norms, for "
    "comparison and never pass or fail."
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    parts: tuple[Part | Drawing, ...]


def sections(review: Review) -> tuple[Section, ...]:
    """The whole report."""
    return (
        section("The session", display.header(review)),
        Section("Who spoke when", tuple(timelines(review))),
        section("Talk balance", display.balance(review)),
        section("Measures", note(BESIDE), display.bands(review), display.measures(review)),
        section("Over the session", display.drift(review)),
        *details(review),
        section("What the numbers mean", display.definitions(review)),
        section("How it was made", made_with(review)),
    )


def details(review: Review) -> tuple[Section, ...]:
    """What is listed one by one: silences, reflections, moments, what people noted."""
    return (
        section("Silences", note(LISTENING), display.silences(review)),
        section("Reflections and what they answered", note(FOUND), display.reflections(review)),
        section("Moments to listen to again", display.missed(review)),
        section("What people noted", display.noted(review)),
    )


def section(title: str, *shown: Page | Drawing | Part | tuple[Part, ...]) -> Section:
    """A section of what notebooks show, pages taken apart."""
    parts: list[Part | Drawing] = []
    for each in shown:
        if isinstance(each, Page):
            parts.extend(each.parts)
        elif isinstance(each, tuple):
            parts.extend(each)
        else:
            parts.append(each)
    return Section(title, tuple(parts))


def timelines(review: Review) -> list[Drawing]:
    """The timeline in lines of equal length, short enough to be read on paper."""
    count = max(1, math.ceil(review.seconds / ROW))
    length = review.seconds / count
    edges = [place * length for place in range(count)]
    return [display.timeline(review, start=start, end=min(start + length, review.seconds)) for start in edges]


def made_with(review: Review) -> tuple[Part, ...]:
    """What was left out, and what the results were made with."""
    made = review.manifest.provenance
    rows = [("toolkit", made.toolkit_version), *sorted(made.packages.items())]
    rows += [(name, digest[:SHORT]) for name, digest in sorted(made.models.items())]
    rows.append(("settings, SHA-256", made.settings_digest[:SHORT]))
    cuts = ", ".join(f"{clock(cut.start)} to {clock(cut.end)}" for cut in review.excluded)
    left_out = note(f"Left out by consent: {cuts}." if cuts else "No portion was left out by consent.")
    return (left_out, table("Programs and models, hashes by their first characters", ("what", "which"), rows))
