"""Corrections of a study's session: written, laid over, published, told; and gone with the session."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from made import HER, HIM, grant, session_result, study_with, withdraw

from toolkit import corrections, overlay, store, tables
from toolkit.consent import audit
from toolkit.errors import ConsentError, InputError
from toolkit.overlay import Correction, What
from toolkit.result import SessionResult
from toolkit.session import remeasure
from toolkit.study import Study
from toolkit.types import Code, GlobalRating, MeasureValue, Missing, Purpose, Role, RoleSource, SilenceCategory

DAY = date(2026, 3, 1)


def made(folder: Path, *, text: bool = True) -> Study:
    """A study with one session, measured as it is."""
    result = session_result(text=text)
    study = study_with(folder / "study", result)
    if not text:
        grant(study, "s01", frozenset({Purpose.MEASURE}))
    measured = remeasure(result, study.settings(), corrections=overlay.Corrections({}))
    store.publish(study, measured)
    return study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return made(tmp_path)


def correct(study: Study, *said: tuple[What, str, str], by: str = "T1") -> SessionResult:
    return corrections.correct(study, "s01", [Correction(*s) for s in said], by=by)


def value(result: SessionResult, measure: str, role: str = "therapist") -> MeasureValue:
    (found,) = [v for v in result.measures if v.measure == measure and v.role == role]
    return found


def files(study: Study) -> dict[str, bytes]:
    """Every file of the study but locks and the audit log."""
    paths = (
        p for p in study.root.rglob("*") if p.is_file() and "lock" not in p.name and not p.name.startswith("audit.")
    )
    return {str(p.relative_to(study.root)): p.read_bytes() for p in paths}


def codes(result: SessionResult) -> list[tuple[int, str, str]]:
    return [(c.utterance, str(a.code), a.coder) for c in result.dialogue.codes or () for a in c.codes]


def test_a_code_is_corrected_and_the_measures_follow(study: Study) -> None:
    before = store.load(study, "s01")
    assert (value(before, "complex_reflection_count").value, value(before, "reflection_count").confirmed) == (0, 0)
    changed = correct(study, (What.CODE, "8.0", "CR"))
    assert value(changed, "complex_reflection_count").value == 1
    assert value(changed, "simple_reflection_count").value == 0
    assert value(changed, "reflection_count").confirmed == 1.0
    assert value(changed, "question_count").confirmed == 0.0
    read = store.load(study, "s01")
    assert codes(read) == [(0, "open_question", "rules"), (2, "complex_reflection", "human")]
    assert read.heard == before.heard
    assert read.dialogue == changed.dialogue
    assert overlay.lines(study.overlay("s01"))[0].correction == Correction(What.CODE, "8.000", "complex_reflection")


def test_the_machines_output_stays_and_comes_back_to_the_byte(study: Study) -> None:
    before = files(study)
    correct(study, (What.CODE, "8", "CR"), (What.SILENCE, "4", "emotional"), (What.ROLE, HER, "client"))
    during = files(study)
    for name in tables.MACHINE:
        assert f"results/s01/{name}.parquet" in during, name
    assert store.read(study, "s01", "machine/codes")["code"].to_list() == ["open_question", "simple_reflection"]
    assert store.verify(study, "s01") == ()
    correct(study, (What.CODE, "8", ""), (What.SILENCE, "4", ""), (What.ROLE, HER, ""))
    after = files(study)
    del after["overlay/s01.csv"]
    assert after == before


def test_corrections_are_laid_over_the_machine_never_over_each_other(study: Study) -> None:
    one = correct(study, (What.TURN, "3", HER), (What.CODE, "8", "CR"))
    assert [t.speaker for t in one.dialogue.turns] == [HER]
    other = correct(study, (What.TURN, "3.000", HIM))  # not a turn any more as it is shown, but one of the machine's
    assert [t.speaker for t in other.dialogue.turns] == [HER, HIM, HER]
    assert other.heard == one.heard
    assert other.dialogue.roles[HIM].role is Role.CLIENT


def test_a_turn_as_it_is_shown_goes_with_all_that_it_is_made_of(study: Study) -> None:
    correct(study, (What.TURN, "3", HER), (What.WORD, "9.5", HER))
    shown = store.load(study, "s01").dialogue
    assert [(t.speaker, t.start, t.end) for t in shown.turns] == [(HER, 1.0, 9.0)]
    changed = correct(study, (What.TURN, "1.000", HIM))
    assert {t.speaker for t in changed.dialogue.turns} == {HIM}
    assert overlay.read(study.overlay("s01")).of(What.TURN) == {"1.000": HIM, "3.000": HIM, "8.000": HIM}


def test_a_turn_with_a_word_of_its_own_correction_goes_whole_too(study: Study) -> None:
    correct(study, (What.WORD, "3.5", HER), (What.WORD, "3.5", HIM))  # there and back: the word has a line of its own
    correct(study, (What.TURN, "3.0", HER))
    assert overlay.read(study.overlay("s01")).of(What.WORD) == {"3.500": HER}
    found = store.load(study, "s01")
    assert {w.speaker for w in found.words or ()} == {HER, None}


def test_an_utterance_goes_word_by_word(study: Study) -> None:
    result = store.load(study, "s01")
    said = corrections.of_utterance(result, 1, HER)
    assert [(c.what, c.target) for c in said] == [(What.WORD, "3.000"), (What.WORD, "3.500")]
    changed = corrections.correct(study, "s01", said, by="T1")
    assert {u.speaker for u in changed.utterances or ()} == {HER}
    with pytest.raises(InputError, match="no utterance 9"):
        corrections.of_utterance(changed, 9, HER)


def test_speakers_are_corrected_and_read_back_equal(study: Study) -> None:
    changed = correct(study, (What.WORD, "3.0", HER), (What.CODE, "3.5", "change_talk"))
    read = store.load(study, "s01")
    assert replace(read, measures=()) == replace(changed, measures=())
    assert [(w.text, w.speaker) for w in read.words or ()][3:5] == [("=Tired", HER), ("canary", HIM)]
    assert store.read(study, "s01", "restricted/utterances")["text"].to_list() == [
        "How are you?", "=Tired", "canary", "You're tired.",
    ]  # fmt: skip
    assert store.read(study, "s01", "confirmed").select("speaker", "start", "end").rows() == [(HER, 3.0, 3.45)]
    assert store.read(study, "s01", "turns")["confirmed"].to_list() == [False, False, False]  # only part of the first
    correct(study, (What.TURN, "1.0", HER))
    assert store.read(study, "s01", "turns")["confirmed"].to_list() == [True, False, False]


def test_without_a_transcript_turns_go_and_words_cannot(tmp_path: Path) -> None:
    study = made(tmp_path, text=False)
    with pytest.raises(InputError, match=r"correction 1 \(word_speaker 3.000\); nothing was written"):
        correct(study, (What.WORD, "3.0", HER))
    with pytest.raises(InputError, match="no single utterance"):
        corrections.of_utterance(store.load(study, "s01"), 1, HER)
    changed = correct(study, (What.TURN, "3.0", HER))
    assert [u.speaker for u in changed.dialogue.utterances or ()] == [HER, HER, HER]
    assert not any("restricted" in name or b"canary" in data for name, data in files(study).items())
    assert store.load(study, "s01").heard.dialogue.turns[1].speaker == HIM


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([(What.CODE, "8", "CR"), (What.CODE, "7.9", "CR")], r"correction 2 \(code 7.900\)"),
        ([(What.SILENCE, "5", "emotional")], r"\(silence 5.000\)"),
        ([(What.TURN, "3", "SPEAKER_9")], "no speaker of that label"),
        ([(What.ROLE, "SPEAKER_9", "client")], r"\(role SPEAKER_9\)"),
        ([(What.CODE, "8", "flattery")], "correction 1: codes must be"),
        ([(What.NOTE, "20.5", "late")], "after the end"),
        ([], "nothing to correct"),
    ],
)
def test_a_correction_that_finds_nothing_is_refused_and_nothing_is_written(
    study: Study, said: list[tuple[What, str, str]], told: str
) -> None:
    before = files(study)
    with pytest.raises(InputError, match=told) as refused:
        correct(study, *said)
    assert "s01" in str(refused.value)
    assert files(study) == before


def test_a_speaker_the_machine_did_not_tell_apart_comes_in_with_a_role(study: Study) -> None:
    changed = correct(study, (What.TURN, "8", "THIRD"), (What.ROLE, "THIRD", "other"))
    assert changed.dialogue.roles["THIRD"].role is Role.OTHER
    assert {t.speaker for t in changed.dialogue.turns} == {HER, HIM, "THIRD"}


def test_what_finds_nothing_any_more_is_told_with_its_number(study: Study) -> None:
    correct(study, (What.CODE, "8", "CR"), (What.SILENCE, "4", "emotional"))
    result = store.load(study, "s01")
    assert isinstance(result.utterances, tuple)
    dialogue = result.heard.dialogue
    others = tuple(replace(u, start=u.start + 0.25) for u in dialogue.utterances or ())
    moved = replace(result, machine=replace(result.heard, dialogue=replace(dialogue, utterances=others)))
    again = remeasure(moved, study.settings(), corrections=overlay.read(study.overlay("s01")))
    (told,) = [w for w in again.warnings if "find nothing to correct" in w]
    assert told.startswith("1 corrections by a human find nothing to correct any more (code 1)")
    assert again.dialogue.silences[1].category is SilenceCategory.EMOTIONAL


def test_utterances_that_no_coder_read_so_are_told(study: Study) -> None:
    changed = correct(study, (What.WORD, "3.0", HER))
    assert [w for w in changed.warnings if w.startswith("2 utterances hold other words")]
    assert store.manifest(study, "s01").warnings == changed.warnings


def test_coders_stand_side_by_side_and_one_may_be_chosen(study: Study) -> None:
    correct(study, (What.CODE, "8", "CR"), by="T1")
    both = correct(study, (What.CODE, "8", "affirm"), by="T2")
    assert codes(both)[-1] == (2, "affirm", "human")
    chosen = correct(study, (What.COUNTED, "", "T1"), by="lead")
    assert codes(chosen)[-1] == (2, "complex_reflection", "human")
    assert chosen.overlay == overlay.digest(study.overlay("s01"))
    still = correct(study, (What.CODE, "1", "CQ"), by="T2")  # said, kept, and not counted
    assert codes(still) == codes(chosen)
    assert overlay.read(study.overlay("s01"), by="T2").of(What.CODE) == {"8.000": "affirm", "1.000": "closed_question"}
    back = correct(study, (What.COUNTED, "", ""), by="lead")
    assert codes(back) == [(0, "closed_question", "human"), (2, "affirm", "human")]


def test_codes_are_added_and_taken_away_beside_ones_own_or_the_machines(study: Study) -> None:
    correct(study, (What.CODE, "8", "add AF"), by="T1")
    correct(study, (What.CODE, "8", "add confront"), by="T2")
    lines = overlay.lines(study.overlay("s01"))
    assert [(x.by, x.correction.value) for x in lines] == [
        ("T1", "simple_reflection+affirm"), ("T2", "simple_reflection+confront"),
    ]  # fmt: skip
    correct(study, (What.CODE, "8", "without SR"), by="T1")
    assert overlay.read(study.overlay("s01"), by="T1").of(What.CODE) == {"8.000": "affirm"}
    correct(study, (What.CODE, "1", "ok"), by="T1")
    assert overlay.read(study.overlay("s01"), by="T1").of(What.CODE)["1.000"] == "open_question"


def test_a_note_goes_to_the_overlay_and_nowhere_else(study: Study) -> None:
    before = files(study)
    correct(study, (What.NOTE, "4.5", "=sum of a secret\nsecond line"))
    after = files(study)
    assert {n for n in after if after[n] != before.get(n)} == {"overlay/s01.csv"}
    assert b"secret" not in study.audit_file.read_bytes()
    (note,) = corrections.notes(study, "s01")
    assert (note.at, note.by, note.text) == (4.5, "T1", "=sum of a secret\nsecond line")
    path = study.overlay("s01")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    correct(study, (What.CODE, "8", "CR"))
    assert not [n for n, data in files(study).items() if b"secret" in data and n != "overlay/s01.csv"]


def test_ratings_are_humans_alone_side_by_side_and_change_no_measure(study: Study) -> None:
    before = files(study)
    correct(study, (What.RATING, "empathy", "4"), (What.RATING, "partnership", "3"), by="T1")
    correct(study, (What.RATING, "empathy", "2"), by="T2")
    assert corrections.ratings(study, "s01") == {
        "T1": {GlobalRating.EMPATHY: 4, GlobalRating.PARTNERSHIP: 3}, "T2": {GlobalRating.EMPATHY: 2},
    }  # fmt: skip
    assert corrections.globals_of(corrections.ratings(study, "s01")["T1"])["relational"] == 3.5
    assert corrections.globals_of(corrections.ratings(study, "s01")["T2"])["relational"] == Missing(
        "not rated: partnership"
    )
    after = files(study)
    del after["overlay/s01.csv"]
    assert after == before


def test_each_writing_leaves_one_line_in_the_audit_log_without_what_was_said(study: Study) -> None:
    correct(study, (What.NOTE, "1", "secret"), (What.CODE, "8", "CR"), (What.CODE, "1", "OQ"), by="Secret-coder")
    entry = json.loads(study.audit_file.read_text().splitlines()[-1])
    assert (entry["event"], entry["session"]) == ("correct", "s01")
    assert entry["details"] == {"count": 3, "kinds": ["code", "note"]}
    assert audit.verify(study.audit_file).ok
    assert "ecret" not in study.audit_file.read_text()


def test_what_became_of_each_line_is_told(study: Study) -> None:
    correct(study, (What.CODE, "8", "CR"), by="T1")
    correct(study, (What.CODE, "8", "affirm"), by="T2")
    correct(study, (What.NOTE, "1", "here"), by="T1")
    overlay.add(study.overlay("s01"), [Correction(What.SILENCE, "5", "emotional")], by="T2", today=DAY)
    found = [(s.line.by, str(s.line.correction.what), str(s.state)) for s in corrections.statements(study, "s01")]
    assert found == [
        ("T1", "code", "does not count"), ("T2", "code", "counts"), ("T1", "note", "counts"),
        ("T2", "silence", "finds nothing"),
    ]  # fmt: skip
    correct(study, (What.COUNTED, "", "T1"), by="lead")
    states = [str(s.state) for s in corrections.statements(study, "s01")]
    assert states == ["counts", "does not count", "counts", "does not count", "counts"]


def test_consent_that_is_gone_refuses_and_withdrawal_takes_the_overlay_along(study: Study) -> None:
    correct(study, (What.NOTE, "1", "canary"))
    stray = study.overlay("s01").with_name(".s01.csv.abc.tmp")  # as a killed process leaves it
    stray.write_text("canary")
    other = study.overlay("s010")
    other.write_text("another session's")
    before = files(study)
    withdraw(study, "s01")
    for refused in (
        lambda: correct(study, (What.CODE, "8", "CR")),
        lambda: corrections.notes(study, "s01"),
        lambda: corrections.ratings(study, "s01"),
        lambda: corrections.statements(study, "s01"),
        lambda: corrections.set_roles(study, "s01", {HER: Role.CLIENT}, by=""),
    ):
        with pytest.raises(ConsentError, match=r"purpose measure|withdrawn") as error:
            refused()
        assert error.value.exit_code == 3
    assert {n: d for n, d in files(study).items() if n != "consent.toml"} == {
        n: d for n, d in before.items() if n != "consent.toml"
    }
    store.purge(study, "s01")
    assert [p.name for p in study.overlay("s01").parent.iterdir()] == ["s010.csv"]


def test_roles_are_set_and_swapped_as_ever(study: Study) -> None:
    swapped = corrections.swap_roles(study, "s01", by="T1")
    assert (swapped[HER].role, swapped[HIM].role) == (Role.CLIENT, Role.THERAPIST)
    assert {a.source for a in swapped.values()} == {RoleSource.HUMAN}
    assert store.load(study, "s01").heard.dialogue.roles[HER].role is Role.THERAPIST
    corrections.swap_roles(study, "s01", by="T1")
    assert store.load(study, "s01").dialogue.roles[HER].role is Role.THERAPIST
    with pytest.raises(InputError, match=r"no speaker X\. It has: SPEAKER_00, SPEAKER_01"):
        corrections.set_roles(study, "s01", {"X": Role.CLIENT}, by="")


def test_a_code_the_machine_does_not_look_for_counts_once_all_were_coded(study: Study) -> None:
    result = store.load(study, "s01")
    store.publish(study, replace(result, dialogue=replace(result.dialogue, coded=frozenset({Code.OPEN_QUESTION}))))
    one = correct(study, (What.CODE, "8", "affirm"))
    assert isinstance(value(one, "affirm_count").value, Missing)
    both = correct(study, (What.CODE, "1", "OQ"))
    assert (value(both, "affirm_count").value, value(both, "affirm_count").confirmed) == (1, 1.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("75", 75), ("75.42", 75.42), ("75,42", 75.42), ("1:15", 75), ("1:02:03.5", 3723.5), ("0:05", 5)],
)
def test_times_as_people_write_them(text: str, seconds: float) -> None:
    assert corrections.spoken_time(text) == seconds


@pytest.mark.parametrize("text", ["", "secret", "1:99:00", "-3", "nan", "1:2:3:4"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no time"):
        corrections.spoken_time(text)


def test_a_time_finds_what_starts_there_or_in_that_second_or_is_going_on(study: Study) -> None:
    result = store.load(study, "s01")
    assert corrections.start_of(result, What.SILENCE, 2.4) == "2.400"
    assert corrections.start_of(result, What.SILENCE, 2) == "2.400"  # shown as 0:02
    assert corrections.start_of(result, What.TURN, 3.6) == "3.000"
    assert corrections.start_of(result, What.CODE, 8) == "8.000"
    assert corrections.start_of(result, What.WORD, 3.5) == "3.500"
    with pytest.raises(InputError, match=r"no silence at 10 s. The nearest starts at 4.000 s"):
        corrections.start_of(result, What.SILENCE, 10)
    other = replace(result.dialogue.turns[1], start=1.2, end=2.0)
    beside = replace(result, dialogue=replace(result.dialogue, turns=(result.dialogue.turns[0], other)))
    with pytest.raises(InputError, match=r"several turns are at 1.5 s: 1.000/SPEAKER_00, 1.200/SPEAKER_01"):
        corrections.start_of(beside, What.TURN, 1.5)
