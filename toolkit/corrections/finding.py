"""What lies at a time: people say 1:15, corrections name an exact start."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from toolkit import overlay
from toolkit.errors import InputError
from toolkit.intervals import milliseconds
from toolkit.overlay import What
from toolkit.result import SessionResult
from toolkit.types import Missing

__all__ = ["spoken_time", "start_of"]

CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)")
MOST_TOLD = 5
KINDS = {What.TURN: "turn", What.WORD: "word", What.CODE: "utterance", What.SILENCE: "silence"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that starts and ends, in seconds, and who speaks."""

    start: float
    end: float
    speaker: str


def spoken_time(text: str) -> float:
    """Seconds of a time as people write it.

    Examples
    --------
    >>> spoken_time("75.4"), spoken_time("1:15.4"), spoken_time("1:02:03")
    (75.4, 75.4, 3723.0)

    Raises
    ------
    InputError
        When it is no time.
    """
    plain = text.strip().replace(",", ".")
    match = CLOCK.fullmatch(plain)
    if match and not (match[1] and int(match[2]) > 59):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    try:
        seconds = float(plain)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise InputError("that is no time.", hint="Write seconds, or minutes and seconds: 75.4 or 1:15.4.")
    return seconds


def start_of(result: SessionResult, what: What, time: float) -> str:
    """The target of what starts at a time; else of what starts within that whole second; else of what it falls into.

    Parameters
    ----------
    result
        The session as it is shown.
    what
        `What.TURN`, `What.WORD`, `What.CODE` (an utterance) or `What.SILENCE`.
    time
        Seconds.

    Raises
    ------
    InputError
        When nothing of the kind is there, or several are.
    """
    there = [*stretches(result, what)]
    exact = [s for s in there if milliseconds(s.start) == milliseconds(time)]
    second = [s for s in there if time == int(time) and time <= s.start < time + 1]
    found = exact or second or [s for s in there if s.start <= time < s.end]
    where = f"session {result.dialogue.session_id}: "
    if not found:
        nearest = min(there, key=lambda s: abs(s.start - time), default=None)
        hint = f"The nearest starts at {nearest.start:.3f} s." if nearest else "The session has none."
        raise InputError(f"{where}there is no {KINDS[what]} at {time:g} s.", hint=hint)
    if len(found) > 1:
        told = ", ".join(f"{s.start:.3f}/{s.speaker}" for s in found[:MOST_TOLD])
        raise InputError(f"{where}several {KINDS[what]}s are at {time:g} s: {told}.", hint="Give the exact start.")
    twin = sum(milliseconds(s.start) == milliseconds(found[0].start) for s in there) > 1
    return overlay.target(found[0].start, found[0].speaker if twin else "")


def stretches(result: SessionResult, what: What) -> Iterator[Stretch]:
    """Everything of one kind."""
    dialogue = result.dialogue
    match what:
        case What.TURN:
            yield from (Stretch(t.start, t.end, t.speaker) for t in dialogue.turns)
        case What.SILENCE:
            yield from (Stretch(s.start, s.end, "") for s in dialogue.silences)
        case What.CODE:
            said = () if isinstance(dialogue.utterances, Missing) else dialogue.utterances
            yield from (Stretch(u.start, u.end, u.speaker) for u in said)
        case What.WORD:
            words = () if isinstance(result.heard.words, Missing) else result.heard.words
            yield from (Stretch(w.start, w.end, w.speaker or "") for w in words)
        case _:
            raise ValueError(f"{what} lies at no stretch of time")
