"""The player: what is shown and heard follows consent, times are right, nothing stays in a notebook."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import wave
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import ipywidgets
import made
import numpy as np
import pytest
from audio_files import FORMATS, wav, write
from hypothesis import given
from hypothesis import strategies as st

from toolkit import api, display, store
from toolkit.consent import ledger
from toolkit.display.html import Page
from toolkit.display.player import legend, payload, sound, widget
from toolkit.errors import ConsentError, InputError
from toolkit.formats import sessions
from toolkit.intervals import Span
from toolkit.study import Study
from toolkit.types import (
    AppliedCode,
    Code,
    CodedUtterance,
    Missing,
    Purpose,
    Silence,
    SilenceCategory,
    SilenceEvidence,
    SilenceKind,
    SpeakerInterval,
    Turn,
    Utterance,
)

ALL = frozenset(Purpose)
MEASURE = frozenset({Purpose.MEASURE})
HERE = Path(widget.__file__).parent
TONE = (12.25, 13.0)  # s, 440 Hz in a recording that is silent but for a hum


def published(folder: Path, result: Any, purposes: frozenset[Purpose] = ALL) -> Study:
    study = made.study_with(folder / "study", result, purposes=purposes)
    store.publish(study, result)
    return study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The little session of `made`: a question, an answer, a silence of 4 s, a reflection."""
    return published(tmp_path, made.session_result())


def text_of(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False)


# what is shown


def test_a_session_is_shown_as_it_was_published(study: Study) -> None:
    shown = payload.session(study, "s01")
    assert [(s["id"], s["name"]) for s in shown["speakers"]] == [(made.HER, "therapist"), (made.HIM, "client")]
    assert shown["activity"] == [[0, 1.0, 2.4], [1, 3.0, 4.0], [0, 8.0, 9.0]]
    assert shown["turns"] == [[0, 1.0, 2.4, "1.000"], [1, 3.0, 4.0, "3.000"], [0, 8.0, 9.0, "8.000"]]
    assert shown["excluded"] == [[15.0, 16.0]]
    first, second, third = shown["utterances"]
    assert first["words"] == [["How", 1.0], ["are", 1.5], ["you?", 2.0]]
    assert (first["who"], first["codes"], first["turn"]) == (0, [["open_question", "rules"]], "1.000")
    assert (second["words"], second["codes"]) == ([["=Tired", 3.0], ["canary", 3.5]], [])
    assert third["codes"] == [["simple_reflection", "rules"]]
    assert shown["no_words"] == shown["no_sound"] == ""


def test_a_silence_has_what_lies_around_it(study: Study) -> None:
    (silence,) = payload.session(study, "s01")["silences"]  # the one of 0.6 s is too short
    assert (silence["start"], silence["end"], silence["kind"]) == (4.0, 8.0, "lapse")
    assert (silence["before"], silence["after"]) == (1, 0)
    assert silence["act"] == {"codes": ["open_question"], "start": 1.0}
    assert silence["words_before"] == "How are you? =Tired canary"
    assert silence["words_after"] == "You're tired. zz"
    assert silence["category"] == ""


def test_a_code_is_shown_only_with_whom_it_is_about(tmp_path: Path) -> None:
    result = made.session_result()
    said = (Code.CHANGE_TALK, Code.OPEN_QUESTION, Code.FACILITATE)
    codes = tuple(CodedUtterance(i, tuple(AppliedCode(c, "rules", "", 0, 0, -1) for c in said)) for i in range(3))
    study = published(tmp_path, replace(result, dialogue=replace(result.dialogue, codes=codes)))
    shown = [[code for code, _ in u["codes"]] for u in payload.session(study, "s01")["utterances"]]
    therapist, client = ["open_question", "facilitate"], ["change_talk", "facilitate"]
    assert shown == [therapist, client, therapist]


def test_who_talks_at_once_is_shown(tmp_path: Path) -> None:
    result = made.session_result()
    activity = (*result.dialogue.activity, SpeakerInterval(8.5, 9.5, made.HIM))
    study = published(tmp_path, replace(result, dialogue=replace(result.dialogue, activity=activity)))
    assert payload.session(study, "s01")["overlaps"] == [[8.5, 9.0]]


def test_people_of_one_role_keep_their_labels() -> None:
    roles = {"A": made.Role.CLIENT, "B": made.Role.CLIENT, "C": made.Role.UNKNOWN}
    names = [s["name"] for s in payload.speakers(list(roles), roles)]
    assert names == ["client (A)", "client (B)", "C (role not known)"]


def test_each_code_and_category_has_its_words() -> None:
    book = legend.book()
    assert set(book) == set(Code)
    assert len({page["short"] for page in book.values()}) == len(Code)
    assert list(legend.PICS) == list(SilenceCategory)


# consent


def test_without_the_purpose_transcript_there_are_no_words(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result(), frozenset({Purpose.MEASURE, Purpose.SUPERVISION}))
    shown = payload.session(study, "s01")  # the words were kept when they were allowed; they are not read now
    assert "transcript" in shown["no_words"]
    assert [u["words"] for u in shown["utterances"]] == [[], [], []]
    assert [u["count"] for u in shown["utterances"]] == [3, 2, 2]
    assert "canary" not in text_of(shown)
    assert shown["silences"][0]["words_before"] == shown["silences"][0]["words_after"] == ""


def test_results_without_words_say_so(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result(text=False))
    assert payload.session(study, "s01")["no_words"] == "consent does not cover a transcript"


def test_without_the_purpose_supervision_there_is_no_sound(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result(), frozenset({Purpose.MEASURE, Purpose.TRANSCRIPT}))
    assert "supervision" in payload.session(study, "s01")["no_sound"]
    asked = {"ask": "sound", "start": 0.0, "end": 1.0}
    content, buffers = widget.Player(study, "s01", by="").answer(asked)
    assert content["answer"] == "problem"
    assert "supervision" in content["text"]
    assert buffers == []


def test_a_withdrawn_session_is_not_shown(study: Study) -> None:
    shown = widget.Player(study, "s01", by="")
    made.withdraw(study, "s01")
    with pytest.raises(ConsentError, match="withdrawn"):
        display.player(study.root, "s01")
    for asked in ({"ask": "session"}, {"ask": "sound", "start": 0, "end": 1}):
        content, buffers = shown.answer(asked)
        assert "withdrawn" in content["text"]
        assert buffers == []


def exclude(study: Study, *spans: Span) -> None:
    known = study.ledger()
    record = known.record("s01")
    assert record is not None
    ledger.save(study.consent_file, known.replace("s01", replace(record, excluded=spans)))


def test_nothing_is_shown_that_was_made_before_a_portion_was_excluded(study: Study) -> None:
    shown = widget.Player(study, "s01", by="")
    exclude(study, Span(3.8, 5.0))
    content, _ = shown.answer({"ask": "session"})
    assert content["answer"] == "problem"
    assert "portion that was taken back" in content["text"]
    result = made.session_result()
    cut = (Span(3.8, 5.0), Span(15.0, 16.0))
    store.publish(study, replace(result, dialogue=replace(result.dialogue, excluded=cut)))
    assert payload.session(study, "s01")["excluded"] == [[3.8, 5.0], [15.0, 16.0]]


def test_notes_are_for_those_who_may_read_or_hear(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result())
    changed = {"ask": "change", "what": "note", "target": "4.500", "value": "She waits, and he goes on."}
    assert widget.Player(study, "s01", by="S1").answer(changed)[0]["answer"] == "session"
    (note,) = payload.session(study, "s01")["notes"]
    assert note == {"start": 4.5, "by": "S1", "text": "She waits, and he goes on."}
    made.grant(study, "s01", MEASURE)
    assert payload.session(study, "s01")["notes"] == []


# sound


def sounding(folder: Path, ending: str = "", *, excluded: tuple[Span, ...] = ()) -> Study:
    """A study whose one recording is a quiet hum of 20 s with a loud tone in it, consented by the file's hash."""
    study = Study.create(folder / "study")
    muxer, codec, rate, options = FORMATS[ending] if ending else ("", "", 16000, {})
    time = np.arange(20 * rate) / rate
    loud = (time >= TONE[0]) & (time < TONE[1])
    samples = np.where(loud, 0.5 * np.sin(2 * math.pi * 440 * time), 0.001 * np.sin(2 * math.pi * 100 * time))
    samples = samples.astype(np.float32)
    path = study.recordings_folder / f"s01.{ending or 'wav'}"
    if ending:
        write(path, np.stack([samples, samples]), rate=rate, muxer=muxer, codec=codec, options=options)
    else:
        wav(path, samples, rate)
    row = {"session_id": "s01", "recording": f"recordings/{path.name}", "therapist": "T1", "client": "C1"}
    sessions.append(study.sessions_file, row)
    by = ledger.parties(study.recording("s01"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = ledger.grant(None, ledger.Grant(by[0], ALL, date(2026, 1, 1), None), by=by, recording_sha256=digest)
    ledger.save(study.consent_file, study.ledger().replace("s01", replace(record, excluded=excluded)))
    return study


def samples_of(data: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767


@pytest.mark.parametrize("ending", ["wav", "m4a", "opus"])
def test_a_piece_holds_what_sounds_at_its_time(tmp_path: Path, ending: str) -> None:
    heard = samples_of(sound.Sound(sounding(tmp_path, ending), "s01").piece(Span(10.0, 15.0)))
    assert len(heard) == 5 * 16000
    loud = np.flatnonzero(np.abs(heard) > 0.25) / 16000 + 10.0
    assert loud[0] == pytest.approx(TONE[0], abs=0.01)
    assert loud[-1] == pytest.approx(TONE[1], abs=0.01)
    inside = heard[round((TONE[0] - 10) * 16000) : round((TONE[1] - 10) * 16000)]
    spectrum = np.abs(np.fft.rfft(inside))
    assert np.argmax(spectrum) * 16000 / len(inside) == pytest.approx(440, abs=2)


def test_pieces_follow_each_other_without_gap_or_overlap(tmp_path: Path) -> None:
    whole = sound.Sound(sounding(tmp_path), "s01")
    edges = [0.0, 7.503, 12.501, 16.3, 20.0]
    pieces = [samples_of(whole.piece(Span(a, b))) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), samples_of(whole.piece(Span(0.0, 20.0))))
    assert len(samples_of(whole.piece(Span(19.0, 30.0)))) == 16000


def test_an_excluded_portion_is_never_played(tmp_path: Path) -> None:
    study = sounding(tmp_path, excluded=(Span(12.0, 12.6),))
    heard = samples_of(sound.Sound(study, "s01").piece(Span(11.0, 14.0)))
    assert not heard[1 * 16000 : round(1.6 * 16000)].any()
    assert np.abs(heard[round(1.65 * 16000) : 2 * 16000]).max() > 0.4


def test_what_is_excluded_or_withdrawn_later_is_no_longer_played(tmp_path: Path) -> None:
    study = sounding(tmp_path)
    whole = sound.Sound(study, "s01")
    assert np.abs(samples_of(whole.piece(Span(12.0, 13.0)))).max() > 0.4
    exclude(study, Span(12.0, 13.5))
    assert not samples_of(whole.piece(Span(12.0, 13.0))).any()
    made.withdraw(study, "s01")
    with pytest.raises(ConsentError, match="withdrawn"):
        whole.piece(Span(0.0, 1.0))


def test_another_file_is_not_played(tmp_path: Path) -> None:
    study = sounding(tmp_path)
    path = study.recording("s01").path
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ConsentError, match="not the file"):
        sound.Sound(study, "s01").piece(Span(0.0, 1.0))


def audited(study: Study) -> list[tuple[str, str, dict[str, Any]]]:
    entries = [json.loads(line) for line in study.audit_file.read_text().splitlines()]
    return [(e["event"], e["session"], e["details"]) for e in entries]


def test_the_audit_log_notes_once_that_words_were_opened_and_sound_was_heard(tmp_path: Path) -> None:
    result = made.session_result()
    study = sounding(tmp_path)
    store.publish(study, result)
    shown = widget.Player(study, "s01", by="")
    for _ in range(2):
        assert shown.answer({"ask": "session"})[0]["answer"] == "session"
        assert shown.answer({"ask": "sound", "start": 1, "end": 2})[0]["answer"] == "sound"
    assert audited(study) == [
        ("open", "s01", {"by": "", "tables": ["words"], "where": "player"}),
        ("listen", "s01", {"by": "", "tables": ["sound"], "where": "player"}),
    ]
    widget.Workbench(study, "s01", by="").answer({"ask": "sound", "start": 1, "end": 2})
    assert audited(study)[2:] == [("listen", "s01", {"by": "", "tables": ["sound"], "where": "workbench"})]


def test_words_that_a_program_reads_are_noted_as_opened_and_numbers_are_not(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result())
    api.scan(study, "measures")
    assert not study.audit_file.exists()
    assert not isinstance(api.load(study, "s01").words, Missing)
    api.scan(study, "restricted/utterances")
    assert audited(study) == [
        ("open", "s01", {"by": "", "tables": ["words"], "where": "python"}),
        ("open", "", {"by": "", "tables": ["utterances"], "where": "python"}),
    ]
    made.grant(study, "s01", MEASURE)
    assert isinstance(api.load(study, "s01").words, Missing)
    assert len(audited(study)) == 2


def test_what_was_refused_is_not_noted_as_heard(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result(), MEASURE)
    shown = widget.Player(study, "s01", by="")
    shown.answer({"ask": "session"})
    assert shown.answer({"ask": "sound", "start": 1, "end": 2})[0]["answer"] == "problem"
    assert not study.audit_file.exists()


def test_what_cannot_be_noted_is_not_shown(study: Study) -> None:
    study.audit_file.write_text("not as it was written\n")
    content, buffers = widget.Player(study, "s01", by="").answer({"ask": "session"})
    assert content["answer"] == "problem"
    assert buffers == []


def test_the_measures_of_the_therapist_follow_a_correction(study: Study) -> None:
    own = {m["title"]: m for m in changed(study, "code", "8.000", "open_question")["measures"]}
    assert own["Reflections"]["value"].startswith("0")
    assert own["Questions"]["value"].startswith("2")
    assert own["Questions"]["confirmed"] == 50
    own = {m["title"]: m for m in changed(study, "code", "8.000", "")["measures"]}
    assert own["Reflections"]["value"].startswith("1")
    assert own["Reflections"]["confirmed"] == 0


@pytest.mark.parametrize("span", [Span(0.0, 61.0), Span(-1.0, 2.0), Span(0.0, math.inf)])
def test_only_a_piece_is_given_at_once(tmp_path: Path, span: Span) -> None:
    with pytest.raises(InputError, match="up to 60 s"):
        sound.Sound(sounding(tmp_path), "s01").piece(span)


def test_widgets_of_a_session_share_its_sound_and_few_stay(tmp_path: Path) -> None:
    study = Study(tmp_path)
    first = sound.shared(study, "a")
    assert sound.shared(study, "a") is first
    for name in ("b", "c"):
        sound.shared(study, name)
    assert sound.shared(study, "a") is not first


@given(
    st.floats(0.5, 4000),
    st.lists(st.tuples(st.floats(0, 4000), st.floats(0.05, 60)), max_size=60),
)
def test_a_plan_covers_the_session_in_pieces_that_are_given(duration: float, speech: list[tuple[float, float]]) -> None:
    spans = [Span(a, min(a + length, duration)) for a, length in speech if a < duration]
    edges = sound.plan(duration, spans)
    assert (edges[0], edges[-1]) == (0.0, duration)
    assert all(0 < b - a <= sound.LONGEST for a, b in pairwise(edges))
    assert sum(b - a < 15 for a, b in pairwise(edges)) <= 1  # the rest at the end


def test_a_piece_ends_in_a_pause_where_there_is_one() -> None:
    speech = [Span(0, 25), Span(26, 31), Span(31.2, 100)]
    assert sound.plan(100.0, speech) == (0.0, 31.1, 61.1, 100.0)


# the widgets


def state() -> str:
    return json.dumps(ipywidgets.Widget.get_manager_state())


def test_a_notebook_that_is_saved_holds_nothing_of_the_session(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result())
    shown = [display.player(study.root, "s01"), display.silences(study.root, "s01")]
    before = state()
    for each in shown:
        content, (data,) = each.answer({"ask": "session"})
        assert b"canary" in data
        assert content == {"answer": "session"}
    assert state() == before
    for secret in ("canary", "Tired", "RIFF", made.HER, str(study.root)):
        assert secret not in before
    assert "Session player" in before  # the program is there
    for each in shown:
        assert "canary" not in json.dumps(each._repr_mimebundle_(), default=str)


def test_every_trait_that_is_saved_is_program_or_layout(study: Study) -> None:
    names = set(display.player(study.root, "s01").keys)
    own = {name for name in names if not name.startswith("_")}
    assert own == {"layout", "tabbable", "tooltip"}
    assert {"_esm", "_css"} < names


def test_the_page_gets_the_session_and_pieces_of_sound(tmp_path: Path) -> None:
    study = published(tmp_path, made.session_result())
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    shown = display.player(study.root, "s01", by="S1")
    shown.send = lambda content, buffers: sent.append((content, buffers))  # type: ignore[method-assign]
    shown.hear(shown, {"ask": "session", "id": "a-1"}, [])
    shown.hear(shown, {"ask": "sound", "id": "a-2", "start": 0, "end": 1}, [])
    shown.hear(shown, "no question", [])
    shown.reader.shutdown(wait=True)
    (first, (data,)), (second, none) = sent
    assert first == {"answer": "session", "id": "a-1"}
    assert json.loads(data) == {**payload.session(study, "s01"), "by": "S1"}
    assert (second["answer"], second["id"], none) == ("problem", "a-2", [])  # the little session has no sound file
    assert "not sound" in second["text"]
    assert str(study.root) not in second["text"]


def test_the_other_widgets_of_a_session_are_told_of_a_correction(study: Study) -> None:
    told: dict[str, list[dict[str, Any]]] = {"one": [], "two": []}
    shown = {"one": display.player(study.root, "s01"), "two": display.silences(study.root, "s01")}
    for name, each in shown.items():
        each.send = lambda content, _buffers, name=name: told[name].append(content)  # type: ignore[method-assign]
    shown["one"].hear(None, {"ask": "change", "id": "a-1", "what": "silence", "target": "4.0", "value": "mnemonic"}, [])
    changed = {"answer": "changed", "by": "a-1"}
    assert told == {"one": [{"answer": "session", "id": "a-1"}, changed], "two": [changed]}
    shown["two"].close()
    shown["one"].hear(None, {"ask": "change", "id": "a-2", "what": "silence", "target": "5.0", "value": "mnemonic"}, [])
    assert told["one"][-1]["answer"] == "problem"  # no silence is there, so nobody is told of a change
    assert told["two"] == [changed]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"ask": "all"},
        {"ask": "sound"},
        {"ask": "sound", "start": 2, "end": 1},
        {"ask": "sound", "start": None, "end": 1},
        {"ask": "sound", "start": math.nan, "end": 1},
        {"ask": "change", "what": "note", "target": 4, "value": "x"},
        {"ask": "change", "what": "role", "target": made.HER, "value": "boss"},
        {"ask": "change", "what": "rating", "target": "empathy", "value": "6"},
        {"ask": "change", "what": "word_speaker", "target": "3.1", "value": made.HER},
        {"ask": "change", "what": "counted_coder", "target": "", "value": "S2"},
        {"ask": "change", "what": "utterance_speaker", "target": "nobody", "value": made.HER},
    ],
)
def test_what_is_no_question_has_one_line_for_an_answer(study: Study, asked: dict[str, Any]) -> None:
    content, buffers = widget.Player(study, "s01", by="").answer(asked)
    assert content["answer"] == "problem"
    assert "\n" not in content["text"]
    assert buffers == []
    assert not study.overlay("s01").exists()


def changed(study: Study, what: str, target: str, value: str, *, by: str = "S1") -> dict[str, Any]:
    content, buffers = widget.Player(study, "s01", by=by).answer(
        {"ask": "change", "what": what, "target": target, "value": value}
    )
    assert content["answer"] == "session", content
    return json.loads(buffers[0])


def test_a_correction_of_the_page_is_laid_over_the_session(study: Study) -> None:
    before = payload.session(study, "s01")
    (silence,) = before["silences"]
    shown = changed(study, "code", before["utterances"][2]["target"], "complex_reflection+affirm")
    assert shown["utterances"][2]["codes"] == [["complex_reflection", "human"], ["affirm", "human"]]
    assert [u["given"] for u in shown["utterances"]] == [False, False, True]
    shown = changed(study, "silence", silence["target"], "reflective")
    assert shown["silences"][0]["category"] == "reflective"
    shown = changed(study, "turn_speaker", before["utterances"][2]["turn"], made.HIM)
    assert [u["who"] for u in shown["utterances"]] == [0, 1, 1]
    shown = changed(study, "turn_speaker", shown["utterances"][2]["turn"], made.HER)
    shown = changed(study, "code", before["utterances"][2]["target"], "")
    assert shown["utterances"][2]["codes"] == [["simple_reflection", "rules"]]
    assert changed(study, "silence", silence["target"], "")["silences"][0]["category"] == ""


def test_several_coders_are_shown_side_by_side(study: Study) -> None:
    before = payload.session(study, "s01")
    assert before["coders"] == []
    target = before["utterances"][2]["target"]
    for by, value in (("B", "affirm"), ("A", "complex_reflection+affirm"), ("A", "simple_reflection"), ("C", "none")):
        changed(study, "code", target, value, by=by)
    shown = payload.session(study, "s01")
    assert shown["coders"] == ["A", "B", "C"]
    assert shown["utterances"][2]["coders"] == [("A", ["simple_reflection"]), ("B", ["affirm"]), ("C", [])]
    assert [u["coders"] for u in shown["utterances"][:2]] == [[], []]
    changed(study, "code", target, "", by="B")
    assert [by for by, _ in payload.session(study, "s01")["utterances"][2]["coders"]] == ["A", "C"]


def test_one_word_can_be_given_to_the_other(study: Study) -> None:
    said = changed(study, "word_speaker", "3.500", made.HER)["utterances"]
    assert [(u["who"], [text for text, _ in u["words"]]) for u in said if "canary" in str(u["words"])] == [
        (0, ["canary"])
    ]


def test_roles_and_ratings_of_the_page_are_laid_over_the_session(study: Study) -> None:
    shown = changed(study, "rating", "empathy", "4")
    assert shown["ratings"] == {"S1": {"empathy": 4}}
    assert changed(study, "rating", "empathy", "")["ratings"] == {}
    for label, role in ((made.HER, "client"), (made.HIM, "therapist")):
        shown = changed(study, "role", label, role)
    assert [(s["id"], s["role"]) for s in shown["speakers"]] == [(made.HIM, "therapist"), (made.HER, "client")]


def test_one_line_of_a_turn_can_be_given_to_the_other(study: Study) -> None:
    shown = changed(study, "utterance_speaker", "1", made.HER)
    assert {u["who"] for u in shown["utterances"]} == {0}


def test_silences_of_a_review_are_a_table_and_of_a_study_a_workbench(study: Study) -> None:
    assert isinstance(display.silences(display.scan(study.root, "s01")), Page)
    assert isinstance(display.silences(study.root, "s01"), widget.Workbench)
    with pytest.raises(InputError, match="which session"):
        display.silences(study.root, "")


def test_a_session_without_results_says_how_to_make_them(tmp_path: Path) -> None:
    study = made.study_with(tmp_path / "study", made.session_result())
    with pytest.raises(InputError, match="toolkit run"):
        display.player(study.root, "s01")


# two hours


def test_a_session_of_two_hours_goes_over_in_one_small_message(tmp_path: Path) -> None:
    """A turn every 4 s of ten words each: as fast as people talk, and a silence of 3 s each minute."""
    result, turns = made.session_result(), 1800
    who = [(made.HER, made.HIM)[i % 2] for i in range(turns)]
    ends = [4.0 * i + (1.0 if i % 15 == 14 else 3.8) for i in range(turns)]
    said, words = [], []
    for i in range(turns):
        step = (ends[i] - 4.0 * i) / 10
        own = tuple(
            made.AttributedWord(4.0 * i + step * k, 4.0 * i + step * (k + 0.9), "something", 0.9, who[i])
            for k in range(10)
        )
        said.append(made.spoken(i, who[i], own))
        words.extend(own)
    dialogue = replace(
        result.dialogue,
        duration=7200.0,
        excluded=(),
        activity=tuple(SpeakerInterval(4.0 * i, ends[i], who[i]) for i in range(turns)),
        turns=tuple(Turn(i, 4.0 * i, ends[i], who[i], 3.0) for i in range(turns)),
        utterances=tuple(Utterance(u.index, u.start, u.end, u.speaker, 10, 20) for u in said),
        silences=tuple(
            Silence(i, ends[i], 4.0 * i + 4.0, SilenceKind.GAP, who[i], who[1 - i % 2], SilenceEvidence.SILENT)
            for i in range(turns - 1)
        ),
        codes=tuple(
            CodedUtterance(i, (AppliedCode(Code.OTHER if i % 2 == 0 else Code.NEUTRAL, "rules", "", 0, 0, -1),))
            for i in range(turns)
        ),
        backchannels=(),
        interruptions=(),
        words_without_speaker=0,
    )
    whole = replace(result, dialogue=dialogue, utterances=tuple(said), words=tuple(words))
    study = published(tmp_path, whole)
    _, (data,) = display.player(study.root, "s01").answer({"ask": "session"})
    shown = json.loads(data)
    assert len(shown["utterances"]) == turns
    assert len(shown["silences"]) == turns // 15 - 1  # nobody breaks the last one
    assert len(data) < 1_500_000
    assert all(b - a <= sound.LONGEST for a, b in pairwise(shown["chunks"]))
    # each piece ends in the pause between two turns
    assert all(any(end < edge < 4.0 * i + 4.0 for i, end in enumerate(ends)) for edge in shown["chunks"][1:-1])


# the page


def test_the_page_loads_nothing_and_never_reads_data_as_markup() -> None:
    files = sorted(HERE.glob("*.js")) + sorted(HERE.glob("*.css"))
    used = widget.Player._esm + widget.Workbench._esm + widget.SessionWidget._css
    assert len(files) == 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text in used, file.name
        forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|https?:|//cdn|fetch\(|"
        forbidden += r"XMLHttpRequest|WebSocket|sendBeacon|^\s*import |@import|url\("
        assert re.search(forbidden, text, re.MULTILINE) is None, file.name
    assert widget.Player._esm.count("export default") == widget.Workbench._esm.count("export default") == 1


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3: 21 for black on white."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_stands_out_from_its_ground() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    rules = re.findall(r"\{([^{}]*)\}", widget.SessionWidget._css)
    found = 0
    for rule in rules:
        colours = re.search(r"(?<![-\w])color: (#[0-9a-f]{3,6})", rule)
        ground = re.search(r"background(?:-color)?: (#[0-9a-f]{3,6})", rule)
        if colours:
            found += 1
            # without a ground of its own text may stand on the darkest one that a row or card has
            assert contrast(colours[1], ground[1] if ground else "#e8f1f8") >= 4.5, rule
    assert found > 10
