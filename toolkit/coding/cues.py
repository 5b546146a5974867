"""Cues: the small pattern language of the rule files and the spaCy component that finds them.

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

__all__ = ["CUES", "book", "digest", "make_finder", "token_pattern"]

CUES = "cues"
RULE_FILES = ("rules_en.toml", "behaviours_en.toml")
TABLES = (
    *("reflection", "against", "complex", "question"),
    *("affirm", "seek", "autonomy", "confront", "persuade", "feeling"),
    *("affirm_not", "seek_not", "autonomy_not", "confront_not", "persuade_not", "feeling_not", "context"),
)


@cache
def book() -> Mapping[str, Any]:
    """The rules of the English coder as the files hold them; their word lists are one."""
    first, second = (tomllib.loads(content.decode("utf-8")) for content in contents())
    return first | second | {"lists": first["lists"] | second["lists"]}


def digest() -> str:
    """SHA-256 of the rule files: another file is another coder."""
    return hashlib.sha256(b"".join(contents())).hexdigest()


def contents() -> tuple[bytes, ...]:
    """The rule files as they lie in the package."""
    return tuple(files(__package__).joinpath(name).read_bytes() for name in RULE_FILES)


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


def make_finder(vocab: Any) -> Any:
    """The component ``mi_cues`` for pipelines with this vocabulary."""
    matcher = compile_cues(vocab, book())

    def find(doc: Any) -> Any:
        doc.spans[CUES] = matcher(doc, as_spans=True)
        return doc

    return find
