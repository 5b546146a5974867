"""WebVTT: captions with a voice, one cue an utterance (W3C WebVTT, ``<v Speaker>`` spans).

`read` takes back what `dumps` wrote and other files of one voice a cue; styles, regions and notes are passed over.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path

from toolkit.formats.lines import mistake, read_text
from toolkit.formats.stm import Segment, by_time

__all__ = ["dumps", "parse", "read"]

TIMING = re.compile(
    r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3}) --> (?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:\s.*)?"
)
VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>(.*?)(?:</v>)?", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


def read(path: Path) -> tuple[Segment, ...]:
    """Cues of a file, as `parse` gives them.

    Raises
    ------
    InputError
        When the file cannot be read, is no WebVTT, or a cue is wrong: the message names file and line.
    """
    return parse(read_text(path), path.name)


def parse(text: str, name: str) -> tuple[Segment, ...]:
    """Cues in order of start; a cue without a voice has the speaker ``""``."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise mistake(name, 1, "no WebVTT: the first line must be WEBVTT.")
    cues: list[Segment] = []
    position = 1
    while position < len(lines):
        if "-->" not in lines[position]:
            position += 1
            continue
        timing = TIMING.fullmatch(lines[position].strip())
        if timing is None:
            raise mistake(name, position + 1, "the times must read HH:MM:SS.mmm --> HH:MM:SS.mmm.")
        start, end = clock(timing.groups()[:4]), clock(timing.groups()[4:])
        if end < start:
            raise mistake(name, position + 1, "the cue ends before it starts.")
        stop = next((i for i in range(position + 1, len(lines)) if not lines[i]), len(lines))
        body = "\n".join(lines[position + 1 : stop])
        voice = VOICE.fullmatch(body)
        speaker, said = (voice[1], voice[2]) if voice else ("", body)
        cues.append(Segment(start, end, html.unescape(speaker), html.unescape(TAG.sub("", said))))
        position = stop
    return tuple(sorted(cues, key=by_time))


def dumps(segments: Iterable[Segment]) -> str:
    """Segments as WebVTT in order of start, the speaker as voice; times to the millisecond.

    White space in text and speakers is made single, because a blank line would end the cue.
    """
    cues = ["WEBVTT\n"]
    for segment in sorted(segments, key=by_time):
        voice, said = escaped(segment.speaker), escaped(segment.text)
        body = f"<v {voice}>{said}</v>" if voice else said
        cues.append(f"\n{stamp(segment.start)} --> {stamp(segment.end)}\n{body}\n")
    return "".join(cues)


def escaped(text: str) -> str:
    """Text on one line, with the characters escaped that WebVTT gives a meaning."""
    return html.escape(" ".join(text.split()), quote=False)


def stamp(time: float, *, point: str = ".") -> str:
    """Seconds as ``HH:MM:SS.mmm``.

    Examples
    --------
    >>> stamp(3661.5)
    '01:01:01.500'
    """
    whole, thousandths = divmod(round(time * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{thousandths:03d}"


def clock(fields: tuple[str | None, ...]) -> float:
    """Seconds from hours (or None), minutes, seconds and thousandths."""
    hours, minutes, secs, thousandths = (int(field or 0) for field in fields)
    return (((hours * 60 + minutes) * 60 + secs) * 1000 + thousandths) / 1000
