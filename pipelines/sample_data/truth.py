"""Bring together the exact truth of a session."""

from collections.abc import Sequence
from typing import Any

import measure
from measure import FRAME_SECONDS, Frames, Record, seconds
from mix import MONO_RATE, Placed, clean_tracks, threshold_db
from script import ROLES, THERAPIST_CODES, Line, Script
from speech import SAMPLE_RATE

WORD_TIMES = "phoneme durations of the text-to-speech model, clipped to the measured speech"


def session_truth(script: Script, placed: list[Placed]) -> Record:
    """Everything known about a session."""
    tracks = clean_tracks(placed)
    active = {role: measure.active_frames(tracks[role], SAMPLE_RATE, threshold_db(script, role)) for role in ROLES}
    speech = measure.speech_records(active)
    talk = measure.talk_seconds(speech)
    utterances = [_utterance(index, one) for index, one in enumerate(placed)]
    turns = measure.find_turns(utterances)
    return {
        "session": script.session,
        "duration": round(len(tracks["client"]) / SAMPLE_RATE, 2),
        "sample_rate": MONO_RATE,
        "voices": {role: script.voices[role].name for role in ROLES},
        "topic": script.topic,
        "talk_seconds": talk,
        "therapist_talk_share": round(talk["therapist"] / sum(talk.values()), 4),
        "word_times": WORD_TIMES,
        "speech": speech,
        "utterances": utterances,
        "turns": turns,
        "backchannels": measure.find_backchannels(utterances),
        "interruptions": measure.find_interruptions(turns),
        "silences": measure.find_silences(speech),
        "words": [word for index, one in enumerate(placed) for word in _words(index, one, active[one.role])],
    }


def _utterance(index: int, one: Placed) -> Record:
    span = {"index": index, "role": one.role, "start": seconds(one.start), "end": seconds(one.end), "text": one.text}
    return {**span, **_codes(one.role, one.line), "backchannel": one.line is None}


def _codes(role: str, line: Line | None) -> dict[str, Any]:
    if role == "client":
        talk = "neutral" if line is None else line.code
        return {"main": "n/a", "reflection": "none", "question": "none", "client_talk": talk, "codes": []}
    main, reflection, question, codes = THERAPIST_CODES["facilitating" if line is None else line.code]
    named = {"main": main, "reflection": reflection, "question": question, "client_talk": "n/a"}
    return {**named, "codes": list(codes)}


def _words(index: int, one: Placed, active: Frames) -> list[Record]:
    rows = []
    for start, clip in one.clips:
        heard = clip_frames(active, start, start + clip.frames)
        spans = [_word_span(start, word.start, word.end, heard) for word in clip.words]
        rows += [
            {"role": one.role, "text": word.text, **span, "utterance": index}
            for word, span in zip(clip.words, spans, strict=True)
        ]
    return rows


def clip_frames(active: Sequence[tuple[float, float]], first: float, last: float) -> list[tuple[float, float]]:
    """Take the part of the active frames between two places.

    Examples
    --------
    >>> clip_frames([(0, 10), (20, 30), (40, 50)], 5, 25)
    [(5, 10), (20, 25)]
    """
    return [(max(first, a), min(last, b)) for a, b in active if a < last and b > first]


def _word_span(offset: int, start: float, end: float, heard: list[tuple[float, float]]) -> dict[str, float]:
    """Place a word on the timeline; the silence that the model counts to a word is taken off."""
    first, last = offset + start / FRAME_SECONDS, offset + end / FRAME_SECONDS
    spans = clip_frames(heard, first, last)
    if spans:
        first, last = spans[0][0], spans[-1][1]
    return {"start": seconds(first), "end": seconds(last)}
