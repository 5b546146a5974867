"""The sound of one session, read once and handed out in pieces.

The whole recording is read by `toolkit.audio`, so that what is heard is what the models heard: mono, 16 kHz, excluded
portions silent, times right to the sample whatever the format. It stays in the memory of this process (16 bits: 115 MB
an hour) and is written nowhere. Consent is asked before every piece: who withdraws is not heard any more.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import audio
from toolkit.audio.pcm import in_16_bits, wav
from toolkit.consent import listeners
from toolkit.consent.admit import admit, covered
from toolkit.errors import InputError, ToolkitError
from toolkit.intervals import Span, complement
from toolkit.opener import opener
from toolkit.study import Study
from toolkit.types import Purpose

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LONGEST", "Sound", "plan", "shared"]

PIECE = 30.0  # s: 0.96 MB, there within a moment of the click
REACH = 10.0  # s: how far from there a piece may end to do it in a pause
LONGEST = 60.0  # s that are handed out at once
NEEDED = (Purpose.SUPERVISION,)
KEPT = 2  # sessions that stay in memory: enough to go to and fro between two

_shared: OrderedDict[tuple[Path, str], Sound] = OrderedDict()  # the last one asked for stands last
_sharing = threading.Lock()


def plan(duration: float, speech: Sequence[Span]) -> tuple[float, ...]:
    """Where the pieces begin and end, from 0 to the duration: in pauses where there are any, so that no seam is heard.

    Examples
    --------
    >>> plan(70.0, [Span(0, 27), Span(28, 70)])
    (0.0, 27.5, 57.5, 70.0)
    """
    pauses = [(gap.start + gap.end) / 2 for gap in complement(speech, Span(0.0, duration))]
    edges = [0.0]
    while duration - edges[-1] > PIECE + REACH:
        aim = edges[-1] + PIECE
        near = pauses[bisect_left(pauses, aim - REACH) : bisect_left(pauses, aim + REACH)]
        edge = min(near, key=lambda pause: abs(pause - aim)) if near else aim
        edges.append(round(edge, 3))
    return (*edges, duration)


class Sound:
    """The sound of one session, for listening to; may be asked from several threads.

    Parameters
    ----------
    study, session_id
        Whose recording.
    """

    def __init__(self, study: Study, session_id: str) -> None:
        self.study = study
        self.session_id = session_id
        self._lock = threading.Lock()
        self._samples: NDArray[np.int16] | None = None
        self._of: tuple[str, tuple[Span, ...]] = ("", ())

    def piece(self, span: Span) -> bytes:
        """A stretch of the recording as a WAV file; shorter where the recording ends.

        Raises
        ------
        ConsentError
            When the purpose *supervision* is not granted by everybody today, or the file is another one.
        InputError
            When the recording cannot be used, or the stretch is too long or none.
        """
        if not (span.start >= 0 and isfinite(span.end) and span.duration <= LONGEST):
            raise InputError(f"session {self.session_id}: up to {LONGEST:.0f} s are played at once.")
        samples = self.ready()
        first, last = (round(time * audio.RATE) for time in (span.start, span.end))
        return wav(samples[first:last])

    def ready(self) -> NDArray[np.int16]:
        """All samples, read now if they were not yet, or if consent says something else since; raises as `piece`."""
        recording = self.study.recording(self.session_id)
        ledger, today = self.study.ledger(), date.today()  # noqa: DTZ011 - the clinic's day
        with self._lock:
            try:
                record = covered(recording, ledger, purposes=NEEDED, today=today)
                listeners.check(self.session_id, record, NEEDED, who=opener(), today=today)
                of = (record.recording_sha256, record.excluded)
                if self._samples is None or self._of != of:
                    self._samples = None
                    consented = admit(recording, ledger, purposes=NEEDED, today=today)
                    self._samples, self._of = in_16_bits(audio.load(consented, self.study.settings().audio).mix), of
            except ToolkitError:
                self._samples = None
                raise
            return self._samples


def shared(study: Study, session_id: str) -> Sound:
    """The one sound of a session in this process, for all its widgets; what was asked for long ago is let go."""
    key = (study.root.resolve(), session_id)
    with _sharing:
        found = _shared.setdefault(key, Sound(study, session_id))
        _shared.move_to_end(key)
        if len(_shared) > KEPT:
            _shared.popitem(last=False)
    return found
