"""SegLST: segments as JSON, as meeteval and the CHiME challenge have them.

``[{"session_id": "s01", "speaker": "client", "start_time": 0.5, "end_time": 1.25, "words": "oh well"}]``, seconds.
"""

from __future__ import annotations

import json

from toolkit.formats.conversation import Conversation, of_segments, one_recording
from toolkit.formats.json_file import entries, number, parsed, text_of
from toolkit.formats.segment import Segment, by_time

__all__ = ["dump", "load"]


def load(text: str, name: str) -> Conversation:
    """The one session of a file.

    Raises
    ------
    InputError
        When it is no SegLST, or holds no session or several: the message names the segment, never its text.
    """
    found: dict[str, list[Segment]] = {}
    for place, entry in enumerate(entries(parsed(text, name), name, "segment")):
        where = f"{name}, segment {place}"
        segment = Segment(
            number(entry, "start_time", where),
            number(entry, "end_time", where),
            text_of(entry, "speaker", where),
            text_of(entry, "words", where),
        )
        found.setdefault(text_of(entry, "session_id", where), []).append(segment)
    session_id, segments = one_recording(found, name)
    return of_segments(segments, session_id=session_id)


def dump(conversation: Conversation) -> str:
    """The segments of a conversation, one a line; times to the millisecond."""
    rows = [
        json.dumps(
            {
                "session_id": conversation.session_id,
                "speaker": s.speaker,
                "start_time": round(s.start, 3),
                "end_time": round(s.end, 3),
                "words": s.text,
            },
            ensure_ascii=False,
            allow_nan=False,
        )
        for s in sorted(conversation.segments, key=by_time)
    ]
    return "[\n" + ",\n".join(rows) + "\n]\n"
