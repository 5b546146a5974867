"""JSON as whisperX, faster-whisper and Whisper write it: segments, in them words with times, and the language.

``{"segments": [{"start": 0.5, "end": 1.9, "text": "…", "speaker": "SPEAKER_00", "words": [{"word": "…", "start": 0.5,
"end": 0.8, "score": 0.9, "speaker": "SPEAKER_00"}]}], "language": "en"}``. faster-whisper calls the score
``probability`` and names no speaker; some programs write the list of segments alone. A word without times (whisperX
cannot place numbers) lies between its neighbours. Written as whisperX writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.errors import InputError
from toolkit.formats.conversation import Conversation, shared_out
from toolkit.formats.json_file import entries, number, parsed, text_of
from toolkit.formats.segment import Segment, by_time
from toolkit.types import AttributedWord

__all__ = ["dump", "load"]


def load(text: str, name: str) -> Conversation:
    """The segments and words of a file.

    Raises
    ------
    InputError
        When it is no such JSON: the message names the segment, never its text.
    """
    data = parsed(text, name)
    table = data if isinstance(data, dict) else {"segments": data}
    if "segments" not in table:
        raise InputError(f"{name}: there are no segments in it.", hint="Written by whisperX or faster-whisper?")
    segments: list[Segment] = []
    words: list[AttributedWord] = []
    for place, entry in enumerate(entries(table["segments"], name, "segment")):
        where = f"{name}, segment {place}"
        segment = Segment(
            number(entry, "start", where),
            number(entry, "end", where),
            text_of(entry, "speaker", where),
            text_of(entry, "text", where),
        )
        found = words_of(entry, segment, where)
        words += found
        segments += by_speaker(segment, found)
    language = table.get("language")
    return Conversation(
        tuple(sorted(segments, key=by_time)),
        words=tuple(sorted(words, key=lambda w: (w.start, w.end))),
        language=language if isinstance(language, str) else "",
        duration=max((s.end for s in segments), default=0.0),
    )


def words_of(entry: Mapping[str, Any], segment: Segment, where: str) -> list[AttributedWord]:
    """The words of a segment; none when no word has a time."""
    found = entries(entry.get("words") or [], where, "word")
    texts = [text_of(w, "word", where) or text_of(w, "text", where) for w in found]
    told = [w.get("start") is not None and w.get("end") is not None for w in found]
    if not any(told):
        return []
    times = placed(found, texts, told, segment, where)
    words = []
    for w, said, (start, end) in zip(found, texts, times, strict=True):
        key = "score" if "score" in w else "probability"
        sure = number(w, key, where) if w.get(key) is not None else 1.0
        if said:
            who = text_of(w, "speaker", where) or segment.speaker
            words.append(AttributedWord(start, end, said, min(1.0, max(0.0, sure)), who or None))
    return words


def placed(
    found: Sequence[Mapping[str, Any]], texts: Sequence[str], told: Sequence[bool], segment: Segment, where: str
) -> list[tuple[float, float]]:
    """Start and end of each word; those without share the time between their neighbours."""
    times: list[tuple[float, float]] = []
    place = 0
    while place < len(found):
        if told[place]:
            times.append((number(found[place], "start", where), number(found[place], "end", where)))
            place += 1
            continue
        stop = next((i for i in range(place, len(found)) if told[i]), len(found))
        low = times[-1][1] if times else segment.start
        high = number(found[stop], "start", where) if stop < len(found) else segment.end
        times += shared_out(low, max(low, high), texts[place:stop])
        place = stop
    return times


def by_speaker(segment: Segment, words: Sequence[AttributedWord]) -> list[Segment]:
    """A segment cut where its words change the speaker, as whisperX gives each word its own."""
    runs: list[list[AttributedWord]] = []
    for word in words:
        if not runs or runs[-1][-1].speaker != word.speaker:
            runs.append([])
        runs[-1].append(word)
    if len(runs) < 2:
        return [segment if segment.speaker or not runs else whole(segment, runs[0])]
    return [
        Segment(run[0].start, max(w.end for w in run), run[0].speaker or "", " ".join(w.text for w in run))
        for run in runs
    ]


def whole(segment: Segment, words: Sequence[AttributedWord]) -> Segment:
    """A segment with the speaker of its words."""
    return Segment(segment.start, segment.end, words[0].speaker or "", segment.text)


def dump(conversation: Conversation) -> str:
    """Segments, each with the words of its speaker in it, as whisperX writes them; times to the millisecond."""
    left = sorted(conversation.words, key=lambda w: (w.start, w.end))
    segments = []
    for segment in sorted(conversation.segments, key=by_time):
        own = [
            w
            for w in left
            if (w.speaker or "") == segment.speaker and segment.start <= w.start and w.end <= segment.end
        ]
        taken = set(map(id, own))
        left = [w for w in left if id(w) not in taken]
        segments.append(written(segment, own))
    table = {"segments": segments, "language": conversation.language}
    return json.dumps(table, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def written(segment: Segment, words: Sequence[AttributedWord]) -> dict[str, Any]:
    """One segment as an object."""
    told: dict[str, Any] = {"start": round(segment.start, 3), "end": round(segment.end, 3), "text": segment.text}
    told["words"] = [
        {
            "word": w.text,
            "start": round(w.start, 3),
            "end": round(w.end, 3),
            "score": round(w.probability, 3),
            **({"speaker": w.speaker} if w.speaker else {}),
        }
        for w in words
    ]
    return told | ({"speaker": segment.speaker} if segment.speaker else {})
