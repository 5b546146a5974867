"""CHAT, the format of CHILDES and TalkBank: utterances with times, words with times under them, codes under those.

``*THE:<tab>words . <bullet>START_END<bullet>`` in milliseconds, the bullet being the character U+0015. A CHAT speaker
has three capital letters and a participant's name; ours is the name. Under an utterance stand ``%wor`` (words with
their times), ``%cod`` (codes of the machine) and ``%com: codes:`` … of a human. CHAT gives most punctuation a meaning,
so that of a text only words, commas and the mark at its end are written: see `plain`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from toolkit.errors import InputError
from toolkit.formats.conversation import Coded, Conversation
from toolkit.formats.lines import mistake
from toolkit.formats.segment import Segment, by_time
from toolkit.types import AttributedWord

__all__ = ["dump", "load", "plain"]

BULLET = "\x15"
TIMED = re.compile(rf"{BULLET}(\d{{1,9}})_(\d{{1,9}}){BULLET}")
PARTICIPANT = re.compile(r"([A-Z0-9]{3,7})(?:\s+([^\s,]+))?")
WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*-?|,")
ENDS = ".?!"
LANGUAGES = {"en": "eng", "de": "deu", "es": "spa", "fr": "fra", "nl": "nld", "pt": "por"}
NOT_SAID = re.compile(r"\[[^\]]*\]|&[=~]\S*|\+[^\s]*|[<>\u2039\u203a\u201e\u201c\u201d\"()]|\u0015")


@dataclass(slots=True)
class Block:
    """A main line and what depends on it."""

    number: int
    code: str
    text: str
    tiers: dict[str, str] = field(default_factory=dict)


def load(text: str, name: str) -> Conversation:
    """The utterances of a file that have times.

    Raises
    ------
    InputError
        When it is no CHAT, or no utterance has a time: with the line.
    """
    if "@Begin" not in text[:2000]:
        raise mistake(name, 1, "no CHAT: @Begin is missing.")
    people: dict[str, str] = {}
    language = ""
    blocks: list[Block] = []
    for number, line in logical(text):
        head, _, rest = line.partition(":")
        if head == "@Participants":
            people = {m[1]: m[2] or m[1] for part in rest.split(",") if (m := PARTICIPANT.match(part.strip()))}
        elif head == "@Languages":
            first = rest.split(",")[0].strip()
            language = {long: short for short, long in LANGUAGES.items()}.get(first, first)
        elif head.startswith("*"):
            blocks.append(Block(number, head[1:].strip(), rest))
        elif head.startswith("%") and blocks:
            blocks[-1].tiers.setdefault(head[1:].strip(), rest)
    timed = [b for b in blocks if TIMED.search(b.text)]
    if not timed:
        raise InputError(f"{name}: no utterance has a time.", hint="In CLAN link the transcript to its media first.")
    return gathered(timed, people, name, language)


def logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations (which begin with a tab), each with its number."""
    started, line = 0, ""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if raw.startswith("\t") and line:
            line += " " + raw.strip()
            continue
        if line:
            yield started, line
        started, line = number, raw
    if line:
        yield started, line


def gathered(blocks: Sequence[Block], people: dict[str, str], name: str, language: str) -> Conversation:
    """Blocks as a conversation."""
    segments, words, codes = list[Segment](), list[AttributedWord](), list[Coded]()
    for block in blocks:
        first, last = TIMED.search(block.text), TIMED.findall(block.text)[-1]
        start, end = int(first[1]) / 1000 if first else 0.0, int(last[1]) / 1000
        if end < start:
            raise mistake(name, block.number, "the utterance ends before it starts.")
        who = people.get(block.code, block.code)
        segments.append(Segment(start, end, who, said(block.text)))
        words += timed_words(block, who, name)
        for tier, human in (("cod", False), ("xcod", True)):
            found = tuple(code.strip() for code in block.tiers.get(tier, "").split(";") if code.strip())
            if found:
                codes.append(Coded(start, end, who, found, human))
    return Conversation(
        tuple(sorted(segments, key=by_time)),
        words=tuple(sorted(words, key=lambda w: (w.start, w.end, w.speaker or ""))),
        codes=tuple(sorted(codes, key=lambda c: (c.start, c.end, c.speaker, c.human))),
        language=language,
        duration=max(s.end for s in segments),
    )


def said(text: str) -> str:
    """What was said in a main line, without CHAT's marks; the end mark sits at the last word."""
    bare = " ".join(NOT_SAID.sub(" ", TIMED.sub(" ", text)).replace("‡", ",").split())
    return re.sub(r"\s+([.?!,;:])", r"\1", bare)


def timed_words(block: Block, who: str, name: str) -> Iterator[AttributedWord]:
    """The words of a ``%wor`` tier, the end mark of the utterance at its last word."""
    tier = block.tiers.get("wor", "")
    parts = TIMED.split(tier)
    for text, start, end in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        bare = text.strip()
        if int(end) < int(start):
            raise mistake(name, block.number, "a word under it ends before it starts.")
        if bare:
            yield AttributedWord(int(start) / 1000, int(end) / 1000, bare, 1.0, who)


def plain(text: str) -> str:
    """What CHAT can hold of a text: words and commas, and one mark at its end.

    Examples
    --------
    >>> plain("Hello again. It's [laughs] fine")
    "Hello again, It's laughs fine."
    """
    bare = text.strip().rstrip("\"'\u201d\u2019)]\u00bb")
    end = bare[-1] if bare[-1:] in set(ENDS) and bare else "."
    inner = re.sub(r"[.?!;:…](?=\s)", ",", bare)
    words: list[str] = []
    for found in WORD.findall(inner):
        if found == ",":
            if words and not words[-1].endswith(","):
                words[-1] += ","
        else:
            words.append(found.rstrip("-").replace("\u2019", "'"))
    line = " ".join(words).rstrip(",")
    return f"{line}{end}" if line else ""


def dump(conversation: Conversation) -> str:
    """The utterances of a conversation; one without a word is written as ``xxx``.

    Raises
    ------
    InputError
        When a speaker holds white space or a comma, which CHAT has no way to write.
    """
    names = short_names(conversation.speakers)
    language = LANGUAGES.get(conversation.language, conversation.language or "und")
    people = ", ".join(f"{short} {who} {role_of(who)}" for who, short in names.items())
    lines = ["@UTF8", "@Begin", f"@Languages:\t{language}", f"@Participants:\t{people}"]
    lines += [f"@ID:\t{language}|session|{short}|||||{role_of(who)}|||" for who, short in names.items()]
    for segment in sorted(conversation.segments, key=by_time):
        lines += block_lines(segment, conversation, names)
    return "\n".join([*lines, "@End"]) + "\n"


def short_names(speakers: Sequence[str]) -> dict[str, str]:
    """Three capital letters for each speaker, no two alike."""
    found: dict[str, str] = {}
    for who in speakers:
        if re.search(r"[\s,]", who):
            raise InputError("CHAT cannot hold a speaker with spaces or commas.")
        letters = "".join(c for c in who.upper() if c.isascii() and c.isalnum())
        tries = [letters[:3].ljust(3, "X"), *(f"S{n:02d}" for n in range(100))]
        found[who] = next(t for t in tries if t not in found.values())
    return found


def role_of(who: str) -> str:
    """A role that CHAT knows."""
    bare = who.rstrip("_0123456789").lower()
    return "Therapist" if bare in {"therapist", "co_therapist"} else "Participant"


def block_lines(segment: Segment, conversation: Conversation, names: dict[str, str]) -> Iterator[str]:
    """The main line of one segment, and its words and codes."""
    text = plain(segment.text) or "xxx."
    stamp = f"{BULLET}{round(segment.start * 1000)}_{round(segment.end * 1000)}{BULLET}"
    yield f"*{names.get(segment.speaker, 'UNK')}:\t{apart(text)} {stamp}"
    inside = [
        w
        for w in conversation.words
        if w.speaker == segment.speaker and segment.start <= w.start and w.end <= segment.end and plain(w.text)
    ]
    if inside:
        told = " ".join(
            f"{plain(w.text)[:-1]} {BULLET}{round(w.start * 1000)}_{round(w.end * 1000)}{BULLET}" for w in inside
        )
        yield f"%wor:\t{told} {text[-1]}"
    for coded in conversation.codes:
        if (coded.start, coded.end, coded.speaker) == (segment.start, segment.end, segment.speaker):
            yield f"%{'xcod' if coded.human else 'cod'}:\t{' ; '.join(coded.codes)}"


def apart(text: str) -> str:
    """Commas and the end mark set apart, as CHAT has them."""
    return f"{text[:-1].replace(',', ' ,')} {text[-1]}"
