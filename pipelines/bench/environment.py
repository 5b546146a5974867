"""The peers' own environment: a folder of its own, the pins of ours for what both have, nothing of ours inside."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

from toolkit import models
from toolkit.errors import BackendError

__all__ = ["REQUIREMENTS", "Environment", "constraints"]

REQUIREMENTS = (
    "torch",
    "torchaudio",
    "pyannote.audio",
    "faster-whisper",
    "senko==0.2.2",
    "numba==0.68.1",
    "umap-learn==0.5.12",
    "hdbscan==0.8.44",
    "silero-vad==6.2.3",
)
"""What the peers are; a name without a version has the version of ``requirements.lock``."""

LISTED = ("torch", "pyannote.audio", "faster-whisper", "ctranslate2", "senko", "numba", "umap-learn", "numpy")
MODELS = ("segmentation-3.0", "campplus")
"""Models of ours that the peers read from senko's wheel: the same bytes, or the comparison means nothing."""

READY = "ready.json"
PINNED = re.compile(r"^([\w.\[\]-]+==\S+)(?:\s*;\s*(.*?))?\s*\\?$")

TELL = """
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""


def constraints(lock: str) -> list[str]:
    r"""The pins of a lock file without its hashes, which pip would then ask of the peers' own packages too.

    Examples
    --------
    >>> constraints("torch==2.11.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n")
    ['torch==2.11.0']
    """
    found = (PINNED.match(line) for line in lock.splitlines())
    return [f"{m[1]} ; {m[2]}" if m[2] else m[1] for m in found if m]


class Environment:
    """The peers' environment below a work folder.

    Parameters
    ----------
    work
        The benchmark's work folder; the environment is ``work/peers``.
    lock
        Our ``requirements.lock``.
    """

    def __init__(self, work: Path, lock: Path) -> None:
        self.folder = work / "peers"
        self.pins = constraints(lock.read_text(encoding="utf-8"))
        self.python = self.folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked for: another digest is another environment."""
        return hashlib.sha256("\n".join([*REQUIREMENTS, *self.pins]).encode()).hexdigest()

    def ready(self) -> bool:
        """Whether it was made to its end from the same pins."""
        file = self.folder / READY
        return file.is_file() and json.loads(file.read_text(encoding="utf-8"))["digest"] == self.digest

    def make(self) -> None:
        """Make it, unless it is there.

        Raises
        ------
        BackendError
            When Python cannot make environments, the package index does not give a package, or its models are not ours.
        """
        if self.ready():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        pinned = self.folder / "constraints.txt"
        pinned.write_text("\n".join(self.pins) + "\n", encoding="utf-8")
        self.step([sys.executable, "-m", "venv", str(self.folder)])
        quietly = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        self.step([str(self.python), *quietly, "--constraint", str(pinned), *REQUIREMENTS])
        self.check_models()
        made = {"digest": self.digest, "versions": self.versions()}
        (self.folder / READY).write_text(json.dumps(made, indent=1), encoding="utf-8")

    def step(self, command: list[str]) -> None:
        """Run one step; what it prints is kept in the folder and never shown, as it may hold addresses."""
        with (self.folder / "install.log").open("ab") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if done.returncode:
            raise BackendError(
                "the peers' environment could not be made.", hint=f"See install.log in {self.folder.name} of --work."
            )

    def check_models(self) -> None:
        """Refuse weights that are not the ones our models were made from."""
        site = next(self.folder.glob("[lL]ib*/**/site-packages"))
        for part in (part for name in MODELS for file in models.known().models[name].files for part in file.parts):
            if hashlib.sha256((site / part.member).read_bytes()).hexdigest() != part.sha256:
                raise BackendError(f"{part.basename} of the peers is not the one that the toolkit uses.")

    def versions(self) -> dict[str, str]:
        """Versions of what matters in it."""
        done = subprocess.run([str(self.python), "-c", TELL, *LISTED], capture_output=True, text=True, check=True)
        found: dict[str, str] = json.loads(done.stdout)
        return found
