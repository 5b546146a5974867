"""One part of the benchmark: one chain on one recording, measured, scored, and kept so that it need not run again."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import toolkit.evaluate
from bench.chains import Chain, digest_of
from bench.process import Use, measured
from toolkit.atomic import write_text
from toolkit.evaluate.compare import Score, compare
from toolkit.evaluate.metrics import Deviation, ErrorRate, Matches
from toolkit.evaluate.recordings import Case
from toolkit.types import Missing

__all__ = ["START", "Part", "Parts"]

START = "start"
"""The session of a few seconds of speech: what a chain takes for it is its start."""

KINDS: Mapping[str, type[Score]] = {"ErrorRate": ErrorRate, "Matches": Matches, "Deviation": Deviation}
Scores = dict[str, Score | Missing]


@dataclass(frozen=True, slots=True)
class Part:
    """One chain on one recording.

    Attributes
    ----------
    chain, session, run
        Which; runs count from 1.
    duration
        Seconds of sound.
    use
        What the process used.
    busy
        Share of the processor that was in use just before, by others.
    scores
        By reading and metric; empty for the start, and where it failed.
    """

    chain: str
    session: str
    run: int
    duration: float
    use: Use
    busy: float
    scores: Mapping[str, Scores]

    @property
    def failed(self) -> bool:
        """Whether the process ended badly."""
        return self.use.status != 0


class Parts:
    """The work folder's parts: each a folder with what the chain left, its log, and ``part.json``."""

    def __init__(self, work: Path, environment: Mapping[str, str], threads: int) -> None:
        self.folder = work / "parts"
        self.environment = environment
        self.threads = threads

    def place(self, chain: Chain, case: Case, run: int) -> Path:
        """The folder of a part."""
        return self.folder / chain.name / f"{case.session_id}.{run}"

    def get(self, chain: Chain, case: Case, duration: float, run: int) -> Part:
        """The part, kept from before or made now; a failed one is tried again."""
        folder = self.place(chain, case, run)
        key = self.key(chain, case)
        kept = read(folder / "part.json")
        if kept.get("key") != key or kept["use"]["status"] != 0:
            busy = busy_share()
            command = chain.command(case, emptied(folder))
            used = measured(command, {**self.environment, **chain.environment}, folder / "log.txt")
            kept = {"key": key, "use": asdict(used), "busy": busy, "scored": "", "scores": {}}
            write_text(folder / "part.json", json.dumps(kept, indent=1))
        if kept["use"]["status"] == 0 and case.session_id != START and kept["scored"] != scorer():
            found = chain.results(case, folder, duration)
            kept["scores"] = {k: {n: pack(s) for n, s in compare(r, case.truth).items()} for k, r in found.items()}
            kept["scored"] = scorer()
            write_text(folder / "part.json", json.dumps(kept, indent=1))
        scores = {kind: {name: unpack(s) for name, s in of.items()} for kind, of in kept["scores"].items()}
        return Part(chain.name, case.session_id, run, duration, Use(**kept["use"]), kept["busy"], scores)

    def has(self, chain: Chain, case: Case, run: int) -> bool:
        """Whether the part is kept, with what it was measured with still being the same."""
        kept = read(self.place(chain, case, run) / "part.json")
        return bool(kept) and kept["key"] == self.key(chain, case) and kept["use"]["status"] == 0

    def key(self, chain: Chain, case: Case) -> str:
        """Digest of everything that the measurement depends on, but for the machine."""
        sound = hashlib.sha256(case.recording.read_bytes()).hexdigest()
        told = f"{chain.key()} {sound} {case.speakers} {self.threads}"
        return hashlib.sha256(told.encode()).hexdigest()


def read(file: Path) -> dict[str, Any]:
    """A kept part; empty when there is none, or it is damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def emptied(folder: Path) -> Path:
    """The folder, there and with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def scorer() -> str:
    """Digest of the code that scores: with another one, kept scores are made again from what the chain left."""
    return digest_of(Path(toolkit.evaluate.__file__).parent.glob("*.py"))


def pack(score: Score | Missing) -> dict[str, Any]:
    """A score as plain values."""
    return {"kind": type(score).__name__, **asdict(score)}


def unpack(plain: Mapping[str, Any]) -> Score | Missing:
    """The score again."""
    values = {name: value for name, value in plain.items() if name != "kind"}
    return Missing(**values) if plain["kind"] == "Missing" else KINDS[plain["kind"]](**values)


def busy_share(seconds: float = 1.0) -> float:
    """Share of all cores' time that others use now, 0 to 1; 0 where the system does not tell."""

    def times() -> list[int]:
        try:
            with Path("/proc/stat").open(encoding="ascii") as file:
                return [int(field) for field in file.readline().split()[1:9]]
        except OSError:
            return [0] * 8

    before = times()
    time.sleep(seconds)
    spent = [b - a for a, b in zip(before, times(), strict=True)]
    idle = spent[3] + spent[4]
    return 1 - idle / sum(spent) if sum(spent) else 0.0
