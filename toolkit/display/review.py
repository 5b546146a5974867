"""One session for a reader: read its tables once, then show them.

`scan` reads; every other function takes what it read and returns something to display.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.coding import moments
from toolkit.coding.moments import Moment
from toolkit.coding.volleys import CLIENT_TALK
from toolkit.display import charts
from toolkit.display.html import Drawing, Page, note, table
from toolkit.display.words import band_text, between, brief, clock, number, person
from toolkit.errors import InputError
from toolkit.manifest import Manifest
from toolkit.measures import MEASURES, WINDOW_MEASURES
from toolkit.study import Study
from toolkit.types import Level, Missing, Purpose

__all__ = ["Review", "balance", "bands", "header", "measures", "reflections", "scan", "silences", "timeline"]

Rows = list[dict[str, Any]]
TABLES = ("measures", "activity", "turns", "events", "silences", "utterances", "codes")
REFLECTIONS = {"simple_reflection", "complex_reflection"}
LONG = 3.0  # seconds: silences worth a mark on the timeline, PICS


@dataclass(frozen=True, slots=True)
class Review:
    """The tables of one session as rows; `texts` is empty where the transcript purpose was not granted.

    `moments` are those of `toolkit.coding.moments`, found again in the codes; missing where they cannot be.
    """

    session_id: str
    manifest: Manifest
    tables: Mapping[str, Rows]
    texts: Mapping[int, str]
    moments: tuple[Moment, ...] | Missing

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.manifest.duration


def scan(study: str | Path, session_id: str) -> Review:
    """Read the results of one session.

    Raises
    ------
    InputError
        When there is no such study or session, or it has no results yet.
    ConsentError
        When consent was withdrawn, or its parties named who may open it, and this is none of them.
    """
    from toolkit import store
    from toolkit.consent import audit
    from toolkit.opener import opener

    opened = Study.open(Path(study))
    opened.recording(session_id)
    manifest = store.manifest(opened, session_id)
    if manifest is None:
        with suppress(InputError):
            store.snapshot(opened, session_id, [])  # says what is wrong with a manifest that is there
        raise InputError(
            f"session {session_id} has no results yet.", hint=f"Make them: toolkit run {opened.name} {session_id}"
        )
    store.may_open(opened, manifest)
    tables = {name: store.scan(opened, name, only=[session_id]).collect().to_dicts() for name in TABLES}
    texts: dict[int, str] = {}
    if Purpose.TRANSCRIPT in manifest.provenance.purposes:
        rows = store.scan(opened, "restricted/utterances", only=[session_id]).collect().to_dicts()
        texts = {row["utterance"]: row["text"] for row in rows}
    if texts:
        audit.append(opened.audit_file, "open", session_id=session_id, by=opener(), tables=["utterances"])
    if Purpose.MEASURE in store.covered(opened.ledger(), session_id):
        found = moments.find(store.load_dialogue(opened, session_id)[0])
    else:
        found = Missing("the results are no longer covered by consent")
    return Review(session_id, manifest, tables, texts, found)


def header(review: Review) -> Page:
    """The recording, who spoke, and what to know before believing the numbers."""
    found = review.manifest
    speakers = [
        (person(a.role, speaker), speaker, f"{a.confidence:.2f}", a.source)
        for speaker, a in sorted(found.roles.items())
    ]
    facts = f"{clock(review.seconds)} min, language {found.language}, agreed to: {', '.join(found.provenance.purposes)}"
    warnings = [note(text) for text in found.warnings]
    about = table("Who spoke", ("role", "speaker", "confidence", "known from"), speakers)
    return Page(f"Session {review.session_id}", [note(facts), about, *warnings])


def measures(review: Review) -> Page:
    """Every measure with its value, 90 % interval and band, or the reason why it is missing."""
    whole = [row for row in review.tables["measures"] if not windowed(row)]
    roles = in_order(r["role"] for r in whole if r["role"] != "session")
    per_role = [name for name, m in MEASURES.items() if m.level is Level.ROLE]
    found = {(r["measure"], r["role"]): r for r in whole}
    rows = [
        (
            MEASURES[name].title,
            *(cell(found.get((name, role))) for role in roles),
            band_list(name),
            MEASURES[name].source,
        )
        for name in per_role
    ]
    session = [
        (m.title, cell(found.get((name, "session"))), m.source)
        for name, m in MEASURES.items()
        if m.level is Level.SESSION and (name, "session") in found
    ]
    missing = sorted({(MEASURES[r["measure"]].title, r["missing_reason"]) for r in whole if r["missing_reason"]})
    parts = [
        table("By role", ("measure", *(person(r) for r in roles), "bands (expert opinion, no norms)", "source"), rows),
        table("The whole session", ("measure", "value", "source"), session),
    ]
    if missing:
        parts.append(table("Missing, and why", ("measure", "reason"), missing))
    return Page("", parts)


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


def cell(row: Mapping[str, Any] | None) -> str:
    """A value with its interval, for one cell."""
    if row is None:
        return ""
    text = number(row["value"], row["unit"])
    if row["value"] is None or row["low"] is None:
        return text
    return f"{text} ({between(row['low'], row['high'], row['unit'])})"


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


def timeline(review: Review) -> Drawing:
    """A lane for each role, one for silences of 3 s or more, one for the therapist's codes."""
    spans = [
        stretch(person(r["role"], r["speaker"]), r, charts.COLOURS[r["role"]], "speech")
        for r in review.tables["activity"]
    ]
    lanes = in_order(s["lane"] for s in spans)
    spans.sort(key=lambda s: lanes.index(s["lane"]))
    for r in review.tables["silences"]:
        if r["duration"] >= LONG:
            what = r["kind"] if r["evidence"] == "silent" else f"{r['kind']}, but {r['evidence']} found"
            colour = charts.COLOURS["silence"] if r["evidence"] == "silent" else "#BBBBBB"
            spans.append(stretch("silence, 3 s or more", r, colour, what))
    spans += [
        stretch("left out by consent", {"start": x.start, "end": x.end}, "#000000", "excluded")
        for x in review.manifest.excluded
    ]
    marks = [
        stretch("codes, therapist", r, "", r["code"].replace("_", " "))
        for r in review.tables["codes"]
        if r["role"] == "therapist" and r["code"] not in CLIENT_TALK
    ]
    told = f"Timeline of {clock(review.seconds)} minutes: {len(spans)} stretches and {len(marks)} codes"
    return Drawing(charts.timeline_chart(spans, marks, end=review.seconds), told)


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
    """Each silence of 3 s or more: where, how long, who spoke before and who broke it."""
    rows = [
        (
            clock(r["start"]),
            number(r["duration"], "s"),
            r["kind"],
            person(r["before_role"], r["before"]),
            person(r["after_role"], r["after"]),
            "" if r["evidence"] == "silent" else f"not counted: {r['evidence']}",
        )
        for r in review.tables["silences"]
        if r["duration"] >= LONG
    ]
    names = ("at", "length", "kind", "spoke before", "broke it", "cross-check")
    if not rows:
        return Page("", [note("No silence of 3 s or more.")])
    return Page("", [table("Silences of 3 s or more", names, rows)])


def reflections(review: Review) -> Page:
    """Each reflection of the therapist and the utterance it answers; times only where no transcript was agreed to."""
    spans = {r["utterance"]: r for r in review.tables["utterances"]}
    coded = [r for r in review.tables["codes"] if r["code"] in REFLECTIONS and r["role"] == "therapist"]
    rows = [(clock(r["start"]), r["code"].replace("_", " "), *answer(review, spans, r), r["rule"]) for r in coded]
    if not rows:
        return Page("", [note("No reflection was found.")])
    names = ("at", "kind", "answers", "heard", "reflection", "rule")
    parts = [table("Reflections and what they answered", names, rows)]
    if not review.texts:
        parts.append(note("The words are not shown: the transcript purpose was not agreed to."))
    return Page("", parts)


def answer(review: Review, spans: Mapping[int, Mapping[str, Any]], row: Mapping[str, Any]) -> Sequence[str]:
    """Time and words of the utterance a reflection answers, and the words of the reflection."""
    answered = spans.get(row["answers"])
    when = clock(answered["start"]) if answered else "—"
    return when, review.texts.get(row["answers"], ""), review.texts.get(row["utterance"], "")
