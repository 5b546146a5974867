"""What is looked at of a study's folder: room, encryption, rights, leftovers, and the audit log."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from toolkit.consent import audit
from toolkit.doctor.finding import Finding, State, unreadable
from toolkit.errors import ToolkitError
from toolkit.privacy import vault
from toolkit.privacy.vault import Vault
from toolkit.store import sealing
from toolkit.study import Study

__all__ = ["look"]

LITTLE, TIGHT = 2e9, 10e9  # bytes free: less than the first is a problem
MAPPED = Path("/sys/dev/block")
CRYPT = "CRYPT-"  # how the kernel names mappings of an encrypted disk
FEW = 3  # files named


def look(study: Study) -> Iterator[Finding]:
    """Each thing that was looked at."""
    free = shutil.disk_usage(study.root).free
    state = State.PROBLEM if free < LITTLE else State.NOTE if free < TIGHT else State.OK
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free", "" if state is State.OK else "Make room.")
    for topic, looked in (("encryption", encryption), ("rights", rights), ("audit log", log)):
        try:
            yield looked(study)
        except ToolkitError as error:
            yield unreadable(topic, error)


def encryption(study: Study) -> Finding:
    """Whether the toolkit encrypts the study, and whether the disk below it is, where the system tells."""
    found = vault.find(study.root)
    if found is not None:
        return vaulted(study, found)
    if any(True for _ in sealing.sealed(study)):
        told = f"files are encrypted and {vault.NAME} is not there: nothing opens them"
        return Finding("encryption", State.PROBLEM, told, f"Put {vault.NAME} back from a copy.")
    plain = "the study is not encrypted by the toolkit"
    todo = f"or: toolkit vault init {study.name}"
    if platform.system() != "Linux":
        told = f"{plain}; whether its disk is encrypted cannot be told here"
        return Finding("encryption", State.NOTE, told, f"Turn on BitLocker or FileVault, {todo}")
    if on_encrypted(study.root.stat().st_dev):
        return Finding("encryption", State.OK, f"{plain}; its disk is encrypted")
    told = f"{plain}, and its disk does not look encrypted"
    return Finding("encryption", State.NOTE, told, f"Keep the study on an encrypted disk (LUKS), {todo}")


def vaulted(study: Study, found: Vault) -> Finding:
    """How the vault of a study stands."""
    again = f"toolkit vault encrypt {study.name}"
    if found.state is not vault.State.SEALED or found.earlier:
        return Finding("encryption", State.PROBLEM, "a change of the vault was stopped", again)
    plain = sealing.plain(study)
    if plain:
        return Finding("encryption", State.PROBLEM, f"{plain} files that should be encrypted are not", again)
    count = len(found.recipients)
    told = f"tables with text, corrections, voices and stages are encrypted for {count} key{'s' * (count > 1)}"
    if count == 1:
        return Finding("encryption", State.NOTE, told, "If that key is lost, so are they: add a second recipient.")
    return Finding("encryption", State.OK, told)


def on_encrypted(device: int) -> bool:
    """Whether a device, or one below it, is a mapping that the kernel decrypts."""
    waiting = [MAPPED / f"{os.major(device)}:{os.minor(device)}"]
    while waiting:
        place = waiting.pop()
        try:
            if (place / "dm" / "uuid").read_text().startswith(CRYPT):
                return True
        except OSError:
            pass
        try:
            waiting += [below.resolve() for below in (place / "slaves").iterdir()]
        except OSError:
            continue
    return False


def rights(study: Study) -> Finding:
    """Whether anybody but the owner may look at what the toolkit wrote."""
    if os.name == "nt":
        return Finding("rights", State.OK, "kept by Windows: see the folder's properties")
    open_to_others = [
        path.relative_to(study.root).as_posix()
        for path in private(study)
        if path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not path.is_symlink()
    ]
    if not open_to_others:
        return Finding("rights", State.OK, "only the owner may look at what the toolkit wrote")
    few = ", ".join(open_to_others[:FEW]) + (" …" if len(open_to_others) > FEW else "")
    return Finding("rights", State.PROBLEM, f"others may look at {few}", f"chmod -R go-rwx {study.name}")


def private(study: Study) -> Iterator[Path]:
    """What nobody else should look at."""
    for name in ("results", "stages", "overlay", "voices", "receipts"):
        folder = study.root / name
        if folder.is_dir():
            yield folder
            yield from sorted(folder.rglob("*"))
    yield from (path for path in (study.audit_file, study.consent_file) if path.exists())


def log(study: Study) -> Finding:
    """Whether the audit log is whole."""
    found = audit.verify(study.audit_file)
    if found.ok:
        return Finding("audit log", State.OK, f"{found.count} lines, all there and as they were written")
    return Finding("audit log", State.PROBLEM, found.problems[0], f"toolkit audit verify {study.name}")
