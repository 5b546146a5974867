"""Builders of recordings for the tests: sound made by arithmetic, files by PyAV, consent by the real gate."""

from __future__ import annotations

import hashlib
import struct
from datetime import date
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np

from toolkit.consent import ConsentedRecording, Grant, Ledger, Party, Record, admit
from toolkit.intervals import Span
from toolkit.types import Purpose, Recording, Role

TODAY = date(2026, 11, 23)

FORMATS = {
    # ending: (muxer, codec, rate, options)
    "wav": ("wav", "pcm_s16le", 44100, {}),
    "flac": ("flac", "flac", 48000, {}),
    "mp3": ("mp3", "libmp3lame", 44100, {}),
    "m4a": ("ipod", "aac", 44100, {}),
    "aac": ("adts", "aac", 44100, {}),
    "ogg": ("ogg", "vorbis", 44100, {"strict": "experimental"}),
    "opus": ("opus", "libopus", 48000, {}),
    "webm": ("webm", "libopus", 48000, {}),
    "wma": ("asf", "wmav2", 44100, {}),
    "mka": ("matroska", "flac", 44100, {}),
    "aiff": ("aiff", "pcm_s16be", 22050, {}),
    "caf": ("caf", "pcm_s24le", 44100, {}),
}


def voice(seconds: float, rate: int, *, seed: int = 0) -> np.ndarray:
    """Speech-like sound, shape (n,): noise below 3 kHz that comes and goes four times a second."""
    n = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(seconds * 48000)))
    frequency = np.fft.rfftfreq(round(seconds * 48000), 1 / 48000)
    spectrum[(frequency < 100) | (frequency > 3000)] = 0
    at_48k = np.fft.irfft(spectrum, round(seconds * 48000))
    at_48k *= 0.4 / np.abs(at_48k).max()
    # the same sound at any rate: band-limited, so the spectrum is cut or padded
    if rate != 48000:
        cut = np.fft.rfft(at_48k)
        wanted = np.zeros(n // 2 + 1, complex)
        keep = min(len(cut), len(wanted))
        wanted[:keep] = cut[:keep]
        at_48k = np.fft.irfft(wanted, n) * (n / len(at_48k))
    time = np.arange(n) / rate
    sound = at_48k[:n] * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * time))
    return sound.astype(np.float32)


def write(
    path: Path, *tracks: np.ndarray, rate: int, muxer: str, codec: str, film: bool = False, options: dict | None = None
) -> Path:
    """Encode tracks of shape (n,) or (channels, n) with PyAV, a stream each; with `film` there is a picture, too."""
    rows = [np.atleast_2d(track) for track in tracks]
    with av.open(str(path), "w", format=muxer) as container:
        picture = container.add_stream("mpeg4", rate=5, width=64, height=48, pix_fmt="yuv420p") if film else None
        streams = [add_sound(container, row, rate, codec, options or {}) for row in rows]
        if picture:
            seconds = rows[0].shape[1] / rate if rows else 5
            encode_picture(container, picture, seconds)
        for row, stream in zip(rows, streams, strict=True):
            encode_sound(container, stream, row)
    return path


LAYOUTS = {1: "mono", 2: "stereo", 4: "quad", 6: "5.1", 8: "7.1"}


def add_sound(container, rows, rate, codec, options):
    stream = container.add_stream(codec, rate=rate, layout=LAYOUTS[len(rows)])
    stream.codec_context.options = options
    if codec in {"wmav2", "aac"}:
        stream.bit_rate = 128_000
    return stream


def encode_sound(container, stream, rows):
    context = stream.codec_context
    kind = context.format.name if context.format else "s16"
    resampler = av.AudioResampler(format=kind, layout=LAYOUTS[len(rows)], rate=context.sample_rate)
    for start in range(0, rows.shape[1], 1024):
        block = np.ascontiguousarray(rows[:, start : start + 1024].T, np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout=LAYOUTS[len(rows)])
        frame.sample_rate, frame.pts, frame.time_base = context.sample_rate, start, Fraction(1, context.sample_rate)
        for made in resampler.resample(frame):
            container.mux(stream.encode(made))
    for made in resampler.resample(None):
        container.mux(stream.encode(made))
    container.mux(stream.encode(None))


def encode_picture(container, stream, seconds):
    for number in range(round(5 * seconds)):
        frame = av.VideoFrame(64, 48, "yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 5)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def wav_bytes(
    rows: np.ndarray, rate: int, *, bits: int = 16, header_rate: int | None = None, byte_rate: int | None = None
) -> bytes:
    """A wav written by hand; `bits` 32 is float. The header may lie."""
    rows = np.atleast_2d(rows)
    kinds = {
        8: lambda x: np.round(x * 127 + 128).astype("<u1"),
        16: lambda x: np.round(np.clip(x, -1, 1) * 32767).astype("<i2"),
        32: lambda x: x.astype("<f4"),
    }
    data = np.ascontiguousarray(kinds[bits](rows).T).tobytes()
    frame = len(rows) * bits // 8
    said = header_rate or rate
    layout = struct.pack(
        "<HHIIHH",
        3 if bits == 32 else 1,
        len(rows),
        said,
        said * frame if byte_rate is None else byte_rate,
        frame,
        bits,
    )
    body = b"WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav(path: Path, rows: np.ndarray, rate: int, **options) -> Path:
    """A wav file written by hand."""
    path.write_bytes(wav_bytes(rows, rate, **options))
    return path


def recording(path: Path, channels: tuple[str, ...] = ()) -> Recording:
    """A row of sessions.csv."""
    return Recording("s01", path, "T01", "C01", "", "en", 2, 2, channels)


def consented(path: Path, *, channels: tuple[str, ...] = (), excluded: tuple[Span, ...] = ()) -> ConsentedRecording:
    """A recording let in by the real gate."""
    people = (Party(Role.THERAPIST, "T01"), Party(Role.CLIENT, "C01"))
    grants = tuple(Grant(p, frozenset({Purpose.MEASURE}), date(2026, 1, 1), None) for p in people)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    record = Record(people, grants, excluded, digest)
    return admit(recording(path, channels), Ledger(MappingProxyType({"s01": record})), purposes=(), today=TODAY)


def unchecked(path: Path) -> ConsentedRecording:
    """A recording as if let in before the file was taken away or replaced: `load` has to find that by itself."""
    from toolkit.consent import admit as function

    seal = function.__globals__["_SEAL"]
    return ConsentedRecording(recording(path), frozenset({Purpose.MEASURE}), (), "0" * 64, seal)
