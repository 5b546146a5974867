"""STM: what was said by whom and when, one segment a line (NIST sclite).

A line is ``<file> <channel> <speaker> <start> <end> [<label>] <text>``; the label, ``<o,f0,male>`` and the like, is
optional. Comments begin with ``;;``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolkit.errors import InputError
from toolkit.formats.conversation import Conversation, of_segments, one_recording
from toolkit.formats.lines import mistake, numbered, read_text, seconds
from toolkit.formats.segment import Segment, by_time

__all__ = ["Segment", "dump", "dumps", "load", "parse", "read"]


def read(path: Path) -> dict[str, tuple[Segment, ...]]:
    """Segments of a file by session, as `parse` gives them.

    Raises
    ------
    InputError
        When the file cannot be read, or a line is wrong: the message names file and line, never the text.
    """
    return parse(read_text(path), path.name)


def parse(text: str, name: str) -> dict[str, tuple[Segment, ...]]:
    """Segments by the line's file field, in order of start; `name` is used in messages.

    Examples
    --------
    >>> parse("s1 1 client 0.5 1.25 <o,f0,male> oh well", "a.stm")
    {'s1': (Segment(start=0.5, end=1.25, speaker='client', text='oh well'),)}
    """
    found: dict[str, list[Segment]] = {}
    for number, line in numbered(text, comment=";;"):
        fields = line.split(maxsplit=5)
        if len(fields) < 5:
            raise mistake(name, number, "an STM line has file, channel, speaker, start, end and text.")
        start = seconds(fields[3], name, number, "start")
        end = seconds(fields[4], name, number, "end")
        if end < start:
            raise mistake(name, number, "it ends before it starts.")
        said = fields[5] if len(fields) > 5 else ""
        if said.startswith("<") and ">" in said.split(maxsplit=1)[0]:
            said = said.partition(">")[2]
        segment = Segment(start, end, fields[2], " ".join(said.split()))
        found.setdefault(fields[0], []).append(segment)
    return {session: tuple(sorted(lines, key=by_time)) for session, lines in found.items()}


def dumps(session_id: str, segments: Iterable[Segment]) -> str:
    """Segments as STM text in order of start; times to the millisecond, white space in the text made single.

    Raises
    ------
    InputError
        When the session id or a speaker is empty or holds white space, which STM has no way to write.
    """
    rows = []
    for segment in sorted(segments, key=by_time):
        for field in (session_id, segment.speaker):
            if not field or len(field.split()) != 1:
                raise InputError("STM cannot hold a session id or speaker that is empty or has spaces.")
        said = " ".join(segment.text.split())
        # the label is written so that a text beginning with "<" is not taken for one
        rows.append(
            f"{session_id} 1 {segment.speaker} {segment.start:.3f} {segment.end:.3f} <NA> {said}".rstrip() + "\n"
        )
    return "".join(rows)


def load(text: str, name: str) -> Conversation:
    """The one recording of a file as a conversation.

    Raises
    ------
    InputError
        As `parse`, or when the file holds no recording or several.
    """
    session_id, segments = one_recording(parse(text, name), name)
    return of_segments(segments, session_id=session_id)


def dump(conversation: Conversation) -> str:
    """The segments of a conversation as STM."""
    return dumps(conversation.session_id, conversation.segments)
