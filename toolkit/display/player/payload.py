"""What a player shows of one session, as plain values that become JSON.

Conventions
-----------
Times are seconds from the start of the recording, to the millisecond. A person is named by their place in
``speakers``. A word is ``[text, start]``. Words are there only with the purpose *transcript*, and none that lies in an
excluded portion, also in one that was excluded after the session was processed. Notes are there for those who may
read the words or hear the sound: they may quote both. ``target`` is what a correction of the thing is written about,
see `toolkit.overlay.values`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit import corrections, overlay, store
from toolkit.display import context
from toolkit.display.allowed import WORDS, access, readable
from toolkit.display.context import belongs
from toolkit.display.player import sound
from toolkit.display.player.legend import PICS, book
from toolkit.display.words import cell, person
from toolkit.intervals import Span, milliseconds, multiply_covered, union
from toolkit.measures import MEASURES
from toolkit.overlay import What
from toolkit.study import Study
from toolkit.types import Code, GlobalRating, Role

__all__ = ["session"]

TABLES = ("activity", "turns", "silences", "utterances", "codes", "measures")
NOW = (
    "reflection_count",
    "question_count",
    "reflection_to_question_ratio",
    "complex_reflection_share",
    "open_question_share",
    "talk_share_speech",
)
"""The therapist's measures that stand below the player, so that one sees what a correction does."""


def session(study: Study, session_id: str) -> dict[str, Any]:
    """Everything that is drawn and listed of one session.

    Raises
    ------
    InputError
        When there is no such session, or it has no results yet.
    ConsentError
        When consent does not cover the session today.
    StoreError
        When the results are damaged.
    """
    recording = study.recording(session_id)
    allowed = access(study, recording)
    manifest, frames = store.snapshot(study, session_id, [*TABLES, *([] if allowed.words else [WORDS])])
    tables = {name: frame.to_dicts() for name, frame in frames.items()}
    excluded = union([*manifest.excluded, *allowed.excluded])
    words = readable(tables.get(WORDS, []), excluded=excluded)
    order = sorted(manifest.roles, key=lambda label: rank(manifest.roles[label].role, label))
    places = {label: place for place, label in enumerate(order)}
    turns = targeted(tables["turns"])
    lines = overlay.lines(study.overlay(session_id))
    given = overlay.read(study.overlay(session_id)).of(What.CODE)
    beside = by_coder(lines)
    said = utterances(targeted(tables["utterances"]), tables["codes"], words, places)
    own_turns = [[t for t in turns if t["speaker"] == label] for label in order]
    for utterance in said:
        utterance["given"] = utterance["target"] in given
        utterance["coders"] = beside.get(utterance["target"], [])
        utterance["turn"] = turn_of(utterance, own_turns[utterance["who"]])
    spans: dict[str, list[Span]] = defaultdict(list)
    for row in tables["activity"]:
        spans[row["speaker"]].append(Span(row["start"], row["end"]))
    return {
        "session": session_id,
        "duration": manifest.duration,
        "speakers": speakers(order, {label: assigned.role for label, assigned in manifest.roles.items()}),
        "activity": [[places[r["speaker"]], r["start"], r["end"]] for r in tables["activity"]],
        "turns": [[places[r["speaker"]], r["start"], r["end"], r["target"]] for r in turns],
        "overlaps": pairs(multiply_covered(spans.values())),
        "excluded": pairs(excluded),
        "utterances": said,
        "silences": [silence(s, places) for s in context.silences(tables["silences"], tables["codes"], words)],
        "measures": measures(tables["measures"]),
        "notes": [] if allowed.words and allowed.sound else notes(study, session_id, excluded),
        "ratings": corrections.ratings(study, session_id),
        "coders": sorted({by for said in beside.values() for by, _ in said}),
        "globals": list(GlobalRating),
        "roles": list(Role),
        "book": book(),
        "pics": {str(category): means for category, means in PICS.items()},
        "no_words": allowed.words or manifest.absent.get("restricted", ""),
        "no_sound": allowed.sound,
        "chunks": list(sound.plan(manifest.duration, [s for own in spans.values() for s in own])),
    }


def by_coder(lines: Sequence[overlay.Line]) -> dict[str, list[tuple[str, list[str]]]]:
    """What each coder says of each utterance: target to coder, empty for nobody in particular, and codes."""
    found: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for by in overlay.coders(lines):
        own = overlay.counting([line for line in lines if line.by == by])
        for target, value in own.of(What.CODE).items():
            found[target].append((by, [code for code in value.split("+") if code in set(Code)]))
    return found


def rank(role: Role, label: str) -> tuple[bool, bool, str]:
    """Therapist first, then client, then the others by label."""
    return role is not Role.THERAPIST, role is not Role.CLIENT, label


def speakers(order: Sequence[str], roles: Mapping[str, Role]) -> list[dict[str, str]]:
    """Label, role and name of each, the label named too where several share a role."""
    found = []
    for label in order:
        role = roles[label]
        several = sum(other is role for other in roles.values()) > 1 and role is not Role.UNKNOWN
        found.append(
            {"id": label, "role": str(role), "name": f"{person(role)} ({label})" if several else person(role, label)}
        )
    return found


def targeted(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the target of each: its start, and the speaker where two start at once."""
    starts = Counter(milliseconds(r["start"]) for r in rows)
    return [
        {**r, "target": overlay.target(r["start"], r["speaker"] if starts[milliseconds(r["start"])] > 1 else "")}
        for r in rows
    ]


def utterances(
    rows: Iterable[Mapping[str, Any]],
    codes: Iterable[Mapping[str, Any]],
    words: Iterable[Mapping[str, Any]],
    places: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Each utterance with its codes and, where there are any, its words."""
    texts: dict[int, list[list[Any]]] = defaultdict(list)
    for word in words:
        if word["utterance"] is not None:
            texts[word["utterance"]].append([word["text"].strip(), word["start"]])
    coded: dict[int, list[list[str]]] = defaultdict(list)
    for row in codes:
        if belongs(Code(row["code"]), Role(row["role"])):
            coded[row["utterance"]].append([row["code"], row["coder"]])
    return [
        {
            "id": r["utterance"],
            "who": places[r["speaker"]],
            "start": r["start"],
            "end": r["end"],
            "target": r["target"],
            "count": r["word_count"],
            "words": texts[r["utterance"]],
            "codes": coded[r["utterance"]],
        }
        for r in rows
    ]


def turn_of(utterance: Mapping[str, Any], turns: Sequence[Mapping[str, Any]]) -> str:
    """The target of the turn that an utterance is part of, empty for none: a backchannel is in nobody's own turn."""
    middle = (utterance["start"] + utterance["end"]) / 2
    place = bisect_right(turns, middle, key=lambda t: t["start"])
    return turns[place - 1]["target"] if place and middle < turns[place - 1]["end"] else ""


def silence(found: context.Around, places: Mapping[str, int]) -> dict[str, Any]:
    """A silence of 3 s or more with what lies around it."""
    row = found.row
    return {
        "id": row["silence"],
        "target": overlay.target(row["start"]),
        "category": row["category"] or "",
        "start": row["start"],
        "end": row["end"],
        "kind": row["kind"],
        "evidence": row["evidence"],
        "before": places[row["before"]],
        "after": places[row["after"]],
        "act": {"codes": list(found.acts), "start": found.acted} if found.acts else None,
        "words_before": found.said_before,
        "words_after": found.said_after,
    }


def measures(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The therapist's main measures as they are now: title, value, and how much of it a human confirmed, in percent."""
    own = {r["measure"]: r for r in rows if r["role"] == Role.THERAPIST}
    return [
        {
            "title": MEASURES[name].title,
            "value": cell(own[name]),
            "confirmed": round(100 * (own[name]["confirmed"] or 0)),
            "missing": own[name]["missing_reason"] or "",
        }
        for name in NOW
        if name in own
    ]


def notes(study: Study, session_id: str, excluded: Sequence[Span]) -> list[dict[str, Any]]:
    """What was noted, in order of time, but for what was noted in a portion that is left out."""
    shown = (n for n in corrections.notes(study, session_id) if not any(x.start <= n.at < x.end for x in excluded))
    return [{"start": n.at, "by": n.by, "text": n.text} for n in shown]


def pairs(spans: Iterable[Span]) -> list[list[float]]:
    """Spans as lists of start and end, to the millisecond."""
    return [[round(span.start, 3), round(span.end, 3)] for span in spans]
