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
from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit import corrections, overlay, store
from toolkit.coding.book import BOOK
from toolkit.consent.admit import Refusal, covered
from toolkit.consent.listeners import check
from toolkit.display.player import sound
from toolkit.display.player.legend import MARKERS, PICS, book
from toolkit.display.review import LONG
from toolkit.display.words import person
from toolkit.intervals import Span, milliseconds, multiply_covered, overlap, union
from toolkit.opener import opener
from toolkit.overlay import What
from toolkit.study import Study
from toolkit.types import Code, Purpose, Recording, Role

__all__ = ["Access", "access", "session"]

TABLES = ("activity", "turns", "silences", "utterances", "codes")
WORDS = "restricted/words"
AROUND = 14  # words shown on either side of a silence: a line
SIDES = {Role.CO_THERAPIST: Role.THERAPIST}  # whose codes another role's utterances may carry


@dataclass(frozen=True, slots=True)
class Access:
    """What consent lets a player show today.

    Attributes
    ----------
    words, sound
        Why they are kept back; empty when they may be shown and heard.
    excluded
        Portions that nothing is shown or heard of, seconds.
    """

    words: str
    sound: str
    excluded: tuple[Span, ...]


def access(study: Study, recording: Recording) -> Access:
    """Ask the ledger; no file of the recording is touched.

    Raises
    ------
    ConsentError
        When consent does not even cover the measures.
    """
    ledger, today = study.ledger(), date.today()  # noqa: DTZ011 - the clinic's day

    def reason(purpose: Purpose) -> str:
        try:
            record = covered(recording, ledger, purposes=(purpose,), today=today)
            check(recording.session_id, record, (purpose,), who=opener(), today=today)
        except Refusal as refusal:
            return refusal.message
        return ""

    record = covered(recording, ledger, purposes=(), today=today)
    check(recording.session_id, record, (), who=opener(), today=today)
    return Access(reason(Purpose.TRANSCRIPT), reason(Purpose.SUPERVISION), record.excluded)


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
    manifest, frames = store.snapshot(study, session_id, [*TABLES, *([] if allowed.words else [WORDS])], cut=True)
    tables = {name: frame.to_dicts() for name, frame in frames.items()}
    excluded = union([*manifest.excluded, *allowed.excluded])
    words = [w for w in tables.get(WORDS, []) if not touches(w, excluded)]
    order = sorted(manifest.roles, key=lambda label: rank(manifest.roles[label].role, label))
    places = {label: place for place, label in enumerate(order)}
    turns = targeted(tables["turns"])
    given = overlay.read(study.overlay(session_id)).of(What.CODE)
    said = utterances(targeted(tables["utterances"]), tables["codes"], words, places)
    own_turns = [[t for t in turns if t["speaker"] == label] for label in order]
    for utterance in said:
        utterance["given"] = utterance["target"] in given
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
        "silences": silences(tables["silences"], said, words, places),
        "notes": [] if allowed.words and allowed.sound else notes(study, session_id),
        "book": book(),
        "pics": {str(category): means for category, means in PICS.items()},
        "no_words": allowed.words or manifest.absent.get("restricted", ""),
        "no_sound": allowed.sound,
        "chunks": list(sound.plan(manifest.duration, [s for own in spans.values() for s in own])),
    }


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


def belongs(code: Code, role: Role) -> bool:
    """Whether a code says something about what this role said; a coder codes everybody's utterances alike."""
    return role is Role.UNKNOWN or code in MARKERS or BOOK[code].role is SIDES.get(role, role)


def silences(
    rows: Iterable[Mapping[str, Any]],
    said: Sequence[Mapping[str, Any]],
    words: Sequence[Mapping[str, Any]],
    places: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Silences of 3 s or more with what lies around each.

    A word belongs to the side of a silence that it begins on: a recogniser lets its end swallow the silence after it.
    """
    starts = [word["start"] for word in words]
    found = []
    for r in rows:
        if r["duration"] < LONG:
            continue
        middle = bisect_right(starts, (r["start"] + r["end"]) / 2)
        found.append(
            {
                "id": r["silence"],
                "target": overlay.target(r["start"]),
                "category": r["category"] or "",
                "start": r["start"],
                "end": r["end"],
                "kind": r["kind"],
                "evidence": r["evidence"],
                "before": places[r["before"]],
                "after": places[r["after"]],
                "act": act_before(r["start"], said),
                "words_before": line(words[max(0, middle - AROUND) : middle]),
                "words_after": line(words[middle : middle + AROUND]),
            }
        )
    return found


def act_before(time: float, said: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The therapist's last act before a time: codes and start of that utterance; an "mhm" is none."""
    for utterance in reversed(said[: bisect_right(said, time, key=lambda u: u["start"])]):
        acts = [c for c, _ in utterance["codes"] if BOOK[Code(c)].role is Role.THERAPIST]
        if acts:
            return {"codes": acts, "start": utterance["start"]}
    return None


def line(words: Iterable[Mapping[str, Any]]) -> str:
    """Words in one line."""
    return " ".join(word["text"].strip() for word in words)


def notes(study: Study, session_id: str) -> list[dict[str, Any]]:
    """What was noted, in order of time."""
    return [{"start": n.at, "by": n.by, "text": n.text} for n in corrections.notes(study, session_id)]


def touches(word: Mapping[str, Any], excluded: Sequence[Span]) -> bool:
    """Whether a word reaches into an excluded portion."""
    return any(overlap(Span(word["start"], word["end"]), cut) > 0 for cut in excluded)


def pairs(spans: Iterable[Span]) -> list[list[float]]:
    """Spans as lists of start and end, to the millisecond."""
    return [[round(span.start, 3), round(span.end, 3)] for span in spans]
