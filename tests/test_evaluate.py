"""Metrics against published and hand-computed examples; scores that add up; the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from made import HER, HIM, activities, grant, session_result, study_with
from typer.testing import CliRunner

from toolkit import store
from toolkit.cli import evaluate as command
from toolkit.errors import InputError
from toolkit.evaluate import study as studies
from toolkit.evaluate.compare import METRICS, compare, summed
from toolkit.evaluate.metrics import (
    Deviation,
    ErrorRate,
    Matches,
    best_mapping,
    cp_word_errors,
    diarization_errors,
    matched,
    speaker_errors,
    tokens,
    word_errors,
)
from toolkit.evaluate.references import find
from toolkit.formats.truth import Truth, TruthUtterance, from_speech
from toolkit.intervals import Span
from toolkit.types import Missing, Purpose, Role, RoleAssignment, RoleSource, SpeakerInterval, Turn

WHOLE = [Span(0.0, 40.0)]
WORD = st.sampled_from(["a", "b", "c"])


def intervals(*given_: tuple[float, float, str]) -> list[SpeakerInterval]:
    return [SpeakerInterval(*one) for one in given_]


# words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I don\u2019t -- 'know', Mr. O'Brien!", ["i", "don't", "know", "mr", "o'brien"]),
        ("well-being: 20 %", ["well", "being", "20"]),
        ("Um, mm-hmm. Uh-huh?", ["um", "mm", "hmm", "uh", "huh"]),
        ("...", []),
    ],
)
def test_text_is_normalised_before_it_is_compared(text: str, found: list[str]) -> None:
    assert tokens(text, fillers=True) == found


def test_fillers_are_left_out_when_asked() -> None:
    assert tokens("Um, so, uh-huh, I... oh", fillers=False) == ["so", "i", "oh"]


def test_word_errors_by_hand() -> None:
    # b became x, d is gone, e was added; the reference has six words
    found = word_errors(list("abcdfg"), list("axcfge"))
    assert found == ErrorRate(3, 6, {"insertions": 1, "deletions": 1, "substitutions": 1})
    assert found.value() == pytest.approx(0.5)


def test_a_reference_without_words_has_no_error_rate() -> None:
    assert word_errors([], ["a"]) == ErrorRate(1, 0, {"insertions": 1, "deletions": 0, "substitutions": 0})
    assert word_errors([], ["a"]).value() == Missing("the reference is empty")
    assert word_errors(["a"], []).value() == 1.0


def test_cpwer_of_meetevals_own_examples() -> None:
    # documentation of meeteval.wer.cp_word_error_rate
    missed = cp_word_errors({"r0": ["a"], "r1": ["b"], "r2": ["c", "d"]}, {"h0": ["a"], "h1": ["b"]})
    assert (missed.errors, missed.length) == (2, 4)
    extra = cp_word_errors({"r0": ["a", "b"]}, {"h0": ["z"], "h1": ["a", "e", "f"]})
    assert (extra.errors, extra.length) == (3, 2)


def test_cpwer_sees_the_speaker_where_word_errors_do_not() -> None:
    there = {"A": ["a", "b"], "B": ["c"]}
    assert cp_word_errors(there, {"x": ["c"], "y": ["a", "b"]}).errors == 0
    assert cp_word_errors(there, {"x": ["b", "c"], "y": ["a"]}).errors == 2
    assert cp_word_errors(there, {"x": ["c"], "y": ["a"], "": ["b"]}).errors == 2  # a word of nobody


def test_words_of_the_wrong_speaker_are_counted_among_the_right_words() -> None:
    there = [("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")]
    found = [("a", "x"), ("b", "y"), ("q", "y"), ("d", None)]
    assert speaker_errors(there, found) == ErrorRate(2, 3, {"wrong_speaker": 2})


@given(st.lists(WORD, max_size=8), st.lists(WORD, max_size=8))
def test_word_errors_lie_between_the_difference_of_lengths_and_the_longer(there: list[str], found: list[str]) -> None:
    rate = word_errors(there, found)
    assert abs(len(there) - len(found)) <= rate.errors <= max(len(there), len(found))
    assert rate.parts["insertions"] - rate.parts["deletions"] == len(found) - len(there)
    assert (rate.errors == 0) == (there == found)


# speakers

# pyannote.metrics' documentation, "Diarization": reference A 0-10, B 12-20, A 24-27, D 30-40
PUBLISHED = intervals((0, 10, "A"), (12, 20, "B"), (24, 27, "A"), (30, 40, "C"))
PUBLISHED_RESULT = intervals((2, 13, "a"), (13, 14, "d"), (14, 20, "b"), (22, 38, "c"), (38, 40, "d"))


def test_diarization_error_of_the_published_example() -> None:
    found = diarization_errors(PUBLISHED, PUBLISHED_RESULT, scored=WHOLE, collar=0.0)
    assert found.length == 31.0
    assert found.parts == {"false_alarm": 7.0, "missed": 2.0, "confusion": 7.0}
    assert found.value() == pytest.approx(0.516, abs=5e-4)
    assert best_mapping(PUBLISHED, PUBLISHED_RESULT) == {"a": "A", "b": "B", "c": "C"}


def test_the_collar_is_on_each_side_of_a_boundary() -> None:
    there, found = intervals((0, 10, "a"), (10, 20, "b")), intervals((0, 12, "x"), (12, 20, "y"))
    rate = diarization_errors(there, found, scored=[Span(0, 20)], collar=0.25)
    # 0.25 s at 0, 0.5 s around 10 and 0.25 s at 20 do not count
    assert (rate.length, rate.errors) == (19.0, 1.75)


def test_overlap_is_scored_and_excluded_time_is_not() -> None:
    there = intervals((0, 10, "a"), (8, 12, "b"))
    assert diarization_errors(there, intervals((0, 12, "x")), scored=[Span(0, 12)], collar=0.0).length == 14.0
    cut = diarization_errors(there, intervals((0, 8, "x")), scored=[Span(0, 8)], collar=0.0)
    assert (cut.errors, cut.length) == (0.0, 8.0)


def test_a_speakers_own_overlap_counts_once() -> None:
    there = intervals((0, 10, "a"))
    assert diarization_errors(there, intervals((0, 6, "x"), (4, 10, "x")), scored=WHOLE, collar=0.0).errors == 0.0


def test_nobody_speaking_has_no_diarization_error_rate() -> None:
    assert diarization_errors([], [], scored=WHOLE, collar=0.0).value() == Missing("the reference is empty")


# events


def test_events_are_matched_so_that_most_fit() -> None:
    # greedy matching from the left would give 1.0 to 0.6 and leave 0.5 alone
    assert matched([0.5, 1.0], [0.6, 0.2], lambda a, b: abs(a - b) <= 0.41) == Matches(2, 2, 2)
    assert matched([1.0], [1.1, 0.9], lambda a, b: abs(a - b) <= 0.2) == Matches(1, 2, 1)


def test_f1_by_hand_and_missing() -> None:
    assert Matches(2, 4, 3).value() == pytest.approx(4 / 7)
    assert Matches(2, 4, 3).precision() == 0.5
    assert Matches(0, 0, 2).value() == 0.0
    assert isinstance(Matches(0, 0, 2).precision(), Missing)
    assert isinstance(Matches(0, 2, 0).recall(), Missing)
    assert isinstance(Matches(0, 0, 0).value(), Missing)


@given(st.lists(st.floats(0, 9), max_size=6), st.lists(st.floats(0, 9), max_size=6))
def test_matching_does_not_depend_on_who_is_asked_first(a: list[float], b: list[float]) -> None:
    near = matched(a, b, lambda x, y: abs(x - y) < 1).hits
    assert near == matched(b[::-1], a[::-1], lambda x, y: abs(x - y) < 1).hits
    assert near <= min(len(a), len(b))
    assert matched(a, a, lambda x, y: x == y).hits == len(a)


# sums


def test_scores_add_up_to_the_rate_of_sums() -> None:
    rates = [ErrorRate(1, 10, {"x": 1}), ErrorRate(0, 0, {"x": 0}), ErrorRate(4, 10, {"x": 3, "y": 1})]
    total = summed([*rates, Missing("no words")])
    assert total == ErrorRate(5, 20, {"x": 4, "y": 1})
    assert summed([Deviation(1.0, 1, 1.0), Deviation(3.0, 1, 3.0)]) == Deviation(4.0, 2, 3.0)
    assert Deviation(4.0, 2, 3.0).value() == 2.0
    assert summed([Matches(1, 2, 3), Matches(1, 1, 1)]) == Matches(2, 3, 4)
    assert isinstance(summed([Missing("-")]), Missing)


# a whole session


def perfect() -> Truth:
    """The truth of `session_result` as if all of it were right."""
    result = session_result()
    names = {HER: "therapist", HIM: "client"}
    assert not isinstance(result.utterances, Missing)
    assert not isinstance(result.words, Missing)
    codes = {0: ("none", "open"), 1: ("none", "none"), 2: ("simple", "none")}
    said = [(u, *codes[u.index]) for u in result.utterances]
    return Truth(
        session_id="s01",
        duration=20.0,
        roles=True,
        speech=tuple(SpeakerInterval(i.start, i.end, names[i.speaker]) for i in result.dialogue.activity),
        utterances=tuple(TruthUtterance(u.start, u.end, names[u.speaker], u.text, r, q) for u, r, q in said),
        words=tuple(replace(w, speaker=names[w.speaker]) for w in result.words if w.speaker),
        turns=tuple(SpeakerInterval(t.start, t.end, names[t.speaker]) for t in result.dialogue.turns),
        silences=(Span(2.4, 3.0), Span(4.0, 8.0)),
        coded=True,
    )


def value(name: str, truth: Truth, result: object = None) -> float | Missing:
    score = compare(result or session_result(), truth)[name]  # type: ignore[arg-type]
    return score if isinstance(score, Missing) else score.value()


def test_a_perfect_result_but_for_one_word_of_nobody() -> None:
    found = {name: value(name, perfect()) for name in METRICS}
    assert found["wer"] == pytest.approx(1 / 7)  # the word of nobody was not said
    assert found["cpwer"] == pytest.approx(1 / 7)
    errors = ["der", "der_collar", "talk_share_error", "therapist_share_error", "role_error", "word_speaker_error"]
    assert [found[name] for name in errors] == [0.0] * 6
    ones = ["silence_f1_half", "silence_f1_quarter", "turn_f1", "reflection_f1", "question_f1"]
    assert [found[name] for name in ones] == [1.0] * 5


def test_silences_must_fit_on_both_edges() -> None:
    moved = replace(perfect(), silences=(Span(4.4, 8.0),))
    assert (value("silence_f1_half", moved), value("silence_f1_quarter", moved)) == (1.0, 0.0)
    assert value("silence_f1_half", replace(perfect(), silences=(Span(4.0, 8.6),))) == 0.0


def test_silences_below_three_seconds_do_not_count() -> None:
    assert value("silence_f1_half", replace(perfect(), silences=(Span(5.1, 8.0),))) == 0.0


def test_turns_must_be_of_the_same_speaker_and_start_within_half_a_second() -> None:
    dialogue = session_result().dialogue
    late = replace(
        dialogue, turns=(Turn(0, 1.5, 2.4, HER, 1.0), Turn(1, 3.6, 4.0, HIM, 0.4), Turn(2, 8.0, 9.0, HIM, 1))
    )
    assert value("turn_f1", perfect(), replace(session_result(), dialogue=late)) == pytest.approx(1 / 3)


def test_swapped_labels_cost_nothing_but_swapped_roles_do() -> None:
    dialogue = session_result().dialogue
    swapped = {
        HER: RoleAssignment(Role.CLIENT, 1.0, RoleSource.LEXICAL),
        HIM: RoleAssignment(Role.THERAPIST, 1.0, RoleSource.LEXICAL),
    }
    result = replace(session_result(), dialogue=replace(dialogue, roles=swapped))
    assert value("role_error", perfect(), result) == 1.0
    assert value("talk_share_error", perfect(), result) == 0.0
    # 2.4 s of 3.4 s are the therapist's, the result says 1.0 s of 3.4 s
    assert value("therapist_share_error", perfect(), result) == pytest.approx(100 * 1.4 / 3.4)


def test_talk_share_error_is_in_points() -> None:
    dialogue = replace(session_result().dialogue, activity=(SpeakerInterval(1, 3, HER), SpeakerInterval(3, 4, HIM)))
    error = value("talk_share_error", perfect(), replace(session_result(), dialogue=dialogue))
    assert error == pytest.approx(100 * (2.4 / 3.4 - 2 / 3))


def test_codes_are_aligned_by_time_and_a_split_utterance_counts_once() -> None:
    truth = perfect()
    assert not isinstance(truth.utterances, Missing)
    one = replace(truth.utterances[0], end=9.0, reflection="complex")  # spans both therapist utterances of the result
    whole = replace(truth, utterances=(one, truth.utterances[1]))
    assert (value("reflection_f1", whole), value("question_f1", whole)) == (1.0, 1.0)
    none = replace(truth, utterances=(replace(truth.utterances[0], question="none"), *truth.utterances[1:]))
    assert value("question_f1", none) == 0.0
    apart = replace(truth, utterances=(truth.utterances[1],))  # no therapist utterance at all
    assert compare(session_result(), apart)["question_f1"] == Matches(0, 1, 0)


def test_what_cannot_be_compared_is_missing_with_its_reason() -> None:
    gone = Missing("consent does not cover a transcript")
    wordless = replace(session_result(), words=gone, utterances=gone)
    assert compare(wordless, perfect())["wer"] == gone
    assert value("der", perfect(), wordless) == 0.0
    bare = from_speech("s01", intervals((1, 2.4, "19"), (3, 4, "26")))
    for name in ("wer", "cpwer", "reflection_f1", "therapist_share_error", "role_error"):
        assert isinstance(value(name, bare), Missing), name
    uncoded = replace(session_result(), dialogue=replace(session_result().dialogue, codes=Missing("no coder")))
    assert value("question_f1", perfect(), uncoded) == Missing("no coder")


@given(activities())
def test_whoever_is_compared_with_himself_has_no_error(activity: tuple[SpeakerInterval, ...]) -> None:
    end = max((i.end for i in activity), default=1.0)
    rate = diarization_errors(activity, activity, scored=[Span(0.0, end)], collar=0.0)
    assert rate.errors == pytest.approx(0.0, abs=1e-6)


# the command

app = typer.Typer()
command.register(app)


@app.callback()
def group() -> None:
    """A group, as in the real application."""


@pytest.fixture
def references(tmp_path: Path) -> Path:
    folder = tmp_path / "truth"
    folder.mkdir()
    (folder / "s01.rttm").write_text(
        "SPEAKER s01 1 1.0 1.4 <NA> <NA> therapist <NA> <NA>\nSPEAKER s01 1 3.0 1.0 <NA> <NA> client <NA> <NA>\n"
        "SPEAKER s01 1 8.0 1.0 <NA> <NA> therapist <NA> <NA>\n"
    )
    (folder / "s01.stm").write_text(
        "s01 1 therapist 1.0 2.4 How are you\ns01 1 client 3.0 4.0 tired canary\ns01 1 therapist 8 9 you're wired\n"
    )
    return folder


def test_references_are_found_by_the_sessions_name(references: Path) -> None:
    found = find(references, "s01")
    assert found is not None
    assert found.roles
    assert found.silences == (Span(2.4, 3.0), Span(4.0, 8.0))
    assert not isinstance(found.utterances, Missing)
    assert found.utterances[1].text == "tired canary"
    assert find(references, "s02") is None
    (references / "s01.rttm").unlink()
    assert find(references, "s01") == found  # speech then follows from the segments
    with pytest.raises(InputError, match="no folder nowhere"):
        find(references / "nowhere", "s01")


def test_evaluate_study_prints_scores_and_no_text(tmp_path: Path, references: Path) -> None:
    study = study_with(tmp_path / "study", session_result(), session_result("s02"), session_result("s03"))
    for session_id in ("s01", "s02", "s03"):
        store.publish(study, session_result(session_id))
    grant(study, "s03", frozenset({Purpose.RESEARCH}))
    arguments = ["evaluate", "study", str(study.root), "--reference", str(references)]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "canary" not in shown.output
    assert "s02: left out, no reference" in shown.output
    assert "s03: left out, consent does not cover it today" in shown.output
    found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    wer = found["sessions"]["s01"]["wer"]
    assert (wer["errors"], wer["length"], wer["substitutions"], wer["insertions"]) == (2, 7, 1, 1)
    assert found["total"]["wer"] == wer
    assert found["sessions"]["s01"]["der"]["value"] == 0.0
    assert found["sessions"]["s01"]["question_f1"] == {
        "value": None,
        "missing_reason": "the reference holds no codes",
    }


def test_without_the_transcript_purpose_word_scores_are_missing(tmp_path: Path, references: Path) -> None:
    study = study_with(tmp_path / "study", session_result())
    store.publish(study, session_result())
    grant(study, "s01", frozenset({Purpose.MEASURE}))
    found = studies.as_json(studies.evaluate(study, references))["sessions"]["s01"]
    assert found["wer"] == {"value": None, "missing_reason": "consent does not cover a transcript"}
    assert found["der"]["value"] == 0.0


def test_nothing_to_compare_is_said(tmp_path: Path, references: Path) -> None:
    study = study_with(tmp_path / "study", session_result())
    with pytest.raises(InputError, match="nothing to compare in study: the study has no results"):
        studies.evaluate(study, references)
