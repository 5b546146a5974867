"""An independent reading: a phrase, names and a path are planted, everything is run, and every byte is searched.

What may hold them: the recording, ``sessions.csv``, ``results/*/restricted`` and the overlay. Everything else, and all
that is printed by commands that are not asked to show words, must not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from audio_files import voice, wav
from conftest import ROOT
from replay import Study, make_study

PHRASE = ("zanzibar", "marmalade", "rutabaga")
FILE, FOLDER = "annabel-lee-tuesday", "Mister Oxenfree"
PLANTED = (*PHRASE, "annabel", "oxenfree")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Sessions whose words are the phrase, from files with a name, in such a folder.

    One is good, one fails, and of one only the numbers may be kept.
    """
    made = make_study(tmp_path / FOLDER, sessions=())
    replayed = tmp_path / FOLDER / "replayed" / "x.words.json"
    told = json.loads(replayed.read_text())
    for number, word in enumerate(told["words"]):
        word["text"] = PHRASE[number % 3]
    replayed.write_text(json.dumps(told))
    good = wav(made.recording(f"{FILE}.wav"), voice(20, 16000), 16000)
    bad = wav(made.recording(f"{FILE}-cut.wav"), voice(20, 16000, seed=1), 16000)
    os.truncate(bad, 200_000)
    numbers = wav(made.recording(f"{FILE}-numbers.wav"), voice(20, 16000, seed=2), 16000)
    made.add_and_consent("numbers", numbers)
    for session, path in (("good", good), ("bad", bad)):
        made.add_and_consent(session, path)
        purposes = ["--purpose", "transcript", "--purpose", "research"]
        assert made.toolkit("consent", "grant", made.root, "--session", session, *purposes).code == 0
    return made


def allowed(path: Path, study: Study) -> bool:
    """Whether a file may hold what was planted."""
    parts = path.relative_to(study.root).parts
    return parts[0] in {"recordings", "overlay", "sessions.csv", "toolkit.toml"} or "restricted" in parts


def leaks(data: bytes) -> list[str]:
    low = data.lower()
    return [word for word in PLANTED if word.encode() in low or word.encode("utf-16-le") in low]


def test_nothing_planted_is_found_where_it_must_not_be(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    printed = ""
    told = tmp_path / "told"  # what was asked for, without what was said
    told.mkdir()
    for arguments in (
        ["run", study.root, "--log-json", told / "run.json"],
        ["run", study.root, "--force", "--workers", "2"],
        ["status", study.root],
        ["doctor", study.root],
        ["consent", "list", study.root],
        ["consent", "check", study.root],
        ["audit", "verify", study.root],
        ["retention", study.root],
        ["export", study.root, "good", "--format", "csv", "--output", told / "out.csv"],
        ["export", study.root, "good", "--format", "csv", "--table", "codes", "--output", told / "codes.csv"],
        ["export", study.root, "good", "--format", "rttm", "--output", told / "out.rttm"],
        ["show", study.root, "good", "--no-text"],
        ["show", study.root, "numbers"],
        ["export", study.root, "numbers", "--format", "json", "--output", told / "numbers.json"],
        ["export", study.root, "numbers", "--format", "vtt", "--output", told / "numbers.vtt"],
        ["report", study.root, "numbers", "--html", told / "numbers.html"],
        ["report", study.root, "good", "--html", tmp_path / "good.html"],
        ["collect", study.root, "--output", told / "all.csv", "--purpose", "measure"],
        ["show", study.root, "nobody"],
        ["--debug", "status", study.root],
    ):
        end = study.in_child(*arguments)
        # the one line about a bad recording names its file, as it must, but no folder and no word
        printed += (end.out + end.err).replace(f"{FILE}-cut.wav", "")
    assert {"good", "numbers"} <= {p.name for p in (study.root / "results").iterdir()}
    assert not (study.root / "results" / "bad").exists()
    assert any(leaks(p.read_bytes()) for p in study.root.rglob("*") if p.is_file())  # it is there to be found
    assert leaks(printed.encode()) == []
    for path in sorted(study.root.rglob("*")):
        if not path.is_file() or allowed(path, study):
            continue
        assert leaks(path.read_bytes()) == [], path.name
        assert leaks(str(path.relative_to(study.root)).encode()) == []
        if path.suffix == ".parquet":
            assert leaks(pl.read_parquet(path).write_json().encode()) == [], path.name
    names = {path.name for path in told.iterdir()}
    assert {"run.json", "out.csv", "codes.csv", "out.rttm", "numbers.json", "numbers.html", "all.csv"} <= names
    assert "numbers.vtt" not in names  # nobody agreed to words
    for path in told.iterdir():
        assert leaks(path.read_bytes()) == [], path.name
    assert set(leaks((tmp_path / "good.html").read_bytes())) <= set(PHRASE)  # words may be there; no name, no path
    assert [p for p in temporary.rglob("*") if p.is_file()] == []


def test_a_notebook_of_numbers_holds_no_word_no_name_and_no_path(study: Study, tmp_path: Path) -> None:
    assert study.toolkit("run", study.root, "numbers").code == 0
    home, pages = tmp_path / "home", tmp_path / "pages"
    home.mkdir()
    files = [str(ROOT / "notebooks" / f"{name}.ipynb") for name in ("01_session_review", "05_data_quality")]
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "--output-dir", str(pages), *files]
    given = {"TOOLKIT_STUDY": str(study.root), "TOOLKIT_SESSION": "numbers", "HOME": str(home), "TMPDIR": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **given})
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list(pages.iterdir())) == len(files)
    assert "talk" in (pages / "01_session_review.html").read_text(encoding="utf-8").lower()
    for path in (*pages.iterdir(), *(p for p in home.rglob("*") if p.is_file())):
        assert leaks(path.read_bytes()) == [], path.name
    assert leaks((done.stdout + done.stderr).replace(str(pages), "").encode()) == []


@pytest.mark.models
def test_the_notebook_that_is_saved_holds_no_word(study: Study, tmp_path: Path) -> None:
    assert study.toolkit("run", study.root, "good").code == 0
    code = (
        "import sys; from toolkit.display.player import player\n"
        "widget = player(sys.argv[1], 'good')\n"
        "print(repr(widget), widget.get_state())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(study.root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert leaks((done.stdout + done.stderr).encode()) == []
