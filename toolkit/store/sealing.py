"""What of a study is encrypted where it has a vault, and how all of it is made so, changed or undone.

::

    results/ID/restricted/*.parquet     tables with text
    stages/ID/**/*.json.z               what each stage gave
    overlay/ID.csv                      what humans said
    voices/voice-ID.json                enrolled voices
    **/*.age                            reports that were written into the study's folder (those written before it had
                                        a vault are known by the hash that the audit log has of them)

How a stop is survived
----------------------
The state in ``vault.toml`` changes first, and with it what is written from then on. Then every file is opened, sealed
as the state says and put in its own place by one rename, so that at any moment a name holds the old file or the new
one, with the same content; at the end the state is made `SEALED` (or ``vault.toml`` deleted). A command that is stopped
leaves the state as it was: `go_on` does all of it again, and nothing needs to know how far the first one came.

A file that cannot be opened because it is damaged keeps nobody from the others: of the stages it is deleted, as it is
as good as none; any other is left as it is, and told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.atomic import store_error, sync_folder, write_bytes
from toolkit.consent import audit
from toolkit.privacy import identities, vault
from toolkit.privacy.vault import State, Vault
from toolkit.store.publishing import sweep, writing
from toolkit.study import Study

__all__ = ["REPORT", "Brought", "change", "go_on", "plain", "reports", "sealable", "sealed"]

REPORT = ".age"
MADE = ("results", "stages", "overlay", "voices")
"""Folders that only the toolkit writes into."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What was done: how many files were written, and the names of those that are damaged and were left.

    `moved` names the file to which a key that was replaced was moved.
    """

    files: int = 0
    damaged: tuple[str, ...] = ()
    moved: str = ""


def sealable(study: Study) -> Iterator[Path]:
    """Every file that is encrypted where there is a vault, or is to be."""
    root = study.root
    for pattern in ("results/*/restricted/*.parquet", "stages/**/*.json.z", "overlay/*.csv", "voices/voice-*.json"):
        yield from (path for path in sorted(root.glob(pattern)) if path.is_file() and not path.is_symlink())
    yield from reports(study)


def reports(study: Study, pattern: str = f"*{REPORT}") -> Iterator[Path]:
    """Encrypted reports in the study's folder, wherever but among what was recorded."""
    tops = [p for p in study.root.iterdir() if p.name not in {*MADE, study.recordings_folder.name}]
    for path in sorted(q for top in tops for q in (top.rglob(pattern) if top.is_dir() else (top,))):
        if path.match(pattern) and path.is_file() and not path.is_symlink():
            yield path


def open_reports(study: Study) -> Iterator[Path]:
    """Reports in the study's folder that were written when it had no vault."""
    lines = (line for line in audit.entries(study.audit_file) if line["event"] == "export-report")
    known = {line["details"].get("sha256") for line in lines}
    for path in (p for kind in ("*.html", "*.pdf") for p in reports(study, kind)) if known else ():
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() in known:
                yield path
        except OSError as error:
            raise store_error(path, error) from None


def plain(study: Study) -> int:
    """How many files lie there as they are though they are to be encrypted, those half-written included."""
    beginnings = (beginning(path) for path in (*sealable(study), *leftovers(study)))
    return sum(bool(b) and not vault.is_sealed(b) for b in beginnings) + sum(1 for _ in open_reports(study))


def sealed(study: Study) -> Iterator[Path]:
    """The files of the toolkit's own folders that are encrypted."""
    return (p for p in sealable(study) if made(study, p) and vault.is_sealed(beginning(p)))


def beginning(path: Path) -> bytes:
    """The first bytes of a file, which say whether it is encrypted; none when it has gone meanwhile."""
    try:
        with path.open("rb") as file:
            return file.read(len(vault.HEADER))
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise store_error(path, error) from None


def leftovers(study: Study) -> list[Path]:
    """What stopped commands left half-written, and a sweep would take for it."""
    found = (path for name in MADE for path in (study.root / name).rglob(".*.tmp*"))
    return sorted(path for path in found if path.name != ".stage.tmp")


def change(study: Study, changed: Vault, event: str, *, key_file: Path | None = None) -> Brought:
    """Make `changed` the study's vault and bring everything into line with it.

    Parameters
    ----------
    study
        Whose vault.
    changed
        In the state `SEALING` or `OPENING`. The key of what is there must be at hand.
    event
        What the audit log calls it.
    key_file
        Where a new key was put, beside the one it replaces.

    Raises
    ------
    ConfigError
        When a file cannot be opened with the keys at hand.
    StoreError
        When another process writes, or a file cannot be read or written.
    """
    with writing(study):
        sweep(study)
        with study.editing():
            vault.save(study.root, changed)
            audit.append(study.audit_file, event, recipients=len(changed.recipients))
        return bring(study, key_file=key_file)


def go_on(study: Study) -> Brought:
    """Finish a change of the vault that was stopped. Raises as `change`."""
    found = vault.find(study.root)
    return Brought() if found is None or found.state is State.SEALED else bring(study)


def bring(study: Study, *, key_file: Path | None = None) -> Brought:
    """Write every file anew as the vault's state says, then note that it is done; raises as `change`.

    A key that was replaced is kept until then, and where files are damaged: who puts them back needs it.
    """
    with writing(study), study.editing():
        found = vault.find(study.root)
        if found is None:
            return Brought()
        vault.unlock(study.root)
        try:
            count, damaged = rewrite(study)
        except OSError as error:
            raise store_error(study.root, error) from None
        if found.state is State.OPENING:
            try:
                (study.root / vault.NAME).unlink()
                sync_folder(study.root)
            except OSError as error:
                raise store_error(study.root / vault.NAME, error) from None
            return Brought(count, damaged)
        moved = ""
        if found.earlier and not damaged:
            moved = identities.retire(found.id, found.earlier, home=study.root, files=[key_file] if key_file else [])
            found = replace(found, earlier=())
        vault.save(study.root, found.standing(State.SEALED))
        return Brought(count, damaged, moved)


def rewrite(study: Study) -> tuple[int, tuple[str, ...]]:
    """Write every file anew; how many were, and the names of those that are damaged."""
    count, damaged = 0, []
    for path in leftovers(study):
        path.unlink(missing_ok=True)
    for path in [*sealable(study), *open_reports(study)]:
        try:
            count += again(study, path)
        except vault.DamagedError:
            damaged += left(study, path)
        except vault.EarlierError:
            if made(study, path):
                raise
            damaged += left(study, path)  # somebody's own file
    return count, tuple(damaged)


def made(study: Study, path: Path) -> bool:
    """Whether a file lies where only the toolkit writes."""
    return path.relative_to(study.root).parts[0] in MADE


def left(study: Study, path: Path) -> list[str]:
    """The name of a damaged file that is left; none for one of the stages, which is deleted."""
    if path.is_relative_to(study.stages("")):
        path.unlink(missing_ok=True)
        return []
    return [path.relative_to(study.root).as_posix()]


def again(study: Study, path: Path) -> int:
    """Open one file and put it sealed for today's recipients (or open, while the vault is taken off) in its place."""
    data = vault.seal(study.root, vault.unseal(study.root, path.read_bytes(), what=path.name))
    target = path
    if not made(study, path):  # a report, whose name says that it is encrypted
        bare = path.with_suffix("") if path.suffix == REPORT else path
        target = bare.with_name(bare.name + REPORT) if vault.is_sealed(data) else bare
    if target != path and target.exists():
        target = path  # somebody's own file has the name
    write_bytes(target, data)
    if target != path:
        path.unlink()
    return 1
