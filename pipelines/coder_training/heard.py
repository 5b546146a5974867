"""Held-out dialogues as a recogniser hears them: read out by a synthetic voice, transcribed, utterance by utterance.

espeak-ng (``apt-get install espeak-ng``) reads each utterance with a voice of its speaker, pauses of 0.7 s between
them; the toolkit's own recogniser hears the whole dialogue, and each word goes to the utterance in which its middle
lies. The voices are robotic and the words are read, so errors are of another kind than those of real talk; how many
there are is told beside the figures.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from coder_training.annomi import Transcript
from toolkit.audio import Waveform
from toolkit.backends import create
from toolkit.coding.trained.reading import spoken_text
from toolkit.settings import Settings

RATE = 16_000
PAUSE = 0.7  # s between utterances
VOICES = {"therapist": ("en-us+f3", "165"), "client": ("en-gb+m3", "175")}
SHORTEST, LONGEST = 30, 160  # utterances of a dialogue that is read out


def chosen(transcripts: Sequence[Transcript], folds: Sequence[int], per_fold: int) -> list[int]:
    """Places of dialogues, drawn by a fixed seed until each fold has `per_fold` utterances."""
    order = list(range(len(transcripts)))
    random.Random(0).shuffle(order)
    found: list[int] = []
    for fold in sorted(set(folds)):
        count = 0
        for place in order:
            size = len(transcripts[place].said)
            if folds[place] == fold and SHORTEST <= size <= LONGEST and count < per_fold:
                found.append(place)
                count += size
    return found


def heard(one: Transcript, transcriber: object) -> list[str]:
    """What the recogniser hears of each utterance."""
    sounds, starts, at = [], [], 0
    for utterance in one.said:
        sound = read_out(spoken_text(utterance.text), utterance.role)
        starts.append((at - RATE * PAUSE / 2) / RATE)
        sounds += [sound, np.zeros(int(RATE * PAUSE), dtype=np.float32)]
        at += len(sound) + int(RATE * PAUSE)
    words = transcriber.transcribe(Waveform(np.concatenate(sounds), RATE), language="en", progress=lambda _: None).words
    texts: list[list[str]] = [[] for _ in one.said]
    for word in words:
        texts[max(0, bisect_right(starts, (word.start + word.end) / 2) - 1)].append(word.text.strip())
    return [" ".join(t) for t in texts]


def read_out(text: str, role: str) -> np.ndarray:
    """An utterance as 16 kHz sound; nothing is said of a text without words."""
    if not any(c.isalnum() for c in text):
        return np.zeros(RATE // 2, dtype=np.float32)
    voice, speed = VOICES[role]
    done = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", speed, "--stdin", "--stdout"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    import av

    resampler = av.AudioResampler("flt", "mono", RATE)
    with av.open(io.BytesIO(done.stdout)) as container:
        frames = [g for f in container.decode(audio=0) for g in resampler.resample(f)]
    return np.concatenate([f.to_ndarray()[0] for f in (*frames, *resampler.resample(None))]).astype(np.float32)


def dialogues(
    transcripts: Sequence[Transcript], places: Sequence[int], kept: Path, tell: Callable[[str], None]
) -> list[Transcript]:
    """The chosen dialogues with the text that was heard; what was heard is kept, so that it is done once."""
    found: dict[str, list[str]] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    missing = [transcripts[i] for i in places if transcripts[i].name not in found]
    if missing:
        transcriber = create("transcriber", Settings().words.backend, Settings())
        for one in missing:
            found[one.name] = heard(one, transcriber)
            kept.write_text(json.dumps(found), encoding="utf-8")
            tell(f"heard {len(found)} of {len(places)} dialogues")
    return [with_text(transcripts[i], found[transcripts[i].name]) for i in places]


def with_text(one: Transcript, texts: Sequence[str]) -> Transcript:
    """A dialogue with other words."""
    return replace(one, said=tuple(replace(u, text=t) for u, t in zip(one.said, texts, strict=True)))


def word_error_rate(true: Sequence[Transcript], found: Sequence[Transcript]) -> float:
    """Word errors over words of the truth, marks and case aside."""
    import jiwer

    from coder_training.annomi import like_asr

    pairs = [
        (like_asr(a.text), like_asr(b.text))
        for x, y in zip(true, found, strict=True)
        for a, b in zip(x.said, y.said, strict=True)
    ]
    spoken = [(a, b) for a, b in pairs if a]
    return float(jiwer.wer([a for a, _ in spoken], [b for _, b in spoken]))
