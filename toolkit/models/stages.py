"""How a model gets into the store whole: filled in a private folder, sealed, and put in place by a rename.

Every call of fetch has a private folder with a lock that it holds as long as it lives. A folder whose lock is free
belongs to a killed call and is swept by the next one.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from toolkit.models.folders import members, seal
from toolkit.models.registry import Model
from toolkit.models.wheels import file_sha256

__all__ = ["locked", "publish", "scratch"]


@contextlib.contextmanager
def locked(store: Path, name: str, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of one model of a store; `waiting` is called when another process has it."""
    lock = FileLock(store / ".locks" / f"{name.replace('/', '--')}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def scratch(store: Path) -> Iterator[Path]:
    """A private folder in the store for one call, gone afterwards."""
    stages = store / ".stage"
    stages.mkdir(parents=True, exist_ok=True)
    (store / ".locks").mkdir(exist_ok=True)
    folder = stages / uuid.uuid4().hex
    mine = FileLock(f"{folder}.lock")
    # One process at a time sweeps or begins, so that no folder is ever seen without its lock held.
    with FileLock(store / ".locks" / ".stage.lock"):
        for leftover in stages.glob("*.lock"):
            sweep(leftover)
        mine.acquire()
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        mine.release()
        Path(mine.lock_file).unlink(missing_ok=True)


def sweep(lock_file: Path) -> None:
    """Remove the private folder of a call that is no longer running."""
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
    lock.release()
    lock_file.unlink(missing_ok=True)


def publish(stage: Path, target: Path, model: Model | None, aside: Path) -> None:
    """Put a filled and checked stage in place of whatever lies there.

    Parameters
    ----------
    stage
        The new folder, on the same file system as `target`.
    target
        Its place in the store; a damaged folder there is moved away first.
    model
        Gives the hashes of a registered model; those of any other are taken now.
    aside
        A private folder that is deleted afterwards.
    """
    hashes = {f.name: f.sha256 for f in model.files} if model else {m: file_sha256(stage / m) for m in members(stage)}
    seal(stage, hashes)
    stage.chmod(0o755)  # a private folder is nobody else's; a store may be shared
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.replace(Path(tempfile.mkdtemp(dir=aside)) / "old")
    stage.replace(target)
