"""Cues: the small pattern language of the rule files and the spaCy component that finds them.

A row of tokens such as ``you $HEDGE? ~want|hope`` says what a cue looks like; the component ``mi_cues``
leaves what it found in ``doc.spans["cues"]``, each span labelled ``table.name`` (with ``^`` in front when the cue
counts only at the start of a clause).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, Literal

from toolkit.coding.plain import word_set

__all__ = ["CUES", "book", "digest", "make_finder", "token_of"]

Face = Literal["lower", "lemma", "tagged", "pos", "any"]
Faces = Mapping[Face, Sequence[str]]
FACES: tuple[Face, ...] = ("lower", "lemma", "tagged", "pos")

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


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a cue: which of a token's faces is looked at, and what it must be; ``*`` is any token."""

    face: Face
    forms: frozenset[str]
    optional: bool = False

    def fits(self, seen: Faces, at: int) -> bool:
        """Whether the token at a place of the doc is one."""
        return self.face == "any" or seen[self.face][at] in self.forms


@dataclass(frozen=True, slots=True)
class Row:
    """One cue; `key` is the place of the token by which it is looked up."""

    label: str
    tokens: tuple[Token, ...]
    key: int

    def ends(self, seen: Faces, at: int) -> set[int]:
        """Where the cue may end (exclusive) whose key token stands at a place."""
        return reach(self.tokens[self.key + 1 :], seen, at + 1, step=1)

    def starts(self, seen: Faces, at: int) -> set[int]:
        """Where the cue may start whose key token stands at a place."""
        return {place + 1 for place in reach(self.tokens[: self.key][::-1], seen, at - 1, step=-1)}


def reach(tokens: Sequence[Token], seen: Faces, at: int, *, step: int) -> set[int]:
    """The places next to the last of `tokens`, when the first stands at `at` or is left out."""
    places = {at}
    for token in tokens:
        passed = {p + step for p in places if 0 <= p < len(seen["lower"]) and token.fits(seen, p)}
        places = places | passed if token.optional else passed
        if not places:
            break
    return places


def token_of(written: str, lists: Mapping[str, str]) -> Token:
    """One token of a cue from how it is written.

    Examples
    --------
    >>> sorted(token_of("~want|hope", {}).forms)
    ['hope', 'want']
    >>> token_of("$NOT?", {"NOT": "not"})
    Token(face='lower', forms=frozenset({'not'}), optional=True)
    >>> token_of("@VERB/VBD", {})
    Token(face='tagged', forms=frozenset({'VERB/VBD'}), optional=False)
    """
    optional = written.endswith("?") and len(written) > 1
    body = written[:-1] if optional else written
    if body == "*":
        return Token("any", frozenset(), optional)
    if body.startswith("@"):
        return Token("tagged" if "/" in body else "pos", frozenset({body[1:]}), optional)
    if body.startswith("~"):
        return Token("lemma", frozenset(body[1:].split("|")), optional)
    names = [lists[w[1:]] if w.startswith("$") else w for w in body.split("|")]
    return Token("lower", frozenset("|".join(names).split("|")), optional)


class Finder:
    """Finds all cues in a parsed doc.

    spaCy's `Matcher`, given hundreds of rows, is the slowest part of coding; so each row is looked up by the rarest of
    its tokens and tried only around where that stands. The tests compare it with the `Matcher`.

    Parameters
    ----------
    rules
        What `book` gives.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._by: dict[Face, dict[str, list[Row]]] = {face: defaultdict(list) for face in FACES}
        self._always: list[Row] = []
        for table in TABLES:
            for name, rows in rules.get(table, {}).items():
                for written in rows:
                    start = "^" if written[0] == "^" else ""
                    self._file(f"{start}{table}.{name}", row_tokens(written, rules["lists"]))

    def _file(self, label: str, tokens: tuple[Token, ...]) -> None:
        """Put a row where its rarest token leads to it."""
        keys = [i for i, t in enumerate(tokens) if not t.optional]
        key = min(keys, key=lambda i: rarity(tokens[i]))
        row = Row(label, tokens, key)
        if tokens[key].face == "any":
            self._always.append(row)
        for form in tokens[key].forms:
            self._by[tokens[key].face][form].append(row)

    def __call__(self, doc: Any) -> list[tuple[int, int, str]]:
        """First token, end and label ``table.name`` of all cues found, in order of start, the longer first."""
        seen = faces(doc)
        found: set[tuple[int, int, str]] = set()
        for at in range(len(doc)):
            rows = chain(self._always, *(self._by[face].get(seen[face][at], ()) for face in FACES))
            for row in rows:
                starts = row.starts(seen, at)
                ends = row.ends(seen, at) if starts else ()
                found.update((start, end, row.label) for start in starts for end in ends)
        return sorted(found, key=lambda f: (f[0], -f[1], f[2]))


def rarity(token: Token) -> tuple[int, int]:
    """The less, the rarer: words before parts of speech, without common ones before with them."""
    order = {"lower": 0, "lemma": 0, "tagged": 1, "pos": 2, "any": 3}
    return 1000 * order[token.face] + len(COMMON & token.forms), len(token.forms)


def faces(doc: Any) -> Faces:
    """What tokens of cues look at, each as a list over the doc."""
    pos = [t.pos_ for t in doc]
    return {
        "lower": [t.lower_ for t in doc],
        "lemma": [t.lemma_ for t in doc],
        "tagged": [f"{p}/{t.tag_}" for p, t in zip(pos, doc, strict=True)],
        "pos": pos,
    }


def row_tokens(written: str, lists: Mapping[str, str]) -> tuple[Token, ...]:
    """The tokens of one cue."""
    return tuple(token_of(t, lists) for t in written.removeprefix("^").split())


def make_finder() -> Any:
    """The component ``mi_cues``."""
    from spacy.tokens import Span

    finder = Finder(book())

    def find(doc: Any) -> Any:
        doc.spans[CUES] = [Span(doc, start, end, label=label) for start, end, label in finder(doc)]
        return doc

    return find
