"""What kind of recording an opened file is, found without decoding it.

Only the demuxers named here may open it: no playlist, concat script, image sequence or stream description, whatever
the file is called. FFmpeg sees the file object, never its name, and can open nothing else.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av
from av.stream import Discard

from toolkit.audio import headers
from toolkit.audio.source import BadRecordingError, Source
from toolkit.types import Missing

__all__ = ["MAX_CHANNELS", "Probe", "opened", "probe"]

CONTAINERS = (
    "wav,w64,flac,mp3,mov,mp4,m4a,3gp,3g2,matroska,webm,ogg,asf,aac,aiff,caf,au,amr,ac3,eac3,avi,wv,tta,mpegts,mpeg,flv"
)
"""Demuxers that read one sound file and open no other."""

STATED = frozenset({"flac", "mov", "ogg", "asf", "aiff", "caf", "w64", "wv", "tta"})
"""Containers whose stream length FFmpeg reads from the file; elsewhere it may be a guess from the bit rate."""

LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
"""A title in an odd encoding is no reason to refuse a recording; PyAV 19, the one for Python 3.12, thinks so itself."""

MAX_CHANNELS = 8
LOWEST_RATE, HIGHEST_RATE = 4000, 768_000
VIDEO_SLACK = 2.0
"""Seconds by which sound may end before the film it belongs to."""


class Bytes:
    """The file object as FFmpeg may see it: nameless, so that only the bytes say what it is."""

    def __init__(self, source: Source) -> None:
        self.file = source.file

    def read(self, count: int) -> bytes:
        """Up to `count` bytes."""
        return self.file.read(count)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move, as a file does; for a place that a damaged header makes up, answer as C does.

        An exception here would end as a traceback on the screen, which PyAV prints past every handler.
        """
        try:
            return self.file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -errno.EINVAL

    def tell(self) -> int:
        """Position in bytes."""
        return self.file.tell()


@dataclass(frozen=True, slots=True)
class Probe:
    """What the headers say; `slack` is the least difference in seconds between declared and decoded that is let be."""

    container: str
    codec: str
    rate: int
    channels: int
    streams: int
    declared: float | Missing
    slack: float
    cut: bool


def refuse_open(*_asked: Any) -> Any:
    """Keep FFmpeg from opening a second file."""
    raise PermissionError("a recording names no other file")


@contextmanager
def opened(source: Source) -> Iterator[tuple[Any, Any]]:
    """Open the container and its first audio stream; other streams are passed over unread.

    Raises
    ------
    BadRecordingError
        When it is no sound file of a kind that is read, or holds no sound.
    """
    source.file.seek(0)
    try:
        container = av.open(
            Bytes(source),
            mode="r",
            container_options={"format_whitelist": CONTAINERS, "protocol_whitelist": "none"},
            io_open=refuse_open,
            **LENIENT,
        )
    except av.error.FFmpegError as error:
        raise BadRecordingError(unreadable(source, error)) from None
    with container:
        if not container.streams.audio:
            raise BadRecordingError(
                "the file holds pictures but no sound" if container.streams.video else "the file holds no sound"
            )
        stream = container.streams.audio[0]
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        yield container, stream


def unreadable(source: Source, error: av.error.FFmpegError) -> str:
    """Say in words why FFmpeg did not open the file."""
    head = source.head(4096)
    if head.startswith((b"#EXTM3U", b"ffconcat", b"[playlist]", b"<?xml", b"<smil")):
        return "the file is a playlist, not a recording"
    if b"\0" not in head and sum(b < 9 for b in head) == 0 and is_text(head):
        return "the file is text, not sound"
    if isinstance(error, av.error.ArgumentError):
        return "the file is of a kind that is not read as a recording"
    return "the file is damaged or no sound file"


def is_text(head: bytes) -> bool:
    """Whether bytes are UTF-8, but for a character cut at the end."""
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return False
    return True


def probe(source: Source) -> Probe:
    """Read the headers of a recording.

    Raises
    ------
    BadRecordingError
        When nothing can or should be decoded from it.
    """
    wave = headers.read_wave(source)
    if wave:
        headers.refuse_overrun(source, wave)
    if headers.protected(source):
        raise BadRecordingError("the recording is protected (DRM)", hint="Export it without protection first.")
    with opened(source) as (container, stream):
        context = stream.codec_context
        if context is None:
            raise BadRecordingError("the sound is coded in a way that is not known")
        kind = container.format.name.split(",")[0]
        declared, slack = declared_length(source, kind, container, stream, wave)
        found = Probe(
            container=container.format.name,
            codec=context.name,
            rate=context.sample_rate,
            channels=context.channels,
            streams=len(container.streams.audio),
            declared=declared,
            slack=slack,
            cut=kind == "ogg" and headers.ogg_is_cut(source),
        )
    if not 1 <= found.channels <= MAX_CHANNELS:
        raise BadRecordingError(
            f"the recording has {found.channels} channels; up to {MAX_CHANNELS} are read",
            hint="Export the channels of the speakers, then: toolkit run",
        )
    if not LOWEST_RATE <= found.rate <= HIGHEST_RATE:
        raise BadRecordingError(f"a rate of {found.rate} samples a second is not one of speech")
    return found


def declared_length(
    source: Source, kind: str, container: Any, stream: Any, wave: headers.Wave | None
) -> tuple[float | Missing, float]:
    """Length the file claims in seconds, and the slack it deserves; missing where it could only be guessed."""
    length = 0.0
    slack = 0.1
    if kind == "wav" and wave:
        length = wave.length
    elif kind == "mp3":
        length = headers.mp3_length(source)
    elif kind == "matroska":
        length = headers.webm_length(source)
        slack = VIDEO_SLACK if container.streams.video else slack
    elif kind in STATED and stream.duration:
        length = float(stream.duration * stream.time_base)
    if not 0 < length < float("inf"):
        return Missing("the file does not say how long it is"), slack
    return length, slack
