"""`toolkit lab`: a real JupyterLab on copies of the notebooks, with the study filled in and nothing kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from conftest import ROOT
from made import withdraw
from many import Made, study_of, value, values

from toolkit import lab
from toolkit.errors import InputError
from toolkit.study import Study

NAMES = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two therapists' sessions, the latest withdrawn; the study's name would end a string of Python."""
    days = {"s01": "2025-01-01", "s02": "2025-02-01", "s03": "2025-03-01", "s04": "2025-04-01"}
    made = [
        Made(name, "T02" if name == "s03" else "T01", day, values(value("longest_turn", 20.0)))
        for name, day in days.items()
    ]
    found = study_of(tmp_path_factory.mktemp("lab") / "a 'quoted' \\ study", made)
    withdraw(found, "s04")
    return found


def parameters(path: Path) -> dict[str, object]:
    """What the parameters cell of a notebook assigns."""
    (cell,) = [c for c in json.loads(path.read_text())["cells"] if "parameters" in c["metadata"].get("tags", [])]
    found: dict[str, object] = {}
    exec("".join(cell["source"]), found)
    return {name: found[name] for name in found if name.isupper()}


def test_the_latest_session_is_one_that_consent_covers(study: Study) -> None:
    assert lab.newest(study) == ("s03", "T02")
    assert lab.newest(study, "T01") == ("s02", "T01")
    with pytest.raises(InputError, match="toolkit run"):
        lab.newest(study, "T03")


def test_damaged_results_are_not_opened(tmp_path: Path) -> None:
    made = [
        Made(name, "T01", day, values(value("longest_turn", 20.0))) for name, day in (("a", "2025-01-01"), ("b", ""))
    ]
    made.append(Made("c", "T01", "2025-02-01", values(value("longest_turn", 20.0))))
    found = study_of(tmp_path / "study", made)
    assert lab.newest(found) == ("c", "T01")
    (found.results / "c" / "manifest.json").write_text("{}")
    assert lab.newest(found) == ("a", "T01")


def test_copies_have_the_study_filled_in_and_leave_alone_what_is_there(study: Study, tmp_path: Path) -> None:
    given = {"STUDY": str(study.root), "SESSION": "s03", "THERAPIST": "T02"}
    assert lab.prepare(tmp_path / "copies", given) == ()
    assert sorted(p.name for p in (tmp_path / "copies").iterdir()) == NAMES
    for name in NAMES:
        before, after = parameters(ROOT / "notebooks" / name), parameters(tmp_path / "copies" / name)
        assert after["STUDY"] == str(study.root)
        assert after == {**before, **{k: v for k, v in given.items() if k in before}}
    (tmp_path / "copies" / NAMES[0]).write_text("mine")
    assert lab.prepare(tmp_path / "copies", given) == tuple(NAMES)
    assert (tmp_path / "copies" / NAMES[0]).read_text() == "mine"


def test_a_wheel_carries_the_notebooks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        wanted = [n for n in archive.namelist() if n.endswith((".ipynb", ".py"))]
        archive.extractall(tmp_path / "installed", members=wanted)
    code = "from toolkit import lab; print(lab.folder().parent.name, *lab.notebooks())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.split() == ["toolkit", *NAMES]


def written(runtime: Path, process: subprocess.Popen[bytes]) -> dict[str, str]:
    """What the server says of itself, once it has written all of it."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, process.stdout.read()
        for file in runtime.glob("jpserver-*.json"):
            with suppress(json.JSONDecodeError):
                return json.loads(file.read_text())
        time.sleep(0.1)
    raise AssertionError("JupyterLab does not start")


@contextmanager
def serving(study: Study, *more: str) -> Iterator[tuple[str, str, Path]]:
    """The real command in a process of its own: base address, token and the folder it serves."""
    command = [sys.executable, "-m", "toolkit", "lab", str(study.root), "--no-browser", *more]
    runtime = study.root.parent / "runtime"
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            server = written(runtime, process)
            yield server["url"], server["token"], Path(server["root_dir"])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=40)


def ask(url: str, token: str, method: str = "GET", body: object = None) -> str:
    """One request to the server."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"token {token}"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


@pytest.mark.enable_socket
def test_jupyterlab_opens_keeps_no_output_and_leaves_nothing(study: Study) -> None:
    with serving(study) as (url, token, served):
        assert url.startswith("http://127.0.0.1:")
        page = ask(f"{url}lab", token)
        config = json.loads(page.split('id="jupyter-config-data" type="application/json">')[1].split("</script>")[0])
        assert config["news"] == {"disabled": True}
        assert any("announcements" in name for name in config["disabledExtensions"])
        listed = json.loads(ask(f"{url}api/contents", token))["content"]
        assert sorted(entry["name"] for entry in listed) == NAMES  # the study itself is out of reach
        assert parameters(served / "01_session_review.ipynb")["SESSION"] == "s03"
        notebook = json.loads((served / NAMES[0]).read_text())
        said = {"output_type": "stream", "name": "stdout", "text": "canary, what a client said"}
        cell = {"cell_type": "code", "metadata": {}, "source": "1", "execution_count": 7, "outputs": [said]}
        notebook["cells"].append(cell)
        notebook["metadata"]["widgets"] = {"state": "canary"}
        model = {"type": "notebook", "format": "json", "content": notebook}
        ask(f"{url}api/contents/{NAMES[0]}", token, "PUT", model)
        ask(f"{url}api/contents/{NAMES[0]}/checkpoints", token, "POST")
        kept = "".join(p.read_text() for p in served.rglob("*.ipynb"))
        assert "canary" not in kept
        assert served.stat().st_mode & 0o077 == 0
    assert not served.exists()
    assert not served.parent.exists()


@pytest.mark.enable_socket
def test_copies_are_kept_where_the_user_says(study: Study, tmp_path: Path) -> None:
    with serving(study, "--keep", str(tmp_path / "mine"), "--session", "s02") as (_, _, served):
        assert served == tmp_path / "mine"
    assert parameters(tmp_path / "mine" / "03_self_audit.ipynb")["SESSION"] == "s02"
    assert parameters(tmp_path / "mine" / "02_trainee_progress.ipynb")["THERAPIST"] == "T01"
