"""What is compared: our chain and its two peers. Each is a command to run, and a way to read what it found."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import toolkit
from bench import peer
from bench.environment import Environment
from toolkit import models, session, settings, store
from toolkit.atomic import write_text
from toolkit.evaluate.peers import as_result, by_overlap
from toolkit.evaluate.recordings import Case, study_of
from toolkit.result import SessionResult
from toolkit.study import Study
from toolkit.types import SpeakerInterval, Word

__all__ = ["Chain", "Ours", "Peer", "digest_of"]

WHISPER = "whisper-base"


class Chain(Protocol):
    """One of the compared.

    Attributes
    ----------
    name
        Short, for the command line and files.
    titles
        Each reading of what it found, and its title on the page; most have one.
    environment
        Variables for its process beside those that all have.
    """

    name: str
    titles: Mapping[str, str]
    environment: Mapping[str, str]

    def key(self) -> str:
        """Digest of what it is: with another one, kept results are not its own."""
        ...

    def command(self, case: Case, folder: Path) -> list[str]:
        """Prepare an empty folder, and give the command to run."""
        ...

    def results(self, case: Case, folder: Path, duration: float) -> dict[str, SessionResult]:
        """What the command left, by reading."""
        ...


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 of files' names and bytes."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


class Ours:
    """``toolkit run`` on a fresh study of one session, settings as they come but for the number of threads."""

    name = "ours"
    titles: Mapping[str, str] = {"": "this toolkit"}
    environment: Mapping[str, str] = {}

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def key(self) -> str:
        """Digest of the package, its data included."""
        package = Path(toolkit.__file__).parent
        return digest_of(p for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts)

    def command(self, case: Case, folder: Path) -> list[str]:
        """Make the study."""
        study = study_of([case], folder / "study")
        known = study.settings()
        threads = replace(known, words=replace(known.words, threads=self.threads))
        write_text(study.settings_file, settings.to_toml(threads))
        for name in session.models_of(threads):
            models.path(name)  # fetched before the clock runs
        return [sys.executable, "-m", "toolkit", "run", str(study.root)]

    def results(self, case: Case, folder: Path, duration: float) -> dict[str, SessionResult]:
        """The study's result."""
        del duration
        return {"": store.load(Study.open(folder / "study"), case.session_id)}


class Peer:
    """faster-whisper batched, then a diarizer, in the peers' environment; words given to speakers by most overlap."""

    # the toolkit has torch refuse what pyannote's own loading asks for; the weights' hashes were checked before
    environment: Mapping[str, str] = {"TORCH_FORCE_WEIGHTS_ONLY_LOAD": "0"}

    def __init__(self, name: str, titles: Mapping[str, str], environment: Environment, threads: int) -> None:
        self.name = name
        self.titles = titles
        self.packages = environment
        self.threads = threads

    def key(self) -> str:
        """Digest of the script and of the environment's pins."""
        return digest_of([Path(peer.__file__)]) + self.packages.digest

    def command(self, case: Case, folder: Path) -> list[str]:
        """Nothing to prepare."""
        whisper = str(models.path(WHISPER))
        told = ["--whisper", whisper, "--speakers", str(case.speakers), "--threads", str(self.threads)]
        script = [str(self.packages.python), str(Path(peer.__file__).resolve()), self.name]
        return [*script, str(case.recording.resolve()), *told, "--output", str((folder / "found.json").resolve())]

    def results(self, case: Case, folder: Path, duration: float) -> dict[str, SessionResult]:
        """What the script wrote."""
        found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
        said = [Word(*word[:2], word[2], word[3]) for word in found["words"]]
        read = {}
        for kind, rows in found["intervals"].items():
            activity = [SpeakerInterval(start, min(end, duration), who) for start, end, who in rows if start < duration]
            read[kind] = as_result(case.session_id, by_overlap(said, activity), activity, duration)
        return read
