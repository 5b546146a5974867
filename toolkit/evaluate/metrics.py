"""How far a result is from its reference: the field's own metrics, each keeping its counts.

Conventions
-----------
Every score keeps what it was counted from, adds up over sessions (a total is the rate of sums, never a mean of
rates), and its `value` is `Missing` where there was nothing to find. Rates are shares (0.25 is 25 %), times seconds.

References
----------
Word errors: jiwer, minimum edit distance. cpWER: Watanabe et al. 2020, by meeteval. Diarization error: NIST RT-09, by
pyannote.metrics. One-to-one matching of events: as in mir_eval, a maximum matching.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from toolkit import extras
from toolkit.intervals import Span, complement, union
from toolkit.types import Missing, SpeakerInterval

__all__ = [
    "FILLERS",
    "Deviation",
    "ErrorRate",
    "Matches",
    "best_mapping",
    "cp_word_errors",
    "diarization_errors",
    "matched",
    "speaker_errors",
    "tokens",
    "word_errors",
]

A = TypeVar("A")
B = TypeVar("B")
Said = Sequence[tuple[str, str | None]]
"""Normalised words, each with its speaker (None for a word of nobody)."""

FILLERS = frozenset({"ah", "eh", "ehm", "er", "erm", "hm", "hmm", "huh", "mhm", "mm", "mmm", "uh", "uhm", "um"})


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Errors over the length of the reference.

    Attributes
    ----------
    errors, length
        Words or seconds.
    parts
        What the errors are made of.
    """

    errors: float
    length: float
    parts: Mapping[str, float]

    def __add__(self, other: ErrorRate) -> ErrorRate:
        parts = {name: self.parts.get(name, 0) + other.parts.get(name, 0) for name in {**self.parts, **other.parts}}
        return ErrorRate(self.errors + other.errors, self.length + other.length, parts)

    def value(self) -> float | Missing:
        """Errors over length: 0 is perfect, more than 1 is possible."""
        return self.errors / self.length if self.length else Missing("the reference is empty")


@dataclass(frozen=True, slots=True)
class Matches:
    """Things found, things there were, and those of both that belong together."""

    hits: int
    found: int
    there: int

    def __add__(self, other: Matches) -> Matches:
        return Matches(self.hits + other.hits, self.found + other.found, self.there + other.there)

    def precision(self) -> float | Missing:
        """Share of what was found that is right."""
        return self.hits / self.found if self.found else Missing("nothing was found")

    def recall(self) -> float | Missing:
        """Share of what there was that was found."""
        return self.hits / self.there if self.there else Missing("the reference has none")

    def value(self) -> float | Missing:
        """F1: harmonic mean of precision and recall, 1 is perfect.

        Examples
        --------
        >>> Matches(hits=2, found=3, there=2).value()
        0.8
        """
        both = self.found + self.there
        return 2 * self.hits / both if both else Missing("neither the reference nor the result has any")


@dataclass(frozen=True, slots=True)
class Deviation:
    """Absolute differences of a number, one a session: their sum, how many, and the largest."""

    total: float
    count: int
    largest: float

    def __add__(self, other: Deviation) -> Deviation:
        return Deviation(self.total + other.total, self.count + other.count, max(self.largest, other.largest))

    def value(self) -> float | Missing:
        """Mean absolute difference."""
        return self.total / self.count if self.count else Missing("no session has this number")


def tokens(text: str, *, fillers: bool) -> list[str]:
    """Words for comparison: lower case, punctuation out, contractions as they are, numbers as written.

    Parameters
    ----------
    text
        Any text; a hyphen parts words.
    fillers
        Whether hesitations and listening noises (`FILLERS`) are kept.

    Examples
    --------
    >>> tokens("Um, I don't -- 'well-being'?", fillers=False)
    ['i', "don't", 'well', 'being']
    """
    plain = text.lower().replace("\u2019", "'").replace("_", " ")
    words = (word.strip("'") for word in re.split(r"[^\w']+", plain))
    return [word for word in words if word and (fillers or word not in FILLERS)]


def word_errors(reference: Sequence[str], result: Sequence[str]) -> ErrorRate:
    """Word error rate of one stream of words: insertions, deletions and substitutions over the reference's words."""
    import jiwer

    out = jiwer.process_words(" ".join(reference), " ".join(result))
    parts = {"insertions": out.insertions, "deletions": out.deletions, "substitutions": out.substitutions}
    return ErrorRate(sum(parts.values()), len(reference), parts)


def cp_word_errors(reference: Mapping[str, Sequence[str]], result: Mapping[str, Sequence[str]]) -> ErrorRate:
    """Concatenated minimum-permutation word error rate: word errors after the best assignment of speakers.

    Parameters
    ----------
    reference, result
        Words of each speaker, in order. Words of nobody are a speaker of their own, so they count as inserted.
    """
    extras.need("meeteval", what="the word errors of speakers")
    from meeteval.wer.wer.cp import cp_word_error_rate

    def joined(words: Mapping[str, Sequence[str]]) -> list[str]:
        return [" ".join(said) for said in words.values()]

    in_order = {"reference_sort": False, "hypothesis_sort": False}
    out = cp_word_error_rate(reference=joined(reference), hypothesis=joined(result), **in_order)
    parts = {"insertions": out.insertions, "deletions": out.deletions, "substitutions": out.substitutions}
    return ErrorRate(out.errors, out.length, parts)


def diarization_errors(
    reference: Sequence[SpeakerInterval],
    result: Sequence[SpeakerInterval],
    *,
    scored: Sequence[Span],
    collar: float,
) -> ErrorRate:
    """Diarization error: false alarm, missed and confused speech over all speech of the reference, overlap scored.

    Parameters
    ----------
    reference, result
        Who spoke when; speakers need not have the same names.
    scored
        The stretches that count: the recording without its excluded portions.
    collar
        Seconds on each side of every boundary of the reference that do not count (NIST's convention; pyannote.metrics
        calls twice that its collar).
    """
    from pyannote.metrics.diarization import DiarizationErrorRate

    metric = DiarizationErrorRate(collar=2 * collar, skip_overlap=False)
    out = metric(annotation(reference), annotation(result), uem=timeline(scored), detailed=True)
    parts = {
        "false_alarm": float(out["false alarm"]),
        "missed": float(out["missed detection"]),
        "confusion": float(out["confusion"]),
    }
    return ErrorRate(sum(parts.values()), float(out["total"]), parts)


def best_mapping(reference: Sequence[SpeakerInterval], result: Sequence[SpeakerInterval]) -> dict[str, str]:
    """The result's speakers to the reference's: the one-to-one assignment that shares most time."""
    from pyannote.metrics.diarization import DiarizationErrorRate

    end = max((i.end for i in (*reference, *result)), default=0.0)
    metric = DiarizationErrorRate()
    return dict(metric.optimal_mapping(annotation(reference), annotation(result), uem=timeline([Span(0.0, end)])))


def annotation(intervals: Sequence[SpeakerInterval]) -> object:
    """Intervals as pyannote.core has them, each speaker's own overlaps joined so that they count once."""
    from pyannote.core import Annotation, Segment

    built = Annotation()
    for speaker in sorted({i.speaker for i in intervals}):
        for span in union(i.span for i in intervals if i.speaker == speaker):
            built[Segment(span.start, span.end), speaker] = speaker
    return built


def timeline(spans: Sequence[Span]) -> object:
    """Spans as pyannote.core has them."""
    from pyannote.core import Segment, Timeline

    return Timeline([Segment(s.start, s.end) for s in spans])


def scored_time(duration: float, excluded: Sequence[Span]) -> tuple[Span, ...]:
    """The recording without its excluded portions."""
    return complement(excluded, Span(0.0, duration))


def speaker_errors(reference: Said, result: Said) -> ErrorRate:
    """Of the words that the recogniser got right, the share given to the wrong speaker or to nobody.

    The result's speakers must have the reference's names already; words are aligned in order of time.
    """
    import jiwer

    out = jiwer.process_words(" ".join(w for w, _ in reference), " ".join(w for w, _ in result))
    matched_words = wrong = 0
    for chunk in out.alignments[0]:
        if chunk.type == "equal":
            pairs = zip(
                reference[chunk.ref_start_idx : chunk.ref_end_idx],
                result[chunk.hyp_start_idx : chunk.hyp_end_idx],
                strict=True,
            )
            for (_, there), (_, found) in pairs:
                matched_words += 1
                wrong += there != found
    return ErrorRate(wrong, matched_words, {"wrong_speaker": wrong})


def matched(there: Sequence[A], found: Sequence[B], accept: Callable[[A, B], bool]) -> Matches:
    """Match things one to one so that as many pairs as possible are accepted (augmenting paths)."""
    partner: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        for j, candidate in enumerate(found):
            if j in tried or not accept(there[i], candidate):
                continue
            tried.add(j)
            if j not in partner or place(partner[j], tried):
                partner[j] = i
                return True
        return False

    hits = sum(place(i, set()) for i in range(len(there)))
    return Matches(hits, len(found), len(there))
