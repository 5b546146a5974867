"""Text with time stamps, as programs for qualitative analysis link it to the recording: one paragraph an utterance.

============ =====================================================
MAXQDA       ``#00:01:02-5# Therapist: …`` (tenths of a second)
ATLAS.ti     the same stamps, before and after the paragraph
NVivo        tab-separated rows: timespan, speaker, content
============ =====================================================
"""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.formats.conversation import Conversation
from toolkit.formats.segment import Segment, by_time

__all__ = ["atlasti", "maxqda", "nvivo", "paragraph"]


def maxqda(conversation: Conversation) -> str:
    """Paragraphs with the stamp of their start, a last stamp at the end of the recording."""
    lines = [f"#{tenths(s.start)}# {paragraph(s)}" for s in ordered(conversation)]
    return "\n\n".join([*lines, f"#{tenths(conversation.duration)}#"]) + "\n"


def atlasti(conversation: Conversation) -> str:
    """Paragraphs between the stamps of their start and end."""
    return "\n\n".join(f"#{tenths(s.start)}# {paragraph(s)} #{tenths(s.end)}#" for s in ordered(conversation)) + "\n"


def nvivo(conversation: Conversation) -> str:
    """A table as NVivo imports it: tabs between the columns, the header in the first row."""
    rows = [
        f"{tenths(s.start, '.')} - {tenths(s.end, '.')}\t{s.speaker}\t{one_line(s.text)}" for s in ordered(conversation)
    ]
    return "\n".join(["Timespan\tSpeaker\tContent", *rows]) + "\n"


def ordered(conversation: Conversation) -> Iterable[Segment]:
    """Segments in order of start."""
    return sorted(conversation.segments, key=by_time)


def paragraph(segment: Segment) -> str:
    """Speaker and text on one line."""
    return f"{segment.speaker}: {one_line(segment.text)}" if segment.speaker else one_line(segment.text)


def one_line(text: str) -> str:
    """Text with white space made single, and no ``#`` that would be taken for a stamp."""
    return " ".join(text.replace("#", " ").split())


def tenths(time: float, point: str = "-") -> str:
    """Seconds as ``HH:MM:SS-t``.

    Examples
    --------
    >>> tenths(62.54)
    '00:01:02-5'
    """
    whole, tenth = divmod(round(time * 10), 10)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{tenth}"
