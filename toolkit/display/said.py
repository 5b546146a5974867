"""What people said of a session over the machine's output: notes, ratings, corrections; and what numbers mean."""

from __future__ import annotations

from toolkit import corrections
from toolkit.display.html import Page, Part, note, table
from toolkit.display.reading import Noted, Review
from toolkit.display.words import clock
from toolkit.measures import MEASURES
from toolkit.overlay import What
from toolkit.types import GlobalRating, Missing

__all__ = ["definitions", "noted"]

KINDS = {
    What.ROLE: "roles of speakers",
    What.TURN: "turns given to their speaker",
    What.WORD: "words given to their speaker",
    What.CODE: "utterances coded",
    What.SILENCE: "silences with a category",
}
RATED = (
    "Global ratings of MITI 4.2.1, 1 to 5, given by humans only. Technical: 3 is fair and 4 good; relational: 3.5 and "
    "4; expert opinion without norms."
)
MEANING = (
    "Numbers describe how a session went; they are proxies, and no score of a person. A band is a range to compare "
    "with, never pass or fail. An interval says how far chance might move the number, and of coded measures how far a "
    "trained human's number may be from it; none says anything about errors of recogniser and diarizer."
)


def noted(review: Review) -> Page:
    """Notes, ratings, and how many corrections count; a note only where the words may be shown."""
    found = review.noted
    if not found.coders:
        return Page("", [note("Nobody has noted, rated or corrected anything.")])
    parts: list[Part] = []
    if found.notes:
        rows = [(clock(n.at), n.by or "—", n.made_on, n.text) for n in found.notes]
        parts.append(table("Notes", ("at", "by", "on", "note"), rows, spoken=1))
    if found.kept_back:
        reason = review.no_text or "they are about portions that were left out"
        parts.append(note(f"Notes that are not shown: {found.kept_back}; {reason}"))
    if found.ratings:
        parts += [rated(found), note(RATED)]
    if found.corrected:
        counts = [(KINDS[what], str(count)) for what, count in found.corrected.items()]
        parts.append(table("Corrections that count", ("what", "how many"), counts))
    whose = f"those of {found.counted}" if found.counted else "of each thing the latest, whoever said it"
    parts.append(note(f"Who said anything: {', '.join(by or '—' for by in found.coders)}. What counts: {whose}."))
    return Page("", parts)


def rated(found: Noted) -> Part:
    """The global ratings, one row a rater."""
    names = [name.replace("_", " ") for name in GlobalRating]
    rows = []
    for by, own in found.ratings.items():
        means = corrections.globals_of(own).values()
        cells = [str(own[name]) if name in own else "—" for name in GlobalRating]
        rows.append((by or "—", *cells, *("—" if isinstance(m, Missing) else f"{m:.1f}" for m in means)))
    return table("Global ratings", ("by", *names, "technical", "relational"), rows)


def definitions(review: Review) -> Page:
    """What each measure of a session means: definition, interval, how well trained people agree, source."""
    there = {row["measure"] for row in review.tables["measures"]}
    rows = [
        (
            f"{m.title} ({m.unit})",
            " ".join(
                part
                for part in (
                    m.definition,
                    f"Interval: {m.interval}.",
                    f"Trained people agree: {m.agreement}." if m.agreement else "",
                    f"Source: {m.source}.",
                )
                if part
            ),
        )
        for name, m in MEASURES.items()
        if name in there
    ]
    return Page("", [note(MEANING), table("What the numbers mean", ("measure", "what it means"), rows)])
