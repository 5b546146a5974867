"""How coded things are counted: one way for every count, share and ratio of codes.

A *unit* is what holds codes, each at most once: a volley of a therapist (MITI) or one utterance of anybody (MISC). In
both at most one reflection counts (complex before simple) and one question (open before closed), and doubt within an
utterance is settled first: see `toolkit.coding.settling` and `toolkit.coding.volleys`.

A count adds up codes, so a volley that affirms and seeks collaboration adds two to a total of both.

References
----------
Moyers, Manuel & Ernst (2014/15), MITI 4.2.1; Houck, Moyers, Miller, Glynn & Hallgren, MISC 2.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from toolkit.coding.sampling import sample_span
from toolkit.coding.settling import settle
from toolkit.coding.volleys import Volley
from toolkit.intervals import Span, in_milliseconds
from toolkit.measures import quantify
from toolkit.measures.confirmed import of
from toolkit.measures.facts import NO_SAMPLING, Facts, Outcome, absent, quotient, seconds
from toolkit.measures.talk import ROLES_MISSING
from toolkit.measures.turns import counted
from toolkit.measures.uncertainty import odds, wilson
from toolkit.types import HUMAN, Code, CodedUtterance, Missing, Role, Utterance

__all__ = [
    "AGREEMENT_COMPLEX",
    "AGREEMENT_MAIN",
    "AGREEMENT_OPEN",
    "AGREEMENT_QUESTION",
    "AGREEMENT_REFLECTION",
    "CHANCE_INTERVAL",
    "CODER",
    "CODES_MISSING",
    "COUNT_INTERVAL",
    "ODDS_INTERVAL",
    "WILSON_INTERVAL",
    "Marked",
    "Tally",
    "Unit",
    "decide",
    "marked",
    "not_coded",
    "notes",
    "tally",
]

AGREEMENT_REFLECTION = "reflection or not: Fleiss kappa 0.66, F1 0.83 (AnnoMI, 10 trained annotators)"
AGREEMENT_COMPLEX = "simple or complex, given a reflection: kappa 0.17 to 0.20 (AnnoMI, 10 trained annotators)"
AGREEMENT_QUESTION = "question or not: Fleiss kappa 0.87, F1 0.945 (AnnoMI, 10 trained annotators)"
AGREEMENT_OPEN = "open or closed: kappa 0.50 (AnnoMI, 10 trained annotators)"
AGREEMENT_MAIN = (
    "main therapist behaviour, four ways: kappa 0.74, F1 0.86 (AnnoMI, 10 trained annotators); none was published "
    "there for this code alone"
)
CODES_MISSING = (
    f"{ROLES_MISSING}; the session has no words; no coder knows the language; the coder does not look for the code"
)
QUANTIFIED_INTERVAL = (
    "where the coder gave probabilities, drawn from them: how far a trained human's value may be, with chance; a value "
    "whose interval says nothing is not shown"
)
CHANCE_INTERVAL = "Wilson: chance alone, what is counted independent; not the coder's errors"
WILSON_INTERVAL = f"{QUANTIFIED_INTERVAL}; else Wilson: chance alone, what is counted independent"
ODDS_INTERVAL = (
    f"{QUANTIFIED_INTERVAL}; else Wilson's for the share of the first among both, turned into a ratio: chance alone"
)
COUNT_INTERVAL = (
    "where the coder gave probabilities, drawn from them: how far a trained human's count may be; else exact Poisson "
    "limits: chance alone, what is counted independent"
)
CODER = ("coding.coder", "coding.model", "coding.weights", "dialogue.utterance_gap", "measures.confidence_level")
"""Settings that every coded measure depends on."""


class Unit(StrEnum):
    """What holds codes."""

    VOLLEY = "volley"
    UTTERANCE = "utterance"


@dataclass(frozen=True, slots=True)
class Tally:
    """What a coded measure counts: `top`; divided by `bottom` where there is one, a share when `top` is part of it.

    Attributes
    ----------
    when_zero
        Why there is no value when nothing of `bottom` was found.
    sampled
        Only in MITI's random segment (`measures.sample_length`).
    """

    top: frozenset[Code]
    bottom: frozenset[Code] = frozenset()
    unit: Unit = Unit.VOLLEY
    when_zero: str = ""
    sampled: bool = False

    @property
    def summary(self) -> bool:
        """Whether it is one of MITI's summaries, for which a session must have a length."""
        return self.unit is Unit.VOLLEY and bool(self.bottom)


@dataclass(frozen=True, slots=True)
class Marked:
    """One unit of a role: its utterances by index, its codes, those that a human confirmed, its time in seconds."""

    utterances: tuple[int, ...]
    codes: frozenset[Code]
    confirmed: frozenset[Code]
    span: Span


def tally(facts: Facts, role: Role, wanted: Tally) -> Outcome:
    """A count, share or ratio of codes of one role, or why there is none.

    Missing where there are no codes, and where the coder does not look for one of the codes: nothing found is then no
    finding. A MITI summary of a session shorter than `measures.miti_counts_only` is missing, its parts are kept.
    """
    found = marked(facts, role, wanted.unit)
    if isinstance(found, Missing):
        return absent(found.reason)
    lacking = not_coded(facts, wanted.top | wanted.bottom)
    if lacking:
        return absent(lacking)
    window = sampled(facts) if wanted.sampled else NO_SAMPLING
    if not isinstance(window, Missing):
        found = [u for u in found if window.start <= u.span.start and u.span.end <= window.end]
        (window,) = in_milliseconds([window])
    outcome = replace(decide(facts, wanted, found), window=window)
    reason = too_short(facts)
    if wanted.summary and reason and not isinstance(outcome.value, Missing):
        return replace(outcome, value=Missing(reason), interval=Missing(reason))
    return outcome


def decide(facts: Facts, wanted: Tally, found: Sequence[Marked]) -> Outcome:
    """Value, interval and confirmed share of a tally over the units found: the one place where they are decided.

    Where the coder gave probabilities for everything that is counted, the interval comes from them (`quantify`), and a
    share or ratio whose interval says nothing is missing with that reason. Else it says what chance alone may do, the
    codes taken as true: Poisson for a count, Wilson for a share, odds for a ratio.
    """
    level = facts.settings.measures.confidence_level
    top = sum(len(unit.codes & wanted.top) for unit in found)
    bottom = sum(len(unit.codes & wanted.bottom) for unit in found)
    share = wanted.top < wanted.bottom
    if wanted.bottom:
        by_chance = wilson(top, bottom, level) if share else odds(top, bottom, level)
        outcome = quotient(top, bottom, bottom if share else top + bottom, wanted.when_zero, by_chance)
    else:
        outcome = counted(top, level)
    wholly = wanted.top | wanted.bottom
    outcome = replace(outcome, confirmed=of(code in u.confirmed for u in found for code in u.codes & wholly))
    if isinstance(outcome.value, Missing) or not quantified(facts, wanted, found):
        return outcome
    around = quantify.interval(facts, [unit.utterances for unit in found], wanted.top, wanted.bottom)
    if isinstance(around, Missing):
        return replace(outcome, value=around, interval=around)
    around = Span(min(around.start, outcome.value), max(around.end, outcome.value))
    reason = quantify.too_uncertain(around, share=share, facts=facts) if wanted.bottom else ""
    return replace(outcome, value=Missing(reason) if reason else outcome.value, interval=around)


def quantified(facts: Facts, wanted: Tally, found: Sequence[Marked]) -> bool:
    """Whether the coder gave a probability for every code that is counted, in every utterance."""
    if not found or not wanted.top | wanted.bottom <= quantify.QUANTIFIED:
        return False
    likely = quantify.chances(facts)
    return all(index in likely for unit in found for index in unit.utterances)


def marked(facts: Facts, role: Role, unit: Unit) -> list[Marked] | Missing:
    """The units of a role in order of time, those without codes too."""
    dialogue = facts.dialogue
    if unit is Unit.VOLLEY:
        if isinstance(facts.volleys, Missing):
            return facts.volleys
        own = (v for v in facts.volleys if dialogue.role_of(v.speaker) is role)
        return [Marked(v.utterances, v.codes, by_human(v), Span(v.start, v.end)) for v in own]
    said = facts.utterances(role)
    if isinstance(said, Missing):
        return said
    if isinstance(dialogue.codes, Missing):
        return dialogue.codes
    coded = {c.utterance: c for c in dialogue.codes}
    return [one_utterance(u, coded.get(u.index)) for u in said]


def by_human(volley: Volley) -> frozenset[Code]:
    """What counts in a volley because a human set or confirmed it."""
    return frozenset(c.code for c in volley.counted if c.applied.coder == HUMAN)


def one_utterance(said: Utterance, coded: CodedUtterance | None) -> Marked:
    """An utterance as a unit."""
    kept = () if coded is None else settle(coded).kept
    codes = {a.code for a in kept}
    if Code.COMPLEX_REFLECTION in codes:
        codes.discard(Code.SIMPLE_REFLECTION)
    if Code.OPEN_QUESTION in codes:
        codes.discard(Code.CLOSED_QUESTION)
    sure = frozenset(a.code for a in kept if a.coder == HUMAN and a.code in codes)
    return Marked((said.index,), frozenset(codes), sure, Span(said.start, said.end))


def not_coded(facts: Facts, codes: Iterable[Code]) -> str:
    """Why nothing can be said about these codes: the coder does not look for all of them. Empty when it does."""
    lacking = set(codes) - facts.dialogue.coded
    names = " and ".join(code.replace("_", " ") for code in Code if code in lacking)
    return f"the coder of this session does not code: {names}" if names else ""


def sampled(facts: Facts) -> Span | Missing:
    """The random segment in seconds; `NO_SAMPLING` for a session that is no longer and is taken whole."""
    if isinstance(facts.session, Missing):
        return NO_SAMPLING
    whole = Span(seconds(facts.session.start), seconds(facts.session.end))
    settings = facts.settings.measures
    span = sample_span(whole, facts.dialogue.session_id, length=settings.sample_length, seed=settings.sample_seed)
    return NO_SAMPLING if span == whole else span


def too_short(facts: Facts) -> str:
    """Why the session is too short for a MITI summary; empty when it is long enough."""
    least = facts.settings.measures.miti_counts_only
    length = seconds(facts.session_time())
    return f"the session is shorter than {least / 60:g} min: only counts mean anything" if length < least else ""


def notes(facts: Facts) -> tuple[str, ...]:
    """What a reader should know about the coded measures of this session."""
    settings = facts.settings.measures
    length = seconds(facts.session_time())
    if isinstance(facts.volleys, Missing) or not facts.volleys or length >= settings.miti_doubtful:
        return ()
    if too_short(facts):
        return (f"Shorter than {settings.miti_counts_only / 60:g} min: only the counts of MITI mean anything.",)
    return (f"Shorter than {settings.miti_doubtful / 60:g} min: the summaries of MITI are doubtful.",)
