"""Sentences of therapy talk with known identifiers, made here: what the redaction is measured on.

Every sentence is a frame of ``synthetic.toml`` with gaps; what fills a gap is known, with its class. Half are written
as a careful transcriber would, half as a speech recogniser does: lower case, no punctuation.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from toolkit.privacy.finding import Hit
from toolkit.privacy.patterns import Identifier

__all__ = ["Sentence", "sentences"]

COUNT = 600
GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and every identifier in it."""

    text: str
    truth: tuple[Hit, ...]


def sentences(*, seed: int = 20261124, count: int = COUNT) -> tuple[Sentence, ...]:
    """So many sentences, the same for the same seed; one in five holds no identifier."""
    table = tomllib.loads(files("toolkit.privacy").joinpath("synthetic.toml").read_text(encoding="utf-8"))
    dice = random.Random(seed)
    with_gaps, plain = table["frames"]["with_gaps"], table["frames"]["plain"]
    made = []
    for number in range(count):
        frame = dice.choice(plain) if number % 5 == 4 else dice.choice(with_gaps)
        whole = filled(frame, table["fillers"], dice)
        made.append(as_recognised(whole) if number % 2 else whole)
    return tuple(made)


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
    gone = [c in ",?!" or (c == "." and at == last) for at, c in enumerate(sentence.text)]
    before = [0]
    for is_gone in gone:
        before.append(before[-1] + is_gone)
    text = "".join(c for c, is_gone in zip(sentence.text.lower(), gone, strict=True) if not is_gone)
    moved = (Hit(h.start - before[h.start], h.end - before[h.end], h.what) for h in sentence.truth)
    return Sentence(text, tuple(moved))
