"""The accuracy page: which recordings are gathered, and what is written about them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from made import session_result

from toolkit.consent.admit import admit
from toolkit.errors import InputError
from toolkit.evaluate.compare import METRICS, Score
from toolkit.evaluate.metrics import Deviation, ErrorRate, Matches
from toolkit.evaluate.recordings import gather, study_of
from toolkit.evaluate.report import Findings, page
from toolkit.manifest import of
from toolkit.types import Missing, Purpose


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Sample data of one recording, mixed and with a channel a speaker."""
    folder = tmp_path / "sample"
    (folder / "truth").mkdir(parents=True)
    (folder / "recordings").mkdir()
    speech = [{"role": "client", "start": 3.0, "end": 4.0}, {"role": "therapist", "start": 1.0, "end": 2.0}]
    content = {"session": "good", "duration": 9.0, "speech": speech}
    empty = {key: [] for key in ("utterances", "turns", "silences", "words")}  # type: dict[str, list[object]]
    (folder / "truth" / "good.json").write_text(json.dumps({**content, **empty}))
    (folder / "recordings" / "good.flac").write_bytes(b"mixed")
    (folder / "recordings" / "good.channels.opus").write_bytes(b"apart")
    return folder


def test_recordings_with_a_reference_are_gathered(sample: Path, tmp_path: Path) -> None:
    cases = gather(sample, tmp_path / "no data here")
    assert [(c.session_id, c.channels) for c in cases] == [("good", ()), ("good.channels", ("therapist", "client"))]
    assert cases[0].speakers == 2
    with pytest.raises(InputError, match="no recordings with a reference"):
        gather(tmp_path, None)


def test_the_study_made_of_them_has_consent_for_all(sample: Path, tmp_path: Path) -> None:
    study = study_of(gather(sample, None), tmp_path / "study")
    for recording in study.recordings().values():
        consented = admit(recording, study.ledger(), purposes=[Purpose.TRANSCRIPT], today=date(2026, 6, 1))
        assert consented.recording.language == "en"
    assert study.recording("good").channels == ()
    assert study.recording("good.channels").channels == ("therapist", "client")


def scores(**given: Score | Missing) -> dict[str, Score | Missing]:
    return {name: given.get(name, Missing("not here")) for name in METRICS}


def findings(der: float, share: float) -> Findings:
    found = Findings(manifest=of(session_result(), absent={}, tables={}))
    found.scores["good"] = scores(
        wer=ErrorRate(5, 100, {}),
        der=ErrorRate(der, 100, {}),
        der_collar=ErrorRate(1, 100, {}),
        talk_share_error=Deviation(share, 1, share),
        therapist_share_error=Deviation(1.0, 1, 1.0),
        silence_f1_half=Matches(3, 3, 3),
    )
    found.scores["good.channels"] = scores(der=ErrorRate(0, 100, {}))
    found.words_alone["good"] = ErrorRate(5, 100, {})
    found.stock["good"] = ErrorRate(8, 100, {})
    found.stock_collar["good"] = ErrorRate(2, 100, {})
    return found


def test_goals_are_met_or_not_and_only_by_mixed_recordings(sample: Path) -> None:
    cases = gather(sample, None)
    good = page(cases, findings(der=7, share=2.5))
    assert "On 1 mixed recordings" in good
    assert "| talk share error, largest | 3 points | 2.5 points | met |" in good
    assert "| diarization error | no more than pyannote stock, 8.0% | 7.0% | met |" in good
    assert "| silences of 3 s or more, F1 at ±0.5 s | 0.90 | 1.00 | met |" in good
    assert "**not met**" not in good
    bad = page(cases, findings(der=9, share=3.5))
    assert bad.count("**not met**") == 2


def test_a_goal_without_a_score_is_not_met(sample: Path) -> None:
    found = findings(der=7, share=1)
    found.scores["good"]["silence_f1_half"] = Missing("none")
    assert "| nan | **not met** |" in page(gather(sample, None), found)


def test_the_page_names_command_versions_and_failures_and_no_day(sample: Path) -> None:
    found = findings(der=7, share=1)
    found.failed["falcon"] = "session falcon: the model is missing."
    text = page(gather(sample, None), found)
    assert "    toolkit evaluate report --data" in text
    assert "- polars: 2.1.0" in text
    assert f"- words: `{'ef' * 32}`" in text
    assert "- falcon: session falcon: the model is missing." in text
    assert all(f"**{metric.title}**" in text for metric in METRICS.values())
    assert str(date.today().year) not in text  # noqa: DTZ011
    assert text == page(gather(sample, None), found)


def test_columns_that_no_recording_has_are_left_out(sample: Path) -> None:
    found = replace(findings(der=7, share=1), stock={}, words_alone={}, stock_collar={})
    text = page(gather(sample, None), found)
    assert "| recording | WER | DER |" in text
    assert "Goals" not in text
    assert "reflections |" not in text
