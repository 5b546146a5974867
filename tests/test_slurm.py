"""Workers that a real Slurm starts, one of whose jobs is cancelled in the middle: the same tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from clusters import until
from faulty import faulty_study
from slurms import slurm
from test_cluster import copy_of, done, run, started, tables

pytest.importorskip("dask_jobqueue", reason="the extra `cluster` is not installed")


@pytest.mark.enable_socket
def test_a_job_cancelled_in_the_middle_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    faulty_study(home, {})
    lengths = {f"s{number}": 27 for number in range(4)}
    plain = copy_of(home, tmp_path / "plain", lengths)
    study = copy_of(home, tmp_path / "cluster", lengths)
    file = tmp_path / "cluster.toml"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    file.write_text(
        f'[jobs]\nworkers = 2\ncores = 1\nmemory_gb = 2.0\nhours = 0.5\ninterface = "lo"\nscratch = "{scratch}"\n'
    )
    (tmp_path / "slurm").mkdir()
    with slurm(tmp_path / "slurm") as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        process = started(study, "--engine", "slurm", "--config", file, home=home)
        until(lambda: done(study), seconds=120)
        running.say("scancel", running.jobs()[0])
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, (out, err)
        assert study.results() == sorted(lengths), out
        until(lambda: running.jobs() == [])  # the run takes its jobs with it
    assert not [p.name for p in scratch.iterdir() if p.name.startswith(".dask-jobqueue")], (
        "certificates of the run are left"
    )
    assert run(plain, "--workers", 1, home=home).code == 0
    assert tables(study) == tables(plain)
    logs = "".join(path.read_text(errors="replace") for path in scratch.rglob("*") if path.is_file())
    assert str(study.root) not in logs
