"""What a human can say about a session, one correction at a time, in one form.

======================= ==================== ======================================================================
what                    target               value
======================= ==================== ======================================================================
``role``                label of a speaker   a role
``turn_speaker``        start of a turn      label of the speaker whose turn it is
``word_speaker``        start of a word      label of the speaker whose word it is
``code``                start of an          codes joined by ``+``, in place of all that the machine found, or
                        utterance            ``none``
``silence``             start of a silence   a category of PICS
``note``                a time               text
``rating``              a global of MITI     1 to 5
``counted_coder``       (empty)              whose corrections count; empty: everybody's, the last line first
======================= ==================== ======================================================================

An empty value takes back what the same coder said about the target.

A start is seconds with three decimals, ``12.340``: it stays when an index would change. Where two speakers start at the
same moment, a slash and the speaker's label tell which one is meant: ``12.340/SPEAKER_01``. Turns and words are those
of the machine, their speakers too; utterances and silences are those that are left when speakers were corrected.

The markers ``facilitate`` and ``feeling`` are no codes of MITI, and a human who codes by its book does not think of
them. So they stay as the machine set them, unless the value names one of them, or ``unmarked``, which takes both away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from toolkit.errors import InputError
from toolkit.types import Code, GlobalRating, Role, SilenceCategory

__all__ = [
    "MARKERS",
    "NOTHING",
    "UNMARKED",
    "Correction",
    "What",
    "checked",
    "coder_id",
    "codes_after",
    "edited",
    "target",
]

MARKERS = frozenset({Code.FACILITATE, Code.FEELING})
NOTHING, UNMARKED = "none", "unmarked"
SHORT: Mapping[str, Code] = {
    "sr": Code.SIMPLE_REFLECTION,
    "cr": Code.COMPLEX_REFLECTION,
    "oq": Code.OPEN_QUESTION,
    "cq": Code.CLOSED_QUESTION,
    "gi": Code.GIVING_INFORMATION,
    "af": Code.AFFIRM,
    "seek": Code.SEEK_COLLABORATION,
    "emphasize": Code.EMPHASIZE_AUTONOMY,
    "persuade_with": Code.PERSUADE_WITH_PERMISSION,
    "ct": Code.CHANGE_TALK,
    "st": Code.SUSTAIN_TALK,
}
"""What coders write for a code, after MITI and MISC."""
LONGEST_NOTE = 4000  # characters
LABEL = re.compile(r"[^\s/]{1,80}")
CODER = re.compile(r"[\w.+-]{0,80}")
KEYWORD = re.compile(r"\b(add|without)\b")


class What(StrEnum):
    """Kinds of corrections."""

    ROLE = "role"
    TURN = "turn_speaker"
    WORD = "word_speaker"
    CODE = "code"
    SILENCE = "silence"
    NOTE = "note"
    RATING = "rating"
    COUNTED = "counted_coder"


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing that a human says: kind, what it is about, and what is right; see the module's table."""

    what: What
    target: str
    value: str


def checked(correction: Correction) -> Correction:
    """A correction in the one form in which it is written, whoever typed it.

    Raises
    ------
    InputError
        When kind, target or value are not possible. The message quotes nothing: it may be text.

    Examples
    --------
    >>> checked(Correction(What.CODE, "12,34", "AF, CR"))
    Correction(what=<What.CODE: 'code'>, target='12.340', value='complex_reflection+affirm')
    """
    if correction.what not in set(What):
        raise InputError("unknown kind of correction.", hint=f"Known: {', '.join(What)}.")
    what = What(correction.what)
    about, read = FORMS[what]
    value = correction.value.strip()
    return Correction(what, about(correction.target.strip()), read(value) if value else "")


def target(start: float, speaker: str = "") -> str:
    """The target of what starts at a time; the speaker only where another one starts something at that time.

    Examples
    --------
    >>> target(12.34), target(12.34, "B")
    ('12.340', '12.340/B')
    """
    return f"{start:.3f}/{speaker}" if speaker else f"{start:.3f}"


def moment(text: str) -> str:
    """A time, with or without a speaker."""
    time, slash, speaker = text.partition("/")
    try:
        seconds = float(time.replace(",", "."))
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise InputError("the target must be a time in seconds, such as 12.340.")
    return target(seconds, label(speaker) if slash else "")


def label(text: str) -> str:
    """Label of a speaker."""
    if not LABEL.fullmatch(text) or not text.isprintable():
        raise InputError("a speaker's label is 1 to 80 characters without spaces or slashes.")
    return text


def coder_id(text: str) -> str:
    """Id of a coder, empty for nobody in particular."""
    if not CODER.fullmatch(text):
        raise InputError("a coder's id is letters, digits and . _ + - without spaces.", hint="Use no real name.")
    return text


def nothing(text: str) -> str:
    """An empty target."""
    if text:
        raise InputError("this correction has no target.")
    return ""


def note(text: str) -> str:
    """Text of a note, line breaks as line feeds."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LONGEST_NOTE or not all(c.isprintable() or c in "\n\t" for c in text):
        raise InputError(f"a note is at most {LONGEST_NOTE} characters, without control characters.")
    return text


def one_of(kind: type[StrEnum], name: str) -> Callable[[str], str]:
    """Reader of one of an enum's values."""

    def read(text: str) -> str:
        word = spelled(text)
        if word not in set(kind):
            raise InputError(f"unknown {name}.", hint=f"One of: {', '.join(kind)}.")
        return word

    return read


def spelled(text: str) -> str:
    """A name as enums have it: small letters, words joined by underscores."""
    return "_".join(text.casefold().replace("-", " ").split())


def rating(text: str) -> str:
    """A global rating."""
    if text not in {"1", "2", "3", "4", "5"}:
        raise InputError("a global rating is a whole number from 1 to 5.")
    return text


def codes(text: str) -> str:
    """Codes in the order of the code book, joined by ``+``."""
    words = {spelled(part) for part in re.split(r"[+;,|\n]", text)} - {""}
    if words == {NOTHING}:
        return NOTHING
    named = {str(SHORT.get(word, word)) for word in words}
    if not named or named - set(Code) - {UNMARKED} or (UNMARKED in named and named & MARKERS):
        short = ", ".join(f"{s.upper()} {c}" for s, c in SHORT.items())
        raise InputError(
            "codes must be names of the code book joined by +, or none.",
            hint=f"Known: {', '.join(Code)}, {UNMARKED} (no marker). Short: {short}.",
        )
    return "+".join([*in_order(Code(word) for word in named - {UNMARKED}), *sorted(named & {UNMARKED})])


def in_order(found: Iterable[Code]) -> list[Code]:
    """Codes in the order of the code book, each once."""
    there = set(found)
    return [code for code in Code if code in there]


def codes_after(value: str, machine: Iterable[Code]) -> tuple[list[Code], frozenset[Code]]:
    """What an utterance carries once a human has spoken.

    Parameters
    ----------
    value
        The value of a correction, in the form of `checked`.
    machine
        What the machine found in the utterance.

    Returns
    -------
    list of Code, frozenset of Code
        The human's codes in order, and the machine's markers that stay beside them.

    Examples
    --------
    >>> codes_after("affirm", [Code.CONFRONT, Code.FEELING])
    ([<Code.AFFIRM: 'affirm'>], frozenset({<Code.FEELING: 'feeling'>}))
    >>> codes_after("affirm+unmarked", [Code.CONFRONT, Code.FEELING])
    ([<Code.AFFIRM: 'affirm'>], frozenset())
    """
    words = set() if value == NOTHING else set(value.split("+"))
    named = in_order(Code(word) for word in words - {UNMARKED})
    spoken_of = UNMARKED in words or not MARKERS.isdisjoint(named)
    return named, frozenset() if spoken_of else MARKERS & set(machine)


def edited(text: str, now: Iterable[Code]) -> str:
    """The value of what a human typed beside codes that are there: ``ok``, ``add affirm``, ``without other``, or codes.

    Examples
    --------
    >>> now = [Code.OPEN_QUESTION, Code.OTHER]
    >>> edited("ok", now), edited("add AF without other", now), edited("CR", now)
    ('open_question+other', 'open_question+affirm', 'complex_reflection')

    Raises
    ------
    InputError
        When it names no codes.
    """
    before, *parts = KEYWORD.split(text.casefold().strip())
    if before.strip() == "ok" and not parts:
        return whole(now, now)
    if not parts or before.strip():
        return codes(text)
    after = set(now)
    for keyword, named in zip(parts[::2], parts[1::2], strict=True):
        these = {Code(word) for word in codes(named).split("+") if word not in {UNMARKED, NOTHING}}
        after = after | these if keyword == "add" else after - these
    return whole(after, now)


def whole(after: Iterable[Code], now: Iterable[Code]) -> str:
    """The value that says all codes and markers of an utterance, with the markers that are gone said to be so."""
    there = set(after)
    bare = bool(MARKERS & set(now)) and not MARKERS & there
    return "+".join([*in_order(there), *([UNMARKED] if bare else [])]) or NOTHING


FORMS: Mapping[What, tuple[Callable[[str], str], Callable[[str], str]]] = {
    What.ROLE: (label, one_of(Role, "role")),
    What.TURN: (moment, label),
    What.WORD: (moment, label),
    What.CODE: (moment, codes),
    What.SILENCE: (moment, one_of(SilenceCategory, "category of silence")),
    What.NOTE: (moment, note),
    What.RATING: (one_of(GlobalRating, "global rating"), rating),
    What.COUNTED: (nothing, coder_id),
}
"""How target and value of each kind are read."""
