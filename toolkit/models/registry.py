"""The registry: every model the toolkit can fetch by itself, read from ``registry.toml`` beside this module.

A model is a folder of files with pinned hashes. A file is joined from parts, and a part is one member of one wheel;
a wheel is named by its file name, which also says for which Python and platform it was built.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from toolkit.errors import BackendError

__all__ = ["Model", "ModelFile", "Part", "Registry", "Wheel", "digest_of", "load", "parse"]


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of the package index, pinned by its file name and hash."""

    file: str
    sha256: str
    size: int

    @property
    def requirement(self) -> str:
        """Name and exact version, as the index client wants them."""
        name, version = self.file.split("-")[:2]
        return f"{name}=={version}"

    @property
    def tags(self) -> tuple[str, str, str]:
        """Python, ABI and platform tag, the first of each (``cp311, cp311, manylinux_2_24_x86_64``)."""
        python, abi, platform = self.file.removesuffix(".whl").split("-")[-3:]
        return python.split(".")[0], abi.split(".")[0], platform.split(".")[0]


@dataclass(frozen=True, slots=True)
class Part:
    """One member of one wheel, by its exact name."""

    wheel: Wheel
    member: str
    sha256: str
    size: int

    @property
    def basename(self) -> str:
        """The member's name without its folders: its name on the hub and in a user's folder."""
        return PurePosixPath(self.member).name


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: its parts joined, its one part converted, or a text of the registry.

    `name` is relative to the model's folder, with forward slashes.
    """

    name: str
    sha256: str
    size: int
    parts: tuple[Part, ...]
    converter: str
    text: str


@dataclass(frozen=True, slots=True)
class Model:
    """One model: what it is for, whose it is, where it may come from, and its files."""

    name: str
    kind: str
    purpose: str
    licence: str
    origin: str
    hub: str
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    @property
    def sha256(self) -> str:
        """One digest for the whole folder, see `digest_of`."""
        return digest_of({file.name: file.sha256 for file in self.files})

    @property
    def wheels(self) -> tuple[Wheel, ...]:
        """The wheels its files lie in, each once."""
        return tuple(dict.fromkeys(part.wheel for file in self.files for part in file.parts))


@dataclass(frozen=True, slots=True)
class Registry:
    """All known models by name, and the other names they go by."""

    models: Mapping[str, Model]
    aliases: Mapping[str, str]

    def resolve(self, name: str) -> str:
        """The name behind an alias, or the name itself."""
        return name if name in self.models else self.aliases.get(name, name)


def digest_of(files: Mapping[str, str]) -> str:
    """SHA-256 over file names and their SHA-256: the same files give the same digest, wherever they lie."""
    return hashlib.sha256(json.dumps(sorted(files.items()), separators=(",", ":")).encode()).hexdigest()


@lru_cache(maxsize=1)
def load() -> Registry:
    """Read the registry of the package, once a process."""
    return parse(Path(__file__).with_name("registry.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Registry:
    """Build a registry from its TOML text.

    Raises
    ------
    BackendError
        When a name would lead outside its folder, or a field is missing.
    """
    tables = tomllib.loads(text)
    try:
        wheels = {key: Wheel(**table) for key, table in tables["wheels"].items()}
        models = {name: build_model(name, table, wheels) for name, table in tables["models"].items()}
    except (KeyError, TypeError) as error:
        raise BackendError(f"the model registry is damaged: {error}.", hint="Install the toolkit again.") from None
    return Registry(models, tables.get("aliases", {}))


def build_model(name: str, table: Mapping[str, Any], wheels: Mapping[str, Wheel]) -> Model:
    """Build one model of the registry."""
    if "/" in name or not inside(name):
        raise BackendError(f"the model registry is damaged: {name!r} cannot be the name of a folder.")
    files = tuple(build_file(entry, wheels) for entry in table["files"])
    about = {key: table[key] for key in ("kind", "purpose", "licence", "origin")}
    return Model(name=name, **about, hub=table.get("hub", ""), files=files)


def build_file(entry: Mapping[str, Any], wheels: Mapping[str, Wheel]) -> ModelFile:
    """Build one file of a model, refusing a name that leads outside the model's folder."""
    if not inside(entry["name"]):
        raise BackendError(f"the model registry is damaged: {entry['name']!r} leads outside its folder.")
    parts = tuple(
        Part(wheels[part["wheel"]], part["member"], part["sha256"], part["size"]) for part in entry.get("parts", ())
    )
    return ModelFile(
        name=entry["name"],
        sha256=entry["sha256"],
        size=entry["size"],
        parts=parts,
        converter=entry.get("converter", ""),
        text=entry.get("text", ""),
    )


def inside(name: str) -> bool:
    """Whether a relative name stays inside its folder on every operating system."""
    pieces = name.split("/")
    return bool(name) and not any(p in {"", ".", ".."} or set(p) & set('\\:*?"<>|') for p in pieces)
