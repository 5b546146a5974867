"""The compacted dataset is made: only what changed, and the same bytes whatever was made when.

Sessions are taken in alphabetical order and cut into parts after every id whose hash says so (one in `SIZE`). Where the
cuts are depends on the ids alone, so that a session more or less changes the part it falls into and no other, and a
part's name is the digest of its sessions' manifests: it is there already or it is made. So the dataset is a function of
the sessions, not of the order in which they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit import manifest as manifests
from toolkit import tables
from toolkit.atomic import store_error, sync_folder
from toolkit.errors import StoreError
from toolkit.store import collected
from toolkit.store.collected import Part
from toolkit.store.opening import covered
from toolkit.store.places import STAGING
from toolkit.store.publishing import stage, writing
from toolkit.store.reading import file_hash, is_fresh, sessions
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["Collected", "collect"]

SIZE = 128  # sessions of a part, on average: some 8 MB read and written again when one of them changes


@dataclass(frozen=True, slots=True)
class Collected:
    """What `collect` found and did.

    Attributes
    ----------
    sessions
        How many are in the dataset now.
    parts, made
        Of how many parts it is, and how many of them were made anew.
    uncovered
        Sessions with results that consent does not cover today, or that hold a portion taken back since.
    damaged
        Sessions whose results are damaged or of another version.
    """

    sessions: int
    parts: int
    made: int
    uncovered: tuple[str, ...]
    damaged: tuple[str, ...]


def collect(study: Study) -> Collected:
    """Bring the compacted dataset up to date, with the sessions that are whole and that consent covers today.

    Raises
    ------
    ConsentError
        When the ledger cannot be read.
    StoreError
        When another process writes results of this study, or the dataset cannot be written.
    """
    ledger = study.ledger()
    with writing(study):
        there = sessions(study)
        ids = [s for s in there if Purpose.MEASURE in covered(ledger, s) and is_fresh(study, s, ledger)]
        digests = {s: file_hash(study.results / s / manifests.NAME) for s in ids}
        try:
            made, kept = bring_up_to_date(study, digests)
        except OSError as error:
            raise store_error(collected.folder(study), error) from None
    return Collected(
        sessions=sum(len(part.sessions) for part in kept),
        parts=len(kept),
        made=made,
        uncovered=tuple(sorted(set(there) - set(ids))),
        damaged=tuple(s for part in kept for s in part.damaged),
    )


def bring_up_to_date(study: Study, digests: Mapping[str, str]) -> tuple[int, list[Part]]:
    """Make the parts that are not there, and delete those that no session needs; how many were made, and all."""
    home = collected.folder(study)
    home.mkdir(mode=0o700, exist_ok=True)
    there = {part.home.name: part for part in collected.parts(study)}
    made, kept = 0, []
    for ids in cut(digests):
        own = {s: digests[s] for s in ids}
        part = there.get(key(own))
        if part is None or part.damaged or not all(part.whole(table) for table in collected.TABLES):
            part = make(study, home / key(own), own)
            made += 1
        kept.append(part)
    wanted = {part.home.name for part in kept}
    for left in collected.homes(study):
        if left.name not in wanted:
            collected.discard(left)
    sync_folder(home)
    return made, kept


def cut(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Ids in alphabetical order, cut after each whose hash is divisible by `SIZE`."""
    part: list[str] = []
    for session_id in sorted(ids):
        part.append(session_id)
        if int.from_bytes(hashlib.sha256(session_id.encode()).digest()[:8]) % SIZE == 0:
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


def key(own: Mapping[str, str]) -> str:
    """The name of a part: a digest of its sessions and their manifests."""
    told = "\n".join([str(manifests.SCHEMA_VERSION), *(f"{s} {digest}" for s, digest in own.items())])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def make(study: Study, home: Path, own: Mapping[str, str]) -> Part:
    """Read the sessions of a part, each table checked against its manifest, and put the part in its place."""
    content = {s: found for s in own if (found := checked(study, s)) is not None}
    whole = {s: digest for s, digest in own.items() if s in content}
    damaged = tuple(s for s in own if s not in content)
    try:
        files = {t: tables.gather(t, [found[t] for found in content.values()]) for t in collected.TABLES}
    except StoreError as error:
        raise StoreError(f"sessions {min(own)} to {max(own)}: {error.message}", hint=error.hint) from None
    hashes = {table: hashlib.sha256(data).hexdigest() for table, data in files.items()}
    staging = home.with_name(f"{STAGING}{home.name}")
    for leftover in (staging, home):
        if leftover.exists():
            collected.discard(leftover)
    stage(staging, files, collected.receipt(whole, damaged, hashes))
    staging.rename(home)
    return Part(home, whole, damaged, hashes)


def checked(study: Study, session_id: str) -> Mapping[str, bytes] | None:
    """The tables of a session that are collected, as bytes; None when it is not whole."""
    home = study.results / session_id
    try:
        found = manifests.parse((home / manifests.NAME).read_text(encoding="utf-8"), session_id)
        content = {name: (home / f"{name}.parquet").read_bytes() for name in collected.TABLES}
    except (OSError, StoreError, UnicodeDecodeError):
        return None
    return content if same(found.tables, content) else None


def same(hashes: Mapping[str, str], content: Mapping[str, bytes]) -> bool:
    """Whether every table has the hash that the manifest names."""
    return all(hashlib.sha256(data).hexdigest() == hashes.get(name) for name, data in content.items())
