"""How a consented recording is loaded: open, verify, have it read apart, and see that nobody wrote to it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.audio.apart import Order, read_apart
from toolkit.audio.source import BadRecordingError, Source, open_source
from toolkit.consent.admit import ConsentedRecording, Refusal
from toolkit.errors import InputError

if TYPE_CHECKING:
    from toolkit.audio.waveform import Audio
    from toolkit.settings import AudioSettings

__all__ = ["read"]


def read(consented: ConsentedRecording, settings: AudioSettings) -> Audio:
    """Read a recording; see `toolkit.audio.load`."""
    if not isinstance(consented, ConsentedRecording):
        raise TypeError("audio.load takes only what consent.admit makes: a ConsentedRecording")
    session = f"session {consented.recording.session_id}"
    if not consented.recording.has_sound:
        raise InputError(f"{session} has a transcript and no recording.", hint="There is no sound to hear.")
    try:
        with open_source(consented.recording.path) as source:
            if source.digest() != consented.sha256:
                raise Refusal(
                    consented.recording.session_id,
                    "other-recording",
                    "the recording is not the one that consent was checked for",
                    hint="Put the right file back, then: toolkit consent check",
                )
            order = Order(consented.recording.channels, consented.excluded)
            try:
                audio = read_apart(source, order, settings)
            except BadRecordingError:
                refuse_changed(source)
                raise
            refuse_changed(source)
            return audio
    except BadRecordingError as bad:
        raise InputError(f"{session}: {bad.what}.", hint=bad.hint) from None
    except OSError as error:
        raise InputError(
            f"{session}: the recording cannot be read to its end ({(error.strerror or 'input error').lower()}).",
            hint="Check the disk, then: toolkit run",
        ) from None


def refuse_changed(source: Source) -> None:
    """Refuse a recording that somebody wrote to meanwhile: nobody knows what was read."""
    if source.changed():
        raise BadRecordingError(
            "the recording changed while it was read", hint="Wait until it is saved, then: toolkit run"
        )
