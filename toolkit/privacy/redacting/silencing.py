"""Which stretches of a recording are silenced in a redacted draft.

Those in which an identifier was found in the words, those in which somebody speaks whose words are in no transcript,
and a little on both sides, as the times of words are no better than that. What is left is a voice, and that identifies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from toolkit.intervals import Span, subtract, union
from toolkit.privacy.redacting.finding import Hit
from toolkit.types import SpokenUtterance, Word

__all__ = ["PADDING", "of_hits", "padded", "unread"]

PADDING = 0.3
"""Seconds on both sides of a word; a recogniser's word times are rarely off by more."""

SHORTEST = 0.3
"""Seconds of speech without words that may hold one: shorter is the edge of a word."""


def of_hits(said: SpokenUtterance, hits: Sequence[Hit]) -> Iterator[Span]:
    """When the words are said that an identifier in the text of their utterance reaches into."""
    at = 0
    for word in said.words:
        end = at + len(word.text.strip())
        if any(hit.start < end and at < hit.end for hit in hits):
            yield Span(word.start, word.end)
        at = end + 1


def unread(words: Iterable[Word], said: Iterable[SpokenUtterance], speech: Iterable[Span]) -> Iterator[Span]:
    """When something is said that is in no utterance: words of nobody, and speech in which no words were found."""
    read = [Span(word.start, word.end) for utterance in said for word in utterance.words]
    known = {(span.start, span.end) for span in read}
    yield from (Span(word.start, word.end) for word in words if (word.start, word.end) not in known)
    left = subtract(speech, padded(read))
    yield from (span for span in left if span.duration >= SHORTEST)


def padded(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans with `PADDING` on both sides, those that touch made one."""
    return union(Span(max(0.0, s.start - PADDING), s.end + PADDING) for s in spans)
