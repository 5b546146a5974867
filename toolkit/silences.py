"""Stretches in which nobody speaks, from speech activity, and what the words and the level say about them.

Conventions
-----------
A silence lies between two stretches of speech; before the first and after the last there is none. *Before* stands the
one who held the floor, *after* the one who broke the silence, were it only by a backchannel: that is what a supervisor
asks. So where a client stops, the therapist says "mhm" after 4 s, and the client goes on, the first silence goes from
client to therapist and the second, after the "mhm" that left the floor where it was, from client to client. *Pause*:
the same speaker before and after; *gap*: the speaker changes; *lapse*: a gap longer than `lapse_min`.

Silences never come from word times: a recogniser lets a word's end swallow the silence after it. `cross_check` looks
the other way: words or loud noise in a stretch that the diarizer left empty make it doubtful, and it is not counted.
A stretch that touches an excluded portion has an edge that nobody spoke at, so its length means nothing; the excluded
portion itself is neither speech nor silence. Edges are milliseconds.

References
----------
Heldner & Edlund (2010); Levitt (2001), PICS: silences of 3 s or more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from toolkit.intervals import Span, complement, in_milliseconds, milliseconds, subtract, union
from toolkit.settings import DialogueSettings
from toolkit.types import Silence, SilenceEvidence, SilenceKind, SpeakerInterval, Turn, Word
from toolkit.utterances import LONGEST_WORD

__all__ = ["EDGE", "cross_check", "find"]

EDGE = 0.3
"""Seconds at either end of a silence in which a word or a sound is the neighbours': word times are that loose."""


def find(
    activity: Sequence[SpeakerInterval],
    turns: Sequence[Turn],
    excluded: Sequence[Span],
    settings: DialogueSettings,
) -> tuple[Silence, ...]:
    """Silences of every length between the first and the last speech.

    Parameters
    ----------
    activity
        Who spoke when, seconds; speech inside an excluded portion is ignored.
    turns
        Of the same activity, in order of start.
    excluded
        Portions that a party excluded, seconds.
    settings
        `lapse_min` in seconds.

    Returns
    -------
    tuple of Silence
        In order of start; evidence `SILENT`, or `EXCLUDED` where it touches an excluded portion. Empty when nobody
        speaks.
    """
    cuts = union(in_milliseconds(excluded))
    speech = subtract(in_milliseconds(a.span for a in activity), cuts)
    if not speech:
        return ()
    found: list[Silence] = []
    starts = [milliseconds(t.start) for t in turns]
    beginners = who_begins(activity, cuts)
    for hole in complement(speech, Span(speech[0].start, speech[-1].end)):
        touched = any(cut.start <= hole.end and hole.start <= cut.end for cut in cuts)
        evidence = SilenceEvidence.EXCLUDED if touched else SilenceEvidence.SILENT
        before = turns[max(0, bisect_left(starts, hole.end) - 1)].speaker
        after = beginners[hole.end]
        kind = kind_of(before, after, int(hole.duration), settings)
        for piece in subtract([hole], cuts):
            found.append(Silence(len(found), piece.start / 1000, piece.end / 1000, kind, before, after, evidence))
    return tuple(found)


def who_begins(activity: Sequence[SpeakerInterval], cuts: Sequence[Span]) -> dict[float, str]:
    """Who begins to speak at a time in milliseconds; of several the one who speaks longest."""
    spans: dict[str, list[Span]] = {}
    for interval in activity:
        spans.setdefault(interval.speaker, []).append(interval.span)
    begun = [(s.start, s.end, name) for name, own in spans.items() for s in subtract(in_milliseconds(own), cuts)]
    return {start: name for start, _, name in sorted(begun)}


def kind_of(before: str, after: str, length: int, settings: DialogueSettings) -> SilenceKind:
    """Pause, gap or lapse, of the speakers on either side; `length` in milliseconds."""
    if before == after:
        return SilenceKind.PAUSE
    return SilenceKind.LAPSE if length > milliseconds(settings.lapse_min) else SilenceKind.GAP


def cross_check(
    silences: Sequence[Silence],
    words: Sequence[Word],
    levels: Sequence[float],
    speech_level: float,
    settings: DialogueSettings,
    *,
    background: float = float("-inf"),
) -> tuple[Silence, ...]:
    """Mark silences in which words were recognised or loud noise was measured.

    Parameters
    ----------
    silences
        As `find` returns them.
    words
        All words of the session, with or without a speaker.
    levels
        Level of each silence in dBFS (minus infinity for digital silence), one a silence.
    speech_level
        Level of the session's speech in dBFS.
    settings
        `noise_margin` and `noise_above` in dB.
    background
        Level of the recording's quietest tenth in dBFS: a fan or traffic that is always there is not the noise of one
        silence.

    Returns
    -------
    tuple of Silence
        In the same order. `WORDS` where the middle of a word lies more than `EDGE` from both ends; of a word longer
        than `LONGEST_WORD`, which has swallowed silence at one of its ends, all of it must. Else `NOISE` where the
        level comes within `noise_margin` of the speech and lies `noise_above` over the background. A stretch too short
        to have a middle (twice `EDGE`) is left as it is: its neighbours' edges fill it. `EXCLUDED` stays.
    """
    placed = sorted(sure_span(w) for w in words)
    checked: list[Silence] = []
    for silence, level in zip(silences, levels, strict=True):
        low, high = silence.start + EDGE, silence.end - EDGE
        evidence = silence.evidence
        if evidence is SilenceEvidence.SILENT and low < high:
            first = bisect_left(placed, Span(low, low))
            if any(span.end <= high for span in placed[first : bisect_left(placed, Span(high, high))]):
                evidence = SilenceEvidence.WORDS
            elif level > max(speech_level - settings.noise_margin, background + settings.noise_above):
                evidence = SilenceEvidence.NOISE
        checked.append(replace(silence, evidence=evidence))
    return tuple(checked)


def sure_span(word: Word) -> Span:
    """What must lie inside a silence for a word to count against it: its middle, or all of an overlong word."""
    middle = (word.start + word.end) / 2
    overlong = word.end - word.start > LONGEST_WORD
    return Span(word.start, word.end) if overlong else Span(middle, middle)
