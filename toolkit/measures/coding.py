"""Codes: reflections, questions and the time left after an open question, for therapists and co-therapists only.

These are counts of *utterances* that carry a code: an utterance with both kinds of reflection counts once, as complex;
one with both kinds of question counts once, as open; a reflection with a check ("is that right?") counts as both a
reflection and a question. MITI counts a code at most once per volley, which gives fewer: compare with its bands with
that in mind. The bands are expert opinion without norms: a place to look, never pass or fail.

References
----------
Moyers, Manuel & Ernst (2014), MITI 4.2.1; Moyers et al. (2010), MITI 3.1.1. Agreement: AnnoMI, 10 annotators.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from toolkit.intervals import Span, intersect, milliseconds
from toolkit.measures.facts import Facts, Outcome, RoleMeasure, absent, quotient
from toolkit.measures.talk import ROLES_MISSING
from toolkit.measures.turns import COUNT_INTERVAL, MEDIAN_INTERVAL, counted, middle
from toolkit.measures.uncertainty import odds, wilson
from toolkit.silences import EDGE
from toolkit.types import Band, Code, Level, Measure, Missing, Role, SilenceEvidence, Utterance

__all__ = ["ROLE_MEASURES"]

REFLECTIONS = frozenset({Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION})
QUESTIONS = frozenset({Code.OPEN_QUESTION, Code.CLOSED_QUESTION})


def with_any(facts: Facts, role: Role, codes: frozenset[Code]) -> tuple[Utterance, ...] | Missing:
    """A role's utterances that carry at least one of the codes."""
    coded = facts.coded(role)
    return coded if isinstance(coded, Missing) else tuple(u for u, own in coded if own & codes)


def count_of(facts: Facts, role: Role, codes: frozenset[Code]) -> Outcome:
    """How many utterances carry at least one of the codes."""
    found = with_any(facts, role, codes)
    if isinstance(found, Missing):
        return absent(found.reason)
    return counted(len(found), facts.settings.measures.confidence_level)


def share_of(facts: Facts, role: Role, part: Code, whole: frozenset[Code], when_zero: str) -> Outcome:
    """Share of the utterances with any code of `whole` that carry `part`."""
    hits, every = with_any(facts, role, frozenset({part})), with_any(facts, role, whole)
    if isinstance(hits, Missing) or isinstance(every, Missing):
        return absent(hits.reason if isinstance(hits, Missing) else "the utterances are not coded")
    interval = wilson(len(hits), len(every), facts.settings.measures.confidence_level)
    return quotient(len(hits), len(every), len(every), when_zero, interval)


def reflection_count(facts: Facts, role: Role) -> Outcome:
    """Utterances that reflect."""
    return count_of(facts, role, REFLECTIONS)


def question_count(facts: Facts, role: Role) -> Outcome:
    """Utterances that ask."""
    return count_of(facts, role, QUESTIONS)


def complex_reflection_share(facts: Facts, role: Role) -> Outcome:
    """Complex among all reflections."""
    return share_of(facts, role, Code.COMPLEX_REFLECTION, REFLECTIONS, "no reflection was coded")


def open_question_share(facts: Facts, role: Role) -> Outcome:
    """Open among all questions."""
    return share_of(facts, role, Code.OPEN_QUESTION, QUESTIONS, "no question was coded")


def reflection_to_question_ratio(facts: Facts, role: Role) -> Outcome:
    """Reflections for each question."""
    reflections, questions = with_any(facts, role, REFLECTIONS), with_any(facts, role, QUESTIONS)
    if isinstance(reflections, Missing) or isinstance(questions, Missing):
        return absent(reflections.reason if isinstance(reflections, Missing) else "the utterances are not coded")
    top, bottom = len(reflections), len(questions)
    interval = odds(top, bottom, facts.settings.measures.confidence_level)
    return quotient(top, bottom, top + bottom, "no question was coded", interval)


def wait_time_after_open_question(facts: Facts, role: Role) -> Outcome:
    """Median silence after open questions."""
    asked = with_any(facts, role, frozenset({Code.OPEN_QUESTION}))
    if isinstance(asked, Missing):
        return absent(asked.reason)
    longest = milliseconds(facts.settings.measures.wait_max)
    waits = [wait for question in asked if (wait := wait_after(facts, question)) is not None and wait <= longest]
    return middle(waits, facts.settings.measures.confidence_level, "no open question with an answer in time was coded")


def wait_after(facts: Facts, question: Utterance) -> int | None:
    """Milliseconds until anyone speaks after a question; None where that is not known or nobody speaks again.

    The question ends where its speech ends, not where its last word does: recognisers let that swallow the silence.
    """
    own = facts.speech.get(question.speaker, ())
    said = intersect(own, [Span(milliseconds(question.start), milliseconds(question.end))])
    if not said:
        return None
    end = int(own[bisect_right(own, said[-1].start, key=lambda s: s.start) - 1].end)
    if goes_on(facts, question, end):
        return 0
    place = bisect_left(facts.dialogue.silences, end, key=lambda s: milliseconds(s.start))
    for silence in facts.dialogue.silences[place : place + 1]:
        if milliseconds(silence.start) == end:
            return milliseconds(silence.end) - end if silence.evidence is SilenceEvidence.SILENT else None
    unknown = any(cut.start <= end <= cut.end for cut in facts.excluded)
    last = isinstance(facts.session, Missing) or end == facts.session.end
    return None if unknown or last else 0


def goes_on(facts: Facts, question: Utterance, end: int) -> bool:
    """Whether the asker says something more before the stretch of speech with the question ends (milliseconds)."""
    said = facts.dialogue.utterances
    if isinstance(said, Missing):
        return False
    first, last = (bisect_left(said, time, key=lambda u: u.start) for time in (question.start, end / 1000 - EDGE))
    return any(u.speaker == question.speaker and u.index > question.index for u in said[first:last])


AGREEMENT_REFLECTION = "reflection or not: Fleiss kappa 0.66, F1 0.83 (AnnoMI, 10 trained annotators)"
AGREEMENT_COMPLEX = "simple or complex, given a reflection: kappa 0.17 to 0.20 (AnnoMI, 10 trained annotators)"
AGREEMENT_QUESTION = "question or not: Fleiss kappa 0.87, F1 0.945 (AnnoMI, 10 trained annotators)"
AGREEMENT_OPEN = "open or closed: kappa 0.50 (AnnoMI, 10 trained annotators)"
CODES_MISSING = f"{ROLES_MISSING}; the session has no words; no coder knows the language"
MITI4 = "MITI 4.2.1; expert opinion without norms, made for counts per volley"
MITI3 = "MITI 3.1.1; expert opinion without norms, made for counts per volley"
CODER = ("coding.coder", "coding.model", "dialogue.utterance_gap", "measures.confidence_level")

ROLE_MEASURES = (
    RoleMeasure(
        Measure(
            name="reflection_count",
            level=Level.ROLE,
            title="Reflections",
            definition="How many utterances hand back what the client said or meant, simple or complex; an utterance "
            "with both counts once. Utterances are counted, not volleys.",
            unit="utterances",
            numerator="",
            denominator="",
            missing_when=CODES_MISSING,
            interval=COUNT_INTERVAL,
            source="Moyers, Manuel & Ernst 2014",
            scheme="MITI 4.2.1",
            settings=CODER,
            agreement=AGREEMENT_REFLECTION,
        ),
        reflection_count,
        therapists=True,
    ),
    RoleMeasure(
        Measure(
            name="complex_reflection_share",
            level=Level.ROLE,
            title="Complex reflections",
            definition="Utterances with a complex reflection divided by utterances with any reflection; one with both "
            "kinds counts as complex. Utterances are counted, not volleys.",
            unit="share",
            numerator="utterances with a complex reflection",
            denominator="utterances with a reflection",
            missing_when=f"{CODES_MISSING}; no reflection was coded",
            interval="Wilson: chance alone, utterances independent; not the coder's errors",
            source="Moyers, Manuel & Ernst 2014",
            scheme="MITI 4.2.1",
            settings=CODER,
            bands=(Band(0.4, 0.5, "fair", MITI4), Band(0.5, 1.0, "good", MITI4)),
            agreement=AGREEMENT_COMPLEX,
        ),
        complex_reflection_share,
        therapists=True,
    ),
    RoleMeasure(
        Measure(
            name="question_count",
            level=Level.ROLE,
            title="Questions",
            definition="How many utterances ask, open or closed; an utterance with several questions counts once. "
            "Utterances are counted, not volleys.",
            unit="utterances",
            numerator="",
            denominator="",
            missing_when=CODES_MISSING,
            interval=COUNT_INTERVAL,
            source="Moyers, Manuel & Ernst 2014",
            scheme="MITI 4.2.1",
            settings=CODER,
            agreement=AGREEMENT_QUESTION,
        ),
        question_count,
        therapists=True,
    ),
    RoleMeasure(
        Measure(
            name="open_question_share",
            level=Level.ROLE,
            title="Open questions",
            definition="Utterances with an open question (it invites more than yes, no or one fact) divided by "
            "utterances with any question; one with both kinds counts as open. MITI 4 no longer tells them apart.",
            unit="share",
            numerator="utterances with an open question",
            denominator="utterances with a question",
            missing_when=f"{CODES_MISSING}; no question was coded",
            interval="Wilson: chance alone, utterances independent; not the coder's errors",
            source="Moyers et al. 2010",
            scheme="MITI 3.1.1",
            settings=CODER,
            bands=(Band(0.5, 0.7, "fair", MITI3), Band(0.7, 1.0, "good", MITI3)),
            agreement=AGREEMENT_OPEN,
        ),
        open_question_share,
        therapists=True,
    ),
    RoleMeasure(
        Measure(
            name="reflection_to_question_ratio",
            level=Level.ROLE,
            title="Reflections per question",
            definition="Utterances with a reflection divided by utterances with a question (R:Q). Utterances are "
            "counted, not volleys. A caseload's ratio is the ratio of sums.",
            unit="ratio",
            numerator="utterances with a reflection",
            denominator="utterances with a question",
            missing_when=f"{CODES_MISSING}; no question was coded",
            interval="Wilson's for the share of reflections among both, turned into a ratio: chance alone, not the "
            "coder's errors",
            source="Moyers, Manuel & Ernst 2014",
            scheme="MITI 4.2.1",
            settings=CODER,
            bands=(Band(1.0, 2.0, "fair", MITI4), Band(2.0, math.inf, "good", MITI4)),
            agreement=f"{AGREEMENT_REFLECTION}; {AGREEMENT_QUESTION}",
        ),
        reflection_to_question_ratio,
        therapists=True,
    ),
    RoleMeasure(
        Measure(
            name="wait_time_after_open_question",
            level=Level.ROLE,
            title="Wait after open questions",
            definition="Median silence that the asker leaves after an open question: from the end of its speech until "
            "anyone speaks, the asker too; 0 where somebody speaks at once. Left out: a silence longer than the set "
            "maximum, one with words, noise or an excluded portion in it, and a question nobody speaks after.",
            unit="s",
            numerator="",
            denominator="",
            missing_when=f"{CODES_MISSING}; no open question with an answer in time was coded",
            interval=MEDIAN_INTERVAL,
            source="research on wait time in teaching (3 s), see the toolkit's standards, section 2",
            settings=("measures.wait_max", *CODER),
            bands=(Band(3.0, math.inf, "teaching anchor", "wait time in teaching; no norm for therapy"),),
            agreement=AGREEMENT_OPEN,
        ),
        wait_time_after_open_question,
        therapists=True,
    ),
)
