"""Leave to advise: who asked for it, whether it was given, and whether the choice was left with the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from toolkit.coding.clauses import Clause
from toolkit.coding.plain import is_backchannel

__all__ = ["OPEN", "REACH", "Heard", "Said", "basis", "heard"]

REACH = 12  # utterances
LEAVE_REACH = 8  # utterances that leave to advise lasts, once asked for
INVITED_REACH = 4  # utterances that a wish for advice lasts
HEARD_REACH = 2  # utterances by others that a statement about "you" may hand back
OPEN = "permission.open"


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance as the rules of behaviour see it: who, the words as they were recognised, and its clauses."""

    speaker: str
    words: tuple[str, ...]
    clauses: tuple[Clause, ...]

    def has(self, *cues: str) -> bool:
        """Whether one of its clauses has all of these cues."""
        return any(all(cue in clause.cues for cue in cues) for clause in self.clauses)

    @property
    def backchannel(self) -> bool:
        """Whether it only says "I am listening"."""
        return is_backchannel(self.words)


@dataclass(frozen=True, slots=True)
class Heard:
    """What others said last: lemmas that carry meaning, and whether they spoke of what they should or must do."""

    content: frozenset[str]
    obliged: bool


def heard(speaker: str, before: Sequence[Said]) -> Heard:
    """What `speaker` could hand back now."""
    others = [s for s in reversed(before[-REACH:]) if s.speaker != speaker and not s.backchannel][:HEARD_REACH]
    content = frozenset[str]().union(*(c.content() for s in others for c in s.clauses))
    return Heard(content, any(s.has("context.obliged") for s in others))


def basis(said: Said, before: Sequence[Said]) -> str:
    """The rule by which advice in `said` is with permission; empty for none, `OPEN` when leave was not answered."""
    if puts_choice(said) or any(puts_choice(s) for s in volley(said.speaker, before)):
        return "permission.choice"
    recent = before[-INVITED_REACH:]
    if any(s.speaker != said.speaker and s.has("context.invites") for s in recent):
        return "permission.invited"
    return leave(said, before[-LEAVE_REACH:])


def puts_choice(said: Said) -> bool:
    """Whether an utterance puts the choice with the other."""
    return any(
        any(n.startswith("autonomy.") for n in c.cues) and not any(n.startswith("autonomy_not.") for n in c.cues)
        for c in said.clauses
    )


def volley(speaker: str, before: Sequence[Said]) -> list[Said]:
    """What `speaker` said already in this turn; the others' "yeah" and "mhm" do not end it."""
    held = takewhile(lambda s: s.speaker == speaker or s.backchannel, reversed(before))
    return [s for s in held if s.speaker == speaker]


def asks_leave(said: Said) -> bool:
    """Whether the speaker asks leave to tell, share or suggest something."""
    return said.has("seek.permission", "context.offer")


def leave(said: Said, before: Sequence[Said]) -> str:
    """Whether leave to advise was asked by the speaker and given, refused (empty, as if not asked) or not answered."""
    places = [i for i, s in enumerate(before) if s.speaker == said.speaker and asks_leave(s)]
    if not places:
        return OPEN if asks_leave(said) else ""
    answers = [s for s in before[places[-1] + 1 :] if s.speaker != said.speaker and s.words]
    if not answers:
        return OPEN
    if answers[0].has("context.declines"):
        return ""
    return "permission.given" if answers[0].has("context.agrees") else OPEN
