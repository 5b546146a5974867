"""Which word is whose: timed words meet speaker intervals.

Conventions
-----------
Recognisers place words within 0.1 to 0.3 s, let a word's end swallow the silence after it, and know nothing of
speakers; diarizers place changes as roughly and know nothing of words. So, in this order:

1. **Cut back.** A word that reaches into a stretch where nobody speaks is cut back to the speech it overlaps.
2. **Overlap.** It goes to the speaker whose exclusive intervals cover most of it, no more of it counted than a word of
   its length plausibly takes; on a tie to the speaker at its middle.
3. **Reach.** A word that no interval covers goes to the nearest speaker within `reach` seconds, else to nobody.
4. **Sentence.** Where the speaker changes inside a sentence, the few words between the change and the sentence's
   nearest end move over with the rest of it, if their times would fit either speaker.

Nothing is reordered or lost, and a time only ever moves inwards. A word that comes with its
speaker, from a transcript made elsewhere, keeps it.

References
----------
The sentence rule follows what users of whisperX and of NeMo's alignment ask for: last words of a turn given to the
other person are the commonest complaint. Drift of Whisper's word times: Wagner et al. 2024, "CrisperWhisper".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from toolkit.intervals import Span, overlap, union
from toolkit.types import AttributedWord, Diarization, SpeakerInterval, Word

__all__ = ["attribute"]

BRIDGE = 0.3  # s: a shorter hole in the activity is inside a word or a breath, not a silence
DRIFT = 0.3  # s: how far a word's time may be off
FOOTHOLD = 0.15  # s: a word that starts at least this long before a silence is said before it
SHORTEST = 0.08  # s: a word is never cut below this
MOVED_WORDS = 3  # words: a sentence rule that moved more would guess
SENTENCE_ENDS = tuple(".?!…。？！")  # noqa: RUF001 - full-width ends of sentences are meant
CLOSERS = "\"'”’)]»"  # noqa: RUF001 - closing quotation marks are meant


@dataclass(frozen=True, slots=True)
class Track:
    """Disjoint spans in order, searchable by time."""

    spans: tuple[Span, ...]
    starts: tuple[float, ...]

    @classmethod
    def of(cls, spans: Iterable[Span], *, gap: float = 0.0) -> Track:
        """Join spans to a track."""
        joined = union(spans, gap=gap)
        return cls(joined, tuple(s.start for s in joined))

    def near(self, span: Span) -> tuple[Span, ...]:
        """The spans that touch `span`, and the nearest one on each side."""
        first = max(0, bisect_right(self.starts, span.start) - 1)
        last = bisect_right(self.starts, span.end) + 1
        return self.spans[first:last]

    def covered(self, span: Span) -> float:
        """Seconds of `span` inside the track."""
        return sum(overlap(s, span) for s in self.near(span))

    def distance(self, span: Span) -> float:
        """Seconds from `span` to the nearest point of the track, infinite for an empty track."""
        return min((max(0.0, s.start - span.end, span.start - s.end) for s in self.near(span)), default=float("inf"))


def attribute(words: Sequence[Word], diarization: Diarization, *, reach: float) -> tuple[AttributedWord, ...]:
    """Give each word its speaker, or None when nobody fits.

    Parameters
    ----------
    words
        In order of start.
    diarization
        Who spoke when; the exclusive intervals decide, the regular ones say where anybody speaks.
    reach
        Seconds that a word may lie from the nearest speaker.

    Returns
    -------
    tuple of AttributedWord
        One for each word, in the same order, each inside the time of the word it came from.

    Examples
    --------
    >>> talk = (SpeakerInterval(0.0, 1.0, "A"), SpeakerInterval(1.2, 2.0, "B"))
    >>> words = [Word(0.1, 0.9, "Hi.", 0.9), Word(1.1, 1.6, "Hello.", 0.9)]
    >>> [w.speaker for w in attribute(words, Diarization(talk, talk), reach=0.5)]
    ['A', 'B']
    """
    activity = Track.of((i.span for i in (*diarization.regular, *diarization.exclusive)), gap=BRIDGE)
    voices = tracks(diarization.exclusive)
    present = tracks((*diarization.regular, *diarization.exclusive))
    spans = [cut_back(word, activity) for word in words]
    speakers = [whose(plausible(word, span), voices, reach) for word, span in zip(words, spans, strict=True)]
    keep_sentences(words, spans, speakers, present)
    return tuple(
        AttributedWord(span.start, span.end, word.text, word.probability, known(word) or speaker)
        for word, span, speaker in zip(words, spans, speakers, strict=True)
    )


def known(word: Word) -> str | None:
    """Who said a word by whoever wrote it down, None where nobody says so: that goes before times."""
    return word.speaker if isinstance(word, AttributedWord) else None


def tracks(intervals: Iterable[SpeakerInterval]) -> dict[str, Track]:
    """One track a speaker, in order of label."""
    by_speaker: dict[str, list[Span]] = {}
    for interval in intervals:
        by_speaker.setdefault(interval.speaker, []).append(interval.span)
    return {speaker: Track.of(by_speaker[speaker]) for speaker in sorted(by_speaker)}


def likely_duration(word: Word) -> float:
    """Seconds that a word of so many letters takes at most when spoken slowly."""
    return 0.2 + 0.1 * len(word.text.strip())


def cut_back(word: Word, activity: Track) -> Span:
    """The time of a word without the silence it swallowed; unchanged where nobody is known to speak.

    A word across a silence keeps the side where it starts, unless so little of it lies there that its start, not its
    end, must be what drifted; then the side that holds most of it.
    """
    whole = Span(word.start, max(word.start, word.end))
    pieces = [Span(max(s.start, whole.start), min(s.end, whole.end)) for s in activity.near(whole) if overlap(s, whole)]
    if not pieces:
        return whole
    piece = pieces[0] if pieces[0].duration >= FOOTHOLD else max(pieces, key=lambda p: p.duration)
    start, end = piece.start, piece.end
    if end - start < SHORTEST:
        end = min(whole.end, start + SHORTEST)
        start = max(whole.start, end - SHORTEST)
    return Span(start, end)


def plausible(word: Word, span: Span) -> Span:
    """The part of a word's time that counts for its speaker: no longer than such a word takes."""
    return Span(span.start, min(span.end, span.start + likely_duration(word)))


def whose(span: Span, voices: dict[str, Track], reach: float) -> str | None:
    """The speaker who covers most of a span; else the nearest within reach; else nobody."""
    middle = Span((span.start + span.end) / 2, (span.start + span.end) / 2)
    if not voices:
        return None
    best = max(voices, key=lambda v: (round(voices[v].covered(span), 6), -voices[v].distance(middle)))
    if voices[best].covered(span) > 0:
        return best
    nearest = min(voices, key=lambda v: (voices[v].distance(span), voices[v].distance(middle)))
    return nearest if voices[nearest].distance(span) <= reach else None


def ends_sentence(word: Word) -> bool:
    """Whether a word closes a sentence."""
    return word.text.strip().rstrip(CLOSERS).endswith(SENTENCE_ENDS)


def keep_sentences(
    words: Sequence[Word], spans: Sequence[Span], speakers: list[str | None], present: dict[str, Track]
) -> None:
    """Move, in place, words whose times fit either speaker to where the rest of their sentence is."""
    ends = [ends_sentence(w) for w in words]

    def fits(indices: range, speaker: str) -> bool:
        """Whether each of the words could be the speaker's as far as times go."""
        return all(present[speaker].distance(spans[i]) <= DRIFT for i in indices)

    for at in range(1, len(words)):
        before, after = speakers[at - 1], speakers[at]
        if before is None or after is None or before == after or ends[at - 1]:
            continue
        tail = tail_of(ends, at)
        head = head_of(ends, at)
        moves: list[tuple[int, range, str]] = []
        if tail is not None and {speakers[i] for i in tail} == {after} and fits(tail, before):
            moves.append((len(tail), tail, before))
        if head is not None and {speakers[i] for i in head} == {before} and fits(head, after):
            moves.append((len(head), head, after))
        if moves:
            _, indices, speaker = min(moves, key=lambda m: m[0])
            for i in indices:
                speakers[i] = speaker


def tail_of(ends: Sequence[bool], at: int) -> range | None:
    """Words from `at` to the end of their sentence, None when they are more than a few."""
    for last in range(at, min(at + MOVED_WORDS, len(ends))):
        if ends[last]:
            return range(at, last + 1)
    return None


def head_of(ends: Sequence[bool], at: int) -> range | None:
    """Words before `at` from the start of their sentence, None when they are more than a few."""
    for first in range(at - 1, max(at - 1 - MOVED_WORDS, -1), -1):
        if first == 0 or ends[first - 1]:
            return range(first, at)
    return None
