"""`toolkit evaluate codes`: the file of references, labels from codes, statistics against published examples."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from toolkit import backends
from toolkit.cli import app
from toolkit.errors import BackendError, ConfigError, InputError
from toolkit.evaluate import codes as coding
from toolkit.evaluate.agreement import Confusion, Estimate, calibration, estimate, icc_agreement, spearman
from toolkit.evaluate.decisions import EVENTS, QUANTITIES, TASKS
from toolkit.evaluate.labels import labels_of, predict, words_of
from toolkit.formats import coded_csv
from toolkit.formats.coded_csv import CHANCES, COLUMNS, LABELS, Prediction, Row
from toolkit.settings import Settings
from toolkit.types import AppliedCode, Chances, Code, CodedUtterance, Missing, Role, SpokenUtterance

hypothesis.settings.register_profile("no deadline", deadline=None)  # no test asserts a time
hypothesis.settings.load_profile("no deadline")

HEADER = "dialogue_id,utterance_id,role,text,main,reflection,question,client_talk\n"
SURE = Chances(0.9, 0.8, 0.1, 0.5, 0.2, 0.1, 0.2, 0.6, 0.1, 0.7, 0.2)


class Stub:
    """A coder that codes what the words are called: the code's own name; ``sure`` gives probabilities."""

    def __init__(self, *, language: str = "en", lose: int = 0) -> None:
        self.language = language
        self.lose = lose
        self.heard: list[tuple[SpokenUtterance, ...]] = []

    def code(self, utterances: Sequence[SpokenUtterance], *, language: str) -> tuple[CodedUtterance, ...] | Missing:
        self.heard.append(tuple(utterances))
        if language != self.language:
            return Missing("another language")
        names = {str(code): code for code in Code}
        coded = []
        for u in utterances[self.lose :]:
            words = u.text.split()
            codes = tuple(AppliedCode(names[w], "stub", "stub", 0, 0, -1) for w in words if w in names)
            coded.append(CodedUtterance(u.index, codes, SURE if "sure" in words else Missing("none")))
        return tuple(coded)

    def describe(self) -> Mapping[str, str]:
        return {"name": "stub"}


def create_stub(settings: Settings) -> Stub:
    return Stub()


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    coders = {**backends.BACKENDS["coder"], "stub": "test_evaluate_codes:create_stub"}
    monkeypatch.setattr(backends, "BACKENDS", {**backends.BACKENDS, "coder": coders})


def parse(text: str, header: str = HEADER) -> coded_csv.Reference:
    return coded_csv.parse(header + text, "in.csv")


def run(*arguments: str | Path):
    return CliRunner().invoke(app, ["evaluate", "codes", *map(str, arguments)], env={"COLUMNS": "120"})


# the file


def test_a_reference_is_read_with_the_labels_for_each_role() -> None:
    found = parse(
        "d1,1,Therapist,Hello there, Reflection ,SIMPLE,none,n/a\n\n"
        "d1,2,client,Hi,n/a,,, change\n"
        "d1,3,interpreter,Hm,,,,\n"
    )
    assert found.rows[0] == Row(
        "d1",
        "1",
        Role.THERAPIST,
        "Hello there",
        {"main": "reflection", "reflection": "simple", "question": "none"},
    )
    assert found.rows[1].reference == {"client_talk": "change"}
    assert found.rows[2].reference == {}
    assert (found.columns, found.misplaced) == (tuple(LABELS), 0)


def test_labels_of_another_role_are_left_out_and_counted() -> None:
    found = parse("d1,1,client,Hi,other,,none,neutral\nd1,2,therapist,So,,,,neutral\n")
    assert [row.reference for row in found.rows] == [{"client_talk": "neutral"}, {}]
    assert found.misplaced == 3


@pytest.mark.parametrize(
    ("cell", "role"),
    [
        ("COUNSELLOR", Role.THERAPIST),
        ("counselor", Role.THERAPIST),
        (" Clinician ", Role.THERAPIST),
        ("Patient", Role.CLIENT),
        ("co-therapist", Role.CO_THERAPIST),
        ("unknown", Role.UNKNOWN),
    ],
)
def test_roles_have_synonyms(cell: str, role: Role) -> None:
    assert parse(f"d,1,{cell},x,,,,\n").rows[0].role is role


def test_columns_come_in_any_order_and_others_are_passed_over() -> None:
    found = parse('"one\ntwo";x;client;9;d\n', "Text;mood;ROLE;utterance_id;dialogue_id\n")
    assert found.rows == (Row("d", "9", Role.CLIENT, "one\ntwo", {}),)
    assert found.columns == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "in.csv, line 1: no column dialogue_id, utterance_id, role, text."),
        ("dialogue_id,text,role\nd,canary,client\n", "in.csv, line 1: no column utterance_id."),
        (HEADER, "holds no utterances"),
        (HEADER.replace("text", "text,text"), "in.csv, line 1: column text is there twice"),
        (HEADER + "d,1,client,canary\n", "in.csv, line 2: 4 values, but 8 columns"),
        (HEADER + "d,1,client,ok,,,,\n\nd,2,canary,canary,,,,\n", "in.csv, line 4: role must be one of therapist"),
        (
            HEADER + "d,1,therapist,canary,listen,,,\n",
            "line 2: main must be one of reflection, question, therapist_input",
        ),
        (HEADER + 'd,1,client,"a\nb",,,,\nd,2,client,canary,,,,up\n', "line 4: client_talk must be one of change"),
        (
            HEADER + "d,1,client,canary,,,,\nd, 1 ,client,canary,,,,\n",
            "line 3: utterance_id is in this dialogue already, on line 2",
        ),
        (HEADER + ",1,client,canary,,,,\n", "line 2: dialogue_id is empty"),
        (HEADER + 'd,1,client,"canary,,,,\n', "line 2: no valid CSV row"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_without_the_text(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        coded_csv.parse(text, "in.csv")
    assert message in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_same_utterance_id_may_be_in_two_dialogues() -> None:
    assert len(parse("a,1,client,x,,,,\nb,1,client,x,,,,\na,2,client,x,,,,\n").rows) == 3


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda x: x.strip()),
            st.text(st.characters(exclude_categories=["Cs"])),
        ),
        min_size=1,
        unique_by=lambda pair: " ".join(pair[0].split()),
    )
)
def test_predictions_have_the_ids_of_the_reference_in_order(rows: list[tuple[str, str]]) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = "".join(f"{cell(name)},1,client,{cell(text)},,,,\n" for name, text in rows)
    read = parse(lines).rows
    assert [row.text for row in read] == [text for _, text in rows]
    out = coded_csv.dumps(read, [Prediction({}, {})] * len(read))
    back = list(csv.DictReader(out.splitlines(keepends=True)))
    assert [row["dialogue_id"] for row in back] == [" ".join(name.split()) for name, _ in rows]


# from words to labels


def rows_of(*said: tuple[str, Role, str]) -> list[Row]:
    return [Row(dialogue, str(i), role, text, {}) for i, (dialogue, role, text) in enumerate(said)]


def test_each_dialogue_is_coded_by_itself_in_order() -> None:
    stub, told = Stub(), list[int]()
    rows = rows_of(
        ("a", Role.THERAPIST, "one two"),
        ("b", Role.CLIENT, "change_talk"),
        ("a", Role.CLIENT, "sustain_talk now"),
        ("a", Role.INTERPRETER, "simple_reflection sure"),
    )
    found = predict(rows, stub, told.append)
    assert [[u.text for u in heard] for heard in stub.heard] == [
        ["one two", "sustain_talk now", "simple_reflection sure"],
        ["change_talk"],
    ]
    assert [(u.speaker, u.index) for u in stub.heard[0]] == [("therapist", 0), ("client", 1), ("interpreter", 2)]
    for before, after in zip(stub.heard[0], stub.heard[0][1:], strict=False):
        assert before.start < before.end < after.start
    assert [dict(p.labels) for p in found] == [
        {"main": "other", "reflection": "none", "question": "none"},
        {"client_talk": "change"},
        {"client_talk": "sustain"},
        {},
    ]
    assert found[3].chances == {}
    assert told == [3, 1]


@pytest.mark.parametrize(
    ("codes", "main", "reflection", "question", "talk"),
    [
        ((), "other", "none", "none", "neutral"),
        ((Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION), "reflection", "complex", "none", "neutral"),
        ((Code.SIMPLE_REFLECTION, Code.CLOSED_QUESTION), "reflection", "simple", "closed", "neutral"),
        ((Code.OPEN_QUESTION, Code.CLOSED_QUESTION, Code.PERSUADE), "question", "none", "open", "neutral"),
        ((Code.GIVING_INFORMATION,), "therapist_input", "none", "none", "neutral"),
        ((Code.PERSUADE_WITH_PERMISSION,), "therapist_input", "none", "none", "neutral"),
        ((Code.AFFIRM, Code.FACILITATE), "other", "none", "none", "neutral"),
        ((Code.SUSTAIN_TALK, Code.CHANGE_TALK), "other", "none", "none", "change"),
        ((Code.SUSTAIN_TALK,), "other", "none", "none", "sustain"),
    ],
)
def test_labels_follow_from_codes(
    codes: tuple[Code, ...], main: str, reflection: str, question: str, talk: str
) -> None:
    assert labels_of(frozenset(codes)) == {
        "main": main,
        "reflection": reflection,
        "question": question,
        "client_talk": talk,
    }


def test_with_probabilities_the_main_behaviour_is_the_likeliest() -> None:
    rows = rows_of(("a", Role.THERAPIST, "simple_reflection sure"), ("a", Role.CLIENT, "sure"))
    therapist, client = predict(rows, Stub(), lambda _: None)
    assert therapist.labels == {"main": "therapist_input", "reflection": "simple", "question": "none"}
    assert therapist.chances["p_main_input"] == 0.6
    assert set(therapist.chances) | set(client.chances) == set(CHANCES)
    assert client.chances == {"p_change": 0.7, "p_sustain": 0.2}
    assert sorted([*therapist.chances.values(), *client.chances.values()]) == sorted(astuple(SURE))


@pytest.mark.parametrize("text", ["", "   ", "\x00", " \x07\n\t", "\x1f"])
def test_a_row_without_a_word_is_not_shown_to_the_coder(text: str) -> None:
    stub = Stub()
    found = predict(rows_of(("a", Role.THERAPIST, text), ("a", Role.CLIENT, text)), stub, lambda _: None)
    assert stub.heard == []
    assert found[0] == Prediction({"main": "other", "reflection": "none", "question": "none"}, {})
    assert found[1] == Prediction({"client_talk": "neutral"}, {})


def test_words_are_parted_at_white_space_and_keep_emoji() -> None:
    assert words_of("a\x00b\u00a0c \U0001f600 \x07") == ("ab", "c", "\U0001f600")


def test_a_coder_that_cannot_code_is_an_error_of_the_coder() -> None:
    with pytest.raises(BackendError, match="nothing was coded: another language"):
        predict(rows_of(("a", Role.CLIENT, "x")), Stub(language="de"), lambda _: None)
    with pytest.raises(BackendError, match="1 codings for 2 utterances"):
        predict(rows_of(("a", Role.CLIENT, "x"), ("a", Role.CLIENT, "y")), Stub(lose=1), lambda _: None)


# statistics

LABEL = st.sampled_from("abc")
SIDES = st.lists(st.tuples(LABEL, LABEL), min_size=1, max_size=40)


@given(SIDES)
def test_f1_accuracy_and_kappa_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

    there, found = zip(*pairs, strict=True)
    confusion = Confusion(("a", "b", "c"), Counter(pairs))
    used = sorted({*there, *found})
    assert confusion.scored() == tuple(used)
    expected = f1_score(there, found, labels=used, average=None, zero_division=0)
    assert [confusion.matches(x).value() for x in used] == pytest.approx(list(expected))
    assert confusion.macro_f1() == pytest.approx(float(np.mean(expected)))
    assert confusion.accuracy() == pytest.approx(accuracy_score(there, found))
    if len(used) > 1:
        assert confusion.kappa() == pytest.approx(cohen_kappa_score(there, found))
    else:
        assert confusion.kappa() == Missing("both sides give every utterance the same one label")


def test_a_label_on_neither_side_has_no_f1_and_one_found_for_nothing_has_0() -> None:
    confusion = Confusion(("a", "b", "c"), Counter({("a", "a"): 3, ("a", "b"): 1}))
    assert isinstance(confusion.matches("c").value(), Missing)
    assert confusion.matches("b").value() == 0.0
    assert confusion.macro_f1() == pytest.approx((6 / 7 + 0) / 2)
    empty = Confusion(("a",), Counter())
    assert all(isinstance(x, Missing) for x in (empty.macro_f1(), empty.accuracy(), empty.kappa()))


def test_the_icc_of_shrout_and_fleiss() -> None:
    # Shrout & Fleiss (1979), table 2: six targets, four judges; ICC(2,1) = .29 in their table 4
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert float(icc_agreement(np.array(ratings, float))) == pytest.approx(0.29, abs=0.005)


def test_agreement_sees_a_constant_difference_that_correlation_does_not() -> None:
    pairs = [(float(i), i + 10.0) for i in range(9)]
    # between targets: 9 rows of i + 5, mean square 2 * 60 / 8 = 15; judges: 9 * 2 * 5^2 = 450; error 0
    assert estimate(pairs, icc_agreement).value == pytest.approx(15 / (15 + 2 * 450 / 9))
    assert estimate(pairs, spearman).value == 1.0
    assert estimate([(a, a) for a, _ in pairs], icc_agreement).value == pytest.approx(1.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=20))
def test_spearman_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    from scipy.stats import spearmanr

    there, found = zip(*pairs, strict=True)
    value = float(spearman(np.array(pairs, float)))
    if len({*there}) > 1 and len({*found}) > 1:
        assert value == pytest.approx(spearmanr(there, found).statistic)
    else:
        assert np.isnan(value)


def test_many_tables_give_what_each_gives_alone() -> None:
    tables = np.random.default_rng(1).integers(0, 4, (50, 6, 2)).astype(float)
    for statistic in (spearman, icc_agreement):
        alone = [float(statistic(table)) for table in tables]
        assert statistic(tables).tolist() == pytest.approx(alone, nan_ok=True)


def test_an_estimate_is_missing_where_it_would_mean_nothing() -> None:
    assert isinstance(estimate([(1, 1), (2, 2)], spearman).value, Missing)
    assert isinstance(estimate([(1, 1), (1, 2), (1, 3)], spearman).value, Missing)
    assert isinstance(estimate([(2, 2)] * 9, icc_agreement).value, Missing)
    few = estimate([(1, 1), (2, 3), (3, 2)], spearman)
    assert few == Estimate(pytest.approx(0.5), 3, Missing("fewer than 5 dialogues"))
    one_varies = estimate([(1.0, 1.0)] * 9 + [(2.0, 2.0)], spearman)  # a third of the resamples is constant
    assert one_varies.value == pytest.approx(1.0)
    assert one_varies.interval == Missing("the number hardly varies over the dialogues")


def test_the_interval_holds_the_value_and_is_the_same_every_time() -> None:
    rng = np.random.default_rng(2)
    there = rng.integers(0, 30, 60)
    pairs = [(float(a), float(a + b)) for a, b in zip(there, rng.integers(-6, 7, 60), strict=True)]
    for statistic in (spearman, icc_agreement):
        found = estimate(pairs, statistic)
        assert not isinstance(found.interval, Missing)
        assert not isinstance(found.value, Missing)
        assert found.interval.start < found.value < found.interval.end
        assert found == estimate(pairs, statistic)


def test_brier_and_calibration_by_hand() -> None:
    # 0.2 is right for one in five; 0.9 is so for four in ten: the halves are 0 and 0.5 off
    chances = [0.2] * 50 + [0.9] * 50
    happened = [i % 5 == 0 for i in range(50)] + [i % 5 < 2 for i in range(50)]
    found = calibration(chances, happened)
    assert (found.n, found.events) == (100, 30)
    assert found.mean == pytest.approx(0.55)
    assert found.brier == pytest.approx((10 * 0.64 + 40 * 0.04 + 20 * 0.01 + 30 * 0.81) / 100)
    assert found.error == pytest.approx(0.25)


def test_bins_hold_the_same_number() -> None:
    # ten bins of ten: each chance k/100 happens in the upper five of its ten
    chances = [k / 100 for k in range(100)]
    happened = [k % 10 >= 5 for k in range(100)]
    expected = np.mean([abs(np.mean(chances[b : b + 10]) - 0.5) for b in range(0, 100, 10)])
    assert calibration(chances, happened).error == pytest.approx(expected)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.35, 0.7, 1.0]), st.booleans()), min_size=50, max_size=80))
def test_calibration_does_not_depend_on_the_order(pairs: list[tuple[float, bool]]) -> None:
    one = calibration(*zip(*pairs, strict=True))
    other = calibration(*zip(*sorted(pairs), strict=True))
    assert one.error == pytest.approx(other.error)
    assert 0 <= one.error <= 1  # type: ignore[operator]


def test_too_few_utterances_have_no_calibration_error() -> None:
    assert isinstance(calibration([0.5] * 49, [True] * 49).error, Missing)
    assert calibration([0.5] * 49, [True] * 49).brier == 0.25
    assert isinstance(calibration([], []).brier, Missing)


# the comparison


def coded_rows(*labels: tuple[str, str, str, str]) -> tuple[list[Row], list[Prediction]]:
    """Therapist rows from (dialogue, column, reference, found)."""
    rows = [
        Row(dialogue, str(i), Role.CLIENT if column == "client_talk" else Role.THERAPIST, "x", {column: there})
        for i, (dialogue, column, there, _) in enumerate(labels)
    ]
    return rows, [Prediction({column: found}, {}) for _, column, _, found in labels]


def test_depth_is_judged_where_both_sides_reflect() -> None:
    found = coding.compare(
        *coded_rows(
            ("a", "reflection", "simple", "complex"),
            ("a", "reflection", "complex", "complex"),
            ("a", "reflection", "none", "simple"),
            ("a", "reflection", "simple", "none"),
        )
    ).tasks
    assert found["reflection_depth"].n == 2
    assert found["reflection_depth"].right == 1
    assert found["reflection"].n == found["reflection_exists"].n == 4
    assert found["reflection_exists"].matches("reflection").value() == pytest.approx(4 / 6)
    assert found["question_exists"].n == 0


def test_a_ratio_without_a_denominator_leaves_its_dialogue_out() -> None:
    labels = []
    for dialogue, asked in (("a", "open"), ("b", "closed"), ("c", "none"), ("d", "open")):
        labels += [(dialogue, "reflection", "simple", "simple"), (dialogue, "question", "open", asked)]
    labels.append(("e", "question", "open", "open"))  # nobody coded reflections here
    found = coding.compare(*coded_rows(*labels)).dialogues
    ratio = found["reflections_per_question"]
    assert (ratio.icc.n, ratio.left_out) == (3, 1)
    assert (found["questions"].icc.n, found["questions"].left_out) == (5, 0)
    assert found["reflections"].icc.n == 4
    assert isinstance(found["reflections"].icc.value, Missing)  # one in every dialogue


def test_every_quantity_counts_its_own_labels() -> None:
    tally = {
        "reflection": Counter({"simple": 3, "complex": 1, "none": 9}),
        "question": Counter({"open": 2, "closed": 6, "none": 9}),
        "client_talk": Counter({"change": 5, "sustain": 7}),
    }
    assert {name: quantity.of(tally) for name, quantity in QUANTITIES.items()} == {
        "reflections": 4,
        "questions": 8,
        "open_questions": 2,
        "change_talk": 5,
        "reflections_per_question": 0.5,
        "complex_share": 0.25,
    }


def test_a_probability_given_that_it_is_one_is_judged_there_alone() -> None:
    rows = [
        Row("a", str(i), Role.THERAPIST, "x", {"reflection": r}) for i, r in enumerate(["none", "simple", "complex"])
    ]
    chances = {"p_reflection": 0.5, "p_complex": 0.25, "p_question": 0.5}
    found = coding.compare(rows, [Prediction({"reflection": "none"}, chances)] * 3).calibration
    assert (found["p_reflection"].n, found["p_reflection"].events) == (3, 2)
    assert (found["p_complex"].n, found["p_complex"].events) == (2, 1)
    assert found["p_complex"].brier == pytest.approx((0.0625 + 0.5625) / 2)
    assert found["p_question"].n == 0


def test_tasks_and_events_speak_of_known_labels_and_columns() -> None:
    for task in TASKS.values():
        assert set(task.labels) <= set(LABELS[task.column])
        assert task.ceiling_label in {"", *task.labels.values()}
    assert set(EVENTS) == set(CHANCES) - {"p_input"}
    for event in EVENTS.values():
        assert set(event.labels) <= set(LABELS[event.column])
        assert 0 < sum(event.labels.values()) < len(event.labels)


# the command


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """Six dialogues, interleaved, of five utterances each; dialogue k has k therapist rows with a reflection."""
    said = [
        "{0},1,therapist,open_question sure canary,question,none,open,",
        "{0},2,patient,change_talk canary,,,,change",
        "{0},3,therapist,{1},reflection,simple,none,n/a",
        "{0},4,client,sure canary,,,,neutral",
        "{0},5,therapist,,other,none,none,",
    ]
    texts = ["simple_reflection canary" if k else "canary" for k in range(6)]
    lines = [line.format(f"d{k}", texts[k]) for line in said for k in range(6)]
    path = tmp_path / "in.csv"
    path.write_text("\ufeff" + HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.usefixtures("stub")
def test_the_command_writes_predictions_and_prints_agreement_without_text(reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = run(reference, "--predictions", out, "--coder", "stub")
    assert result.exit_code == 0, result.output
    assert "canary" not in result.output
    for shown in ("human F1", "0.83", "0.17-0.20", "Spearman", "ICC(2,1)", "p_change", "Wrote 30 rows to out.csv."):
        assert shown in result.output
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(r["dialogue_id"], r["utterance_id"]) for r in rows[:7]] == [
        *((f"d{k}", "1") for k in range(6)),
        ("d0", "2"),
    ]
    first, talk = rows[0], rows[6]
    assert (first["main"], first["question"], first["client_talk"]) == ("therapist_input", "open", "")
    assert (first["p_open"], first["p_change"], first["p_main_input"]) == ("0.500000", "", "0.600000")
    assert (talk["main"], talk["reflection"], talk["client_talk"], talk["p_change"]) == ("", "", "change", "")
    assert (rows[18]["p_change"], rows[18]["p_reflection"]) == ("0.700000", "")
    assert (rows[-1]["main"], rows[-1]["reflection"], rows[-1]["p_reflection"]) == ("other", "none", "")
    assert "canary" not in out.read_text()


@pytest.mark.usefixtures("stub")
def test_json_has_every_number_with_its_counts(reference: Path, tmp_path: Path) -> None:
    result = run(reference, "--predictions", tmp_path / "out.csv", "--coder", "stub", "--json")
    found = json.loads(result.output)
    assert found["input"]["coder"] == {"name": "stub"}
    assert (found["input"]["utterances"], found["input"]["dialogues"]) == (30, 6)
    exists = found["tasks"]["reflection_exists"]
    assert (exists["n"], exists["right"]) == (18, 17)
    label = exists["labels"]["reflection"]
    assert (label["hits"], label["found"], label["there"]) == (5, 5, 6)
    assert label["f1"]["value"] == pytest.approx(10 / 11, abs=1e-6)
    assert exists["human"]["f1"]["value"] == 0.83
    assert found["tasks"]["reflection"]["human"] is None
    assert found["tasks"]["reflection"]["labels"]["complex"]["f1"]["value"] is None
    assert found["tasks"]["reflection"]["macro_f1"]["labels"] == 2
    assert found["tasks"]["reflection_depth"]["n"] == 5
    assert {"reference": "question", "found": "therapist_input", "count": 6} in found["tasks"]["main"]["confusion"]
    dialogues = found["dialogues"]
    assert (dialogues["complex_share"]["spearman"]["n"], dialogues["complex_share"]["left_out"]) == (5, 1)
    assert dialogues["questions"]["icc_2_1"]["missing_reason"] == "the number does not vary over the dialogues"
    assert found["calibration"]["p_reflection"]["n"] == 6
    assert found["calibration"]["p_reflection"]["brier"]["value"] == pytest.approx(0.81)


@pytest.mark.usefixtures("stub")
def test_without_references_only_predictions_are_written(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("dialogue_id,utterance_id,role,text\nd,a,therapist,closed_question canary\n")
    result = run(source, "--predictions", out, "--coder", "stub")
    assert result.exit_code == 0, result.output
    assert "No reference labels: nothing to compare." in result.output
    assert "F1" not in result.output
    assert "d,a,question,none,closed,,,," in out.read_text()
    shown = json.loads(run(source, "--predictions", out, "--coder", "stub", "--json").output)
    assert set(shown) == {"input", "missing_reason"}


@pytest.mark.usefixtures("stub")
def test_the_input_is_never_the_output(reference: Path, tmp_path: Path) -> None:
    before = reference.read_bytes()
    twin = tmp_path / "twin.csv"
    twin.hardlink_to(reference)
    for out in (reference, tmp_path / "." / "in.csv", twin):
        result = run(reference, "--predictions", out, "--coder", "stub")
        assert isinstance(result.exception, InputError)
        assert "is the input file" in str(result.exception)
    assert reference.read_bytes() == before


@pytest.mark.usefixtures("stub")
def test_what_cannot_work_is_said_before_anything_is_coded(reference: Path, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes(HEADER.encode() + b"d,1,client,caf\xe9,,,,\n")
    out = tmp_path / "out.csv"
    cases: list[tuple[tuple[str | Path, ...], type[Exception], str]] = [
        ((tmp_path / "no.csv", "--predictions", out), InputError, "no.csv is not there"),
        ((latin, "--predictions", out), InputError, "latin.csv is no UTF-8 text"),
        ((reference, "--predictions", tmp_path), InputError, "is a folder"),
        ((reference, "--predictions", tmp_path / "no" / "out.csv"), InputError, "the folder of out.csv is not there"),
        ((reference, "--predictions", out, "--coder", "magic"), ConfigError, "no coder is called 'magic'"),
    ]
    for arguments, kind, message in cases:
        result = run(*arguments, *(() if "magic" in arguments else ("--coder", "stub")))
        assert type(result.exception) is kind, result.output
        assert message in str(result.exception)
    assert not out.exists()


@pytest.mark.models
@pytest.mark.usefixtures("model_store")
def test_the_rule_coder_takes_any_text(tmp_path: Path) -> None:
    texts = [
        "",
        "Yes",
        "so it goes " * 1667,
        "\U0001f600 \U0001f44d",
        "a\x00b \x07 \u200b",
        "What brings you here today?",
    ]
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["dialogue_id", "utterance_id", "role", "text", "question"])
        writer.writerows([["d", i, "therapist", text, "none"] for i, text in enumerate(texts)])
    result = run(source, "--predictions", out, "--coder", "rules")
    assert result.exit_code == 0, result.exception
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(texts)
    assert rows[-1]["question"] == "open"
    assert (rows[0]["main"], rows[0]["reflection"]) == ("other", "none")
    assert all(rows[-1][column] == "" for column in CHANCES)
