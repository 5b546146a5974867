"""Cues: the small pattern language of ``rules_en.toml`` and the spaCy component that finds them.

A row of tokens such as ``you $HEDGE? ~want|hope`` becomes a pattern of spaCy's `Matcher`; the component ``mi_cues``
leaves what it found in ``doc.spans["cues"]``, each span labelled ``table.name`` (with ``^`` in front when the cue
counts only at the start of a clause).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["CUES", "book", "digest", "install", "token_pattern"]

CUES = "cues"
FACTORY = "mi_cues"
TABLES = ("reflection", "against", "complex", "question")


@cache
def book() -> Mapping[str, Any]:
    """The rules of the English coder as the file holds them."""
    return tomllib.loads(files(__package__).joinpath("rules_en.toml").read_text(encoding="utf-8"))


def digest() -> str:
    """SHA-256 of the rule file: another file is another coder."""
    return hashlib.sha256(files(__package__).joinpath("rules_en.toml").read_bytes()).hexdigest()


def token_pattern(token: str, lists: Mapping[str, str]) -> dict[str, Any]:
    """One token of a cue as spaCy's matcher wants it.

    Examples
    --------
    >>> token_pattern("~want|hope", {})
    {'LEMMA': {'IN': ['want', 'hope']}}
    >>> token_pattern("$NOT?", {"NOT": "not|n't"})
    {'LOWER': {'IN': ['not', "n't"]}, 'OP': '?'}
    """
    optional = token.endswith("?") and len(token) > 1
    body = token[:-1] if optional else token
    pattern: dict[str, Any]
    if body == "*":
        pattern = {}
    elif body.startswith("@"):
        part, _, tag = body[1:].partition("/")
        pattern = {"POS": part} | ({"TAG": tag} if tag else {})
    elif body.startswith("~"):
        pattern = {"LEMMA": {"IN": body[1:].split("|")}}
    else:
        names = [lists[w[1:]] if w.startswith("$") else w for w in body.split("|")]
        pattern = {"LOWER": {"IN": "|".join(names).split("|")}}
    return pattern | ({"OP": "?"} if optional else {})


def compile_cues(vocab: Any, rules: Mapping[str, Any]) -> Any:
    """A spaCy matcher of all cues."""
    from spacy.matcher import Matcher

    matcher = Matcher(vocab)
    for table in TABLES:
        for name, rows in rules.get(table, {}).items():
            for mark, chosen in (("^", [r for r in rows if r[0] == "^"]), ("", [r for r in rows if r[0] != "^"])):
                if chosen:
                    matcher.add(f"{mark}{table}.{name}", [row_pattern(r, rules["lists"]) for r in chosen])
    return matcher


def row_pattern(row: str, lists: Mapping[str, str]) -> list[dict[str, Any]]:
    """One cue as a list of token patterns."""
    return [token_pattern(t, lists) for t in row.removeprefix("^").split()]


def install(nlp: Any) -> None:
    """Add the cue finder to the end of a spaCy pipeline."""
    from spacy.language import Language

    if not Language.has_factory(FACTORY):
        Language.factory(FACTORY, func=make_finder)
    nlp.add_pipe(FACTORY, last=True)


def make_finder(nlp: Any, name: str) -> Any:
    """Build the component; spaCy calls this with the pipeline and the component's name."""
    del name
    matcher = compile_cues(nlp.vocab, book())

    def find(doc: Any) -> Any:
        doc.spans[CUES] = matcher(doc, as_spans=True)
        return doc

    return find
