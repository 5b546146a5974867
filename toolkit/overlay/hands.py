"""Whose speech and whose words: what a human gave to somebody goes from hand to hand, the rest stays.

See `toolkit.overlay.speakers` for the rule. Times are whole milliseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from toolkit import turns, utterances
from toolkit.intervals import Span, in_milliseconds, intersect, milliseconds, overlap, subtract, union
from toolkit.overlay.values import Correction, What
from toolkit.settings import DialogueSettings
from toolkit.turns import Unit
from toolkit.types import AttributedWord, Dialogue, Missing, SpeakerInterval, Turn, Word

__all__ = ["Hands", "owners_of_words", "turn_owners"]

BY_HAND = Missing("a human said whose it is")


def handed(word: AttributedWord, owner: str) -> AttributedWord:
    """The word as its owner's; as it was when it was theirs already."""
    return word if word.speaker == owner else replace(word, speaker=owner, speaker_confidence=BY_HAND)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one speaker's speech, in milliseconds, whose it is, and whether a human said so."""

    span: Span
    speaker: str
    sure: bool


def found(target: str, starts: Mapping[int, Sequence[tuple[str, int]]]) -> list[int]:
    """Places of what a target names, by their start in milliseconds with speaker and place."""
    time, slash, speaker = target.partition("/")
    there = starts.get(milliseconds(float(time)), ())
    return [place for whose, place in there if not slash or whose == speaker]


def turn_owners(own: Sequence[Turn], given: Mapping[str, str]) -> tuple[dict[int, str], list[Correction]]:
    """Whose the turns are by a human, by place; and the corrections that name no turn, or two."""
    starts: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for place, turn in enumerate(own):
        starts[milliseconds(turn.start)].append((turn.speaker, place))
    owners, lost = {}, []
    for target, speaker in given.items():
        places = found(target, starts)
        if len(places) == 1:
            owners[places[0]] = speaker
        else:
            lost.append(Correction(What.TURN, target, speaker))
    return owners, lost


def owners_of_words(
    words: Sequence[AttributedWord], given: Mapping[str, str]
) -> tuple[dict[int, str], list[Correction]]:
    """Whose the words are by a human, by place; and the corrections that name no word."""
    starts: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for place, word in enumerate(words):
        starts[milliseconds(word.start)].append((word.speaker or "", place))
    owners, lost = {}, []
    for target, speaker in given.items():
        places = found(target, starts)
        owners.update(dict.fromkeys(places, speaker))
        if not places:
            lost.append(Correction(What.WORD, target, speaker))
    return owners, lost


def speech_of(dialogue: Dialogue) -> dict[str, tuple[Span, ...]]:
    """Each speaker's speech outside excluded portions, in milliseconds."""
    cuts = union(in_milliseconds(dialogue.excluded))
    return {name: subtract(spans, cuts) for name, spans in turns.tracks(dialogue.activity).items()}


@dataclass(frozen=True, slots=True)
class Hands:
    """What goes from hand to hand: the machine's speech, the pieces that a human spoke of, and all words as they are.

    `pieces` are by the machine's speaker; each lies within one inter-pausal unit.
    """

    speech: Mapping[str, tuple[Span, ...]]
    pieces: Mapping[str, tuple[Piece, ...]]
    words: tuple[AttributedWord, ...]

    @classmethod
    def of(
        cls,
        dialogue: Dialogue,
        words: Sequence[AttributedWord],
        turn_owners: Mapping[int, str],
        word_owners: Mapping[int, str],
        settings: DialogueSettings,
    ) -> Hands:
        """Deal out what a human gave to others."""
        speech = speech_of(dialogue)
        units: dict[str, list[Unit]] = defaultdict(list)
        for unit in turns.joined(speech, settings):
            units[unit.speaker].append(unit)
        said: dict[Unit, list[int]] = defaultdict(list)
        reach = milliseconds(settings.word_reach)
        for place, word in enumerate(words):
            home = None if word.speaker is None else turns.unit_of(word, units[word.speaker], reach)
            if home is not None:
                said[home].append(place)
        given = dict(word_owners)
        pieces: dict[str, tuple[Piece, ...]] = {}
        for speaker, own in units.items():
            places = [place for place, turn in enumerate(dialogue.turns) if turn.speaker == speaker]
            starts = [milliseconds(dialogue.turns[place].start) for place in places]
            dealt: list[Piece] = []
            for unit in own:
                owner = turn_owners.get(place_of(unit, places, starts, dialogue.turns))
                given.update({w: owner for w in said[unit] if owner is not None and w not in word_owners})
                if owner is not None or any(w in word_owners for w in said[unit]):
                    dealt += divided(unit, said[unit], words, given, owner)
            pieces[speaker] = tuple(dealt)
        return cls(speech, pieces, tuple(handed(w, given[i]) if i in given else w for i, w in enumerate(words)))

    def changed(self, machine: Sequence[AttributedWord]) -> bool:
        """Whether anything went to another speaker, or all was only confirmed."""
        went = any(p.speaker != speaker for speaker, own in self.pieces.items() for p in own)
        return went or tuple(machine) != self.words

    def activity(self, machine: Sequence[SpeakerInterval]) -> tuple[SpeakerInterval, ...]:
        """Who spoke when; what nobody spoke of stays as it is."""
        leaving = {s: [p for p in own if p.speaker != s] for s, own in self.pieces.items()}
        kept: list[SpeakerInterval] = []
        for interval in machine:
            (span,) = in_milliseconds([interval.span])
            gone = [p.span for p in leaving.get(interval.speaker, ()) if overlap(p.span, span)]
            kept += in_seconds(subtract([span], gone), interval.speaker) if gone else [interval]
        for speaker, own in leaving.items():
            for piece in own:
                kept += in_seconds(intersect([piece.span], self.speech[speaker]), piece.speaker)
        return tuple(sorted(kept, key=lambda i: (i.start, i.end, i.speaker)))

    def confirmed(self) -> tuple[SpeakerInterval, ...]:
        """Speech whose speaker a human set or confirmed."""
        sure: dict[str, list[Span]] = defaultdict(list)
        for speaker, own in self.pieces.items():
            for piece in own:
                if piece.sure:
                    sure[piece.speaker] += intersect([piece.span], self.speech[speaker])
        told = (i for speaker, spans in sure.items() for i in in_seconds(union(spans), speaker))
        return tuple(sorted(told, key=lambda i: (i.start, i.end, i.speaker)))


def place_of(unit: Unit, places: Sequence[int], starts: Sequence[int], floor: Sequence[Turn]) -> int:
    """The place of the turn that a unit of its speaker's belongs to, -1 for one that never took the floor."""
    last = bisect_right(starts, unit.start) - 1
    return places[last] if last >= 0 and unit.end <= milliseconds(floor[places[last]].end) else -1


def divided(
    unit: Unit,
    said: Iterable[int],
    words: Sequence[Word],
    given: Mapping[int, str],
    owner: str | None,
) -> list[Piece]:
    """A unit divided among its words, half-way between them; whole where it has none."""
    places = sorted(said, key=lambda place: (words[place].start, words[place].end))
    if not places:
        return [Piece(unit.span, owner or unit.speaker, owner is not None)]
    edges = [unit.start]
    for before, after in pairwise(places):
        middle = (milliseconds(utterances.heard_end(words[before])) + milliseconds(words[after].start)) // 2
        edges.append(min(max(edges[-1], middle), unit.end))
    edges.append(unit.end)
    pieces: list[Piece] = []
    for place, (start, end) in zip(places, pairwise(edges), strict=True):
        new = Piece(Span(start, end), given.get(place, unit.speaker), place in given)
        if pieces and (pieces[-1].speaker, pieces[-1].sure) == (new.speaker, new.sure):
            pieces[-1] = replace(new, span=Span(pieces[-1].span.start, end))
        elif start < end:
            pieces.append(new)
    return pieces


def in_seconds(spans: Iterable[Span], speaker: str) -> list[SpeakerInterval]:
    """Spans in milliseconds as intervals of a speaker."""
    return [SpeakerInterval(s.start / 1000, s.end / 1000, speaker) for s in spans]
