"""Results become tables and come back equal."""

from __future__ import annotations

import math
from dataclasses import astuple, fields, replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import FACTS, HER, HIM, dialogues, session_result

from toolkit import manifest as manifests
from toolkit import tables
from toolkit.errors import StoreError
from toolkit.intervals import Span
from toolkit.measures import MEASURES, compute
from toolkit.result import SessionResult
from toolkit.settings import Settings
from toolkit.types import (
    NO_CHANCES,
    AppliedCode,
    Chances,
    Code,
    CodedUtterance,
    Dialogue,
    MeasureValue,
    Missing,
    SpeakerInterval,
)


def test_tables_have_the_columns_and_types_that_the_plan_names() -> None:
    result = session_result()
    assert set(tables.frames(result)) == set(tables.SCHEMAS) - set(tables.MACHINE)
    frames = tables.frames(replace(result, machine=result.heard))
    assert set(frames) == set(tables.SCHEMAS)
    for name, frame in frames.items():
        assert frame.schema == pl.Schema(dict(tables.SCHEMAS[name])), name
        assert set(frame["session_id"]) <= {"s01"}, name


def test_text_stands_in_restricted_tables_only() -> None:
    frames = tables.frames(session_result())
    for name, frame in frames.items():
        held = "canary" in frame.write_csv()
        assert held == (name in tables.RESTRICTED), name


def test_without_the_transcript_purpose_no_table_holds_text() -> None:
    frames = tables.frames(session_result(text=False))
    assert not set(frames) & set(tables.RESTRICTED)
    assert frames["utterances"]["word_count"].to_list() == [3, 2, 2]  # counts stay


def test_a_measure_has_a_value_or_a_reason_never_both() -> None:
    frame = tables.frames(session_result())["measures"]
    assert frame.select((pl.col("value").is_null() ^ pl.col("missing_reason").is_null()).all()).item()
    assert frame["value"].null_count() > 0
    assert set(frame["unit"]) == {m.unit for m in MEASURES.values()}


def test_rows_are_sorted_by_their_key_whatever_the_order_they_came_in() -> None:
    result = session_result()
    turned = replace(
        result,
        measures=result.measures[::-1],
        dialogue=replace(
            result.dialogue,
            activity=result.dialogue.activity[::-1],
            turns=result.dialogue.turns[::-1],
            silences=result.dialogue.silences[::-1],
        ),
    )
    one, other = tables.frames(result), tables.frames(turned)
    assert {n: tables.encode(f) for n, f in one.items()} == {n: tables.encode(f) for n, f in other.items()}
    assert one["measures"].equals(one["measures"].sort("role", "measure", "window_start"))


def test_events_hold_backchannels_and_interruptions() -> None:
    rows = tables.frames(session_result())["events"].rows(named=True)
    assert [(r["kind"], r["speaker"], r["role"], r["other"], r["heard"]) for r in rows] == [
        ("failed_interruption", HIM, "client", HER, None),
        ("backchannel", HER, "therapist", "", True),
    ]


def test_a_word_knows_its_utterance_and_a_word_of_nobody_has_none() -> None:
    words = tables.frames(session_result())["restricted/words"]
    assert words["utterance"].to_list() == [0, 0, 0, 1, 1, 2, 2, None]
    assert words["speaker"].to_list()[-1] is None


def test_equal_words_each_go_to_their_own_utterance() -> None:
    result = session_result()
    twin = replace(result.utterances[0], index=1)  # the same words, said to be of two utterances
    doubled = replace(result, utterances=(result.utterances[0], twin), words=result.utterances[0].words * 2)
    assert sorted(tables.frames(doubled)["restricted/words"]["utterance"].to_list()) == [0, 0, 0, 1, 1, 1]


def test_seconds_are_rounded_to_milliseconds() -> None:
    dialogue = replace(session_result().dialogue, activity=(SpeakerInterval(1.00049, 2.0006, HER),))
    frame = tables.frames(replace(session_result(), dialogue=dialogue))["activity"]
    assert frame.select("start", "end").row(0) == (1.0, 2.001)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused(bad: float) -> None:
    value = MeasureValue(next(iter(MEASURES)), "client", bad, 1, Missing("-"), Missing("-"), Missing("-"), Span(0, 1))
    with pytest.raises(StoreError, match=r"session s01: measures.value is not finite"):
        tables.frames(replace(session_result(), measures=(value,)))


@pytest.mark.parametrize("bad", [None, 3])
def test_a_value_of_another_type_is_refused_and_never_becomes_null(bad: object) -> None:
    dialogue = replace(session_result().dialogue, activity=(SpeakerInterval(1.0, 2.0, bad),))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="activity"):
        tables.frames(replace(session_result(), dialogue=dialogue))


LIKELY = Chances(
    reflection=0.8, complex=0.25, question=0.5, open=0.9, input=0.3, main_reflection=0.7, main_question=0.1,
    main_input=0.1, main_other=0.1, change=0.6, sustain=0.1,
)  # fmt: skip


def with_codes(*codes: AppliedCode, chances: Chances | Missing = LIKELY) -> SessionResult:
    """A result whose last utterance, the therapist's, has these codes."""
    result = session_result()
    assert not isinstance(result.dialogue.codes, Missing)
    coded = (*result.dialogue.codes[:-1], CodedUtterance(2, codes, chances))
    return replace(result, dialogue=replace(result.dialogue, codes=coded))


def test_a_code_has_the_probability_that_the_coder_gave_it_or_none() -> None:
    known = {
        Code.SIMPLE_REFLECTION: 0.6, Code.COMPLEX_REFLECTION: 0.2, Code.OPEN_QUESTION: 0.45, Code.CLOSED_QUESTION: 0.05,
        Code.GIVING_INFORMATION: 0.3, Code.PERSUADE: 0.3, Code.PERSUADE_WITH_PERMISSION: 0.3, Code.CHANGE_TALK: 0.6,
        Code.SUSTAIN_TALK: 0.1, Code.NEUTRAL: 0.3,
    }  # fmt: skip
    every = with_codes(*(AppliedCode(code, "hand", "", 0, 1, -1) for code in Code))
    rows = tables.frames(every)["codes"].filter(utterance=2).rows(named=True)
    assert {r["code"]: r["probability"] for r in rows} == {str(code): known.get(code) for code in Code}
    rows = tables.frames(session_result())["codes"].rows(named=True)
    assert [r["probability"] for r in rows] == [None, None]  # a coder without chances


def test_chances_stand_in_a_table_of_their_own_to_the_last_bit() -> None:
    odd = replace(LIKELY, reflection=1 / 3)
    (row,) = tables.frames(with_codes(chances=odd))["chances"].rows(named=True)
    assert (row["utterance"], row["speaker"], row["role"], row["start"]) == (2, HER, "therapist", 8.0)
    assert [row[name] for name in tables.SCHEMAS["chances"] if name.startswith("p_")] == list(astuple(odd))
    assert tables.frames(session_result())["chances"].height == 0


def test_volleys_hold_what_is_counted_and_by_which_rule() -> None:
    simple = AppliedCode(Code.SIMPLE_REFLECTION, "hand", "reflection.stem", 0, 0, 1)
    deep = AppliedCode(Code.COMPLEX_REFLECTION, "hand", "reflection.both", 1, 1, 1)
    frame = tables.frames(with_codes(simple, deep, chances=Missing("none")))["volleys"]
    asked, reflected = frame.rows(named=True)
    assert asked["code"] == "open_question"
    assert reflected == {
        "session_id": "s01", "volley": 1, "speaker": HER, "role": "therapist", "start": 8.0, "end": 8.9,
        "code": "complex_reflection", "utterance": 2, "code_start": 8.0, "code_end": 8.9, "rule": "reflection.both",
        "counting_rule": "volley.complex", "coder": "hand",
    }  # fmt: skip


def test_volleys_follow_the_roles() -> None:
    result = session_result()
    swapped = {HER: result.dialogue.roles[HIM], HIM: result.dialogue.roles[HER]}
    frame = tables.frames(replace(result, dialogue=replace(result.dialogue, roles=swapped)))["volleys"]
    assert frame.height == 0  # the therapist is now he, and nothing of his was coded


def test_a_code_that_is_not_known_is_damage() -> None:
    made = manifests.of(session_result(), absent={}, tables={})
    text = manifests.dumps(made).replace('"affirm"', '"flatter"')
    with pytest.raises(StoreError, match="damaged"):
        manifests.parse(text, "s01")


def test_damaged_parquet_and_other_columns_are_refused() -> None:
    data = tables.encode(tables.frames(session_result())["turns"])
    assert tables.decode("turns", data).height == 3
    with pytest.raises(StoreError, match="damaged"):
        tables.decode("turns", data[:-9])
    with pytest.raises(StoreError, match="other columns"):
        tables.decode("silences", data)


def back(dialogue: Dialogue) -> Dialogue:
    """Through tables, Parquet and the manifest's JSON, and back."""
    result = replace(session_result(), dialogue=dialogue, utterances=Missing("none"), words=Missing("none"))
    frames = tables.frames(result)
    encoded = {name: tables.encode(frame) for name, frame in frames.items()}
    made = manifests.of(result, absent=tables.absent(result), tables=dict.fromkeys(encoded, "0"))
    read = manifests.parse(manifests.dumps(made), "s01")
    assert read == made
    return tables.dialogue({name: tables.decode(name, data) for name, data in encoded.items()}, read)


CHANCES = st.builds(Chances, *[st.floats(0, 1) for _ in fields(Chances)])


@st.composite
def coded_dialogues(draw: st.DrawFn) -> Dialogue:
    """Any dialogue, some of its utterances with chances, of a coder that may not look for everything."""
    dialogue = draw(dialogues())
    coded = frozenset(draw(st.sets(st.sampled_from(Code))))
    if isinstance(dialogue.codes, Missing):
        return replace(dialogue, coded=coded)
    codes = tuple(replace(c, chances=draw(st.just(NO_CHANCES) | CHANCES)) for c in dialogue.codes)
    return replace(dialogue, codes=codes, coded=coded)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(coded_dialogues())
def test_any_dialogue_comes_back_equal(dialogue: Dialogue) -> None:
    assert back(dialogue) == dialogue


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(coded_dialogues())
def test_measures_taken_again_from_the_tables_are_the_same(dialogue: Dialogue) -> None:
    assert compute(back(dialogue), Settings()) == compute(dialogue, Settings())


def test_a_whole_result_comes_back_equal_but_for_reasons_that_are_not_kept() -> None:
    result = session_result()
    frames = tables.frames(result)
    made = manifests.of(result, absent=tables.absent(result), tables={})
    read = tables.result(frames, made)
    assert replace(read, measures=()) == replace(result, measures=())
    assert read.facts == FACTS

    def known(values: tuple[MeasureValue, ...]) -> list[tuple[object, ...]]:
        return sorted((v.measure, v.role, str(v.value), v.n, v.window) for v in values)

    assert known(read.measures) == known(result.measures)
    again = tables.frames(read)
    assert all(again[name].equals(frame) for name, frame in frames.items())


def test_a_result_read_back_without_text_says_why() -> None:
    result = session_result(text=False)
    read = tables.result(tables.frames(result), manifests.of(result, absent=tables.absent(result), tables={}))
    assert read.words == read.utterances == Missing("consent does not cover a transcript")
    assert read.dialogue == result.dialogue


@pytest.mark.parametrize("text", ["", "{}", "[]", f'{{"schema_version": {manifests.SCHEMA_VERSION}}}', "null"])
def test_a_damaged_manifest_is_named(text: str) -> None:
    with pytest.raises(StoreError, match=r"session s01: .*damaged"):
        manifests.parse(text, "s01")


def test_a_manifest_of_another_version_or_session_is_refused() -> None:
    made = manifests.of(session_result(), absent={}, tables={})
    with pytest.raises(StoreError, match="schema version 99"):
        manifests.parse(manifests.dumps(replace(made, schema_version=99)), "s01")
    with pytest.raises(StoreError, match="damaged"):
        manifests.parse(manifests.dumps(made), "s02")
