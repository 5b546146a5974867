"""Recordings become waveforms here, and only consented ones.

`load` is the one door: it takes what `consent.admit` made and nothing else, reads everything PyAV reads, and refuses
with one line what decoders would accept silently. FFmpeg runs in a process of its own (`apart`, `cell`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.audio.waveform import RATE, Audio, AudioFacts, Waveform, background_db, level_db, soundless

if TYPE_CHECKING:
    from toolkit.consent.admit import ConsentedRecording
    from toolkit.settings import AudioSettings

__all__ = ["RATE", "Audio", "AudioFacts", "Waveform", "background_db", "level_db", "load", "soundless"]


def load(consented: ConsentedRecording, settings: AudioSettings) -> Audio:
    """Read a consented recording as mono sound at 16 kHz.

    Parameters
    ----------
    consented
        A recording with the consent that covers it, made by `consent.admit`.
    settings
        Longest and shortest length, and how far decoded and declared length may differ.

    Returns
    -------
    Audio
        The mix; one waveform per channel in the order of ``recording.channels`` when the manifest maps them; facts.
        Excluded portions are digital silence in all of them.

    Raises
    ------
    TypeError
        When given anything but a `ConsentedRecording`: a defect of the caller.
    ConsentError
        When the file is not the one that was admitted.
    InputError
        When the recording cannot be used: missing, empty, no sound file, cut off, too long, silent, ...
    """
    from toolkit.audio.loading import read

    return read(consented, settings)
