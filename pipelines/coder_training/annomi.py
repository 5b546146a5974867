"""AnnoMI as training material: utterances with the annotators' fractions, folds by video, noise like a recogniser's.

Where ten annotators coded, the share of them who gave a label is the target, and their majority is the reference; a tie
is no reflection, simple, no question, closed.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.coding.trained.reading import Said, spoken_text

MAIN = ("reflection", "question", "therapist_input", "other")
TALK = ("change", "neutral", "sustain")
UNKNOWN = -1.0

FILLERS = ("um", "uh", "you know", "like", "i mean", "so", "well")
# Words that recognisers take for each other.
HEARD_AS = {
    "their": "there", "there": "their", "your": "you're", "you're": "your", "to": "too", "it's": "its", "and": "in",
    "in": "and", "than": "then", "a": "the", "the": "a", "is": "as", "are": "our", "for": "four", "you've": "you",
    "you'd": "you", "that's": "that", "do": "to", "what's": "what", "don't": "dont", "would": "will", "was": "is",
    "can": "can't", "an": "and", "been": "being", "know": "no", "right": "write",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coded:
    """One utterance and what its annotators said of it, as fractions; `UNKNOWN` where nobody was asked."""

    role: str
    text: str
    main: tuple[float, ...]
    talk: tuple[float, ...]
    reflection: float
    question: float
    input: float
    complex: float
    open: float

    @property
    def binary(self) -> tuple[float, ...]:
        """Targets of the five yes-or-no heads, in the order of `toolkit.coding.trained.heads.BINARY`."""
        return self.reflection, self.question, self.input, self.complex, self.open


@dataclass(frozen=True, slots=True)
class Transcript:
    """One dialogue."""

    name: str
    video: str
    low_quality: bool
    said: tuple[Coded, ...]


def read(path: Path) -> list[Transcript]:
    """All dialogues in the file's order; "n/a" is a label and no missing value."""
    groups: dict[str, dict[int, list[dict[str, str]]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["transcript_id"], {}).setdefault(int(row["utterance_id"]), []).append(row)
    return [transcript(name, group) for name, group in groups.items()]


def transcript(name: str, group: dict[int, list[dict[str, str]]]) -> Transcript:
    """One dialogue from its rows by utterance."""
    first = next(iter(group.values()))[0]
    said = tuple(coded(group[i]) for i in sorted(group))
    return Transcript(name, first["video_url"], first["mi_quality"] == "low", said)


def coded(rows: Sequence[dict[str, str]]) -> Coded:
    """One utterance from the rows of its annotators."""

    def share(column: str, value: str, among: Sequence[dict[str, str]] = rows) -> float:
        return sum(r[column] == value for r in among) / len(among) if among else UNKNOWN

    reflecting = [r for r in rows if r["reflection_exists"] == "True"]
    asking = [r for r in rows if r["question_exists"] == "True"]
    return Coded(
        role=rows[0]["interlocutor"],
        text=rows[0]["utterance_text"],
        main=tuple(share("main_therapist_behaviour", label) for label in MAIN),
        talk=tuple(share("client_talk_type", label) for label in TALK),
        reflection=share("reflection_exists", "True"),
        question=share("question_exists", "True"),
        input=share("therapist_input_exists", "True"),
        complex=share("reflection_subtype", "complex", reflecting),
        open=share("question_subtype", "open", asking),
    )


def folds(transcripts: Sequence[Transcript], count: int = 5) -> list[int]:
    """The fold of each dialogue: whole videos, the largest first, each to the fold with the fewest utterances."""
    videos: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(transcripts):
        videos[one.video].append(place)
    size = {video: sum(len(transcripts[i].said) for i in places) for video, places in videos.items()}
    shuffled = sorted(videos, key=lambda video: hashlib.sha256(f"0{video}".encode()).hexdigest())
    load = [0] * count
    found = [0] * len(transcripts)
    for video in sorted(shuffled, key=lambda v: -size[v]):
        fold = min(range(count), key=lambda k: load[k])
        load[fold] += size[video]
        for place in videos[video]:
            found[place] = fold
    return found


def unseen_by_rules(one: Transcript) -> bool:
    """Whether the rules were written without this video in view (``pipelines/measure_rules.py``)."""
    return int(hashlib.sha256(one.video.encode()).hexdigest(), 16) % 10 >= 6


def like_asr(text: str) -> str:
    """The text in lower case without marks."""
    return " ".join(re.sub(r"[^\w\s'-]", " ", spoken_text(text).lower()).split())


def noisy(text: str, rng: random.Random, *, strip: float = 0.35, errors: float = 0.05) -> str:
    """The text as a recogniser might write it: often without marks, words lost, taken for others, fillers put in."""
    text = spoken_text(text)
    if rng.random() < strip:
        text = re.sub(r"[^\w\s'-]", " ", text.lower())
    elif rng.random() < 0.3:
        text = text.replace("?", ".")
    if rng.random() >= 0.5:
        return text
    words: list[str] = []
    for word in text.split():
        chance = rng.random()
        if chance < errors * 0.4:
            continue
        if chance < errors * 0.6:
            words.append(rng.choice(FILLERS))
        words.append(HEARD_AS.get(word.lower(), word) if chance < errors else word)
    return " ".join(words) or text


def dialogue(one: Transcript, view: Callable[[str], str]) -> list[Said]:
    """The utterances of a dialogue as the coder reads them."""
    return [Said(u.role, view(u.text)) for u in one.said]
