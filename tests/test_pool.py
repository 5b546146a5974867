"""Worker processes that hang, die, crash, run out of memory or find nothing: no session hurts another."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from audio_files import voice, wav
from faulty import FAULTS, consent, environment, faulty_study
from replay import RATE, End, Study

from toolkit import store
from toolkit.batch import failures
from toolkit.consent import audit
from toolkit.study import Study as Opened

WELL = 20


def run(study: Study, *options: object, prefix: tuple[str, ...] = ()) -> End:
    """`toolkit run` in processes that find the faulty transcriber."""
    command = [*prefix, sys.executable, "-m", "toolkit", *map(str, ("run", study.root, *options))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(study.root.parent))
    return End(done.returncode, done.stdout, done.stderr)


def tables(study: Study) -> dict[str, bytes]:
    """Every file of the results."""
    return {name: data for name, data in study.snapshot().items() if name.startswith("results/")}


def log(path: Path) -> dict[str, dict[str, object]]:
    """The sessions of a JSON log."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [lines[0]["event"], lines[-1]["event"]] == ["begin", "end"]
    return {line["session_id"]: line for line in lines if line["event"] == "session"}


def broken(study: Study) -> dict[str, str]:
    """Eight recordings that are broken in different ways, and the class of error each must give."""
    made = {
        "junk": b"no sound at all " * 2000,
        "cut": wav_bytes_of(voice(20, RATE))[:300_000],
        "silent": wav_bytes_of(np.zeros(20 * RATE, np.float32)),
        "short": wav_bytes_of(voice(0.4, RATE)),
        "lying": wav_bytes_of(voice(20, RATE), seconds=60),
    }
    for name, data in made.items():
        study.recording(f"{name}.wav").write_bytes(data)
    noisy = voice(20, RATE)
    noisy[5000:5010] = np.nan
    wav(study.recording("numbers.wav"), noisy, RATE, bits=32)
    names = [*made, "numbers", "gone", "pipe"]
    with (study.root / "sessions.csv").open("a") as rows, (study.root / "consent.toml").open("a") as ledger:
        for name in names:
            path = study.recording(f"{name}.wav")
            data = path.read_bytes() if path.is_file() else b""
            rows.write(f"{name},recordings/{name}.wav,T01,C-{name},,en,2,,,\n")
            ledger.write(consent(name, hashlib.sha256(data).hexdigest()))
    os.mkfifo(study.recording("pipe.wav"))
    return dict.fromkeys(names, "InputError")


def wav_bytes_of(sound: np.ndarray, *, seconds: float = 0.0) -> bytes:
    """A wav of 16 bits whose header may promise more sound than there is."""
    data = np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
    said = round(seconds * RATE) * 2 or len(data)
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16) + b"data" + struct.pack("<I", said)
    return b"RIFF" + struct.pack("<I", len(head) + said) + head + data


def test_thirty_sessions_of_which_twelve_go_wrong_in_different_ways(tmp_path: Path) -> None:
    well = {f"w{n:02d}": WELL for n in range(18)}
    wrong = {name: FAULTS[name] for name in ("hangs", "kills", "crashes", "blank")}
    study = faulty_study(tmp_path / "faulty", {**wrong, **well}, deadline_base=8.0, deadline_factor=0.1)
    expected = broken(study) | {
        "hangs": "WorkerHung",
        "kills": "WorkerDied",
        "crashes": "RuntimeError",
        "blank": "InputError",
    }
    assert len(well) + len(expected) == 30
    end = run(study, "--workers", 2, "--log-json", tmp_path / "log.jsonl")
    assert end.code == 1, end.err
    ended = log(tmp_path / "log.jsonl")
    assert {s for s, line in ended.items() if line["state"] == "done"} == set(well) == set(study.results())
    assert {s: line["error"] for s, line in ended.items() if line["state"] == "failed"} == expected
    assert ended["kills"]["attempts"] == 2
    assert {ended[s]["stage"] for s in ("kills", "hangs", "crashes")} <= {"words", "speakers"}  # they go side by side
    assert ended["blank"]["stage"] == "dialogue"
    assert all(line["attempts"] == 1 for s, line in ended.items() if s != "kills"), "an innocent was tried again"
    known = {s: failures.read(Opened.open(study.root), s) for s in expected}
    assert {s: f.error for s, f in known.items() if f} == expected
    errors = [line for line in end.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 12
    assert all(f"session {s}: " in end.err for s in expected)
    told = end.err + end.out + (tmp_path / "log.jsonl").read_text() + str(known)
    assert "canary" not in told
    assert "Traceback" not in told
    assert str(tmp_path) not in told
    assert audit.verify(study.root / "audit.jsonl").ok

    again = run(study, "--workers", 2, "--log-json", tmp_path / "again.jsonl")
    assert again.code == 1
    tried = {s for s, line in log(tmp_path / "again.jsonl").items() if line["attempts"] and line["state"] != "current"}
    assert tried == {"gone", "pipe"}  # the inputs of all others would fail again; these two may be there next time
    assert all(f"session {s}: " in again.err for s in expected)

    disturbed = tables(study)
    for folder in ("results", "stages"):
        shutil.rmtree(study.root / folder)
    assert run(study, *well, "--workers", 1).code == 0
    assert tables(study) == disturbed  # two workers beside failures, or one that is never disturbed


def test_memory_that_runs_out_is_tried_again_in_smaller_batches_and_then_given_up_alone(tmp_path: Path) -> None:
    lengths = {"hungry": FAULTS["hungry"], "grows": FAULTS["grows"], "starves": FAULTS["starves"], "well": WELL}
    study = faulty_study(tmp_path, lengths, memory_max=0.6)
    end = run(study, "--workers", 2, "--log-json", tmp_path / "log.jsonl")
    assert end.code == 1, end.err
    ended = log(tmp_path / "log.jsonl")
    assert {s: line["state"] for s, line in ended.items()} == {
        "hungry": "done",
        "grows": "done",
        "starves": "failed",
        "well": "done",
    }
    assert {s: line["attempts"] for s, line in ended.items()} == {"hungry": 2, "grows": 2, "starves": 2, "well": 1}
    assert ended["starves"]["error"] == "MemoryError"
    assert 50 < int(str(ended["well"]["peak_mb"])) < 600


def test_a_failure_is_tried_again_when_asked_when_named_and_when_the_session_has_changed(tmp_path: Path) -> None:
    study = faulty_study(tmp_path, {"blank": FAULTS["blank"], "well": WELL})

    def attempts(*options: object) -> object:
        path = tmp_path / "log.jsonl"
        path.unlink(missing_ok=True)
        assert run(study, *options, "--log-json", path).code in {1, 2}
        return log(path)["blank"]["attempts"]

    assert attempts() == 1
    assert attempts() == 0
    assert attempts("--retry-failed") == 1
    assert attempts("blank") == 1
    path = study.root / "toolkit.toml"
    path.write_text(path.read_text().replace("utterance_gap = 1.0", "utterance_gap = 1.1"))
    assert attempts() == 1
    old, new = (hashlib.sha256(study.recording(f"{s}.wav").read_bytes()).hexdigest() for s in ("blank", "well"))
    shutil.copy(study.recording("well.wav"), study.recording("blank.wav"))
    ledger = study.root / "consent.toml"
    ledger.write_text(ledger.read_text().replace(old, new))
    assert run(study).code == 0
    assert failures.read(Opened.open(study.root), "blank") is None
    assert study.results() == ["blank", "well"]


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_stops_and_the_next_run_goes_on(tmp_path: Path, presses: int) -> None:
    study = faulty_study(tmp_path, {f"slow{n}": FAULTS["slow"] for n in range(6)})
    command = [sys.executable, "-m", "toolkit", "run", str(study.root), "--workers", "2"]
    child = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment(tmp_path), start_new_session=True
    )
    wait_for(lambda: bool(list((study.root / "stages").glob("*/speakers*"))))
    for _ in range(presses):  # a terminal sends it to all processes of the command
        os.killpg(child.pid, signal.SIGINT)
        time.sleep(0.4)
    _, err = child.communicate(timeout=120)
    assert child.returncode == 130, err
    assert "go on with: toolkit run" in err
    assert "Traceback" not in err
    done = study.results()
    assert len(done) < 6
    assert presses == 2 or done  # one press lets the sessions in work come to their end
    assert run(study).code == 0
    assert len(study.results()) == 6


def wait_for(there: object, *, seconds: float = 120.0) -> None:
    """Wait until something is there."""
    assert callable(there)
    last = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < last, "it never came"
        time.sleep(0.05)


def test_a_second_run_is_told_who_holds_the_lock_and_readers_do_not_wait(tmp_path: Path) -> None:
    study = faulty_study(tmp_path, {"slow": FAULTS["slow"], "hangs": FAULTS["hangs"]})
    command = [sys.executable, "-m", "toolkit", "run", str(study.root), "--workers", "2"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(tmp_path), start_new_session=True)
    try:
        wait_for((study.root / "results" / "slow").exists)
        second = run(study)
        assert second.code == 6
        assert f"process {child.pid} on " in second.err
        assert " since 20" in second.err
        assert store.sessions(Opened.open(study.root)) == ("slow",)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def test_workers_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    study = faulty_study(tmp_path, {"hangs": FAULTS["hangs"], "slow": FAULTS["slow"]})
    command = [sys.executable, "-m", "toolkit", "run", str(study.root), "--workers", "2"]
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(tmp_path), start_new_session=True
    )
    wait_for((study.root / "results" / "slow").exists)
    child.kill()
    child.wait()
    wait_for(lambda: not processes_of(child.pid))  # not even the one that holds its interpreter is left
    assert run(study, "slow").code == 0


def processes_of(group: int) -> list[int]:
    """Processes of a group that are alive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(folder.name))
    return found
