"""Measure how well enrolled voices are recognised: cosines of same and different people, threshold, confidence.

Usage::

    python pipelines/measure_voices.py --data ../shared/data/audio --sample sample_data

A voice is enrolled from the first half of what it says alone in a recording, and heard in the second half of every
recording: as it is, over a telephone, with steady noise at 10 dB, in a room that echoes for half a second. So most
*same* trials are of one recording, one day and one microphone, which flatters; trials of one person in two recordings
stand apart, and are few. The synthetic voices of the role-plays and of the sample data are the same four, so they count
as the same people. Afterwards the check of an enrolment is measured: pieces of one voice, and of one voice with another
put in; and whole recordings of conversations, which must be refused.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hard_sound import effects
from measure_diarization import decode
from scipy import signal

from toolkit.audio import RATE, Waveform
from toolkit.backends.voiceprint import embeddings
from toolkit.formats import rttm
from toolkit.intervals import Span, clip, subtract, total
from toolkit.settings import Settings
from toolkit.types import SpeakerInterval
from toolkit.voices.describing import LEAST, longest, mean, spread, two_halves
from toolkit.voices.enrolling import ENOUGH, PIECE, main_voice, near, speech

ENROLL_LEAST = 6.0  # s in half a recording; `toolkit enroll` asks for more
MOST = 30.0  # s a voice and half: 60 gave the same to the second digit
SNR = 10.0  # dB
RT60 = 0.5  # s
SHARES = (0.1, 0.2, 0.3, 0.5)
CONDITIONS = ("as it is", "telephone", "noise 10 dB", "echo 0.5 s")
THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7)


@dataclass(frozen=True, slots=True)
class Track:
    """One person in one recording: the sound, and where they speak alone, in two halves."""

    person: str
    recording: str
    sound: Waveform
    first: tuple[Span, ...]
    second: tuple[Span, ...]

    @property
    def alone(self) -> tuple[Span, ...]:
        """Both halves."""
        return (*self.first, *self.second)


@dataclass(frozen=True, slots=True)
class Trial:
    """The cosine of an enrolled voice and one that was heard, and who they were."""

    cosine: float
    same: bool
    crossed: bool


def tracks(data: Path, sample: Path) -> list[Track]:
    """Every person of every recording with a truth of who spoke when."""
    found = []
    call = Path(str(find_spec("pyannote.audio").origin)).parent / "sample"  # type: ignore[union-attr]
    for truth in sorted([*data.rglob("*.rttm"), *(sample / "truth").glob("*.rttm"), *call.glob("*.rttm")]):
        for session, talk in rttm.read(truth).items():
            folder = sample / "recordings" if truth.parent.name == "truth" else truth.parent
            path = next((p for e in ("flac", "wav") if (p := folder / f"{session}.{e}").is_file()), None)
            if path is not None:
                sound = decode(path)[0]
                found += [track(truth, session, who, sound, talk) for who in sorted({i.speaker for i in talk})]
    return [one for one in found if one.alone]


def track(truth: Path, session: str, who: str, sound: Waveform, talk: Sequence[SpeakerInterval]) -> Track:
    """One person of a recording; a synthetic voice is the person that the truth beside it names."""
    beside = truth.parent / f"{session}.json"
    voices = json.loads(beside.read_text()).get("voices", {}) if beside.is_file() else {}
    others = [i.span for i in talk if i.speaker != who]
    alone = subtract((i.span for i in talk if i.speaker == who), others)
    half = total(alone) / 2
    ends = (s.end - (total(alone[: i + 1]) - half) for i, s in enumerate(alone) if total(alone[: i + 1]) >= half)
    middle = next(ends, 0.0)
    first, second = clip(alone, Span(0.0, middle)), clip(alone, Span(middle, max(middle, sound.duration)))
    return Track(voices.get(who, who), session, sound, first, second)


def changed(condition: str, one: Track, generator: np.random.Generator) -> Waveform:
    """The sound of a recording under a condition, at 16 kHz."""
    rows = one.sound.samples[None, :]
    if condition == CONDITIONS[1]:
        slow, rate = effects.telephone(rows, RATE)
        rows = signal.resample_poly(slow, RATE, rate, axis=1).astype(np.float32)
    if condition == CONDITIONS[2]:
        rows = effects.with_noise(rows, one.alone, RATE, generator, snr=SNR)
    if condition == CONDITIONS[3]:
        rows = effects.echo(rows, RT60, RATE, generator)
    return Waveform(np.ascontiguousarray(rows[0]), RATE)


def described(sound: Waveform, spans: Sequence[Span], most: float) -> NDArray[np.float64]:
    """One embedding, as `toolkit.voices` makes it."""
    cut = longest(spans, most=most)
    return mean(embeddings(sound, cut, device="cpu"), cut)


def trials(
    enrolled: Sequence[tuple[Track, NDArray[np.float64]]], heard: Sequence[tuple[Track, NDArray[np.float64]]]
) -> Iterator[Trial]:
    """Every enrolled voice with every voice heard, but an enrolled one only once with each recording."""
    for mine, voice in enrolled:
        for theirs, other in heard:
            yield Trial(float(voice @ other), mine.person == theirs.person, mine.recording != theirs.recording)


def tell_trials(condition: str, found: Sequence[Trial]) -> None:
    """One condition: how the cosines lie, and what thresholds would do."""
    print(f"\n{condition}")
    groups = {
        "same, one recording": [t.cosine for t in found if t.same and not t.crossed],
        "same, two recordings": [t.cosine for t in found if t.same and t.crossed],
        "different": [t.cosine for t in found if not t.same],
    }
    for name, cosines in groups.items():
        if cosines:
            low, five, middle, ninety_five, high = np.quantile(cosines, [0, 0.05, 0.5, 0.95, 1])
            print(
                f"  {name:22s}n {len(cosines):4d}   least {low:5.2f}   5 % {five:5.2f}   median {middle:5.2f}"
                f"   95 % {ninety_five:5.2f}   most {high:5.2f}"
            )
    same, different = np.array([t.cosine for t in found if t.same]), np.array(groups["different"])
    rate, where = equal_error(same, different)
    print(f"  equal error rate {rate:.1%} at {where:.2f}")
    for threshold in THRESHOLDS:
        print(
            f"  at {threshold:.2f}: {np.mean(same < threshold):6.1%} of the same not recognised,"
            f" {np.mean(different >= threshold):6.2%} of the different taken for them"
        )


def equal_error(same: NDArray[np.float64], different: NDArray[np.float64]) -> tuple[float, float]:
    """The rate at which as many of the same are missed as different are taken, and its threshold."""
    steps = np.linspace(-0.2, 1.0, 1201)
    missed = np.array([np.mean(same < x) for x in steps])
    taken = np.array([np.mean(different >= x) for x in steps])
    nearest = np.flatnonzero(np.abs(missed - taken) == np.abs(missed - taken).min())
    middle = int(nearest[len(nearest) // 2])
    return float((missed[middle] + taken[middle]) / 2), float(steps[middle])


def tell_confidence(title: str, found: Sequence[Trial]) -> None:
    """The logistic regression on trials, same and different weighing alike."""
    x, y = np.array([[t.cosine] for t in found]), [t.same for t in found]
    model = LogisticRegression(C=10.0, class_weight="balanced").fit(x, y)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    print(f"\nlikelihood ratio, {title}: slope {slope:.1f}, even at {-intercept / slope:.3f}")
    for cosine in (0.4, 0.5, 0.6, 0.7, 0.8):
        mine = [t.same for t in found if abs(t.cosine - cosine) < 0.05]
        print(
            f"  cosine {cosine:.1f}: ratio {np.exp(slope * cosine + intercept):8.2f}, {sum(mine)} of {len(mine)} same"
        )


def tell_checks(pieces: Sequence[tuple[Track, tuple[Span, ...], NDArray[np.float64]]]) -> None:
    """What the check of an enrolment finds in pieces of one voice, and of one with some of another."""
    print("\nchecking an enrolment, pieces of 3 s")
    alone = [(two_halves(v, cut), cut) for _, cut, v in pieces]
    lowest = sorted((alike, smaller(larger, cut)) for (larger, alike), cut in alone)[:4]
    kept = sum(main_voice(v, cut, Settings().roles.voice_threshold)[2] >= 0.92 for _, cut, v in pieces)
    said = ", ".join(f"{alike:.2f} ({share:.0%})" for alike, share in lowest)
    print(f"  one voice: {kept} of {len(pieces)} accepted; least alike halves (share of the smaller): {said}")
    for share in SHARES:
        refused = []
        for mine, cut, vectors in pieces:
            for theirs, other, more in pieces:
                if mine.person != theirs.person:
                    few = max(1, round(share / (1 - share) * len(cut)))
                    both = (*cut, *(Span(1e4 + s.start, 1e4 + s.end) for s in other[:few]))
                    rows = np.concatenate([vectors, more[:few]])
                    refused.append(main_voice(rows, both, Settings().roles.voice_threshold)[2] < 0.92)
        print(f"  {share:.0%} of another voice: {np.mean(refused):.1%} of {len(refused)} refused")


def smaller(larger: NDArray[np.bool_], cut: Sequence[Span]) -> float:
    """Share of the smaller half."""
    return 1 - sum(s.duration for s, mine in zip(cut, larger, strict=True) if mine) / total(cut)


def tell_recordings(found: Sequence[Track], data: Path, sample: Path) -> None:
    """What `toolkit enroll` would say of whole recordings: of conversations, and of one channel of them."""
    print("\nwhole recordings through the steps of toolkit enroll")
    once = {t.recording: t.sound for t in found if total(t.alone) >= 30}
    channels = {
        f"{path.stem} {number}": sound
        for path in [*sorted(data.rglob("*.stereo.flac")), *sorted((sample / "recordings").glob("*.channels.*"))]
        for number, sound in enumerate(decode(path))
    }
    settings = Settings()
    for name, sound in {**once, **channels}.items():
        cut = spread(near(sound, speech(sound, settings)), most=ENOUGH, piece=PIECE)
        share = main_voice(embeddings(sound, cut, device="cpu"), cut, settings.roles.voice_threshold)[2] if cut else 0
        print(f"  {name:28s}speech {total(cut):5.0f} s   share of the main voice {share:.2f}", flush=True)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of recordings with .rttm beside them")
    parser.add_argument("--sample", type=Path, required=True, help="the sample data")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    generator = np.random.default_rng(chosen.seed)
    found = tracks(chosen.data, chosen.sample)
    enrolled = [
        (t, described(t.sound, t.first, MOST)) for t in found if total(longest(t.first, most=MOST)) >= ENROLL_LEAST
    ]
    heard = [t for t in found if total(longest(t.second, most=MOST)) >= LEAST]
    print(
        f"{len(enrolled)} voices enrolled of {len({t.person for t, _ in enrolled})} people; {len(heard)} heard of "
        f"{len({t.person for t in heard})} people, in {len({t.recording for t in heard})} recordings"
    )
    everything: dict[str, list[Trial]] = {}
    for condition in CONDITIONS:
        voices = [(t, described(changed(condition, t, generator), t.second, MOST)) for t in heard]
        made = list(trials(enrolled, voices))
        tell_trials(condition, made)
        everything[condition] = made
    short = [(t, described(t.sound, t.second, LEAST)) for t in heard]
    tell_trials(f"as it is, {LEAST:.0f} s heard", list(trials(enrolled, short)))
    tell_confidence("all conditions", [t for made in everything.values() for t in made])
    tell_confidence("without telephone", [t for c, made in everything.items() if c != CONDITIONS[1] for t in made])
    cuts = [(t, spread(t.alone, most=MOST, piece=PIECE)) for t, _ in enrolled]
    tell_checks([(t, cut, embeddings(t.sound, cut, device="cpu")) for t, cut in cuts])
    tell_recordings(found, chosen.data, chosen.sample)


if __name__ == "__main__":
    main()
