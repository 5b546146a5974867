"""`toolkit import`: a transcript made elsewhere goes through consent and the one spine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from audio_files import voice, write
from replay import End, Study

from toolkit import store
from toolkit import study as studies
from toolkit.formats import registry
from toolkit.formats.conversation import Conversation
from toolkit.formats.segment import Segment
from toolkit.transcripts import labels_of, untold
from toolkit.types import Missing, Need, Role

ZOOM = """WEBVTT

1
00:00:00.500 --> 00:00:03.120
Emma Smith: Thanks for coming in. What brings you here?

2
00:00:03.900 --> 00:00:08.040
Mike J.: I have been so tired of the drinking. One thing: I want to stop.

3
00:00:08.950 --> 00:00:11.010
Emma Smith: You are worn out by it.
"""
NAMES = ("Emma", "Smith", "Mike")
MAPS = ["--map", "Emma Smith=therapist", "--map", "mike j.=client"]
PEOPLE = ["--therapist", "T01", "--client", "C01"]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = Study(tmp_path / "study")
    assert made.toolkit("init", made.root).code == 0
    settings = made.root / "toolkit.toml"
    settings.write_text(settings.read_text().replace('coder = "trained"', 'coder = "none"'))
    return made


def bring(study: Study, name: str, text: str, *more: str, session: str = "s01") -> End:
    path = study.root.parent / name
    path.write_text(text)
    return study.toolkit("import", study.root, path, "--session", session, *more)


def grant(study: Study, *purposes: str, session: str = "s01") -> None:
    given = [part for purpose in purposes for part in ("--purpose", purpose)]
    end = study.toolkit("consent", "grant", study.root, "--session", session, *given)
    assert end.code == 0, end.err


def measures(study: Study, session: str = "s01") -> dict[tuple[str, str], dict[str, Any]]:
    found = json.loads(study.toolkit("show", study.root, session, "--json").out)
    return {(m["role"], m["measure"]): m for m in found["measures"]}


def test_a_transcript_alone_becomes_a_session(study: Study) -> None:
    end = bring(study, "zoom.vtt", ZOOM, *MAPS, *PEOPLE, "--language", "en")
    assert end.code == 0, end.err
    grant(study, "measure", "transcript")
    assert study.toolkit("run", study.root).code == 0
    found = measures(study)
    assert found["therapist", "talk_time"]["value"] == pytest.approx(2.62 + 2.06)
    assert found["therapist", "talk_share_speech"]["value"] == pytest.approx(4.68 / 8.82, abs=1e-4)
    assert found["therapist", "turn_count"]["value"] == 2
    assert found["client", "talk_share_words"]["numerator"] == 14
    for name in ("silence_count", "fto_median", "overlap_share"):
        assert "recogniser" in found["session", name]["missing_reason"]
    assert "no sound" in found["session", "speech_without_words"]["missing_reason"]
    assert "recogniser" in found["therapist", "patience"]["missing_reason"]


def test_a_study_of_transcripts_needs_no_model_that_hears(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_MODELS", str(tmp_path / "empty"))  # and the tests reach no network
    bring(study, "zoom.vtt", ZOOM, *MAPS, *PEOPLE, "--language", "en")
    grant(study, "measure", "transcript")
    assert study.toolkit("run", study.root).code == 0
    assert study.toolkit("run", study.root).code == 0
    (session,) = json.loads(study.toolkit("status", study.root, "--json").out)["sessions"]
    assert session["results"] == "current"
    settings = study.root / "toolkit.toml"
    settings.write_text(settings.read_text().replace('model = "whisper-base"', 'model = "another"'))
    (session,) = json.loads(study.toolkit("status", study.root, "--json").out)["sessions"]
    assert session["results"] == "current"  # a transcript hears nothing
    path = write(tmp_path / "a.wav", voice(5, 16000, seed=1), rate=16000, muxer="wav", codec="pcm_s16le")
    assert study.toolkit("add", study.root, path, "--session", "s02", *PEOPLE).code == 0
    end = study.toolkit("run", study.root)
    assert end.code in {4, 5}  # now there is something to hear
    assert "another" in end.err


def test_names_of_the_file_stand_nowhere_in_the_study(study: Study) -> None:
    bring(study, "zoom.vtt", ZOOM, *MAPS, *PEOPLE)
    grant(study, "measure", "transcript")
    study.toolkit("run", study.root)
    for path in study.root.rglob("*"):
        if path.is_file():
            assert not [n for n in NAMES if n.encode() in path.read_bytes()], path.name


def test_without_a_consent_to_this_transcript_nothing_is_made_of_it(study: Study) -> None:
    bring(study, "zoom.vtt", ZOOM, *MAPS, *PEOPLE)
    assert study.toolkit("run", study.root).code == 3
    grant(study, "measure")
    end = study.toolkit("run", study.root)
    assert end.code == 3
    assert "transcript" in end.err
    assert study.results() == []
    grant(study, "transcript")
    assert study.toolkit("run", study.root).code == 0
    (study.root.parent / "zoom.vtt").write_text(ZOOM.replace("tired", "glad"))
    end = study.toolkit("run", study.root)
    assert end.code == 3
    assert "other-recording" in end.err


def test_nothing_is_read_of_a_withdrawn_session(study: Study) -> None:
    bring(study, "zoom.vtt", ZOOM, *MAPS, *PEOPLE)
    grant(study, "measure", "transcript")
    study.toolkit("run", study.root)
    assert study.toolkit("consent", "withdraw", study.root, "--session", "s01", "--yes").code == 0
    assert study.results() == []
    assert bring(study, "zoom.vtt", ZOOM, *MAPS, "--force").code == 3


@pytest.mark.parametrize(
    ("name", "text", "more", "words"),
    [
        ("a.vtt", "WEBVTT\n\n00:01.000 --> later\nhi", PEOPLE, "line 3"),
        ("a.docx", "hi", PEOPLE, "ending"),
        ("a.vtt", ZOOM, [], "--therapist"),
        ("a.vtt", ZOOM, [*PEOPLE, "--map", "Nobody=client"], "It has 2"),
        ("a.vtt", ZOOM, [*PEOPLE, "--map", "Emma Smith=boss"], "roles: therapist"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello there\n", PEOPLE, "names no speaker"),
    ],
)
def test_a_mistake_is_one_line(study: Study, name: str, text: str, more: list[str], words: str) -> None:
    end = bring(study, name, text, *more)
    assert end.code == 2
    lines = [line for line in end.err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert words in lines[0]
    assert str(study.root.parent) not in end.err
    assert (study.root / "sessions.csv").read_text().count("\n") == 1


def test_beside_a_recording_the_words_are_the_files_and_silences_are_heard(study: Study) -> None:
    rttm = study.root.parent / "heard.rttm"
    times = ((0.5, 2.5, "X"), (3.9, 4.0, "Y"), (14.0, 2.0, "X"))
    rttm.write_text("".join(f"SPEAKER a 1 {s} {d} <NA> <NA> {w} <NA> <NA>\n" for s, d, w in times))
    settings = study.root / "toolkit.toml"
    text = settings.read_text().replace('backend = "pyannote"', 'backend = "files"')
    text = text.replace('backend = "faster-whisper"', 'backend = "files"')
    text = text.replace('"segmentation-3.0+campplus"', json.dumps(str(rttm)))
    words = study.root.parent / "x.words.json"
    words.write_text('{"language": "en", "words": []}')
    settings.write_text(text.replace('"whisper-base"', json.dumps(str(words))))
    path = write(study.recording("s01.wav"), voice(20, 16000, seed=1), rate=16000, muxer="wav", codec="pcm_s16le")
    study.add_and_consent("s01", path)
    late = ZOOM.replace("00:00:08.950 --> 00:00:11.010", "00:00:14.000 --> 00:00:16.000")
    assert bring(study, "zoom.vtt", late, *MAPS).code == 0
    assert study.toolkit("run", study.root).code == 3  # the consent was for the recording alone
    grant(study, "measure", "transcript")
    end = study.toolkit("run", study.root)
    assert end.code == 0, end.err
    result = store.load(studies.Study(study.root), "s01")
    assert {i.speaker for i in result.dialogue.activity} == {"therapist", "client"}
    assert [(q.start, q.end) for q in result.dialogue.silences if q.duration > 3] == [(7.9, 14.0)]
    assert not isinstance(result.utterances, Missing)
    assert result.utterances[-1].text == "You are worn out by it."
    assert result.dialogue.untold == {}


def test_who_spoke_when_alone_has_no_words(study: Study) -> None:
    rttm = "SPEAKER a 1 0.51 2 <NA> <NA> therapist <NA> <NA>\nSPEAKER a 1 3 4.2 <NA> <NA> client <NA> <NA>\n"
    assert bring(study, "a.rttm", rttm, *PEOPLE).code == 0
    grant(study, "measure", "transcript")
    assert study.toolkit("run", study.root).code == 0
    found = measures(study)
    assert found["session", "silence_share"]["value"] == pytest.approx(0.49 / 6.69, abs=1e-4)
    assert "no text" in found["client", "talk_share_words"]["missing_reason"]


def lines(*times: tuple[float, float]) -> list[Segment]:
    return [Segment(a, b, "therapist" if n % 2 else "client", "x") for n, (a, b) in enumerate(times)]


def test_what_a_transcript_does_not_tell_has_its_reason() -> None:
    fine = lines((0.12, 1.3), (1.5, 2.71), (3.0, 4.4), (5.2, 6.0))
    assert set(untold(fine, "textgrid", own_times=False)) == {Need.SOUND, Need.PAUSES}
    assert set(untold(fine, "rttm", own_times=False)) == {Need.SOUND}
    assert "recogniser" in untold(fine, "vtt", own_times=False)[Need.SILENCES]
    coarse = lines((0, 1), (2, 3), (4, 6), (7, 9))
    assert "whole seconds" in untold(coarse, "textgrid", own_times=False)[Need.SILENCES]
    filled = lines((0.1, 1.3), (1.3, 2.71), (2.71, 4.4), (4.4, 6.02))
    assert "next begins" in untold(filled, "eaf", own_times=False)[Need.TURN_TAKING]


def test_labels_are_roles_or_numbers_and_never_names() -> None:
    talk = Conversation((Segment(0, 1, "Jane", "a"), Segment(1, 2, "Bob", "b"), Segment(2, 3, "Amy", "c")))
    assert labels_of(talk, {"jane": Role.CLIENT, "AMY": Role.CLIENT}) == ("client", "SPEAKER_01", "client_2")
    assert labels_of(Conversation((Segment(0, 1, "Therapist", "a"),)), {}) == ("therapist",)


@pytest.mark.models
@pytest.mark.parametrize("form", ["whisperx", "vtt"])
def test_a_transcript_of_the_sample_gives_what_our_own_run_gives(demo_study: Path, tmp_path: Path, form: str) -> None:
    own = Study(demo_study)
    path = tmp_path / ("talk.json" if form == "whisperx" else "talk.vtt")
    assert own.toolkit("export", own.root, "reflective", "--format", form, "--output", path).code == 0
    if form == "vtt":  # as Zoom writes it: numbered cues, the name before the text
        said = registry.load(path.read_text(), "x", "vtt").segments
        times = [line for line in path.read_text().splitlines() if "-->" in line]
        cues = (f"{n}\n{t}\n{s.speaker}: {s.text}\n" for n, (t, s) in enumerate(zip(times, said, strict=True), start=1))
        path.write_text("WEBVTT\n\n" + "\n".join(cues))
    study = Study(tmp_path / "study")
    study.toolkit("init", study.root)
    shutil.copy(demo_study / "toolkit.toml", study.root)
    end = study.toolkit("import", study.root, path, "--session", "s01", *PEOPLE)
    assert end.code == 0, end.err
    grant(study, "measure", "transcript")
    assert study.toolkit("run", study.root).code == 0
    ours, theirs = measures(own, "reflective"), measures(study)
    # words have times of their own in the one, in the other a cue counts as speech with the pauses in it
    speech = 0.03 if form == "whisperx" else 0.04
    for name, reach in (("talk_share_speech", speech), ("talk_share_words", 0.005)):
        assert theirs["therapist", name]["value"] == pytest.approx(ours["therapist", name]["value"], abs=reach)
    for name in ("reflection_count", "question_count"):
        assert theirs["therapist", name]["value"] == pytest.approx(ours["therapist", name]["value"], abs=1), name
