"""The sentences that the redaction is measured on: where their identifiers are, and that the sets share nothing."""

from __future__ import annotations

import calendar
import tomllib
from importlib.resources import files
from itertools import combinations
from typing import Any

import pytest

from toolkit.privacy.redacting.patterns import Identifier
from toolkit.privacy.redacting.synthetic import GAP, Source, sentences


def test_the_truth_of_a_synthetic_sentence_is_where_it_says() -> None:
    made = sentences()
    assert len(made) >= 500
    assert made == sentences()
    assert sum(not s.truth for s in made) >= 80
    filled = {s.text[h.start : h.end] for s in made for h in s.truth}
    assert sum(piece == piece.lower() for piece in filled) > 100  # as a recogniser writes them
    assert sum(piece != piece.lower() for piece in filled) > 100
    assert any("@" in piece for piece in filled)
    for s in made:
        for h in s.truth:
            piece = s.text[h.start : h.end]
            assert piece == piece.strip()
            assert piece[0].isalnum() or piece[0] in "(+@"
    assert {h.what for s in made for h in s.truth} == set(Identifier)


@pytest.mark.parametrize(
    ("source", "identifiers"),
    [
        (Source.HELD_OUT, {"oh one nine one four nine eight oh one double two", "Llanfairpwll", "upper slaughter"}),
        (Source.HELD_OUT_TWO, {"u slash tired dad eleven", "Cemetery Road", "alice springs"}),
    ],
)
def test_held_out_sentences_are_written_in_four_ways(source: Source, identifiers: set[str]) -> None:
    held_out = sentences(source)
    assert held_out == sentences(source)
    assert len({s.text for s in held_out}) >= 500
    assert sum(not s.truth for s in held_out) >= 80
    assert {h.what for s in held_out for h in s.truth} == set(Identifier)
    assert identifiers <= {s.text[h.start : h.end] for s in held_out for h in s.truth}
    texts = [s.text for s in held_out]
    assert sum(text == text.lower() for text in texts) > 400  # three ways of writing of four
    assert any(" cant " in text for text in texts)
    assert any(" er " in text for text in texts)


@pytest.mark.parametrize("source", Source)
def test_what_is_said_to_identify_is_a_filler_of_its_class(source: Source) -> None:
    known = {(bare(f), filler["what"]) for filler in set_of(source)["fillers"].values() for f in filler["of"]}
    for s in sentences(source):
        for h in s.truth:
            assert (bare(s.text[h.start : h.end]), h.what) in known


@pytest.mark.parametrize(("one", "other"), list(combinations(Source, 2)))
def test_sets_of_sentences_share_no_filler_and_no_frame(one: Source, other: Source) -> None:
    assert not fillers(one) & fillers(other)
    frames = [{bare(GAP.sub("gap", f)) for kind in set_of(s)["frames"].values() for f in kind} for s in (one, other)]
    assert not frames[0] & frames[1]


def fillers(source: Source) -> set[str]:
    """What fills the gaps of a set; of ages over 89 and months there are too few for three sets of their own."""
    few = {bare(month) for month in calendar.month_name[1:]}
    kinds = (kind for kind in set_of(source)["fillers"].values() if kind["what"] != Identifier.AGE)
    return {bare(f) for kind in kinds for f in kind["of"]} - few


def set_of(source: Source) -> dict[str, Any]:
    """The file of a set."""
    return tomllib.loads(files("toolkit.privacy.redacting").joinpath(f"{source}.toml").read_text(encoding="utf-8"))


def bare(text: str) -> str:
    """Letters and digits alone, in lower case: the same in every way of writing."""
    return "".join(c for c in text.casefold() if c.isalnum())
