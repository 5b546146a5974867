"""What is looked at of the machine: versions, models, GPU, network and telemetry; no heavy library is imported."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from toolkit import models, offline, session
from toolkit.doctor.finding import Finding, State
from toolkit.errors import ToolkitError
from toolkit.models import folders
from toolkit.settings import Settings

__all__ = ["gpu", "models_of", "network", "versions"]

PACKAGES = ("torch", "pyannote.audio", "faster-whisper", "ctranslate2", "onnxruntime", "spacy", "polars", "av")
PATIENCE = 10  # s that the GPU's driver is waited for


def versions() -> Iterator[Finding]:
    """The toolkit, Python, and what the numbers depend on."""
    known = {name: installed(name) for name in PACKAGES}
    lacking = [name for name, found in known.items() if not found]
    told = ", ".join(f"{name} {found}" for name, found in known.items() if found)
    own = f"toolkit {installed('counselling-session-toolkit')}, Python {platform.python_version()}"
    yield Finding("versions", State.OK, f"{own}, {platform.system()} {platform.machine()}")
    if lacking:
        yield Finding("packages", State.PROBLEM, f"not installed: {', '.join(lacking)}", "Install again: make test")
    else:
        yield Finding("packages", State.OK, told)


def installed(name: str) -> str:
    """A package's version, empty when it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def models_of(settings: Settings) -> Iterator[Finding]:
    """Each model that the settings name: whether it is there, and its digest."""
    store = {status.name: status for status in models.installed()}
    try:
        names = session.models_of(settings)
    except ToolkitError as error:
        yield Finding("models", State.PROBLEM, error.message, error.hint)
        return
    if not names:
        yield Finding("models", State.OK, "none: words, speakers and codes are replayed from files")
    for name in names:
        status = store.get(models.known().resolve(name))
        if status is not None and status.state is not folders.State.OK:
            todo = f"Fetch it: toolkit models fetch {name}"
            yield Finding("model", State.PROBLEM, f"{status.name}: {status.state} {status.detail}".strip(), todo)
            continue
        try:
            yield Finding("model", State.OK, f"{shown(name)}: sha256 {models.sha256(name)[:16]}…")
        except ToolkitError as error:
            yield Finding("model", State.PROBLEM, error.message, error.hint)


def shown(name: str) -> str:
    """A model's name, or the last part of its path."""
    return name.rstrip("/\\").replace("\\", "/").rpartition("/")[2] if os.sep in name else name


def gpu() -> Finding:
    """GPUs by the driver's own tool."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Finding("GPU", State.OK, "none found: models run on the processor")
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)  # noqa: S603 - no shell
    except (OSError, subprocess.SubprocessError):
        return Finding("GPU", State.NOTE, "the driver's tool nvidia-smi does not answer", "Update the driver.")
    return Finding("GPU", State.OK, "; ".join(line.strip() for line in done.stdout.splitlines()) or "none found")


def network() -> Iterator[Finding]:
    """Telemetry switches, the model hub, and whether other machines are refused."""
    wrong = offline.switched_on()
    if wrong:
        todo = "Unset them in your shell or notebook: the toolkit sets them by itself."
        yield Finding("telemetry", State.PROBLEM, f"switched back since: {', '.join(wrong)}", todo)
    else:
        yield Finding("telemetry", State.OK, f"off: {', '.join(offline.SWITCHES)}")
    if os.environ.get("TOOLKIT_ALLOW_HUB") == "1":
        yield Finding("network", State.NOTE, "TOOLKIT_ALLOW_HUB=1 lets models be fetched from the hub", "Unset it.")
    elif offline.strict():
        yield Finding("network", State.OK, "strict offline: connections to other machines are refused")
    else:
        found = "nothing is contacted but the package index, for models that are missing"
        yield Finding("network", State.OK, found, "To refuse that too: toolkit --strict-offline")
