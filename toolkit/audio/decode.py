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

EXACT_GAP = 0.001
"""Seconds; flac numbers its samples, so that a smaller jump than a frame is damage that FFmpeg skipped."""

LOUDEST = 16.0
"""Amplitude beyond which float samples are no sound in -1 to 1 but numbers of another scale."""

KINDS: dict[str, tuple[type, float]] = {
    # FFmpeg's name: type of a sample, and what its full scale is
    "u8": (np.uint8, 2.0**7),
    "s16": (np.int16, 2.0**15),
    "s32": (np.int32, 2.0**31),
    "s64": (np.int64, 2.0**63),
    "flt": (np.float32, 1.0),
    "dbl": (np.float64, 1.0),
}


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
        Packets between good ones that could not be decoded, and gaps where there can be none.
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
        self._exact = container.format.name == "flac"
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
        if self._exact:
            self.stream.codec_context.options = {"err_detect": "crccheck+explode"}  # off by default: rot would pass
        for frame in self.frames():
            gap = self.gap_before(frame)
            if gap > 0 or frame.format.name != self._format:
                yield from self.flush()
                self._format = frame.format.name
                yield from self.fill(gap)
            self._pending.append(samples_of(frame, self.channels))
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
        if gap <= (EXACT_GAP if self._exact else GAP):
            return 0
        self.damaged += self._exact
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

    def cut(self, declared: float, slack: float) -> None:
        """Leave off the padding of the last packet, which an MP4 states by its length and FFmpeg gives out."""
        if declared * self.rate < self.samples <= (declared + slack) * self.rate:
            self.samples = round(declared * self.rate)

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


def samples_of(frame: Any, channels: int) -> NDArray[Any]:
    """Copy a frame's samples, as shape (channels, n), or (1, n * channels) when they are interleaved.

    PyAV's own ``to_ndarray`` reads a ninth plane of eight that is not there, and may crash on it.
    """
    kind = np.dtype(KINDS[frame.format.name.removesuffix("p")][0])
    planar = frame.format.is_planar
    count = frame.samples if planar else frame.samples * channels
    planes = frame.planes[: channels if planar else 1]
    return np.stack([np.frombuffer(plane, dtype=kind, count=count) for plane in planes])


def as_float(raw: NDArray[Any], sample_format: str, channels: int) -> Block:
    """Turn decoded samples of any format into rows of float32 in -1 to 1."""
    name = sample_format.removesuffix("p")
    rows = raw if sample_format.endswith("p") else raw.reshape(-1, channels).T
    block = rows.astype(np.float32, order="C")
    if name == "u8":
        block -= 128
    scale = KINDS[name][1]
    if scale != 1:
        block *= np.float32(1 / scale)
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
