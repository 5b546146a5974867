"""One session in notes, tables and charts: each function takes what `reading.scan` read and returns what to display."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from toolkit.coding.volleys import CLIENT_TALK
from toolkit.display import charts
from toolkit.display.context import Around
from toolkit.display.html import Drawing, Page, Part, note, table
from toolkit.display.reading import Review, Rows
from toolkit.display.words import band_text, brief, cell, clock, known_from, number, person
from toolkit.measures import MEASURES, WINDOW_MEASURES
from toolkit.types import HUMAN, Level

__all__ = ["balance", "bands", "header", "measures", "reflections", "silences", "timeline"]

REFLECTIONS = {"simple_reflection", "complex_reflection"}
CONFIRMED = "confirmed, %"
SIDES = ("said before", "said after")


def header(review: Review) -> Page:
    """The recording, who spoke, and what to know before believing the numbers."""
    found = review.manifest
    speakers = [
        (person(a.role, speaker), speaker, f"{a.confidence:.2f}", known_from(a.source))
        for speaker, a in sorted(found.roles.items())
    ]
    facts = f"{clock(review.seconds)} min, language {found.language}, agreed to: {', '.join(review.purposes)}"
    warnings = [note(text) for text in found.warnings]
    about = table("Who spoke", ("role", "speaker", "confidence", "known from"), speakers)
    return Page(f"Session {review.session_id}", [note(facts), about, *warnings])


def measures(review: Review) -> Page:
    """Every measure with its value, 90 % interval and band, or the reason why it is missing."""
    whole = [row for row in review.tables["measures"] if not windowed(row)]
    roles = in_order(r["role"] for r in whole if r["role"] != "session")
    found = {(r["measure"], r["role"]): r for r in whole}
    human = (CONFIRMED,) if any(sure(row) for row in whole) else ()
    by_role, session = [], []
    for name, m in MEASURES.items():
        own = [found[name, role] for role in (*roles, "session") if (name, role) in found]
        confirmed = (sure(*own),) if human else ()
        if m.level is Level.ROLE:
            by_role.append((m.title, *(cell(found.get((name, role))) for role in roles), *confirmed, band_list(name)))
        elif own:
            session.append((m.title, cell(own[0]), *confirmed))
    missing = sorted({(MEASURES[r["measure"]].title, r["missing_reason"]) for r in whole if r["missing_reason"]})
    heads = ("measure", *(person(r) for r in roles), *human, "therapist's bands (expert opinion, no norms)")
    parts = [
        note("A value, and in brackets its 90 % interval."),
        table("By role", heads, by_role),
        table("The whole session", ("measure", "value", *human), session),
    ]
    if human:
        parts.insert(1, note("Confirmed: percent of what is counted that a human set or confirmed, role by role."))
    if missing:
        parts.append(table("Missing, and why", ("measure", "reason"), missing))
    return Page("", parts)


def sure(*rows: Mapping[str, Any]) -> str:
    """How much of the values, role by role as they stand, a human has confirmed, in percent; empty for nothing."""
    shares = [row["confirmed"] for row in rows]
    if not any(shares):
        return ""
    return " / ".join("—" if share is None else f"{100 * share:.0f}" for share in shares)


def in_order(lanes: Iterable[str]) -> list[str]:
    """Each role once: therapist, client, then the others by name."""
    return sorted(set(lanes), key=lambda lane: (lane != "therapist", lane != "client", lane))


def windowed(row: Mapping[str, Any]) -> bool:
    """Whether a row describes one window of a session rather than all of it."""
    return row["measure"] in WINDOW_MEASURES


def in_windows(review: Review, name: str) -> Rows:
    """The rows of a measure that is taken window by window, in order of time."""
    rows = [r for r in review.tables["measures"] if r["measure"] == name]
    return sorted(rows, key=lambda r: float(r["window_start"]))


def band_list(name: str) -> str:
    """The bands of a measure in one line, with their scheme; empty for none."""
    measure = MEASURES[name]
    if not measure.bands:
        return ""
    schemes = ", ".join(dict.fromkeys(band.scheme.split(";")[0] for band in measure.bands))
    return f"{'; '.join(band_text(band, measure.unit) for band in measure.bands)} ({schemes})"


def bands(review: Review) -> Drawing | Page:
    """The therapist's measures that have bands, each beside them: a comparison, never pass or fail."""
    rows = []
    for row in review.tables["measures"]:
        measure = MEASURES[row["measure"]]
        if row["role"] != "therapist" or not measure.bands or row["value"] is None or windowed(row):
            continue
        reach = [row["value"], row["high"] or 0.0, *(b.low for b in measure.bands), *(b.high for b in measure.bands)]
        top = 1.0 if row["unit"] == "share" else 1.25 * max(x for x in reach if x != float("inf"))
        shown = [
            {
                "start": max(0.0, b.low),
                "end": min(top, b.high),
                "name": b.label,
                "label": band_text(b, row["unit"]),
                "brief": f"under {brief(b.high, row['unit'])}" if b.low <= 0 else "",
            }
            for b in measure.bands
        ]
        text = number(row["value"], row["unit"])
        picked = {k: row[k] for k in ("value", "low", "high", "unit")}
        title = f"{measure.title}: {text}"
        rows.append({**picked, "title": title, "text": text, "top": top, "bands": shown})
    if not rows:
        return Page("Measures beside their bands", [note("No measure with a band has a value; see the reasons above.")])
    told = "; ".join(row["title"] for row in rows)
    return Drawing(charts.bands_chart(rows), f"The therapist's measures beside their bands: {told}")


def timeline(review: Review, *, start: float = 0.0, end: float | None = None) -> Drawing:
    """A lane for each role, one for silences of 3 s or more, one for the therapist's codes.

    Parameters
    ----------
    start, end
        What of the session is drawn, seconds; None for up to its end.
    """
    spans = [
        stretch(person(r["role"], r["speaker"]), r, charts.COLOURS[r["role"]], "speech")
        for r in review.tables["activity"]
    ]
    lanes = in_order(s["lane"] for s in spans)
    spans.sort(key=lambda s: lanes.index(s["lane"]))
    quiet = [(each.row, each.row["evidence"] == "silent") for each in review.around]
    for lane, counted in (("silence, 3 s or more", True), ("not counted as silence", False)):
        told = charts.COLOURS["silence"] if counted else charts.COLOURS["other"]
        spans += [
            stretch(lane, r, told, r["kind"] if counted else f"{r['kind']}, but {r['evidence']} found")
            for r, silent in quiet
            if silent is counted
        ]
    spans += [
        stretch("left out by consent", {"start": x.start, "end": x.end}, "#000000", "excluded") for x in review.excluded
    ]
    marks = [
        stretch("codes, therapist", r, "", r["code"].replace("_", " "))
        for r in review.tables["codes"]
        if r["role"] == "therapist" and r["code"] not in CLIENT_TALK
    ]
    until = review.seconds if end is None else end
    shares = ", ".join(f"{lane} {clock(seconds)}" for lane, seconds in lengths(spans).items())
    told = f"Timeline from {clock(start)} to {clock(until)} min; in the whole session: {shares}; {len(marks)} codes"
    return Drawing(charts.timeline_chart(spans, marks, start=start, end=until), told)


def lengths(spans: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds of each lane."""
    found: dict[str, float] = {}
    for span in spans:
        found[span["lane"]] = found.get(span["lane"], 0.0) + span["seconds"]
    return found


def stretch(lane: str, row: Mapping[str, Any], colour: str, what: str) -> dict[str, Any]:
    """One stretch of time as a chart wants it."""
    return {
        "lane": lane,
        "start_minute": row["start"] / 60,
        "end_minute": row["end"] / 60,
        "seconds": row["end"] - row["start"],
        "colour": colour,
        "what": what,
        "at": clock(row["start"]),
    }


def balance(review: Review) -> Drawing | Page:
    """The therapist's share of speech, window by window."""
    windows = [
        {
            "start_minute": r["window_start"] / 60,
            "end_minute": r["window_end"] / 60,
            "share": r["value"],
            "label": f"{clock(r['window_start'])} to {clock(r['window_end'])}: {number(r['value'], r['unit'])}",
        }
        for r in in_windows(review, "talk_balance")
        if r["value"] is not None
    ]
    if not windows:
        return Page(
            "Talk balance over the session",
            [note("There is no window in which both roles are known and anybody spoke.")],
        )
    told = "; ".join(w["label"] for w in windows)
    return Drawing(charts.balance_chart(windows), f"The therapist's share of speech by window: {told}")


def silences(review: Review) -> Page:
    """Each silence of 3 s or more: where, how long, who spoke before, who broke it, and what lies around it."""
    if not review.around:
        return Page("", [note("No silence of 3 s or more.")])
    names = ("at", "place", "length", "kind", "spoke before", "broke it", "therapist's act before", "PICS")
    rows = [silence_row(review, each) for each in review.around]
    if not review.texts:
        return Page("", [table("Silences of 3 s or more", names, rows), no_words(review)])
    told = [(*row, each.said_before, each.said_after) for row, each in zip(rows, review.around, strict=True)]
    return Page("", [table("Silences of 3 s or more", (*names, *SIDES), told, spoken=len(SIDES))])


def silence_row(review: Review, each: Around) -> tuple[str, ...]:
    """One silence in cells, without words."""
    r = each.row
    acts = ", ".join(dict.fromkeys(code.replace("_", " ") for code in each.acts))
    return (
        clock(r["start"]),
        f"{100 * r['start'] / review.seconds:.0f} %",
        number(r["duration"], "s"),
        r["kind"] if r["evidence"] == "silent" else f"{r['kind']}, not counted: {r['evidence']}",
        person(r["before_role"], r["before"]),
        person(r["after_role"], r["after"]),
        f"{acts} ({clock(each.acted)})" if acts else "none found",
        r["category"] or "not given",
    )


def no_words(review: Review) -> Part:
    """Why nothing that was said is shown."""
    return note(f"The words are not shown: {review.no_text}")


def reflections(review: Review) -> Page:
    """Each reflection of the therapist and the utterance it answers; times only where no transcript was agreed to."""
    spans = {r["utterance"]: r for r in review.tables["utterances"]}
    coded = [r for r in review.tables["codes"] if r["code"] in REFLECTIONS and r["role"] == "therapist"]
    if not coded:
        return Page("", [note("No reflection was found.")])
    names: tuple[str, ...] = ("at", "kind", "answers what was said at", "found by")
    rows: list[tuple[str, ...]] = []
    for r in coded:
        answered = spans.get(r["answers"])
        when = clock(answered["start"]) if answered else "—"
        words = (review.texts.get(r["answers"], ""), review.texts.get(r["utterance"], "")) if review.texts else ()
        rows.append((clock(r["start"]), r["code"].replace("_", " "), when, found_by(r), *words))
    if not review.texts:
        return Page("", [table("Reflections and what they answered", names, rows), no_words(review)])
    names = (*names, "heard", "reflection")
    return Page("", [table("Reflections and what they answered", names, rows, spoken=2)])


def found_by(row: Mapping[str, Any]) -> str:
    """Who found a code: a human, or the coder with its rule in words."""
    if row["coder"] == HUMAN:
        return "a human"
    rule = row["rule"].removeprefix(f"{row['coder']}.").replace(".", ", ").replace("_", " ")
    return f"{row['coder']}: {rule}" if rule else str(row["coder"])
