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
from toolkit.evaluate.recordings import Case, Variant, gather, study_of
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


def hard_folder(sample: Path, folder: Path, *sessions: str) -> Path:
    """A data folder of variants of the sample's recording, beside a copy of it."""
    hard = folder / "audio" / "hard"
    hard.mkdir(parents=True)
    reference = (sample / "truth" / "good.json").read_text()
    rows = []
    for session in ("good", *sessions):
        (hard / f"{session}.json").write_text(reference)
        (hard / f"{session}.flac").write_bytes(session.encode())
        rows.append({"session": session, "original": "good", "variant": session.partition(".")[2], "change": "worse"})
    (hard / "variants.json").write_text(json.dumps({"variants": rows[1:]}))
    return folder


def test_variants_are_gathered_in_their_order_behind_their_originals(sample: Path, tmp_path: Path) -> None:
    folder = hard_folder(sample, tmp_path / "hard", "good.noise", "good.echo")
    cases = gather(tmp_path / "none", folder)
    assert [(c.session_id, c.variant) for c in cases] == [
        ("good", None),
        ("good.noise", Variant("noise", "worse", "good")),
        ("good.echo", Variant("echo", "worse", "good")),
    ]
    # an original that is there already is not taken again, nor is what lies there and is in no list
    (folder / "audio" / "hard" / "good.old.json").write_text((sample / "truth" / "good.json").read_text())
    (folder / "audio" / "hard" / "good.old.flac").write_bytes(b"of an earlier run")
    both = gather(sample, [tmp_path / "nothing here", folder])
    assert [c.session_id for c in both] == ["good", "good.channels", "good.noise", "good.echo"]
    assert both[0].recording.read_bytes() == b"mixed"


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"variants": [{"session": "good.noise"}]}', '{"variants": 3}'])
def test_a_damaged_list_of_variants_is_one_line(sample: Path, tmp_path: Path, content: str) -> None:
    folder = hard_folder(sample, tmp_path / "hard", "good.noise")
    (folder / "audio" / "hard" / "variants.json").write_text(content)
    with pytest.raises(InputError, match=r"variants.json cannot be read .* Make the folder again"):
        gather(sample, folder)


def test_a_variant_without_sound_is_named(sample: Path, tmp_path: Path) -> None:
    folder = hard_folder(sample, tmp_path / "hard", "good.noise")
    (folder / "audio" / "hard" / "good.noise.flac").unlink()
    with pytest.raises(InputError, match=r"names good.noise, which has no sound"):
        gather(sample, folder)


def test_a_study_that_is_there_gets_what_it_lacks(sample: Path, tmp_path: Path) -> None:
    cases = gather(sample, hard_folder(sample, tmp_path / "hard", "good.noise"))
    study_of(cases[:1], tmp_path / "study")
    study = study_of(cases, tmp_path / "study")
    assert list(study.recordings()) == ["good", "good.channels", "good.noise"]
    for recording in study.recordings().values():
        admit(recording, study.ledger(), purposes=[Purpose.TRANSCRIPT], today=date(2026, 6, 1))


def rates(wer: float, der: float, silences: Matches) -> dict[str, Score | Missing]:
    return scores(wer=ErrorRate(wer, 100, {}), der=ErrorRate(der, 50, {}), silence_f1_half=silences)


def varied(sample: Path) -> tuple[list[Case], Findings]:
    """Two recordings and two variants of each, one of which failed."""
    (plain, _) = gather(sample, None)
    cases = [plain, replace(plain, session_id="more")]
    cases += [
        replace(plain, session_id=f"{name}.{kind}", group="hard audio", variant=Variant(kind, f"much {kind}", name))
        for kind in ("noise", "echo")
        for name in ("good", "more")
    ]
    found = Findings()
    found.scores["good"] = rates(4, 5, Matches(2, 2, 2))
    found.scores["more"] = rates(8, 5, Matches(1, 1, 1))
    found.scores["good.noise"] = rates(10, 10, Matches(1, 2, 2))
    found.scores["more.noise"] = rates(20, 30, Matches(0, 0, 1))
    found.scores["good.echo"] = rates(6, 5, Matches(2, 2, 2))
    found.failed["more.echo"] = "session more.echo: nothing was heard."
    return cases, found


def test_each_variant_stands_beside_the_clean_recordings(sample: Path) -> None:
    cases, found = varied(sample)
    text = page(cases, found)
    assert (
        "| variant | recordings | WER | cpWER | DER | wrong speaker | talk share (points) | silences ±0.5 s |" in text
    )
    # noise: 12 of 200 words become 30, 10 of 100 s become 40; 3 silences of 3 become 1 of 2 found and 3 there
    assert "| noise | 2 | 6.0 → 15.0 % | - | 10.0 → 40.0 % | - | - | 1.00 → 0.40 |" in text
    # of the failed one the clean recording does not count either
    assert "| echo | 2 (1 failed) | 4.0 → 6.0 % | - | 10.0 → 10.0 % | - | - | 1.00 → 1.00 |" in text
    assert "| more | noise | 8.0 → 20.0 % | - | 10.0 → 60.0 % | - | - | 1.00 → 0.00 |" in text
    assert "| more | echo |" not in text
    assert "- **noise**: much noise" in text
    assert "- more.echo: session more.echo: nothing was heard." in text
    assert "pipelines/hard_audio.py" in text
    assert "--data ../shared/data --data build/hard --sample sample_data" in text


def test_variants_count_neither_in_a_group_nor_for_a_goal(sample: Path) -> None:
    cases, found = varied(sample)
    (table,) = [part for part in page(cases, found).split("## ") if part.startswith("Sample data")]
    assert "noise" not in table
    assert "| **all** | 6.0 % |" in table
    assert "Hard audio" not in page(cases[:2], found)
    assert "hard_audio.py" not in page(cases[:2], found)
