"""The model hub: asked only when the user allowed it, otherwise only its cache on this machine is looked at.

The hub's own client does the work, in a process of its own: offline mode and telemetry are set there for that one
download, whatever this process has set, and nothing it prints reaches the user.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from toolkit import offline
from toolkit.models.wheels import SourceError

__all__ = ["FILES", "cached", "download"]

FILES = ("*.json", "*.txt", "*.yaml", "*.yml", "*.bin", "*.ckpt", "*.npz", "*.safetensors", "*.cfg", "LICENSE*", "*.md")

CLIENT = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], local_dir=sys.argv[2], allow_patterns=sys.argv[3:])
"""


def download(repository: str, folder: Path, names: Sequence[str] = FILES) -> None:
    """Download a repository of the hub into `folder`.

    Parameters
    ----------
    repository
        ``owner/name``.
    folder
        An empty folder.
    names
        Names or patterns of the files wanted.

    Raises
    ------
    SourceError
        When the hub cannot be reached, does not have the repository, or asks for a permission first.
    """
    if offline.strict():
        raise SourceError("strict offline: the model hub is not asked")
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}
    code, output = run([sys.executable, "-c", CLIENT, repository, str(folder), *names], environment)
    if code != 0:
        raise SourceError(explain(output))


def run(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run the hub's client; its output is read, never shown."""
    done = subprocess.run(  # noqa: S603 - our own argument list, no shell
        arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.returncode, done.stderr.decode(errors="replace")


def explain(output: str) -> str:
    """Say in a few words why the client failed; its own output may hold addresses and is dropped."""
    if "GatedRepoError" in output:
        return (
            "its owner on the model hub asks you to accept the conditions on its page and to log in with: hf auth login"
        )
    if "RepositoryNotFoundError" in output:
        return "the model hub has no such model, or one that needs a login (hf auth login)"
    if "No space left" in output:
        return "no space left on the disk"
    return "the model hub could not be reached"


def cached(repository: str) -> Path | None:
    """The folder of a repository in the hub's cache on this machine, None when it is not there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
