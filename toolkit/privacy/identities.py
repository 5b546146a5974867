"""Keys of a vault: age identities, and where they are looked for.

A key is looked for in this order; the first place that has one is the one that counts:

1. what this process holds already: asked for earlier, or handed over by the run that it works for;
2. ``TOOLKIT_VAULT_KEY``: the identity itself (``AGE-SECRET-KEY-1…``), several with spaces between;
3. ``TOOLKIT_VAULT_KEY_FILE``: a file of identities as ``age-keygen`` writes it, private, outside the study;
4. the system's keyring, under the vault's id;
5. a person at a terminal or in a notebook, who is asked without an echo.

A key never stands in the study, in an argument of a command, in a log or in a message.
"""

from __future__ import annotations

import getpass
import os
import re
import stat
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit import atomic, extras
from toolkit.errors import ConfigError

__all__ = [
    "HELD",
    "KEY",
    "KEY_FILE",
    "LOCKED",
    "TYPED",
    "Handed",
    "find",
    "forget",
    "handed",
    "hold",
    "holding",
    "in_file",
    "in_keyring",
    "keep",
    "library",
    "made",
    "parse",
    "public",
    "retire",
    "take",
    "write_file",
]

KEY, KEY_FILE = "TOOLKIT_VAULT_KEY", "TOOLKIT_VAULT_KEY_FILE"
SERVICE = "counselling-session-toolkit"
EARLIER = ".earlier"  # after the name of a file of keys: those that were replaced in it
SECRET = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")
HELD, TYPED, LOCKED = "the key", "what was typed", "the keyring, which is locked"
PLAIN = "plaintext"  # in the name of keyrings that keep what they are given in an open file

_held: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Handed:
    """What a run's process holds, for its workers: by vault, never shown."""

    keys: Mapping[str, tuple[str, ...]] = field(repr=False)


def library() -> Any:
    """Pyrage, which reads and writes the age format."""
    extras.need("pyrage", what="an encrypted study")
    import pyrage

    return pyrage


def made() -> str:
    """A new identity."""
    return str(library().x25519.Identity.generate())


def public(secret: str) -> str:
    """The recipient that belongs to an identity; empty for what is no identity."""
    pyrage = library()
    try:
        return str(pyrage.x25519.Identity.from_str(secret).to_public())
    except pyrage.IdentityError:
        return ""


def parse(text: str, *, where: str) -> tuple[str, ...]:
    """The identities in a text, lines of comment left out.

    Raises
    ------
    ConfigError
        When there is none, or one that is not whole.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    words = " ".join(lines).split()
    if not words or not all(SECRET.fullmatch(word) and public(word) for word in words):
        raise ConfigError(
            f"{where} holds no key of a vault.", hint="A key begins with AGE-SECRET-KEY-1 and is one long word."
        )
    return tuple(words)


def find(vault_id: str, *, home: Path, ask: bool = True) -> tuple[str, tuple[str, ...]]:
    """Where the key of a vault was found, in words, and the identities; none when it is nowhere, or behind a lock.

    Parameters
    ----------
    vault_id, home
        Which vault, and the study that it belongs to.
    ask
        Ask whoever sits there when no other place has one.

    Raises
    ------
    ConfigError
        When what is there is no key, or a file of keys is open to others.
    """
    if vault_id in _held:
        return HELD, _held[vault_id]
    for variable in (KEY, KEY_FILE):
        given = os.environ.get(variable, "").strip()
        if given:
            return variable, parse(given, where=variable) if variable == KEY else in_file(Path(given), home=home)
    kept = in_keyring(vault_id)
    if kept:
        _held[vault_id] = parse(kept, where="the keyring")
        return "the keyring", _held[vault_id]
    given = asked() if ask else ""
    if not given:
        return "" if kept is not None else LOCKED, ()
    return TYPED, parse(given, where=TYPED)


def in_file(path: Path, *, home: Path) -> tuple[str, ...]:
    """The identities in a file.

    Raises
    ------
    ConfigError
        When it is not there, others may look at it, it lies in the study, or it holds no key.
    """
    if path.resolve().is_relative_to(home.resolve()):
        raise ConfigError("the key file lies in the study that it opens.", hint="Keep it somewhere else.")
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the key file cannot be read: {type(error).__name__}.") from None
    if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError("others may look at the key file.", hint="Make it private: chmod 600")
    return parse(text, where="the key file")


def write_file(path: Path, secrets: Sequence[str], *, home: Path | None) -> None:
    """Write identities to a file as ``age-keygen`` does, readable by its owner only.

    Raises
    ------
    ConfigError
        When it would lie in the study.
    StoreError
        When it cannot be written.
    """
    if home is not None and path.resolve().is_relative_to(home.resolve()):
        raise ConfigError("the key file would lie in the study that it opens.", hint="Name one outside of it.")
    lines = [line for secret in secrets for line in (f"# public key: {public(secret)}", secret)]
    atomic.write_text(path, "\n".join(lines) + "\n")


def ring() -> Any:
    """The system's keyring; None where there is none that keeps a secret."""
    try:
        import keyring
        import keyring.errors

        chosen = keyring.get_keyring()
    except (ImportError, RuntimeError, OSError):
        return None
    first = next(iter(getattr(chosen, "backends", ())), chosen)
    return None if PLAIN in type(first).__name__.lower() else keyring


def in_keyring(vault_id: str) -> str | None:
    """What the keyring has for a vault; empty for nothing, None for one that does not answer, as when it is locked."""
    keyring = ring()
    if keyring is None:
        return ""
    try:
        return keyring.get_password(SERVICE, vault_id) or ""
    except keyring.errors.NoKeyringError:
        return ""
    except (keyring.errors.KeyringError, RuntimeError, OSError):
        return None


def keep(vault_id: str, secrets: Sequence[str]) -> bool:
    """Put identities into the keyring in place of what it has for a vault; whether it has these now."""
    keyring = ring()
    if keyring is not None:
        with suppress(keyring.errors.KeyringError, RuntimeError, OSError):
            if secrets:
                keyring.set_password(SERVICE, vault_id, " ".join(secrets))
            else:
                keyring.delete_password(SERVICE, vault_id)
    found = in_keyring(vault_id)
    return found is not None and tuple(found.split()) == tuple(secrets)


def retire(vault_id: str, earlier: Collection[str], *, home: Path, files: Iterable[Path] = ()) -> str:
    """Keep identities that a rotation replaced no longer beside the new one: in files, in the keyring, in memory.

    From the keyring they are deleted; what stood in a file goes to a file beside it, as it may open backups, or serve
    another study too. A file in which no other key stands is not the new one's: it is left as it is.

    Parameters
    ----------
    vault_id, earlier
        Of which vault, and the public keys.
    home
        The study that it belongs to.
    files
        Where else the new key is kept; the file that the environment names is looked at anyway.

    Returns
    -------
    str
        Name of the file that has them now; empty when none was needed.

    Raises
    ------
    ConfigError, StoreError
        As `in_file` and `write_file`, and when the keyring does not let them go.
    """
    moved = ""
    named = os.environ.get(KEY_FILE, "").strip()
    for path in dict.fromkeys([*files, *([Path(named)] if named else [])]):
        old, rest = split(in_file(path, home=home) if path.exists() else (), earlier)
        if old and rest:
            beside = path.with_name(path.name + EARLIER)
            known = in_file(beside, home=home) if beside.exists() else ()
            write_file(beside, tuple(dict.fromkeys([*known, *old])), home=home)
            write_file(path, rest, home=home)
            moved = beside.name
    old, rest = split(tuple((in_keyring(vault_id) or "").split()), earlier)
    if old and not keep(vault_id, rest):
        raise ConfigError("the keyring does not let the earlier key go.", hint="Unlock it, and go on.")
    if vault_id in _held:
        _held[vault_id] = split(_held[vault_id], earlier)[1]
    return moved


def split(secrets: Sequence[str], earlier: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Identities of these public keys, and the others."""
    old = tuple(s for s in secrets if public(s) in earlier)
    return old, tuple(s for s in secrets if s not in old)


def asked() -> str:
    """What a person types, unseen; empty where nobody can be asked."""
    if "ipykernel" not in sys.modules and not (sys.stdin and sys.stdin.isatty()):
        return ""
    with suppress(EOFError, OSError, NotImplementedError):  # the last: a notebook that runs with nobody before it
        return getpass.getpass("Key of the encrypted study (AGE-SECRET-KEY-1…, not shown): ").strip()
    return ""


def hold(vault_id: str, secrets: Sequence[str]) -> None:
    """Keep identities in memory, so that nobody is asked twice."""
    _held[vault_id] = tuple(secrets)


def forget(vault_id: str) -> None:
    """Hold a vault's identities no more."""
    _held.pop(vault_id, None)


@contextmanager
def holding(vault_id: str, secrets: Sequence[str]) -> Iterator[None]:
    """Hold identities for a while, whatever other places have."""
    before = _held.get(vault_id)
    hold(vault_id, secrets)
    try:
        yield
    finally:
        _held.pop(vault_id, None)
        if before is not None:
            hold(vault_id, before)


def handed() -> Handed:
    """What this process holds, to be handed to a worker in memory."""
    return Handed(dict(_held))


def take(given: Handed) -> None:
    """Hold what the run handed over."""
    _held.update(given.keys)
