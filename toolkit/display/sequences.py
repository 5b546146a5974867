"""How one session drifts, and the moments in it to listen to again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit.coding.moments import Moment
from toolkit.display import charts
from toolkit.display.html import Drawing, Page, note, table
from toolkit.display.reading import Review
from toolkit.display.review import in_windows, no_words
from toolkit.display.words import between, clock, number
from toolkit.measures import MEASURES
from toolkit.types import Code, Missing

__all__ = ["drift", "kind", "missed"]

DRIFT = {  # measure: title of its panel in two short lines, and whose colour
    "reflections_per_window": ("reflections,\ntherapist", "therapist"),
    "questions_per_window": ("questions,\ntherapist", "therapist"),
    "change_talk_share_per_window": ("change talk\nof all for or against", "client"),
}
LISTEN = (
    "Places to listen to, and no faults: something else may have been the better answer, and the coder may have "
    "overheard a reflection."
)


def drift(review: Review) -> Drawing | Page:
    """Reflections, questions and change talk window by window, each beside its interval."""
    found = {name: in_windows(review, name) for name in DRIFT}
    if all(r["value"] is None for rows in found.values() for r in rows):
        reasons = sorted({r["missing_reason"] for rows in found.values() for r in rows})
        return Page("Over the session", [note(f"Nothing can be shown: {reason}.") for reason in reasons])
    panels: list[dict[str, Any]] = [
        {
            "title": title,
            "unit": MEASURES[name].unit,
            "colour": charts.COLOURS[role],
            "rows": panel_rows(found[name]),
        }
        for name, (title, role) in DRIFT.items()
    ]
    told = "; ".join(
        f"{MEASURES[name].title}: {', '.join(row['label'] for row in panel['rows'])}"
        for name, panel in zip(DRIFT, panels, strict=True)
    )
    return Drawing(charts.drift_chart(panels, end=review.seconds), told)


def panel_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The windows of one measure as a chart wants them; where all are missing for one reason it is said once."""
    reasons = {r["missing_reason"] for r in rows}
    once = reasons.pop() if len(reasons) == 1 and all(r["value"] is None for r in rows) else ""
    shown = []
    for place, r in enumerate(rows):
        text = number(r["value"], r["unit"])
        reach = "" if r["low"] is None else f" ({between(r['low'], r['high'], r['unit'])})"
        why = "" if r["value"] is not None else f" ({r['missing_reason']})"
        shown.append(
            {
                "start_minute": r["window_start"] / 60,
                "end_minute": r["window_end"] / 60,
                **{key: r[key] for key in ("value", "low", "high")},
                "text": text if not once else once if place == 0 else "",
                "label": f"{clock(r['window_start'])} to {clock(r['window_end'])}: {text}{reach}{why}",
            }
        )
    return shown


def missed(review: Review) -> Page:
    """Feeling or change talk with no reflection in the volley after it; words only where a transcript was agreed to."""
    title = "Moments to listen to again"
    if isinstance(review.moments, Missing):
        return Page(title, [note(f"They cannot be found: {review.moments.reason}.")])
    again = [m for m in review.moments if not m.reflected]
    told = note(
        "The client named a feeling or spoke for change, and the therapist answered: no reflection was found after "
        f"{len(again)} of {len(review.moments)} such moments."
    )
    if not again:
        return Page(title, [told])
    names: tuple[str, ...] = ("from", "to", "in it", "what followed")
    rows: list[tuple[str, ...]] = [(clock(m.start), clock(m.end), kind(m), followed(m)) for m in again]
    parts = [told, note(LISTEN)]
    if review.texts:
        names = (*names, "client", "therapist")
        rows = [(*row, words(review, m.told), words(review, m.volley)) for row, m in zip(rows, again, strict=True)]
    else:
        parts.append(no_words(review))
    spoken = 2 if review.texts else 0
    return Page(
        title, [*parts, table("Feeling or change talk, and no reflection after it", names, rows, spoken=spoken)]
    )


def kind(moment: Moment) -> str:
    """What makes it a moment: feeling, change talk, or both."""
    return " and ".join(name(code) for code in moment.marks)


def followed(moment: Moment) -> str:
    """What the volley after a moment held."""
    return ", ".join(name(code) for code in moment.held) or "nothing coded"


def name(code: Code) -> str:
    """A code in words."""
    return code.replace("_", " ")


def words(review: Review, utterances: Iterable[int]) -> str:
    """The words of some utterances in one line."""
    return " … ".join(text for index in utterances if (text := review.texts.get(index, "")))
