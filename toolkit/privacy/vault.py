"""Encryption at rest: what a study writes is sealed, and what it reads is opened, at the level of bytes.

::

    study/vault.toml     the vault's id, its state, and the public keys (age recipients) of those who may read

A study with a ``vault.toml`` has a vault. `seal` and `unseal` are the one seam: whatever writes tables with text,
corrections, voices, results of stages or reports passes its bytes through `seal` before they go to a file, and through
`unseal` after they came from one. Names of files stay as they are; a sealed one begins with the age format's own first
line, so plain and sealed files may lie side by side while a vault is made, changed or taken off. The age format makes
other bytes of the same content each time: every hash in manifests and keys is that of the content, never of the file.

Sealing needs public keys only. Opening needs the identity of one recipient; `toolkit.privacy.identities` says where
that is looked for. Anybody who may write into the study may add recipients: see SECURITY.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from toolkit import atomic
from toolkit.errors import ConfigError, InputError, StoreError
from toolkit.formats import by_hand
from toolkit.privacy import identities

__all__ = ["HEADER", "NAME", "DamagedError", "EarlierError", "Recipient", "State", "Vault", "find", "is_open"]
__all__ += ["is_sealed", "opens", "recipient", "save", "seal", "unlock", "unseal"]

HEADER = b"age-encryption.org/v1\n"
NAME = "vault.toml"
VERSION = 1
LABEL = re.compile(r"[\w.-]{1,40}", re.ASCII)
ABOUT = "# Who may read what is encrypted in this study: public keys only. Change it with: toolkit vault\n"


class State(StrEnum):
    """How a vault stands.

    `SEALING` while files are encrypted (again) for today's recipients, `OPENING` while the vault is taken off; either
    is left by a command that was stopped, and the next one goes on from it.
    """

    SEALED = "sealed"
    SEALING = "sealing"
    OPENING = "opening"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who may read: a short name, and the public key."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Vault:
    """What ``vault.toml`` says.

    `earlier` are public keys that a rotation replaced, for as long as it is not done: their identities are still kept.
    """

    id: str
    state: State
    recipients: tuple[Recipient, ...]
    earlier: tuple[str, ...] = ()

    def fits(self, secret: str) -> bool:
        """Whether an identity is that of a recipient."""
        return identities.public(secret) in {r.key for r in self.recipients}

    def standing(self, state: State) -> Vault:
        """The same vault in another state."""
        return replace(self, state=state)


class EarlierError(ConfigError):
    """A file is encrypted for none of the keys at hand, perhaps for one from before a change that was stopped."""


class DamagedError(StoreError):
    """An encrypted file is not what was written, or was encrypted for nobody of this study."""


_read: dict[Path, tuple[tuple[int, ...], Vault]] = {}


def find(home: Path) -> Vault | None:
    """The vault of the study in `home`, None when it has none; read again only when the file is another.

    Raises
    ------
    ConfigError
        When ``vault.toml`` is there and cannot be used: nothing is written in the clear then.
    """
    path = home / NAME
    try:
        found = path.stat()
        mark = (found.st_ino, found.st_size, found.st_mtime_ns)
        if path not in _read or _read[path][0] != mark:
            _read[path] = (mark, parsed(by_hand.toml(by_hand.read(path, most=by_hand.SETTINGS).decode())))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{NAME} cannot be used ({type(error).__name__}), so nothing is read or written.",
            hint="Put it back from a copy.",
        ) from None
    return _read[path][1]


def parsed(table: Mapping[str, Any]) -> Vault:
    """A vault from its file; ValueError, KeyError or TypeError for anything else."""
    given = tuple(Recipient(str(r["name"]), str(r["key"])) for r in table["recipients"])
    if table["version"] != VERSION or not given or not re.fullmatch("[0-9a-f]{32}", table["id"]):
        raise ValueError
    pyrage = identities.library()
    try:
        for one in given:
            pyrage.x25519.Recipient.from_str(one.key)
    except pyrage.RecipientError:
        raise ValueError from None
    earlier = tuple(str(key) for key in table.get("earlier", ()))
    return Vault(table["id"], State(table["state"]), given, earlier)


def save(home: Path, vault: Vault) -> None:
    """Write ``vault.toml``, whole or not at all.

    Raises
    ------
    StoreError
        When it cannot be written.
    """
    import tomli_w

    table = {
        "version": VERSION,
        "id": vault.id,
        "state": str(vault.state),
        "earlier": list(vault.earlier),
        "recipients": [{"name": r.name, "key": r.key} for r in vault.recipients],
    }
    if not vault.earlier:
        del table["earlier"]
    atomic.write_text(home / NAME, ABOUT + tomli_w.dumps(table))


def recipient(text: str) -> Recipient:
    """A recipient as a user gives it: ``clinic=age1…``, or the public key alone.

    Raises
    ------
    InputError
        When it is none.
    """
    name, between, key = text.strip().rpartition("=")
    pyrage = identities.library()
    try:
        pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise InputError(
            "a recipient is a public key, with or without a name before it.", hint="Such as clinic=age1…"
        ) from None
    if between and not LABEL.fullmatch(name):
        raise InputError("a recipient's name is one word.", hint="Such as clinic, or S01.")
    return Recipient(name or key[:12], key)


def is_sealed(data: bytes) -> bool:
    """Whether bytes are in the age format."""
    return data.startswith(HEADER)


def seal(home: Path, data: bytes) -> bytes:
    """Bytes as they are to lie in the study in `home`: encrypted for its recipients, or as they are without a vault.

    Raises
    ------
    ConfigError
        When there is a vault that cannot be used.
    """
    vault = find(home)
    if vault is None or vault.state is State.OPENING:
        return data
    pyrage = identities.library()
    sealed: bytes = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(r.key) for r in vault.recipients])
    return sealed


def unseal(home: Path, data: bytes, *, what: str) -> bytes:
    """The content of bytes that lay in the study in `home`; those that are not encrypted are given back.

    Parameters
    ----------
    home, data
        Of which study, and what lay there.
    what
        What it is, for a message: a file's own name.

    Raises
    ------
    ConfigError
        When there is no key, or one that does not fit.
    DamagedError
        When the file is not what was written.
    """
    if not is_sealed(data):
        return data
    vault, secrets = find(home), unlock(home)
    if vault is None:
        raise ConfigError(
            f"{what} is encrypted, and the study has no {NAME}.",
            hint="Put that back, or make it anew with the same key: toolkit vault init STUDY --key-file FILE",
        )
    pyrage = identities.library()
    try:
        content: bytes = pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(s) for s in secrets])
    except pyrage.DecryptError as error:
        if vault.state is State.SEALING and "matching" in str(error):
            raise EarlierError(
                f"{what} may still be encrypted for an earlier key: a change of keys was stopped.",
                hint="Give both keys, the new and the earlier one, and go on with: toolkit vault encrypt STUDY",
            ) from None
        raise DamagedError(f"{what} is damaged: it cannot be decrypted.") from None
    return content


def unlock(home: Path, *, ask: bool = True) -> tuple[str, ...]:
    """The identities that open the vault of the study in `home`; none when it has no vault.

    Raises
    ------
    ConfigError
        When there is no key, or none of a recipient.
    """
    vault = find(home)
    if vault is None:
        return ()
    where, secrets = identities.find(vault.id, home=home, ask=ask)
    if where == identities.HELD and not any(vault.fits(secret) for secret in secrets):
        identities.forget(vault.id)  # the keys were changed since
        where, secrets = identities.find(vault.id, home=home, ask=ask)
    if where == identities.LOCKED:
        raise ConfigError(
            "the study is encrypted, and the keyring that may have its key is locked or does not answer.",
            hint=f"Unlock it, as by logging in to the desktop, or set {identities.KEY_FILE} to a key file.",
        )
    if not secrets:
        raise ConfigError(
            "the study is encrypted and no key is here.",
            hint=f"Set {identities.KEY_FILE} to the key file, or {identities.KEY}, or keep the key in the keyring.",
        )
    if not any(vault.fits(secret) for secret in secrets):
        raise ConfigError(
            f"the study is encrypted and {where} does not open it: it is the key of nobody who may read.",
            hint="A change of keys was stopped: use the new key, with the earlier one beside it."
            if vault.state is State.SEALING
            else "See who may: toolkit vault status STUDY",
        )
    if where == identities.TYPED:
        identities.hold(vault.id, secrets)
    return secrets


def opens(secrets: Sequence[str], data: bytes) -> bool:
    """Whether one of some identities opens encrypted bytes."""
    pyrage = identities.library()
    try:
        pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(secret) for secret in secrets])
    except pyrage.DecryptError:
        return False
    return True


def is_open(home: Path) -> bool:
    """Whether what is encrypted can be read now, without asking anybody; so it is where nothing is encrypted."""
    try:
        unlock(home, ask=False)
    except ConfigError:
        return False
    return True
