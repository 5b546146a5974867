"""What makes sound hard, each as a function of samples; nothing here knows of files or references.

Conventions
-----------
Sound is float32 of shape (channels, n) in -1 to 1. Levels are RMS in dBFS. No effect moves sound in time, but for
`bleed`, which comes a little late, and `after`, whose shift is its point. Random numbers come from the generator that
is given, so the same seed gives the same samples.

References
----------
Telephone band and companding: ITU-T G.712 and G.711. Reverberation time and its measurement by backward integration:
M. R. Schroeder, "New Method of Measuring Reverberation Time", JASA 37, 1965.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from toolkit.intervals import Span

__all__ = [
    "after",
    "at_level",
    "below_peak",
    "bleed",
    "echo",
    "far_and_near",
    "gain",
    "impulse_response",
    "level",
    "mu_law",
    "music",
    "noise",
    "telephone",
    "with_noise",
]

Sound = NDArray[np.float32]

PEAK = 0.89  # -1 dBFS: what gets louder is turned down as a whole, never clipped
BAND = (300.0, 3400.0)  # Hz: G.712
MU = 255.0  # G.711
CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))  # semitones above the root: I, vi, IV, V
ROOT = 196.0  # Hz
CHORD_SECONDS = 2.0
FADE_SECONDS = 1.0


def level(sound: Sound, spans: Sequence[Span], rate: int) -> float:
    """RMS level in dBFS of the stretches in which somebody speaks, over all channels."""
    inside = np.zeros(sound.shape[1], bool)
    for span in spans:
        inside[round(span.start * rate) : round(span.end * rate)] = True
    power = float(np.mean(np.square(sound[:, inside], dtype=np.float64))) if inside.any() else 0.0
    return 10 * float(np.log10(max(power, 1e-12)))


def gain(sound: Sound, db: float) -> Sound:
    """Sound louder by `db`."""
    return sound * np.float32(10 ** (db / 20))


def at_level(sound: Sound, db: float) -> Sound:
    """Sound at an RMS level of `db` dBFS over its whole length."""
    power = float(np.mean(np.square(sound, dtype=np.float64)))
    return gain(sound, db - 10 * float(np.log10(max(power, 1e-12))))


def below_peak(sound: Sound) -> Sound:
    """Sound turned down as a whole where it would be clipped."""
    peak = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(PEAK / peak) if peak > PEAK else sound


def telephone(sound: Sound, rate: int) -> tuple[Sound, int]:
    """What a telephone leaves: 8 kHz, 300 to 3400 Hz, eight bits companded by the mu-law.

    Returns
    -------
    tuple
        The sound and its rate of 8000.
    """
    slow = signal.resample_poly(sound, 8000, rate, axis=1)
    sections = signal.butter(6, BAND, "bandpass", fs=8000, output="sos")
    return mu_law(below_peak(signal.sosfiltfilt(sections, slow, axis=1).astype(np.float32))), 8000


def mu_law(sound: Sound) -> Sound:
    """Samples after eight bits on the mu-law's curve: at most 256 different ones."""
    curved = np.sign(sound) * np.log1p(MU * np.abs(sound)) / np.log1p(MU)
    coarse = (np.floor((curved + 1) * 127.5 + 0.5) / 127.5) - 1
    return (np.sign(coarse) * np.expm1(np.abs(coarse) * np.log1p(MU)) / MU).astype(np.float32)


def far_and_near(near: Sound, far: Sound, difference: float) -> Sound:
    """Two voices of one microphone, the far one `difference` dB below the near one.

    Parameters
    ----------
    near, far
        The same length each; both at the same speech level.
    """
    return below_peak(near + gain(far, -difference))


def impulse_response(seconds: float, rate: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """A room's answer to a click: the click, then noise that falls by 60 dB in `seconds`, as strong as the click."""
    time = np.arange(round(1.5 * seconds * rate)) / rate
    tail = generator.standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    tail[: round(0.003 * rate)] = 0  # the first wall is half a metre away
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail


def echo(sound: Sound, seconds: float, rate: int, generator: np.random.Generator) -> Sound:
    """Sound in a room of that reverberation time (RT60), as long as before; every channel in the same room."""
    response = impulse_response(seconds, rate, generator)
    wet = signal.oaconvolve(sound, response[None, :], axes=1)[:, : sound.shape[1]]
    return below_peak(wet.astype(np.float32))


def noise(length: int, rate: int, generator: np.random.Generator) -> Sound:
    """Steady noise of one channel at 0 dBFS that falls by 3 dB an octave from 50 Hz, as a fan's does."""
    # in blocks that fade into each other with constant power: ten minutes need no spectrum of ten minutes
    block = 8 * rate
    made = np.zeros(length + 2 * block)
    window = np.sin(np.linspace(0, np.pi, block, endpoint=False))
    for start in range(0, length + block, block // 2):
        spectrum = np.fft.rfft(generator.standard_normal(block))
        spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(block, 1 / rate), 50.0))
        made[start : start + block] += window * np.fft.irfft(spectrum, block)
    steady = made[block : block + length]
    return at_level(steady.astype(np.float32)[None, :], 0.0)


def with_noise(sound: Sound, spans: Sequence[Span], rate: int, generator: np.random.Generator, *, snr: float) -> Sound:
    """Sound with steady noise from start to end, `snr` dB below its speech (RMS over `spans`)."""
    added = noise(sound.shape[1], rate, generator)
    return below_peak(sound + gain(added, level(sound, spans, rate) - snr))


def music(seconds: float, rate: int, generator: np.random.Generator) -> Sound:
    """Chords and a tune over them at 0 dBFS, one channel, that fade in and out: nobody's recording."""
    length = round(seconds * rate)
    made = np.zeros(length)
    step = round(CHORD_SECONDS * rate)
    for bar, start in enumerate(range(0, length, step)):
        chord = CHORDS[bar % len(CHORDS)]
        made[start : start + step] += sum(tone(note - 12, step, rate) for note in chord)[: length - start]
        for beat in range(4):  # the tune keeps to the notes of the chord
            first = start + beat * step // 4
            note = int(generator.choice(chord)) + 12
            made[first : first + step // 4] += 0.7 * tone(note, step // 4, rate)[: max(0, length - first)]
    fade = np.minimum(1.0, np.minimum(np.arange(length), np.arange(length)[::-1]) / (FADE_SECONDS * rate))
    return at_level((made * fade).astype(np.float32)[None, :], 0.0)


def tone(semitones: int, length: int, rate: int) -> NDArray[np.float64]:
    """A plucked tone above the root with five harmonics."""
    time = np.arange(length) / rate
    pitch = ROOT * 2 ** (semitones / 12)
    made = sum(np.sin(2 * np.pi * pitch * n * time) / n**1.5 for n in range(1, 6))
    return np.asarray(made * np.minimum(time / 0.02, 1.0) * np.exp(-1.5 * time))


def after(lead: Sound, sound: Sound) -> Sound:
    """Sound behind a lead of one channel, which every channel of it hears."""
    return np.concatenate([np.repeat(lead, len(sound), axis=0), sound], axis=1)


def bleed(sound: Sound, db: float, delay: float, rate: int) -> Sound:
    """Each channel with all others in it, `db` (negative) and `delay` seconds later."""
    late = np.zeros_like(sound)
    late[:, round(delay * rate) :] = sound[:, : sound.shape[1] - round(delay * rate)]
    return below_peak(sound + gain(late.sum(axis=0, keepdims=True) - late, db))
