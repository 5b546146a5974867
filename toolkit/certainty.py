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
    """Where a word lies among the speech of its speaker and of others."""

    ALONE = "alone"
    NEAR = "near"
    BOTH = "both"
    OTHER = "other"
    NOBODY = "nobody"
    MOVED = "moved"


RATES: Mapping[Place, float] = dict.fromkeys(Place, 0.99)
"""Share of words given to the right speaker, see docs/adr/0010."""


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
    """
    if moved:
        return Place.MOVED
    least = MOST * span.duration
    own = speaker in present and present[speaker].covered(span) > least
    others = [track for who, track in present.items() if who != speaker]
    theirs = any(track.covered(span) > least for track in others)
    if own and theirs:
        return Place.BOTH
    if theirs:
        return Place.OTHER
    if not own:
        return Place.NOBODY
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
