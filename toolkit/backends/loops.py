"""Loops of a recogniser: a phrase said again and again, which nobody said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.types import Word

__all__ = ["collapse", "is_loop"]

LONGEST_PHRASE = 12  # words: loops of longer phrases are caught by compression


def plain(text: str) -> str:
    """A word without case and punctuation, to compare."""
    return "".join(c for c in text.casefold() if c.isalnum())


def runs(texts: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Phrases said more than once in a row, from left to right: first word, words of the phrase, times."""
    said = [plain(t) for t in texts]
    at = 0
    while at < len(said):
        best = (at, 1, 1)
        for size in range(1, min(LONGEST_PHRASE, (len(said) - at) // 2) + 1):
            times = 1
            while said[at + times * size : at + (times + 1) * size] == said[at : at + size]:
                times += 1
            if times > 1 and times * size > best[1] * best[2]:
                best = (at, size, times)
        if best[2] > 1:
            yield best
        at += best[1] * best[2]


def is_loop(texts: Sequence[str], limit: int) -> bool:
    """Whether a phrase is said more than `limit` times in a row.

    Examples
    --------
    >>> is_loop("thank you thank you thank you thank you".split(), 3)
    True
    >>> is_loop("no no no".split(), 3)
    False
    """
    return any(times > limit for _, _, times in runs(texts))


def collapse(words: Sequence[Word], limit: int) -> tuple[Word, ...]:
    """Leave out repetitions of a phrase beyond `limit` times in a row."""
    dropped: set[int] = set()
    for first, size, times in runs([w.text for w in words]):
        if times > limit:
            dropped.update(range(first + limit * size, first + times * size))
    return tuple(w for i, w in enumerate(words) if i not in dropped)
