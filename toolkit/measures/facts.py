"""What all families of measures read: a dialogue in whole milliseconds, and the shape of an answer.

Conventions
-----------
Durations are whole milliseconds: they are summed as integers, divided last and rounded to six decimals, so the same
dialogue gives the same bytes whatever the order. *Speaking time* of a role is the time in which at least one of its
speakers speaks; *session time* goes from the first to the last speech. Excluded portions count in neither.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from toolkit.coding import volleys
from toolkit.coding.volleys import THERAPISTS, Volley
from toolkit.intervals import Span, in_milliseconds, intersect, milliseconds, overlap, subtract, total, union
from toolkit.settings import Settings
from toolkit.types import (
    HUMAN,
    NOT_CONFIRMABLE,
    Code,
    Dialogue,
    Measure,
    Missing,
    Ratio,
    Role,
    Silence,
    SilenceEvidence,
    SpeakerInterval,
    Utterance,
)

__all__ = [
    "NOT_A_RATIO",
    "NO_SAMPLING",
    "Facts",
    "Outcome",
    "RoleMeasure",
    "SessionMeasure",
    "absent",
    "confirmed_turns",
    "gather",
    "quotient",
    "seconds",
]

NOT_A_RATIO = Missing("not a ratio")
NO_SAMPLING = Missing("measured over the whole session: nothing was sampled")
NOBODY_SPEAKS = "nobody speaks in this recording"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of one measure; `window` in milliseconds, `Missing` for the whole session time.

    `confirmed` is how much of what was counted a human set or confirmed, see `toolkit.measures.confirmed`.
    """

    value: float | Missing
    n: int
    numerator: float | Missing = NOT_A_RATIO
    denominator: float | Missing = NOT_A_RATIO
    interval: Span | Missing = NO_SAMPLING
    window: Span | Missing = NO_SAMPLING
    confirmed: Ratio | Missing = NOT_CONFIRMABLE


def absent(reason: str) -> Outcome:
    """The answer of a measure that has none."""
    gap = Missing(reason)
    return Outcome(gap, 0, gap, gap, gap, confirmed=gap)


def quotient(top: float, bottom: float, n: int, when_zero: str, interval: Span | Missing = NO_SAMPLING) -> Outcome:
    """A ratio with what was divided; missing with `when_zero` for a denominator of 0, both parts kept."""
    if bottom == 0:
        return Outcome(Missing(when_zero), n, top, bottom, Missing(when_zero))
    return Outcome(top / bottom, n, top, bottom, interval)


def seconds(time: float) -> float:
    """Milliseconds as seconds."""
    return time / 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """A dialogue made ready for counting; spans in milliseconds.

    Attributes
    ----------
    excluded, speech
        Excluded portions; each speaker's speech outside them.
    session
        From the first to the last speech; missing when nobody speaks.
    floor_changes
        For each turn taken over from another speaker: its place in `Dialogue.turns` and the floor transfer offset.
        Left out where an excluded portion or a doubtful stretch (words, noise) lies in between.
    volleys
        Of all therapists, in seconds; missing where utterances or codes are.
    confirmed, confirmed_turns, confirmed_codes
        What a human set or confirmed: each speaker's speech; turns by index; codes with the index of the utterance.
    """

    dialogue: Dialogue
    settings: Settings
    excluded: tuple[Span, ...]
    speech: Mapping[str, tuple[Span, ...]]
    session: Span | Missing
    floor_changes: tuple[tuple[int, int], ...]
    volleys: tuple[Volley, ...] | Missing
    confirmed: Mapping[str, tuple[Span, ...]]
    confirmed_turns: frozenset[int]
    confirmed_codes: frozenset[tuple[int, Code]]

    def talk(self, role: Role) -> tuple[Span, ...]:
        """Time in which somebody of a role speaks."""
        return union(s for name, spans in self.speech.items() if self.dialogue.role_of(name) is role for s in spans)

    def talk_of_all(self, within: Span | None = None) -> int:
        """Speaking time summed over the roles: overlap between two roles counts for both."""
        tracks = (self.talk(role) for role in Role)
        return sum(int(total(t if within is None else intersect(t, [within]))) for t in tracks)

    def session_time(self) -> int:
        """Length of the session without excluded portions, milliseconds; 0 when nobody speaks."""
        return 0 if isinstance(self.session, Missing) else int(total(subtract([self.session], self.excluded)))

    def utterances(self, role: Role) -> tuple[Utterance, ...] | Missing:
        """What a role says."""
        found = self.dialogue.utterances
        if isinstance(found, Missing):
            return found
        return tuple(u for u in found if self.dialogue.role_of(u.speaker) is role)

    def coded(self, role: Role) -> tuple[tuple[Utterance, frozenset[Code]], ...] | Missing:
        """A role's utterances with the set of their codes."""
        own, codes = self.utterances(role), self.dialogue.codes
        if isinstance(own, Missing):
            return own
        if isinstance(codes, Missing):
            return codes
        by_index = {c.utterance: frozenset(a.code for a in c.codes) for c in codes}
        return tuple((u, by_index.get(u.index, frozenset())) for u in own)

    def silences(self) -> tuple[Silence, ...]:
        """The silences that count: those in which neither words nor noise nor an excluded portion was found."""
        return tuple(s for s in self.dialogue.silences if s.evidence is SilenceEvidence.SILENT)

    def missing_role(self, role: Role) -> str:
        """Why nothing can be said about a role; empty when somebody has it."""
        if not self.speech:
            return NOBODY_SPEAKS
        named = {self.dialogue.role_of(name) for name in self.speech}
        if role in named:
            return ""
        if Role.UNKNOWN in named:
            return "roles are not known: name them with toolkit roles set, or record a channel each (--channels)"
        return f"nobody in this session has the role {role}"


@dataclass(frozen=True, slots=True)
class RoleMeasure:
    """A measure taken once for each role; `therapists` when only they and co-therapists have it, `clients` likewise."""

    measure: Measure
    take: Callable[[Facts, Role], Outcome]
    therapists: bool = False
    clients: bool = False

    def suits(self, role: Role) -> bool:
        """Whether a role has this measure."""
        if self.therapists or self.clients:
            return (self.therapists and role in THERAPISTS) or (self.clients and role is Role.CLIENT)
        return True


@dataclass(frozen=True, slots=True)
class SessionMeasure:
    """A measure taken for the session, once or once a window."""

    measure: Measure
    take: Callable[[Facts], tuple[Outcome, ...]]


def gather(dialogue: Dialogue, settings: Settings) -> Facts:
    """Read a dialogue once for all measures."""
    excluded = union(in_milliseconds(dialogue.excluded))
    speech = tracks(dialogue.activity, excluded)
    everyone = union(s for spans in speech.values() for s in spans)
    session = Span(everyone[0].start, everyone[-1].end) if everyone else Missing(NOBODY_SPEAKS)
    codes = () if isinstance(dialogue.codes, Missing) else dialogue.codes
    return Facts(
        dialogue=dialogue,
        settings=settings,
        excluded=excluded,
        speech=speech,
        session=session,
        floor_changes=floor_changes(dialogue, excluded),
        volleys=volleys.of(dialogue),
        confirmed=tracks(dialogue.confirmed, excluded),
        confirmed_turns=confirmed_turns(dialogue),
        confirmed_codes=frozenset((c.utterance, a.code) for c in codes for a in c.codes if a.coder == HUMAN),
    )


def tracks(intervals: Iterable[SpeakerInterval], excluded: Iterable[Span]) -> dict[str, tuple[Span, ...]]:
    """Each speaker's stretches outside excluded portions, milliseconds; only of those who have any."""
    found: dict[str, list[Span]] = {}
    for interval in intervals:
        found.setdefault(interval.speaker, []).append(interval.span)
    cleaned = {name: subtract(in_milliseconds(spans), excluded) for name, spans in sorted(found.items())}
    return {name: spans for name, spans in cleaned.items() if spans}


def confirmed_turns(dialogue: Dialogue) -> frozenset[int]:
    """Indices of the turns whose speaker a human set or confirmed, for all speech in them."""
    excluded = union(in_milliseconds(dialogue.excluded))
    sure = tracks(dialogue.confirmed, excluded)
    if not sure:
        return frozenset()
    open_ = {n: subtract(spans, sure.get(n, ())) for n, spans in tracks(dialogue.activity, excluded).items()}

    def any_in(spans: Sequence[Span], turn: Span) -> bool:
        last = bisect_left(spans, turn.end, key=lambda s: s.start) - 1
        return last >= 0 and spans[last].end > turn.start

    found = []
    for turn in dialogue.turns:
        (span,) = in_milliseconds([Span(turn.start, turn.end)])
        if any_in(sure.get(turn.speaker, ()), span) and not any_in(open_.get(turn.speaker, ()), span):
            found.append(turn.index)
    return frozenset(found)


def floor_changes(dialogue: Dialogue, excluded: tuple[Span, ...]) -> tuple[tuple[int, int], ...]:
    """Places of turns taken over from another speaker, with their floor transfer offset in milliseconds."""
    doubtful = in_milliseconds(
        Span(s.start, s.end) for s in dialogue.silences if s.evidence is not SilenceEvidence.SILENT
    )
    barred = union([*excluded, *doubtful])
    found = []
    for place in range(1, len(dialogue.turns)):
        before, after = dialogue.turns[place - 1], dialogue.turns[place]
        end, start = milliseconds(before.end), milliseconds(after.start)
        last = bisect_left(barred, float(start), key=lambda s: s.start) - 1  # the last one that begins before the turn
        blocked = last >= 0 and overlap(barred[last], Span(end, max(start, end))) > 0
        if before.speaker != after.speaker and not blocked:
            found.append((place, start - end))
    return tuple(found)
