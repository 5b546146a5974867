"""A run is killed at random moments, or the disk is full in the middle: the next one goes on, to the same bytes.

``TOOLKIT_KILLS=200 python -m pytest tests/test_kills.py`` kills as often as a release asks for; by itself it is a few.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faulty import add_recordings
from replay import Study, make_study

from toolkit import store
from toolkit.study import Study as Opened

KILLS = int(os.environ.get("TOOLKIT_KILLS", "12"))
SESSIONS = {f"s{n:02d}": 20 for n in range(10)}


def command(study: Study) -> list[str]:
    """`toolkit run` with two workers."""
    return [sys.executable, "-m", "toolkit", "run", str(study.root), "--workers", "2"]


def left_over(study: Study) -> list[str]:
    """Temporary and unfinished files and folders."""
    found = [p for p in study.root.rglob("*") if p.name.startswith((".staging", ".old", ".purged")) or "tmp" in p.name]
    return [str(p.relative_to(study.root)) for p in found]


def test_a_run_that_is_killed_at_random_moments_comes_to_the_same_end(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=())
    add_recordings(study, SESSIONS)
    began = time.monotonic()
    assert subprocess.run(command(study), capture_output=True, check=False).returncode == 0
    usual = time.monotonic() - began
    undisturbed = study.snapshot()
    assert {n.split("/")[1] for n in undisturbed if n.startswith("results/")} == set(SESSIONS)
    opened, chance, kills, ends = Opened.open(study.root), random.Random(6), 0, 0
    while kills < KILLS or not ends:
        for folder in ("results", "stages"):
            shutil.rmtree(study.root / folder)
        killed = True
        while killed:
            child = subprocess.Popen(
                command(study), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            began = time.monotonic()
            try:  # once it was killed often enough, it may end
                code = child.wait(timeout=chance.uniform(0.2, 0.8) * usual if kills < KILLS else None)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                code = child.wait()
                usual *= 1.05  # a machine that got busier must still let runs end
            killed = code == -signal.SIGKILL
            kills += killed
            assert killed or code == 0
            for session_id in store.sessions(opened):
                assert store.verify(opened, session_id) == (), "what is there is whole"
        ends += 1
        usual = max(0.5, 0.8 * usual + 0.2 * (time.monotonic() - began))  # the machine may be busier or idler by now
        assert study.snapshot() == undisturbed
        assert left_over(study) == []


IN_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size=4m none "$DISK"
cp -r "$STUDY"/. "$DISK"
mount -o remount,size=$(( $(du -sk "$DISK" | cut -f1) + 220 ))k "$DISK"
set +e
"$PYTHON" -m toolkit run "$DISK" --workers 2; echo "first $?"
ls -A "$DISK"/results | grep -v lock | grep '^[.]' && echo "left over"
mount -o remount,size=16m "$DISK"
"$PYTHON" -m toolkit run "$DISK" --workers 2; echo "second $?"
cp -r "$DISK"/results "$DISK"/stages "$OUT"
"""


def may_unshare() -> bool:
    """Whether this system lets a user have a mount of their own."""
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_unshare(), reason="a mount of one's own (unshare -rm) is not permitted here")
def test_a_full_disk_is_a_clear_error_and_the_run_goes_on_when_there_is_room(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=())
    add_recordings(study, SESSIONS)
    for path in (study.root / "recordings").iterdir():  # outside the small disk
        shutil.move(path, tmp_path / path.name)
    rows = study.root / "sessions.csv"
    rows.write_text(rows.read_text().replace("recordings/", f"{tmp_path}/"))
    for name in ("disk", "out"):
        (tmp_path / name).mkdir()
    places = {"DISK": tmp_path / "disk", "STUDY": study.root, "OUT": tmp_path / "out", "PYTHON": sys.executable}
    done = subprocess.run(
        ["unshare", "-rm", "bash", "-c", IN_A_SMALL_DISK],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **{k: str(v) for k, v in places.items()}, "COLUMNS": "200"},
    )
    assert "first 1" in done.stdout or "first 6" in done.stdout, done.stdout + done.stderr
    assert "the disk is full. Make room and run the command again." in done.stderr
    assert "Traceback" not in done.stderr
    assert "left over" not in done.stdout
    assert "second 0" in done.stdout
    assert subprocess.run(command(study), capture_output=True, check=False).returncode == 0
    made = Study(tmp_path / "out")
    shutil.rmtree(study.root / "recordings")
    whole = {n: d for n, d in study.snapshot().items() if n.startswith(("results", "stages"))}
    assert made.snapshot() == whole
