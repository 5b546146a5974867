"""Double coding from the draw to the tables: plans, blinded packs, filled sheets, people and the machine."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import hypothesis
import pytest
from double_coded import LENGTH, UTTERANCES, fill, key_of, machine_codes, publish, run, study_of
from hypothesis import given
from hypothesis import strategies as st
from made import HER, HIM, grant, withdraw

from toolkit import overlay, store
from toolkit.corrections.writing import correct
from toolkit.errors import InputError
from toolkit.evaluate import double_coding, packs
from toolkit.evaluate.double_coding import Candidate, choose, number_of, shared_out
from toolkit.study import Study
from toolkit.types import AppliedCode, Code, CodedUtterance, Purpose

hypothesis.settings.register_profile("no deadline", deadline=None)  # no test asserts a time
hypothesis.settings.load_profile("no deadline")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Eight sessions; nothing may change them."""
    return study_of(tmp_path_factory.mktemp("agree") / "study")


@pytest.fixture
def own(tmp_path: Path) -> Study:
    """Four sessions of the test's own."""
    return study_of(tmp_path / "own", number=4)


@pytest.fixture(scope="module")
def plan(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan of all seven sessions that can be coded."""
    path = tmp_path_factory.mktemp("plan") / "plan.csv"
    assert run("sample", study.root, "--share", "1", "-o", path).exit_code == 0
    return path


def packed(study: Study, plan: Path, folder: Path, *coders: str) -> list[Path]:
    """Packs for coders, not filled."""
    made = []
    for coder in coders:
        end = run("pack", study.root, plan, "-o", folder / coder, "--coder", coder)
        assert end.exit_code == 0, end.output
        made.append(folder / coder)
    return made


def compared(*arguments: object) -> dict:
    end = run("compare", *arguments, "--json")
    assert end.exit_code == 0, end.exception
    return json.loads(end.output)


# the draw


SIZES = st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 30), min_size=1)


@given(SIZES, st.data(), st.text(max_size=3))
def test_places_are_shared_out_in_proportion(sizes: dict[str, int], data: st.DataObject, seed: str) -> None:
    total = sum(sizes.values())
    places = data.draw(st.integers(0, total))
    shared = shared_out(sizes, places, seed=seed)
    assert sum(shared.values()) == places
    for name, size in sizes.items():
        assert abs(shared[name] - places * size / total) < 1
        assert shared[name] <= size


SESSIONS = st.lists(
    st.builds(Candidate, st.from_regex(r"s[0-9]{2}", fullmatch=True), st.sampled_from("TU"), st.sampled_from("123")),
    min_size=1,
    max_size=30,
    unique_by=lambda c: c.session_id,
)


@given(SESSIONS, st.data(), st.integers(0, 3))
def test_a_draw_is_of_the_sessions_each_once_whatever_their_order(there, data: st.DataObject, seed: int) -> None:
    number = data.draw(st.integers(0, len(there)))
    chosen = choose(there, number, seed=seed)
    assert len(set(chosen)) == len(chosen) == number
    assert set(chosen) <= set(there)
    assert choose(data.draw(st.permutations(there)), number, seed=seed) == chosen
    for therapist in "TU":
        exact = number * sum(c.therapist == therapist for c in there) / len(there)
        assert abs(sum(c.therapist == therapist for c in chosen) - exact) < 1


def test_another_seed_draws_others_and_every_session_can_be_drawn() -> None:
    there = [Candidate(f"s{i:02d}", "T", "1") for i in range(10)]
    drawn = [frozenset(c.session_id for c in choose(there, 3, seed=seed)) for seed in range(60)]
    assert len(set(drawn)) > 20
    count = Counter(session for sessions in drawn for session in sessions)
    assert set(count) == {c.session_id for c in there}
    assert max(count.values()) < 35  # 18 are expected


@pytest.mark.parametrize(
    ("there", "share", "number", "wanted"),
    [(10, "0.2", 0, 2), (11, "0.2", 0, 3), (30, "0.1", 0, 3), (7, "1", 0, 7), (7, "", 4, 4), (1, "0.01", 0, 1)],
)
def test_a_share_is_at_least_that_share(there: int, share: str, number: int, wanted: int) -> None:
    assert number_of(there, share=share, number=number) == wanted


@pytest.mark.parametrize(
    ("there", "share", "number", "message"),
    [
        (10, "", 0, "either --share or --number"),
        (10, "0.5", 3, "either --share or --number"),
        *((10, share, 0, "above 0 and at most 1") for share in ("0", "1.5", "-0.1", "nan", "inf", "half")),
        (10, "", 11, "there are 10 that can be coded"),
        (0, "0.5", 0, "there are 0 that can be coded"),
    ],
)
def test_a_size_that_cannot_be_is_refused(there: int, share: str, number: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        number_of(there, share=share, number=number)


def test_a_plan_says_what_was_drawn_and_from_how_many(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    end = run("sample", study.root, "--number", 4, "--seed", 5, "-o", path)
    assert end.exit_code == 0
    assert "Left out, consent does not cover a transcript today: 1 (qz03)." in end.output
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert list(rows[0]) == list(double_coding.COLUMNS)
    assert [row["item"] for row in rows] == [f"item-00{i}" for i in range(1, 5)]
    assert len({row["session_id"] for row in rows} - {"qz03"}) == 4
    assert {row["period"] for row in rows} <= {"2026-Q1", "2026-Q2"}
    assert {(row["start"], row["end"], row["seed"]) for row in rows} == {("0.000", "130.000", "5")}
    sizes = {("TZ0", "2026-Q1"): "2", ("TZ1", "2026-Q1"): "1", ("TZ0", "2026-Q2"): "2", ("TZ1", "2026-Q2"): "2"}
    assert all(row["of"] == sizes[row["therapist"], row["period"]] for row in rows)
    strata = Counter((row["therapist"], row["period"]) for row in rows)
    assert all(int(row["drawn"]) == strata[row["therapist"], row["period"]] for row in rows)
    again = tmp_path / "again.csv"
    run("sample", study.root, "--number", 4, "--seed", 5, "-o", again)
    assert again.read_bytes() == path.read_bytes()
    refused = run("sample", study.root, "--number", 4, "-o", path)
    assert isinstance(refused.exception, InputError)
    assert run("sample", study.root, "--number", 4, "-o", path, "--force").exit_code == 0


def test_a_plan_never_takes_the_place_of_the_studys_own_files(own: Study) -> None:
    before = own.sessions_file.read_bytes()
    end = run("sample", own.root, "--number", 1, "-o", own.sessions_file, "--force")
    assert "belongs to the study itself" in str(end.exception)
    assert own.sessions_file.read_bytes() == before


def test_minutes_draws_a_stretch_of_each_session(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    assert run("sample", study.root, "--share", "1", "--minutes", "1", "-o", path).exit_code == 0
    choices = double_coding.read(path)
    assert all(c.stretch.duration == pytest.approx(60) for c in choices)
    assert all(c.stretch.start >= 1.0 and c.stretch.end <= LENGTH for c in choices)
    assert len({c.stretch.start for c in choices}) == len(choices)
    (pack,) = packed(study, path, tmp_path, "A")
    for choice in choices:
        rows = list(csv.DictReader(io.StringIO((pack / f"{choice.item}.csv").read_text(encoding="utf-8-sig"))))
        assert 4 <= len(rows) <= 6  # one begins every ten seconds
        assert all(choice.stretch.start <= float(r["start"]) < float(r["end"]) <= choice.stretch.end for r in rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "this is no plan"),
        ("{head}\n", "holds no session"),
        ("{head}\nitem-001,s1,T,P,0,5,1,1\n", "line 2: 8 values, but 9 columns"),
        ("{head}\nitem-001,s1,T,P,5,5,1,1,1\n", "line 2: the end is not after the start"),
        ("{head}\nitem-001,s1,T,P,0,x,1,1,1\n", "line 2: the end is no time"),
        ("{head}\n../x,s1,T,P,0,5,1,1,1\n", "line 2"),
        ("{head}\nitem-001,s1,T,P,0,5,1,1,1\nitem-001,s2,T,P,0,5,1,1,1\n", "line 3: item item-001 or its session"),
        ("{head}\nitem-001,s1,T,P,0,5,1,1,1\nitem-002,s1,T,P,0,5,1,1,1\n", "line 3: item item-002 or its session"),
        ("{head}\nitem-001,s1,T,P,0,5,one,1,1\n", "must be whole numbers"),
    ],
)
def test_a_plan_that_is_none_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(text.replace("{head}", ",".join(double_coding.COLUMNS)))
    with pytest.raises(InputError, match=message):
        double_coding.read(path)


# packs


def test_a_pack_tells_nothing_but_what_was_said(study: Study, plan: Path, tmp_path: Path) -> None:
    (pack,) = packed(study, plan, tmp_path, "A")
    names = sorted(p.name for p in pack.iterdir())
    assert names == ["README.txt", *(f"item-00{i}.csv" for i in range(1, 8))]
    assert pack.stat().st_mode & 0o077 == 0
    for path in pack.iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert path.stat().st_mode & 0o077 == 0
        for telling in ("qz0", "TZ", "CZ", "secret-rule", "2026", str(study.root)):
            assert telling not in text, (path.name, telling)
        if path.suffix == ".csv":
            rows = list(csv.DictReader(io.StringIO(text)))
            assert {row["codes"] for row in rows} == {""}
            assert {row["session"] for row in rows} == {path.stem}
            assert [row["text"] for row in rows] == [f"'=canary word{u}" for u in range(UTTERANCES)]
            assert not any(code in text for code in Code)
    key = key_of(tmp_path / "A.key.csv")
    assert set(key.values()) == {f"qz0{i}" for i in range(8)} - {"qz03"}
    assert [key[f"item-00{i}"] for i in range(1, 8)] != sorted(key.values())
    page = (pack / "README.txt").read_text()
    assert "complex reflection: Hands back" in page
    assert "\nneutral: " in page
    assert "\nfacilitate: " not in page  # markers are the machine's
    assert "\nfeeling" not in page


def test_a_session_without_a_transcripts_consent_today_is_left_out_and_said(own: Study, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    assert run("sample", own.root, "--share", "1", "-o", path).exit_code == 0
    grant(own, "qz01", frozenset({Purpose.MEASURE}))
    withdraw(own, "qz02")
    end = run("pack", own.root, path, "-o", tmp_path / "A", "--coder", "A")
    assert "Left out, consent does not cover a transcript today: 2 (" in end.output
    assert "Wrote 1 items with 12 utterances" in end.output
    assert set(key_of(tmp_path / "A.key.csv").values()) == {"qz00"}
    assert len(list((tmp_path / "A").glob("*.csv"))) == 1
    lines = [json.loads(line) for line in own.audit_file.read_text().splitlines()]
    assert [(x["event"], x["session"]) for x in lines] == [("export-pack", "qz00")]
    withdraw(own, "qz00")
    end = run("pack", own.root, path, "-o", tmp_path / "B", "--coder", "B")
    assert "no session of the plan" in str(end.exception)
    assert not (tmp_path / "B").exists()
    assert not (tmp_path / "B.key.csv").exists()


def test_a_pack_is_never_written_where_it_must_not_be(study: Study, plan: Path, tmp_path: Path) -> None:
    choices = double_coding.read(plan)
    there = tmp_path / "there"
    there.mkdir()
    for folder, key, message in (
        (there, None, "there is there already"),
        (study.results / "A", None, "among the study's own files"),
        (tmp_path / "A", tmp_path / "A" / "key.csv", "the key would lie in the pack"),
        (tmp_path / "A", study.results / "key.csv", "among the study's own files"),
        (tmp_path / "none" / "A", None, "there is no folder none"),
    ):
        with pytest.raises(InputError, match=message):
            packs.make(study, choices, folder, coder="A", key=key)
    with pytest.raises(InputError, match="pseudonymous id"):
        packs.make(study, choices, tmp_path / "A", coder="Anna Smith")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["there"]


def test_a_plan_of_another_study_is_refused(own: Study, plan: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no session qz0\d in sessions\.csv"):
        packs.make(own, double_coding.read(plan), tmp_path / "A", coder="A")


# people and the machine


def test_whoever_codes_as_the_machine_agrees_with_it_fully(study: Study, plan: Path, tmp_path: Path) -> None:
    one, other = packed(study, plan, tmp_path, "A", "B")
    key = key_of(tmp_path / "A.key.csv")
    codes = {item: machine_codes(study, session) for item, session in key.items()}
    for pack, delimiter in ((one, ","), (other, ";")):
        fill(pack, lambda item, row: codes[item][row["utterance"]].replace("_", " ").upper(), delimiter=delimiter)
    found = compared(one, other, "--study", study.root, "--key", tmp_path / "A.key.csv")
    assert [c["utterances"] for c in found["coders"]] == [7 * UTTERANCES] * 2
    for side in (found["people"], found["machine"]["A"], found["machine"]["B"]):
        for name in ("main", "reflection", "question_openness", "client_talk", "affirm"):
            values = [
                side["decisions"][name][kind]["value"] for kind in ("agreement", "cohen", "fleiss", "ac1", "alpha")
            ]
            assert values == [1.0] * 5, name
        assert side["decisions"]["confront"]["alpha"]["value"] is None
        assert "same one label" in side["decisions"]["confront"]["alpha"]["missing_reason"]
        assert side["session_counts"]["reflections"]["icc_2_1"]["value"] == 1.0
    assert found["people"]["decisions"]["reflection_exists"]["published"]["kappa_low"] == 0.66
    end = run("compare", one, other, "--study", study.root, "--key", tmp_path / "B.key.csv")
    assert end.exit_code == 0
    assert "canary" not in end.output
    assert "machine: Cohen's kappa" in end.output
    assert "score" not in end.output.lower()


def test_the_numbers_are_those_worked_out_by_hand(study: Study, plan: Path, tmp_path: Path) -> None:
    """A finds a reflection in every therapist utterance 0 and 2; B in 0 and 4 of the first item; C leaves the rest."""
    one, other = packed(study, plan, tmp_path, "A", "B")
    fill(one, lambda _, row: "simple reflection" if row["utterance"] in {"0", "2"} else "none")
    fill(other, lambda item, row: "" if item != "item-001" else "SR" if row["utterance"] in {"0", "4"} else "none")
    found = compared(one, other)["people"]["decisions"]["reflection_exists"]
    # six therapist utterances of one item: both 1, A only 1, B only 1, neither 3
    assert found["cohen"]["n"] == 6
    assert found["agreement"]["value"] == pytest.approx(4 / 6, abs=1e-6)
    chance = (2 / 6) ** 2 + (4 / 6) ** 2
    assert found["cohen"]["value"] == pytest.approx((4 / 6 - chance) / (1 - chance), abs=1e-6)
    assert found["cohen"]["interval_missing_reason"] == "fewer than 5 sessions and fewer than 10 utterances"
    assert found["labels"] == {"A": {"none": 4, "reflection": 2}, "B": {"none": 4, "reflection": 2}}
    begun = compared(one, other, "--empty-is-none")["people"]["decisions"]["reflection_exists"]
    assert begun["cohen"]["n"] == 6  # the other items were not begun
    counts = compared(one, other)["people"]["session_counts"]["reflections"]["icc_2_1"]
    assert counts["missing_reason"] == "fewer than 3 sessions that all coders coded"


def test_three_coders_have_pairs_and_what_one_left_out_is_no_disagreement(
    study: Study, plan: Path, tmp_path: Path
) -> None:
    made = packed(study, plan, tmp_path, "A", "B", "C")
    codes = {item: machine_codes(study, session) for item, session in key_of(tmp_path / "A.key.csv").items()}
    fill(made[0], lambda item, row: codes[item][row["utterance"]])
    fill(made[1], lambda item, row: codes[item][row["utterance"]])
    fill(made[2], lambda item, row: codes[item][row["utterance"]] if int(row["utterance"]) % 3 else "")
    found = compared(*made)["people"]
    whole = found["decisions"]["main"]
    assert (whole["fleiss"]["n"], whole["alpha"]["n"], whole["alpha"]["value"]) == (28, 42, 1.0)
    assert [pair["coders"] for pair in whole["cohen_of_pairs"]] == [["A", "B"], ["A", "C"], ["B", "C"]]
    assert [pair["n"] for pair in whole["cohen_of_pairs"]] == [42, 28, 28]
    assert "Cohen's kappa of pairs" in run("compare", *made).output


def test_what_the_machine_cannot_find_is_not_held_against_it(own: Study, tmp_path: Path) -> None:
    for name in ("qz00", "qz01", "qz02"):
        result = store.load(own, name)
        blind = frozenset(Code) - {Code.CHANGE_TALK, Code.AFFIRM, Code.GIVING_INFORMATION}
        store.publish(own, replace(result, dialogue=replace(result.dialogue, coded=blind)))
    run("sample", own.root, "--share", "1", "-o", tmp_path / "plan.csv")
    (pack,) = packed(own, tmp_path / "plan.csv", tmp_path, "A")
    fill(pack, lambda _, row: "CT" if row["role"] == "client" else "AF")
    found = compared(pack, "--study", own.root, "--key", tmp_path / "plan.csv")
    decisions = found["machine"]["A"]["decisions"]
    for name in ("client_talk", "affirm", "main"):
        assert decisions[name]["alpha"]["n"] == 0
        assert decisions[name]["alpha"]["missing_reason"] == "fewer than 5 utterances that two coders coded"
    assert decisions["reflection"]["alpha"]["n"] == 18
    assert found["people"] == {"missing_reason": "only one person coded"}


def test_sheets_of_other_utterances_are_refused(study: Study, plan: Path, tmp_path: Path) -> None:
    one, other = packed(study, plan, tmp_path, "A", "B")
    fill(one, lambda *_: "none")
    fill(other, lambda *_: "none")
    sheet = other / "item-002.csv"
    text = sheet.read_text()
    for old, new, message in (
        ("11.000", "12.000", "A and B hold another utterance there"),
        (",client,", ",therapist,", "A and B give it another role"),
    ):
        sheet.write_text(text.replace(old, new, 1))
        end = run("compare", one, other)
        assert isinstance(end.exception, InputError)
        assert "item-002, utterance 1: " in end.exception.message
        assert message in end.exception.message
    sheet.write_text(text.replace("item-002", "item-001"))
    assert "is there twice" in str(run("compare", one, other).exception)


def test_a_session_that_was_run_again_is_not_compared_with_old_sheets(own: Study, tmp_path: Path) -> None:
    run("sample", own.root, "--share", "1", "-o", tmp_path / "plan.csv")
    (pack,) = packed(own, tmp_path / "plan.csv", tmp_path, "A")
    fill(pack, lambda *_: "none")
    result = store.load(own, "qz01")
    moved = tuple(replace(u, start=u.start + 0.25) for u in result.dialogue.utterances)
    store.publish(own, replace(result, dialogue=replace(result.dialogue, utterances=moved)))
    end = run("compare", pack, "--study", own.root, "--key", tmp_path / "plan.csv")
    assert "session qz01, utterance 0: A and machine hold another utterance there." in str(end.exception)


def test_sessions_that_consent_does_not_cover_today_are_left_out_of_everything(own: Study, tmp_path: Path) -> None:
    run("sample", own.root, "--share", "1", "-o", tmp_path / "plan.csv")
    made = packed(own, tmp_path / "plan.csv", tmp_path, "A", "B")
    for pack in made:
        fill(pack, lambda _, row: "SR" if row["utterance"] == "0" else "none")
    withdraw(own, "qz01")
    arguments = (*made, "--study", own.root, "--key", tmp_path / "plan.csv")
    found = compared(*arguments)
    assert found["left_out"] == {"qz01": "consent does not cover it today"}
    assert found["people"]["decisions"]["reflection"]["alpha"]["n"] == 12
    withdraw(own, "qz00")
    withdraw(own, "qz02")
    assert run("compare", *arguments).exception.exit_code == 3


def test_keys_of_two_plans_do_not_mix(study: Study, plan: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    run("sample", study.root, "--share", "1", "--seed", "9", "-o", other)
    (pack,) = packed(study, plan, tmp_path, "A")
    end = run("compare", pack, "--study", study.root, "--key", plan, "--key", other)
    assert "is another session in another key" in str(end.exception)


def test_an_item_without_its_key_is_compared_among_people_only(study: Study, plan: Path, tmp_path: Path) -> None:
    made = packed(study, plan, tmp_path, "A", "B")
    for pack in made:
        fill(pack, lambda _, row: "SR" if row["utterance"] == "0" else "none")
    found = compared(*made, "--study", study.root)
    assert found["left_out"]["item-001"] == "not in this study; for items of a pack give its key"
    assert found["people"]["decisions"]["reflection"]["alpha"]["value"] == 1.0
    assert found["machine"]["A"]["decisions"]["reflection"]["alpha"]["n"] == 0
    assert "too few utterances" in run("compare", *made, "--study", study.root).output


def test_people_who_corrected_codes_in_the_study_are_coders_too(own: Study) -> None:
    assert "nobody coded anything yet" in run("compare", "--study", own.root).output
    for coder, reflecting in (("A", (0, 2)), ("B", (0, 4))):
        for name in ("qz00", "qz01"):
            said = [
                overlay.Correction(overlay.What.CODE, f"{10 * u + 1:.3f}", "SR" if u in reflecting else "none")
                for u in range(0, UTTERANCES, 2)
            ]
            checked = [overlay.checked(one) for one in said]
            overlay.add(own.overlay(name), checked, by=coder, today=date(2026, 3, 1))
    found = compared("--study", own.root)
    assert [(c["name"], c["utterances"], c["listed"]) for c in found["coders"]] == [("A", 12, 24), ("B", 12, 24)]
    decision = found["people"]["decisions"]["reflection_exists"]
    assert decision["agreement"]["value"] == pytest.approx(4 / 6, abs=1e-6)
    assert decision["cohen"]["resampled"] == "utterances"
    machine = [machine_codes(own, name)[str(u)] for name in ("qz00", "qz01") for u in range(0, UTTERANCES, 2)]
    same = sum(
        ("reflection" in code) == (u in (0, 2)) for code, u in zip(machine, [0, 2, 4, 6, 8, 10] * 2, strict=True)
    )
    beside = found["machine"]["A"]["decisions"]["reflection_exists"]
    assert beside["agreement"]["value"] == pytest.approx(same / 12, abs=1e-6)


def test_corrections_of_codes_leave_the_machine_as_it_was_and_those_of_roles_hold_for_everybody(own: Study) -> None:
    swapped = [overlay.Correction(overlay.What.ROLE, who, role) for who, role in ((HER, "client"), (HIM, "therapist"))]
    correct(own, "qz00", swapped, by="S")
    machine = machine_codes(own, "qz00")
    reflected = [u for u in range(UTTERANCES) if "reflection" in machine[str(u)]]
    assert reflected  # said by the one who is the client now
    wrong = [overlay.Correction(overlay.What.CODE, f"{10 * u + 1:.3f}", "SR") for u in range(1, UTTERANCES, 2)]
    misfit = overlay.Correction(overlay.What.CODE, "1.000", "SR")
    taken_back = overlay.Correction(overlay.What.CODE, f"{10 * (UTTERANCES - 1) + 1:.3f}", "")
    correct(own, "qz00", [*wrong, misfit], by="A")
    correct(own, "qz00", [taken_back], by="A")
    found = compared("--study", own.root)
    (coder,) = found["coders"]
    assert (coder["name"], coder["utterances"], coder["misplaced_codes"], coder["blind"]) == ("A", 5, 1, False)
    beside = found["machine"]["A"]["decisions"]["reflection_exists"]
    assert beside["labels"] == {"A": {"reflection": 5}, "machine": {"none": 5}}
    assert "A may have seen the machine's codes" in run("compare", "--study", own.root).output


def test_codes_that_no_measure_counts_are_none_of_the_machines(own: Study, tmp_path: Path) -> None:
    result = store.load(own, "qz01")
    codes = list(result.dialogue.codes)
    codes[0] = CodedUtterance(0, (AppliedCode(Code.SIMPLE_REFLECTION, "rules", "setup.x", 0, 1, -1),))
    store.publish(own, replace(result, dialogue=replace(result.dialogue, codes=tuple(codes))))
    path = tmp_path / "a.csv"
    rows = [f"qz01,{u},{10 * u + 1},{10 * u + 2.4},therapist,x,none\n" for u in range(0, UTTERANCES, 2)]
    path.write_text("session,utterance,start,end,role,text,codes\n" + "".join(rows))
    given = compared(path, "--study", own.root)["machine"]["a"]["decisions"]["reflection_exists"]["labels"]["machine"]
    machine = machine_codes(own, "qz01")
    assert given["reflection"] == sum("reflection" in machine[str(u)] for u in range(2, UTTERANCES, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no coding is given"),
        (("A",), "one coding has nothing to be compared with"),
        (("A", "nothing.csv"), "nothing.csv is not there"),
        (("A", "plan.csv"), "plan.csv is no coding sheet and no coded CSV"),
        (("A", "empty"), "the folder empty holds no sheet"),
    ],
)
def test_nothing_to_compare_is_said_in_one_line(
    arguments: tuple[str, ...], message: str, study: Study, plan: Path, tmp_path: Path
) -> None:
    packed(study, plan, tmp_path, "A")
    (tmp_path / "empty").mkdir()
    (tmp_path / "plan.csv").write_bytes(plan.read_bytes())
    end = run("compare", *(tmp_path / name for name in arguments))
    assert isinstance(end.exception, InputError)
    assert message in end.exception.message
    assert str(tmp_path) not in str(end.exception)


def test_coded_csvs_are_compared_as_well(tmp_path: Path) -> None:
    head = "dialogue_id,utterance_id,role,text,main,reflection\n"
    for name, labels in (("one", "none none simple complex simple"), ("two", "none simple simple complex none")):
        rows = (
            f"d{i % 2},{i},therapist,canary,{'other' if label == 'none' else 'reflection'},{label}\n"
            for i, label in enumerate(labels.split())
        )
        (tmp_path / f"{name}.csv").write_text(head + "".join(rows))
    found = compared(tmp_path / "one.csv", tmp_path / "two.csv")["people"]["decisions"]
    assert found["reflection"]["agreement"]["value"] == pytest.approx(3 / 5)
    assert found["main"]["cohen"]["n"] == 5
    assert found["affirm"]["cohen"]["missing_reason"] == "fewer than 5 utterances that two coders coded"


def test_publishing_again_changes_nothing_of_a_plan(own: Study, tmp_path: Path) -> None:
    run("sample", own.root, "--number", 2, "-o", tmp_path / "a.csv")
    publish(own, "qz00", shift=3)
    run("sample", own.root, "--number", 2, "-o", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
