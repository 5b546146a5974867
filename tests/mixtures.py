"""Conversations of several people, mixed in the test from utterances of the sample sessions, with who spoke when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from conftest import ROOT

from toolkit.audio import Waveform
from toolkit.backends import create
from toolkit.formats import truth
from toolkit.intervals import Span, intersect, total
from toolkit.settings import Settings
from toolkit.types import Diarization, SpeakerInterval

RATE = 16_000
SAMPLE = ROOT / "sample_data"
Said = np.ndarray
"""Samples of one utterance."""


def decode(path: Path) -> np.ndarray:
    """A recording as one channel at 16 kHz."""
    import av

    resampler = av.AudioResampler("fltp", "mono", RATE)
    with av.open(str(path)) as container:
        frames = [g for f in container.decode(audio=0) for g in resampler.resample(f)]
    frames += resampler.resample(None)
    return np.concatenate([f.to_ndarray()[0] for f in frames])


def voices(recording: Path, reference: Path, *, least: float = 2.0, most: float = 12.0) -> dict[str, list[Said]]:
    """Utterances of each speaker of a recording, of such lengths in seconds, in which nobody else speaks."""
    known = truth.read(reference)
    sound = decode(recording)
    found: dict[str, list[Said]] = {}
    for u in known.utterances:
        others = [i.span for i in known.speech if i.speaker != u.speaker]
        if least <= u.end - u.start <= most and not intersect([Span(u.start, u.end)], others):
            found.setdefault(f"{reference.stem}.{u.speaker}", []).append(
                sound[round(u.start * RATE) : round(u.end * RATE)]
            )
    return found


def sample_voices(**lengths: float) -> dict[str, list[Said]]:
    """Utterances of the four voices of the two sample sessions."""
    return {
        who: said
        for name in ("hurried", "reflective")
        for who, said in voices(
            SAMPLE / "recordings" / f"{name}.flac", SAMPLE / "truth" / f"{name}.json", **lengths
        ).items()
    }


def conversation(
    said: dict[str, list[Said]], *, rounds: int, length: float = 6.0, pause: float = 0.4
) -> tuple[Waveform, list[SpeakerInterval]]:
    """People who speak in turn, each its next utterances until `length` seconds are full, and who spoke when."""
    queues: dict[str, Iterator[Said]] = {who: iter(utterances) for who, utterances in said.items()}
    parts, intervals, at = [], [], 0.0
    for who in list(queues) * rounds:
        spoken = 0.0
        while spoken < length:
            part = next(queues[who])
            parts += [part, np.zeros(round(pause * RATE), dtype=np.float32)]
            intervals.append(SpeakerInterval(at, at + len(part) / RATE, who))
            at += len(part) / RATE + pause
            spoken += len(part) / RATE
    return Waveform(np.concatenate(parts).astype(np.float32), RATE), intervals


def diarized(sound: Waveform, least: int, most: int, settings: Settings | None = None) -> Diarization:
    """What the default diarizer finds, told so many people."""
    diarizer = create("diarizer", "pyannote", settings or Settings())
    return diarizer.diarize(sound, min_speakers=least, max_speakers=most, progress=lambda _: None)


def people(found: Diarization) -> int:
    """How many people were found."""
    return len({i.speaker for i in found.regular})


def confused(there: Sequence[SpeakerInterval], found: Diarization) -> float:
    """Share of the speech that was given to another than its person, people paired so that it is least."""
    from scipy.optimize import linear_sum_assignment

    names = sorted({i.speaker for i in there})
    labels = sorted({i.speaker for i in found.regular})
    shared = np.array(
        [
            [
                total(
                    intersect(
                        [i.span for i in there if i.speaker == a], [i.span for i in found.regular if i.speaker == b]
                    )
                )
                for b in labels
            ]
            for a in names
        ]
    )
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return 1 - shared[rows, columns].sum() / max(shared.sum(), 1e-9)
