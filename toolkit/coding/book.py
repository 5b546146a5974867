"""The code book: what each code means, who codes it here, and how well human coders agree on it.

Definitions follow the Motivational Interviewing Treatment Integrity code (MITI 4.2.1: Moyers, Manuel & Ernst
2014/15) and, for open and closed questions, MITI 3.1.1; client talk follows the Motivational Interviewing Skill Code
(MISC). Human figures are those of AnnoMI (Wu et al. 2022): ten trained annotators on 216 therapist utterances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolkit.types import Code, Missing, Role

__all__ = ["AGREEMENT", "BOOK", "RULES_ERROR", "TRAINED_ERROR", "Agreement", "Entry", "agreement_line", "entry"]

ANNOMI = "AnnoMI: Wu et al. 2022, 10 annotators, 216 therapist utterances"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well trained human coders agree on one decision.

    Attributes
    ----------
    decision
        What is decided.
    f1
        Mean F1 of a human against the majority, 0 to 1, or why there is none.
    kappa_low, kappa_high
        Fleiss' kappa; the same number twice when one was published.
    source
        Whose coders.
    """

    decision: str
    f1: float | Missing
    kappa_low: float
    kappa_high: float
    source: str = ANNOMI


RULES_ERROR = (
    "Reflections and questions were found by rules: held out on AnnoMI their F1 is 0.66 and 0.90 (trained humans: 0.83 "
    "and 0.95), and where a therapist reflects little they find far too many. Listen before you quote them."
)
TRAINED_ERROR = (
    "Codes are estimates of a trained coder: held out on AnnoMI its F1 is 0.76 for reflections and 0.90 for questions "
    "(trained humans: 0.83 and 0.95), and it agrees with them little on client talk (kappa 0.29, humans 0.47). "
    "Affirmations and the other rare codes come from rules that miss many. Listen before you quote them."
)
NO_F1 = Missing("no F1 was published for this decision")
AGREEMENT: Mapping[str, Agreement] = {
    "reflection": Agreement("reflection or not", 0.83, 0.66, 0.66),
    "question": Agreement("question or not", 0.945, 0.87, 0.87),
    "reflection_depth": Agreement("simple or complex, given a reflection", NO_F1, 0.17, 0.20),
    "question_openness": Agreement("open or closed, given a question", NO_F1, 0.50, 0.50),
    "behaviour": Agreement("main therapist behaviour, four ways", 0.86, 0.74, 0.74),
    "client_talk": Agreement("change talk, sustain talk or neutral", NO_F1, 0.47, 0.47),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of the book.

    Attributes
    ----------
    code
        The code.
    role
        Whose utterances it is for; a marker is read on others' utterances too.
    title
        Its name in words.
    definition
        What is coded, and what is not.
    by_rules
        How the rule coder finds it; empty when it does not code it.
    decisions
        Keys of `AGREEMENT` that say how well humans agree on it.
    source
        The scheme it comes from.
    """

    code: Code
    role: Role
    title: str
    definition: str
    by_rules: str
    decisions: tuple[str, ...]
    source: str


MITI4 = "MITI 4.2.1"
MITI3 = "MITI 3.1.1"
MISC = "MISC"
T, C = Role.THERAPIST, Role.CLIENT
SCORE = "A score card of cues: stems, statements about you, the other's words handed back; advice and I speak against. "
BEHAVIOUR = "Closed list of cues, in doubt nothing, so too few are found. "

ENTRIES = (
    Entry(
        Code.SIMPLE_REFLECTION,
        T,
        "Simple reflection",
        "Hands back what the client said or meant with little or no meaning added, summaries without a new point "
        "included. In doubt between simple and complex, simple. A statement that only sets up a question in the same "
        "breath is structuring, not a reflection.",
        SCORE + "Simple when no cue of added meaning is found.",
        ("reflection", "reflection_depth"),
        MITI4,
    ),
    Entry(
        Code.COMPLEX_REFLECTION,
        T,
        "Complex reflection",
        "Hands back what the client said or meant and adds substantial meaning, feeling, emphasis or direction.",
        SCORE + "Complex when cues of added meaning (both sides, a likeness, a feeling, a value) in a full sentence "
        "reach a second threshold.",
        ("reflection", "reflection_depth"),
        MITI4,
    ),
    Entry(
        Code.OPEN_QUESTION,
        T,
        "Open question",
        "Invites more than yes, no or one fact; an order to tell is one.",
        "What, how and why with the verb turned round; tell me, describe, I wonder what.",
        ("question", "question_openness"),
        MITI3,
    ),
    Entry(
        Code.CLOSED_QUESTION,
        T,
        "Closed question",
        "Asks for yes, no or a specific fact. A check after a reflection is a question beside the reflection.",
        "Verb before subject; who, when, where, which, how many, how long; a tag; a question mark after a statement "
        "that is no reflection.",
        ("question", "question_openness"),
        MITI3,
    ),
    Entry(
        Code.GIVING_INFORMATION,
        T,
        "Giving information",
        "Gives information, educates or states a professional opinion in a neutral tone, without persuading. In doubt "
        "between information and persuading, information.",
        "",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.PERSUADE,
        T,
        "Persuade",
        "Tries to change the client's opinion or behaviour by argument, advice or facts, without permission.",
        BEHAVIOUR
        + "You should, you need to, I recommend, if I were you, why don't you try; not what the client said of "
        "themselves, not after a stem. Facts and options are left alone: they may inform.",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.PERSUADE_WITH_PERMISSION,
        T,
        "Persuade with permission",
        "As persuading, after the client asked for it or the therapist asked leave or stressed the client's choice.",
        BEHAVIOUR + "As persuade, with one of: leave to tell or suggest was asked and the other agreed within the last "
        "eight utterances; the other asked for advice within the last four; the choice is put with the other in the "
        "same volley. Leave that nobody answered: neither code.",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.AFFIRM,
        T,
        "Affirm",
        "Names a specific strength, effort, intention or worth of the client. Generic praise is not coded.",
        BEHAVIOUR
        + "Names a trait, courage, effort, progress or care of the other, or thanks for honesty and the like; "
        "praise without its object is passed over.",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.SEEK_COLLABORATION,
        T,
        "Seek collaboration",
        "Shares power: asks leave, asks what the client makes of what was said, seeks consensus on the way forward.",
        BEHAVIOUR
        + "Would it be okay if I, can I share, what do you make of that, how does that sound, where would you "
        "like to start. It usually is a question too.",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.EMPHASIZE_AUTONOMY,
        T,
        "Emphasize autonomy",
        "Puts the choice and the ability to decide explicitly with the client.",
        BEHAVIOUR + "It is up to you, it is your choice, you get to decide, only you can, you are the boss.",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.CONFRONT,
        T,
        "Confront",
        "Disagrees, argues, corrects, shames, blames, labels or warns directly.",
        BEHAVIOUR + "You are wrong, that is an excuse, how could you, you are an alcoholic, you are damaging, you will "
        "end up; not what the client said of themselves, not after a stem.",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.OTHER,
        T,
        "Other",
        "Structuring, facilitating, greeting, self-disclosure and whatever has no code.",
        "",
        ("behaviour",),
        MITI4,
    ),
    Entry(
        Code.CHANGE_TALK,
        C,
        "Change talk",
        "The client speaks for changing the behaviour in question: wish, ability, reason, need, commitment, steps.",
        "",
        ("client_talk",),
        MISC,
    ),
    Entry(
        Code.SUSTAIN_TALK,
        C,
        "Sustain talk",
        "The client speaks for staying as it is.",
        "",
        ("client_talk",),
        MISC,
    ),
    Entry(Code.NEUTRAL, C, "Neutral", "The client speaks for neither side.", "", ("client_talk",), MISC),
    Entry(
        Code.FACILITATE,
        C,
        "Facilitate (marker)",
        "Only says that one listens (mhm, yeah, I see), whoever says it. No code of MITI: the client's does not end "
        "the therapist's volley unless it answers.",
        "Every word is on the closed list of backchannels, fillers aside.",
        (),
        "the toolkit's standards, section 1; MITI 4.2.1 on volleys",
    ),
    Entry(
        Code.FEELING,
        C,
        "Feeling named (marker)",
        "The speaker names a feeling of their own, whoever speaks. No code of MITI. A feeling that is denied, reported "
        "of somebody else or only polite is not marked.",
        "I am, I feel, it makes me, it scares me and the like with a word of a closed list.",
        (),
        "word list after PANAS-X (Watson & Clark 1994)",
    ),
)
BOOK: Mapping[Code, Entry] = {e.code: e for e in ENTRIES}


def entry(code: Code) -> Entry:
    """The page of the book for one code."""
    return BOOK[code]


def agreement_line(code: Code) -> str:
    """What to print beside a measure of this code: how well humans do.

    Examples
    --------
    >>> agreement_line(Code.CHANGE_TALK)
    'humans agree on change talk, sustain talk or neutral: kappa 0.47 (AnnoMI)'
    """
    if not BOOK[code].decisions:
        return "how well humans agree on it is not known: no kappa was published for this marker"
    parts = []
    for key in BOOK[code].decisions:
        a = AGREEMENT[key]
        kappa = f"kappa {a.kappa_low:.2f}" + (f" to {a.kappa_high:.2f}" if a.kappa_high > a.kappa_low else "")
        f1 = "" if isinstance(a.f1, Missing) else f"F1 {a.f1:g}, "
        parts.append(f"{a.decision}: {f1}{kappa}")
    return f"humans agree on {'; '.join(parts)} (AnnoMI)"
