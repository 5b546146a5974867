"""A random stretch of a session, as MITI asks for one of 20 minutes.

References
----------
Moyers, Manuel & Ernst (2014/15), MITI 4.2.1, section B: a random 20-minute segment, truly random.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from toolkit.coding.volleys import Volley
from toolkit.intervals import Span, milliseconds

__all__ = ["inside", "sample_span"]


def sample_span(session: Span, session_id: str, *, length: float, seed: int) -> Span:
    """A random stretch of a session, as MITI asks for one of 20 minutes; the whole session when that is shorter.

    Parameters
    ----------
    session
        From the first to the last speech, seconds.
    session_id
        Makes the draw another one in each session.
    length
        Of the stretch, seconds.
    seed
        Same seed, same stretches; every start, to the millisecond, is equally likely.

    Examples
    --------
    >>> sample_span(Span(5, 605), "s01", length=1200, seed=1)
    Span(start=5, end=605)
    """
    room = milliseconds(session.end) - milliseconds(session.start) - milliseconds(length)
    if room <= 0:
        return session
    start = milliseconds(session.start) + random.Random(f"{seed}:{session_id}").randint(0, room)
    return Span(start / 1000, (start + milliseconds(length)) / 1000)


def inside(volleys: Iterable[Volley], span: Span) -> tuple[Volley, ...]:
    """The volleys that lie wholly inside a stretch: one that is cut would count less than it holds."""
    return tuple(v for v in volleys if span.start <= v.start and v.end <= span.end)
