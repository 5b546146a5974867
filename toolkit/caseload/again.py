"""Three places of one session to listen to again: of different kinds, and not only what could have gone otherwise.

A place is an invitation to listen, never a fault. Kinds, in the order in which they are taken until there are `WANTED`;
of each kind one place:

1. the client named a feeling or spoke for change, and no reflection was found in what came next: the one with most of
   it, the longest of these;
2. a reflection or an open question after which the client had the longest turn: what did it open?
3. the longest silence of 3 s or more after the client spoke that the therapist ended;
4. the therapist's longest turn, of 30 s or more;
5. the first time the therapist took the floor while the other was speaking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from toolkit.coding import moments
from toolkit.coding.settling import REFLECTIONS
from toolkit.types import Code, Dialogue, Missing, Role, SilenceEvidence

__all__ = ["WANTED", "Kind", "Place", "places"]

WANTED = 3
LONG_SILENCE = 3.0  # s: PICS
LONG_TURN = 30.0  # s: a rule of thumb of the toolkit's own
OPENERS = REFLECTIONS | {Code.OPEN_QUESTION}


class Kind(StrEnum):
    """What a place is."""

    UNANSWERED = "feeling or change talk, and no reflection after it"
    OPENED = "something opened"
    BROKEN = "a silence that you ended"
    LONG = "a long turn of yours"
    CUT_IN = "two at once"


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a session, in seconds, what it is, and of how much (seconds; 0 where that says nothing)."""

    start: float
    end: float
    kind: Kind
    seconds: float = 0.0


def places(dialogue: Dialogue, *, wanted: int = WANTED) -> tuple[Place, ...] | Missing:
    """Places to listen to again, in order of time.

    Returns
    -------
    tuple of Place, or Missing
        Missing when nobody is known to be the therapist, and when nothing of any kind was found.
    """
    if not dialogue.speakers(Role.THERAPIST):
        return Missing("it is not known who the therapist is: set it with toolkit roles")
    found: list[Place] = []
    for look in LOOKS:
        first = next(look(dialogue), None)
        if first is not None and len(found) < wanted:
            found.append(first)
    if not found:
        return Missing("nothing of the kinds that are looked for was found in this session")
    return tuple(sorted(found, key=lambda p: (p.start, p.end)))


def unanswered(dialogue: Dialogue) -> Iterator[Place]:
    """Feeling or change talk without a reflection."""
    known = moments.find(dialogue)
    there = () if isinstance(known, Missing) else [m for m in known if not m.reflected and m.role is Role.THERAPIST]
    for m in sorted(there, key=lambda m: (-len(m.marks), m.start - m.end, m.start)):
        yield Place(m.start, m.end, Kind.UNANSWERED)


def opened(dialogue: Dialogue) -> Iterator[Place]:
    """A reflection or open question, and the client's turn after it, the longest first."""
    if isinstance(dialogue.codes, Missing) or isinstance(dialogue.utterances, Missing):
        return
    held = {c.utterance for c in dialogue.codes if any(a.code in OPENERS for a in c.codes)}
    acts = [u for u in dialogue.utterances if u.index in held and dialogue.role_of(u.speaker) is Role.THERAPIST]
    found = []
    for before, after in zip(dialogue.turns, dialogue.turns[1:], strict=False):
        own = [u for u in acts if u.speaker == before.speaker and before.start <= u.start < before.end]
        if own and dialogue.role_of(after.speaker) is Role.CLIENT:
            found.append(Place(own[-1].start, after.end, Kind.OPENED, after.duration))
    yield from sorted(found, key=lambda p: (-p.seconds, p.start))


def broken(dialogue: Dialogue) -> Iterator[Place]:
    """Silences after the client that the therapist ended, the longest first."""
    found = [
        Place(s.start, s.end, Kind.BROKEN, s.duration)
        for s in dialogue.silences
        if s.evidence is SilenceEvidence.SILENT
        and s.duration >= LONG_SILENCE
        and dialogue.role_of(s.before) is Role.CLIENT
        and dialogue.role_of(s.after) is Role.THERAPIST
    ]
    yield from sorted(found, key=lambda p: (-p.seconds, p.start))


def long(dialogue: Dialogue) -> Iterator[Place]:
    """The therapist's long turns, the longest first."""
    found = [
        Place(t.start, t.end, Kind.LONG, t.duration)
        for t in dialogue.turns
        if t.duration >= LONG_TURN and dialogue.role_of(t.speaker) is Role.THERAPIST
    ]
    yield from sorted(found, key=lambda p: (-p.seconds, p.start))


def cut_in(dialogue: Dialogue) -> Iterator[Place]:
    """Where the therapist took the floor while another was speaking."""
    for i in dialogue.interruptions:
        if i.succeeded and dialogue.role_of(i.speaker) is Role.THERAPIST:
            yield Place(i.start, i.end, Kind.CUT_IN)


LOOKS: tuple[Callable[[Dialogue], Iterator[Place]], ...] = (unanswered, opened, broken, long, cut_in)
