"""Measure the diarizer on recordings with a truth: error, talk share, silences, speed.

    python pipelines/measure_diarization.py --data ../shared/data/audio --step 0.1 --step 0.2

Every ``.flac`` or ``.wav`` below the folder that has an ``.rttm`` of the same name is used, one-speaker-a-channel files
(``.stereo.flac``) through the channel diarizer. Diarization error is that of pyannote.metrics with no collar and
overlap scored; the number of speakers is given. Talk share is that of the truth's speaker who begins. A silence of 3 s
or more is found when both its ends lie within 0.5 s of the truth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from toolkit.audio import Waveform
from toolkit.backends import create
from toolkit.backends.channels import diarize_channels
from toolkit.formats import rttm
from toolkit.intervals import Span, complement, total, union
from toolkit.settings import Settings
from toolkit.types import SpeakerInterval

Talk = tuple[SpeakerInterval, ...]


def decode(path: Path) -> list[Waveform]:
    """Each channel of a recording at 16 kHz."""
    import av
    import numpy as np

    resampler = av.AudioResampler("fltp", None, 16_000)
    with av.open(str(path)) as container:
        frames = [g for f in container.decode(audio=0) for g in resampler.resample(f)]
    frames += resampler.resample(None)
    samples = np.concatenate([f.to_ndarray() for f in frames], axis=1)
    return [Waveform(np.ascontiguousarray(channel), 16_000) for channel in samples]


def recordings(folder: Path) -> Iterator[tuple[str, list[Waveform], Talk]]:
    """Name, channels and truth of each recording."""
    for truth in sorted(folder.rglob("*.rttm")):
        for session, talk in rttm.read(truth).items():
            for ending in (".flac", ".wav", ".stereo.flac"):
                path = truth.parent / f"{session}{ending}"
                if path.is_file():
                    yield f"{session}{'.stereo' if 'stereo' in ending else ''}", decode(path), talk


def error_rate(truth: Talk, found: Talk, duration: float) -> float:
    """Diarization error rate in percent."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    def annotation(talk: Talk) -> Annotation:
        built = Annotation()
        for number, interval in enumerate(talk):
            built[Segment(interval.start, interval.end), number] = interval.speaker
        return built

    return 100 * DiarizationErrorRate()(annotation(truth), annotation(found), uem=Timeline([Segment(0, duration)]))


def talk_share(talk: Talk, speaker: str) -> float:
    """Share of the speaking time, in percent."""
    times = {s: total(i.span for i in talk if i.speaker == s) for s in {i.speaker for i in talk}}
    return 100 * times.get(speaker, 0.0) / sum(times.values()) if times else 0.0


def counterpart(truth: Talk, found: Talk, speaker: str) -> str:
    """The label found that shares most time with a speaker of the truth."""
    own = [i.span for i in truth if i.speaker == speaker]

    def shared(label: str) -> float:
        theirs = [i.span for i in found if i.speaker == label]
        return total(own) + total(theirs) - total([*own, *theirs])

    return max(sorted({i.speaker for i in found}), key=shared, default="")


def silences(talk: Talk) -> tuple[Span, ...]:
    """Silences of 3 s or more between the first and the last speech."""
    spoken = union(i.span for i in talk)
    if not spoken:
        return ()
    return tuple(s for s in complement(spoken, Span(spoken[0].start, spoken[-1].end)) if s.duration >= 3.0)


def hits(truth: Sequence[Span], found: Sequence[Span]) -> int:
    """How many silences of the truth are found, both ends within 0.5 s."""
    return sum(any(abs(t.start - f.start) <= 0.5 and abs(t.end - f.end) <= 0.5 for f in found) for t in truth)


def untold(done: float) -> None:
    """Progress for nobody."""
    del done


def main() -> None:
    """Print one line a recording and setting."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--step", type=float, action="append", help="segmentation_step; may be given several times")
    chosen = options.parse_args()
    for step in chosen.step or [Settings().speakers.segmentation_step]:
        settings = replace(Settings(), speakers=replace(Settings().speakers, segmentation_step=step))
        diarizer = create("diarizer", "pyannote", settings)
        for name, channels, truth in recordings(chosen.data):
            began = time.perf_counter()
            if len(channels) == 1:
                people = len({i.speaker for i in truth})
                found = diarizer.diarize(channels[0], min_speakers=people, max_speakers=people, progress=untold).regular
            else:
                found = diarize_channels(channels, ["therapist", "client"], settings).regular
            spent = (time.perf_counter() - began) / channels[0].duration
            first = truth[0].speaker
            label = counterpart(truth, found, first)
            real, seen = silences(truth), silences(found)
            print(
                f"step {step:.2f}  {name:24} DER {error_rate(truth, found, channels[0].duration):5.1f} %"
                f"  talk share {talk_share(found, label):5.1f} (truth {talk_share(truth, first):5.1f})"
                f"  silences {hits(real, seen)} of {len(real)}, {len(seen)} found  RTF {spent:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
