"""One session's result beside its reference: every metric, or the reason why it is missing.

The result's speakers are first given the names of the reference's speakers with whom they share most time, so that
diarization, words, turns and codes are judged by themselves; whether they were *named* right is a metric of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from toolkit.coding.settling import QUESTIONS, REFLECTIONS
from toolkit.evaluate.metrics import (
    Deviation,
    ErrorRate,
    Matches,
    best_mapping,
    cp_word_errors,
    diarization_errors,
    matched,
    scored_time,
    speaker_errors,
    tokens,
    word_errors,
)
from toolkit.formats.truth import Truth, TruthUtterance
from toolkit.intervals import Span, overlap, total
from toolkit.result import SessionResult
from toolkit.types import Code, Dialogue, Missing, Role, SilenceEvidence, SpeakerInterval, Utterance

__all__ = ["METRICS", "Metric", "Score", "compare", "summed"]

Score = ErrorRate | Matches | Deviation

SILENCE_MIN = 3.0  # s: PICS
TURN_REACH = 0.5  # s


@dataclass(frozen=True, slots=True)
class Pair:
    """A result and its reference, and the result's speakers by the reference's names."""

    result: SessionResult
    truth: Truth
    names: Mapping[str, str]

    @property
    def dialogue(self) -> Dialogue:
        """The result's dialogue."""
        return self.result.dialogue

    def name(self, speaker: str) -> str:
        """The reference's name of a speaker; one who is nobody there keeps the own, marked."""
        return self.names.get(speaker, f"?{speaker}")

    def activity(self) -> tuple[SpeakerInterval, ...]:
        """The result's activity under the reference's names."""
        return tuple(SpeakerInterval(i.start, i.end, self.name(i.speaker)) for i in self.dialogue.activity)


@dataclass(frozen=True, slots=True)
class Metric:
    """What a score means: a title, its unit (``%``, ``points``, ``F1``), and its definition."""

    title: str
    unit: str
    definition: str
    of: Callable[[Pair], Score | Missing]


def compare(result: SessionResult, truth: Truth) -> dict[str, Score | Missing]:
    """All metrics of one session, in the order of `METRICS`.

    Parameters
    ----------
    result
        As read back from the store; words are missing when consent does not cover a transcript.
    truth
        Its reference.

    Returns
    -------
    dict
        Metric to its score, or to `Missing` with the reason.
    """
    pair = Pair(result, truth, best_mapping(truth.speech, result.dialogue.activity))
    return {name: metric.of(pair) for name, metric in METRICS.items()}


def summed(scores: Iterable[Score | Missing]) -> Score | Missing:
    """The sum of scores of one metric over sessions, those that are missing left out."""
    there = [score for score in scores if not isinstance(score, Missing)]
    if not there:
        return Missing("no session has this score")
    first, *others = there
    for other in others:
        first = first + other  # type: ignore[operator]  # scores of one metric are of one class
    return first


def reference_words(truth: Truth, *, fillers: bool) -> list[tuple[str, str | None]] | Missing:
    """Normalised words of the reference in order of time: of its words, else of its utterances."""
    timed = truth.utterances if isinstance(truth.words, Missing) else truth.words
    if isinstance(timed, Missing):
        return timed
    return [(token, part.speaker) for part in timed for token in tokens(part.text, fillers=fillers)]


def result_words(pair: Pair, *, fillers: bool) -> list[tuple[str, str | None]] | Missing:
    """Normalised words of the result in order of time, under the reference's names."""
    words = pair.result.words
    if isinstance(words, Missing):
        return words
    return [
        (token, None if word.speaker is None else pair.name(word.speaker))
        for word in sorted(words, key=lambda w: (w.start, w.end))
        for token in tokens(word.text, fillers=fillers)
    ]


def words_score(
    score: Callable[[list[tuple[str, str | None]], list[tuple[str, str | None]]], Score], *, fillers: bool
) -> Callable[[Pair], Score | Missing]:
    """A metric of the two word sequences, missing where one of them is."""

    def of(pair: Pair) -> Score | Missing:
        there, found = reference_words(pair.truth, fillers=fillers), result_words(pair, fillers=fillers)
        if isinstance(there, Missing):
            return there
        return found if isinstance(found, Missing) else score(there, found)

    return of


def stream(there: Sequence[tuple[str, str | None]], found: Sequence[tuple[str, str | None]]) -> ErrorRate:
    """Word errors whoever said it."""
    return word_errors([word for word, _ in there], [word for word, _ in found])


def by_speaker(there: Sequence[tuple[str, str | None]], found: Sequence[tuple[str, str | None]]) -> ErrorRate:
    """Word errors with the speakers best assigned."""
    return cp_word_errors(grouped(there), grouped(found))


def grouped(words: Sequence[tuple[str, str | None]]) -> dict[str, list[str]]:
    """Words of each speaker in order."""
    groups: dict[str, list[str]] = defaultdict(list)
    for word, speaker in words:
        groups[speaker or ""].append(word)
    return groups


def diarization(*, collar: float) -> Callable[[Pair], Score | Missing]:
    """Diarization error with a collar in seconds on each side."""

    def of(pair: Pair) -> Score | Missing:
        scored = scored_time(pair.dialogue.duration, pair.dialogue.excluded)
        return diarization_errors(pair.truth.speech, pair.dialogue.activity, scored=scored, collar=collar)

    return of


def talk_shares(activity: Sequence[SpeakerInterval]) -> dict[str, float]:
    """Share of all speaking time of each speaker; empty when nobody speaks."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for interval in activity:
        spans[interval.speaker].append(interval.span)
    seconds = {speaker: total(own) for speaker, own in spans.items()}
    everyone = sum(seconds.values())
    return {speaker: own / everyone for speaker, own in seconds.items()} if everyone else {}


def share_error(pair: Pair) -> Deviation | Missing:
    """Largest difference of a speaker's share of speech, speakers mapped by time."""
    there, found = talk_shares(pair.truth.speech), talk_shares(pair.activity())
    if not there or not found:
        return Missing("nobody speaks")
    points = max(abs(share - found.get(speaker, 0.0)) for speaker, share in there.items()) * 100
    return Deviation(points, 1, points)


def therapist_share_error(pair: Pair) -> Deviation | Missing:
    """Difference of the therapist's share of speech, by the roles that the result names."""
    if not pair.truth.roles:
        return Missing("the reference names no roles")
    dialogue = pair.dialogue
    named = dialogue.speakers(Role.THERAPIST)
    there, found = talk_shares(pair.truth.speech), talk_shares(dialogue.activity)
    if not named or not found:
        return Missing("the result names nobody as therapist")
    points = abs(there.get(Role.THERAPIST, 0.0) - sum(found.get(s, 0.0) for s in named)) * 100
    return Deviation(points, 1, points)


def role_errors(pair: Pair) -> ErrorRate | Missing:
    """Speakers of the reference whose role the result does not name right."""
    if not pair.truth.roles:
        return Missing("the reference names no roles")
    there = {i.speaker for i in pair.truth.speech}
    right = {name for speaker, name in pair.names.items() if pair.dialogue.role_of(speaker) == name}
    return ErrorRate(len(there - right), len(there), {"wrong_role": len(there - right)})


def silences(*, tolerance: float) -> Callable[[Pair], Matches]:
    """Silences of 3 s or more, matched on both edges."""

    def of(pair: Pair) -> Matches:
        there = [s for s in pair.truth.silences if s.duration >= SILENCE_MIN]
        found = [
            Span(s.start, s.end)
            for s in pair.dialogue.silences
            if s.evidence is SilenceEvidence.SILENT and s.duration >= SILENCE_MIN
        ]
        return matched(
            there, found, lambda a, b: abs(a.start - b.start) <= tolerance and abs(a.end - b.end) <= tolerance
        )

    return of


def turns(pair: Pair) -> Matches:
    """Turns of the same speaker that start within half a second."""
    found = [(t.start, pair.name(t.speaker)) for t in pair.dialogue.turns]
    there = [(t.start, t.speaker) for t in pair.truth.turns]
    return matched(there, found, lambda a, b: a[1] == b[1] and abs(a[0] - b[0]) <= TURN_REACH)


def coded(codes: frozenset[Code], wanted: Callable[[TruthUtterance], bool]) -> Callable[[Pair], Matches | Missing]:
    """Therapist utterances that carry one of `codes`.

    Each utterance of the result belongs to the one of the reference, by the same speaker, with which it shares most
    time; a reference utterance is found when one that belongs to it carries a code. A code on an utterance that
    belongs to none was found where there is none.
    """

    def of(pair: Pair) -> Matches | Missing:
        dialogue, truth = pair.dialogue, pair.truth
        for value in (dialogue.utterances, dialogue.codes, truth.utterances):
            if isinstance(value, Missing):
                return value
        if not truth.coded:
            return Missing("the reference holds no codes")
        assert not isinstance(dialogue.utterances, Missing)
        assert not isinstance(dialogue.codes, Missing)
        assert not isinstance(truth.utterances, Missing)
        said = {u.index: u for u in dialogue.utterances}
        marked = [said[c.utterance] for c in dialogue.codes if any(a.code in codes for a in c.codes)]
        own = [u for u in truth.utterances if u.speaker == Role.THERAPIST]
        homes = Counter(home(u, own) for u in marked if pair.name(u.speaker) == Role.THERAPIST)
        there = {i for i, u in enumerate(own) if wanted(u)}
        found = {i for i in homes if i is not None}
        return Matches(len(there & found), len(found) + homes[None], len(there))

    return of


def home(utterance: Utterance, candidates: Sequence[TruthUtterance]) -> int | None:
    """The candidate that shares most time with an utterance, None when none shares any."""
    span = Span(utterance.start, utterance.end)
    shared = [(overlap(span, Span(c.start, c.end)), -i) for i, c in enumerate(candidates)]
    most, index = max(shared, default=(0.0, 0))
    return -index if most > 0 else None


METRICS: Mapping[str, Metric] = {
    "wer": Metric(
        "word error rate",
        "%",
        "Insertions, deletions and substitutions over the reference's words, whoever said them.",
        words_score(stream, fillers=True),
    ),
    "wer_without_fillers": Metric(
        "word error rate without fillers",
        "%",
        "The same with hesitations and listening noises (um, uh, mhm …) taken out of both.",
        words_score(stream, fillers=False),
    ),
    "cpwer": Metric(
        "cpWER",
        "%",
        "Word errors with each speaker's words joined and speakers assigned so that errors are fewest.",
        words_score(by_speaker, fillers=True),
    ),
    "word_speaker_error": Metric(
        "words given to the wrong speaker",
        "%",
        "Share of the rightly recognised words whose speaker is wrong or nobody.",
        words_score(speaker_errors, fillers=True),
    ),
    "der": Metric(
        "diarization error rate",
        "%",
        "False alarm, missed and confused speech over all speech, no collar, overlap scored.",
        diarization(collar=0.0),
    ),
    "der_collar": Metric(
        "diarization error rate, collar 0.25 s",
        "%",
        "The same without 0.25 s on each side of every boundary of the reference.",
        diarization(collar=0.25),
    ),
    "talk_share_error": Metric(
        "talk share error",
        "points",
        "Largest difference of a speaker's share of speaking time, speakers mapped by time.",
        share_error,
    ),
    "therapist_share_error": Metric(
        "therapist talk share error",
        "points",
        "Difference of the therapist's share of speaking time, with the roles as the result names them.",
        therapist_share_error,
    ),
    "role_error": Metric(
        "speakers with a wrong role",
        "%",
        "Share of the speakers whose role is wrong or unknown.",
        role_errors,
    ),
    "silence_f1_half": Metric(
        "silences of 3 s or more, ±0.5 s",
        "F1",
        "Matched one to one, both edges within 0.5 s.",
        silences(tolerance=0.5),
    ),
    "silence_f1_quarter": Metric(
        "silences of 3 s or more, ±0.25 s",
        "F1",
        "Matched one to one, both edges within 0.25 s.",
        silences(tolerance=0.25),
    ),
    "turn_f1": Metric("turns", "F1", "Matched one to one: same speaker, start within 0.5 s.", turns),
    "reflection_f1": Metric(
        "reflections",
        "F1",
        "Therapist utterances with a reflection, aligned by shared time.",
        coded(REFLECTIONS, lambda u: u.reflection != "none"),
    ),
    "question_f1": Metric(
        "questions",
        "F1",
        "Therapist utterances with a question, aligned by shared time.",
        coded(QUESTIONS, lambda u: u.question != "none"),
    ),
}
