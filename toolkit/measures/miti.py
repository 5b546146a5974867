"""The views of MITI 4.2.1 and MITI 3.1.1: a therapist's codes, counted once a volley.

MITI's figures are meant for a random 20-minute segment of a session that has a change goal. Here the whole session is
counted; two summaries are given for the random segment as well. The thresholds are expert opinion without norms: a
place to look, never pass or fail. Global scores need a human and are not here.

MITI 4 tells open from closed questions no more and dropped the share of MI-adherent codes; MITI 3.1.1 has both. What
3.1.1 calls MI-adherent (asking permission, affirming, emphasizing control, supporting) and non-adherent (advising
without permission, confronting, directing) is taken to be the nearest codes of 4.2.1.

References
----------
Moyers, Manuel & Ernst (2014/15), MITI 4.2.1; Moyers et al. (2010), MITI 3.1.1. Agreement: AnnoMI, 10 annotators.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from toolkit.coding.settling import QUESTIONS, REFLECTIONS
from toolkit.measures.confirmed import OF_CODES
from toolkit.measures.counts import (
    AGREEMENT_COMPLEX,
    AGREEMENT_MAIN,
    AGREEMENT_OPEN,
    AGREEMENT_QUESTION,
    AGREEMENT_REFLECTION,
    CODER,
    CODES_MISSING,
    COUNT_INTERVAL,
    ODDS_INTERVAL,
    WILSON_INTERVAL,
    Tally,
    tally,
)
from toolkit.measures.facts import RoleMeasure
from toolkit.types import Band, Code, Level, Measure

__all__ = ["ROLE_MEASURES"]

MITI4, MITI3 = "MITI 4.2.1", "MITI 3.1.1"
OPINION = "expert opinion without norms"
SOURCES = {MITI4: "Moyers, Manuel & Ernst 2014", MITI3: "Moyers et al. 2010"}
LENGTH = ("measures.miti_counts_only", "measures.miti_doubtful")
SAMPLE = ("measures.sample_length", "measures.sample_seed")
FOR_WHOM = (
    "Doubtful under 10 minutes of session, not given under 5, and of little meaning where a session has no change goal."
)
NON_ADHERENT = frozenset({Code.CONFRONT, Code.PERSUADE})
ADHERENT = frozenset({Code.SEEK_COLLABORATION, Code.AFFIRM, Code.EMPHASIZE_AUTONOMY})


@dataclass(frozen=True, slots=True)
class Counted:
    """One count: name, title, what a volley must hold, its codes, and how well humans agree."""

    name: str
    title: str
    holds: str
    codes: frozenset[Code]
    agreement: str = AGREEMENT_MAIN


COUNTS = (
    Counted(
        "reflection_count",
        "Reflections",
        "a reflection, simple or complex: it hands back what the client said or meant. A volley with several counts "
        "one. What only sets up a question, where the coder sees that, is none",
        REFLECTIONS,
        AGREEMENT_REFLECTION,
    ),
    Counted(
        "simple_reflection_count",
        "Simple reflections",
        "a simple reflection and no complex one. In doubt between the two, simple",
        frozenset({Code.SIMPLE_REFLECTION}),
        f"{AGREEMENT_REFLECTION}; {AGREEMENT_COMPLEX}",
    ),
    Counted(
        "complex_reflection_count",
        "Complex reflections",
        "a complex reflection, whatever simple ones are beside it",
        frozenset({Code.COMPLEX_REFLECTION}),
        f"{AGREEMENT_REFLECTION}; {AGREEMENT_COMPLEX}",
    ),
    Counted(
        "question_count",
        "Questions",
        "a question, open or closed. A volley with several counts one; one that reflects and then checks counts both",
        QUESTIONS,
        AGREEMENT_QUESTION,
    ),
    Counted(
        "giving_information_count",
        "Giving information",
        "information in a neutral tone. In doubt between informing and persuading, this",
        frozenset({Code.GIVING_INFORMATION}),
    ),
    Counted(
        "persuade_count",
        "Persuading",
        "an overt attempt to persuade, and none with permission",
        frozenset({Code.PERSUADE}),
    ),
    Counted(
        "persuade_with_permission_count",
        "Persuading with permission",
        "persuading that was asked for, allowed, or left to the client's choice; it takes the place of persuading",
        frozenset({Code.PERSUADE_WITH_PERMISSION}),
    ),
    Counted(
        "affirm_count",
        "Affirming",
        "an affirmation of a strength, an effort or worth. The same kind of affirmation, as the rule that found it "
        "tells, counts in three volleys at most",
        frozenset({Code.AFFIRM}),
    ),
    Counted(
        "seek_collaboration_count",
        "Seeking collaboration",
        "seeking collaboration",
        frozenset({Code.SEEK_COLLABORATION}),
    ),
    Counted(
        "emphasize_autonomy_count",
        "Emphasizing autonomy",
        "stress on the client's choice",
        frozenset({Code.EMPHASIZE_AUTONOMY}),
    ),
    Counted("confront_count", "Confronting", "a confrontation", frozenset({Code.CONFRONT})),
)


def one_count(c: Counted) -> RoleMeasure:
    """A count of volleys as a measure."""
    return RoleMeasure(
        Measure(
            name=c.name,
            level=Level.ROLE,
            title=c.title,
            definition=f"How many volleys hold {c.holds}. A volley is a therapist's uninterrupted talk; a client's "
            '"yeah" does not end it, unless it answers a question or a reflection.',
            unit="volleys",
            numerator="",
            denominator="",
            missing_when=CODES_MISSING,
            interval=COUNT_INTERVAL,
            source=SOURCES[MITI4],
            scheme=MITI4,
            settings=CODER,
            agreement=c.agreement,
            confirmed=OF_CODES,
        ),
        partial(tally, wanted=Tally(c.codes)),
        therapists=True,
    )


def one_total(name: str, title: str, parts: str, codes: frozenset[Code]) -> RoleMeasure:
    """A sum of counts as a measure."""
    return RoleMeasure(
        Measure(
            name=name,
            level=Level.ROLE,
            title=title,
            definition=f"{parts}: each at most once a volley, their counts added up. A sum, no share: MITI 4 has no "
            "threshold for it.",
            unit="codes",
            numerator="",
            denominator="",
            missing_when=CODES_MISSING,
            interval=COUNT_INTERVAL,
            source=SOURCES[MITI4],
            scheme=MITI4,
            settings=CODER,
            agreement=AGREEMENT_MAIN,
            confirmed=OF_CODES,
        ),
        partial(tally, wanted=Tally(codes)),
        therapists=True,
    )


def bands(scheme: str, fair: float, good: float) -> tuple[Band, ...]:
    """The two thresholds of a scheme, and what stands behind them."""
    told = f"{scheme}; {OPINION}"
    return Band(fair, good, "fair", told), Band(good, math.inf if good >= 1 else 1.0, "good", told)


def summary(measure: Measure, wanted: Tally) -> RoleMeasure:
    """A MITI summary as a measure, with what all of them say."""
    return RoleMeasure(
        replace(
            measure,
            definition=f"{measure.definition} {FOR_WHOM}",
            missing_when=f"{CODES_MISSING}; {wanted.when_zero}; the session is shorter than measures.miti_counts_only",
            settings=(*CODER, *LENGTH),
            confirmed=OF_CODES,
        ),
        partial(tally, wanted=wanted),
        therapists=True,
    )


def of_sample(whole: RoleMeasure, wanted: Tally) -> RoleMeasure:
    """The same summary for the random segment, under a name of its own so that nobody takes one for the other."""
    measure = replace(
        whole.measure,
        name=f"{whole.measure.name}_sample",
        title=f"{whole.measure.title}, random 20 min",
        definition="The same in one random segment of measures.sample_length, as MITI asks for, drawn with "
        "measures.sample_seed and the session's id; volleys that lie wholly inside. A shorter session is taken whole. "
        f"{whole.measure.definition}",
        settings=(*whole.measure.settings, *SAMPLE),
    )
    return RoleMeasure(measure, partial(tally, wanted=replace(wanted, sampled=True)), therapists=True)


DEPTH = Tally(frozenset({Code.COMPLEX_REFLECTION}), REFLECTIONS, when_zero="no reflection was coded")
R_TO_Q = Tally(REFLECTIONS, QUESTIONS, when_zero="no question was coded")
OPENNESS = Tally(frozenset({Code.OPEN_QUESTION}), QUESTIONS, when_zero="no question was coded")
ADHERENCE = Tally(ADHERENT, ADHERENT | NON_ADHERENT, when_zero="neither MI-adherent nor non-adherent codes were found")


def summaries() -> Iterator[RoleMeasure]:
    """The summaries of MITI 4.2.1, those for the random segment, and the two of MITI 3.1.1."""
    share = partial(Measure, level=Level.ROLE, unit="share", missing_when="", interval=WILSON_INTERVAL)
    depth = summary(
        share(
            name="complex_reflection_share",
            title="Share of complex reflections",
            definition="Volleys with a complex reflection divided by volleys with any reflection.",
            numerator="volleys with a complex reflection",
            denominator="volleys with a reflection",
            source=SOURCES[MITI4],
            scheme=MITI4,
            bands=bands(MITI4, 0.4, 0.5),
            agreement=AGREEMENT_COMPLEX,
        ),
        DEPTH,
    )
    ratio = summary(
        Measure(
            name="reflection_to_question_ratio",
            level=Level.ROLE,
            title="Reflections per question",
            definition="Volleys with a reflection divided by volleys with a question (R:Q). A caseload's ratio is the "
            "ratio of sums.",
            unit="ratio",
            numerator="volleys with a reflection",
            denominator="volleys with a question",
            missing_when="",
            interval=ODDS_INTERVAL,
            source=SOURCES[MITI4],
            scheme=MITI4,
            bands=bands(MITI4, 1.0, 2.0),
            agreement=f"{AGREEMENT_REFLECTION}; {AGREEMENT_QUESTION}",
        ),
        R_TO_Q,
    )
    yield depth
    yield ratio
    yield of_sample(depth, DEPTH)
    yield of_sample(ratio, R_TO_Q)
    yield summary(
        share(
            name="open_question_share",
            title="Open questions",
            definition="Volleys with an open question (it invites more than yes, no or one fact) divided by volleys "
            "with any question; one with both kinds counts as open. MITI 4 no longer tells them apart.",
            numerator="volleys with an open question",
            denominator="volleys with a question",
            source=SOURCES[MITI3],
            scheme=MITI3,
            bands=bands(MITI3, 0.5, 0.7),
            agreement=AGREEMENT_OPEN,
        ),
        OPENNESS,
    )
    yield summary(
        share(
            name="mi_adherent_share",
            title="MI-adherent share",
            definition="Seeking collaboration, affirming and emphasizing autonomy divided by these with confronting "
            "and persuading, each once a volley: the nearest codes to those of MITI 3.1.1. MITI 4 dropped this share.",
            numerator="MI-adherent codes",
            denominator="MI-adherent and non-adherent codes",
            source=SOURCES[MITI3],
            scheme=MITI3,
            bands=bands(MITI3, 0.9, 1.0),
            agreement=AGREEMENT_MAIN,
        ),
        ADHERENCE,
    )


ROLE_MEASURES = (
    *(one_count(c) for c in COUNTS),
    one_total("mi_adherent_count", "MI-adherent", "Seeking collaboration, affirming, emphasizing autonomy", ADHERENT),
    one_total("mi_non_adherent_count", "MI-non-adherent", "Confronting and persuading", NON_ADHERENT),
    *summaries(),
)
