"""Results in the formats of other programs, as far as consent allows today."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from toolkit import manifest as manifests
from toolkit import store, tables
from toolkit.atomic import write_bytes
from toolkit.consent import audit
from toolkit.errors import ConsentError, InputError
from toolkit.formats import csv_out, rttm, srt, vtt
from toolkit.formats.stm import Segment
from toolkit.study import Study
from toolkit.types import Dialogue, Missing, Purpose, Role, SpeakerInterval

__all__ = ["Format", "Labels", "build", "check_output", "export"]


class Format(StrEnum):
    """What can be exported: who spoke when, captions, all tables, or the measures."""

    RTTM = "rttm"
    VTT = "vtt"
    SRT = "srt"
    JSON = "json"
    CSV = "csv"


class Labels(StrEnum):
    """What speakers are called."""

    ROLE = "role"
    SPEAKER = "speaker"


def export(
    study: Study, session_id: str, output: Path, *, form: Format, labels: Labels = Labels.ROLE, force: bool = False
) -> None:
    """Write one session's results to a file, whole or not at all, and note it in the audit log.

    Parameters
    ----------
    study, session_id
        Whose results.
    output
        The file; it must lie outside the study's own files.
    form
        Captions (vtt, srt) hold what was said and need the transcript purpose; json leaves text out without it.
    labels
        Speakers by role (where one speaker has it) or as the diarizer calls them; for rttm, vtt and srt.
    force
        Write over a file that is there.

    Raises
    ------
    ConsentError
        When consent does not cover it today.
    InputError
        When there are no results, no text was kept, or the file is there already.
    StoreError
        When the results are damaged, or the file cannot be written.
    """
    own = study.recording(session_id).path
    check_output(study, own, output, force=force)
    data = build(study, session_id, form=form, labels=labels)
    # noted first: an export without its line would be worse than a line without its export
    audit.append(
        study.audit_file, "export", session_id=session_id, format=str(form), sha256=hashlib.sha256(data).hexdigest()
    )
    write_bytes(output, data)


def build(study: Study, session_id: str, *, form: Format, labels: Labels = Labels.ROLE) -> bytes:
    """The content of an export; raises as `export`."""
    purposes = store.covered(study.ledger(), session_id)
    needed = (Purpose.MEASURE, Purpose.TRANSCRIPT) if form in {Format.VTT, Format.SRT} else (Purpose.MEASURE,)
    for purpose in needed:
        if purpose not in purposes:
            raise ConsentError(
                f"session {session_id}: consent does not cover the purpose {purpose} today.",
                hint=f"See it with: toolkit consent check {study.name}",
            )
    match form:
        case Format.CSV:
            frame = store.read(study, session_id, "measures")
            text = csv_out.dumps(frame.columns, frame.iter_rows())
        case Format.JSON:
            text = whole(study, session_id, with_text=Purpose.TRANSCRIPT in purposes)
        case Format.RTTM:
            text = activity(store.load_dialogue(study, session_id)[0], labels)
        case Format.VTT:
            text = vtt.dumps(captions(study, session_id, labels))
        case Format.SRT:
            text = srt.dumps(captions(study, session_id, labels))
    return text.encode("utf-8")


def whole(study: Study, session_id: str, *, with_text: bool) -> str:
    """The manifest and all tables as JSON, tables under ``restricted/`` only `with_text`."""
    wanted = [name for name in tables.SCHEMAS if with_text or name not in tables.RESTRICTED]
    found, frames = store.snapshot(study, session_id, wanted)
    content = {
        "manifest": json.loads(manifests.dumps(found)),
        "tables": {name: frame.to_dicts() for name, frame in frames.items()},
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def activity(dialogue: Dialogue, labels: Labels) -> str:
    """Who spoke when, as RTTM."""
    names = speaker_names(dialogue, {i.speaker for i in dialogue.activity}, labels)
    return rttm.dumps(
        dialogue.session_id, (SpeakerInterval(i.start, i.end, names[i.speaker]) for i in dialogue.activity)
    )


def captions(study: Study, session_id: str, labels: Labels) -> list[Segment]:
    """Utterances with text and the speaker's name."""
    result = store.load(study, session_id)
    if isinstance(result.utterances, Missing):
        raise InputError(
            f"session {session_id}: no text was kept ({result.utterances.reason}).",
            hint=f"If consent covers it now: toolkit run {study.name} {session_id}",
        )
    names = speaker_names(result.dialogue, {u.speaker for u in result.utterances}, labels)
    spoken = {name: name.replace("_", " ").capitalize() for name in map(str, Role)}
    return [Segment(u.start, u.end, spoken.get(names[u.speaker], names[u.speaker]), u.text) for u in result.utterances]


def speaker_names(dialogue: Dialogue, speakers: Iterable[str], labels: Labels) -> dict[str, str]:
    """Speaker to name: the role where it is known and one speaker has it, else the speaker's own label."""
    held = Counter(dialogue.role_of(s) for s in dialogue.roles)
    return {
        s: str(dialogue.role_of(s))
        if labels is Labels.ROLE and dialogue.role_of(s) is not Role.UNKNOWN and held[dialogue.role_of(s)] == 1
        else s
        for s in speakers
    }


def check_output(study: Study, recording: Path, output: Path, *, force: bool) -> None:
    """Refuse to write over the study's own files, ever, and over others unless `force`."""
    target = output.resolve()
    own = {study.settings_file, study.sessions_file, study.consent_file, study.audit_file, recording}
    folders = (study.results, study.overlay("x").parent, study.root / "voices")
    if target in {path.resolve() for path in own} or any(target.is_relative_to(f.resolve()) for f in folders):
        raise InputError(f"{output.name} belongs to the study itself.", hint="Give another file for --output.")
    if output.is_dir():
        raise InputError(f"{output.name} is a folder.", hint="Give the name of a file.")
    if output.exists() and not force:
        raise InputError(f"{output.name} is there already.", hint="Give another name, or --force to write over it.")
    if not output.parent.is_dir():
        raise InputError(f"there is no folder {output.parent.name} for {output.name}.", hint="Make it first.")
