"""A study gets a vault, others are let into it or kept out, its key is changed, and it is taken off again.

Each of these puts the new key in its place first, then writes ``vault.toml``, then brings every file into line with it
(`toolkit.store.sealing`). So there is never a file that no key at hand opens, and what is stopped goes on later.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.errors import ConfigError, InputError
from toolkit.privacy import identities, vault
from toolkit.privacy.vault import Recipient, State, Vault
from toolkit.store import sealing
from toolkit.store.sealing import Brought
from toolkit.study import Study

__all__ = ["OWN", "Keeping", "add", "encrypt", "init", "of", "remove", "rotate", "take_off"]

OWN = "owner"
"""Name of the recipient that a study is made with."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a new key is to be kept.

    Attributes
    ----------
    file
        A file outside the study; None for the system's keyring.
    shown
        Told the key once, before anything is encrypted with it; None when nobody is to see it. Without a file and
        without a keyring somebody has to.
    """

    file: Path | None = None
    shown: Callable[[str], None] | None = None

    def keep(self, study: Study, vault_id: str, secrets: Sequence[str]) -> str:
        """Keep identities, the first of which is the new one; returns where, in words.

        Raises
        ------
        ConfigError
            When there is no place for them.
        StoreError
            When the file cannot be written.
        """
        where = "nowhere but on this screen"
        if self.file is not None:
            identities.write_file(self.file, secrets, home=study.root)
            where = f"in {self.file.name}"
        elif identities.keep(vault_id, secrets):
            where = "in the keyring of this account"
        elif self.shown is None:
            raise ConfigError(
                "this machine has no keyring for the key, or one that is locked.",
                hint="Name a file outside the study with --key-file, or have the key shown once with --show-key.",
            )
        if self.shown is not None:
            self.shown(secrets[0])
        return where


def of(study: Study) -> Vault:
    """The vault of a study.

    Raises
    ------
    InputError
        When it has none.
    """
    found = vault.find(study.root)
    if found is None:
        raise InputError("the study is not encrypted.", hint=f"Encrypt it with: toolkit vault init {study.name}")
    return found


def init(study: Study, others: Sequence[Recipient], keeping: Keeping) -> tuple[str, Brought]:
    """Give a study a vault and encrypt what is there.

    Parameters
    ----------
    study
        Which study.
    others
        Who may read beside the owner of the new key.
    keeping
        Where that is kept. A key that the environment or the file has already is used as it is.

    Returns
    -------
    tuple
        Where the key is kept, in words, and what was encrypted.

    Raises
    ------
    InputError
        When the study has a vault, or two recipients are the same.
    ConfigError
        When there is no place for the key, or files are encrypted for another one.
    StoreError
        When another process writes, or something cannot be written.
    """
    if vault.find(study.root) is not None:
        raise InputError("the study is encrypted already.", hint=f"See: toolkit vault status {study.name}")
    made = uuid.uuid4().hex
    where, secrets = given(study, made, keeping)
    secrets = secrets or (identities.made(),)
    recipients = distinct((Recipient(OWN, identities.public(secrets[0])), *others))
    check_key(study, secrets)
    where = where or keeping.keep(study, made, secrets)
    with identities.holding(made, secrets):
        return where, sealing.change(study, Vault(made, State.SEALING, recipients), "vault-init")


def given(study: Study, vault_id: str, keeping: Keeping) -> tuple[str, tuple[str, ...]]:
    """A key that is there already: in the file that is named, or in the environment; where, in words."""
    if keeping.file is not None:
        there = keeping.file.exists()
        return (f"in {keeping.file.name}", identities.in_file(keeping.file, home=study.root)) if there else ("", ())
    return identities.find(vault_id, home=study.root, ask=False)


def check_key(study: Study, secrets: Sequence[str]) -> None:
    """Refuse a key that does not open what is encrypted already, as when ``vault.toml`` was lost; raises as `init`."""
    there = list(sealing.sealed(study))
    if there and not any(vault.opens(secrets, path.read_bytes()) for path in there):
        raise ConfigError(
            "files of this study are encrypted for another key.", hint="Name the file of that one with --key-file."
        )


def distinct(recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """The same recipients, each name and key once; raises InputError otherwise."""
    for what in ("name", "key"):
        if len({getattr(r, what) for r in recipients}) < len(recipients):
            raise InputError(f"two recipients have the same {what}.", hint="Each has a name and a key of their own.")
    return tuple(recipients)


def add(study: Study, other: Recipient) -> Brought:
    """Let somebody read; everything is encrypted anew. Raises as `init`, and as `toolkit.privacy.vault.unlock`."""
    found = ready(study)
    changed = replace(found, state=State.SEALING, recipients=distinct((*found.recipients, other)))
    return sealing.change(study, changed, "vault-add")


def remove(study: Study, name: str) -> Brought:
    """Keep somebody out: everything is encrypted anew, and that key opens nothing that is in the study then.

    Raises
    ------
    InputError
        When there is no such recipient, or the key at hand is theirs.
    """
    found = ready(study)
    left = tuple(r for r in found.recipients if name not in {r.name, r.key})
    if len(left) == len(found.recipients):
        raise InputError(
            f"no recipient is called {name[:40]}.", hint=f"One of: {', '.join(r.name for r in found.recipients)}."
        )
    changed = replace(found, state=State.SEALING, recipients=left)
    if not any(changed.fits(secret) for secret in vault.unlock(study.root)):
        raise InputError("this is the key at hand: nobody here could go on.", hint="Change it: toolkit vault rotate")
    return sealing.change(study, changed, "vault-remove")


def rotate(study: Study, keeping: Keeping) -> tuple[str, Brought]:
    """Put a new key in the place of the one at hand; the other recipients stay, everything is encrypted anew.

    Until all is done the new key is kept together with the earlier one, so that a command that goes on has both;
    whoever finishes puts the earlier one away (`toolkit.privacy.identities.retire`).

    Returns
    -------
    tuple
        Where the new key is kept, in words, and what was encrypted.
    """
    found = ready(study)
    earlier = tuple(s for s in vault.unlock(study.root) if found.fits(s))
    new = identities.made()
    keeping = place_of_new(study, found.id, earlier, keeping)
    own = {identities.public(s) for s in earlier}
    mine = next(r for r in found.recipients if r.key in own)
    others = tuple(r for r in found.recipients if r.key not in own)
    changed = Vault(
        found.id,
        State.SEALING,
        (Recipient(mine.name, identities.public(new)), *others),
        earlier=tuple(sorted({*own, *found.earlier})),
    )
    there = keeping.file is not None and keeping.file.exists()
    beside = identities.in_file(keeping.file, home=study.root) if keeping.file and there else ()  # of other studies too
    where = keeping.keep(study, found.id, tuple(dict.fromkeys([new, *earlier, *beside])))
    with identities.holding(found.id, (new, *earlier)):
        return where, sealing.change(study, changed, "vault-rotate", key_file=keeping.file)


def place_of_new(study: Study, vault_id: str, earlier: Sequence[str], keeping: Keeping) -> Keeping:
    """Where a new key goes: a file that is named, that of the earlier key, or the keyring; raises as `rotate`."""
    place, _ = identities.find(vault_id, home=study.root)
    if keeping.file is None and place == identities.KEY_FILE:
        return replace(keeping, file=Path(os.environ[identities.KEY_FILE]))
    if keeping.file is None and place == identities.KEY and keeping.shown is None:
        raise ConfigError(
            f"the key at hand stands in {identities.KEY}, which no program can change.",
            hint="Name a file for the new one with --key-file, or have it shown once with --show-key.",
        )
    there = keeping.file is not None and keeping.file.exists()
    if keeping.file is not None and there and not set(earlier) & set(identities.in_file(keeping.file, home=study.root)):
        raise InputError(f"{keeping.file.name} is there already, with another key.", hint="Name a new file.")
    return keeping


def encrypt(study: Study) -> Brought:
    """Go on with a change that was stopped, and encrypt what lies there as it is. Raises as `init`."""
    found = of(study)
    vault.unlock(study.root)
    todo = found.earlier or sealing.plain(study)
    if found.state is State.OPENING or (found.state is State.SEALED and todo):
        return sealing.change(study, found.standing(State.SEALING), "vault-encrypt")
    return sealing.go_on(study)


def take_off(study: Study) -> Brought:
    """Decrypt everything and delete the vault; keys stay where they are. Raises as `init`."""
    found = of(study)
    vault.unlock(study.root)
    return sealing.change(study, found.standing(State.OPENING), "vault-off")


def ready(study: Study) -> Vault:
    """The vault, its key at hand and no change of it unfinished."""
    found = of(study)
    vault.unlock(study.root)
    if found.state is not State.SEALED:
        raise InputError(
            "a change of the vault was stopped.", hint=f"Go on with it first: toolkit vault encrypt {study.name}"
        )
    return found
