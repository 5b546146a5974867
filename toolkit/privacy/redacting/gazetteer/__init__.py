"""Names of people and places, derived from public lists; see README.md for their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

__all__ = ["listed", "phrases", "surnames"]


@cache
def listed(name: str) -> frozenset[str]:
    """Entries of one list, in lower case."""
    text = files("toolkit.privacy.redacting.gazetteer").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split("\n")) - {""}


@cache
def phrases(name: str) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Entries of one list as words, by their first word, the longest first."""
    by_first: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for entry in listed(name):
        parts = tuple(entry.split())
        by_first[parts[0]].append(parts)
    return {first: sorted(entries, key=lambda parts: (-len(parts), parts)) for first, entries in by_first.items()}


@cache
def surnames() -> frozenset[str]:
    """Every surname, those that are words too included."""
    return listed("surnames") | listed("surnames_in_context")
