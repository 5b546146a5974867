"""The table of figures and the model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coder_training.annomi import Transcript
from coder_training.judging import HUMANS

VERSION = "2"  # of the coder
HEARD = ("four-way macro-F1", "reflection exists F1", "question exists F1", "input exists F1", "client talk macro-F1")
Figures = Mapping[str, Sequence[Mapping[str, float]]]

CARD = """# Model card: the trained coder, English, version {version}

*Written by `pipelines/train_coder.py`.*

**What it is for.** Estimates of how trained human coders of motivational interviewing would code each utterance of a
session: reflections, questions, therapist input, change and sustain talk. It describes a session to a supervisor, a
therapist or a researcher. It is not for scoring, ranking or hiring anybody, and its counts are estimates that come with
intervals.

**What it is.** all-MiniLM-L6-v2 (Apache-2.0, six layers, 22 million parameters) fine-tuned for all heads at once, int8
ONNX; a linear model on word n-grams and the cues of the hand-written rules; and a regression over both, fitted on
held-out scores, which calibrates the probabilities. Input: an utterance and the three before it.

**Data.** AnnoMI (Wu et al. 2022): {dialogues} of its 133 demonstrations of counselling, {utterances} utterances, from
{videos} videos. No licence file is published with it today; a commit of March 2023 said "Public Domain", the paper says
publicly and freely available. Nothing of its text is in this repository but words and short runs of words that occur in
three or more dialogues. Demonstrations are acted or staged: real sessions are messier.

**Judged** by five folds in which no video is in two, seeds {seeds}; mean and, for several seeds, the span over them.
"clean" is the transcribers' text, "asr" the same in lower case without marks. The rules' cues were written with six
tenths of the videos in view, so the last column has the others only.

{table}

{heard}

**Limits.** English only. Simple against complex is hard for humans too (kappa 0.17 to 0.20); so is client talk (0.47).
Most of the material is of good practice: where a therapist reflects little, a larger share of what is found is wrong.
Sarcasm, metaphors of a culture, interpreters and several clients were not looked at. Another corpus codes otherwise.
"""


def table(found: Figures) -> str:
    """All figures as a Markdown table."""
    views = list(found)
    names = list(found[views[0]][0])
    rows = [
        f"| {name} | {' | '.join(written([f[name] for f in found[v]]) for v in views)} | {HUMANS.get(name, '')} |"
        for name in names
    ]
    head = f"| held out | {' | '.join(views)} | humans |"
    return "\n".join([head, f"|---|{'---|' * (len(views) + 1)}", *rows])


def written(values: Sequence[float]) -> str:
    """The mean, and from where to where."""
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.3f} to {max(values):.3f})"


def heard_table(found: Mapping[str, Any]) -> str:
    """Figures of dialogues that were read out, from their true and from their recognised text."""
    if not found:
        return ""
    views = [view for view, figures in found.items() if isinstance(figures, Mapping)]
    rows = [f"| {name} | {' | '.join(f'{found[v][name]:.3f}' for v in views)} |" for name in HEARD]
    said = (
        f"{found['utterances']:,} held-out utterances of {found['dialogues']} dialogues, read out by a synthetic voice "
        f"and recognised with a word error rate of {100 * found['word error rate']:.1f} % (first seed):"
    )
    return "\n".join([said, "", f"| held out | {' | '.join(views)} |", f"|---|{'---|' * len(views)}", *rows])


def card(found: Figures, transcripts: Sequence[Transcript], seeds: Sequence[int], heard: Mapping[str, Any]) -> str:
    """The model card."""
    return CARD.format(
        version=VERSION,
        dialogues=len(transcripts),
        utterances=f"{sum(len(one.said) for one in transcripts):,}",
        videos=len({one.video for one in transcripts}),
        seeds=", ".join(map(str, seeds)),
        table=table(found),
        heard=heard_table(heard),
    )
