"""Speaker activity to the floor: inter-pausal units, turns, backchannels, interruptions.

Conventions
-----------
An *inter-pausal unit* is speech of one speaker with no silence of `ipu_gap` (0.2 s) or more inside. Units are read in
order of start, and each is exactly one of

- part of a *turn*: its speaker holds the floor or takes it;
- a *backchannel*: at most `backchannel_max` s, no words but those of the closed list (or none that the recogniser
  heard), inside the other's speech or between two stretches of it, and no answer to a direct question;
- *talk in overlap*: it begins and ends inside one unit of the floor holder and is no backchannel, so the floor does
  not change (within-speaker overlap). It is a failed interruption when it started `interruption_lead` or more before
  the holder's unit ended and lasted longer than `interruption_grace`; otherwise it leaves no event.

The floor changes to the speaker whose unit outlasts the holder's (between-speaker overlap, or a gap). That is an
interruption when the unit started `interruption_lead` or more before the holder's ended and overlaps longer than
`interruption_grace`. Two who start within the grace time of each other start together: neither interrupts.

A question counts as direct where the last word that another speaker began before the token carries a question mark;
of a recogniser that wrote no question mark in the whole session, where that word is one of the first dozen of an
utterance that begins as questions do in its language (a list, see `toolkit.lexicon`).
One who goes on without a pause over the "yeah" (it lies inside the asker's own unit) has not left the floor to an
answer: that stays a backchannel. An answer to a *reflection* also ends a volley in MITI; turns are built before codes,
so that is left to volley counting.

Nothing is known about a portion that a party excluded: a turn never runs across one. All comparisons are made in
whole milliseconds, so that a shift of the recording changes nothing.

References
----------
Heldner & Edlund (2010), Pauses, gaps and overlaps in conversations. J. Phonetics 38. Levinson & Torreira (2015).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit import lexicon
from toolkit.intervals import Span, in_milliseconds, milliseconds, overlap, subtract, union
from toolkit.settings import DialogueSettings
from toolkit.types import Backchannel, Interruption, Missing, SpeakerInterval, SpokenUtterance, Turn, Word
from toolkit.utterances import heard_end

__all__ = ["Floor", "build", "inter_pausal_units"]


LONGEST_QUESTION = 12  # words: of a longer utterance that begins as a question does, the rest is none


@dataclass(frozen=True, slots=True)
class Floor:
    """Who held the floor, who supported the holder, who cut in; each in order of start."""

    turns: tuple[Turn, ...]
    backchannels: tuple[Backchannel, ...]
    interruptions: tuple[Interruption, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """One inter-pausal unit; `start`, `end` and the speech inside it in milliseconds."""

    start: int
    end: int
    speaker: str
    speech: int

    @property
    def span(self) -> Span:
        """The stretch in milliseconds."""
        return Span(self.start, self.end)


def build(
    activity: Sequence[SpeakerInterval],
    utterances: Sequence[SpokenUtterance] | Missing,
    settings: DialogueSettings,
    *,
    language: str,
    excluded: Sequence[Span] = (),
) -> Floor:
    """Turns, backchannels and interruptions.

    Parameters
    ----------
    activity
        Who spoke when, with overlap, seconds.
    utterances
        What was said; when missing, a short unit inside the other's turn is a backchannel by its length alone.
    settings
        `ipu_gap`, `backchannel_max`, `backchannel_max_words`, `interruption_lead`, `interruption_grace`, `word_reach`,
        `lexicons`.
    language
        Code that chooses the closed lists of backchannels and questions.
    excluded
        Portions that a party excluded, seconds.

    Returns
    -------
    Floor
        Times in seconds, to the millisecond. Empty when nobody speaks.
    """
    cuts = union(in_milliseconds(excluded))
    speech = {name: subtract(spans, cuts) for name, spans in tracks(activity).items()}
    units = joined(speech, settings)
    lists = lexicon.load(language, settings.lexicons)
    said = Said.of(units, () if isinstance(utterances, Missing) else utterances, settings, lists)
    short = frozenset(unit for unit in units if is_short(unit, said.tokens[unit], settings, lists))
    state = Walk(units, short, said, cuts, settings)
    for index in range(len(units)):
        state.take(index)
    return Floor(
        turns=tuple(turn(index, held) for index, held in enumerate(state.held)),
        backchannels=tuple(
            Backchannel(u.start / 1000, u.end / 1000, u.speaker, heard=bool(said.tokens[u])) for u in state.backchannels
        ),
        interruptions=tuple(state.interruptions),
    )


def inter_pausal_units(activity: Sequence[SpeakerInterval], settings: DialogueSettings) -> tuple[SpeakerInterval, ...]:
    """Speech of each speaker joined over silences shorter than `ipu_gap`, in order of start, seconds."""
    units = joined(tracks(activity), settings)
    return tuple(SpeakerInterval(u.start / 1000, u.end / 1000, u.speaker) for u in units)


def tracks(activity: Iterable[SpeakerInterval]) -> dict[str, tuple[Span, ...]]:
    """Each speaker's speech in milliseconds, joined where it touches."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for interval in activity:
        spans[interval.speaker].append(interval.span)
    return {name: union(in_milliseconds(own)) for name, own in sorted(spans.items())}


def joined(speech: Mapping[str, Sequence[Span]], settings: DialogueSettings) -> tuple[Unit, ...]:
    """Inter-pausal units in order of start; of two that start together the longer is first."""
    gap = milliseconds(settings.ipu_gap)
    units = []
    for name, spans in speech.items():
        for whole in union(spans, gap=gap):
            first, last = (bisect_left(spans, edge, key=lambda s: s.start) for edge in (whole.start, whole.end))
            inside = sum(int(s.duration) for s in spans[first:last])
            units.append(Unit(int(whole.start), int(whole.end), name, inside))
    return tuple(sorted(units, key=lambda u: (u.start, -u.end, u.speaker)))


@dataclass(frozen=True, slots=True)
class Said:
    """What the recogniser heard: tokens of each unit, and every word's start, speaker and whether it asks, in order."""

    tokens: Mapping[Unit, tuple[str, ...]]
    words: tuple[tuple[int, str, bool], ...]

    @classmethod
    def of(
        cls,
        units: Sequence[Unit],
        utterances: Sequence[SpokenUtterance],
        settings: DialogueSettings,
        lists: lexicon.Lexicon,
    ) -> Said:
        """Give each word to the unit of its speaker that it overlaps most, else to the nearest within `word_reach`."""
        own: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            own[unit.speaker].append(unit)
        texts: dict[Unit, list[str]] = {unit: [] for unit in units}
        words: list[tuple[int, str, bool]] = []
        marked = any("?" in word.text for utterance in utterances for word in utterance.words)
        for utterance in sorted(utterances, key=lambda u: u.start):
            asks = not marked and lists.asks(lexicon.tokens(w.text for w in utterance.words))
            for place, word in enumerate(utterance.words):
                home = unit_of(word, own[utterance.speaker], milliseconds(settings.word_reach))
                if home is not None:
                    texts[home].append(word.text)
                question = "?" in word.text or (asks and place < LONGEST_QUESTION)
                words.append((milliseconds(word.start), utterance.speaker, question))
        return cls({unit: lexicon.tokens(found) for unit, found in texts.items()}, tuple(sorted(words)))

    def answers(self, unit: Unit) -> bool:
        """Whether the last word that somebody else began before the unit asks."""
        for _, speaker, question in reversed(self.words[: bisect_left(self.words, (unit.start, "", False))]):
            if speaker != unit.speaker:
                return question
        return False


def unit_of(word: Word, units: Sequence[Unit], reach: int) -> Unit | None:
    """The unit a word belongs to; `units` are those of its speaker in order of start."""
    if not units:
        return None
    heard = Span(milliseconds(word.start), max(milliseconds(word.start), milliseconds(heard_end(word))))
    first = max(0, bisect_left(units, heard.start, key=lambda u: u.end) - 1)
    last = bisect_left(units, heard.end, key=lambda u: u.start) + 1
    near = units[first:last]
    best = max(near, key=lambda u: (overlap(u.span, heard), -distance(u.span, heard)))
    return best if distance(best.span, heard) <= reach else None


def distance(a: Span, b: Span) -> float:
    """Time between two spans; 0 when they touch or overlap."""
    return max(0, a.start - b.end, b.start - a.end)


def is_short(unit: Unit, said: tuple[str, ...], settings: DialogueSettings, lists: lexicon.Lexicon) -> bool:
    """Whether a unit may be a backchannel by its length and words; no words heard leaves the length."""
    if unit.end - unit.start > milliseconds(settings.backchannel_max):
        return False
    return not said or (len(said) <= settings.backchannel_max_words and lists.all_backchannels(said))


@dataclass(slots=True)
class Walk:
    """The walk through the units in order of start: who holds the floor so far, and what fell beside it."""

    units: Sequence[Unit]
    short: frozenset[Unit]
    said: Said
    cuts: Sequence[Span]
    settings: DialogueSettings
    held: list[list[Unit]] = field(default_factory=list)
    backchannels: list[Unit] = field(default_factory=list)
    interruptions: list[Interruption] = field(default_factory=list)

    def take(self, index: int) -> None:
        """Place the next unit: turn, backchannel, or talk in overlap."""
        unit = self.units[index]
        holder = self.held[-1][-1] if self.held else None
        if holder is None or self.apart(holder, unit):
            self.held.append([unit])
        elif unit.speaker == holder.speaker:
            self.held[-1].append(unit)
        elif unit in self.short and self.supports(index, holder):
            self.backchannels.append(unit)
        else:
            inside = unit.end <= holder.end
            if self.cuts_in(unit, holder):
                self.interruptions.append(
                    Interruption(unit.start / 1000, unit.end / 1000, unit.speaker, holder.speaker, succeeded=not inside)
                )
            if not inside:
                self.held.append([unit])

    def supports(self, index: int, holder: Unit) -> bool:
        """Whether a short unit lies inside the holder's turn: in its speech, or the holder goes on after it."""
        unit = self.units[index]
        if unit.end <= holder.end:
            return True
        later = (self.units[place] for place in range(index + 1, len(self.units)))
        following = next((u for u in later if u not in self.short), None)
        goes_on = following is not None and following.speaker == holder.speaker and not self.apart(unit, following)
        return goes_on and not self.said.answers(unit)

    def cuts_in(self, unit: Unit, holder: Unit) -> bool:
        """Whether a unit starts well before the holder's ends and well after it began, and overlaps long enough."""
        grace, lead = milliseconds(self.settings.interruption_grace), milliseconds(self.settings.interruption_lead)
        shared = min(unit.end, holder.end) - unit.start
        return holder.end - unit.start >= lead and shared > grace and unit.start - holder.start > grace

    def apart(self, before: Unit, after: Unit) -> bool:
        """Whether an excluded portion lies between two units."""
        return any(before.end <= cut.start and cut.end <= after.start for cut in self.cuts)


def turn(index: int, units: Sequence[Unit]) -> Turn:
    """Units of one speaker in a row as a turn."""
    return Turn(
        index=index,
        start=units[0].start / 1000,
        end=units[-1].end / 1000,
        speaker=units[0].speaker,
        speech_time=sum(u.speech for u in units) / 1000,
    )
