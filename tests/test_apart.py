"""Decoding in a process of its own: one that crashes or goes beyond its limits is one recording refused."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from audio_files import consented, voice, wav

from toolkit.audio import apart, load
from toolkit.audio.apart import Limits, Order, Waiting
from toolkit.errors import InputError
from toolkit.settings import AudioSettings

SETTINGS = AudioSettings()
BROKEN = r"session s01: decoding the recording crashed, or went beyond its limits of time or memory\."
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="where no process can be forked, decoding is not apart")


def hour(path: Path) -> Path:
    """An hour of 48 kHz sound as a wav file that takes no room: seconds of work."""
    size = 3600 * 48000
    layout = struct.pack("<HHIIHH", 1, 1, 48000, 48000, 1, 8)
    head = b"WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", size)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(head) + size) + head)
    with path.open("r+b") as file:
        file.truncate(8 + len(head) + size)
    return path


def at_work() -> list[psutil.Process]:
    """The processes that decode for this one."""
    assert Waiting.process is not None
    return psutil.Process(Waiting.process.pid).children()


def good(folder: Path) -> None:
    """A recording is read as ever."""
    audio = load(consented(wav(folder / "good.wav", voice(2, 16000), 16000)), SETTINGS)
    assert audio.facts.duration == 2
    assert np.abs(audio.mix.samples).max() > 0.1


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash_of_the_decoder_is_one_refused_recording(tmp_path: Path, how: signal.Signals) -> None:
    made = consented(hour(tmp_path / "a.wav"))
    good(tmp_path)
    told: list[BaseException] = []

    def work() -> None:
        try:
            load(made, SETTINGS)
        except InputError as error:
            told.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        for process in at_work():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(how)
        time.sleep(0.01)
    with pytest.raises(InputError, match=BROKEN):
        raise told[0]
    good(tmp_path)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(8 << 30, 1, 600), BROKEN),
        (Limits(8 << 30, 600, 1), BROKEN),
        (Limits(256 << 20, 600, 600), "takes more memory than it may"),
    ],
)
def test_what_goes_beyond_its_limits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Limits, message: str
) -> None:
    monkeypatch.setattr(apart, "limits_of", lambda *_: limits)
    with pytest.raises(InputError, match=message):
        load(consented(hour(tmp_path / "a.wav")), replace(SETTINGS, max_hours=2))
    monkeypatch.undo()
    good(tmp_path)


def test_the_process_that_waits_is_started_anew_when_it_is_gone(tmp_path: Path) -> None:
    good(tmp_path)
    first = Waiting.process
    assert first is not None
    first.kill()
    first.wait()
    good(tmp_path)
    assert Waiting.process is not first


def test_a_forked_process_has_one_of_its_own(tmp_path: Path) -> None:
    good(tmp_path)
    made = consented(wav(tmp_path / "b.wav", voice(2, 16000), 16000))
    child = os.fork()
    if child == 0:  # pragma: no cover - the child never comes back
        ours = Waiting.process
        fine = load(made, SETTINGS).facts.duration == 2 and Waiting.process is not ours
        Waiting.end()
        os._exit(0 if fine else 1)
    assert os.waitpid(child, 0)[1] == 0
    good(tmp_path)


CONFINED = """
import resource, signal, socket, sys
from toolkit.audio import cell
from toolkit.audio.apart import Limits
cell.confine(Limits(4 << 30, 60, 60))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    open(sys.argv[1], "wb", buffering=0).write(b"speech")
except OSError as error:
    print(error.strerror)
print(resource.getrlimit(resource.RLIMIT_CORE))
try:
    print([open("/dev/null") for _ in range(100)])
except OSError as error:
    print(error.strerror)
"""


def test_it_can_write_nothing_and_open_little(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CONFINED, str(tmp_path / "written")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told.pop(1) in {"(0, 0)", "(1, 1)"}  # no core file
    assert told == ["File too large", "Too many open files"]
    assert (tmp_path / "written").stat().st_size == 0


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_it_has_no_network_where_the_system_lets_it_have_none(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces here")
    good(tmp_path)
    assert Waiting.process is not None
    theirs = Path(f"/proc/{Waiting.process.pid}/ns/net").readlink()
    assert theirs != Path("/proc/self/ns/net").readlink()


ONE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from audio_files import consented
from toolkit.audio import load
from toolkit.audio.apart import Waiting
from toolkit.settings import AudioSettings
load(consented(Path(sys.argv[2])), AudioSettings())
print(Waiting.process.pid, "av" in sys.modules)
"""


def test_it_ends_with_the_process_it_is_for_and_ffmpeg_is_loaded_there_only(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", voice(2, 16000), 16000)
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken from the folder one stands in')")
    code = ONE.replace("from audio_files import consented", "import audio_files; del sys.modules['av']").replace(
        "consented(Path", "audio_files.consented(Path"
    )
    command = [sys.executable, "-P", "-c", code, str(Path(__file__).parent), str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.split()
    assert told[1] == "False"
    assert not psutil.pid_exists(int(told[0]))


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"waves": [16000, 16000], "facts": {}},
        {"waves": [10**12], "facts": {}},
        {"waves": [-1], "facts": {}},
        {"waves": "x", "facts": {}},
        {"waves": [0], "facts": {}},
    ],
)
def test_what_a_decoder_says_is_not_taken_on_trust(told: dict) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        apart.audio_of(told, None, Order((), ()), SETTINGS)
    with pytest.raises(TypeError):
        apart.number("1.0")
    with pytest.raises(TypeError):
        apart.number(float("nan"))
