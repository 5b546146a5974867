"""Wording: pronouns, disfluencies, variety of words, and how alike two people's function words are.

Conventions
-----------
All are made of counts that each utterance keeps without its words (`toolkit.wording`). Rates are per 100 words of the
role. *Style* is compared between all that therapists say and all that clients say, as percentages of their words:
``1 - |p1 - p2| / (p1 + p2 + 0.0001)`` for each category, and the mean of the nine. A category that neither uses
gives 1.

What a recogniser leaves out is not in here. Whisper writes many filled pauses and repetitions not at all, so measures
of disfluency are lower bounds; and transcripts made elsewhere were often tidied.

References
----------
Ireland & Pennebaker (2010), J. Pers. Soc. Psychol. 99, 549-571; Gonzales, Hancock & Pennebaker (2010), Commun. Res. 37,
3-19 (style matching). Clark & Fox Tree (2002), Cognition 84; Shriberg (1994), PhD thesis, Berkeley (disfluencies).
Covington & McFall (2010), J. Quant. Linguist. 17, 94-100 (moving-average type-token ratio).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from toolkit.intervals import Span
from toolkit.measures.confirmed import OF_OWN_SPEECH, OF_SPEECH, of_own_speech, of_speech
from toolkit.measures.facts import Facts, Outcome, RoleMeasure, SessionMeasure, absent, quotient
from toolkit.measures.talk import WORDS_MISSING
from toolkit.measures.uncertainty import poisson, wilson
from toolkit.types import Level, Measure, Missing, Need, Role, Utterance
from toolkit.wording import CATEGORIES

__all__ = ["ROLE_MEASURES", "SESSION_MEASURES"]

NO_WORDS = "the role says no word"
LISTS_MISSING = f"{WORDS_MISSING}; the role says no word; the language has no lists of function words"
SMALL = 0.0001  # per cent of the words: keeps the quotient defined where neither uses a category
PAIR = (Role.THERAPIST, Role.CLIENT)


def rate(facts: Facts, role: Role, *, kind: str, limits: Callable[[int, int, float], Span | Missing]) -> Outcome:
    """Words of a kind per 100 words of a role."""
    own = facts.utterances(role)
    if isinstance(own, Missing):
        return absent(own.reason)
    hits, words = sum(getattr(u.wording, kind) for u in own), sum(u.word_count for u in own)
    if words == 0:
        return absent(NO_WORDS)
    found = limits(hits, words, facts.settings.measures.confidence_level)
    outcome = quotient(hits, words / 100, hits, NO_WORDS, found)
    return replace(outcome, confirmed=of_own_speech(facts, role))


def of_words(hits: int, words: int, level: float) -> Span | Missing:
    """Interval of a rate of words per 100: Wilson's."""
    found = wilson(hits, words, level)
    return found if isinstance(found, Missing) else Span(100 * found.start, 100 * found.end)


def of_events(hits: int, words: int, level: float) -> Span:
    """Interval of a rate of events per 100 words: that of their count."""
    found = poisson(hits, level)
    return Span(100 * found.start / words, 100 * found.end / words)


def lexical_diversity(facts: Facts, role: Role) -> Outcome:
    """Mean share of different words in moving windows over what each speaker of a role says."""
    own = facts.utterances(role)
    if isinstance(own, Missing):
        return absent(own.reason)
    types, words = sum(u.wording.window_types for u in own), sum(u.wording.window_words for u in own)
    if words == 0:
        return absent("nobody of the role says as many words as a window has")
    outcome = quotient(types, words, sum(u.word_count for u in own), NO_WORDS)
    return replace(outcome, confirmed=of_own_speech(facts, role))


def both(facts: Facts) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]] | Missing:
    """What therapists and what clients say; missing when either says too little to compare their style."""
    reason = next((why for role in PAIR if (why := facts.missing_role(role))), "")
    if reason:
        return Missing(reason)
    least = facts.settings.measures.style_words
    first, second = (facts.utterances(role) for role in PAIR)
    if isinstance(first, Missing) or isinstance(second, Missing):
        return Missing("the session has no words")
    for role, own in zip(PAIR, (first, second), strict=True):
        if sum(u.word_count for u in own) < least:
            return Missing(f"the {role} says fewer than {least} words: too few to compare style")
    return first, second


def percent(own: tuple[Utterance, ...], category: str) -> float:
    """Percentage of words of a category."""
    hits: int = sum(getattr(u.wording, category) for u in own)
    return 100 * hits / sum(u.word_count for u in own)


def alike(facts: Facts, *, category: str) -> tuple[Outcome, ...]:
    """How alike therapist and client use one category."""
    pair = both(facts)
    if isinstance(pair, Missing):
        return (absent(pair.reason),)
    p1, p2 = (percent(own, category) for own in pair)
    whole, n = p1 + p2 + SMALL, sum(getattr(u.wording, category) for own in pair for u in own)
    return (replace(quotient(whole - abs(p1 - p2), whole, n, ""), confirmed=of_speech(facts)),)


def style_matching(facts: Facts) -> tuple[Outcome, ...]:
    """Mean of the nine categories."""
    values = []
    for category in CATEGORIES:
        (outcome,) = alike(facts, category=category)
        if isinstance(outcome.value, Missing):
            return (outcome,)
        values.append(outcome.value)
    pair = both(facts)
    words = 0 if isinstance(pair, Missing) else sum(u.word_count for own in pair for u in own)
    return (replace(quotient(sum(values), len(values), words, ""), confirmed=of_speech(facts)),)


PER_100 = partial(
    Measure,
    level=Level.ROLE,
    unit="per 100 words",
    denominator="words of the role, in hundreds",
    confirmed=OF_OWN_SPEECH,
    missing_when=LISTS_MISSING,
    needs=(Need.FUNCTION_WORDS,),
    settings=("measures.confidence_level",),
)
PRONOUNS = "Wilson: chance alone, words independent, which they are not; not the recogniser's errors"
EVENTS = "exact Poisson limits of the count: chance alone, events independent; not what the recogniser leaves out"
PENNEBAKER = "Tausczik & Pennebaker 2010, J. Lang. Soc. Psychol. 29 (pronouns by person); lists of the toolkit's own"


def pronouns(name: str, person: str, words: str) -> RoleMeasure:
    """The measure of pronouns of one person."""
    return RoleMeasure(
        PER_100(
            name=f"{name}_rate",
            title=f"Pronouns, {person}",
            definition=f"Pronouns of the {person} ({words} …) per 100 words of the role, contractions included. It "
            "says how often the words are said, not who is meant: quoted words count, and so does a general *you*.",
            numerator=f"pronouns of the {person}",
            interval=PRONOUNS,
            source=PENNEBAKER,
        ),
        partial(rate, kind=name, limits=of_words),
    )


def matching(category: str) -> SessionMeasure:
    """The measure of style matching in one category."""
    words = category.replace("_", " ")
    return SessionMeasure(
        STYLE(
            name=f"style_matching_{category}",
            title=f"Style matching: {words}",
            definition=f"1 - |p1 - p2| / (p1 + p2 + {SMALL}), where p1 and p2 are the percentages of the therapist's "
            f"and of the client's words that are {words}. 1 is the same share; 1 also where neither says any.",
            numerator=f"p1 + p2 + {SMALL} - |p1 - p2|",
            denominator=f"p1 + p2 + {SMALL}",
        ),
        partial(alike, category=category),
    )


STYLE = partial(
    Measure,
    level=Level.SESSION,
    unit="ratio",
    confirmed=OF_SPEECH,
    missing_when="therapist or client is not known, has no words, or says fewer than the setting asks for; the "
    "language has no lists of function words",
    interval="none: how the quotient varies by chance is not known; it rises with the number of words alone",
    needs=(Need.FUNCTION_WORDS,),
    source="Ireland & Pennebaker 2010; Gonzales et al. 2010; lists of the toolkit's own, not LIWC's",
    settings=("measures.style_words",),
)

ROLE_MEASURES = (
    pronouns("first_singular", "first person singular", "I, me, my"),
    pronouns("first_plural", "first person plural", "we, us, our"),
    pronouns("second_person", "second person", "you, your"),
    RoleMeasure(
        PER_100(
            name="filled_pause_rate",
            title="Filled pauses",
            definition="Filled pauses (um, uh …) per 100 words of the role. A lower bound: Whisper writes down only "
            "some of them, and tidied transcripts none. Compare sessions only where the same recogniser heard them.",
            numerator="filled pauses",
            interval=EVENTS,
            source="Clark & Fox Tree 2002; lists of the toolkit's own",
        ),
        partial(rate, kind="filled_pauses", limits=of_events),
    ),
    RoleMeasure(
        PER_100(
            name="repetition_rate",
            title="Repetitions and broken words",
            definition="How often one to three words are said again at once (I I, it was it was), or a word is cut "
            "off (th-), per 100 words of the role, filled pauses in between passed over. What is said twice on purpose "
            "(very very, no no) does not count. A lower bound: Whisper leaves many of them out, restarts with other "
            "words are not found, and tidied transcripts have none.",
            numerator="repetitions and broken words",
            interval=EVENTS,
            source="Shriberg 1994",
        ),
        partial(rate, kind="repetitions", limits=of_events),
    ),
    RoleMeasure(
        Measure(
            name="lexical_diversity",
            level=Level.ROLE,
            title="Lexical diversity",
            definition="Moving-average type-token ratio (MATTR): the share of different words in a window of running "
            "words of a speaker, averaged over every window from the first word to the last. Unlike a plain type-token "
            "ratio it does not fall with the length of the session. Words as they are written, without lemmas; fillers "
            "count.",
            unit="share",
            numerator="different words, summed over the windows",
            denominator="words, summed over the windows",
            confirmed=OF_OWN_SPEECH,
            missing_when=f"{WORDS_MISSING}; no speaker of the role says as many words as a window has",
            interval="none: windows overlap, so they are no sample",
            source="Covington & McFall 2010",
            settings=("dialogue.variety_window",),
        ),
        lexical_diversity,
    ),
)

SESSION_MEASURES = (
    SessionMeasure(
        STYLE(
            name="style_matching",
            title="Language style matching",
            definition="How alike therapist and client use function words: the mean of the nine categories' style "
            "matching, each 1 - |p1 - p2| / (p1 + p2 + 0.0001). 1 is alike in all. Roles differ in what they talk "
            "about and ask, so it says something beside other sessions of the same pair, and little alone.",
            numerator="sum of the nine categories' style matching",
            denominator="9",
        ),
        style_matching,
    ),
    *(matching(category) for category in CATEGORIES),
)
