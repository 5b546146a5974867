"""One session is read for a reader: its tables, what consent lets be shown of it today, and what people said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import corrections, overlay
from toolkit.coding import moments
from toolkit.coding.moments import Moment
from toolkit.display import context
from toolkit.display.allowed import WORDS, Access, access, readable
from toolkit.display.context import Around
from toolkit.errors import InputError
from toolkit.intervals import Span, union
from toolkit.manifest import Manifest
from toolkit.overlay import Note, What
from toolkit.overlay.counting import MEASURED
from toolkit.study import Study
from toolkit.types import GlobalRating, Missing

__all__ = ["Noted", "Review", "Rows", "noted_in", "scan"]

Rows = list[dict[str, Any]]
TABLES = ("measures", "activity", "turns", "events", "silences", "utterances", "codes")


@dataclass(frozen=True, slots=True)
class Noted:
    """What people said over the machine's output.

    Attributes
    ----------
    notes
        In order of time; those that may not be shown are left out.
    kept_back
        How many may not: a note may quote what was said.
    ratings
        The global ratings of MITI, by who gave them.
    corrected
        How many corrections of each kind count.
    coders
        Who said anything.
    counted
        Whose corrections count, empty for everybody's.
    """

    notes: tuple[Note, ...]
    kept_back: int
    ratings: Mapping[str, Mapping[GlobalRating, int]]
    corrected: Mapping[What, int]
    coders: tuple[str, ...]
    counted: str


@dataclass(frozen=True, slots=True)
class Review:
    """One session as it may be shown today.

    Attributes
    ----------
    tables
        Table to rows.
    texts
        Utterance to its words; empty where they may not be read, were not kept, or were not asked for.
    no_text
        Why `texts` is empty; empty when it is not.
    around
        Silences of 3 s or more with what lies around them.
    moments
        Those of `toolkit.coding.moments`, found again in the codes; missing where they cannot be.
    noted
        What people said of the session.
    excluded
        Portions left out by consent, also those that were after the session was processed.
    purposes
        What everybody agrees to today.
    """

    session_id: str
    manifest: Manifest
    tables: Mapping[str, Rows]
    texts: Mapping[int, str]
    no_text: str
    around: Sequence[Around]
    moments: tuple[Moment, ...] | Missing
    noted: Noted
    excluded: tuple[Span, ...]
    purposes: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.manifest.duration


def scan(study: str | Path, session_id: str, *, text: bool = True, where: str = "notebook") -> Review:
    """Read the results of one session, as far as consent covers them today.

    Parameters
    ----------
    study, session_id
        Which session.
    text
        Whether to read its words too, where consent covers a transcript; the audit log notes that they were opened.
    where
        What will show them, for that line.

    Raises
    ------
    InputError
        When there is no such study or session, or it has no results yet.
    ConsentError
        When consent does not cover the session today.
    StoreError
        When the results are damaged, or the audit log cannot be written.
    """
    from toolkit import store

    opened = Study.open(Path(study))
    recording = opened.recording(session_id)
    allowed = access(opened, recording)
    if store.manifest(opened, session_id) is None:
        with suppress(InputError):
            store.snapshot(opened, session_id, [])  # says what is wrong with a manifest that is there
        raise InputError(
            f"session {session_id} has no results yet.", hint=f"Make them: toolkit run {opened.name} {session_id}"
        )
    wanted = [*TABLES, *([WORDS] if text and not allowed.words else [])]
    manifest, frames = store.snapshot(opened, session_id, wanted)
    if WORDS in frames:
        store.note_opened(opened, session_id, what="words", where=where)
    tables = {name: frame.to_dicts() for name, frame in frames.items()}
    excluded = union([*manifest.excluded, *allowed.excluded])
    words = readable(tables.pop(WORDS, []), excluded=excluded)
    return Review(
        session_id=session_id,
        manifest=manifest,
        tables=tables,
        texts=texts_of(words),
        no_text="" if WORDS in frames else why_no_text(allowed, manifest, text=text),
        around=context.silences(tables["silences"], tables["codes"], words),
        moments=moments.find(store.load_dialogue(opened, session_id)[0]),
        noted=noted_in(opened, session_id, allowed=allowed, excluded=excluded),
        excluded=excluded,
        purposes=tuple(sorted(store.covered(opened.ledger(), session_id))),
    )


def why_no_text(allowed: Access, manifest: Manifest, *, text: bool) -> str:
    """Why there are no words to show."""
    if not text:
        return "they were not asked for"
    return allowed.words or manifest.absent.get("restricted", "none were kept")


def texts_of(words: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Words by utterance, in one line each."""
    found: dict[int, list[str]] = defaultdict(list)
    for word in words:
        if word["utterance"] is not None:
            found[word["utterance"]].append(word["text"].strip())
    return {utterance: " ".join(own) for utterance, own in found.items()}


def noted_in(study: Study, session_id: str, *, allowed: Access, excluded: Sequence[Span]) -> Noted:
    """What people said, notes only where the words may be read and the time is not left out."""
    said = overlay.lines(study.overlay(session_id))
    counted = overlay.counted_coder(said)
    counting = overlay.counting(said, by=counted)
    notes = corrections.notes(study, session_id)
    shown = tuple(n for n in notes if not (allowed.words or any(cut.start <= n.at < cut.end for cut in excluded)))
    return Noted(
        notes=shown,
        kept_back=len(notes) - len(shown),
        ratings=corrections.ratings(study, session_id),
        corrected={what: len(counting.of(what)) for what in MEASURED if counting.of(what)},
        coders=overlay.coders(said),
        counted=counted,
    )
