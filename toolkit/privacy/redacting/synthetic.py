"""Sentences of therapy talk with known identifiers, made here: what the redaction is measured on.

Every sentence is a frame with gaps; what fills a gap is known, with its class. There are three sets. While rules are
made, one looks at ``synthetic.toml``: half of its sentences are written as a careful transcriber would, half as a
speech recogniser does, in lower case without punctuation. Nobody looks at the two others, which have other frames,
names and places, and are written in two more ways: in haste by hand, and with the hesitations of speech.
``heldout.toml`` has been measured twice, so that its figures told how much was to be mended. ``heldout_two.toml`` was
written independently, before the last mending of the rules was measured: what is found in it is what to expect of
sentences that nobody has seen.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any

from toolkit.privacy.redacting.finding import Hit
from toolkit.privacy.redacting.patterns import Identifier

__all__ = ["Sentence", "Source", "sentences"]

COUNT = 600
GAP = re.compile(r"\{(\w+)\}")
HESITATIONS = ("um", "er", "you know", "like", "i mean")


class Source(StrEnum):
    """The sets of sentences, by the name of their file.

    The first was looked at while the rules were made. The second was held out, and measured twice. The third was
    written independently, before the last mending of the rules was measured.
    """

    SEEN = "synthetic"
    HELD_OUT = "heldout"
    HELD_OUT_TWO = "heldout_two"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and every identifier in it."""

    text: str
    truth: tuple[Hit, ...]


def sentences(source: Source = Source.SEEN, *, seed: int = 20261124, count: int = COUNT) -> tuple[Sentence, ...]:
    """So many sentences of a set, the same for the same seed; one in five holds no identifier."""
    table = tomllib.loads(files("toolkit.privacy.redacting").joinpath(f"{source}.toml").read_text(encoding="utf-8"))
    dice = random.Random(seed)
    with_gaps, plain = table["frames"]["with_gaps"], table["frames"]["plain"]
    made = []
    for number in range(count):
        frame = dice.choice(plain) if number % 5 == 4 else dice.choice(with_gaps)
        hesitant = source is not Source.SEEN and number % 4 == 3
        whole = filled(with_hesitations(frame, dice) if hesitant else frame, table["fillers"], dice)
        if source is not Source.SEEN and number % 4 == 2:
            made.append(in_haste(whole))
        else:
            made.append(as_recognised(whole) if number % 2 else whole)
    return tuple(made)


def with_hesitations(frame: str, dice: random.Random) -> str:
    """A frame in which somebody hesitates, and says a word twice."""
    words = frame.split(" ")
    at = dice.randrange(len(words))
    twice = [] if "{" in words[at] else [words[at].strip(",.?!")]
    return " ".join([*words[:at], dice.choice(HESITATIONS), *twice, *words[at:]])


def in_haste(sentence: Sentence) -> Sentence:
    """A sentence typed in lower case and without apostrophes, its commas and stops kept."""
    return without(
        Sentence(sentence.text.lower(), sentence.truth), {at for at, c in enumerate(sentence.text) if c == "'"}
    )


def filled(frame: str, fillers: Mapping[str, Mapping[str, Any]], dice: random.Random) -> Sentence:
    """A frame with its gaps filled."""
    text, truth, last = "", [], 0
    for gap in GAP.finditer(frame):
        text += frame[last : gap.start()]
        filler = fillers[gap[1]]
        chosen = dice.choice(filler["of"])
        truth.append(Hit(len(text), len(text) + len(chosen), Identifier(filler["what"])))
        text += chosen
        last = gap.end()
    return Sentence(text + frame[last:], tuple(truth))


def as_recognised(sentence: Sentence) -> Sentence:
    """A sentence in lower case and without punctuation, save that inside addresses and numbers."""
    last = len(sentence.text) - 1
    gone = {at for at, c in enumerate(sentence.text) if c in ",?!" or (c == "." and at == last)}
    return without(Sentence(sentence.text.lower(), sentence.truth), gone)


def without(sentence: Sentence, gone: Collection[int]) -> Sentence:
    """A sentence without the characters at some places."""
    text = "".join(c for at, c in enumerate(sentence.text) if at not in gone)
    moved = [
        Hit(h.start - sum(at < h.start for at in gone), h.end - sum(at < h.end for at in gone), h.what)
        for h in sentence.truth
    ]
    return Sentence(text, tuple(moved))
