"""What the codes of one utterance come to before anything is counted: set-up statements, doubt, and what trumps what.

MITI gives an utterance one code; ours are longer than MITI's (in doubt, fewer) and may carry several. So two codes
compete only where their evidence shares words: then they are two readings of one thought, and MITI's decision rules
say which one stands. Codes with evidence of their own each stand: a reflection and the check after it, an affirmation
and a question.

==================== =================================================================================================
rule                 a code is not counted when
==================== =================================================================================================
setup                its own rule's id begins with ``setup.``: the coder saw a statement that only leads up to a
                     question. That cannot be told from where it stands, since a reflection with its check looks alike.
permission           it is persuading in an utterance that also persuades with permission
doubt.information    it is persuading, with or without permission, and the same words were coded as information
persuasion.certain   it is information in words that a written rule (id ``persuade…`` or ``permission…``) found to
                     persuade: such a rule asks for an overt attempt, and leaves no doubt for the rule above
doubt.confront       it confronts in words that also persuade
doubt.reproach       it is a confrontation or a reflection, and the same words were coded as the other: neither counts
doubt.adherent       the same words were coded as a lesser MI-adherent code: affirm before seek before emphasize
trump                it is a reflection or a question whose words all lie within those of an MI-adherent code, or a
                     question within those of a confrontation
doubt.depth          it is a complex reflection, the utterance has a simple one too, and P(complex) is known and < 0.5
==================== =================================================================================================

The rules are applied in this order, each to what the ones before it left.

References
----------
Moyers, Manuel & Ernst (2014/15), MITI 4.2.1, section E.4 (decision rules).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from toolkit.types import AppliedCode, Chances, Code, CodedUtterance, Missing

__all__ = ["QUESTIONS", "REFLECTIONS", "RULES", "Settled", "settle"]

REFLECTIONS = frozenset({Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION})
QUESTIONS = frozenset({Code.OPEN_QUESTION, Code.CLOSED_QUESTION})
PERSUASIONS = frozenset({Code.PERSUADE, Code.PERSUADE_WITH_PERMISSION})
ADHERENT = (Code.AFFIRM, Code.SEEK_COLLABORATION, Code.EMPHASIZE_AUTONOMY)  # the lowest bar first

SET_UP = "setup."
"""How a coder marks what only leads up to a question: the beginning of the rule's id."""

CERTAIN = ("persuade", "permission")
"""How the ids of the rules begin that only fire on an overt attempt to persuade."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The codes of one utterance that stand, and those that do not, each with the rule that took it out."""

    kept: tuple[AppliedCode, ...]
    dropped: tuple[tuple[AppliedCode, str], ...]


def settle(coded: CodedUtterance) -> Settled:
    """Apply the rules of this module to one utterance, in their order.

    Examples
    --------
    >>> told = AppliedCode(Code.GIVING_INFORMATION, "hand", "", 0, 9, -1)
    >>> urged = AppliedCode(Code.PERSUADE, "hand", "", 4, 9, -1)
    >>> [a.code.value for a in settle(CodedUtterance(0, (told, urged))).kept]
    ['giving_information']
    """
    kept, dropped = list(coded.codes), []
    for name, drops in RULES:
        out = [a for a in kept if drops(a, kept, coded.chances)]
        if out:
            dropped += [(a, name) for a in out]
            kept = [a for a in kept if a not in out]
    return Settled(tuple(kept), tuple(dropped))


def share_words(a: AppliedCode, b: AppliedCode) -> bool:
    """Whether the evidence of two codes has a word in common."""
    return a.first_word <= b.last_word and b.first_word <= a.last_word


def lies_within(a: AppliedCode, b: AppliedCode) -> bool:
    """Whether all the words of one code's evidence are among the other's."""
    return b.first_word <= a.first_word and a.last_word <= b.last_word


def rivals(a: AppliedCode, beside: Sequence[AppliedCode], *codes: Code) -> bool:
    """Whether the same words also carry one of these codes."""
    return any(b.code in codes and share_words(a, b) for b in beside)


def sets_up(a: AppliedCode, _beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """The coder marked it as leading up to a question."""
    return a.rule.startswith(SET_UP)


def has_permission(a: AppliedCode, beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """Persuading beside persuading with permission."""
    return a.code is Code.PERSUADE and any(b.code is Code.PERSUADE_WITH_PERMISSION for b in beside)


def may_inform(a: AppliedCode, beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """Persuading that may be information."""
    return a.code in PERSUASIONS and not a.rule.startswith(CERTAIN) and rivals(a, beside, Code.GIVING_INFORMATION)


def surely_persuades(a: AppliedCode, beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """Information where a written rule found persuasion."""
    certain = [b for b in beside if b.rule.startswith(CERTAIN)]
    return a.code is Code.GIVING_INFORMATION and rivals(a, certain, *PERSUASIONS)


def may_persuade(a: AppliedCode, beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """A confrontation that may be persuading."""
    return a.code is Code.CONFRONT and rivals(a, beside, Code.PERSUADE)


def may_reproach(a: AppliedCode, beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """A confrontation that may be a reflection, or a reflection that may be a confrontation."""
    if a.code in REFLECTIONS:
        return rivals(a, beside, Code.CONFRONT)
    return a.code is Code.CONFRONT and rivals(a, beside, *REFLECTIONS)


def may_be_less(a: AppliedCode, beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """An MI-adherent code that may be a lesser one."""
    return a.code in ADHERENT and rivals(a, beside, *ADHERENT[: ADHERENT.index(a.code)])


def is_trumped(a: AppliedCode, beside: Sequence[AppliedCode], _chances: Chances | Missing) -> bool:
    """A reflection or question that is nothing but an affirmation, an invitation, a stress on choice or a reproach."""
    over = {Code.CONFRONT, *ADHERENT} if a.code in QUESTIONS else set(ADHERENT)
    return a.code in REFLECTIONS | QUESTIONS and any(b.code in over and lies_within(a, b) for b in beside)


def may_be_simple(a: AppliedCode, beside: Sequence[AppliedCode], chances: Chances | Missing) -> bool:
    """A complex reflection beside a simple one that is more likely simple."""
    doubtful = not isinstance(chances, Missing) and chances.complex < 0.5
    return doubtful and a.code is Code.COMPLEX_REFLECTION and any(b.code is Code.SIMPLE_REFLECTION for b in beside)


RULES: tuple[tuple[str, Callable[[AppliedCode, Sequence[AppliedCode], Chances | Missing], bool]], ...] = (
    ("setup", sets_up),
    ("permission", has_permission),
    ("doubt.information", may_inform),
    ("persuasion.certain", surely_persuades),
    ("doubt.confront", may_persuade),
    ("doubt.reproach", may_reproach),
    ("doubt.adherent", may_be_less),
    ("trump", is_trumped),
    ("doubt.depth", may_be_simple),
)
"""Id and condition of every rule, in the order in which they are applied."""
