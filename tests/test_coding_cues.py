"""The finder of cues finds what spaCy's Matcher finds with the same rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.lang.en import English
from spacy.matcher import Matcher
from spacy.tokens import Doc

from toolkit.coding import cues
from toolkit.coding.cues import FACES, TABLES, Finder, Token, book, row_tokens

ATTRIBUTES = {"lower": "LOWER", "lemma": "LEMMA", "pos": "POS"}
VOCAB = English().vocab


def pattern(token: Token) -> dict[str, Any]:
    """A token of a cue in the Matcher's words."""
    asked: dict[str, Any] = {}
    if token.face == "tagged":
        pos, tag = next(iter(token.forms)).split("/")
        asked = {"POS": pos, "TAG": tag}
    elif token.face != "any":
        asked = {ATTRIBUTES[token.face]: {"IN": sorted(token.forms)}}
    return asked | ({"OP": "?"} if token.optional else {})


@pytest.fixture(scope="module")
def reference() -> Any:
    """All rows in one Matcher."""
    matcher, rules = Matcher(VOCAB), book()
    for table in TABLES:
        for name, rows in rules.get(table, {}).items():
            for row in rows:
                label = f"{'^' if row[0] == '^' else ''}{table}.{name}"
                matcher.add(label, [[pattern(t) for t in row_tokens(row, rules["lists"])]])
    return matcher


def found_by(matcher: Any, doc: Doc) -> set[tuple[int, int, str]]:
    """Start, end and label of the Matcher's spans; it also gives empty ones."""
    return {(s.start, s.end, s.label_) for s in matcher(doc, as_spans=True) if s.end > s.start}


def words_of_rules() -> list[str]:
    """Every form that some row asks for, so that drawn docs hold cues."""
    rules = book()
    rows = (row for table in TABLES for kept in rules.get(table, {}).values() for row in kept)
    tokens = (t for row in rows for t in row_tokens(row, rules["lists"]) if t.face in {"lower", "lemma"})
    return sorted({form for t in tokens for form in t.forms})


TAGGED = st.tuples(
    st.sampled_from([*words_of_rules(), "zebra", "table"]),
    st.sampled_from(["ADJ", "VERB", "NUM", "NOUN", "PRON", "ADV"]),
    st.sampled_from(["VBD", "VB", "VBG", "JJ", "NN"]),
)
COMMON = [(w, p, "VB") for w, p in (("you", "PRON"), ("'re", "AUX"), ("it", "PRON"), ("to", "PART"), ("a", "DET"))]


@settings(max_examples=300, deadline=None)
@given(said=st.lists(TAGGED | st.sampled_from(COMMON), min_size=1, max_size=14))
def test_the_finder_finds_what_spacys_matcher_finds(reference: Any, said: list[tuple[str, str, str]]) -> None:
    words, pos, tags = zip(*said, strict=True)
    doc = Doc(VOCAB, words=list(words), pos=list(pos), tags=list(tags), lemmas=[w.lower() for w in words])
    assert set(Finder(book())(doc)) == found_by(reference, doc)


def test_a_cue_with_optional_words_is_found_with_and_without_them() -> None:
    finder = Finder({"lists": {}, "reflection": {"x": ["you ~be really? @ADJ"]}})
    doc = Doc(
        VOCAB,
        words=["You", "are", "really", "sad"],
        lemmas=["you", "be", "really", "sad"],
        pos=["PRON", "AUX", "ADV", "ADJ"],
    )
    assert finder(doc) == [(0, 4, "reflection.x")]
    bare = Doc(VOCAB, words=["you", "are", "sad"], lemmas=["you", "be", "sad"], pos=["PRON", "AUX", "ADJ"])
    assert finder(bare) == [(0, 3, "reflection.x")]


def test_an_empty_doc_has_no_cues() -> None:
    assert Finder(book())(Doc(VOCAB, words=[])) == []


def test_every_row_has_a_token_to_be_looked_up_by() -> None:
    finder = Finder(book())
    filed = {id(row) for face in FACES for rows in finder._by[face].values() for row in rows}
    rows = sum(len(kept) for table in TABLES for kept in cues.book().get(table, {}).values())
    assert len(filed) + len(finder._always) == rows
