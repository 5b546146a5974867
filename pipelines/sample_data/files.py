"""The truth on disk: JSON, RTTM and STM."""

import json
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
