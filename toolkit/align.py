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
5. **Island.** A few words of one person in the middle of another's sentence, where both are heard, are the other's:
   diarizers take turns in overlap, people finish their sentences. Words that only say "I am listening" stay.

Nothing is reordered or lost, and a time only ever moves inwards. A word that comes with its speaker, from a transcript
made elsewhere, keeps it. Each word then says how sure its speaker is, by the place it lies in (`toolkit.certainty`).

References
----------
The sentence rule follows what users of whisperX and of NeMo's alignment ask for: last words of a turn given to the
other person are the commonest complaint. Drift of Whisper's word times: Wagner et al. 2024, "CrisperWhisper".
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import pairwise

from toolkit import lexicon
from toolkit.certainty import RATES, place_of
from toolkit.intervals import Span, Track, overlap
from toolkit.lexicon import Lexicon
from toolkit.types import UNTOLD, AttributedWord, Diarization, Missing, SpeakerInterval, Word

__all__ = ["attribute"]

BRIDGE = 0.3  # s: a shorter hole in the activity is inside a word or a breath, not a silence
DRIFT = 0.3  # s: how far a word's time may be off
FOOTHOLD = 0.15  # s: a word that starts at least this long before a silence is said before it
SHORTEST = 0.08  # s: a word is never cut below this
HEARD = 0.5  # share of a word in which its owner must be heard
MOVED_WORDS = 3  # words: a sentence rule that moved more would guess
SENTENCE_ENDS = tuple(".?!…。？！")  # noqa: RUF001 - full-width ends of sentences are meant
NOBODYS = Missing("no speaker fits the word")
CLOSERS = "\"'”’)]»"  # noqa: RUF001 - closing quotation marks are meant


def attribute(
    words: Sequence[Word], diarization: Diarization, *, reach: float, language: str = "en"
) -> tuple[AttributedWord, ...]:
    """Give each word its speaker, or None when nobody fits.

    Parameters
    ----------
    words
        In order of start.
    diarization
        Who spoke when; the exclusive intervals decide, the regular ones say where anybody speaks.
    reach
        Seconds that a word may lie from the nearest speaker.
    language
        Of the words: which of them only listen.

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
    by_time = list(speakers)
    said = lexicon.load(language)
    listening = [i for i in islands(speakers) if said.all_backchannels(lexicon.tokens(words[k].text for k in i))]
    keep_sentences(words, spans, speakers, present, {edge for i in listening for edge in (i.start, i.stop)})
    join_islands(words, spans, speakers, present, said)

    def sure(word: Word, span: Span, speaker: str | None, first: str | None) -> float | Missing:
        """The chance that a word is its speaker's."""
        if isinstance(word, AttributedWord) and word.speaker is not None:
            return word.speaker_confidence
        if speaker is None or not diarization.measured:
            return NOBODYS if speaker is None else UNTOLD
        return RATES[place_of(plausible(word, span), speaker, present, moved=first != speaker)]

    return tuple(
        AttributedWord(
            span.start, span.end, word.text, word.probability, known(word) or speaker, sure(word, span, speaker, first)
        )
        for word, span, speaker, first in zip(words, spans, speakers, by_time, strict=True)
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


def islands(speakers: Sequence[str | None]) -> Iterator[range]:
    """Runs of a few words of one person between two words of one other."""
    starts = [i for i in range(1, len(speakers)) if speakers[i] != speakers[i - 1]]
    for first, last in pairwise(starts):
        between = None not in speakers[first - 1 : last + 1] and speakers[first - 1] == speakers[last]
        if between and last - first <= MOVED_WORDS:
            yield range(first, last)


def keep_sentences(
    words: Sequence[Word],
    spans: Sequence[Span],
    speakers: list[str | None],
    present: dict[str, Track],
    settled: Container[int],
) -> None:
    """Move, in place, words whose times fit either speaker to where the rest of their sentence is.

    `settled` are the first words after changes that stay: somebody listens there, and the sentence goes on behind it.
    """
    ends = [ends_sentence(w) for w in words]

    def fits(indices: range, speaker: str) -> bool:
        """Whether each of the words could be the speaker's as far as times go."""
        return all(present[speaker].distance(spans[i]) <= DRIFT for i in indices)

    for at in range(1, len(words)):
        before, after = speakers[at - 1], speakers[at]
        if before is None or after is None or before == after or ends[at - 1] or at in settled:
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


def join_islands(
    words: Sequence[Word],
    spans: Sequence[Span],
    speakers: list[str | None],
    present: dict[str, Track],
    known: Lexicon,
) -> None:
    """Give, in place, a few words inside somebody's sentence to who says it, if they are heard there all the time."""
    ends = [ends_sentence(w) for w in words]
    for island in list(islands(speakers)):
        owner = speakers[island.start - 1]
        if owner is None or ends[island.start - 1] or any(ends[i] for i in island):
            continue
        heard = all(present[owner].covered(spans[i]) >= HEARD * spans[i].duration for i in island)
        if heard and not known.all_backchannels(lexicon.tokens(words[i].text for i in island)):
            for i in island:
                speakers[i] = owner


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
