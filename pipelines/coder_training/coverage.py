"""Whether the intervals of coded measures hold what humans counted, session by session, on held-out probabilities.

Both sides go the same way: codes of every utterance, volleys, measures. The human side has the annotators' majority,
the machine's what the coder gives above its thresholds, with its probabilities. Utterances get ten seconds each,
because AnnoMI has starts only; that matters for nothing here but the least length of a session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coder_training.annomi import TALK, Coded, Transcript
from coder_training.judging import Held
from toolkit import measures
from toolkit.coding.behaviours import facilitates
from toolkit.coding.trained.heads import HEADS, chances
from toolkit.settings import Settings
from toolkit.types import (
    AppliedCode,
    Code,
    CodedUtterance,
    Dialogue,
    Missing,
    Role,
    RoleAssignment,
    RoleSource,
    SpeakerInterval,
    Turn,
    Utterance,
)

MEASURED = (
    "reflection_count",
    "simple_reflection_count",
    "complex_reflection_count",
    "question_count",
    "giving_information_count",
    "complex_reflection_share",
    "open_question_share",
    "reflection_to_question_ratio",
    "misc_reflection_to_question_ratio",
    "change_talk_count",
    "sustain_talk_count",
    "change_talk_share",
)
SECONDS = 10.0
ROLES = {
    "therapist": RoleAssignment(Role.THERAPIST, 1.0, RoleSource.HUMAN),
    "client": RoleAssignment(Role.CLIENT, 1.0, RoleSource.HUMAN),
}


@dataclass(slots=True)
class Tally:
    """How a measure fared over sessions: `both` have a value, in `held` of them the interval holds the human's."""

    both: int = 0
    held: int = 0
    hidden: int = 0
    widths: list[float] | None = None


def human_codes(u: Coded) -> set[Code]:
    """What the annotators' majority gave an utterance."""
    found = set()
    if u.role == "therapist":
        if u.reflection > 0.5:
            found.add(Code.COMPLEX_REFLECTION if u.complex > 0.5 else Code.SIMPLE_REFLECTION)
        if u.question > 0.5:
            found.add(Code.OPEN_QUESTION if u.open > 0.5 else Code.CLOSED_QUESTION)
        if u.input > 0.5:
            found.add(Code.GIVING_INFORMATION)
    else:
        talk = TALK[int(np.argmax(u.talk))]
        found |= {"change": {Code.CHANGE_TALK}, "sustain": {Code.SUSTAIN_TALK}}.get(talk, set())
    return found


def machine_codes(u: Coded, margin: np.ndarray) -> set[Code]:
    """What the coder gives an utterance."""
    passes = dict(zip(HEADS, margin, strict=True))
    found = set()
    if u.role == "therapist":
        if passes["reflection"] >= 0:
            found.add(Code.COMPLEX_REFLECTION if passes["complex"] >= 0 else Code.SIMPLE_REFLECTION)
        if passes["question"] >= 0:
            found.add(Code.OPEN_QUESTION if passes["open"] >= 0 else Code.CLOSED_QUESTION)
        if passes["input"] >= 0:
            found.add(Code.GIVING_INFORMATION)
    else:
        talk = max(TALK, key=lambda name: passes[name])
        found |= {"change": {Code.CHANGE_TALK}, "sustain": {Code.SUSTAIN_TALK}}.get(talk, set())
    return found


def dialogue(name: str, said: Sequence[Coded], codes: Sequence[CodedUtterance]) -> Dialogue:
    """A dialogue with these codes."""
    spans = [(SECONDS * i, SECONDS * (i + 1) - 0.5) for i in range(len(said))]
    length = SECONDS * len(said)
    return Dialogue(
        session_id=name,
        duration=length,
        excluded=(),
        roles={r: a for r, a in ROLES.items() if any(u.role == r for u in said)},
        activity=tuple(SpeakerInterval(a, b, u.role) for (a, b), u in zip(spans, said, strict=True)),
        utterances=tuple(
            Utterance(i, a, b, u.role, len(u.text.split()), 0)
            for i, ((a, b), u) in enumerate(zip(spans, said, strict=True))
        ),
        turns=tuple(Turn(i, a, b, u.role, b - a) for i, ((a, b), u) in enumerate(zip(spans, said, strict=True))),
        backchannels=(),
        interruptions=(),
        silences=(),
        codes=tuple(codes),
        words_without_speaker=0,
        speech_without_words=0.0,
    )


def applied(index: int, u: Coded, codes: set[Code], row: np.ndarray | None) -> CodedUtterance:
    """One utterance's codes, whether it only says "I am listening", and its probabilities."""
    if facilitates(u.text.split()):
        codes = codes | {Code.FACILITATE}
    given = tuple(AppliedCode(c, "study", "study", 0, 0, -1) for c in sorted(codes))
    return CodedUtterance(index, given, Missing("a human's") if row is None else chances(row))


def study(transcripts: Sequence[Transcript], held: Held, settings: Settings) -> Mapping[str, Tally]:
    """Compare all measures of all sessions, those too uncertain to show with them.

    `held` has the utterances of `transcripts` in order.
    """
    shown = replace(settings.measures, miti_counts_only=0.0, miti_doubtful=0.0, share_width_max=1.0)
    settings = replace(settings, measures=replace(shown, ratio_factor_max=1000.0))
    found: dict[str, Tally] = defaultdict(lambda: Tally(widths=[]))
    first = 0
    for one in transcripts:
        rows = range(first, first + len(one.said))
        first += len(one.said)
        human = [applied(i, u, human_codes(u), None) for i, u in enumerate(one.said)]
        machine = [
            applied(i, u, machine_codes(u, held.margin[r]), held.likely[r])
            for i, (r, u) in enumerate(zip(rows, one.said, strict=True))
        ]
        true, given = (
            {(v.measure, v.role): v for v in measures.compute(dialogue(one.name, one.said, codes), settings)}
            for codes in (human, machine)
        )
        for key, value in true.items():
            if key[0] not in MEASURED or isinstance(value.value, Missing):
                continue
            estimate, tally = given[key], found[key[0]]
            if isinstance(estimate.value, Missing) or isinstance(estimate.interval, Missing):
                tally.hidden += 1
                continue
            tally.both += 1
            tally.held += estimate.interval.start - 1e-9 <= value.value <= estimate.interval.end + 1e-9
            assert tally.widths is not None
            tally.widths.append(estimate.interval.end - estimate.interval.start)
    return {name: found[name] for name in MEASURED}


def table(found: Mapping[str, Tally]) -> str:
    """Coverage as a Markdown table."""
    rows = [
        f"| `{name}` | {t.both} | {t.held / t.both:.0%} | {np.median(t.widths or [0.0]):.2f} | {t.hidden} |"
        for name, t in found.items()
        if t.both
    ]
    head = "| measure | sessions | 90 % interval holds the human value | median width | too uncertain or none |"
    return "\n".join([head, "|---|---:|---:|---:|---:|", *rows])
