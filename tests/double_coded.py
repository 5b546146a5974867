"""A small study of made-up sessions for double coding, and coders who fill in their packs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from made import HER, HIM, grant, session_result, spoken, word
from typer.testing import CliRunner, Result

from toolkit import store
from toolkit.cli import app
from toolkit.formats import sessions
from toolkit.study import Study
from toolkit.types import AppliedCode, Code, CodedUtterance, Purpose, SpeakerInterval, Utterance

UTTERANCES = 12
LENGTH = 130.0  # s
CODES = (  # of the machine, one utterance after the other
    *(Code.OPEN_QUESTION, Code.CHANGE_TALK, Code.COMPLEX_REFLECTION, Code.SUSTAIN_TALK, Code.SIMPLE_REFLECTION, None),
    *(Code.CLOSED_QUESTION, Code.CHANGE_TALK, Code.AFFIRM, None, Code.SIMPLE_REFLECTION, Code.NEUTRAL),
)


def run(*arguments: object) -> Result:
    """Run `toolkit agree` in this process."""
    return CliRunner().invoke(app, ["agree", *map(str, arguments)], env={"COLUMNS": "120"})


def study_of(folder: Path, *, number: int = 8) -> Study:
    """Sessions qz00 … of two therapists in two quarters; consent for qz03 covers no transcript."""
    study = Study.create(folder)
    for i in range(number):
        name = f"qz{i:02d}"
        (study.recordings_folder / f"{name}.wav").write_bytes(name.encode())
        row = {"session_id": name, "recording": f"recordings/{name}.wav", "therapist": f"TZ{i % 2}"}
        day = "2026-02-03" if i < number / 2 else "2026-05-06"
        sessions.append(study.sessions_file, {**row, "client": f"CZ{i}", "recorded_on": day})
        grant(study, name, frozenset(Purpose) if i != 3 else frozenset({Purpose.MEASURE}))
        publish(study, name, shift=i)
    return study


def publish(study: Study, name: str, *, shift: int) -> None:
    """Results of a session: therapist and client in turn, ten seconds each; `shift` leaves some codes out."""
    said = []
    for u in range(UTTERANCES):
        who = HIM if u % 2 else HER
        words = (word(10.0 * u + 1, "=canary", who), word(10.0 * u + 2, f"word{u}", who))
        said.append(spoken(u, who, words))
    codes = tuple(
        CodedUtterance(u, (AppliedCode(code, "rules", "secret-rule", 0, 1, -1),) if code and (u + shift) % 5 else ())
        for u, code in enumerate(CODES)
    )
    made = session_result(name)
    dialogue = replace(
        made.dialogue,
        duration=LENGTH,
        excluded=(),
        codes=codes,
        utterances=tuple(Utterance(u.index, u.start, u.end, u.speaker, 2, 3) for u in said),
        activity=tuple(SpeakerInterval(u.start, u.end, u.speaker) for u in said),
    )
    words = tuple(w for u in said for w in u.words)
    provenance = replace(made.provenance, purposes=tuple(Purpose))
    store.publish(study, replace(made, dialogue=dialogue, utterances=tuple(said), words=words, provenance=provenance))


def machine_codes(study: Study, session_id: str) -> dict[str, str]:
    """The machine's codes as cells of a sheet."""
    dialogue = store.load_dialogue(study, session_id)[0]
    return {str(c.utterance): "; ".join(a.code for a in c.codes) or "none" for c in dialogue.codes}


def key_of(path: Path) -> dict[str, str]:
    """Item to session."""
    return {row["item"]: row["session_id"] for row in csv.DictReader(io.StringIO(path.read_text()))}


def fill(pack: Path, cell: Callable[[str, Mapping[str, str]], str], *, delimiter: str = ",") -> None:
    """Fill every sheet of a pack: `cell` has the item and the row."""
    for path in sorted(pack.glob("*.csv")):
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows({**row, "codes": cell(path.stem, row)} for row in rows)
        path.write_text(out.getvalue(), encoding="utf-8")
