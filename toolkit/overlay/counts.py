"""Turns given to another speaker where the words were not kept: what can be told from counts and times alone.

The machine's turns stand but for those that were given. One that now follows or goes before a turn of its new speaker
joins it, unless a portion was excluded in between. An utterance goes with the turn of its speaker that holds most of
it, whole, and with its codes. A backchannel or an attempt to interrupt oneself is none: it is left out. What was a
backchannel stays one, and no turn becomes one, as that would take the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit import turns
from toolkit.intervals import Span, in_milliseconds, intersect, milliseconds, overlap, subtract, total, union
from toolkit.types import Backchannel, Dialogue, Interruption, Missing, Turn, Utterance

__all__ = ["moved"]


def moved(machine: Dialogue, heard: Dialogue, owners: Mapping[int, str]) -> Dialogue:
    """A dialogue in which turns have other speakers.

    Parameters
    ----------
    machine
        As it was.
    heard
        The same with the speech already given to others.
    owners
        Place of a turn to its speaker by a human.
    """
    given = {place: who for place, who in owners.items() if who != machine.turns[place].speaker}
    floor = [replace(t, speaker=given.get(place, t.speaker)) for place, t in enumerate(machine.turns)]
    said = machine.utterances
    return replace(
        heard,
        utterances=said if isinstance(said, Missing) else tuple(of_turn(u, machine.turns, given) for u in said),
        turns=joined(floor, frozenset(given), heard),
        backchannels=tuple(b for b in machine.backchannels if not inside_own(b, machine.turns, given)),
        interruptions=tuple(
            new
            for i in machine.interruptions
            if (new := with_speakers(i, machine.turns, given)).speaker != new.interrupted
        ),
    )


def of_turn(u: Utterance, floor: Sequence[Turn], given: Mapping[int, str]) -> Utterance:
    """An utterance with the speaker of the turn that holds most of it; unchanged outside its speaker's turns."""
    shares = {
        place: overlap(Span(t.start, t.end), Span(u.start, max(u.start, u.end)))
        for place, t in enumerate(floor)
        if t.speaker == u.speaker and t.start < u.end and u.start < t.end
    }
    home = max(shares, key=lambda place: (round(shares[place], 3), -place), default=-1)
    return replace(u, speaker=given.get(home, u.speaker))


def joined(floor: Sequence[Turn], given: frozenset[int], heard: Dialogue) -> tuple[Turn, ...]:
    """Turns in order, those that were given joined with their new speaker's beside them."""
    cuts = union(in_milliseconds(heard.excluded))
    tracks = turns.tracks(heard.activity)
    speech = {name: subtract(spans, cuts) for name, spans in tracks.items()}
    found: list[tuple[Turn, bool]] = []
    for place, turn in enumerate(floor):
        touched = place in given
        if found:
            last, also = found[-1]
            apart = any(milliseconds(last.end) <= c.start and c.end <= milliseconds(turn.start) for c in cuts)
            if last.speaker == turn.speaker and (touched or also) and not apart:
                found[-1] = (replace(last, end=max(last.end, turn.end)), True)
                continue
        found.append((turn, touched))
    return tuple(
        replace(turn, index=index, speech_time=spoken_in(turn, speech) if touched else turn.speech_time)
        for index, (turn, touched) in enumerate(found)
    )


def spoken_in(turn: Turn, speech: Mapping[str, tuple[Span, ...]]) -> float:
    """Seconds in which the speaker of a turn speaks in it."""
    return total(intersect(speech[turn.speaker], in_milliseconds([Span(turn.start, turn.end)]))) / 1000


def inside_own(b: Backchannel, floor: Sequence[Turn], given: Mapping[int, str]) -> bool:
    """Whether a backchannel lies in a turn that is now of the one who gave it."""
    return any(who == b.speaker and floor[place].start <= b.start < floor[place].end for place, who in given.items())


def with_speakers(i: Interruption, floor: Sequence[Turn], given: Mapping[int, str]) -> Interruption:
    """An interruption between those who now hold the turns it began and cut into."""
    speaker, interrupted = i.speaker, i.interrupted
    for place, who in given.items():
        turn = floor[place]
        if i.succeeded and turn.speaker == i.speaker and turn.start == i.start:
            speaker = who
        if turn.speaker == i.interrupted and turn.start <= i.start < turn.end:
            interrupted = who
    return replace(i, speaker=speaker, interrupted=interrupted)
