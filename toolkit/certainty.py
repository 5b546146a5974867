"""How sure it is that a word is its speaker's: the share of words in a like place that were the right person's.

Conventions
-----------
A word lies in one of a few places (`Place`), found from its time and from who speaks when, and its confidence is how
often words in that place were given to the right speaker on recordings with known words (docs/adr/0010): of `n` such
words of which `k` were wrong, `1 - (k + 0.5) / (n + 1)`. So it is a chance and no score, and words in the same
place have the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from toolkit.intervals import Span, Track
from toolkit.types import AttributedWord, Missing

__all__ = ["RATES", "Place", "notes", "place_of"]

NEAR = 0.5  # s: nearer to another person's speech, a word's time and the change are not told apart surely
DOUBTFUL = 0.9  # probability: below it a word is doubtful
MANY = 0.1  # share of doubtful words of which a reader is told
MOST = 0.5  # share of a word from which it counts as covered


class Place(StrEnum):
    """Where a word lies among the speech of its speaker and of others.

    Alone: its speaker is heard, nobody else near. Near: somebody else within `NEAR` seconds. Both: somebody else at the
    same time. Unheard: its speaker is not heard there. Moved: it went to its speaker for its sentence, not its time.
    """

    ALONE = "alone"
    NEAR = "near"
    BOTH = "both"
    UNHEARD = "unheard"
    MOVED = "moved"


COUNTED: Mapping[Place, tuple[int, int]] = {
    Place.ALONE: (3798, 22),
    Place.NEAR: (373, 16),
    Place.BOTH: (67, 10),
    Place.UNHEARD: (3, 0),
    Place.MOVED: (19, 3),
}
"""Rightly recognised words in each place, and how many of them were another person's: docs/adr/0010."""

RATES: Mapping[Place, float] = {
    place: round(1 - (wrong + 0.5) / (count + 1), 3) for place, (count, wrong) in COUNTED.items()
}
"""The chance that a word in a place is its speaker's."""


def place_of(span: Span, speaker: str, present: Mapping[str, Track], *, moved: bool) -> Place:
    """Where a word lies.

    Parameters
    ----------
    span
        Its time.
    speaker
        Whose it was taken to be.
    present
        Where each person speaks, overlap included.
    moved
        Whether it went to them for its sentence, against its time.

    Examples
    --------
    >>> present = {"A": Track.of([Span(0, 5)]), "B": Track.of([Span(4, 9)])}
    >>> [str(place_of(Span(t, t + 0.4), "A", present, moved=False)) for t in (1.0, 3.5, 4.2, 6.0)]
    ['alone', 'near', 'both', 'unheard']
    """
    if moved:
        return Place.MOVED
    least = MOST * span.duration
    if speaker not in present or present[speaker].covered(span) <= least:
        return Place.UNHEARD
    others = [track for who, track in present.items() if who != speaker]
    if any(track.covered(span) > least for track in others):
        return Place.BOTH
    return Place.NEAR if any(track.distance(span) < NEAR for track in others) else Place.ALONE


def notes(words: Sequence[AttributedWord]) -> tuple[str, ...]:
    """What a reader should know of how sure the speakers of the words are: nothing where few are doubtful."""
    known = [w.speaker_confidence for w in words if not isinstance(w.speaker_confidence, Missing)]
    doubtful = sum(sure < DOUBTFUL for sure in known)
    if not known or doubtful <= MANY * len(known):
        return ()
    wrong = sum(1 - sure for sure in known)
    place = "where people talk at once, or where it is not sure who talks"
    return (f"{doubtful} of {len(known)} words lie {place}: about {wrong:.0f} of all may be another person's.",)
