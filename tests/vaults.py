"""A small study with something of every kind that is encrypted, and the keys of two people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from made import session_result, study_with

from toolkit import overlay, store, vaulting
from toolkit.consent import audit, ledger, voices
from toolkit.overlay import Correction, What
from toolkit.privacy import identities
from toolkit.store import sealing
from toolkit.study import Study
from toolkit.types import Purpose, Role
from toolkit.vaulting import Keeping

PHRASE = "xylophone-lullaby"
TODAY = date(2026, 3, 1)
KEY = "a" * 64


def make(folder: Path) -> Study:
    """Two sessions with text, corrections, kept stages, a voice and a report; not encrypted."""
    study = study_with(folder / "study", session_result(), session_result("s02"))
    for session_id in ("s01", "s02"):
        store.publish(study, session_result(session_id))
        overlay.add(study.overlay(session_id), [Correction(What.NOTE, "1.0", PHRASE)], by="T2", today=TODAY)
        for text in (False, True):
            store.put(study, session_id, "words", KEY, PHRASE.encode(), text=text)
    person = ledger.Party(Role.THERAPIST, "T1")
    given = ledger.Grant(person, frozenset({Purpose.VOICEPRINT}), date(2026, 1, 1), None)
    ledger.save(
        study.consent_file, study.ledger().replace_person("T1", ledger.Record(parties=(person,), grants=(given,)))
    )
    voices.keep(study.ledger(), voice(), today=TODAY)
    audit.append(study.audit_file, "init")
    return study


def voice() -> voices.Voice:
    """A voice of length 1."""
    return voices.Voice(ledger.Party(Role.THERAPIST, "T1"), tuple([1 / math.sqrt(192)] * 192), "ab" * 32)


def contents(study: Study) -> dict[str, object]:
    """What can be read of everything that is encrypted."""
    found: dict[str, object] = {"voice": voices.enrolled(study.ledger(), [voice().party], TODAY)}
    for session_id in ("s01", "s02"):
        found[session_id] = store.load(study, session_id).words
        found[f"{session_id} notes"] = overlay.lines(study.overlay(session_id))
        for text in (False, True):
            found[f"{session_id} {text}"] = store.get(study, session_id, "words", KEY, text=text)
        assert store.verify(study, session_id) == ()
    return found


def all_sealed(study: Study) -> bool:
    """Whether everything that is to be encrypted is, and there is something of every kind."""
    kinds = {path.relative_to(study.root).parts[0] for path in sealing.sealable(study)}
    return {"results", "stages", "overlay", "voices"} <= kinds and sealing.plain(study) == 0


def leaks(folder: Path, word: str = PHRASE) -> list[str]:
    """Files that hold a word as it is."""
    return [path.name for path in files(folder) if word.encode() in path.read_bytes()]


def files(folder: Path) -> Iterator[Path]:
    """Every file in a folder."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def sealed(folder: Path) -> tuple[Study, Path, str]:
    """The same study encrypted: with it the file of its key, and that of a second recipient, the clinic."""
    study, clinic = make(folder), identities.made()
    key_file = folder / "owner.key"
    others = [vaulting.Recipient("clinic", identities.public(clinic))]
    vaulting.init(study, others, Keeping(key_file))
    return study, key_file, clinic
