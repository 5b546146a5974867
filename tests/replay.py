"""A study whose words and speakers are replayed from files, driven through the command line's own entry point."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from audio_files import voice, write

RATE = 16000
SAID = [  # start, speaker, words half a second each
    (0.5, "SPEAKER_00", "Thanks for coming in today. What brings you here?"),
    (6.5, "SPEAKER_01", "I have been so tired of the drinking, and I want to stop."),
    (13.5, "SPEAKER_00", "It sounds like you are worn out by it."),
]


@dataclass(frozen=True)
class End:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Study:
    """A study in a folder of the test."""

    root: Path

    def recording(self, name: str) -> Path:
        return self.root / "recordings" / name

    def toolkit(self, *arguments: object) -> End:
        """Run one command in this process, through `main`, as the console script does."""
        from toolkit.cli import main

        out, err, code = io.StringIO(), io.StringIO(), 0
        argv = ["toolkit", *map(str, arguments)]
        with mock.patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return End(code, out.getvalue(), err.getvalue())

    def in_child(self, *arguments: object, prefix: Sequence[str] = ()) -> End:
        """Run one command in a process of its own, behind `prefix`."""
        command = [*prefix, sys.executable, "-m", "toolkit", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"}
        )
        return End(done.returncode, done.stdout, done.stderr)

    def add_arguments(self, session: str, path: Path) -> list[object]:
        people = ["--therapist", "T01", "--client", f"C-{session}", "--language", "en"]
        return ["add", self.root, path, "--session", session, *people]

    def add_and_consent(self, session: str, path: Path) -> None:
        for arguments in (
            self.add_arguments(session, path),
            ["consent", "grant", self.root, "--session", session, "--purpose", "measure"],
        ):
            end = self.toolkit(*arguments)
            assert end.code == 0, end.err

    def results(self) -> list[str]:
        """Sessions that have results; fails on any leftover."""
        folder = self.root / "results"
        names = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
        assert not [n for n in names if n.startswith(".") and "lock" not in n], names
        return [n for n in names if not n.startswith(".")]

    def snapshot(self) -> dict[str, bytes]:
        """Every file but locks and the audit log."""
        files = (p for p in sorted(self.root.rglob("*")) if p.is_file() and "lock" not in p.name)
        return {str(p.relative_to(self.root)): p.read_bytes() for p in files if not p.name.startswith("audit.")}

    def assert_one_line(self, end: End, session: str, words: str) -> None:
        """One line on standard error that names the session and what is wrong, and no path."""
        lines = [line for line in end.err.splitlines() if line.strip()]
        assert len(lines) == 1, end.err
        assert lines[0].startswith("error: ")
        assert session in lines[0]
        assert words.lower() in lines[0].lower()
        assert str(self.root.parent) not in end.err + end.out
        assert "Traceback" not in end.err + end.out


def make_study(folder: Path, *, sessions: Sequence[str]) -> Study:
    """A study with good recordings of 20 s, consented, whose words and speakers are replayed."""
    folder.mkdir(parents=True, exist_ok=True)
    study = Study(folder / "study")
    assert study.toolkit("init", study.root).code == 0
    replay_in(study.root)
    for session in sessions:
        sound = voice(20, RATE, seed=sum(session.encode()))
        path = write(study.recording(f"{session}.wav"), sound, rate=RATE, muxer="wav", codec="pcm_s16le")
        study.add_and_consent(session, path)
    return study


def replay_in(root: Path) -> None:
    """Let a new study replay words, speakers and codes instead of hearing anything."""
    replayed = root.parent / "replayed"
    write_replayed(replayed)
    settings = root / "toolkit.toml"
    text = settings.read_text()
    for old, new in (
        ('backend = "faster-whisper"', 'backend = "files"'),
        ('model = "whisper-base"', f"model = {json.dumps(str(replayed))}"),
        ('backend = "pyannote"', 'backend = "files"'),
        ('pipeline = "segmentation-3.0+campplus"', f"pipeline = {json.dumps(str(replayed))}"),
        ('coder = "trained"', 'coder = "files"'),
        ('model = "en_core_web_sm"', f"model = {json.dumps(str(replayed))}"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    settings.write_text(text)


def write_replayed(folder: Path) -> None:
    """Words, speakers and codes of the little dialogue."""
    folder.mkdir()
    words, intervals = [], []
    for start, speaker, text in SAID:
        said = text.split()
        words += [
            {"start": start + 0.5 * i, "end": start + 0.5 * i + 0.4, "text": w, "probability": 0.9}
            for i, w in enumerate(said)
        ]
        intervals.append(f"SPEAKER x 1 {start:.3f} {0.5 * len(said):.3f} <NA> <NA> {speaker} <NA> <NA>\n")
    (folder / "x.words.json").write_text(json.dumps({"language": "en", "words": words}))
    (folder / "x.rttm").write_text("".join(intervals))
    (folder / "x.codes.json").write_text(json.dumps({"codes": [{"utterance": 1, "code": "open_question"}]}))
