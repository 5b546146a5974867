"""WebVTT: captions with a voice, one cue an utterance (W3C WebVTT, ``<v Speaker>`` spans).

`read` takes back what `dumps` wrote and other files; styles, regions and notes are passed over. `load` finds speakers
also where they stand before the text (``[SPEAKER_00]: …``, ``Jane: …``), as Zoom, whisperX and others write them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path

from toolkit.formats.conversation import Conversation, of_segments, shared_out
from toolkit.formats.lines import mistake, read_text
from toolkit.formats.prefixes import with_speakers
from toolkit.formats.segment import Segment, by_time

__all__ = ["dump", "dumps", "load", "parse", "read"]

TIMING = re.compile(
    r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3}) --> (?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:\s.*)?"
)
VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
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
        cues += voices(start, end, "\n".join(lines[position + 1 : stop]))
        position = stop
    return tuple(sorted(cues, key=by_time))


def voices(start: float, end: float, body: str) -> list[Segment]:
    """A cue as one segment a voice; of several voices each has a part of the time by the length of its text."""
    before, *rest = VOICE.split(body)
    parts = [("", before), *zip(rest[::2], rest[1::2], strict=True)]
    said = [(html.unescape(who), html.unescape(TAG.sub("", text))) for who, text in parts]
    spoken = [part for part in said if part[1].strip()] or said[-1:]
    if len(spoken) == 1:
        return [Segment(start, end, *spoken[0])]
    times = shared_out(start, end, [text for _, text in spoken])
    return [Segment(*time, *part) for time, part in zip(times, spoken, strict=True)]


def load(text: str, name: str) -> Conversation:
    """The cues of a file as a conversation.

    Raises
    ------
    InputError
        As `parse`.
    """
    return of_segments(with_speakers(parse(text, name)))


def dump(conversation: Conversation) -> str:
    """The segments of a conversation as WebVTT."""
    return dumps(conversation.segments)


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
