"""The turn at a GPU: taken by one process at a time where there is one, never waited for elsewhere."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from toolkit.backends import gpu


def test_a_machine_without_a_gpu_waits_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with gpu.turn("auto", "cpu"):
        assert list(tmp_path.iterdir()) == []


def test_one_process_at_a_time_has_the_gpu(tmp_path: Path) -> None:
    code = (
        "import sys, tempfile, time; from pathlib import Path; tempfile.tempdir = sys.argv[1]\n"
        "from toolkit.backends import gpu\n"
        "with gpu.turn('cpu', 'cuda'):\n"
        "    marks = Path(sys.argv[1]) / 'inside'; marks.mkdir(); time.sleep(0.2); marks.rmdir()"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]  # mkdir fails where another is inside
