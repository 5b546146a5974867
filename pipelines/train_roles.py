"""Fit the weights of the lexical role score on AnnoMI, and judge it by cross-validation over videos.

Usage::

    pip install --editable ".[train]"
    python pipelines/train_roles.py --data ../shared/data            # judge
    python pipelines/train_roles.py --data ../shared/data --write    # and write the weights into the lexicon

The score is a difference: a speaker's cue rates (``toolkit/lexicons/roles_en.toml``) minus the other's, times weights.
They are fitted by logistic regression without intercept, so that exchanging the two turns the sign. It is fitted on
whole sessions, their first minutes and stretches from anywhere in them, as written, like a recogniser's text and with
its errors, and with utterances that a diarizer gave to the wrong person, so that its log-odds are calibrated there.

Five folds, no video in two of them. The cues themselves were chosen by hand with six tenths of the videos in view, so
figures for the other four tenths stand beside. PriMock57 (doctor and patient) is another domain: nothing is fitted,
chosen or tuned on it.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measure_rules
from coder_training import annomi
from coder_training.annomi import Transcript
from measure_rules import spoken

from toolkit import roles
from toolkit.coding.trained.reading import spoken_text
from toolkit.role_cues import english
from toolkit.settings import RoleSettings
from toolkit.types import Role, SpokenUtterance

LEXICON = Path(roles.__file__).parent / "lexicons" / "roles_en.toml"
FOLDS = 5
STRENGTH = 1.0  # of the regularisation, C: 0.3 to 10 give the same held-out loss to the third digit
TEXTS = ("as written", "like ASR", "with ASR's errors")
MISTAKEN = (0.0, 0.1, 0.2)  # share of utterances given to the other speaker
STRETCHES = (40, 80, 150, 300, 800)  # words of both
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)

Lines = Sequence[tuple[str, str]]
"""Role and text of utterances in order."""


@dataclass(frozen=True, slots=True)
class Example:
    """A stretch of one dialogue: which dialogue, what was done to it, the evidence, and words of who says less."""

    dialogue: int
    part: str
    text: str
    mistaken: float
    evidence: NDArray[np.float64]
    words: int


@dataclass(frozen=True, slots=True)
class Material:
    """All dialogues, the second each utterance starts in, and the fold of each dialogue."""

    transcripts: Sequence[Transcript]
    starts: Sequence[Sequence[int]]
    folds: Sequence[int]

    def lines(self, index: int, minutes: float) -> list[tuple[str, str]]:
        """The utterances of a dialogue that start in its first minutes."""
        starts = self.starts[index]
        said = zip(self.transcripts[index].said, starts, strict=True)
        return [(u.role, u.text) for u, second in said if second - starts[0] < 60 * minutes]


def read(path: Path) -> Material:
    """AnnoMI with the start of each utterance."""
    starts: dict[str, dict[int, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            hours, minutes, seconds = (int(part) for part in row["timestamp"].split(":"))
            starts.setdefault(row["transcript_id"], {})[int(row["utterance_id"])] = (
                3600 * hours + 60 * minutes + seconds
            )
    transcripts = annomi.read(path)
    return Material(
        transcripts,
        [[starts[one.name][i] for i in sorted(starts[one.name])] for one in transcripts],
        annomi.folds(transcripts, FOLDS),
    )


def examples(material: Material, rng: random.Random) -> list[Example]:
    """Every dialogue whole, its beginnings and stretches of it, in every text and with every share of mistakes."""
    found = []
    for index in range(len(material.transcripts)):
        for text in TEXTS:
            for mistaken in MISTAKEN:
                for part, lines in parts(material, index, rng):
                    said = heard(lines, text, mistaken, rng)
                    them, us = said[Role.THERAPIST], said[Role.CLIENT]
                    words = min(roles.count_words(them), roles.count_words(us))
                    found.append(Example(index, part, text, mistaken, difference(them, us), words))
    return found


def parts(material: Material, index: int, rng: random.Random) -> Iterator[tuple[str, Lines]]:
    """Stretches of one dialogue, by name."""
    whole = material.lines(index, 1e6)
    yield "whole", whole
    for minutes in (3, 1):
        yield f"first {minutes} min", material.lines(index, minutes)
    for words in STRETCHES * 2:
        first = rng.randrange(len(whole))
        last, count = first, 0
        while last < len(whole) and count < words:
            count += len(whole[last][1].split())
            last += 1
        yield f"{words} words", whole[first:last]


def heard(lines: Lines, text: str, mistaken: float, rng: random.Random) -> Mapping[str, list[SpokenUtterance]]:
    """Each role's utterances as a recogniser and a diarizer would give them."""
    said: dict[str, list[SpokenUtterance]] = {Role.THERAPIST: [], Role.CLIENT: []}
    for index, (role, written) in enumerate(lines):
        words = annomi.like_asr(written) if text == TEXTS[1] else spoken_text(written)
        if text == TEXTS[2]:
            words = annomi.noisy(written, rng)
        if rng.random() < mistaken:
            role = Role.CLIENT if role == Role.THERAPIST else Role.THERAPIST  # noqa: PLW2901 - that is the mistake
        said[role].append(spoken(index, float(index), role, words))
    return said


def difference(first: Sequence[SpokenUtterance], second: Sequence[SpokenUtterance]) -> NDArray[np.float64]:
    """The evidence of one speaker minus the other's, in the order of the lexicon's cues."""
    one, other = roles.evidence(first), roles.evidence(second)
    return np.array([one[cue] - other[cue] for cue in one])


def fit(found: Sequence[Example]) -> NDArray[np.float64]:
    """Weights of the cues."""
    x = np.stack([e.evidence for e in found])
    both = np.concatenate([x, -x])
    labels = np.repeat([1, 0], len(x))
    model = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=2000).fit(both, labels)
    return np.asarray(model.coef_[0])


def held_out(found: Sequence[Example], folds: Sequence[int]) -> NDArray[np.float64]:
    """Log-odds of the truth for every example, by weights that its video had no part in."""
    odds = np.zeros(len(found))
    for fold in range(FOLDS):
        weights = fit([e for e in found if folds[e.dialogue] != fold])
        for i, example in enumerate(found):
            if folds[example.dialogue] == fold:
                odds[i] = example.evidence @ weights
    return odds


def tell_accuracy(title: str, found: Sequence[Example], odds: NDArray[np.float64]) -> None:
    """One line a part, text and share of mistakes: right of the pair, and named, and right of those named."""
    print(f"\n{title}")
    least = RoleSettings().min_confidence
    print(f"  {'':14s}{'text':20s}mistaken  n     right   named at {least}   right of those")
    for part in ("whole", "first 3 min", "first 1 min", *(f"{w} words" for w in STRETCHES)):
        for text in TEXTS:
            for mistaken in MISTAKEN:
                mine = [
                    (odds[i], e) for i, e in enumerate(found) if (e.part, e.text, e.mistaken) == (part, text, mistaken)
                ]
                right = [o > 0 for o, _ in mine]
                named = [o > 0 for o, e in mine if e.words >= 20 and roles.probability(abs(o)) >= least]
                print(
                    f"  {part:14s}{text:20s}{mistaken:.0%}{'':6s}{len(mine):4d}   {np.mean(right):.3f}   "
                    f"{len(named) / len(mine):.3f}          {np.mean(named) if named else float('nan'):.3f}"
                )


def tell_reliability(found: Sequence[Example], odds: NDArray[np.float64]) -> None:
    """How often the likelier way round is right, by how sure it claims to be; pairs that may be named only."""
    pairs = [(roles.probability(abs(o)), o > 0) for e, o in zip(found, odds, strict=True) if e.words >= 20]
    print("\nreliability, held out, all of the above with 20 words or more of each speaker")
    for low, high in pairwise(BINS):
        mine = [(p, right) for p, right in pairs if low <= p < high]  # no confidence is above 0.99
        if mine:
            said, true = np.mean([p for p, _ in mine]), np.mean([right for _, right in mine])
            print(f"  {low:.2f} to {high:.2f}   n {len(mine):5d}   says {said:.3f}   is {true:.3f}")
    gaps = [abs(np.mean([p for p, _ in m]) - np.mean([r for _, r in m])) * len(m) for m in by_tenths(pairs)]
    print(f"  expected calibration error {sum(gaps) / len(pairs):.4f}")


def by_tenths(pairs: Sequence[tuple[float, bool]]) -> list[list[tuple[float, bool]]]:
    """Pairs in ten bins of confidence from a half to one."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(10)]
    for p, right in pairs:
        bins[min(9, int((p - 0.5) * 20))].append((p, right))
    return [b for b in bins if b]


def tell_primock(folder: Path, weights: NDArray[np.float64]) -> None:
    """Doctor and patient by the weights of all AnnoMI: another domain, and nothing was fitted on it."""
    talks = measure_rules.read_primock(folder)
    for name, seconds in (("whole", 1e9), ("first 3 min", 180.0), ("first 1 min", 60.0)):
        odds = []
        for talk in talks:
            plain = [spoken(u.index, u.start, u.speaker, measure_rules.like_asr(u.text)) for u in talk]
            early = [u for u in plain if u.start < seconds]
            pair = [[u for u in early if u.speaker == role] for role in (Role.THERAPIST, Role.CLIENT)]
            odds.append(float(difference(*pair) @ weights))
        right = sum(o > 0 for o in odds)
        print(f"  PriMock57, {name:12s} right {right} of {len(odds)}, least log-odds {min(odds):.1f}")


def write(weights: NDArray[np.float64]) -> None:
    """Put the weights into the lexicon, everything else unchanged."""
    cues = list(english().average)
    block = "[weights]\n" + "".join(f"{cue} = {weight:.2f}\n" for cue, weight in zip(cues, weights, strict=True))
    text = LEXICON.read_text(encoding="utf-8")
    LEXICON.write_text(re.sub(r"\[weights\]\n(?:\w+ = .*\n)+", lambda _: block, text), encoding="utf-8")


def main() -> None:
    """Judge, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds annomi/ and primock57/")
    parser.add_argument("--write", action="store_true", help="write the weights into toolkit/lexicons/roles_en.toml")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    material = read(chosen.data / "annomi" / "annomi_full.csv")
    found = examples(material, random.Random(chosen.seed))
    odds = held_out(found, material.folds)
    tell_accuracy("AnnoMI, five folds by video, 105 dialogues", found, odds)
    unseen = [i for i, e in enumerate(found) if annomi.unseen_by_rules(material.transcripts[e.dialogue])]
    count = len({found[i].dialogue for i in unseen})
    tell_accuracy(
        f"of these, the {count} dialogues without which the cues were chosen", [found[i] for i in unseen], odds[unseen]
    )
    tell_reliability(found, odds)
    weights = fit(found)
    print("\nweights on all dialogues")
    for cue, weight in zip(english().average, weights, strict=True):
        print(f"  {cue:10s}{weight:6.2f}")
    tell_primock(chosen.data / "primock57", weights)
    if chosen.write:
        write(weights)


if __name__ == "__main__":
    main()
