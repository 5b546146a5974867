"""Recordings with known truth, gathered into a study so that the whole chain can run on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from toolkit.consent import ledger
from toolkit.consent.admit import fingerprint
from toolkit.errors import InputError
from toolkit.formats import rttm, sessions, truth
from toolkit.formats.truth import Truth
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["Case", "gather", "study_of"]

SOUND = (".flac", ".wav", ".opus", ".ogg", ".m4a", ".mp3")
CHANNELS = ("therapist", "client")


@dataclass(frozen=True, slots=True)
class Case:
    """One recording: its group of the page, its file, its truth, and whose voice is on each channel (none: mixed)."""

    session_id: str
    group: str
    recording: Path
    truth: Truth
    channels: tuple[str, ...] = ()

    @property
    def speakers(self) -> int:
        """How many people speak, which the manifest of a session says too."""
        return len({i.speaker for i in self.truth.speech})


def gather(sample: Path, data: Path | None) -> tuple[Case, ...]:
    """All recordings with a reference.

    Parameters
    ----------
    sample
        The sample data: ``recordings/ID.*``, ``recordings/ID.channels.*`` and ``truth/ID.json``.
    data
        Development data outside the repository (``audio/roleplay``, ``audio/librispeech_pairs``, ``audio/falcon``,
        ``audio/ami_debug``), or None.

    Raises
    ------
    InputError
        When there is not a single one, or a reference cannot be read.
    """
    cases = [
        case
        for reference in sorted((sample / "truth").glob("*.json"))
        for case in of_reference("sample data", reference, sample / "recordings", "channels")
    ]
    if data is not None:
        for folder, group in (("roleplay", "role-plays"), ("librispeech_pairs", "LibriSpeech pairs")):
            for reference in sorted((data / "audio" / folder).glob("*.json")):
                cases += of_reference(group, reference, reference.parent, "stereo")
        cases += falcon(data / "audio" / "falcon")
        cases += meetings(data / "audio" / "ami_debug")
    if not cases:
        raise InputError("no recordings with a reference were found.", hint="Check --sample and --data.")
    return tuple(cases)


def of_reference(group: str, reference: Path, folder: Path, split: str) -> list[Case]:
    """The recording of a reference, mixed and, where there is one, with a channel a speaker."""
    known = truth.read(reference)
    name = reference.stem
    cases = []
    for suffix in SOUND:
        if (folder / f"{name}{suffix}").is_file():
            cases.append(Case(name, group, folder / f"{name}{suffix}", known))
        if (folder / f"{name}.{split}{suffix}").is_file():
            path = folder / f"{name}.{split}{suffix}"
            cases.append(Case(f"{name}.channels", f"{group}, a channel a speaker", path, known, CHANNELS))
    return cases


def falcon(folder: Path) -> list[Case]:
    """The one recording of three speakers."""
    if not (folder / "test_data.json").is_file():
        return []
    return [Case("falcon", "short recordings", folder / "test.wav", truth.read(folder / "test_data.json"))]


def meetings(folder: Path) -> list[Case]:
    """Half a minute each of meetings, with a coarse reference of who spoke when."""
    if not (folder / "debug.train.rttm").is_file():
        return []
    return [
        Case(f"ami.{name}", "meetings (coarse reference)", folder / f"{name}.wav", truth.from_speech(name, speech))
        for name, speech in sorted(rttm.read(folder / "debug.train.rttm").items())
        if (folder / f"{name}.wav").is_file()
    ]


def study_of(cases: Sequence[Case], folder: Path) -> Study:
    """A new study of the recordings, with consent to measure and transcribe: they are public or made for this."""
    study = Study.create(folder)
    records = study.ledger()
    for case in cases:
        row = {
            "session_id": case.session_id,
            "recording": str(case.recording.resolve()),
            "therapist": "T1",
            "client": "C1",
            "language": "en",
            "speakers": "" if case.channels else str(case.speakers),
            "channels": ";".join(case.channels),
        }
        sessions.append(study.sessions_file, row)
        recording = study.recording(case.session_id)
        by = ledger.parties(recording)
        given = ledger.Grant(by[0], frozenset({Purpose.MEASURE, Purpose.TRANSCRIPT}), date(2026, 1, 1), None)
        record = ledger.grant(None, given, by=by, recording_sha256=fingerprint(recording))
        records = records.replace(case.session_id, record)
    ledger.save(study.consent_file, records)
    return study
