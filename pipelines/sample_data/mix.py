"""Lay spoken lines on a timeline and write the recordings."""

from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr
from measure import ACTIVE_BELOW_LEVEL_DB, FRAME_SECONDS, active_frames, frame_levels
from numpy.typing import NDArray
from script import ROLES, Line, Piece, Script, other
from speech import SAMPLE_RATE, Samples, Spoken, SpokenWord, Synthesiser

FRAME = round(SAMPLE_RATE * FRAME_SECONDS)
LEAD_FRAMES = 8
TAIL_FRAMES = 15
AFTER_WORD_FRAMES = 10
CLOSING_FRAMES = 80
BACKCHANNEL_DB = -3.0
BACKCHANNEL_SPEEDS = (1.0, 1.15, 1.08)
NOISE_DB = -60.0
BLEED_DB = -30.0
PEAK_DB = -1.5
MONO_RATE = 16_000
STEREO_RATE = 48_000
OPUS_BIT_RATE = 64_000
OPUS_FRAME = 960


@dataclass(frozen=True, slots=True)
class Clip:
    """Sound cut to its speech: `frames` of speech after `lead` frames of run-in; word times from the first speech."""

    samples: Samples
    lead: int
    frames: int
    words: tuple[SpokenWord, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """An utterance on the timeline. `line` is None for a backchannel; clips start at a frame number each."""

    role: str
    text: str
    line: Line | None
    clips: tuple[tuple[int, Clip], ...]

    @property
    def start(self) -> int:
        """First frame of speech."""
        return self.clips[0][0]

    @property
    def end(self) -> int:
        """Frame after the last frame of speech."""
        start, clip = self.clips[-1]
        return start + clip.frames


class Layout:
    """Puts the lines of a script one after the other, with their gaps, overlaps and backchannels."""

    def __init__(self, script: Script, synthesiser: Synthesiser) -> None:
        self._script = script
        self._synthesiser = synthesiser
        self._gains = {role: self._gain(role) for role in ROLES}
        self.placed: list[Placed] = []

    def build(self) -> list[Placed]:
        """Return every utterance with its place, in order of time."""
        cursor = 0
        for line in self._script.lines:
            cursor = self._place(line, cursor + frames(line.gap))
        return sorted(self.placed, key=lambda one: one.start)

    def _say(self, role: str, text: str, speed: float = 1.0) -> Spoken:
        voice = self._script.voices[role]
        return self._synthesiser.say(text, replace(voice, speed=round(voice.speed * speed, 3)))

    def _gain(self, role: str) -> float:
        said = [
            self._say(role, piece.text) for line in self._script.lines if line.role == role for piece in line.pieces
        ]
        levels = frame_levels(np.concatenate([one.samples for one in said]), SAMPLE_RATE)
        speech = levels[levels > levels.max() - ACTIVE_BELOW_LEVEL_DB]
        level = 10 * np.log10(np.mean(10 ** (speech / 10)))
        return float(10 ** ((self._script.voices[role].level_db - level) / 20))

    def _clip(self, role: str, text: str, extra_db: float = 0.0, speed: float = 1.0) -> Clip:
        spoken = self._say(role, text, speed)
        samples = spoken.samples * np.float32(self._gains[role] * 10 ** (extra_db / 20))
        return cut(Spoken(samples, spoken.words), threshold_db(self._script, role))

    def _place(self, line: Line, start: int) -> int:
        clips: list[tuple[int, Clip]] = []
        for piece in line.pieces:
            clip = self._clip(line.role, piece.text)
            clips.append((start, clip))
            self._place_backchannels(line.role, piece, start, clip)
            start += clip.frames + frames(piece.pause)
        self.placed.append(Placed(line.role, line.text, line, tuple(clips)))
        return self.placed[-1].end

    def _place_backchannels(self, role: str, piece: Piece, start: int, clip: Clip) -> None:
        for index, text in piece.backchannels:
            at = frames(clip.words[index].start) if index < len(clip.words) else clip.frames + AFTER_WORD_FRAMES
            self.placed.append(Placed(other(role), text, None, ((start + at, self._backchannel(other(role), text)),)))

    def _backchannel(self, role: str, text: str) -> Clip:
        """Say a backchannel softly, and not every time at the same speed."""
        speed = BACKCHANNEL_SPEEDS[sum(one.line is None for one in self.placed) % len(BACKCHANNEL_SPEEDS)]
        return self._clip(role, text, BACKCHANNEL_DB, speed)


def frames(duration: float) -> int:
    """Seconds as a whole number of frames."""
    return round(duration / FRAME_SECONDS)


def threshold_db(script: Script, role: str) -> float:
    """Level above which a role's clean track counts as speech."""
    return script.voices[role].level_db - ACTIVE_BELOW_LEVEL_DB


def cut(spoken: Spoken, threshold: float) -> Clip:
    """Keep the speech with a short fade before and after it."""
    active = active_frames(spoken.samples, SAMPLE_RATE, threshold)
    first, last = active[0][0], active[-1][1]
    lead = min(first, LEAD_FRAMES)
    samples = spoken.samples[(first - lead) * FRAME : (last + TAIL_FRAMES) * FRAME].copy()
    _fade(samples, lead * FRAME, len(samples) - (lead + last - first) * FRAME)
    return Clip(samples, lead, last - first, _shift_words(spoken.words, first * FRAME_SECONDS, last * FRAME_SECONDS))


def _shift_words(words: tuple[SpokenWord, ...], start: float, end: float) -> tuple[SpokenWord, ...]:
    """Count word times from the first speech; the first word starts with the speech and the last one ends with it."""
    starts = [0.0, *(max(word.start - start, 0.0) for word in words[1:])]
    ends = [*(word.end - start for word in words[:-1]), end - start]
    return tuple(SpokenWord(word.text, a, b) for word, a, b in zip(words, starts, ends, strict=True))


def _fade(samples: Samples, head: int, tail: int) -> None:
    samples[:head] *= np.linspace(0, 1, head, dtype=np.float32)
    if tail > 0:
        samples[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)


def clean_tracks(placed: list[Placed]) -> dict[str, Samples]:
    """One clean track a role, as long as the session."""
    length = (max(one.end for one in placed) + CLOSING_FRAMES) * FRAME
    tracks = {role: np.zeros(length, np.float32) for role in ROLES}
    for one in placed:
        for start, clip in one.clips:
            at = (start - clip.lead) * FRAME
            tracks[one.role][at : at + len(clip.samples)] += clip.samples
    return tracks


def write_mono(path: Path, tracks: dict[str, Samples], seed: int) -> None:
    """Write both people and the noise of a quiet room as 16 kHz FLAC."""
    mono = soxr.resample(tracks["therapist"] + tracks["client"], SAMPLE_RATE, MONO_RATE, "VHQ")
    mono = _below_peak(mono)
    noise = room_noise(len(mono), np.random.default_rng(seed))
    soundfile.write(path, mono + noise, MONO_RATE, subtype="PCM_16", format="FLAC", compression_level=1.0)


def write_channels(path: Path, tracks: dict[str, Samples], seed: int) -> None:
    """Write the therapist on the left and the client on the right, each faint in the other's channel."""
    bleed = np.float32(10 ** (BLEED_DB / 20))
    own = np.stack([tracks[role] for role in ROLES], axis=1)
    stereo = _below_peak(soxr.resample(own + bleed * own[:, ::-1], SAMPLE_RATE, STEREO_RATE, "VHQ"))
    generator = np.random.default_rng(seed + 1)
    noise = np.stack([room_noise(len(stereo), generator) for _ in ROLES], axis=1)
    _write_opus(path, np.round((stereo + noise) * 32767).astype(np.int16))


def _write_opus(path: Path, samples: NDArray[np.int16]) -> None:
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=STEREO_RATE, layout="stereo")
        stream.bit_rate = OPUS_BIT_RATE
        for start in range(0, len(samples), OPUS_FRAME):
            block = np.ascontiguousarray(samples[start : start + OPUS_FRAME]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
            frame.sample_rate = STEREO_RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _below_peak(samples: Samples) -> Samples:
    """Turn the whole recording down where its peak is too high."""
    limit = 10 ** (PEAK_DB / 20)
    return samples * np.float32(min(1.0, limit / float(np.abs(samples).max())))


def room_noise(length: int, generator: np.random.Generator) -> Samples:
    """Noise at -60 dBFS that falls with frequency as a quiet room's does."""
    white = generator.standard_normal(length)
    spectrum = np.fft.rfft(white)
    spectrum /= np.maximum(np.arange(len(spectrum)), len(spectrum) // 100) ** 0.5
    noise: NDArray[np.float64] = np.fft.irfft(spectrum, length)
    return np.asarray(noise * 10 ** (NOISE_DB / 20) / np.sqrt(np.mean(noise**2)), np.float32)
