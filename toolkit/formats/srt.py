"""SubRip (.srt): numbered captions, one an utterance, the speaker before the text."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.formats.stm import Segment, by_time
from toolkit.formats.vtt import stamp

__all__ = ["dumps"]


def dumps(segments: Iterable[Segment]) -> str:
    """Segments as SubRip text in order of start, times to the millisecond, white space made single.

    SubRip has no way to escape markup: ``<`` and ``>`` are written as square brackets.

    Examples
    --------
    >>> print(dumps([Segment(1.0, 2.5, "client", "I see.")]), end="")
    1
    00:00:01,000 --> 00:00:02,500
    client: I see.
    """
    blocks = []
    for number, segment in enumerate(sorted(segments, key=by_time), start=1):
        said = " ".join(f"{segment.speaker}: {segment.text}".split()) if segment.speaker else segment.text
        said = " ".join(said.split()).replace("<", "[").replace(">", "]")
        times = f"{stamp(segment.start, point=',')} --> {stamp(segment.end, point=',')}"
        blocks.append(f"{number}\n{times}\n{said}\n")
    return "\n".join(blocks)
