"""SubRip (.srt): numbered captions, one an utterance, the speaker before the text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolkit.formats.conversation import Conversation, of_segments
from toolkit.formats.lines import mistake
from toolkit.formats.prefixes import with_speakers
from toolkit.formats.segment import Segment, by_time
from toolkit.formats.vtt import clock, stamp

__all__ = ["dump", "dumps", "load", "parse"]

TIMING = re.compile(
    r"(\d{1,3}):([0-5]?\d):([0-5]?\d)[,.](\d{3})\s*-->\s*(\d{1,3}):([0-5]?\d):([0-5]?\d)[,.](\d{3})(?:\s.*)?"
)
TAG = re.compile(r"</?[a-zA-Z][^>]*>|\{\\[^}]*\}")


def parse(text: str, name: str) -> tuple[Segment, ...]:
    """Captions in order of start, without speakers: SubRip has no place for them.

    Raises
    ------
    InputError
        When there is no caption, or the times of one are wrong: the message names file and line.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [i for i, line in enumerate(lines) if "-->" in line]
    if not starts:
        raise mistake(name, 1, "no SubRip: there is no line of times.")
    found = []
    for position in starts:
        timing = TIMING.fullmatch(lines[position].strip())
        if timing is None:
            raise mistake(name, position + 1, "the times must read HH:MM:SS,mmm --> HH:MM:SS,mmm.")
        start, end = clock(timing.groups()[:4]), clock(timing.groups()[4:])
        if end < start:
            raise mistake(name, position + 1, "the caption ends before it starts.")
        stop = next((i for i in range(position + 1, len(lines)) if not lines[i].strip()), len(lines))
        said = " ".join(" ".join(lines[position + 1 : stop]).split())
        found.append(Segment(start, end, "", TAG.sub("", said).strip()))
    return tuple(sorted(found, key=by_time))


def load(text: str, name: str) -> Conversation:
    """The captions of a file as a conversation, speakers taken from before the text; raises as `parse`."""
    return of_segments(with_speakers(parse(text, name)))


def dump(conversation: Conversation) -> str:
    """The segments of a conversation as SubRip."""
    return dumps(conversation.segments)


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
