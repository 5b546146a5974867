"""A run on a real Dask cluster: the same tables as without one, whatever dies, and nothing private in Dask's logs."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from clusters import Dask, certificates, dask_cluster, end_all, start, until
from conftest import ROOT
from examples import blocks, lines
from faulty import add_recordings, environment, faulty_study
from replay import End, Study

from toolkit.engines import addresses, config, crew, jobs
from toolkit.engines.addresses import checked
from toolkit.errors import ConfigError
from toolkit.settings import Settings
from toolkit.types import Missing

PAGE = ROOT / "docs" / "scale.md"
pytest.importorskip("distributed", reason="the extra `cluster` is not installed")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder whose package the workers know."""
    folder = tmp_path_factory.mktemp("cluster")
    faulty_study(folder, {})
    return folder


@pytest.fixture(scope="module")
def dask(home: Path) -> Iterator[Dask]:
    with dask_cluster(home / "dask", environment=environment(home)) as cluster:
        yield cluster


def copy_of(home: Path, folder: Path, lengths: dict[str, int], settings: dict[str, str] | None = None) -> Study:
    """A study with these recordings whose words come from the package of `home`."""
    shutil.copytree(home / "study", folder / "study")
    study = Study(folder / "study")
    path = study.root / "toolkit.toml"
    text = path.read_text()
    for name, value in (settings or {}).items():
        text = re.sub(rf"(?m)^{name} = \S+", f"{name} = {value}", text)
    path.write_text(text)
    add_recordings(study, lengths)
    return study


def started(study: Study, *arguments: object, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "toolkit", "run", *map(str, (study.root, *arguments))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home))


def run(study: Study, *arguments: object, home: Path) -> End:
    process = started(study, *arguments, home=home)
    out, err = process.communicate(timeout=240)
    return End(process.returncode, out, err)


def on(cluster: Dask) -> tuple[object, ...]:
    return "--engine", "dask", "--scheduler", cluster.address, "--config", cluster.config


def done(study: Study) -> list[Path]:
    return list((study.root / "results").glob("[!.]*/manifest.json"))


def tables(study: Study) -> dict[str, bytes]:
    files = [p for p in sorted((study.root / "results").rglob("*")) if p.is_file() and "lock" not in p.name]
    return {str(p.relative_to(study.root)): p.read_bytes() for p in files}


def test_a_run_and_then_a_worker_killed_in_the_middle_change_no_byte(dask: Dask, home: Path, tmp_path: Path) -> None:
    lengths = {f"s{number}": 27 for number in range(5)}  # each takes a while
    plain = copy_of(home, tmp_path / "plain", lengths)
    assert run(plain, "--workers", 1, home=home).code == 0
    study = copy_of(home, tmp_path / "cluster", lengths)
    process = started(study, *on(dask), home=home)
    until(lambda: len(done(study)) > 0)
    process.kill()
    process.communicate()
    assert len(done(study)) < 5
    process = started(study, *on(dask), home=home)
    until(lambda: len(done(study)) > 2)
    dask.workers()[0].kill()
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, (out, err)
    assert study.results() == sorted(lengths)
    assert tables(study) == tables(plain)


def test_only_the_poisonous_and_the_hanging_session_are_given_up(dask: Dask, home: Path, tmp_path: Path) -> None:
    lengths = {"a": 20, "hangs": 21, "b": 20, "kills": 22, "c": 20, "crashes": 23, "d": 20, "hungry": 24, "e": 20}
    study = copy_of(home, tmp_path, lengths, {"deadline_base": "6.0", "deadline_factor": "0.1"})
    end = run(study, *on(dask), home=home)
    assert end.code == 1
    assert study.results() == ["a", "b", "c", "d", "e", "hungry"]
    assert "6 done, 3 failed" in end.out.replace("3 failed, 6 done", "6 done, 3 failed")
    lines = {line.split("session ")[1].split(":")[0]: line for line in end.err.splitlines() if "error: session" in line}
    assert set(lines) == {"hangs", "kills", "crashes"}
    assert "at its deadline" in lines["hangs"]
    assert "(stage words)" in lines["hangs"]
    assert "ended its worker 2 times" in lines["kills"]
    assert "internal error in stage words: RuntimeError" in lines["crashes"]


def test_dask_writes_no_text_no_name_and_no_path_of_ours(dask: Dask, home: Path, tmp_path: Path) -> None:
    study = copy_of(home, tmp_path, {"fine": 20, "crashes": 23})
    shutil.move(study.recording("crashes.wav"), study.recording("Jane Doe.wav"))
    sessions = study.root / "sessions.csv"
    sessions.write_text(sessions.read_text().replace("recordings/crashes.wav", "recordings/Jane Doe.wav"))
    said = run(study, *on(dask), home=home)
    logs = dask.logs()
    assert "Register worker" in logs
    for secret in ("canary", "Jane", "wav", str(study.root), "T01", "C-fine", "drinking"):
        assert secret not in logs, secret
    assert "canary" not in said.out + said.err


def test_everything_listens_on_this_machine_only(dask: Dask) -> None:
    ends = dask.listening()
    assert len(ends) >= 4  # scheduler and nannies and workers, and their dashboards
    assert {end.ip for end in ends} == {"127.0.0.1"}


def test_a_scheduler_is_not_reached_with_other_certificates(dask: Dask, home: Path, tmp_path: Path) -> None:
    study = copy_of(home, tmp_path, {"a": 20})
    certificates(tmp_path)
    end = run(study, *on(dask)[:-1], tmp_path / "cluster.toml", home=home)
    assert end.code == 5
    assert "no scheduler answers" in end.err
    assert study.results() == []


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.7:8786", "tcp://node7:8786", "ucx://127.0.0.1:1", "inproc://x", "x", ""]
)
def test_unencrypted_addresses_that_lead_away_are_refused(address: str) -> None:
    with pytest.raises(ConfigError):
        checked(address)


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("node7:8786", "tls://node7:8786"),
        ("localhost:1", "tcp://localhost:1"),
        ("[::1]:1", "tcp://[::1]:1"),
        ("tls://10.0.0.7:8786", "tls://10.0.0.7:8786"),
        ("127.0.0.1.example.org:1", "tls://127.0.0.1.example.org:1"),
    ],
)
def test_what_is_given_without_a_protocol_is_encrypted_unless_it_is_this_machine(given: str, whole: str) -> None:
    assert checked(given) == whole
    assert addresses.is_private(whole)


@pytest.mark.parametrize(
    ("words", "speakers", "offered", "given_work"),
    [
        ("auto", "auto", [0, 0], [0, 1]),
        ("auto", "auto", [0, 1], [1]),
        ("auto", "cpu", [1, 1], [0, 1]),
        ("cpu", "cpu", [0, 1], [0, 1]),
        ("cuda", "auto", [0, 1], [1]),
        ("cuda", "cpu", [0, 0], []),
    ],
)
def test_sessions_go_to_workers_of_one_kind(
    words: str, speakers: str, offered: list[int], given_work: list[int]
) -> None:
    base = Settings()
    chosen = replace(base, words=replace(base.words, device=words), speakers=replace(base.speakers, device=speakers))
    workers = [{"resources": {"GPU": n} if n else {}} for n in offered]
    device = crew.decided(crew.device_of(chosen), workers)
    assert [n for n, worker in enumerate(workers) if crew.suits(device, worker)] == given_work
    assert crew.decided(device, [{"resources": {"GPU": 1}}]) == device  # a worker that comes later changes nothing


@pytest.mark.enable_socket  # to find a free port
def test_the_commands_of_the_page_make_a_cluster_that_runs(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As written, but for the name of the machine and a port that is free."""
    study = copy_of(home, tmp_path, {"a": 20})
    study.root.rename(tmp_path / "my-study")
    certificates(tmp_path)
    for ours, theirs in (("cert", "node"), ("key", "node-key")):
        (tmp_path / f"{ours}.pem").rename(tmp_path / f"{theirs}.pem")
    file = tmp_path / "cluster.toml"
    file.write_text(file.read_text().replace("key.pem", "node-key.pem").replace("cert.pem", "node.pem"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    written = [line.replace("HOST:8786", f"127.0.0.1:{port}") for line in lines(PAGE, "console")]
    scheduler, worker = (shlex.split(line)[2:] for line in written if line.startswith("dask "))
    (command,) = [shlex.split(line)[2:] for line in written if "--engine dask" in line]
    monkeypatch.chdir(tmp_path)
    started_here = [start(tmp_path, "scheduler", [*scheduler, "--port", port], environment(home))]
    try:
        started_here.append(start(tmp_path, "worker", worker, environment(home)))
        end = run(Study(Path(command[0])), *command[1:], home=home)
        assert end.code == 0, (end.err, "".join(p.read_text(errors="replace") for p in tmp_path.glob("*.log")))
        assert Study(tmp_path / "my-study").results() == ["a"]
    finally:
        end_all(started_here)


def test_the_cluster_file_of_the_page_is_read(tmp_path: Path) -> None:
    (text,) = blocks(PAGE, "toml")
    (tmp_path / "cluster.toml").write_text(text)
    jobs_of = config.load(tmp_path / "cluster.toml").jobs
    assert (jobs_of.workers, jobs_of.cores, jobs_of.queue, jobs_of.interface) == (32, 8, "normal", "ib0")


def test_a_cluster_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('[jobs]\nworkers = 32\ngpus = 1\ndirectives = ["--constraint=avx512"]\n')
    found = config.load(path)
    assert found.jobs.workers == 32
    assert isinstance(found.certificates, Missing)
    for text, said in (
        ("[jobs]\nworker = 3\n", "unknown setting jobs.worker in cluster.toml"),
        ("[jobs]\ncores = 0\n", "out of range"),
        ("[job]\n", "unknown section job"),
        ('[jobs]\ndirectives = "x"\n', "must be a list of lines"),
        ('[certificates]\nca = "ca.pem"\n', "must name ca, certificate, key"),
        ('[certificates]\nca = "a"\ncertificate = "b"\nkey = "c"\n', "there is no file a"),
        ("[jobs", "no valid TOML"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=re.escape(said)):
            config.load(path)


@pytest.mark.parametrize("kind", jobs.KINDS)
def test_a_job_asks_for_what_the_file_says(kind: str) -> None:
    settings = config.JobSettings(cores=8, memory_gb=16, hours=2, queue="night", account="clinic", gpus=1)
    options = jobs.options_of(kind, settings)
    assert options["walltime"] == "02:00:00"
    assert options["security"] is True
    assert options["scheduler_options"]["dashboard_address"].startswith("127.0.0.1")
    extra = " ".join(options["worker_extra_args"])
    assert "--resources GPU=1" in extra
    assert "--dashboard-address 127.0.0.1:0" in extra
    assert "--lifetime 6480s" in extra


def test_options_that_do_not_fit_are_refused(home: Path, tmp_path: Path) -> None:
    study = copy_of(home, tmp_path, {"a": 20})
    for arguments, said in (
        (("--scheduler", "tls://x:1"), "are for a cluster"),
        (("--engine", "dask"), "needs a scheduler"),
        (("--engine", "slurm", "--scheduler", "tls://x:1"), "a scheduler of its own"),
        (("--engine", "dask", "--scheduler", "tcp://node7:8786"), "unencrypted"),
    ):
        end = study.toolkit("run", study.root, *arguments)
        assert end.code == 4
        assert said in end.err
    assert not list((study.root / "results").iterdir())
