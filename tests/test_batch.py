"""The loop over sessions and the spine, on replayed words and speakers: no model is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from replay import SAID, Study, make_study

from toolkit import batch, session
from toolkit.batch import standing
from toolkit.consent import audit
from toolkit.errors import ConsentError
from toolkit.study import Study as Opened
from toolkit.types import Word


class Quiet:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def start(self, session_id: str) -> None:
        self.told.append(session_id)

    def stage(self, name: str, done: float, total: float) -> None:
        assert 0 <= done <= total + 0.1 or total == 0
        if self.told[-1] != name:
            self.told.append(name)

    def end(self, outcome: batch.Outcome) -> None:
        self.told.append(outcome.state)


def measures(study: Study, name: str) -> dict[tuple[str, str], float | None]:
    table = pl.read_parquet(study.root / "results" / name / "measures.parquet")
    return {(r, m): v for r, m, v in table.select("role", "measure", "value").iter_rows()}


def test_a_session_passes_every_stage_once_and_is_then_current(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("s01",))
    watcher = Quiet()
    (done,) = batch.run(Opened.open(study.root), [], watcher)
    assert done.state is batch.State.DONE
    stages = ["consent", "audio", "words", "speakers", "dialogue", "codes", "measures", "results"]
    assert watcher.told == ["s01", *stages, "done"]
    before = study.snapshot()
    (again,) = batch.run(Opened.open(study.root), [], Quiet())
    assert again.state is batch.State.CURRENT
    assert study.snapshot() == before
    (forced,) = batch.run(Opened.open(study.root), [], Quiet(), force=True)
    assert forced.state is batch.State.DONE
    assert study.snapshot() == before  # the same inputs give the same bytes


def test_a_changed_setting_makes_results_stale(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("s01",))
    batch.run(Opened.open(study.root), [], Quiet())
    settings = study.root / "toolkit.toml"
    settings.write_text(settings.read_text().replace("silence_min = 3.0", "silence_min = 4.0"))
    (state,) = standing.status(Opened.open(study.root))
    assert (state.consent, state.results) == ("measure", "stale")
    (done,) = batch.run(Opened.open(study.root), [], Quiet())
    assert done.state is batch.State.DONE


def test_another_coder_for_one_run_is_told_and_leaves_the_results_stale(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("s01",))
    end = study.toolkit("run", study.root, "--coder", "none")
    assert end.code == 0, end.err
    assert 'write coder = "none"' in end.out + end.err
    manifest = json.loads((study.root / "results" / "s01" / "manifest.json").read_text())
    assert "turned off" in json.dumps(manifest["absent"])
    (state,) = standing.status(Opened.open(study.root))
    assert state.results == "stale"
    unknown = study.toolkit("run", study.root, "--coder", "rulez")
    assert unknown.code == 4
    assert "rulez" in unknown.err


def test_the_measures_of_the_replayed_dialogue(tmp_path: Path) -> None:
    # therapist 9 + 9 words of 0.5 s in 4.5 s each, client 13 words in 6.5 s; see replay.SAID
    study = make_study(tmp_path, sessions=("s01",))
    settings = study.root / "toolkit.toml"
    settings.write_text(settings.read_text().replace("min_confidence = 0.8", "min_confidence = 0.5"))
    batch.run(Opened.open(study.root), [], Quiet())
    said = {s: sum(len(t.split()) for _, x, t in SAID if x == s) for s in ("SPEAKER_00", "SPEAKER_01")}
    assert study.toolkit("roles", "set", study.root, "s01", "SPEAKER_00=therapist", "SPEAKER_01=client").code == 0
    found = measures(study, "s01")
    share = said["SPEAKER_00"] / sum(said.values())
    assert found["therapist", "talk_share_speech"] == pytest.approx(share)
    assert found["therapist", "talk_share_words"] == pytest.approx(share)
    assert found["client", "turn_count"] == 1
    assert found["therapist", "turn_count"] == 2


def test_a_defect_in_one_session_is_recorded_without_its_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(tmp_path, sessions=("s01", "s02"))
    whole = session.process

    def broken(consented, *arguments, **options):  # type: ignore[no-untyped-def]
        if consented.recording.session_id == "s01":
            options["report"]("codes", 0.0, 0.0)
            raise ZeroDivisionError("secret speech")
        return whole(consented, *arguments, **options)

    monkeypatch.setattr(session, "process", broken)
    first, second = batch.run(Opened.open(study.root), [], Quiet())
    assert (first.state, first.stage, first.error) == (batch.State.FAILED, "codes", "ZeroDivisionError")
    assert "secret" not in first.message
    assert second.state is batch.State.DONE
    assert batch.worst_exit_code((first, second)) == 1
    assert study.results() == ["s02"]
    assert "secret" not in (study.root / "audit.jsonl").read_text()
    assert audit.verify(study.root / "audit.jsonl").ok


def test_consent_withdrawn_while_the_models_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(tmp_path, sessions=("s01",))
    whole = session.process

    def withdrawn_meanwhile(*arguments, **options):  # type: ignore[no-untyped-def]
        result = whole(*arguments, **options)
        ledger = study.root / "consent.toml"
        ledger.write_text(ledger.read_text().replace("[sessions.s01]\n", "[sessions.s01]\nwithdrawn_on = 2026-01-01\n"))
        return result

    monkeypatch.setattr(session, "process", withdrawn_meanwhile)
    (end,) = batch.run(Opened.open(study.root), [], Quiet())
    assert (end.state, end.exit_code) == (batch.State.REFUSED, ConsentError.exit_code)
    assert study.results() == []


def test_an_excluded_portion_is_neither_speech_nor_silence_and_its_words_are_nowhere(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("s01",))
    grant = ["consent", "grant", study.root, "--session", "s01", "--purpose", "measure", "--purpose", "transcript"]
    assert study.toolkit(*grant, "--exclude", "6-13.2").code == 0  # all that SPEAKER_01 says
    assert study.toolkit("run", study.root).code == 0
    folder = study.root / "results" / "s01"
    activity = pl.read_parquet(folder / "activity.parquet")
    assert set(activity["speaker"]) == {"SPEAKER_00"}
    words = pl.read_parquet(folder / "restricted" / "words.parquet")
    assert "drinking," not in set(words["text"])
    assert len(words) == sum(len(t.split()) for _, s, t in SAID if s == "SPEAKER_00")
    silences = pl.read_parquet(folder / "silences.parquet").filter(pl.col("duration") >= 3)
    assert "silent" not in set(silences["evidence"])
    assert json.loads((folder / "manifest.json").read_text())["excluded"] == [[6.0, 13.2]]
    assert measures(study, "s01")["session", "silence_count"] == 0


def test_words_that_touch_an_excluded_portion_are_left_out() -> None:
    from toolkit.intervals import Span
    from toolkit.listening import outside

    words = [Word(0.0, 1.0, "a", 1.0), Word(1.0, 2.1, "b", 1.0), Word(3.0, 4.0, "c", 1.0)]
    assert [w.text for w in outside(words, [Span(2.0, 3.0)])] == ["a", "c"]
    assert [w.text for w in outside(words, [])] == ["a", "b", "c"]


def test_a_channel_alone_is_silent_where_its_speaker_is_not_active() -> None:
    import numpy as np

    from toolkit.audio import Waveform
    from toolkit.intervals import Span
    from toolkit.listening import EDGE, alone

    heard = alone(Waveform(np.ones(100, np.float32), 10), [Span(0.0, 1.0), Span(5.0, 6.0)])
    # ten samples a second: 0 to 1.3 s and 4.7 to 6.3 s are kept
    assert EDGE == 0.3
    assert np.flatnonzero(heard.samples).tolist() == [*range(13), *range(47, 63)]
