"""Recordings with known truth, gathered into a study so that the whole chain can run on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from toolkit.consent import ledger
from toolkit.consent.admit import fingerprint
from toolkit.errors import InputError
from toolkit.formats import rttm, sessions, truth
from toolkit.formats.lines import read_text
from toolkit.formats.truth import Truth
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["VARIANTS_FILE", "Case", "Variant", "gather", "study_of"]

SOUND = (".flac", ".wav", ".opus", ".ogg", ".m4a", ".mp3")
CHANNELS = ("therapist", "client")
VARIANTS_FILE = "variants.json"


@dataclass(frozen=True, slots=True)
class Variant:
    """What was done to a recording to make it harder: a name, the change in words, and the session it was made from."""

    name: str
    change: str
    original: str


@dataclass(frozen=True, slots=True)
class Case:
    """One recording of which the truth is known.

    Attributes
    ----------
    session_id, group
        Its name, and its group on the page.
    recording, truth
        Its file and its reference.
    channels
        Whose voice is on each channel; empty for a mix.
    variant
        How it was made harder; None for a recording as it is.
    """

    session_id: str
    group: str
    recording: Path
    truth: Truth
    channels: tuple[str, ...] = ()
    variant: Variant | None = None

    @property
    def speakers(self) -> int:
        """How many people speak, which the manifest of a session says too."""
        return len({i.speaker for i in self.truth.speech})


def gather(sample: Path, data: Path | Sequence[Path] | None) -> tuple[Case, ...]:
    """All recordings with a reference.

    Parameters
    ----------
    sample
        The sample data: ``recordings/ID.*``, ``recordings/ID.channels.*`` and ``truth/ID.json``.
    data
        A folder of development data outside the repository (``audio/roleplay``, ``audio/librispeech_pairs``,
        ``audio/falcon``, ``audio/ami_debug``, and ``audio/hard`` as ``pipelines/hard_audio.py`` makes it), several, or
        None. A session that an earlier folder holds is not taken again.

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
    for folder in (data,) if isinstance(data, Path) else data or ():
        known = {case.session_id for case in cases}
        cases += [case for case in of_data(folder) if case.session_id not in known]
    if not cases:
        raise InputError("no recordings with a reference were found.", hint="Check --sample and --data.")
    return tuple(cases)


def of_data(folder: Path) -> list[Case]:
    """The recordings of one data folder."""
    cases = []
    for name, group in (("roleplay", "role-plays"), ("librispeech_pairs", "LibriSpeech pairs")):
        for reference in sorted((folder / "audio" / name).glob("*.json")):
            cases += of_reference(group, reference, reference.parent, "stereo")
    cases += falcon(folder / "audio" / "falcon")
    cases += meetings(folder / "audio" / "ami_debug")
    return cases + harder(folder / "audio" / "hard")


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


def harder(folder: Path) -> list[Case]:
    """Recordings made harder, in the order of ``variants.json``, after the originals that lie beside them.

    Raises
    ------
    InputError
        When ``variants.json`` is damaged, or names a session that is not there.
    """
    file = folder / VARIANTS_FILE
    if not file.is_file():
        return []
    try:
        rows = json.loads(read_text(file))["variants"]
        known = {str(row["session"]): Variant(row["variant"], row["change"], row["original"]) for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        hint = "Make the folder again: pipelines/hard_audio.py"
        raise InputError(f"{VARIANTS_FILE} cannot be read ({type(error).__name__}).", hint=hint) from None
    found: dict[str, Case] = {}
    for reference in sorted(folder.glob("*.json")):
        if reference.name != VARIANTS_FILE:
            for case in of_reference("originals of the hard audio", reference, folder, "stereo"):
                found[case.session_id] = case
    if lost := sorted(set(known) - set(found)):
        raise InputError(f"{VARIANTS_FILE} names {lost[0]}, which has no sound or no reference.")
    wanted = {variant.original for variant in known.values()}
    originals = [case for name, case in found.items() if name in wanted]
    return originals + [replace(found[name], group="hard audio", variant=variant) for name, variant in known.items()]


def study_of(cases: Sequence[Case], folder: Path) -> Study:
    """A study of the recordings, with consent to measure and transcribe: they are public or made for this.

    A study that is there already is opened, and what it lacks is added.
    """
    study = Study.open(folder) if (folder / "toolkit.toml").exists() else Study.create(folder)
    known = study.recordings()
    records = study.ledger()
    for case in cases:
        if case.session_id in known:
            continue
        row = {
            "session_id": case.session_id,
            "recording": str(case.recording.resolve()),
            "therapist": "T1",
            "client": "C1",
            "language": "en",
            "speakers": str(case.speakers) if case.speakers and not case.channels else "",
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
