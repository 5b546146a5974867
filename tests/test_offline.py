"""Nothing is contacted: telemetry is off before anything is imported, and strict offline lets nothing out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from audio_files import write
from conftest import ROOT
from mixtures import decode
from replay import make_study

from toolkit import lab, offline

GUARDED = """
import os, socket
os.environ["TOOLKIT_STRICT_OFFLINE"] = "1"
import toolkit
from toolkit.errors import BackendError
"""


def python(code: str, *, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a Python of its own, without pytest's own guard."""
    own = {name: value for name, value in os.environ.items() if name not in offline.SWITCHES}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**own, **(environment or {})}
    )


def test_importing_the_toolkit_turns_telemetry_off_before_any_dependency_is_imported() -> None:
    code = (
        "import json, os, sys; import toolkit; heavy = {'torch', 'pyannote', 'huggingface_hub', 'distributed'};"
        "print(json.dumps([dict(os.environ), sorted(heavy & {m.split('.')[0] for m in sys.modules})]))"
    )
    environment, loaded = json.loads(python(code, environment={"PYANNOTE_METRICS_ENABLED": "1"}).stdout)
    assert {name: environment[name] for name in offline.SWITCHES} == dict(offline.SWITCHES)
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert loaded == []


def test_the_libraries_themselves_say_that_it_is_off() -> None:
    code = (
        "import toolkit; from pyannote.audio.telemetry import metrics; from huggingface_hub import constants;"
        "print(metrics.is_metrics_enabled(), constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_OFFLINE)"
    )
    done = python(code)
    assert done.stdout.split() == ["False", "True", "True"], done.stderr


IMPORTED = """
import time
import toolkit
import onnxruntime, ctranslate2, faster_whisper, torch, pyannote.audio, spacy, av, polars, presidio_analyzer
import altair, vl_convert, typst, anywidget, distributed, keyring, pyrage
onnxruntime.get_available_providers()
time.sleep(3)
"""


def test_no_dependency_keeps_or_sends_anything_of_its_own_accord(tmp_path: Path) -> None:
    home, trace = tmp_path / "home", tmp_path / "trace"
    home.mkdir()
    own = {name: value for name, value in os.environ.items() if name not in offline.SWITCHES}
    strace = ["strace", "-f", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace)]
    watched = (
        shutil.which("strace") is not None
        and not subprocess.run([*strace, "true"], capture_output=True, check=False).returncode
    )
    done = subprocess.run(
        [*(strace if watched else []), sys.executable, "-c", IMPORTED],
        capture_output=True,
        text=True,
        check=False,
        env={**own, "HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    assert [str(p.relative_to(home)) for p in home.rglob("*") if "telemetry" in p.name or "deviceid" in p.name] == []
    if watched:  # native code included, which Python's guard does not see
        assert [line for line in trace.read_text(errors="replace").splitlines() if "AF_INET" in line] == []


def test_a_notebook_server_asks_for_no_news(tmp_path: Path) -> None:
    asked = lab.options(tmp_path, first="a.ipynb", browser=False, port=0)
    assert "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate" in asked
    assert "--LabApp.news_url=None" in asked


REFUSED = [
    "socket.create_connection(('192.0.2.1', 80), 1)",
    "socket.create_connection(('2001:db8::1', 80), 1)",
    "socket.getaddrinfo('example.org', 443)",
    "socket.gethostbyname('example.org')",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "__import__('urllib.request').request.urlopen('http://example.org')",
    "__import__('urllib.request').request.urlopen('http://192.0.2.1')",
]


@pytest.mark.parametrize("attempt", REFUSED)
def test_strict_offline_refuses_every_other_machine(attempt: str) -> None:
    done = python(f"{GUARDED}\ntry:\n    {attempt}\nexcept BackendError as e:\n    print(e)\n")
    assert done.stdout.strip() == "strict offline: a connection to another machine was refused.", done.stderr


def test_strict_offline_lets_loopback_be(tmp_path: Path) -> None:
    code = (
        f"{GUARDED}\ns = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname(), 1).close();"
        f"u = socket.socket(socket.AF_UNIX); u.bind({str(tmp_path / 'u')!r}); u.listen();"
        f"socket.socket(socket.AF_UNIX).connect({str(tmp_path / 'u')!r}); socket.getaddrinfo('localhost', 80);"
        "print('ok')"
    )
    done = python(code)
    assert done.stdout.strip() == "ok", done.stderr


@pytest.mark.parametrize(
    ("address", "here"),
    [
        (("127.0.0.1", 1), True),
        (("127.3.2.1", 1), True),
        (("::1", 1, 0, 0), True),
        (("localhost", 1), True),
        ("/run/x.sock", True),
        (b"\0abstract", True),
        (None, True),
        (("10.0.0.1", 1), False),
        (("0.0.0.0", 1), False),
        (("::ffff:8.8.8.8", 1, 0, 0), False),
        (("localhost.example.org", 1), False),
        ("127.0.0.1.example.org", False),
        (b"example.org", False),
    ],
)
def test_what_is_loopback(address: object, here: bool) -> None:
    assert offline.is_loopback(address) is here


def test_models_are_not_fetched_under_strict_offline(tmp_path: Path) -> None:
    own = {**os.environ, "TOOLKIT_MODELS": str(tmp_path)}
    command = [sys.executable, "-m", "toolkit", "--strict-offline", "models", "fetch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=own)
    assert done.returncode == 5
    assert "strict offline" in done.stderr
    hub = [*command, "openai/whisper-tiny", "--hub"]
    assert "strict offline" in subprocess.run(hub, capture_output=True, text=True, check=False, env=own).stderr


def lonely() -> list[str]:
    """What to put before a command so that it has loopback and nothing else, native code included."""
    command = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("this machine has no unshare or no ip")
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a network namespace")
    return command


def test_every_command_of_a_study_works_without_a_network(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("good",))
    prefix = lonely()
    for arguments in (
        ["run", study.root],
        ["show", study.root, "good"],
        ["status", study.root],
        ["correct", "note", study.root, "good", "0:05", "Listen here."],
        ["export", study.root, "good", "--format", "csv", "--output", tmp_path / "out.csv"],
        ["audit", "verify", study.root],
        ["doctor", study.root],
        ["consent", "withdraw", study.root, "--session", "good", "--yes"],
    ):
        end = study.in_child("--strict-offline", *arguments, prefix=prefix)
        assert end.code in ({0, 1} if arguments[0] == "doctor" else {0}), (arguments, end.err)


def may_leave_the_network() -> bool:
    """Whether this system lets a user have a network of their own, with nothing in it."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    tried = ["unshare", "-rn", "ip", "link", "set", "lo", "up"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.models
@pytest.mark.skipif(not may_leave_the_network(), reason="a network of one's own (unshare -rn) is not permitted here")
def test_the_whole_chain_and_a_notebook_run_where_there_is_no_network(
    tmp_path: Path, model_store: dict[str, Path]
) -> None:
    sound = decode(ROOT / "sample_data" / "recordings" / "reflective.flac")[: 40 * 16000]
    write(tmp_path / "recording.flac", sound, rate=16000, muxer="flac", codec="flac")
    toolkit = f"{sys.executable} -m toolkit --strict-offline"
    notebook = ROOT / "notebooks" / "01_session_review.ipynb"
    script = f"""
set -e
ip link set lo up
test "$(ip -o link | wc -l)" = 1
{toolkit} init s
{toolkit} add s recording.flac --session s01 --therapist T01 --client C01
{toolkit} consent grant s --session s01 --purpose measure --purpose transcript
{toolkit} run s
{sys.executable} -m nbconvert --to html --execute --output-dir . {notebook}
"""
    environment = {**os.environ, "TOOLKIT_STUDY": str(tmp_path / "s"), "TOOLKIT_SESSION": "s01"}
    environment |= {"TOOLKIT_STRICT_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    command = ["unshare", "-rn", "sh", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "01_session_review.html").read_text()
    assert "Traceback" not in page
    assert "Share of speech time" in page
