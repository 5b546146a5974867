"""What a recording's own bytes say about its length, where the decoder's library would guess or stay silent.

Only what cannot be had from FFmpeg is read here: it guesses lengths from bit rates without saying so, shortens a
declared length to the bytes that are there, and decodes protected files into noise.

References
----------
RIFF/WAVE and RF64 (EBU Tech 3306), the Xing and LAME tags of MP3, Ogg (RFC 3533), Matroska (RFC 9559), ISO 14496-12.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from toolkit.audio.source import BadRecordingError, Source

__all__ = ["Wave", "mp3_length", "ogg_is_cut", "protected", "read_wave", "refuse_overrun", "webm_length"]

UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
PCM_TAGS = (1, 3, 6, 7)
MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
ASF_PROTECTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
    bytes.fromhex("33850543e9698149 9b74ad12cb86d58c".replace(" ", "")),
)


@dataclass(frozen=True, slots=True)
class Wave:
    """The header of a wav file; `data_size` is what the header claims, 0 when it does not know."""

    tag: int
    rate: int
    byte_rate: int
    frame_bytes: int
    data_start: int
    data_size: int

    @property
    def length(self) -> float:
        """Claimed seconds of plain samples, 0 when the header does not know."""
        return self.data_size / self.frame_bytes / self.rate if self.tag in PCM_TAGS else 0.0


def read_wave(source: Source) -> Wave | None:
    """Read the header of a wav file; None for another kind of file, or a header too odd to say anything.

    Raises
    ------
    BadRecordingError
        When sample rate and bytes a second contradict each other, so that every time would be wrong.
    """
    magic = source.head(12)
    if magic[:4] not in (b"RIFF", b"RF64") or magic[8:12] != b"WAVE":
        return None
    position, layout, long_size = 12, b"", 0
    while len(chunk := source.head(8, start=position)) == 8:
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"ds64":
            long_size = int.from_bytes(source.head(16, start=position + 8)[8:], "little")
        elif name == b"fmt ":
            layout = source.head(min(size, 40), start=position + 8)
        elif name == b"data":
            return wave_header(layout, position + 8, long_size or (0 if size in UNKNOWN_SIZES else size))
        position += 8 + size + size % 2
    return None


def refuse_overrun(source: Source, wave: Wave) -> None:
    """Refuse a wav that goes on after its sound with what is no chunk: a recorder that lost count, at 4 GiB or before.

    Raises
    ------
    BadRecordingError
        When a second or more of such bytes follow.
    """
    end = wave.data_start + wave.data_size + wave.data_size % 2
    if not wave.data_size or source.size - end < max(wave.byte_rate, 8):
        return
    name = source.head(4, start=end)
    if not all(0x20 <= byte < 0x7F for byte in name):
        raise BadRecordingError(
            f"the recording holds more than the {wave.length:.1f} s its header says",
            hint="Repair its header or convert it once, then: toolkit run",
        )


def wave_header(layout: bytes, data_start: int, data_size: int) -> Wave | None:
    """Make sense of the ``fmt`` chunk."""
    if len(layout) < 16:
        return None
    tag, _, rate, byte_rate, frame_bytes, _ = struct.unpack("<HHIIHH", layout[:16])
    if tag == 0xFFFE and len(layout) >= 26:  # the real tag opens the sub-format
        tag = int.from_bytes(layout[24:26], "little")
    if not rate or not frame_bytes:
        return None
    if tag in PCM_TAGS and byte_rate and abs(byte_rate - rate * frame_bytes) > 0.01 * byte_rate:
        raise BadRecordingError(
            f"the header contradicts itself ({rate} samples of {frame_bytes} bytes a second, yet {byte_rate} bytes)",
            hint="Convert it once with the program that recorded it, then: toolkit run",
        )
    return Wave(tag, rate, byte_rate, frame_bytes, data_start, data_size)


def mp3_length(source: Source) -> float:
    """Seconds that the Xing, Info or VBRI tag of an mp3 claims; 0 when there is none."""
    start = 0
    tag = source.head(10)
    if tag[:3] == b"ID3" and len(tag) == 10:
        start = 10 + sum((b & 0x7F) << shift for b, shift in zip(tag[6:10], (21, 14, 7, 0), strict=True))
    data = source.head(8192, start=start)
    for match in re.finditer(rb"\xff[\xe2-\xe3\xf2-\xf3\xfa-\xfb]", data):
        frame = data[match.start() : match.start() + 256]
        version, rate_index = (frame[1] >> 3) & 3, (frame[2] >> 2) & 3 if len(frame) > 2 else 3
        if rate_index == 3 or version not in MP3_RATES:
            continue
        frames, skipped = tagged_frames(frame)
        samples = frames * (1152 if version == 3 else 576) - skipped
        return max(0.0, samples / MP3_RATES[version][rate_index]) if frames else 0.0
    return 0.0


def tagged_frames(frame: bytes) -> tuple[int, int]:
    """Count of frames in a tag, and the samples of padding that the decoder takes off."""
    if (at := frame.find(b"VBRI")) >= 0:
        return int.from_bytes(frame[at + 14 : at + 18], "big"), 0
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or not frame[at + 7] & 1:
        return 0, 0
    flags = frame[at + 7]
    frames = int.from_bytes(frame[at + 8 : at + 12], "big")
    lame = at + 12 + 4 * bool(flags & 2) + 100 * bool(flags & 4) + 4 * bool(flags & 8)
    padding = int.from_bytes(frame[lame + 21 : lame + 24], "big") if frame[lame : lame + 3] in (b"LAM", b"Lav") else 0
    return frames, (padding >> 12) + (padding & 0xFFF)


def webm_length(source: Source) -> float:
    """Seconds that the Duration of a Matroska or WebM file claims; 0 when there is none (a live recording)."""
    data = source.head(1 << 16)
    info = data.find(b"\x15\x49\xa9\x66")
    part = data[info : info + 1024] if info >= 0 else b""
    found = re.search(rb"\x44\x89(?:\x84(.{4})|\x88(.{8}))", part, re.DOTALL)
    if not found:
        return 0.0
    value: float = struct.unpack(">f" if found[1] else ">d", found[1] or found[2])[0]
    scale = re.search(rb"\x2a\xd7\xb1([\x81-\x88])", part)
    unit = 1_000_000
    if scale:
        unit = int.from_bytes(part[scale.end() : scale.end() + (scale[1][0] & 0x7F)], "big")
    return value * unit / 1e9


def ogg_is_cut(source: Source) -> bool:
    """Whether the last page of an Ogg file ends before its own header says."""
    tail = source.head(1 << 17, start=max(0, source.size - (1 << 17)))
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27:
        return True
    lengths = tail[at + 27 : at + 27 + tail[at + 26]]
    return len(lengths) < tail[at + 26] or len(tail) < at + 27 + len(lengths) + sum(lengths)


def protected(source: Source) -> bool:
    """Whether a file of the MP4 or Windows Media family is marked as protected (DRM).

    Raises
    ------
    BadRecordingError
        When an MP4 lacks its index: the recorder was stopped, or the copy ended, before it was written.
    """
    magic = source.head(16)
    if magic.startswith(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
        head = source.head(1 << 16)
        return any(mark in head for mark in ASF_PROTECTION)
    if magic[4:8] != b"ftyp":
        return False
    entries = re.findall(rb"stsd.{12}(.{4})", mp4_index(source), re.DOTALL)
    return any(entry in (b"drms", b"enca", b"aavd") for entry in entries)


def mp4_index(source: Source) -> bytes:
    """The ``moov`` box of an MP4, where it fits 64 MiB."""
    position = 0
    while len(box := source.head(16, start=position)) >= 8:
        size = int.from_bytes(box[:4], "big")
        if size == 1:
            size = int.from_bytes(box[8:16], "big")
        if box[4:8] == b"moov":
            return source.head(min(size or 1 << 26, 1 << 26), start=position)
        if size < 8:
            break
        position += size
    raise BadRecordingError("the recording is cut off: its index is missing")
