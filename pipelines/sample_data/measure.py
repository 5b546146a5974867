"""Measure who speaks when: speech, silences, turns and interruptions, by the project's definitions."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAME_SECONDS = 0.01
BRIDGE_SECONDS = 0.2
SHORTEST_SPEECH_SECONDS = 0.05
ACTIVE_BELOW_LEVEL_DB = 32.0
SILENCE_SECONDS = 3.0
INTERRUPTION_SECONDS = 0.5

Record = dict[str, Any]
Frames = list[tuple[int, int]]


def frame_levels(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Level of every 10 ms frame in dB relative to full scale; the last frame may be short."""
    size = round(sample_rate * FRAME_SECONDS)
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % size))
    levels: NDArray[np.float64] = 10 * np.log10(np.mean(padded.reshape(-1, size) ** 2, axis=1) + 1e-20)
    return levels


def active_frames(samples: NDArray[np.float32], sample_rate: int, threshold_db: float) -> Frames:
    """Frames of speech: louder than the threshold, short gaps bridged, isolated clicks left out."""
    active = frame_levels(samples, sample_rate) > threshold_db
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    bridged: Frames = []
    for start, end in edges.reshape(-1, 2).tolist():
        if bridged and (start - bridged[-1][1]) * FRAME_SECONDS < BRIDGE_SECONDS - 1e-9:
            bridged[-1] = (bridged[-1][0], end)
        else:
            bridged.append((start, end))
    return [(a, b) for a, b in bridged if (b - a) * FRAME_SECONDS >= SHORTEST_SPEECH_SECONDS - 1e-9]


def speech_records(frames: Mapping[str, Frames]) -> list[Record]:
    """Speech intervals of all roles, in order of time."""
    rows = [
        {"role": role, "start": seconds(start), "end": seconds(end)}
        for role, spans in frames.items()
        for start, end in spans
    ]
    return sorted(rows, key=lambda row: (row["start"], row["end"]))


def seconds(frame: float) -> float:
    """Seconds at the edge of a frame."""
    return round(frame * FRAME_SECONDS, 2)


def talk_seconds(speech: Iterable[Record]) -> dict[str, float]:
    """Speaking time of each role."""
    totals: dict[str, float] = {"therapist": 0.0, "client": 0.0}
    for row in speech:
        totals[row["role"]] += row["end"] - row["start"]
    return {role: round(total, 2) for role, total in totals.items()}


def find_silences(speech: Sequence[Record]) -> list[Record]:
    """Silences of 3 s or more between the first and the last speech, from the union of all speech."""
    silences = []
    last = speech[0]
    for row in speech[1:]:
        if row["start"] - last["end"] >= SILENCE_SECONDS - 1e-9:
            kind = "pause" if row["role"] == last["role"] else "gap"
            span = {"start": last["end"], "end": row["start"]}
            silences.append({**span, "before": last["role"], "after": row["role"], "kind": kind})
        last = max(last, row, key=lambda one: one["end"])
    return silences


def find_turns(utterances: Iterable[Record]) -> list[Record]:
    """Turns: runs of utterances of one speaker; a backchannel neither ends nor makes a turn."""
    floor = [row for row in utterances if not row["backchannel"]]
    turns = []
    for role, group in groupby(floor, key=lambda row: row["role"]):
        members = list(group)
        end = max(row["end"] for row in members)
        indices = [row["index"] for row in members]
        turns.append({"role": role, "start": members[0]["start"], "end": end, "utterances": indices})
    return turns


def find_interruptions(turns: Sequence[Record]) -> list[Record]:
    """Turns that start 0.5 s or more before the other's turn would have ended."""
    return [
        {"role": after["role"], "start": after["start"], "overlap": round(before["end"] - after["start"], 2)}
        for before, after in pairwise(turns)
        if before["end"] - after["start"] >= INTERRUPTION_SECONDS - 1e-9
    ]


def find_backchannels(utterances: Iterable[Record]) -> list[Record]:
    """Backchannels as a list of their own."""
    return [{key: row[key] for key in ("role", "start", "end", "text")} for row in utterances if row["backchannel"]]


def count_codes(utterances: Iterable[Record]) -> dict[str, int]:
    """Counts of the codes that the sessions are written to show."""
    rows = list(utterances)
    return {
        "simple reflections": sum(row["reflection"] == "simple" for row in rows),
        "complex reflections": sum(row["reflection"] == "complex" for row in rows),
        "open questions": sum(row["question"] == "open" for row in rows),
        "closed questions": sum(row["question"] == "closed" for row in rows),
        "change talk": sum(row["client_talk"] == "change" for row in rows),
        "sustain talk": sum(row["client_talk"] == "sustain" for row in rows),
    }
