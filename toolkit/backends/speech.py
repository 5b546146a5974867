"""Where somebody speaks: Silero's voice activity, in faster-whisper, on as much sound at once as fits in little memory.

The library looks at a whole recording at once and keeps several copies of it for that, 700 MB for an hour. Here it is
given ten minutes at a time; speech that reaches the end of them is looked at again from its beginning.
"""

from __future__ import annotations

from typing import Any

__all__ = ["RATE", "pieces_of_speech"]

RATE = 16_000
BLOCK = 600.0  # s of sound looked at together
TAIL = 1.0  # s: the end of a block, where speech may just have begun, is looked at again
MIN_SILENCE_MS = 160  # faster-whisper's own for batched decoding; shorter holes are inside words
PAD_MS = 400  # around each piece, so that soft starts and ends of words are heard


def pieces_of_speech(samples: Any, *, longest: float, block: float = BLOCK) -> list[tuple[int, int]]:
    """Pieces of speech, first and last sample, in order; none longer than `longest` seconds.

    Parameters
    ----------
    samples
        Mono sound at 16 kHz.
    longest
        Seconds; a longer piece is cut, where it is quietest if it pauses.
    block
        Seconds looked at together, longer than `longest`.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(min_silence_duration_ms=MIN_SILENCE_MS, speech_pad_ms=PAD_MS, max_speech_duration_s=longest)
    limit, size, tail = int(longest * RATE), int(block * RATE), int(TAIL * RATE)
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(samples):
        end = min(start + size, len(samples))
        pieces = [(start + p["start"], start + p["end"]) for p in get_speech_timestamps(samples[start:end], options)]
        after = end
        if end < len(samples):
            after = end - tail
            if pieces and pieces[-1][1] > after:
                after = pieces.pop()[0]
        found.extend((first, min(last, first + limit)) for first, last in pieces)
        start = max(after, start + 1)
    return found
