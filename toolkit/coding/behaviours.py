"""MITI's rarer therapist codes and two markers, by rules with evidence, English only; high precision first.

Affirm, seek collaboration, emphasize autonomy, confront, persuade and persuade with permission are found by the cues of
``behaviours_en.toml``, each in one clause, unless something in the clause speaks against it: a question, a report of
what others say, the client's own words handed back. What can be read two ways gets no code, so these codes are
undercounted. Whether a statement informs or persuades is not decided here: only advice and open argument are coded.

Persuading is *with permission* when the speaker asked leave to advise and another gave it, when another asked for
advice, or when the speaker puts the choice with the other in the same volley. Leave that nobody answered, or that was
asked in the same breath, leaves the advice without a code.

The markers are no codes of MITI: an utterance of backchannels only (it ends no volley), and one in which its speaker
names a feeling of their own. A feeling that is denied ("I'm not worried"), reported or polite ("I'm happy to help") is
not marked.

References
----------
Moyers, Manuel & Ernst (2014), MITI 4.2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from toolkit import lexicon
from toolkit.coding import permission
from toolkit.coding.clauses import Clause
from toolkit.coding.cues import book
from toolkit.coding.permission import Said
from toolkit.coding.plain import FILLERS
from toolkit.coding.questions import find as find_question
from toolkit.types import AppliedCode, Code

__all__ = ["CODES", "REACH", "Said", "find"]

CODER = "rules"
REACH = permission.REACH
TABLES: Mapping[Code, str] = {
    Code.AFFIRM: "affirm",
    Code.SEEK_COLLABORATION: "seek",
    Code.EMPHASIZE_AUTONOMY: "autonomy",
    Code.CONFRONT: "confront",
    Code.PERSUADE: "persuade",
    Code.FEELING: "feeling",
}
CODES = frozenset({*TABLES, Code.PERSUADE_WITH_PERMISSION, Code.FACILITATE})
# These say something about "you" and could hand back what "you" said: they need more care than "I recommend".
ABOUT_YOU = frozenset({"persuade.directive", "persuade.soft"} | {f"confront.{n}" for n in ("wrong", "label", "harm")})
ABOUT_YOU |= {"confront.warning"}
NEAR = 5  # words
STEMS = ("sounds", "seems", "feels", "hearing", "saying", "summary")


@dataclass(frozen=True, slots=True)
class Hit:
    """One cue in one clause; `first` and `last` are indices in the clause's tokens."""

    rule: str
    clause: Clause
    first: int
    last: int


def find(said: Said, before: Sequence[Said]) -> tuple[AppliedCode, ...]:
    """The rarer codes and the markers of one utterance, whoever said it.

    Parameters
    ----------
    said
        The utterance.
    before
        The utterances before it, by all speakers, the newest last; more than `REACH` of them change nothing.

    Returns
    -------
    tuple of AppliedCode
        At most one of each code, and not both kinds of persuading.
    """
    if facilitates(said.words):
        return (AppliedCode(Code.FACILITATE, CODER, "facilitate.backchannel", 0, len(said.words) - 1, -1),)
    heard = permission.heard(said.speaker, before)
    found = {code: hit for code, table in TABLES.items() if (hit := first_hit(said.clauses, table, heard))}
    made = [applied(code, hit) for code, hit in found.items() if code is not Code.PERSUADE]
    if Code.PERSUADE in found:
        made.extend(persuading(found[Code.PERSUADE], said, before))
    return tuple(made)


def facilitates(words: Sequence[str]) -> bool:
    """Whether an utterance only says "I am listening": backchannels of the closed list and fillers, at least one."""
    heard = [t for t in lexicon.tokens(words) if t not in FILLERS]
    return lexicon.load("en").all_backchannels(heard)


def first_hit(clauses: Sequence[Clause], table: str, heard: permission.Heard) -> Hit | None:
    """The first cue of a table that nothing around it speaks against."""
    for clause in clauses:
        hits = [Hit(n, clause, *place) for n, place in clause.cues.items() if n.startswith(f"{table}.")]
        for hit in sorted(hits, key=lambda h: (h.first, -h.last, h.rule)):
            if not (denied(hit) or asked(hit) or (hit.rule in ABOUT_YOU and handed_back(hit, heard))):
                return hit
    return None


def denied(hit: Hit) -> bool:
    """Whether a cue against it overlaps the hit or stands shortly before it."""
    against = f"{hit.rule.partition('.')[0]}_not."
    places = [place for name, place in hit.clause.cues.items() if name.startswith(against)]
    return any(first <= hit.last and last >= hit.first - NEAR for first, last in places)


def asked(hit: Hit) -> bool:
    """Whether the cue stands in a question, where it says nothing; asking is what some cues do."""
    if hit.rule.startswith("seek.") or hit.rule.endswith("_asked"):
        return False
    question = find_question(hit.clause)
    if question is None or question.rule == "question.tag":
        return False
    return question.rule == "question.mark" or question.first <= hit.first


def handed_back(hit: Hit, heard: permission.Heard) -> bool:
    """Whether a statement about "you" may be a report or a reflection: then it is neither order nor blame."""
    clause = hit.clause
    stems = [clause.cues[n] for s in STEMS if (n := f"reflection.stem_{s}") in clause.cues]
    if any(first <= hit.first for first, _ in stems) or "so" in (t.lower for t in clause.tokens[: clause.start]):
        return True
    if quoted(clause, hit.first):
        return True
    if hit.rule.startswith("persuade."):
        return heard.obliged or clause.cues.get("against.condition", (hit.first,))[0] < hit.first
    content = clause.content()
    return bool(content) and content <= heard.content


def quoted(clause: Clause, first: int) -> bool:
    """Whether the words before a cue make an order one that is thought, told or asked for."""
    adverbs, quoting = word_list("ADV"), word_list("QUOTING")
    place = first - 1
    while place >= 0 and clause.tokens[place].lower in adverbs - quoting:
        place -= 1
    return place >= 0 and clause.tokens[place].lower in quoting


@cache
def word_list(name: str) -> frozenset[str]:
    """One list of the rule files."""
    return frozenset(book()["lists"][name].split("|"))


def persuading(hit: Hit, said: Said, before: Sequence[Said]) -> tuple[AppliedCode, ...]:
    """Persuade, persuade with permission, or nothing while it is open whether leave was given."""
    rule = permission.basis(said, before)
    if rule == permission.OPEN:
        return ()
    return (applied(Code.PERSUADE_WITH_PERMISSION, hit, rule),) if rule else (applied(Code.PERSUADE, hit),)


def applied(code: Code, hit: Hit, rule: str = "") -> AppliedCode:
    """One code with its evidence as words of the utterance."""
    tokens = hit.clause.tokens
    return AppliedCode(code, CODER, rule or hit.rule, tokens[hit.first].word, tokens[hit.last].word, -1)
