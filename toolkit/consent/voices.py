"""Enrolled voices: one small file a person under ``voices/``, kept only as long as that person's own consent holds.

A file holds an embedding (192 numbers that describe a voice), whose it is and the digest of the model that made it;
no sound, no words, no date. A voice print identifies a person (45 CFR 164.514(b)(2)), so the folder is private (0700,
files 0600) and encrypted where the study has a vault, nothing exports it, and this module is the only one that knows
what is in it. Every way in asks the ledger:
`enrolled` gives the voices whose purpose holds today, `keep` refuses others, `sweep` deletes what consent no longer
covers, whoever changed the ledger and how.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from toolkit import atomic
from toolkit.consent.ledger import Ledger, granted
from toolkit.consent.records import Party, Record
from toolkit.errors import ConsentError, StoreError
from toolkit.privacy import vault
from toolkit.types import Purpose

__all__ = ["FOLDER", "Voice", "enrolled", "keep", "permitted", "remove", "sweep"]

FOLDER = "voices"
SCHEMA_VERSION = 1
PREFIX, SUFFIX = "voice-", ".json"  # the prefix keeps an id such as con off the names that Windows keeps for devices
DIGITS = 6  # of each number: more says nothing more of a voice


@dataclass(frozen=True, slots=True)
class Voice:
    """What is kept of one person's voice.

    Attributes
    ----------
    party
        Role and pseudonymous id.
    embedding
        Of length 1.
    model_sha256
        Digest of the network that made it: embeddings of two networks cannot be compared.
    """

    party: Party
    embedding: tuple[float, ...]
    model_sha256: str

    @property
    def digest(self) -> str:
        """SHA-256 of what is kept: results that were named by it depend on it."""
        return hashlib.sha256(to_json(self).encode()).hexdigest()


def permitted(ledger: Ledger, party: Party, today: date) -> bool:
    """Whether a person's own consent to a voice print holds today."""
    record = ledger.people.get(party.id)
    return isinstance(record, Record) and record.parties == (party,) and Purpose.VOICEPRINT in granted(record, today)


def enrolled(ledger: Ledger, people: Iterable[Party], today: date) -> tuple[Voice, ...]:
    """The enrolled voices of some people, those whose consent does not hold today left out.

    Raises
    ------
    StoreError
        When a voice cannot be read.
    """
    if ledger.home is None:
        return ()
    found = (read(ledger.home, party) for party in people if permitted(ledger, party, today))
    return tuple(voice for voice in found if voice is not None)


def keep(ledger: Ledger, voice: Voice, *, today: date) -> bool:
    """Write a voice in place of an earlier one of the same person; returns whether there was one.

    Raises
    ------
    ConsentError
        When the person's consent does not hold today: it may have been withdrawn while the voice was described.
    StoreError
        When it cannot be written, or another person's voice lies under the same name.
    """
    if ledger.home is None or not permitted(ledger, voice.party, today):
        raise ConsentError(
            f"voice of {voice.party.id}: consent no longer covers it, and nothing was kept (rule: withdrawn).",
        )
    path = place(ledger.home, voice.party.id)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.parent.chmod(0o700)
    except OSError as error:
        raise atomic.store_error(path.parent, error) from None
    earlier = whose(ledger.home, path)
    if earlier not in {"", voice.party.id}:  # t01 and T01 are one file on macOS and Windows
        raise StoreError(
            f"voice of {voice.party.id}: its file is that of {earlier}.", hint="Their ids differ in capitals only."
        )
    atomic.write_bytes(path, vault.seal(ledger.home, to_json(voice).encode()))
    return bool(earlier)


def remove(home: Path, who: str) -> bool:
    """Delete a person's voice; returns whether there was one.

    Raises
    ------
    StoreError
        When it cannot be deleted.
    """
    path = place(home, who)
    try:
        path.unlink()
        atomic.sync_folder(path.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(
            f"voice of {who}: it cannot be deleted: {error.strerror or type(error).__name__}.",
            hint=f"Delete {path.name} in the study's folder {FOLDER} yourself.",
        ) from None
    return True


def sweep(ledger: Ledger, today: date) -> tuple[str, ...]:
    """Delete every voice that consent does not cover today, leftovers of a crash included.

    Returns
    -------
    tuple of str
        Whose voices were deleted.

    Raises
    ------
    StoreError
        When one cannot be deleted.
    """
    if ledger.home is None or not (ledger.home / FOLDER).is_dir():
        return ()
    gone = []
    for path in sorted((ledger.home / FOLDER).iterdir()):
        who = path.name.removeprefix(PREFIX).removesuffix(SUFFIX)
        record = ledger.people.get(who)
        named = isinstance(record, Record) and path == place(ledger.home, who)
        if isinstance(record, Record) and named and permitted(ledger, record.parties[0], today):
            continue
        try:
            path.unlink()
        except OSError as error:
            raise StoreError(f"{path.name} cannot be deleted: {error.strerror or type(error).__name__}.") from None
        gone.append(who)
    return tuple(gone)


def place(home: Path, who: str) -> Path:
    """Where a person's voice lies."""
    return home / FOLDER / f"{PREFIX}{who}{SUFFIX}"


def read(home: Path, party: Party) -> Voice | None:
    """A person's voice, None when none is enrolled.

    Raises
    ------
    StoreError
        When it is damaged, or another person's.
    """
    try:
        text = content(home, place(home, party.id))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, vault.DamagedError) as error:
        raise damaged(party, type(error).__name__) from None
    try:
        return from_table(json.loads(text), party)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(party, type(error).__name__) from None


def from_table(table: Any, party: Party) -> Voice:
    """A voice from what its file holds; ValueError for anything but this person's voice."""
    numbers = [float(x) for x in table["embedding"]]
    length = math.hypot(*numbers)
    if table["schema_version"] != SCHEMA_VERSION or not math.isclose(length, 1.0, abs_tol=1e-3):
        raise ValueError
    if (table["role"], table["id"]) != (str(party.role), party.id):
        raise ValueError
    return Voice(party, tuple(numbers), str(table["model_sha256"]))


def content(home: Path, path: Path) -> str:
    """What is in a file of the study in `home`, opened where it is encrypted."""
    return vault.unseal(home, path.read_bytes(), what=path.name).decode()


def whose(home: Path, path: Path) -> str:
    """Whose voice a file holds; empty when it is not there or says nothing."""
    try:
        return str(json.loads(content(home, path))["id"])
    except (OSError, ValueError, KeyError, TypeError, vault.DamagedError):
        return ""


def to_json(voice: Voice) -> str:
    """The content of a voice's file."""
    table = {
        "schema_version": SCHEMA_VERSION,
        "role": str(voice.party.role),
        "id": voice.party.id,
        "model_sha256": voice.model_sha256,
        "embedding": [round(x, DIGITS) for x in voice.embedding],
    }
    return json.dumps(table, ensure_ascii=False) + "\n"


def damaged(party: Party, kind: str) -> StoreError:
    """The error for a file that is not this person's voice."""
    return StoreError(
        f"the enrolled voice of the {party.role} {party.id} cannot be read ({kind}).",
        hint=f"Enrol it again: toolkit enroll STUDY {party.id} RECORDING",
    )
