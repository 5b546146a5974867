"""Praat's TextGrid, written in its long text form and read in the long and the short one; point tiers are passed over.

Reading takes the file apart as Praat does: strings in double quotes (a quote inside is doubled), numbers, and flags in
angle brackets; all else is commentary. UTF-8 or UTF-16.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from toolkit.errors import InputError
from toolkit.formats.conversation import Conversation
from toolkit.formats.lines import mistake
from toolkit.formats.tiers import Label, Tier, conversation_of, tiers_of

__all__ = ["dump", "load"]

TOKEN = re.compile(r'"((?:[^"]|"")*)"|<(\w+)>|(?<![^\s])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![^\s])|"')


class Tokens:
    """The strings, numbers and flags of a file, one after the other, each with its line for messages."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.found = self.each()
        self.at = 0

    def each(self) -> Iterator[re.Match[str]]:
        """The matches in order."""
        for match in TOKEN.finditer(self.text):
            self.at = match.start()
            yield match

    def wrong(self, what: str) -> InputError:
        """The error for the place where reading stands."""
        return mistake(self.name, self.text.count("\n", 0, self.at) + 1, what)

    def take(self, kind: int, what: str) -> str:
        """The next token, which must be a string (1), flag (2) or number (3)."""
        match = next(self.found, None)
        if match is None or match[kind] is None:
            raise self.wrong(f"{what} is missing.")
        return match[kind]

    def string(self, what: str) -> str:
        """The next string."""
        return self.take(1, what).replace('""', '"')

    def number(self, what: str) -> float:
        """The next number."""
        value = float(self.take(3, what))
        if not math.isfinite(value):
            raise self.wrong(f"{what} is no number.")
        return value

    def count(self, what: str) -> int:
        """The next number, which counts something: no more than there are characters."""
        value = self.number(what)
        if not 0 <= value <= len(self.text):
            raise self.wrong(f"{what} cannot be.")
        return int(value)


def load(text: str, name: str) -> Conversation:
    """The interval tiers of a file.

    Raises
    ------
    InputError
        When it is no TextGrid, with the line.
    """
    tokens = Tokens(text, name)
    if (
        tokens.string("the file type") not in {"ooTextFile", "ooTextFile short"}
        or tokens.string("TextGrid") != "TextGrid"
    ):
        raise InputError(f"{name} is no TextGrid.", hint="Save it in Praat as a text file or short text file.")
    tokens.number("xmin")
    end = tokens.number("xmax")
    if tokens.take(2, "<exists>") != "exists":
        return Conversation((), duration=end)
    named = []
    for _ in range(tokens.count("the number of tiers")):
        kind, tier = tokens.string("the class of a tier"), tokens.string("the name of a tier")
        tokens.number("xmin")
        tokens.number("xmax")
        labels = []
        for _ in range(tokens.count("the number of intervals")):
            start = tokens.number("a time")
            if kind == "IntervalTier":
                labels.append(Label(start, tokens.number("xmax"), tokens.string("the text")))
            else:
                tokens.string("the mark")
        named.append((tier, "", labels))
    return conversation_of(named, language="", duration=end)


def dump(conversation: Conversation) -> str:
    """All tiers of a conversation; intervals without a label fill the time between."""
    tiers = tiers_of(conversation)
    ends = [x.end for tier in tiers for x in tier.labels]
    end = round(max([conversation.duration, 0.001, *ends]), 3)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end:.3f}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for place, tier in enumerate(tiers, start=1):
        lines += [f"    item [{place}]:", *tier_lines(tier, end)]
    return "\n".join(lines) + "\n"


def tier_lines(tier: Tier, end: float) -> Iterator[str]:
    """The lines of one tier."""
    filled: list[Label] = []
    now = 0.0
    for x in (*tier.labels, Label(end, end, "")):
        if x.start > now:
            filled.append(Label(now, x.start, ""))
        if x.end > x.start:
            filled.append(x)
        now = max(now, x.end)
    yield '        class = "IntervalTier"'
    yield f"        name = {quoted(tier.name)}"
    yield "        xmin = 0"
    yield f"        xmax = {end:.3f}"
    yield f"        intervals: size = {len(filled)}"
    for place, x in enumerate(filled, start=1):
        yield f"        intervals [{place}]:"
        yield f"            xmin = {x.start:.3f}"
        yield f"            xmax = {x.end:.3f}"
        yield f"            text = {quoted(x.text)}"


def quoted(text: str) -> str:
    """A string as Praat writes it."""
    return '"' + text.replace('"', '""') + '"'
