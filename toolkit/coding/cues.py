"""Cues: the small pattern language of the rule files and the spaCy component that finds them.

A row of tokens such as ``you $HEDGE? ~want|hope`` becomes a pattern of spaCy's `Matcher`; the component ``mi_cues``
leaves what it found in ``doc.spans["cues"]``, each span labelled ``table.name`` (with ``^`` in front when the cue
counts only at the start of a clause).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from toolkit.coding.plain import word_set

__all__ = ["CUES", "book", "digest", "make_finder", "token_pattern"]

CUES = "cues"
COMMON = word_set(
    "i you it he she we they that this to the a an of and in on is are was be 's 're 'm do does did have has not n't "
    "can so for your my me what how go get just really"
)  # words that most utterances have
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


class Finder:
    """Finds all cues in a parsed doc.

    A matcher that tries hundreds of rows at every token is the slowest part of coding. So each row names words of which
    one must be there, the rarest of its tokens, and is tried only on docs that have one.

    Parameters
    ----------
    vocab
        The pipeline's vocabulary.
    rules
        What `book` gives.
    """

    def __init__(self, vocab: Any, rules: Mapping[str, Any]) -> None:
        from spacy.matcher import Matcher

        self._always: list[Any] = []
        self._by: dict[str, dict[str, list[Any]]] = {"LOWER": defaultdict(list), "LEMMA": defaultdict(list)}
        for table in TABLES:
            for name, rows in rules.get(table, {}).items():
                for row in rows:
                    pattern = row_pattern(row, rules["lists"])
                    matcher = Matcher(vocab)
                    matcher.add(f"{'^' if row[0] == '^' else ''}{table}.{name}", [pattern])
                    self._file(matcher, pattern)

    def _file(self, matcher: Any, pattern: Sequence[Mapping[str, Any]]) -> None:
        """Put a row's matcher where its rarest words lead to it."""
        keys = [(k, t[k]["IN"]) for t in pattern for k in ("LOWER", "LEMMA") if k in t and "OP" not in t]
        if not keys:
            self._always.append(matcher)
            return
        attribute, words = min(keys, key=lambda key: (len(COMMON.intersection(key[1])), len(key[1])))
        for word in words:
            self._by[attribute][word].append(matcher)

    def __call__(self, doc: Any) -> list[Any]:
        """Spans of all cues found, each labelled ``table.name``."""
        chosen = {id(m): m for m in self._always}
        for attribute, forms in (("LOWER", {t.lower_ for t in doc}), ("LEMMA", {t.lemma_ for t in doc})):
            known = self._by[attribute]
            chosen |= {id(m): m for form in forms if form in known for m in known[form]}
        found = [span for matcher in chosen.values() for span in matcher(doc, as_spans=True)]
        return sorted(found, key=lambda span: (span.start, -span.end, span.label_))


def row_pattern(row: str, lists: Mapping[str, str]) -> list[dict[str, Any]]:
    """One cue as a list of token patterns."""
    return [token_pattern(t, lists) for t in row.removeprefix("^").split()]


def make_finder(vocab: Any) -> Any:
    """The component ``mi_cues`` for pipelines with this vocabulary."""
    finder = Finder(vocab, book())

    def find(doc: Any) -> Any:
        doc.spans[CUES] = finder(doc)
        return doc

    return find
