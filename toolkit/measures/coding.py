"""Codes: the views of MITI and MISC, and the time left after an open question.

MITI counts volleys of therapists (`miti`); MISC counts utterances, of therapists and clients (here). Both are counted
by `counts`, where value and interval of every coded measure are decided. A code that the coder does not look for makes
its measures missing.

References
----------
Moyers, Manuel & Ernst (2014/15), MITI 4.2.1; Moyers et al. (2010), MITI 3.1.1; Houck et al., MISC 2.5.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import replace
from functools import partial

from toolkit.coding.settling import QUESTIONS, REFLECTIONS
from toolkit.intervals import Span, intersect, milliseconds
from toolkit.measures import miti
from toolkit.measures.confirmed import OF_CODES, of
from toolkit.measures.counts import (
    AGREEMENT_COMPLEX,
    AGREEMENT_OPEN,
    AGREEMENT_QUESTION,
    AGREEMENT_REFLECTION,
    CODER,
    CODES_MISSING,
    COUNT_INTERVAL,
    ODDS_INTERVAL,
    WILSON_INTERVAL,
    Tally,
    Unit,
    not_coded,
    tally,
)
from toolkit.measures.facts import Facts, Outcome, RoleMeasure, absent
from toolkit.measures.turns import MEDIAN_INTERVAL, middle
from toolkit.silences import EDGE
from toolkit.types import Band, Code, Level, Measure, Missing, Need, Role, SilenceEvidence, Utterance

__all__ = ["CODER", "CODES_MISSING", "ROLE_MEASURES"]

OPEN = frozenset({Code.OPEN_QUESTION})


def wait_time_after_open_question(facts: Facts, role: Role) -> Outcome:
    """Median silence after open questions."""
    coded = facts.coded(role)
    if isinstance(coded, Missing):
        return absent(coded.reason)
    lacking = not_coded(facts, OPEN)
    if lacking:
        return absent(lacking)
    longest = milliseconds(facts.settings.measures.wait_max)
    asked = {u.index: wait_after(facts, u) for u, own in coded if own & OPEN}
    waits = {index: wait for index, wait in asked.items() if wait is not None and wait <= longest}
    level = facts.settings.measures.confidence_level
    return replace(
        middle([*waits.values()], level, "no open question with an answer in time was coded"),
        confirmed=of((index, Code.OPEN_QUESTION) in facts.confirmed_codes for index in waits),
    )


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


AGREEMENT_CLIENT = "change talk, sustain talk or neutral: kappa 0.47 (AnnoMI, 10 trained annotators)"
CHANGE, SUSTAIN = frozenset({Code.CHANGE_TALK}), frozenset({Code.SUSTAIN_TALK})
COMPLEX = frozenset({Code.COMPLEX_REFLECTION})
PER_UTTERANCE = partial(Tally, unit=Unit.UTTERANCE)
MISC = partial(
    Measure,
    level=Level.ROLE,
    missing_when=CODES_MISSING,
    source="Houck, Moyers, Miller, Glynn & Hallgren, MISC 2.5",
    scheme="MISC",
    settings=CODER,
    confirmed=OF_CODES,
)

THERAPIST_VIEW = (
    RoleMeasure(
        MISC(
            name="misc_reflection_to_question_ratio",
            title="Reflections per question, utterances",
            definition="Utterances with a reflection divided by utterances with a question. Utterances are counted, "
            "not volleys: a therapist who reflects often in one breath has more here than in MITI's R:Q.",
            unit="ratio",
            numerator="utterances with a reflection",
            denominator="utterances with a question",
            missing_when=f"{CODES_MISSING}; no question was coded",
            interval=ODDS_INTERVAL,
            agreement=f"{AGREEMENT_REFLECTION}; {AGREEMENT_QUESTION}",
        ),
        partial(tally, wanted=PER_UTTERANCE(REFLECTIONS, QUESTIONS, when_zero="no question was coded")),
        therapists=True,
    ),
    RoleMeasure(
        MISC(
            name="misc_complex_reflection_share",
            title="Share of complex reflections, utterances",
            definition="Utterances with a complex reflection divided by utterances with any reflection; one with both "
            "kinds counts as complex. Utterances are counted, not volleys.",
            unit="share",
            numerator="utterances with a complex reflection",
            denominator="utterances with a reflection",
            missing_when=f"{CODES_MISSING}; no reflection was coded",
            interval=WILSON_INTERVAL,
            agreement=AGREEMENT_COMPLEX,
        ),
        partial(tally, wanted=PER_UTTERANCE(COMPLEX, REFLECTIONS, when_zero="no reflection was coded")),
        therapists=True,
    ),
    RoleMeasure(
        MISC(
            name="misc_open_question_share",
            title="Open questions, utterances",
            definition="Utterances with an open question divided by utterances with any question; one with both kinds "
            "counts as open. Utterances are counted, not volleys.",
            unit="share",
            numerator="utterances with an open question",
            denominator="utterances with a question",
            missing_when=f"{CODES_MISSING}; no question was coded",
            interval=WILSON_INTERVAL,
            agreement=AGREEMENT_OPEN,
        ),
        partial(tally, wanted=PER_UTTERANCE(OPEN, QUESTIONS, when_zero="no question was coded")),
        therapists=True,
    ),
)

CLIENT_VIEW = (
    RoleMeasure(
        MISC(
            name="change_talk_count",
            title="Change talk",
            definition="How many of the client's utterances speak for changing the behaviour in question: wish, "
            "ability, reason, need, commitment, steps. One that speaks for both sides counts for both.",
            unit="utterances",
            numerator="",
            denominator="",
            interval=COUNT_INTERVAL,
            agreement=AGREEMENT_CLIENT,
        ),
        partial(tally, wanted=PER_UTTERANCE(CHANGE)),
        clients=True,
    ),
    RoleMeasure(
        MISC(
            name="sustain_talk_count",
            title="Sustain talk",
            definition="How many of the client's utterances speak for staying as it is. One that speaks for both sides "
            "counts for both.",
            unit="utterances",
            numerator="",
            denominator="",
            interval=COUNT_INTERVAL,
            agreement=AGREEMENT_CLIENT,
        ),
        partial(tally, wanted=PER_UTTERANCE(SUSTAIN)),
        clients=True,
    ),
    RoleMeasure(
        MISC(
            name="change_talk_share",
            title="Share of change talk",
            definition="Change talk divided by change and sustain talk, utterances counted; neutral talk is in "
            "neither. Of little meaning where a session has no change goal.",
            unit="share",
            numerator="utterances with change talk",
            denominator="utterances with change talk, and those with sustain talk",
            missing_when=f"{CODES_MISSING}; neither change nor sustain talk was coded",
            interval=WILSON_INTERVAL,
            agreement=AGREEMENT_CLIENT,
        ),
        partial(
            tally,
            wanted=PER_UTTERANCE(CHANGE, CHANGE | SUSTAIN, when_zero="neither change nor sustain talk was coded"),
        ),
        clients=True,
    ),
)

ROLE_MEASURES = (
    *miti.ROLE_MEASURES,
    *THERAPIST_VIEW,
    *CLIENT_VIEW,
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
            confirmed=OF_CODES,
            missing_when=f"{CODES_MISSING}; no open question with an answer in time was coded",
            interval=MEDIAN_INTERVAL,
            needs=(Need.SILENCES,),
            source="research on wait time in teaching (3 s), see the toolkit's standards, section 2",
            settings=("measures.wait_max", *CODER),
            bands=(Band(3.0, math.inf, "teaching anchor", "wait time in teaching; no norm for therapy"),),
            agreement=AGREEMENT_OPEN,
        ),
        wait_time_after_open_question,
        therapists=True,
    ),
)
