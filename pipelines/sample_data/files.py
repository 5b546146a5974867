"""The truth on disk: JSON, RTTM and STM of each session, and one CSV of all coded utterances."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

from measure import Record


def write_truth(folder: Path, truth: Record) -> None:
    """Write the three files of a session."""
    session = truth["session"]
    (folder / f"{session}.json").write_text(format_json(truth), encoding="utf-8")
    (folder / f"{session}.rttm").write_text(format_rttm(truth), encoding="utf-8")
    (folder / f"{session}.stm").write_text(format_stm(truth), encoding="utf-8")


def format_json(truth: Record) -> str:
    """JSON with one row of a list a line, so that changes are readable."""
    parts = []
    for key, value in truth.items():
        if isinstance(value, list) and value:
            rows = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f'  "{key}": [\n    {rows}\n  ]')
        else:
            parts.append(f'  "{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def format_rttm(truth: Record) -> str:
    """Speech intervals as RTTM."""
    return "".join(
        f"SPEAKER {truth['session']} 1 {row['start']:.2f} {row['end'] - row['start']:.2f}"
        f" <NA> <NA> {row['role']} <NA> <NA>\n"
        for row in truth["speech"]
    )


def format_stm(truth: Record) -> str:
    """Utterances as STM."""
    return "".join(
        f"{truth['session']} 1 {row['role']} {row['start']:.2f} {row['end']:.2f} {row['text']}\n"
        for row in truth["utterances"]
    )


LABELS = ("main", "reflection", "question", "client_talk")
CODED = {"therapist": LABELS[:3], "client": LABELS[3:]}


def format_coded(truths: Iterable[Record]) -> str:
    """All utterances with their codes, as ``toolkit evaluate codes`` reads them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("dialogue_id", "utterance_id", "role", "text", *LABELS))
    for truth in truths:
        for row in truth["utterances"]:
            codes = (row[key] if key in CODED[row["role"]] else "" for key in LABELS)
            writer.writerow((truth["session"], row["index"], row["role"], row["text"], *codes))
    return text.getvalue()
