"""The written sessions: read a script file into lines, pieces and backchannel marks."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROLES = ("therapist", "client")
MARK = re.compile(r"\{(?P<backchannel>[^}]+)\}|\|(?P<pause>[0-9.]+)\||(?P<word>\S+)")

#: code in a script -> (main, reflection, question, extra codes), for the therapist's lines
THERAPIST_CODES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "open question": ("question", "none", "open", ()),
    "closed question": ("question", "none", "closed", ()),
    "seek collaboration": ("question", "none", "closed", ("seek_collaboration",)),
    "simple reflection": ("reflection", "simple", "none", ()),
    "complex reflection": ("reflection", "complex", "none", ()),
    "summary": ("reflection", "simple", "none", ("summary",)),
    "giving information": ("therapist_input", "none", "none", ("giving_information",)),
    "persuade": ("therapist_input", "none", "none", ("persuade",)),
    "confront": ("other", "none", "none", ("confront",)),
    "affirm": ("other", "none", "none", ("affirm",)),
    "emphasize autonomy": ("other", "none", "none", ("emphasize_autonomy",)),
    "structuring": ("other", "none", "none", ("structuring",)),
    "greeting": ("other", "none", "none", ("greeting",)),
    "facilitating": ("other", "none", "none", ("facilitating",)),
    "other": ("other", "none", "none", ()),
}
CLIENT_CODES = ("change", "sustain", "neutral")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words said in one breath.

    Parameters
    ----------
    words : tuple of str
        The words with their punctuation.
    backchannels : tuple of (int, str)
        Backchannels of the other person, each before the word of that index (the number of words: after the last).
    pause : float
        Seconds of silence after the piece.
    """

    words: tuple[str, ...]
    backchannels: tuple[tuple[int, str], ...]
    pause: float

    @property
    def text(self) -> str:
        """The words joined by spaces."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of the script."""

    role: str
    gap: float
    code: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The whole utterance as it is spoken."""
        return " ".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Voice:
    """A synthetic voice and how it is used: speed is a factor, level is in dBFS over active speech."""

    name: str
    speed: float
    level_db: float


@dataclass(frozen=True, slots=True)
class Script:
    """A role-play session as written."""

    session: str
    topic: str
    seed: int
    voices: dict[str, Voice]
    lines: tuple[Line, ...]
    expect: dict[str, tuple[float, float]] = field(default_factory=dict)


def other(role: str) -> str:
    """Return the other person's role."""
    return ROLES[1 - ROLES.index(role)]


def parse_text(text: str) -> tuple[Piece, ...]:
    """Split a marked text at its pauses and take out the backchannel marks.

    Examples
    --------
    >>> [(piece.text, piece.backchannels, piece.pause) for piece in parse_text("Um, {mhm} yes. |0.5| No.")]
    [('Um, yes.', ((1, 'mhm'),), 0.5), ('No.', (), 0.0)]
    """
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    words: list[str] = []
    marks: list[tuple[int, str]] = []
    for found in MARK.finditer(text):
        if found["word"]:
            words.append(found["word"])
        elif found["backchannel"]:
            marks.append((len(words), found["backchannel"]))
        else:
            yield Piece(tuple(words), tuple(marks), float(found["pause"]))
            words, marks = [], []
    yield Piece(tuple(words), tuple(marks), 0.0)


def read_script(path: Path) -> Script:
    """Read one script file."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Script(
        session=data["session"],
        topic=data["topic"],
        seed=data["seed"],
        voices={role: Voice(**data["voices"][role]) for role in ROLES},
        lines=tuple(_line(entry) for entry in data["script"]["lines"]),
        expect={name: (low, high) for name, (low, high) in data.get("expect", {}).items()},
    )


def _line(entry: dict[str, Any]) -> Line:
    known = THERAPIST_CODES if entry["role"] == "therapist" else CLIENT_CODES
    if entry["code"] not in known:
        raise ValueError(f"unknown code {entry['code']!r} for the {entry['role']}: use one of {', '.join(known)}")
    return Line(entry["role"], float(entry["gap"]), entry["code"], parse_text(entry["text"]))
