"""Formats at the edges: what is written is read back, and a mistake is named by file and line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import activities, spans

from toolkit.errors import InputError
from toolkit.formats import csv_out, rttm, srt, stm, truth, vtt
from toolkit.formats.stm import Segment
from toolkit.intervals import Span
from toolkit.types import Missing, SpeakerInterval

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(lambda t: " ".join(t.split()))
SPEAKER = st.text(st.characters(categories=["L", "N"], include_characters="_-&<>"), min_size=1, max_size=10)


@st.composite
def segments(draw: st.DrawFn) -> tuple[Segment, ...]:
    drawn = draw(st.lists(st.tuples(spans(), SPEAKER, WORDS), max_size=6))
    made = (Segment(s.start, s.end, who, text) for s, who, text in drawn)
    return tuple(sorted(made, key=lambda s: (s.start, s.end, s.speaker)))


@given(activities())
def test_rttm_round_trip(intervals: tuple[SpeakerInterval, ...]) -> None:
    assert rttm.parse(rttm.dumps("s01", intervals), "x").get("s01", ()) == intervals


def test_rttm_lines_look_as_nist_wrote_them() -> None:
    text = rttm.dumps("s01", [SpeakerInterval(1.5, 2.25, "client"), SpeakerInterval(0.1004, 0.1006, "client")])
    assert text == (
        "SPEAKER s01 1 0.100 0.001 <NA> <NA> client <NA> <NA>\nSPEAKER s01 1 1.500 0.750 <NA> <NA> client <NA> <NA>\n"
    )
    assert rttm.dumps("s01", [SpeakerInterval(1.0, 1.0003, "client")]) == ""


def test_rttm_passes_over_comments_and_other_types() -> None:
    text = ";; made by hand\nSPKR-INFO f 1 <NA> <NA> <NA> unknown a <NA>\n\nSPEAKER f 1 0 1 <NA> <NA> a <NA> <NA>\r\n"
    assert rttm.parse(text, "x") == {"f": (SpeakerInterval(0.0, 1.0, "a"),)}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("SPEAKER f 1 0 1 <NA>", "10 fields, this one has 6"),
        ("SPEAKER f 1 zero 1 <NA> <NA> a <NA> <NA>", "the start is no number"),
        ("SPEAKER f 1 0 -1 <NA> <NA> a <NA> <NA>", "the duration must be 0 s or more"),
        ("SPEAKER f 1 nan 1 <NA> <NA> a <NA> <NA>", "the start must be 0 s or more"),
        ("hello there", "no RTTM line"),
    ],
)
def test_a_wrong_rttm_line_is_named(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "bad.rttm"
    path.write_text(f"SPEAKER f 1 0 1 <NA> <NA> a <NA> <NA>\n{line}\n")
    with pytest.raises(InputError, match=f"^bad.rttm, line 2: .*{what}"):
        rttm.read(path)


@pytest.mark.parametrize("label", ["", "two words", "tab\there"])
def test_rttm_refuses_labels_it_cannot_write(label: str) -> None:
    with pytest.raises(InputError, match="RTTM cannot hold"):
        rttm.dumps("s01", [SpeakerInterval(0.0, 1.0, label)])


@given(segments())
def test_stm_round_trip(said: tuple[Segment, ...]) -> None:
    assert stm.parse(stm.dumps("s01", said), "x").get("s01", ()) == said


def test_stm_with_and_without_a_label() -> None:
    text = ";; comment\nf 1 a 0 1 <o,f0,male> uh huh\nf 1 b 1 2.5 I <3 you\nf 1 b 3 4\n"
    assert stm.parse(text, "x")["f"] == (
        Segment(0.0, 1.0, "a", "uh huh"),
        Segment(1.0, 2.5, "b", "I <3 you"),
        Segment(3.0, 4.0, "b", ""),
    )


@pytest.mark.parametrize(
    ("line", "what"), [("f 1 a 2 1 x", "ends before"), ("f 1 a", "has file"), ("f 1 a 0 b x", "end is no")]
)
def test_a_wrong_stm_line_is_named_without_its_text(line: str, what: str) -> None:
    with pytest.raises(InputError, match=f"^said.stm, line 1: .*{what}") as caught:
        stm.parse(line, "said.stm")
    assert " x" not in str(caught.value)


@given(segments())
def test_vtt_round_trip(said: tuple[Segment, ...]) -> None:
    assert vtt.parse(vtt.dumps(said), "x") == said


def test_vtt_looks_as_players_expect() -> None:
    assert vtt.dumps([Segment(3661.5, 3662.0, "Client", "a < b & c\n\nd --> e")]) == (
        "WEBVTT\n\n01:01:01.500 --> 01:01:02.000\n<v Client>a &lt; b &amp; c d --&gt; e</v>\n"
    )


def test_vtt_of_others_is_read() -> None:
    cue = "id-1\r\n00:01.000 --> 00:02.500 align:start\r\n<v.loud Ann>Hi <b>you</b>\r\n"
    text = f"WEBVTT - talk\r\n\r\nNOTE said\r\n\r\n{cue}"
    assert vtt.parse(text, "x") == (Segment(1.0, 2.5, "Ann", "Hi you"),)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("hello", 1, "no WebVTT"),
        ("WEBVTT\n\n1 --> 2\nx", 3, "times must read"),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nx", 3, "ends before"),
    ],
)
def test_a_wrong_vtt_is_named(text: str, line: int, what: str) -> None:
    with pytest.raises(InputError, match=f"^a.vtt, line {line}: .*{what}"):
        vtt.parse(text, "a.vtt")


def test_srt_numbers_its_blocks_in_order_of_start() -> None:
    said = [Segment(2.0, 3.0, "", "<i>b</i>\n\n9"), Segment(0.5, 1.0, "Client", "a")]
    assert srt.dumps(said) == (
        "1\n00:00:00,500 --> 00:00:01,000\nClient: a\n\n2\n00:00:02,000 --> 00:00:03,000\n[i]b[/i] 9\n"
    )
    assert srt.dumps([]) == ""


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\n=x"])
def test_csv_neutralises_formulas_in_text_and_leaves_numbers(cell: str) -> None:
    text = csv_out.dumps(["a", "b", "c"], [[cell, -1.5, None]])
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b", "c"], [f"'{cell}", "-1.5", ""]]


@given(st.lists(st.lists(WORDS | st.integers() | st.booleans() | st.none(), min_size=2, max_size=2), max_size=5))
def test_no_csv_cell_of_text_begins_as_a_formula(rows: list[list[object]]) -> None:
    read = list(csv.reader(io.StringIO(csv_out.dumps(["a", "b"], rows))))
    assert len(read) == len(rows) + 1
    for row, cells in zip(rows, read[1:], strict=True):
        for value, cell in zip(row, cells, strict=True):
            assert not (isinstance(value, str) and cell[:1] in ("=", "+", "-", "@", "\t"))


SAMPLE = {
    "session": "s01",
    "duration": 20.0,
    "talk_seconds": {"therapist": 1.0, "client": 1.0},
    "therapist_talk_share": 0.5,
    "speech": [{"role": "client", "start": 6.0, "end": 7.0}, {"role": "therapist", "start": 1.0, "end": 2.0}],
    "utterances": [
        {
            "index": 0,
            "role": "therapist",
            "start": 1.0,
            "end": 2.0,
            "text": "You are tired?",
            "main": "reflection",
            "reflection": "simple",
            "question": "closed",
            "client_talk": "none",
            "backchannel": False,
        }
    ],
    "turns": [{"role": "therapist", "start": 1.0, "end": 2.0, "utterances": [0]}],
    "silences": [{"start": 2.0, "end": 6.0, "before": "therapist", "after": "client", "kind": "lapse"}],
    "words": [{"role": "therapist", "text": "You", "start": 1.0, "end": 1.25, "utterance": 0}],
    "backchannels": [],
}


def written(folder: Path, content: object) -> Path:
    path = folder / "t.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_truth_of_our_sample_data(tmp_path: Path) -> None:
    found = truth.read(written(tmp_path, SAMPLE))
    assert found.speech == (SpeakerInterval(1.0, 2.0, "therapist"), SpeakerInterval(6.0, 7.0, "client"))
    assert found.silences == (Span(2.0, 6.0),)
    assert not isinstance(found.utterances, Missing)
    assert (found.utterances[0].reflection, found.utterances[0].question) == ("simple", "closed")
    assert not isinstance(found.words, Missing)
    assert found.words[0].speaker == "therapist"
    assert found.coded
    assert found.roles


def test_truth_of_a_role_play(tmp_path: Path) -> None:
    codes = {"reflection": "True", "reflection_subtype": "complex", "question": "n/a", "question_subtype": "n/a"}
    turns = [
        {"role": "therapist", "text": "a", "start": 1.0, "end": 2.0, **codes},
        {"role": "therapist", "text": "b", "start": 2.5, "end": 3.0, **codes, "reflection": "False"},
        {"role": "client", "text": "c", "start": 7.0, "end": 8.0, **codes, "reflection": "n/a"},
    ]
    content = {"session": "r", "duration": 9, "turns": turns, "silences_ge_3s": [{"start": 3.0, "end": 7.0}]}
    found = truth.read(written(tmp_path, content))
    assert found.turns == (SpeakerInterval(1.0, 3.0, "therapist"), SpeakerInterval(7.0, 8.0, "client"))
    assert not isinstance(found.utterances, Missing)
    assert [u.reflection for u in found.utterances] == ["complex", "none", "none"]
    assert found.silences == (Span(3.0, 7.0),)


def test_truth_of_a_read_conversation_has_no_roles_and_no_codes(tmp_path: Path) -> None:
    turns = [{"spk": "19", "start": 0.0, "end": 1.0, "text": "A"}, {"spk": "26", "start": 5.0, "end": 6.0, "text": "B"}]
    found = truth.read(written(tmp_path, {"session": "p", "duration": 6.5, "turns": turns}))
    assert (found.roles, found.coded) == (False, False)
    assert found.silences == (Span(1.0, 5.0),)


def test_truth_of_diarization_segments(tmp_path: Path) -> None:
    test = {"audio_file": "test.wav", "segments": [{"start_sec": 1, "end_sec": 2.5, "speaker_tag": 1}]}
    found = truth.read(written(tmp_path, {"tests": {"diarization_tests": [test]}}))
    assert found.session_id == "test"
    assert found.speech == (SpeakerInterval(1.0, 2.5, "speaker_1"),)
    assert isinstance(found.utterances, Missing)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{\n\n1}", "t.json, line 3: no valid JSON"),
        ("[]", "t.json is no reference of a known kind"),
        ({**SAMPLE, "speech": 3}, "t.json: speech is no list"),
        ({**SAMPLE, "duration": "secret"}, "t.json: duration must be a number"),
        ({**SAMPLE, "speech": [{"role": "client", "start": 2, "end": 1}]}, r"t.json, speech\[0\]: end comes before"),
        (
            {**SAMPLE, "utterances": [{**SAMPLE["utterances"][0], "question": "secret"}]},
            r"utterances\[0\]: question must be",
        ),  # type: ignore[index]
        ({**SAMPLE, "words": [{"role": "client", "start": 2, "end": 3}]}, r"t.json, words\[0\]: text is missing"),
        ({"tests": {"diarization_tests": []}}, "holds 0 recordings"),
    ],
)
def test_a_wrong_reference_is_named_by_file_and_place(tmp_path: Path, content: object, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        truth.read(written(tmp_path, content))
    assert "secret" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "b.rttm").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"b\.rttm is no UTF-8"):
        rttm.read(tmp_path / "b.rttm")
    for missing in (tmp_path / "no.rttm", tmp_path):
        with pytest.raises(InputError, match="not there, or is no file"):
            rttm.read(missing)


@pytest.mark.data
def test_the_development_references_are_read(data: Path) -> None:
    for path in sorted((data / "audio").rglob("*.rttm")):
        assert rttm.read(path)
    for path in sorted((data / "audio").rglob("*.stm")):
        (parts,) = stm.read(path).values()
        reference = truth.read(path.with_suffix(".json"))
        assert not isinstance(reference.utterances, Missing)
        assert [u.text for u in reference.utterances] == [s.text for s in parts]
