"""What becomes of a reference when its recording is moved, joined, repeated or cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from toolkit.errors import InputError
from toolkit.formats.truth import Truth
from toolkit.intervals import Span, complement, union
from toolkit.types import Missing, SpeakerInterval

__all__ = ["as_json", "cut", "joined", "last_quiet", "repeated", "shifted"]

T = TypeVar("T")
SILENCE_MIN = 3.0  # s: what references list


def each(truth: Truth, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Truth:
    """The reference with every list of timed things changed."""
    return replace(
        truth,
        speech=change(truth.speech),
        utterances=truth.utterances if isinstance(truth.utterances, Missing) else change(truth.utterances),
        words=truth.words if isinstance(truth.words, Missing) else change(truth.words),
        turns=change(truth.turns),
        silences=change(truth.silences),
    )


def shifted(truth: Truth, by: float, duration: float) -> Truth:
    """The reference with everything `by` seconds later, in a recording of `duration` seconds."""

    def later(things: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(t, start=round(t.start + by, 4), end=round(t.end + by, 4)) for t in things)

    return replace(each(truth, later), duration=duration)


def joined(parts: Sequence[tuple[Truth, float]]) -> Truth:
    """The reference of recordings played one after the other.

    Parameters
    ----------
    parts
        References and the exact lengths of their recordings, seconds. All name the same speakers and hold the same
        kinds of things.

    Returns
    -------
    Truth
        With the silence over each seam, where it is 3 s or longer, and one turn where a speaker goes on over it.
    """
    placed: list[Truth] = []
    at = 0.0
    for truth, length in parts:
        placed.append(shifted(truth, at, at + length))
        at += length
    first = placed[0]
    return replace(
        first,
        duration=round(at, 4),
        speech=flat([t.speech for t in placed]),
        utterances=every([t.utterances for t in placed]),
        words=every([t.words for t in placed]),
        turns=without_seams([t.turns for t in placed]),
        silences=tuple(sorted([*flat([t.silences for t in placed]), *over_seams(placed)])),
    )


def repeated(truth: Truth, length: float, times: int) -> Truth:
    """The reference of a recording played `times` times."""
    return joined([(truth, length)] * times)


def flat(groups: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    """All things of all parts in order."""
    return tuple(thing for group in groups for thing in group)


def every(groups: Sequence[tuple[T, ...] | Missing]) -> tuple[T, ...] | Missing:
    """All things of all parts, missing where one part has none."""
    missing = next((group for group in groups if isinstance(group, Missing)), None)
    return missing or flat([group for group in groups if not isinstance(group, Missing)])


def without_seams(groups: Sequence[tuple[SpeakerInterval, ...]]) -> tuple[SpeakerInterval, ...]:
    """Turns of all parts; the last of one and the first of the next are one turn when one speaker has both."""
    turns: list[SpeakerInterval] = []
    for group in groups:
        for number, turn in enumerate(group):
            if number == 0 and turns and turns[-1].speaker == turn.speaker:
                turns[-1] = SpeakerInterval(turns[-1].start, turn.end, turn.speaker)
            else:
                turns.append(turn)
    return tuple(turns)


def over_seams(parts: Sequence[Truth]) -> list[Span]:
    """Silences from the last speech of a part to the first of the next one that has any."""
    found: list[Span] = []
    last = -1.0
    for part in parts:
        if part.speech:
            first = min(i.start for i in part.speech)
            if last >= 0 and first - last >= SILENCE_MIN:
                found.append(Span(last, first))
            last = max(i.end for i in part.speech)
    return found


def last_quiet(truth: Truth, limit: float) -> float:
    """The latest moment up to `limit` seconds at which a recording can be cut and nobody is cut off.

    Raises
    ------
    InputError
        When somebody speaks from the start to the limit.
    """
    taken = [i.span for i in truth.speech]
    taken += [] if isinstance(truth.utterances, Missing) else [Span(u.start, u.end) for u in truth.utterances]
    free = complement(union(taken), Span(0.0, limit))
    if not free:
        raise InputError(f"{truth.session_id} cannot be cut within {limit:g} s: somebody speaks all the time.")
    return round((free[-1].start + free[-1].end) / 2, 3)


def cut(truth: Truth, at: float) -> Truth:
    """The reference of the recording up to `at` seconds, where nobody speaks (`last_quiet`)."""
    kept = each(truth, lambda things: tuple(t for t in things if t.start < at))
    end = max((i.end for i in kept.speech), default=0.0)
    turns = tuple(SpeakerInterval(t.start, min(t.end, end), t.speaker) for t in kept.turns)
    silences = tuple(s for s in kept.silences if s.end <= at)  # the rest is no silence: nobody speaks after it
    return replace(kept, duration=at, turns=turns, silences=silences)


def as_json(truth: Truth) -> str:
    """The reference as `toolkit.formats.truth` reads it: the kind this project's sample data have, one row a line."""
    utterances = () if isinstance(truth.utterances, Missing) else truth.utterances
    words = () if isinstance(truth.words, Missing) else truth.words
    rows = {
        "speech": [{"role": i.speaker, "start": i.start, "end": i.end} for i in truth.speech],
        "utterances": [
            {
                "role": u.speaker,
                "start": u.start,
                "end": u.end,
                "text": u.text,
                "reflection": u.reflection,
                "question": u.question,
            }
            for u in utterances
        ],
        "turns": [{"role": i.speaker, "start": i.start, "end": i.end} for i in truth.turns],
        "silences": [{"start": s.start, "end": s.end} for s in truth.silences],
        "words": [{"role": w.speaker, "start": w.start, "end": w.end, "text": w.text} for w in words],
    }
    parts = [f'  "session": {json.dumps(truth.session_id)}', f'  "duration": {json.dumps(truth.duration)}']
    for name, entries in rows.items():
        lines = ",\n    ".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        parts.append(f'  "{name}": [\n    {lines}\n  ]' if lines else f'  "{name}": []')
    return "{\n" + ",\n".join(parts) + "\n}\n"
