"""Speakers written before what they say, as captions without voices have them: ``[SPEAKER_00]: …`` or ``Jane: …``.

A name before a colon is taken for a speaker only where most captions of the file begin so; else "One thing: …" would
make a speaker. A caption without a prefix in a file with prefixes has no speaker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from toolkit.formats.segment import Segment

__all__ = ["with_speakers"]

BRACKETED = re.compile(r"\s*\[([^\]\n]{1,80})\]:?\s+(.*)|\s*\(([^)\n]{1,80})\):\s*(.*)", re.DOTALL)
NAMED = re.compile(r"\s*([^\W\d_][\w .,'\u2019()@&/-]{0,79}?)\s*:\s+(.*)", re.DOTALL)
MOST = 0.5  # share of captions that must begin with a name


def with_speakers(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Segments with the speakers that their texts begin with; those that have a speaker stay as they are.

    Examples
    --------
    >>> with_speakers([Segment(0, 1, "", "[SPEAKER_00]: Hello.")])
    (Segment(start=0, end=1, speaker='SPEAKER_00', text='Hello.'),)
    """
    found = tuple(segments)
    for pattern in (BRACKETED, NAMED):
        bare = [s for s in found if not s.speaker]
        matches = [pattern.fullmatch(s.text) for s in bare]
        if bare and sum(m is not None for m in matches) >= MOST * len(bare):
            return tuple(s if s.speaker else parted(s, pattern) for s in found)
    return found


def parted(segment: Segment, pattern: re.Pattern[str]) -> Segment:
    """One segment with its prefix as speaker, as it is without one."""
    match = pattern.fullmatch(segment.text)
    if match is None:
        return segment
    who, said = (group for group in match.groups() if group is not None)
    return replace(segment, speaker=" ".join(who.split()), text=said)
