"""How many threads there are changes no number."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from audio_files import write
from conftest import ROOT
from replay import Study

from toolkit import threads


@pytest.mark.parametrize("first", ["import numpy", "pass"])
def test_numpy_keeps_to_one_thread(first: str) -> None:
    code = (
        f"{first}\nfrom toolkit import threads; threads.steady()\n"
        "import numpy, threadpoolctl\n"
        "numpy.ones((64, 64)) @ numpy.ones((64, 64))\n"
        "print([i['num_threads'] for i in threadpoolctl.threadpool_info() if i['user_api'] == 'blas'])"
    )
    told = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=told, check=True)
    assert done.stdout == "[1]\n"


def test_a_workers_share_is_what_libraries_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads.count() == threads.cores() >= 1
    for odd in ("", "0", "many", "-2"):
        monkeypatch.setenv("OMP_NUM_THREADS", odd)
        assert threads.count() == threads.cores()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads.count() == 3


@pytest.mark.models
def test_the_whole_chain_gives_the_same_bytes_with_one_thread_and_with_two(
    tmp_path: Path, model_store: dict[str, Path]
) -> None:
    import av

    with av.open(str(ROOT / "sample_data" / "recordings" / "hurried.flac")) as container:
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(blocks)[: 40 * 16000].astype(np.float32) / 32768
    study = Study(tmp_path / "study")
    assert study.toolkit("init", study.root).code == 0
    study.add_and_consent("s01", write(tmp_path / "s01.flac", sound, rate=16000, muxer="flac", codec="flac"))
    made = []
    for count in ("1", "2"):
        for folder in ("results", "stages"):
            shutil.rmtree(study.root / folder, ignore_errors=True)
        told = {**os.environ, "OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count, "MKL_NUM_THREADS": count}
        command = [sys.executable, "-m", "toolkit", "run", str(study.root)]
        assert subprocess.run(command, capture_output=True, env=told, check=False).returncode == 0
        made.append(study.snapshot())
    assert made[0] == made[1]
