"""Many sessions: who is in, what is usual, what changed, what is left out because it is too little."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import withdraw
from many import Made, study_of, value, values

from toolkit import caseload
from toolkit.caseload import cohort, habits, progress, quality, questions
from toolkit.caseload.bins import bins
from toolkit.caseload.checks import CHECKS
from toolkit.errors import InputError
from toolkit.evaluate.double_coding import Period
from toolkit.intervals import Span
from toolkit.measures import MEASURES
from toolkit.measures.change import Change, Phase
from toolkit.measures.sums import Pooled
from toolkit.measures.variation import Components
from toolkit.study import Study
from toolkit.types import Missing, Purpose

LONGEST = "longest_turn"
RATIO = "reflection_to_question_ratio"


def longest(therapist: str, turns: list[float], *, first: int = 1) -> list[Made]:
    """Sessions of a therapist, a month apart, with their longest turns and one reflection more each time."""
    return [
        Made(
            f"{therapist.lower()}-{first + i:02d}",
            therapist,
            f"2025-{first + i:02d}-01",
            values(
                value(LONGEST, seconds),
                value(RATIO, (i + 1) / 4, ratio=(i + 1, 4), reach=(i / 4, (i + 3) / 4)),
                value("silence_share", 0.1, ratio=(360, 3600)),
                value("interruption_count", float(i)),
            ),
            client=f"C-{therapist}-{i}",
        )
        for i, seconds in enumerate(turns)
    ]


OTHERS = {f"T1{i}": [40.0 + 10 * i, 42.0 + 10 * i, 44.0 + 10 * i] for i in range(5)}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """T01 with six sessions, the last three with longer turns; five others with three each; T20 with one."""
    made = longest("T01", [30.0, 31.0, 32.0, 60.0, 61.0, 62.0])
    for therapist, turns in OTHERS.items():
        made += longest(therapist, turns)
    made += longest("T20", [500.0])
    return study_of(tmp_path_factory.mktemp("many") / "study", made)


@pytest.fixture(scope="module")
def loaded(study: Study) -> caseload.Caseload:
    return caseload.read(study)


def test_sessions_come_by_therapist_and_date_and_those_without_one_last(tmp_path: Path) -> None:
    days = {"a": "2025-03-01", "b": "", "c": "2025-01-01", "d": "2025-02-01"}
    any_value = values(value(LONGEST, 1.0))
    made = [Made(name, "T2" if name == "c" else "T1", day, any_value) for name, day in days.items()]
    found = caseload.read(study_of(tmp_path / "study", made))
    rows = found.sessions.select("session_id", "therapist", "place").rows()
    assert rows == [("d", "T1", 1), ("a", "T1", 2), ("b", "T1", 3), ("c", "T2", 1)]
    assert found.therapists == ("T1", "T2")
    with pytest.raises(InputError, match="Known: T1, T2"):
        found.check("T3")


def test_what_consent_does_not_cover_is_in_nothing(tmp_path: Path) -> None:
    made = [*longest("T01", [30.0, 31.0, 32.0, 33.0]), *longest("T02", [999.0, 998.0])]
    made.append(Made("t01-09", "T01", "2025-09-01", values(value(LONGEST, 777.0)), purposes=frozenset()))
    study = study_of(tmp_path / "study", made)
    rows = study.sessions_file.read_text()
    study.sessions_file.write_text(rows.replace("T01,C-T01-3", "T01,C-somebody-else"))  # who did not agree
    withdraw(study, "t01-02")
    withdraw(study, "t02-01")
    withdraw(study, "t02-02")
    found = caseload.read(study)
    assert found.sessions["session_id"].to_list() == ["t01-01", "t01-03"]
    assert set(found.measures["session_id"]) == {"t01-01", "t01-03"}
    assert found.therapists == ("T01",)
    assert {q.session_id for q in quality.sessions(found)} == {"t01-01", "t01-03"}
    (course,) = progress.courses(found, "T01", measures=[LONGEST])
    assert [s.value for s in course.sittings] == [30.0, 32.0]


def test_a_reliable_change_is_found_and_asked_about(loaded: caseload.Caseload) -> None:
    (course,) = progress.courses(loaded, "T01", measures=[LONGEST])
    assert isinstance(course.baseline, Phase)
    assert isinstance(course.recent, Phase)
    assert (course.baseline.value, course.recent.value) == (31.0, 61.0)
    # pooled within persons: T01's squares 1^2 * 2 + 1^2 * 2 + 6 * 15^2 = 1354, the others' 5 * 8; freedom 5 + 10
    deviation = math.sqrt((1354 + 40) / 15)
    assert isinstance(course.change, Change)
    assert course.change.index == pytest.approx(30 / (deviation * math.sqrt(2 / 3)))
    assert course.change.reliable
    assert questions.question(LONGEST, higher=True) == "Longer monologues than your usual: was that meant?"
    # the band: the others' means 42, 52, ..., 82; ten and ninety per cent of them
    assert isinstance(course.band, Span)
    assert (course.band.start, course.band.end) == (pytest.approx(46), pytest.approx(78))


def test_a_baseline_and_the_latest_sessions_have_no_session_in_common(loaded: caseload.Caseload) -> None:
    (course,) = progress.courses(loaded, "T01", measures=[LONGEST], baseline=4, recent=5)
    assert isinstance(course.baseline, Phase)
    assert isinstance(course.recent, Phase)
    assert [p.value for p in course.baseline.points] == [30, 31, 32, 60]
    assert [p.value for p in course.recent.points] == [61, 62]


def test_too_few_sessions_or_therapists_are_not_shown(loaded: caseload.Caseload) -> None:
    (lone,) = progress.courses(loaded, "T20", measures=[LONGEST])
    assert lone.baseline == Missing("a baseline needs 3 sessions with a value, there are 1")
    assert isinstance(lone.change, Missing)
    (three,) = progress.courses(loaded, "T10", measures=[LONGEST])
    assert three.change == Missing("nothing comes after a baseline of 3 sessions yet")
    assert isinstance(three.band, Span)  # T11 to T14 and T01: T20 has too few sessions to be in a band
    assert three.band.end < 100


def test_a_phase_is_a_ratio_of_sums(loaded: caseload.Caseload) -> None:
    (course,) = progress.courses(loaded, "T01", measures=[RATIO])
    assert isinstance(course.baseline, Phase)
    assert course.baseline.value == (1 + 2 + 3) / 12


def test_habits_in_plain_words(loaded: caseload.Caseload) -> None:
    found = {h.sentence: h.found for h in habits.habits(loaded, "T01")}
    ratio = found[habits.SENTENCES[RATIO]]
    assert isinstance(ratio, Pooled)
    assert ratio.value == pytest.approx(21 / 24)
    cut = found[habits.CUT_IN]
    assert isinstance(cut, Pooled)
    assert cut.value == pytest.approx((0 + 1 + 2 + 3 + 4 + 5) / 6)  # sessions of an hour
    assert isinstance(found[habits.SENTENCES["patience"]], Missing)
    broke = found[habits.BROKE]  # made sessions have a silence of 4 s between client and therapist
    assert isinstance(broke, Pooled)
    assert broke.value == 1.0


def test_every_sentence_and_question_is_of_a_measure() -> None:
    assert set(habits.SENTENCES) <= set(MEASURES)
    assert set(questions.QUESTIONS) <= set(MEASURES)
    assert set(caseload.LISTENING) <= set(questions.QUESTIONS)
    told = [text for pair in questions.QUESTIONS.values() for text in pair] + [*habits.SENTENCES.values()]
    assert not [t for t in told if any(word in t.lower() for word in ("score", "good", "bad", "should", "better"))]


def test_a_caseload_by_hand(loaded: caseload.Caseload) -> None:
    found = cohort.summary(loaded, LONGEST)
    assert (found.n, found.missing) == (22, 0)
    assert isinstance(found.together, Pooled)
    assert found.together.value == pytest.approx((276 + 126 + 156 + 186 + 216 + 246 + 500) / 22)
    assert found.together.n == 7  # therapists
    assert isinstance(found.parts, Components)
    ratio = cohort.summary(loaded, RATIO)
    assert isinstance(ratio.together, Pooled)
    assert ratio.together.value == pytest.approx((21 + 5 * 6 + 1) / (4 * 22))
    cells = {c.name: c.together for c in cohort.therapists(loaded, LONGEST)}
    assert isinstance(cells["T20"], Missing)
    months = {c.name: c.n for c in cohort.over_time(loaded, LONGEST, Period.MONTH)}
    assert months == {"2025-01": 7, "2025-02": 6, "2025-03": 6, "2025-04": 1, "2025-05": 1, "2025-06": 1}
    few = [c.name for c in cohort.over_time(loaded, LONGEST, Period.MONTH) if isinstance(c.together, Missing)]
    assert few == ["2025-04", "2025-05", "2025-06"]


def test_values_too_uncertain_to_show_still_add_up(tmp_path: Path) -> None:
    given = [
        value(RATIO, 2.0, ratio=(4, 2)),
        value(RATIO, "too uncertain to show", ratio=(3, 1)),
        value(RATIO, "no question", ratio=(5, 0)),
        value(RATIO, "no words"),
    ]
    made = [Made(f"s{i}", "T1", values=values(v)) for i, v in enumerate(given)]
    made += [Made(f"r{i}", "T2", values=values(value(RATIO, 1.0, ratio=(1, 1)))) for i in range(4)]
    found = cohort.summary(caseload.read(study_of(tmp_path / "study", made)), RATIO)
    assert isinstance(found.together, Pooled)
    assert found.together.value == (4 + 3 + 5 + 4) / (2 + 1 + 0 + 4)
    assert (found.n, found.missing) == (5, 3)
    reasons = {x.reason: x.sessions for x in cohort.lacking(caseload.read(Study.open(tmp_path / "study")), [RATIO])}
    assert reasons == {"too uncertain to show": 1, "no question": 1, "no words": 1}


@given(st.lists(st.floats(-1e4, 1e4).map(lambda x: round(x, 3)), min_size=1, max_size=60).map(sorted))
def test_bins_hold_every_value_once(numbers: list[float]) -> None:
    found = bins(numbers)
    assert sum(b.count for b in found) == len(numbers)
    assert all(math.isclose(a.high, b.low, abs_tol=1e-9) for a, b in pairwise(found))
    assert not any(b.open_ended for b in found[:-1])
    assert found[0].low <= numbers[0] + 1e-9
    assert found[-1].open_ended or numbers[-1] <= found[-1].high + 1e-9


def test_doubts_say_why_and_what_to_do(study: Study, loaded: caseload.Caseload) -> None:
    found = {q.session_id: q for q in quality.sessions(loaded)}
    one = found["t01-01"]
    # made sessions: -20.5 dBFS, 16 kHz, roles with a confidence of 0.9, words with 0.875, 1 of 8 words of nobody
    assert one.numbers["level"] == -20.5
    assert one.numbers["word_confidence"] == pytest.approx(0.875)
    assert one.numbers["minutes"] == 60
    assert one.numbers["unplaced"] == pytest.approx(1 / 8)
    assert isinstance(one.numbers["overlap"], Missing)
    assert {d.check.name for d in quality.doubts(one)} == {"unplaced", "invented"}
    assert set(one.numbers) == {c.name for c in CHECKS}
    assert all(c.why and c.what_to_do and c.source for c in CHECKS)


def test_without_words_their_confidence_is_missing_with_a_reason(tmp_path: Path) -> None:
    made = [Made("s1", "T1", values=values(value(LONGEST, 1.0)), purposes=frozenset({Purpose.MEASURE}))]
    (found,) = quality.sessions(caseload.read(study_of(tmp_path / "study", made)))
    confidence = found.numbers["word_confidence"]
    assert isinstance(confidence, Missing)
    assert "not kept" in confidence.reason


def test_an_empty_study_has_an_empty_caseload(tmp_path: Path) -> None:
    found = caseload.read(Study.create(tmp_path / "study"))
    assert found.sessions.height == 0
    assert found.therapists == ()
    assert isinstance(cohort.summary(found, LONGEST).together, Missing)
    assert isinstance(found.measures, pl.DataFrame)
    assert quality.sessions(found) == ()
    with pytest.raises(InputError, match="toolkit run"):
        habits.habits(found, "T1")
