"""A transcriber that fails in the ways real ones do, as a package of its own that brings it by an entry point.

It replays words like the backend ``files`` and tells a session by the length of its sound, in whole seconds: 20 is
well, every other length in `FAULTS` goes wrong. Worker processes find it by their ``PYTHONPATH``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from audio_files import voice, write
from replay import RATE, Study, make_study

FAULTS = {"hangs": 21, "kills": 22, "crashes": 23, "hungry": 24, "blank": 25, "grows": 26, "slow": 27, "starves": 28}
CODE = """
import ctypes, os, signal, time
from dataclasses import replace
from toolkit.backends.files import create_transcriber


def create(settings):
    return Faulty(settings)


class Faulty:
    def __init__(self, settings):
        self.batch, self.files = settings.words.batch_size, create_transcriber(settings)

    def describe(self):
        return self.files.describe() | {"name": "faulty"}

    def transcribe(self, waveform, *, language, progress):
        length = round(waveform.duration)
        found = self.files.transcribe(waveform, language=language, progress=progress)
        if length == 21:
            ctypes.PyDLL(None).sleep(3600)  # as a library that never gives the interpreter back
        if length == 22:
            os.kill(os.getpid(), signal.SIGKILL)
        if length == 23:
            raise RuntimeError("said in confidence: canary")
        if length == 24 and self.batch > 1 or length == 28:
            raise MemoryError
        if length == 25:
            return replace(found, words=())
        if length == 26 and self.batch > 1:
            self.much = bytearray(os.urandom(1) * 900_000_000)
            time.sleep(30)
        if length == 27:
            time.sleep(1.5)
        return found
"""


def faulty_study(folder: Path, lengths: dict[str, int], **batch: float) -> Study:
    """A study whose words come from the faulty transcriber; `lengths` says how long each session's recording is."""
    study = make_study(folder, sessions=())
    package = folder / "package"
    (package / "faulty-1.0.dist-info").mkdir(parents=True)
    (package / "faulty_words.py").write_text(CODE)
    (package / "faulty-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
    (package / "faulty-1.0.dist-info" / "entry_points.txt").write_text(
        "[toolkit.transcriber]\nfaulty = faulty_words:create\n"
    )
    replace_in(study, 'backend = "files"', 'backend = "faulty"', count=1)
    for name, value in batch.items():
        set_batch(study, name, value)
    add_recordings(study, lengths)
    return study


def add_recordings(study: Study, lengths: dict[str, int]) -> None:
    """Recordings of these lengths with consent, written without a command each."""
    import hashlib

    rows, ledger = [], []
    for session, seconds in lengths.items():
        sound = voice(seconds, RATE, seed=sum(session.encode()))
        path = write(study.recording(f"{session}.wav"), sound, rate=RATE, muxer="wav", codec="pcm_s16le")
        rows.append(f"{session},recordings/{session}.wav,T01,C-{session},,en,2,,,")
        ledger.append(consent(session, hashlib.sha256(path.read_bytes()).hexdigest()))
    with (study.root / "sessions.csv").open("a") as file:
        file.write("\n".join(rows) + ("\n" if rows else ""))
    with (study.root / "consent.toml").open("a") as file:
        file.write("".join(ledger))


def consent(session: str, digest: str, purposes: tuple[str, ...] = ("measure",)) -> str:
    """A record of the ledger by hand."""
    people = (("therapist", "T01"), ("client", f"C-{session}"))
    named = ", ".join(f'{{ role = "{role}", id = "{who}" }}' for role, who in people)
    text = f'\n[sessions.{session}]\nparties = [{named}]\nrecording_sha256 = "{digest}"\n'
    for role, who in people:
        text += f'\n[[sessions.{session}.grants]]\nrole = "{role}"\nid = "{who}"\n'
        text += f"purposes = {json.dumps(list(purposes))}\ngranted_on = 2026-01-01\n"
    return text


def replace_in(study: Study, old: str, new: str, *, count: int = -1) -> None:
    """Change the study's settings."""
    path = study.root / "toolkit.toml"
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new, count))


def set_batch(study: Study, name: str, value: float) -> None:
    """Set one setting of ``[batch]``."""
    path = study.root / "toolkit.toml"
    lines = [f"{name} = {value}" if line.startswith(f"{name} =") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


def environment(folder: Path) -> dict[str, str]:
    """Of a process that finds the faulty transcriber."""
    paths = [str(folder / "package"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p), "COLUMNS": "200"}
