"""JupyterLab on the notebooks, with a study filled in; nothing that was said stays behind.

The notebooks are opened as copies in a private folder that is deleted in the end, or kept where the user says. They are
saved without outputs, wherever they lie: an output may hold speech, which a later withdrawal could not reach. The file
browser shows that folder and not the study. JupyterLab listens on this machine only, asks for no news, updates or
extensions, and keeps no history of cells and no layout.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from toolkit import store
from toolkit.atomic import store_error, write_text
from toolkit.caseload import agreed
from toolkit.errors import InputError
from toolkit.offline import SWITCHES
from toolkit.study import Study

__all__ = ["environment", "fill", "folder", "newest", "notebooks", "options", "prepare", "serve", "without_output"]

PARAMETERS = "parameters"
PAGE = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}  # asks about news even with none


def folder() -> Path:
    """Where the notebooks are: inside an installed package, or at the top of a checkout.

    Raises
    ------
    InputError
        When they are in neither place.
    """
    here = Path(__file__).resolve().parent
    for place in (here / "notebooks", here.parent / "notebooks"):
        if any(place.glob("*.ipynb")):
            return place
    raise InputError("the notebooks are not here.", hint="Install the toolkit again.")


def notebooks() -> tuple[str, ...]:
    """Their file names, in order."""
    return tuple(sorted(path.name for path in folder().glob("*.ipynb")))


def newest(study: Study, therapist: str = "") -> tuple[str, str]:
    """The latest session that has results and that consent covers today, and whose it is.

    Parameters
    ----------
    study
        Where to look.
    therapist
        Only theirs; empty for anybody's.

    Raises
    ------
    InputError
        When there is none.
    """
    ledger, known, today = study.ledger(), study.recordings(), date.today()  # noqa: DTZ011 - the clinic's day
    there = [
        known[session_id]
        for session_id in store.sessions(study)
        if session_id in known
        and therapist in {"", known[session_id].therapist}
        and agreed(known[session_id], ledger, today)
    ]
    for last in sorted(there, key=lambda r: (r.recorded_on, r.session_id), reverse=True):
        if store.usable(study, last.session_id, ledger) is not None:  # else damaged, or to be made again
            return last.session_id, last.therapist
    whose = f" of therapist {therapist[:80]}" if therapist else ""
    raise InputError(f"no session{whose} has results to look at.", hint=f"Make them: toolkit run {study.name}")


def prepare(place: Path, values: Mapping[str, str]) -> tuple[str, ...]:
    """Copy the notebooks with their parameters filled in; those that are there already stay as they are.

    Returns
    -------
    tuple of str
        Names of the notebooks that were there.

    Raises
    ------
    StoreError
        When they cannot be written.
    """
    there = []
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in notebooks():
            if (place / name).exists():
                there.append(name)
                continue
            notebook = json.loads((folder() / name).read_text(encoding="utf-8"))
            text = json.dumps(fill(notebook, values), ensure_ascii=False, indent=1)
            write_text(place / name, text + "\n")
    except OSError as error:
        raise store_error(place, error) from None
    return tuple(there)


def fill(notebook: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    r"""A notebook whose parameters cell has these values where it assigns these names.

    Examples
    --------
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["STUDY = ''\n", "N = 3"]}
    >>> fill({"cells": [cell]}, {"STUDY": "my-study"})["cells"][0]["source"]
    ["STUDY = 'my-study'\n", 'N = 3']
    """
    cells = []
    for cell in notebook["cells"]:
        if PARAMETERS in cell["metadata"].get("tags", []):
            cells.append({**cell, "source": [filled(line, values) for line in cell["source"]]})
        else:
            cells.append(cell)
    return {**notebook, "cells": cells}


def filled(line: str, values: Mapping[str, str]) -> str:
    """A line of a parameters cell with its value."""
    name = re.match(r"(\w+) = ", line)
    if name is None or name[1] not in values:
        return line
    return f"{name[1]} = {values[name[1]]!r}" + ("\n" if line.endswith("\n") else "")


def without_output(model: dict[str, Any], **_: object) -> None:
    """Take all outputs out of a notebook that is about to be saved: JupyterLab's hook before saving."""
    if model["type"] != "notebook" or not model.get("content"):
        return
    model["content"].get("metadata", {}).pop("widgets", None)
    for cell in model["content"].get("cells", []):
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def options(place: Path, *, first: str, browser: bool, port: int) -> list[str]:
    """The command that starts JupyterLab in a folder, opened at a notebook; `port` 0 takes the next free one."""
    return [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={place}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.allow_remote_access=False",
        "--ServerApp.answer_yes=True",
        f"--LabApp.default_url=/lab/tree/{first}",
        f"--ContentsManager.pre_save_hook={__name__}.{without_output.__name__}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        *([f"--ServerApp.port={port}"] if port else []),
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),  # as in a container
    ]


def environment(private: Path) -> dict[str, str]:
    """What JupyterLab and its kernels find: nothing is sent, and history and layout go into a private folder."""
    return {
        **os.environ,
        **SWITCHES,
        "HF_HUB_OFFLINE": "1",  # also where the hub is allowed for fetching models
        "IPYTHONDIR": str(private / "ipython"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, (str(private), os.environ.get("JUPYTER_CONFIG_PATH")))),
    }


def serve(
    values: Mapping[str, str], *, keep: Path | None, first: str, browser: bool, port: int, told: Callable[[str], None]
) -> int:
    """Open JupyterLab on copies of the notebooks until it is stopped.

    Parameters
    ----------
    values
        Of the notebooks' parameters.
    keep
        Where the copies go and stay; None for a folder that is deleted in the end.
    first
        The notebook that is opened.
    browser, port
        As `options` has them.
    told
        Takes a line about notebooks that were there already.

    Returns
    -------
    int
        JupyterLab's exit code.
    """
    with tempfile.TemporaryDirectory(prefix="toolkit-lab-", ignore_cleanup_errors=True) as private:
        place = keep if keep is not None else Path(private) / "notebooks"
        there = prepare(place, values)
        if there:
            told(f"There already, and left as they are: {', '.join(there)}.")
        (Path(private) / "labconfig").mkdir()
        (Path(private) / "labconfig" / "page_config.json").write_text(json.dumps(PAGE), encoding="utf-8")
        command = options(place.resolve(), first=first, browser=browser, port=port)
        with (
            stopped_by_signal(),
            subprocess.Popen(command, env=environment(Path(private))) as server,  # noqa: S603 - our own, no shell
        ):
            try:
                return server.wait()
            except KeyboardInterrupt:
                with suppress(subprocess.TimeoutExpired):
                    server.terminate()
                    server.wait(timeout=20)
                server.kill()
                return 0


@contextmanager
def stopped_by_signal() -> Iterator[None]:
    """Let a request to end be as good as Ctrl-C, so that the private folder is deleted."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
