"""Talk: how speaking time and words are shared, and how fast each speaks.

Two ratios of time are kept apart and named in full: share of *speech* (the denominator is all speaking time) and share
of *session* (the denominator is the session, so silence shows). The share of words is a third. No norm is universal.

References
----------
MISC-era guidance on the therapist's share; AnnoMI (Wu et al. 2022): therapists had 53.9 % of the words in 110
high-quality and 61.5 % in 23 low-quality demonstrations. De Jong & Wempe (2009): articulation rate.
"""

from __future__ import annotations

from dataclasses import replace

from toolkit.intervals import Span, intersect, total
from toolkit.measures.confirmed import OF_OWN_SPEECH, OF_SPEECH, of_own_speech, of_speech
from toolkit.measures.facts import (
    NOBODY_SPEAKS,
    NOT_A_RATIO,
    Facts,
    Outcome,
    RoleMeasure,
    SessionMeasure,
    absent,
    quotient,
    seconds,
)
from toolkit.types import Band, Level, Measure, Missing, Need, Role

__all__ = ["ROLE_MEASURES", "SESSION_MEASURES"]

OPINION = "MISC-era guidance; expert opinion without norms"
SHARE_BANDS = (Band(0.0, 0.6, "guidance for beginners", OPINION), Band(0.0, 0.5, "guidance for competence", OPINION))
NO_INTERVAL = "none: the whole session was measured, nothing was sampled"
ROLES_MISSING = "nobody has the role, or roles are not known"
WORDS_MISSING = f"{ROLES_MISSING}; the session has no words"


def talk_time(facts: Facts, role: Role) -> Outcome:
    """Speaking time of a role."""
    own = facts.talk(role)
    return Outcome(seconds(total(own)), len(own), confirmed=of_own_speech(facts, role))


def talk_share_speech(facts: Facts, role: Role) -> Outcome:
    """Share of all speaking time."""
    own = facts.talk(role)
    outcome = quotient(seconds(total(own)), seconds(facts.talk_of_all()), len(own), NOBODY_SPEAKS)
    return replace(outcome, confirmed=of_speech(facts))


def talk_share_session(facts: Facts, role: Role) -> Outcome:
    """Share of the session."""
    own = facts.talk(role)
    outcome = quotient(seconds(total(own)), seconds(facts.session_time()), len(own), NOBODY_SPEAKS)
    return replace(outcome, confirmed=of_own_speech(facts, role))


def talk_share_words(facts: Facts, role: Role) -> Outcome:
    """Share of all words that have a speaker."""
    own, everyone = facts.utterances(role), facts.dialogue.utterances
    if isinstance(own, Missing) or isinstance(everyone, Missing):
        return absent(own.reason if isinstance(own, Missing) else "the session has no words")
    words, all_words = sum(u.word_count for u in own), sum(u.word_count for u in everyone)
    return replace(quotient(words, all_words, words, "no word has a speaker"), confirmed=of_speech(facts))


def speech_rate(facts: Facts, role: Role) -> Outcome:
    """Words a minute of own speaking time."""
    own = facts.utterances(role)
    if isinstance(own, Missing):
        return absent(own.reason)
    words = sum(u.word_count for u in own)
    outcome = quotient(words, total(facts.talk(role)) / 60_000, words, "the role never speaks")
    return replace(outcome, confirmed=of_own_speech(facts, role))


def articulation_rate(facts: Facts, role: Role) -> Outcome:
    """Syllables a second of own speaking time."""
    own = facts.utterances(role)
    if isinstance(own, Missing):
        return absent(own.reason)
    syllables = sum(u.syllable_count for u in own)
    outcome = quotient(syllables, seconds(total(facts.talk(role))), syllables, "the role never speaks")
    return replace(outcome, confirmed=of_own_speech(facts, role))


def talk_balance(facts: Facts) -> tuple[Outcome, ...]:
    """The therapist's share of speaking time, window by window."""
    reason = facts.missing_role(Role.THERAPIST)
    if isinstance(facts.session, Missing):
        return (absent(reason),)
    own = facts.talk(Role.THERAPIST)
    outcomes = []
    for window in windows(facts.session, round(facts.settings.measures.window * 1000)):
        if reason:
            found = absent(reason)
        else:
            inside = intersect(own, [window])
            everyone = facts.talk_of_all(within=window)
            found = quotient(seconds(total(inside)), seconds(everyone), len(inside), "nobody speaks in this window")
            found = replace(found, confirmed=of_speech(facts, window))
        outcomes.append(replace(found, window=window))
    return tuple(outcomes)


def windows(session: Span, length: int) -> tuple[Span, ...]:
    """The session in stretches of `length` milliseconds from the first speech on; the last one is what remains."""
    starts = range(int(session.start), int(session.end), length)
    return tuple(Span(start, min(start + length, int(session.end))) for start in starts)


def speech_without_words(facts: Facts) -> tuple[Outcome, ...]:
    """Seconds of speech in which no words were recognised."""
    found = facts.dialogue.speech_without_words
    return (absent(found.reason) if isinstance(found, Missing) else Outcome(found, 1, NOT_A_RATIO),)


def words_without_speaker(facts: Facts) -> tuple[Outcome, ...]:
    """Words that fitted no speaker."""
    found = facts.dialogue.words_without_speaker
    return (absent(found.reason) if isinstance(found, Missing) else Outcome(found, found),)


ROLE_MEASURES = (
    RoleMeasure(
        Measure(
            name="talk_share_speech",
            level=Level.ROLE,
            title="Share of speech time",
            definition="Speaking time of the role divided by the speaking time of all roles together. Time in "
            "which two roles speak at once counts for both, so the shares of all roles add up to 1. Silence does "
            "not count.",
            unit="share",
            numerator="speaking time of the role, s",
            denominator="sum of the speaking times of all roles, unknown ones too, s",
            confirmed=OF_SPEECH,
            missing_when=f"{ROLES_MISSING}; nobody speaks",
            interval=NO_INTERVAL,
            source="MISC-era guidance: therapist under 60 % for beginners, under 50 % for competence",
            scheme="MISC-era guidance",
            bands=SHARE_BANDS,
        ),
        talk_share_speech,
    ),
    RoleMeasure(
        Measure(
            name="talk_share_session",
            level=Level.ROLE,
            title="Share of session time",
            definition="Speaking time of the role divided by the session time: from the first to the last speech, "
            "without excluded portions. Silence counts, so the shares and the silence say how the session was spent.",
            unit="share",
            numerator="speaking time of the role, s",
            denominator="session time, s",
            confirmed=OF_OWN_SPEECH,
            missing_when=f"{ROLES_MISSING}; nobody speaks",
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 3",
        ),
        talk_share_session,
    ),
    RoleMeasure(
        Measure(
            name="talk_share_words",
            level=Level.ROLE,
            title="Share of words",
            definition="Words of the role divided by all words that have a speaker. Fillers and backchannels count as "
            "far as the recogniser writes them down.",
            unit="share",
            numerator="words of the role",
            denominator="words of all speakers",
            confirmed=OF_SPEECH,
            missing_when=f"{WORDS_MISSING}; no word has a speaker",
            interval=NO_INTERVAL,
            source="AnnoMI: therapists had 53.9 % of the words in 110 high-quality and 61.5 % in 23 low-quality "
            "demonstrations, a comparison and no norm",
        ),
        talk_share_words,
    ),
    RoleMeasure(
        Measure(
            name="talk_time",
            level=Level.ROLE,
            title="Speaking time",
            definition="Time in which somebody of the role speaks, as speech activity shows it: pauses between two "
            "stretches of speech do not count, backchannels do, excluded portions do not.",
            unit="s",
            numerator="",
            denominator="",
            confirmed=OF_OWN_SPEECH,
            missing_when=ROLES_MISSING,
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 3",
        ),
        talk_time,
    ),
    RoleMeasure(
        Measure(
            name="speech_rate",
            level=Level.ROLE,
            title="Words per minute",
            definition="Words of the role per minute of its own speaking time. Pauses are not in the denominator. Too "
            "low where speech was found and no words: see speech_without_words.",
            unit="words/min",
            numerator="words of the role",
            denominator="speaking time of the role, min",
            confirmed=OF_OWN_SPEECH,
            missing_when=f"{WORDS_MISSING}; the role never speaks",
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 3",
        ),
        speech_rate,
    ),
    RoleMeasure(
        Measure(
            name="articulation_rate",
            level=Level.ROLE,
            title="Syllables per second",
            definition="Syllables of the role per second of its own speaking time without pauses. Syllables are "
            "counted from the spelling by rules of the session's language (English: 98.6 % of running words right "
            "against CMUdict; others: docs/languages.md).",
            unit="syllables/s",
            numerator="syllables of the role",
            denominator="speaking time of the role, s",
            confirmed=OF_OWN_SPEECH,
            missing_when=f"{WORDS_MISSING}; the role never speaks; the language has no rules to count syllables",
            interval=NO_INTERVAL,
            needs=(Need.PAUSES, Need.SYLLABLES),
            source="de Jong & Wempe 2009",
        ),
        articulation_rate,
    ),
)

SESSION_MEASURES = (
    SessionMeasure(
        Measure(
            name="talk_balance",
            level=Level.SESSION,
            title="Talk balance over the session",
            definition="The therapist's share of speech time in one window of the session. Windows follow each other "
            "from the first speech on; the last one is what remains and may be short.",
            unit="share",
            numerator="speaking time of the therapist in the window, s",
            denominator="sum of the speaking times of all roles in the window, s",
            confirmed=OF_SPEECH,
            missing_when="nobody speaks in the window; nobody is the therapist, or roles are not known",
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 3",
            settings=("measures.window",),
            bands=SHARE_BANDS,
            scheme="MISC-era guidance",
        ),
        talk_balance,
    ),
    SessionMeasure(
        Measure(
            name="speech_without_words",
            level=Level.SESSION,
            title="Speech without words",
            definition="Speech time in which the recogniser found no words. It bounds what the measures made of words "
            "may have missed.",
            unit="s",
            numerator="",
            denominator="",
            missing_when="the session has no words",
            interval=NO_INTERVAL,
            needs=(Need.SOUND,),
            source="the toolkit's standards, section 2",
            settings=("dialogue.ipu_gap",),
        ),
        speech_without_words,
    ),
    SessionMeasure(
        Measure(
            name="words_without_speaker",
            level=Level.SESSION,
            title="Words without a speaker",
            definition="Recognised words that fitted no speaker. They are in no role's words, rates or utterances.",
            unit="words",
            numerator="",
            denominator="",
            missing_when="the session has no words",
            interval=NO_INTERVAL,
            source="the toolkit's standards, section 2",
            settings=("dialogue.word_reach",),
        ),
        words_without_speaker,
    ),
)
