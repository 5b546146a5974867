"""Decoded sound in blocks of about 30,000 samples, so that memory does not grow with rate, channels or length.

Conventions
-----------
A block is float32 of shape (channels, n) at the original rate. Blocks follow each other without a gap: where the
time stamps leave one (packets lost on a line), it is filled with silence and counted, so that later times stay right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from toolkit.audio.source import BadRecordingError
from toolkit.intervals import Span

__all__ = ["Decoder", "refuse_bad_numbers", "silence", "too_long"]

Block = NDArray[np.float32]

BLOCK = 32768
"""Samples of a block; a longer frame makes a longer block."""

GAP = 0.1
"""Seconds; a smaller jump of the time stamps is rounding."""

LOUDEST = 16.0
"""Amplitude beyond which float samples are no sound in -1 to 1 but numbers of another scale."""

SCALES = {"u8": 1 / 128, "s16": 1 / 32768, "s32": 1 / 2147483648, "s64": 1 / 9223372036854775808, "flt": 1, "dbl": 1}


class Decoder:
    """The sound of one stream, from its start.

    Parameters
    ----------
    container, stream
        Opened by `probe.opened`.
    limit
        Longest length in seconds.

    Attributes
    ----------
    rate, channels
        Of the first frame.
    samples
        Samples given out so far, filled gaps included.
    filled
        Seconds of gap filled with silence.
    damaged
        Packets between good ones that could not be decoded.
    """

    def __init__(self, container: Any, stream: Any, *, limit: float) -> None:
        self.container = container
        self.stream = stream
        self.limit = limit
        self.rate = 0
        self.channels = 0
        self.samples = 0
        self.filled = 0.0
        self.damaged = 0
        self._bad_packets = 0
        self._origin = 0.0
        self._pending: list[NDArray[Any]] = []
        self._pending_samples = 0
        self._format = ""

    def blocks(self) -> Iterator[Block]:
        """Decode everything.

        Raises
        ------
        BadRecordingError
            When the length passes the limit, the channels change on the way, or the samples are no numbers.
        """
        if self.stream.codec_context.name == "flac":
            self.stream.codec_context.options = {"err_detect": "crccheck"}  # off by default: rot would pass
        for frame in self.frames():
            gap = self.gap_before(frame)
            if gap > 0 or frame.format.name != self._format:
                yield from self.flush()
                self._format = frame.format.name
                yield from self.fill(gap)
            self._pending.append(frame.to_ndarray())
            self._pending_samples += frame.samples
            if self._pending_samples >= BLOCK:
                yield from self.flush()
        yield from self.flush()

    def frames(self) -> Iterator[Any]:
        """Frames in order; packets that cannot be decoded are counted and passed over."""
        for packet in self.packets():
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                self._bad_packets += 1
                continue
            for frame in decoded:
                if frame.samples:
                    self.check(frame)
                    yield frame

    def packets(self) -> Iterator[Any]:
        """Packets in order, up to where the container breaks off."""
        try:
            yield from self.container.demux(self.stream)
        except av.error.InvalidDataError:
            self._bad_packets += 1

    def check(self, frame: Any) -> None:
        """Take rate and channels from the first frame, and refuse a later one that differs."""
        if not self.rate:
            self.rate, self.channels = frame.sample_rate, frame.layout.nb_channels
            self._bad_packets = 0  # what came before the first sound is no sound
        elif (frame.sample_rate, frame.layout.nb_channels) != (self.rate, self.channels):
            raise BadRecordingError(
                "the recording changes its rate or its channels on the way",
                hint="Convert it once to wav, then: toolkit run",
            )
        self.damaged, self._bad_packets = self.damaged + self._bad_packets, 0

    def gap_before(self, frame: Any) -> int:
        """Samples missing before a frame, by its time stamp; 0 for a jump back or one too small to trust."""
        if frame.pts is None or frame.time_base is None:
            return 0
        time = float(frame.pts * frame.time_base)
        position = self.samples + self._pending_samples
        if not position:
            start = (self.container.start_time or 0) / av.time_base
            self._origin = start if time - start > GAP else time
        gap = time - self._origin - position / self.rate
        if gap <= GAP:
            return 0
        if gap > self.limit:
            raise BadRecordingError("the time stamps of the recording are damaged")
        return round(gap * self.rate)

    def fill(self, gap: int) -> Iterator[Block]:
        """Silence in place of missing samples."""
        self.filled += gap / self.rate
        while gap > 0:
            part = min(gap, BLOCK)
            yield self.count(np.zeros((self.channels, part), np.float32))
            gap -= part

    def flush(self) -> Iterator[Block]:
        """Give out what was gathered."""
        if not self._pending:
            return
        raw = self._pending[0] if len(self._pending) == 1 else np.concatenate(self._pending, axis=1)
        self._pending, self._pending_samples = [], 0
        yield self.count(as_float(raw, self._format, self.channels))

    def count(self, block: Block) -> Block:
        """Keep the position and the limit."""
        self.samples += block.shape[1]
        if self.samples > self.limit * self.rate:
            raise too_long(self.limit)
        return block


def too_long(limit: float) -> BadRecordingError:
    """The refusal of a recording longer than `limit` seconds."""
    return BadRecordingError(
        f"the recording is longer than {limit / 3600:g} hours",
        hint="Raise audio.max_hours in toolkit.toml, then: toolkit run",
    )


def as_float(raw: NDArray[Any], sample_format: str, channels: int) -> Block:
    """Turn decoded samples of any format into rows of float32 in -1 to 1."""
    kind = sample_format.removesuffix("p")
    rows = raw if sample_format.endswith("p") else raw.reshape(-1, channels).T
    block = rows.astype(np.float32)  # a copy in C order only when rows already is; either way ours
    if kind == "u8":
        block -= 128
    if SCALES[kind] != 1:
        block *= np.float32(SCALES[kind])
    return block


def silence(block: Block, start: int, rate: int, excluded: Sequence[Span]) -> None:
    """Zero, in place, the samples of a block that excluded portions touch; `start` is its first sample's number."""
    for span in excluded:
        first = floor(min(span.start * rate, 1e15)) - start
        last = ceil(min(span.end * rate, 1e15)) - start  # an open end is infinite
        if last > 0 and first < block.shape[1]:
            block[:, max(0, first) : last] = 0


def refuse_bad_numbers(block: Block) -> None:
    """Refuse samples that are not finite, or on another scale than -1 to 1."""
    high, low = float(block.max()), float(block.min())
    if not (np.isfinite(high) and np.isfinite(low)):
        raise BadRecordingError(
            "the recording holds samples that are no numbers (NaN or infinite)",
            hint="Export it again from the program that made it, then: toolkit run",
        )
    if max(high, -low) > LOUDEST:
        raise BadRecordingError(
            f"the recording holds samples up to {max(high, -low):.0f}; float samples must lie in -1 to 1",
            hint="Export it again as 16-bit wav, then: toolkit run",
        )
