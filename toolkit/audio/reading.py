"""How an opened recording is read: probe, decode, mix, check, silence what is excluded. Hostile bytes meet FFmpeg here.

It runs in a process of its own (`toolkit.audio.apart`), which knows neither the name of the recording nor whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from toolkit.audio.decode import Decoder, refuse_bad_numbers, silence, too_long
from toolkit.audio.mix import Channels, Mixer, describe, weighted
from toolkit.audio.probe import Probe, opened, probe
from toolkit.audio.source import BadRecordingError, Source
from toolkit.audio.waveform import RATE, Audio, AudioFacts, Waveform, decibels
from toolkit.types import Missing

if TYPE_CHECKING:
    from toolkit.audio.apart import Order
    from toolkit.settings import AudioSettings

__all__ = ["attempt", "read_source"]

QUIETEST = 1e-4
"""Highest sample (-80 dBFS, three steps of 16 bits) of what holds no sound at all; Whisper invents text in it."""

TRUNCATED = "Get the whole file, or set audio.accept_truncated in toolkit.toml, then: toolkit run"


@dataclass(slots=True)
class Take:
    """What one pass over the recording gave."""

    waves: list[NDArray[np.float32]]
    channels: Channels
    decoder: Decoder


def attempt(source: Source, order: Order, settings: AudioSettings) -> Audio:
    """Read an opened recording, or say in one way why it cannot be read.

    Raises
    ------
    BadRecordingError
        Whatever is wrong with it.
    """
    try:
        return read_source(source, order, settings)
    except av.error.FFmpegError as error:
        raise BadRecordingError(
            f"the recording cannot be decoded ({type(error).__name__})",
            hint="Convert it once to wav, then: toolkit run",
        ) from None
    except OSError as error:
        raise BadRecordingError(
            f"the recording cannot be read to its end ({(error.strerror or 'input error').lower()})",
            hint="Check the disk, then: toolkit run",
        ) from None


def read_source(source: Source, order: Order, settings: AudioSettings) -> Audio:
    """Read an opened recording."""
    found = probe(source)
    labels = order.channels
    limit = settings.max_hours * 3600
    if not isinstance(found.declared, Missing) and found.declared > limit:
        raise too_long(limit)
    if found.cut and not settings.accept_truncated:
        raise BadRecordingError("the recording is cut off: its last page is not whole", hint=TRUNCATED)
    if labels and len(labels) != found.channels:
        raise BadRecordingError(
            f"{len(labels)} channels are named in sessions.csv, the recording has {found.channels}",
            hint="Correct the column channels, or leave it empty, then: toolkit run",
        )
    plain = ((1 / found.channels,) * found.channels,)
    mapped = tuple(tuple(float(c == row) for c in range(found.channels)) for row in range(len(labels)))
    take = take_once(source, order, found, mapped or plain, limit)
    warnings = refuse_length(found, take.decoder, settings)
    weights = take.channels.weights()
    if labels:
        warnings += refuse_alike(take.channels, labels)
        take.waves.insert(0, weighted(take.waves, weights))
    elif weights != plain[0]:
        take.waves.clear()  # before the second pass makes room for the same length
        take = take_once(source, order, found, (weights,), limit)
    waves = [Waveform(samples, RATE) for samples in take.waves]
    for wave in waves:
        silence(wave.samples[None], 0, RATE, order.excluded)
    peak, power = peak_and_power(waves[0].samples)
    if peak < QUIETEST:
        rest = " outside the excluded portions" if order.excluded else ""
        raise BadRecordingError(f"the recording is silent{rest}: its highest level is {decibels(peak):.0f} dBFS")
    facts = AudioFacts(
        container=found.container,
        codec=found.codec,
        rate=take.decoder.rate,
        channels=take.decoder.channels,
        duration=take.decoder.samples / take.decoder.rate,
        declared_duration=found.declared,
        streams=found.streams,
        mix=describe(weights),
        peak_db=decibels(peak),
        level_db=decibels(power**0.5),
        warnings=tuple(warnings),
    )
    return Audio(waves[0], tuple(waves[1:]), facts)


def take_once(
    source: Source,
    order: Order,
    found: Probe,
    rows: Sequence[Sequence[float]],
    limit: float,
) -> Take:
    """Decode the recording from its start to its end into one waveform a row of weights."""
    expected = 0.0 if isinstance(found.declared, Missing) else found.declared
    with opened(source) as (container, stream):
        decoder = Decoder(container, stream, limit=limit)
        mixer: Mixer | None = None
        channels = Channels(found.channels)
        for start, block in numbered(decoder):
            if mixer is None:
                if decoder.channels != found.channels:
                    raise BadRecordingError(
                        f"the header names {found.channels} channels, the sound has {decoder.channels}",
                        hint="Convert it once to wav, then: toolkit run",
                    )
                mixer = Mixer(rows, decoder.rate, expected)
            silence(block, start, decoder.rate, order.excluded)
            refuse_bad_numbers(block)
            if found.channels > 1:
                channels.add(block)
            mixer.add(block)
    if mixer is None:
        raise BadRecordingError("the recording holds no sound: there is nothing after its header")
    if found.container.startswith("mov") and not isinstance(found.declared, Missing):
        decoder.cut(found.declared, found.slack)
    return Take(mixer.finish(decoder.samples), channels, decoder)


def numbered(decoder: Decoder) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Blocks, each with the number of its first sample."""
    for block in decoder.blocks():
        yield decoder.samples - block.shape[1], block


def refuse_length(found: Probe, decoder: Decoder, settings: AudioSettings) -> list[str]:
    """Refuse a recording that is too short, damaged, or not as long as it claims; say what was let be."""
    length = decoder.samples / decoder.rate
    notes = [f"the file holds {found.streams} sound streams; the first was used"] if found.streams > 1 else []
    if decoder.filled:
        notes.append(f"{decoder.filled:.1f} s are missing in the file by its time stamps, and silent here")
    if found.cut:
        notes.append("the recording is cut off: its last page is not whole")
    if not isinstance(found.declared, Missing):
        slack = max(found.slack, settings.length_tolerance * found.declared)
        if length < found.declared - slack:
            told = f"the recording is cut off: {length:.1f} s of {found.declared:.1f} s are there"
            if not settings.accept_truncated:
                raise BadRecordingError(told, hint=TRUNCATED)
            notes.append(told)
        elif length > found.declared + slack:
            raise BadRecordingError(
                f"the recording holds {length:.1f} s, its header says {found.declared:.1f} s",
                hint="Convert it once to wav, then: toolkit run",
            )
    if decoder.damaged:
        if not settings.accept_truncated:
            raise BadRecordingError("the recording is damaged: parts of it cannot be decoded", hint=TRUNCATED)
        notes.append("parts of the recording are damaged and were passed over")
    if length < settings.min_seconds:
        raise BadRecordingError(f"the recording is too short: {length:.2f} s, at least {settings.min_seconds:g} s")
    return notes


def refuse_alike(channels: Channels, labels: Sequence[str]) -> list[str]:
    """Refuse a channel map over channels that hold the same sound; name those that hold nothing."""
    pair = channels.alike()
    if pair:
        raise BadRecordingError(
            f"channels {pair[0] + 1} and {pair[1] + 1} hold the same sound, so they are not one speaker each",
            hint="Leave the column channels empty in sessions.csv, then: toolkit run",
        )
    return [f"nothing is heard on channel {c + 1} ({labels[c]})" for c in channels.silent()]


def peak_and_power(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Highest amplitude and mean square, found without a copy of the samples."""
    peak = max(float(samples.max()), -float(samples.min()))
    return peak, float(np.dot(samples, samples)) / len(samples)
