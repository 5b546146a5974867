"""``docs/accuracy.md``: the whole chain on recordings with known truth, beside what it is built on."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from toolkit import batch, store
from toolkit.atomic import write_text
from toolkit.backends import create
from toolkit.coding.trained import weights
from toolkit.consent.admit import admit
from toolkit.evaluate.compare import METRICS, Score, compare, summed
from toolkit.evaluate.hard import degradation, table
from toolkit.evaluate.metrics import Deviation, diarization_errors, scored_time
from toolkit.evaluate.recordings import Case, gather, study_of
from toolkit.evaluate.study import total, written
from toolkit.evaluate.true_text import LOSS_HEADS, from_true_text, loss_rows
from toolkit.manifest import Manifest
from toolkit.study import Study
from toolkit.types import Missing, Purpose

__all__ = ["Findings", "page", "write"]

Tell = Callable[[str], None]

SHOWN = {  # columns of the tables, and their short heads
    "WER": "wer",
    "without fillers": "wer_without_fillers",
    "cpWER": "cpwer",
    "wrong speaker": "word_speaker_error",
    "DER": "der",
    "DER ±0.25 s": "der_collar",
    "talk share (points)": "talk_share_error",
    "therapist share (points)": "therapist_share_error",
    "silences ±0.5 s": "silence_f1_half",
    "silences ±0.25 s": "silence_f1_quarter",
    "turns": "turn_f1",
    "reflections": "reflection_f1",
    "questions": "question_f1",
    "wrong role": "role_error",
}

COMMAND = "toolkit evaluate report --data ../shared/data --sample sample_data --output docs/accuracy.md"
HARD_COMMANDS = (
    "python pipelines/hard_audio.py --data ../shared/data --sample sample_data --output build/hard",
    COMMAND.replace(" --sample", " --data build/hard --sample"),
)


@dataclass(slots=True)
class Findings:
    """What a run found: scores by session, the peers' by session, what failed, and what it was made with."""

    scores: dict[str, dict[str, Score | Missing]] = field(default_factory=dict)
    words_alone: dict[str, Score | Missing] = field(default_factory=dict)
    stock: dict[str, Score | Missing] = field(default_factory=dict)
    stock_collar: dict[str, Score | Missing] = field(default_factory=dict)
    true_text: dict[str, dict[str, Score | Missing]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None


def write(
    sample: Path, data: Path | Sequence[Path] | None, output: Path, *, work: Path | None, peers: bool, tell: Tell
) -> None:
    """Run the chain on every recording with a reference and write the page.

    Parameters
    ----------
    sample, data
        See `recordings.gather`.
    output
        The Markdown page, written whole or not at all.
    work
        Where to keep the study, so that an interrupted run goes on where it was; None for a temporary one.
    peers
        Whether to run faster-whisper alone and pyannote's stock pipeline too, on the mixed recordings.
    tell
        Told one line a step.

    Raises
    ------
    ToolkitError
        When there is nothing to run on, or the models are not there.
    """
    cases = gather(sample, data)
    if work is not None:
        write_text(output, page(cases, found_in(study_of(cases, work), cases, peers=peers, tell=tell)))
        return
    with tempfile.TemporaryDirectory(prefix="toolkit-evaluate-") as folder:
        study = study_of(cases, Path(folder) / "study")
        write_text(output, page(cases, found_in(study, cases, peers=peers, tell=tell)))


def found_in(study: Study, cases: Sequence[Case], *, peers: bool, tell: Tell) -> Findings:
    """Run the chain, and the peers if asked, and compare everything with its reference."""
    findings = Findings()
    for outcome in batch.run(study, [case.session_id for case in cases], Telling(tell)):
        if outcome.state not in {batch.State.DONE, batch.State.CURRENT}:
            findings.failed[outcome.session_id] = outcome.message
    for case in cases:
        if case.session_id not in findings.failed:
            findings.scores[case.session_id] = compare(store.load(study, case.session_id), case.truth)
            findings.manifest = findings.manifest or store.manifest(study, case.session_id)
    code_true_text(study, [c for c in cases if c.session_id in findings.scores and c.variant is None], findings)
    if peers:
        plain = [c for c in cases if c.session_id in findings.scores and not c.channels and c.variant is None]
        run_peers(study, plain, findings, tell)
    return findings


def code_true_text(study: Study, cases: Sequence[Case], findings: Findings) -> None:
    """Code the references' own text, once for each text that has codes."""
    settings = study.settings()
    if settings.coding.coder == "none":
        return
    coder = create("coder", settings.coding.coder, settings)
    for case in cases:
        if case.truth.coded and not case.channels:
            findings.true_text[case.session_id] = from_true_text(case.truth, coder, language="en")


def run_peers(study: Study, cases: Sequence[Case], findings: Findings, tell: Tell) -> None:
    """Score the peers on the same sound."""
    from toolkit import audio
    from toolkit.evaluate.peers import StockSpeakers, StockWords

    settings = study.settings()
    words, speakers = StockWords(settings), StockSpeakers(settings)
    for case in cases:
        tell(f"{case.session_id}: peers")
        recording = study.recording(case.session_id)
        consented = admit(recording, study.ledger(), purposes=[Purpose.TRANSCRIPT], today=date.today())  # noqa: DTZ011 - consent is of the place's day
        mix = audio.load(consented, settings.audio).mix
        findings.words_alone[case.session_id] = words.errors(mix, case.truth)
        found = speakers.diarize(mix, case.speakers)
        scored = scored_time(mix.duration, ())
        for collar, kept in ((0.0, findings.stock), (0.25, findings.stock_collar)):
            kept[case.session_id] = diarization_errors(case.truth.speech, found, scored=scored, collar=collar)


class Telling:
    """A batch's watcher that tells one line a stage."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.session = ""
        self.last = ""

    def start(self, session_id: str) -> None:
        """A session begins."""
        self.session = session_id
        self.last = ""

    def stage(self, name: str, done: float, total: float) -> None:  # noqa: ARG002 - the watcher's form
        """A stage goes on."""
        if name != self.last:
            self.last = name
            self.tell(f"{self.session}: {name}")

    def end(self, outcome: batch.Outcome) -> None:
        """A session has ended."""
        self.tell(f"{self.session}: {outcome.state}")


def page(cases: Sequence[Case], findings: Findings) -> str:
    """The Markdown page; the same findings give the same bytes."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        if case.session_id in findings.scores and case.variant is None:
            groups.setdefault(case.group, []).append(case)
    hard = degradation(cases, findings.scores)
    parts = [
        "# Accuracy",
        "",
        "Made by these commands, not edited by hand:" if hard else "Made by this command, not edited by hand:",
        "",
        *(f"    {command}" for command in (HARD_COMMANDS if hard else (COMMAND,))),
        "",
        "Settings are the defaults; the language and the number of speakers are given. A dash: the reference does not",
        "hold it. All recordings were at hand while the toolkit was written: this is no held-out test.",
        "",
    ]
    if findings.stock:
        parts += goals(groups, findings)
    for group, members in groups.items():
        parts += [f"## {group[0].upper()}{group[1:]}", "", *scores_table(members, findings), ""]
    if hard:
        parts += ["## Hard audio: how each kind degrades", "", *hard, ""]
    parts += codes_section(cases, findings)
    if findings.stock:
        parts += ["## Beside what it is built on", "", *peers_table(groups, findings), ""]
    if findings.failed:
        parts += ["## Failed", "", *(f"- {session}: {why}" for session, why in sorted(findings.failed.items())), ""]
    parts += definitions()
    parts += made_with(findings.manifest)
    return "\n".join(parts) + "\n"


def scores_table(members: Sequence[Case], findings: Findings) -> list[str]:
    """One row a recording, and their sum."""
    rows = [(case.session_id, findings.scores[case.session_id]) for case in members]
    if len(rows) > 1:
        rows.append(("**all**", total([scores for _, scores in rows])))
    shown = {
        head: name for head, name in SHOWN.items() if any(not isinstance(scores[name], Missing) for _, scores in rows)
    }
    return table(
        ["recording", *shown],
        [[label, *(written(scores[name], METRICS[name].unit) for name in shown.values())] for label, scores in rows],
    )


def codes_section(cases: Sequence[Case], findings: Findings) -> list[str]:
    """What recognition costs the codes, and the coder's cross-validation as its model card has it."""
    names = [case.session_id for case in cases if case.session_id in findings.true_text]
    if not names:
        return []
    true, found = findings.true_text, findings.scores
    return [
        *(
            "## Codes",
            "",
            "F1 of the therapist's utterances, coded from the true text and from what was recognised.",
            "The role-plays are dialogues of AnnoMI, which the trained coder has seen: there only the loss counts.",
            "",
        ),
        *(*table(LOSS_HEADS, loss_rows({n: (true[n], found[n]) for n in names})), ""),
        *("The trained coder on AnnoMI, as its [model card](../toolkit/coding/trained/model/MODEL_CARD.md) says:", ""),
        *cross_validation(),
    ]


def cross_validation() -> list[str]:
    """What the model card of the built-in coder says of how it was judged."""
    card = (weights.folder(weights.BUILT_IN) / "MODEL_CARD.md").read_text(encoding="utf-8")
    return card[card.index("**Judged**") : card.index("**Limits.**")].splitlines()


def peers_table(groups: Mapping[str, Sequence[Case]], findings: Findings) -> list[str]:
    """Word and diarization errors beside the peers', summed by group."""
    heads = [
        "recordings",
        "WER",
        "faster-whisper alone",
        "DER",
        "pyannote stock",
        "DER ±0.25 s",
        "pyannote stock ±0.25 s",
    ]
    rows = []
    for group, members in groups.items():
        ids = [case.session_id for case in members if case.session_id in findings.stock]
        if ids:
            ours = total(findings.scores[i] for i in ids)
            rates: list[Score | Missing] = [
                ours["wer"],
                summed(findings.words_alone[i] for i in ids),
                ours["der"],
                summed(findings.stock[i] for i in ids),
                ours["der_collar"],
                summed(findings.stock_collar[i] for i in ids),
            ]
            rows.append([group, *(written(rate, "%") for rate in rates)])
    return [
        "faster-whisper alone: `WhisperModel.transcribe` of the same model with its defaults. pyannote stock:",
        "`SpeakerDiarization` with the same two models, step 0.1, one embedding a chunk and speaker. Both on the same",
        "sound, in the same run.",
        "",
        *table(heads, rows),
    ]


def goals(groups: Mapping[str, Sequence[Case]], findings: Findings) -> list[str]:
    """What issue 2 asked for, and what was found on the role-plays, LibriSpeech pairs and sample data, mixed."""
    ids = [
        case.session_id
        for group in ("sample data", "role-plays", "LibriSpeech pairs")
        for case in groups.get(group, [])
        if case.session_id in findings.stock
    ]
    if not ids:
        return []
    ours = total(findings.scores[i] for i in ids)
    silence, wer, der = rate(ours["silence_f1_half"]), rate(ours["wer"]), rate(ours["der"])
    alone, stock = rate(summed(findings.words_alone[i] for i in ids)), rate(summed(findings.stock[i] for i in ids))
    rows = [
        *(share_goal(METRICS[name].title, ours[name]) for name in ("talk_share_error", "therapist_share_error")),
        ["silences of 3 s or more, F1 at ±0.5 s", "0.90", f"{silence:.2f}", met(silence >= 0.9)],
        ["diarization error", f"no more than pyannote stock, {stock:.1%}", f"{der:.1%}", met(der <= stock)],
        ["word error rate", f"faster-whisper alone, {alone:.1%}, + 1 point", f"{wer:.1%}", met(wer <= alone + 0.01)],
    ]
    heads = ["measure", "goal", "found", ""]
    return ["## Goals", "", f"On {len(ids)} mixed recordings of two people.", "", *table(heads, rows), ""]


def share_goal(title: str, score: Score | Missing) -> list[str]:
    """The row of a talk share: its largest error in any recording."""
    worst = score.largest if isinstance(score, Deviation) else float("nan")
    return [f"{title}, largest", "3 points", f"{worst:.1f} points", met(worst <= 3)]


def rate(score: Score | Missing) -> float:
    """The value of a score, not a number where it is missing (then no goal is met)."""
    value = score if isinstance(score, Missing) else score.value()
    return float("nan") if isinstance(value, Missing) else value


def met(reached: bool) -> str:  # noqa: FBT001 - one truth, one word
    """A word for the table."""
    return "met" if reached else "**not met**"


def definitions() -> list[str]:
    """What every score means."""
    return [
        "## What the scores mean",
        "",
        *(f"- **{metric.title}** ({metric.unit}): {metric.definition}" for metric in METRICS.values()),
        "",
        "Text is compared in lower case without punctuation; contractions stay as they are, numbers as they are",
        "written. The result's speakers get the reference's names by the assignment that shares most time; only the",
        "therapist's share and wrong roles use the roles that the result names. A sum over recordings is the rate of",
        "sums; points are means of absolute errors.",
        "",
    ]


def made_with(manifest: Manifest | None) -> list[str]:
    """Versions and model hashes."""
    if manifest is None:
        return []
    provenance = manifest.provenance
    return [
        "## Made with",
        "",
        f"- toolkit {provenance.toolkit_version}, Python {platform.python_version()}",
        f"- settings: defaults, digest {provenance.settings_digest[:12]}",
        *(f"- {name}: {value}" for name, value in sorted(provenance.packages.items())),
        *(f"- {name}: `{value}`" for name, value in sorted(provenance.models.items())),
    ]
