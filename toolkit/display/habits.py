"""A therapist's own listening habits in plain words, and places to listen to again; `scan` reads, the others show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import store
from toolkit.caseload import Caseload, again, habits, read
from toolkit.caseload.again import Kind, Place
from toolkit.caseload.habits import Habit
from toolkit.caseload.parts import LEAST_SESSIONS
from toolkit.display.html import Page, note, table
from toolkit.display.progress import by_reason, count, span
from toolkit.display.words import clock, number
from toolkit.errors import InputError
from toolkit.measures import MEASURES
from toolkit.measures.sums import Pooled
from toolkit.study import Study
from toolkit.types import Missing

if TYPE_CHECKING:
    from toolkit.display.player.widget import Player

__all__ = ["Audit", "listen", "overview", "player", "scan"]

BEFORE = 10.0  # s that come before a place, so that one hears how it came
ASK: Mapping[Kind, str] = {
    Kind.UNANSWERED: "Your client named a feeling or spoke for change here. What did you hear, and what did you say?",
    Kind.OPENED: "After what you said here your client spoke for {seconds}. What did you do that made room for it?",
    Kind.BROKEN: "Your client fell silent, and after {seconds} you spoke. What might have come had you waited?",
    Kind.LONG: "You spoke for {seconds} here. What could your client do with it?",
    Kind.CUT_IN: "You took the floor while your client was still speaking. What were they about to say?",
}


@dataclass(frozen=True, slots=True)
class Audit:
    """One therapist's habits over all sessions, and places of one session."""

    caseload: Caseload
    therapist: str
    session_id: str
    habits: tuple[Habit, ...]
    places: tuple[Place, ...] | Missing


def scan(study: str | Path, therapist: str, session_id: str = "") -> Audit:
    """Read a therapist's sessions.

    Parameters
    ----------
    study
        Folder of the study.
    therapist
        Pseudonymous id, as in ``sessions.csv``.
    session_id
        The session to listen to again, empty for the latest.

    Raises
    ------
    InputError
        When there is no such study, or no such session of this therapist's with results.
    """
    caseload = read(Study.open(Path(study)))
    own = caseload.sessions.filter(caseload.sessions["therapist"] == caseload.check(therapist))["session_id"].to_list()
    which = session_id or own[-1]
    if which not in own:
        raise InputError(
            f"session {which[:80]}: no results of therapist {therapist[:80]}'s.", hint=f"The latest is {own[-1]}."
        )
    places = again.places(store.load_dialogue(caseload.study, which)[0])
    return Audit(caseload, therapist, which, habits.habits(caseload, therapist), places)


def overview(found: Audit) -> Page:
    """The habits in plain words, how far other sessions might have said otherwise, and what is not known."""
    known = [(h, h.found) for h in found.habits if isinstance(h.found, Pooled)]
    heads = ("in plain words", "from", "other sessions might have given", "how well people agree on what is counted")
    rows = [(said(h, one), sessions(one), reach(h, one), agreement(h)) for h, one in known]
    parts = [table("Your habits", heads, rows)] if rows else []
    parts.append(note("They describe sessions. They score nobody, and none is right or wrong without its moment."))
    lacking = [
        (MEASURES[h.of].title if h.of else topic(h), h.found.reason)
        for h in found.habits
        if isinstance(h.found, Missing)
    ]
    if lacking:
        parts.append(table("Not known, and why", ("about", "reason"), by_reason(lacking)))
    return Page(f"Therapist {found.therapist}", parts)


def topic(habit: Habit) -> str:
    """What a habit is about."""
    if habit.of:
        return MEASURES[habit.of].title
    return "Taking the floor" if habit.unit == "times" else "Ending silences"


def said(habit: Habit, found: Pooled) -> str:
    """The sentence with its number."""
    return habit.sentence.format(value=number(found.value, habit.unit))


def sessions(found: Pooled) -> str:
    """How many sessions; too few are said to be no habit."""
    return count(found.n, "session") + ("" if found.n >= LEAST_SESSIONS else ": too few for a habit")


def reach(habit: Habit, found: Pooled) -> str:
    """The interval."""
    return "—" if isinstance(found.interval, Missing) else span(found.interval, habit.unit)


def agreement(habit: Habit) -> str:
    """How well trained people agree on it, where something was judged."""
    return MEASURES[habit.of].agreement if habit.of else ""


def listen(found: Audit) -> Page:
    """Three things to listen to again, each with its times and a question."""
    title = f"Session {found.session_id}"
    if isinstance(found.places, Missing):
        return Page(title, [note(f"None: {found.places.reason}.")])
    rows = [
        (
            clock(max(0.0, p.start - BEFORE)),
            f"{clock(p.start)} to {clock(p.end)}",
            str(p.kind),
            ASK[p.kind].format(seconds=number(p.seconds, "s")),
        )
        for p in found.places
    ]
    parts = [
        table("", ("play from", "the place", "what it is", "to ask yourself"), rows),
        note(
            "Places to listen to, and no faults: the machine may have misheard, and another answer may have been fine."
        ),
    ]
    return Page(title, parts)


def player(found: Audit) -> Player:
    """The session, to go to those times: sound where consent includes supervision, words where it includes transcript.

    Raises
    ------
    ConsentError
        When consent no longer covers the session.
    """
    from toolkit.display.player import player as of_session

    return of_session(found.caseload.study.root, found.session_id, by=found.therapist)
