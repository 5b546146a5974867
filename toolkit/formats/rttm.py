"""RTTM: who spoke when, one speaker interval a line (NIST Rich Transcription 2009).

A line is ``SPEAKER <file> <channel> <start> <duration> <NA> <NA> <speaker> <NA> <NA>``; times are seconds with three
decimals. Lines of other types (``SPKR-INFO``, ``LEXEME`` …) and comments (``;;``) are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolkit.errors import InputError
from toolkit.formats.conversation import Conversation, of_segments, one_recording
from toolkit.formats.lines import mistake, numbered, read_text, seconds
from toolkit.formats.segment import Segment
from toolkit.types import SpeakerInterval

__all__ = ["dump", "dumps", "load", "parse", "read"]


def read(path: Path) -> dict[str, tuple[SpeakerInterval, ...]]:
    """Speaker intervals of a file by session, as `parse` gives them.

    Raises
    ------
    InputError
        When the file cannot be read, or a line is wrong: the message names file and line.
    """
    return parse(read_text(path), path.name)


def parse(text: str, name: str) -> dict[str, tuple[SpeakerInterval, ...]]:
    """Speaker intervals by the line's file field, in order of start; `name` is used in messages.

    Examples
    --------
    >>> parse("SPEAKER s1 1 1.5 0.5 <NA> <NA> client <NA> <NA>", "a.rttm")
    {'s1': (SpeakerInterval(start=1.5, end=2.0, speaker='client'),)}
    """
    found: dict[str, list[SpeakerInterval]] = {}
    for number, line in numbered(text, comment=";"):
        fields = line.split()
        if fields[0] != "SPEAKER":
            if not fields[0].isupper():
                raise mistake(name, number, "no RTTM line: it must begin with SPEAKER.")
            continue
        if len(fields) < 8:
            raise mistake(name, number, f"a SPEAKER line has 10 fields, this one has {len(fields)}.")
        start = seconds(fields[3], name, number, "start")
        duration = seconds(fields[4], name, number, "duration")
        interval = SpeakerInterval(start, round(start + duration, 6), fields[7])
        found.setdefault(fields[1], []).append(interval)
    return {session: tuple(sorted(lines, key=by_time)) for session, lines in found.items()}


def dumps(session_id: str, intervals: Iterable[SpeakerInterval]) -> str:
    """Intervals as RTTM text, in order of start; those shorter than half a millisecond are left out.

    Start and end are rounded to the millisecond, so what `parse` reads back ends where the interval did.

    Raises
    ------
    InputError
        When the session id or a speaker is empty or holds white space, which RTTM has no way to write.
    """
    rows = []
    for interval in sorted(intervals, key=by_time):
        for field in (session_id, interval.speaker):
            if not field or len(field.split()) != 1:
                raise InputError("RTTM cannot hold a session id or speaker that is empty or has spaces.")
        start, end = round(interval.start, 3), round(interval.end, 3)
        if end > start:
            rows.append(
                f"SPEAKER {session_id} 1 {start:.3f} {end - start:.3f} <NA> <NA> {interval.speaker} <NA> <NA>\n"
            )
    return "".join(rows)


def load(text: str, name: str) -> Conversation:
    """The one recording of a file as a conversation without text.

    Raises
    ------
    InputError
        As `parse`, or when the file holds no recording or several.
    """
    session_id, intervals = one_recording(parse(text, name), name)
    return of_segments((Segment(i.start, i.end, i.speaker, "") for i in intervals), session_id=session_id)


def dump(conversation: Conversation) -> str:
    """Who speaks when, of the segments of a conversation."""
    return dumps(conversation.session_id, (SpeakerInterval(s.start, s.end, s.speaker) for s in conversation.segments))


def by_time(interval: SpeakerInterval) -> tuple[float, float, str]:
    """Order of start, then end, then label."""
    return interval.start, interval.end, interval.speaker
