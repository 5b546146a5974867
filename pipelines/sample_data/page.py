"""The table of numbers in the sample data's README."""

import json
from pathlib import Path

from check import summary
from script import Script

BEGIN = "<!-- numbers: written by pipelines/sample_data/make.py -->"
END = "<!-- end of numbers -->"
PERCENT = frozenset({"therapist talk share"})
SECONDS = frozenset({"duration", "longest silence"})
NAMES = {
    "therapist talk share": "therapist's share of speech time",
    "silences": "silences of 3 s or more",
    "change talk": "client utterances with change talk",
    "sustain talk": "client utterances with sustain talk",
}


def number_table(folder: Path, scripts: list[Script]) -> str:
    """Markdown table with a column for each session."""
    sessions = [script.session for script in scripts]
    columns = [
        summary(json.loads((folder / "truth" / f"{session}.json").read_text(encoding="utf-8"))) for session in sessions
    ]
    rows = [["", *(f"`{session}`" for session in sessions)], ["---", *("---:" for _ in sessions)]]
    rows += [["voices (therapist, client)", *(_voices(script) for script in scripts)]]
    rows += [[NAMES.get(name, name), *(_format(name, column[name]) for column in columns)] for name in columns[0]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _voices(script: Script) -> str:
    return ", ".join(f"`{voice.name}`" for voice in script.voices.values())


def _format(name: str, value: float) -> str:
    if name in PERCENT:
        return f"{100 * value:.1f} %"
    if name in SECONDS:
        return f"{value:.2f} s"
    return f"{value:g}"


def update_readme(folder: Path, scripts: list[Script]) -> None:
    """Write the table between the marks in the README."""
    path = folder / "README.md"
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{number_table(folder, scripts)}\n{END}{after}", encoding="utf-8")
