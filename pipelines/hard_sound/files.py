"""Sound and references on disk."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from hard_sound.truths import as_json
from toolkit.atomic import write_text
from toolkit.errors import InputError
from toolkit.formats import rttm, stm
from toolkit.formats.stm import Segment
from toolkit.formats.truth import Truth
from toolkit.types import Missing

__all__ = ["RATE", "decode", "write_flac", "write_reference"]

RATE = 16_000
BLOCK = 1 << 16  # samples
LAYOUTS = {1: "mono", 2: "stereo"}


def decode(path: Path) -> NDArray[np.float32]:
    """Every channel of a recording at 16 kHz, float32 of shape (channels, n).

    Raises
    ------
    InputError
        When it cannot be decoded.
    """
    resampler = av.AudioResampler("fltp", None, RATE)
    try:
        with av.open(str(path)) as container:
            blocks = [g.to_ndarray() for f in container.decode(audio=0) for g in resampler.resample(f)]
        blocks += [g.to_ndarray() for g in resampler.resample(None)]
    except (OSError, av.error.FFmpegError) as error:
        raise InputError(f"{path.name} cannot be decoded ({type(error).__name__}).") from None
    return np.concatenate(blocks, axis=1)


def write_flac(path: Path, sound: NDArray[np.float32], rate: int) -> None:
    """Write samples of shape (channels, n) as FLAC of 16 bits; what lies beyond -1 to 1 is a defect of the caller."""
    assert float(np.abs(sound).max(initial=0.0)) <= 1.0, "clipped"
    draft = path.with_suffix(".draft")
    layout = LAYOUTS[len(sound)]
    with av.open(str(draft), "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=rate, layout=layout)
        stream.codec_context.format = "s16"
        for start in range(0, sound.shape[1], BLOCK):
            block = np.round(sound[:, start : start + BLOCK] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T).reshape(1, -1), "s16", layout)
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    draft.replace(path)


def write_reference(folder: Path, truth: Truth) -> None:
    """Write the reference as JSON, RTTM and STM under its session's name."""
    name = truth.session_id
    write_text(folder / f"{name}.json", as_json(truth))
    write_text(folder / f"{name}.rttm", rttm.dumps(name, truth.speech))
    if not isinstance(truth.utterances, Missing):
        said = (Segment(u.start, u.end, u.speaker, u.text) for u in truth.utterances)
        write_text(folder / f"{name}.stm", stm.dumps(name, said))
