"""References of a study's sessions: ``<session>.json``, or ``<session>.rttm`` and ``<session>.stm``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from toolkit.errors import InputError
from toolkit.formats import rttm, stm, truth
from toolkit.formats.truth import Truth, TruthUtterance
from toolkit.types import SpeakerInterval

__all__ = ["find"]

T = TypeVar("T")


def find(folder: Path, session_id: str) -> Truth | None:
    """The reference of one session, None when the folder has none; JSON goes before RTTM and STM.

    Raises
    ------
    InputError
        When the folder is none, or a file cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"no folder {folder.name} with references.", hint="It holds SESSION.json, .rttm or .stm.")
    if (folder / f"{session_id}.json").exists():
        return truth.read(folder / f"{session_id}.json")
    spoken = folder / f"{session_id}.stm"
    speech = folder / f"{session_id}.rttm"
    if not spoken.exists() and not speech.exists():
        return None
    segments = only(stm.read(spoken), session_id, spoken) if spoken.exists() else ()
    intervals = (
        only(rttm.read(speech), session_id, speech)
        if speech.exists()
        else tuple(SpeakerInterval(s.start, s.end, s.speaker) for s in segments)
    )
    found = truth.from_speech(session_id, intervals)
    if not segments:
        return found
    said = tuple(TruthUtterance(s.start, s.end, s.speaker, s.text, "none", "none") for s in segments)
    return replace(found, utterances=said)


def only(read: Mapping[str, tuple[T, ...]], session_id: str, path: Path) -> tuple[T, ...]:
    """The lines of the session: those under its name, or the only ones there are."""
    if session_id in read:
        return read[session_id]
    if len(read) == 1:
        return next(iter(read.values()))
    raise InputError(f"{path.name} has no lines of session {session_id}.")
