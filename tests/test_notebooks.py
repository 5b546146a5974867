"""The notebooks of many sessions: they run on the sample sessions, and what they show is right and harmless."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path

import pytest
from conftest import ROOT
from made import withdraw
from many import Made, study_of, value, values

from toolkit import display
from toolkit.caseload import LISTENING
from toolkit.display.gallery import Gallery
from toolkit.measures import MEASURES
from toolkit.study import Study

MANY = ("02_trainee_progress", "03_self_audit", "04_cohort", "05_data_quality")
HOSTILE = "</script><script>alert(1)</script>"
FORMULA = "=1+1"
LONGEST = "longest_turn"
GONE = "gone-99"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Ten sessions of T01, longer monologues in the last four; four of each of five others; one withdrawn."""
    made = [
        Made(
            f"s{i:02d}",
            "T01",
            f"2025-{i + 1:02d}-01",
            values(
                value(LONGEST, 30.0 + i if i < 6 else 90.0 + i),
                value("reflection_to_question_ratio", 0.5, ratio=(i + 1, 2 * i + 2), reach=(0.2, 0.9)),
                value("patience", {3: HOSTILE, 4: FORMULA}.get(i, 0.5 + i / 100)),
            ),
        )
        for i in range(10)
    ]
    made += [
        Made(f"o{t}{i}", f"T1{t}", f"2025-{i + 1:02d}-02", values(value(LONGEST, 40.0 + 10 * t + i)))
        for t in range(5)
        for i in range(4)
    ]
    made.append(Made(GONE, "T01", "2025-12-24", values(value(LONGEST, 4321.0))))
    found = study_of(tmp_path_factory.mktemp("notebooks") / "study", made)
    withdraw(found, GONE)
    return found


def shown(part: object) -> str:
    """The HTML of something to display, without its scripts: nothing of them may be left."""
    html = part._repr_html_()  # type: ignore[attr-defined]
    bare = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert "<script" not in bare
    assert "</script" not in bare
    return bare


VIEWS: Mapping[str, Callable[[Study], Mapping[str, object]]] = {
    "progress": lambda study: (
        (found := display.progress.scan(study.root, "T01"))
        and {n: getattr(display.progress, n)(found) for n in ("overview", "findings", "chart", "measures")}
    ),
    "habits": lambda study: (
        (found := display.habits.scan(study.root, "T01"))
        and {n: getattr(display.habits, n)(found) for n in ("overview", "listen")}
    ),
    "cohort": lambda study: (
        (found := display.cohort.scan(study.root))
        and {
            n: getattr(display.cohort, n)(found)
            for n in ("overview", "measures", "distributions", "therapists", "over_time", "variation", "missing")
        }
    ),
    "quality": lambda study: (
        (found := display.quality.scan(study.root))
        and {n: getattr(display.quality, n)(found) for n in ("overview", "distrust", "chart", "sessions")}
    ),
}


@pytest.mark.parametrize("room", VIEWS)
def test_nothing_of_a_withdrawn_session_and_nothing_from_data_is_markup(room: str, study: Study) -> None:
    for name, part in VIEWS[room](study).items():
        html = shown(part)
        assert GONE not in html, name
        assert "2025-12-24" not in html, name
        assert "4321" not in html, name
        assert "http" not in html, name


def test_progress_asks_and_does_not_judge(study: Study) -> None:
    found = display.progress.scan(study.root, "T01")
    page = unescape(shown(display.progress.findings(found)))
    assert "Longer monologues than your usual: was that meant?" in page
    assert "31.0 s (3 sessions)" in page
    assert "1:38" not in page  # seconds up to two minutes
    assert "98.0 s (3 sessions)" in page
    assert "reflections per question" in page.split("Within what error could make")[1]
    assert "a baseline needs 3 sessions with a value, there are 0" in page
    drawn = display.progress.chart(found)
    assert isinstance(drawn, Gallery)
    shapes = str(drawn.drawings[0][0].chart.to_dict())
    assert "diamond" in shapes  # what lies outside is told by its shape, not by its colour
    label = drawn.drawings[0][0].description
    assert "usual: 31.0 s" in label
    assert "session s09, 2025-10-01: 99.0 s" in label
    alone = display.progress.scan(study.root, "T10")
    assert "nothing comes after a baseline" not in shown(
        display.progress.findings(alone)
    )  # a fourth session comes after
    assert "No measure changed" in shown(display.progress.findings(alone))


def test_a_band_of_fewer_than_five_others_is_not_shown(tmp_path: Path) -> None:
    made = [Made(f"s{t}{i}", f"T{t}", "", values(value(LONGEST, 10.0 * t + i))) for t in range(5) for i in range(4)]
    found = display.progress.scan(study_of(tmp_path / "study", made).root, "T0", measures=[LONGEST])
    page = shown(display.progress.measures(found))
    assert "fewer than 5 other therapists" in page
    assert "no band of others: too few" in shown(display.progress.chart(found))


def test_habits_are_sentences_and_places_are_questions(study: Study) -> None:
    found = display.habits.scan(study.root, "T01")
    page = unescape(shown(display.habits.overview(found)))
    assert "Your longest turn of a session lasted 58.5 s on average." in page
    assert "For each question you gave 0.50 reflections." in page
    assert "10 sessions" in page
    assert found.session_id == "s09"
    places = shown(display.habits.listen(found))
    assert "to ask yourself" in places
    assert places.count("?</td>") == len(found.places)
    with pytest.raises(Exception, match="The latest is s09"):
        display.habits.scan(study.root, "T01", GONE)


def test_a_cohort_is_ordered_by_ids_and_sums(study: Study) -> None:
    found = display.cohort.scan(study.root)
    by_therapist = display.cohort.therapists(found)
    assert isinstance(by_therapist, Gallery)
    spec = str(by_therapist.drawings[0][0].chart.to_dict())
    assert spec.index("'T01'") < spec.index("'T10'") < spec.index("'T14'")
    page = unescape(shown(display.cohort.measures(found)))
    assert MEASURES["reflection_to_question_ratio"].title in page
    assert "ICC" in shown(display.cohort.variation(found))
    missing = shown(display.cohort.missing(found))
    assert "&lt;script&gt;" in missing
    assert "1 of 10" in missing


def test_export_holds_what_was_agreed_to_and_runs_nothing(study: Study, tmp_path: Path) -> None:
    found = display.cohort.scan(study.root)
    assert "name a file" in shown(display.cohort.export(found, ""))
    assert "for the purpose research today" in shown(display.cohort.export(found, tmp_path / "all.csv"))
    told = shown(display.cohort.export(found, tmp_path / "all.csv", purpose="supervision"))
    assert "of 30 sessions" in told
    text = (tmp_path / "all.csv").read_text()
    assert GONE not in text
    assert f"'{FORMULA}" in text
    assert f",{FORMULA}" not in text
    assert "2025-" not in text
    assert "there already" in shown(display.cohort.export(found, tmp_path / "all.csv", purpose="supervision"))
    assert "One of: research" in shown(display.cohort.export(found, tmp_path / "b.csv", purpose="fun"))


def test_quality_names_what_to_do(study: Study) -> None:
    found = display.quality.scan(study.root)
    page = unescape(shown(display.quality.overview(found)))
    assert "30 of 30 sessions raise a doubt" in page
    assert "Give the words to their speaker in the player" in page
    assert "s00" in shown(display.quality.distrust(found))


@pytest.mark.models
def test_every_notebook_runs_on_the_sample_sessions(demo_study: Path, tmp_path: Path) -> None:
    files = [str(ROOT / "notebooks" / f"{name}.ipynb") for name in MANY]
    given = {"TOOLKIT_STUDY": str(demo_study), "TOOLKIT_THERAPIST": "T01", "TOOLKIT_SESSION": "reflective"}
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "--output-dir", str(tmp_path), *files],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **given, "TOOLKIT_EXPORT": str(tmp_path / "all.csv"), "TOOLKIT_PURPOSE": "supervision"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name, expected in zip(
        MANY, ("a baseline needs 3", "to ask yourself", "ratio of sums", "Checks and"), strict=True
    ):
        assert expected in (tmp_path / f"{name}.html").read_text(), name
    assert "talk_share_speech" in (tmp_path / "all.csv").read_text()
    assert set(LISTENING) <= set(MEASURES)


def test_the_benchmark_writes_its_own_section_only() -> None:
    sys.path.insert(0, str(ROOT / "pipelines"))
    from bench.process import Use
    from bench.section import replaced
    from benchmark_notebooks import section

    text = section([("04_cohort", Use(8.04, 7.0, 500_000_000, 0))], 5000, 2, "is collected")
    assert "| `04_cohort` | 8.0 s | 7.0 s | 500 MB |" in text
    page = f"# Benchmark\n\n## Chains\n\nkept\n\n{text}\n## Later\n\nkept too\n"
    assert replaced(page, text.replace("8.0 s", "9.0 s")) == page.replace("8.0 s", "9.0 s")
