"""Shares, rates and balance, with the sums worked out beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SETTINGS, C, Line, T, activity, dialogue, named
from hypothesis import assume, given
from hypothesis import strategies as st

from toolkit.intervals import Span
from toolkit.measures import compute
from toolkit.settings import MeasureSettings, Settings
from toolkit.types import Dialogue, Missing, Ratio, Role, RoleAssignment, RoleSource, SpeakerInterval

# therapist 0-4 and 10-12 (6 s, 3 + 3 words), client 3-9 (6 s, 6 words), overlap 3-4, silence 9-10
LINES = (
    Line(T, 0, 4, "how are you?"),
    Line(C, 3, 9, "not so well this cold week"),
    Line(T, 10, 12, "that sounds hard."),
)


def value(found: Dialogue, measure: str, role: str = "session", settings: Settings = SETTINGS):
    return named(compute(found, settings), measure, role)


def test_three_shares_with_what_was_divided():
    found = dialogue(LINES)
    speech = value(found, "talk_share_speech", T)
    assert (speech.value, speech.numerator, speech.denominator) == (0.5, 6, 12)
    session = value(found, "talk_share_session", T)  # session 0 to 12
    assert (session.value, session.numerator, session.denominator) == (0.5, 6, 12)
    words = value(found, "talk_share_words", C)
    assert (words.value, words.numerator, words.denominator, words.n) == (0.5, 6, 12, 6)
    assert session.window == Span(0, 12)
    assert isinstance(speech.interval, Missing)


def test_talk_time_and_rates():
    found = dialogue(LINES)
    assert value(found, "talk_time", T).value == 6
    rate = value(found, "speech_rate", C)  # 6 words in 0.1 min
    assert (rate.value, rate.numerator, rate.denominator) == (60, 6, 0.1)
    # not so well this cold week: 6 syllables in 6 s
    assert value(found, "articulation_rate", C).value == 1
    # how are you? that sounds hard: 6 in 6 s
    assert value(found, "articulation_rate", T).value == 1


def test_an_excluded_portion_is_neither_speech_nor_session():
    # portion 4-10: the client keeps 3-4, the session 0-12 keeps 6 s, the therapist 6 s
    found = dialogue(LINES, excluded=(Span(4, 10),))
    assert value(found, "talk_time", C).value == 1
    share = value(found, "talk_share_session", T)
    assert (share.value, share.numerator, share.denominator) == (1, 6, 6)


def test_balance_in_windows_from_the_first_speech_on():
    settings = replace(SETTINGS, measures=MeasureSettings(window=10))
    # from 5 s: therapist 5-10, client 10-15 | client 15-20, silence | therapist 30-31
    heard = activity(f"{T} 5-10, {C} 10-20, {T} 35-36")
    found = [v for v in compute(dialogue((), speech=heard), settings) if v.measure == "talk_balance"]
    assert [v.window for v in found] == [Span(5, 15), Span(15, 25), Span(25, 35), Span(35, 36)]
    assert [v.value for v in found] == [0.5, 0, Missing("nobody speaks in this window"), 1]
    assert (found[0].numerator, found[0].denominator) == (5, 10)
    assert (found[2].numerator, found[2].denominator) == (0, 0)


def test_no_words():
    found = compute(dialogue(LINES, with_words=False), SETTINGS)
    for measure in ("talk_share_words", "speech_rate", "articulation_rate", "reflection_count"):
        assert named(found, measure, T).value == Missing("the session has no words")
    assert named(found, "speech_without_words").value == Missing("the session has no words")
    assert named(found, "words_without_speaker").value == Missing("the session has no words")
    assert named(found, "talk_share_speech", T).value == 0.5


def test_what_the_recogniser_missed():
    found = replace(dialogue(LINES), speech_without_words=2.5, words_without_speaker=3)
    assert value(found, "speech_without_words").value == 2.5
    assert value(found, "words_without_speaker").value == 3


def test_unknown_roles_leave_reasons_and_the_session_its_values():
    found = compute(dialogue(LINES, named={T: Role.UNKNOWN, C: Role.UNKNOWN}), SETTINGS)
    assert {v.role for v in found} == {"therapist", "client", "session"}
    for v in found:
        if v.role != "session" or v.measure == "talk_balance":
            assert isinstance(v.value, Missing)
            assert "roles are not known" in v.value.reason
    assert named(found, "overlap_share").value == pytest.approx(1 / 11, abs=1e-6)


def test_a_role_nobody_has():
    found = compute(dialogue(LINES, named={T: Role.THERAPIST, C: Role.OTHER}), SETTINGS)
    assert named(found, "talk_time", "client").value == Missing("nobody in this session has the role client")
    assert named(found, "talk_share_speech", "other").value == 0.5
    assert "co_therapist" not in {v.role for v in found}


def test_a_couple_shares_the_role_of_client():
    heard = activity("t 0-4, a 4-8, b 6-10")  # the two clients speak 6 s, together from 6 to 8
    people = {"t": Role.THERAPIST, "a": Role.CLIENT, "b": Role.CLIENT}
    found = compute(dialogue((), speech=heard, named=people), SETTINGS)
    assert named(found, "talk_time", "client").value == 6
    assert named(found, "talk_share_speech", "therapist").value == 0.4
    assert named(found, "overlap_share").value == 0.2


def test_unknown_speakers_stay_in_the_denominator():
    heard = activity(f"{T} 0-4, {C} 4-8, X 8-10")
    found = compute(dialogue((), speech=heard), SETTINGS)
    assert named(found, "talk_share_speech", T).denominator == 10
    assert "unknown" not in {v.role for v in found}


def test_nobody_speaks():
    found = compute(dialogue(()), SETTINGS)
    assert all(
        isinstance(v.value, Missing)
        for v in found
        if v.measure not in {"speech_without_words", "words_without_speaker"}
    )
    assert named(found, "talk_time", T).value == Missing("nobody speaks in this recording")
    assert named(found, "silence_count").value == Missing("nobody speaks in this recording")


RAW = st.lists(
    st.tuples(st.sampled_from([T, C, "X"]), st.integers(0, 60_000), st.integers(1, 6_000)), min_size=1, max_size=20
)
SPEECH_ONLY = ("talk_share_speech", "talk_share_session", "talk_time", "turn_count", "turn_duration_mean",
               "longest_turn", "response_latency_median", "interruption_count", "backchannel_count")  # fmt: skip
PEOPLE = {T: Role.THERAPIST, C: Role.CLIENT, "X": Role.OTHER}


def spoken_dialogue(raw, *, by=0, people=PEOPLE) -> Dialogue:
    heard = [SpeakerInterval((s + by) / 1000, (s + by + d) / 1000, who) for who, s, d in raw]
    return dialogue((), speech=heard, named=people)


def numbers(found, roles=("therapist", "client", "other", "session")):
    return [(v.measure, v.role, v.value, v.n, v.numerator, v.denominator, v.interval) for v in found if v.role in roles]


@given(RAW)
def test_shares_of_speech_add_up_to_one(raw):
    found = compute(spoken_dialogue(raw), SETTINGS)
    shares = [v.value for v in found if v.measure == "talk_share_speech" and not isinstance(v.value, Missing)]
    assert sum(shares) == pytest.approx(1, abs=1e-5)


@given(RAW)
def test_swapping_roles_swaps_values(raw):
    assume({T, C} <= {who for who, _, _ in raw})
    swapped = {T: Role.CLIENT, C: Role.THERAPIST, "X": Role.OTHER}
    before = compute(spoken_dialogue(raw), SETTINGS)
    after = compute(spoken_dialogue(raw, people=swapped), SETTINGS)
    for measure in SPEECH_ONLY:
        for one, two in ((T, C), (C, T)):
            left, right = named(before, measure, one), named(after, measure, two)
            assert (left.value, left.n, left.numerator) == (right.value, right.n, right.numerator)
    for measure in ("silence_count", "silence_share", "fto_median", "overlap_share"):
        assert named(before, measure) == named(after, measure)


@given(RAW, st.integers(0, 3_600_000))
def test_shifting_time_changes_nothing(raw, by):
    assert numbers(compute(spoken_dialogue(raw), SETTINGS)) == numbers(compute(spoken_dialogue(raw, by=by), SETTINGS))


@given(RAW, st.data())
def test_splitting_and_reordering_intervals_changes_nothing(raw, data):
    pieces = []
    for who, start, length in raw:
        cut = data.draw(st.integers(0, length))
        pieces += [(who, start, cut), (who, start + cut, length - cut)]
    assert compute(spoken_dialogue(raw), SETTINGS) == compute(spoken_dialogue(pieces[::-1]), SETTINGS)


@given(st.lists(RAW, min_size=2, max_size=3))
def test_ratios_add_up_over_sessions(sessions):
    parts, own, everyone = [], 0.0, 0.0
    for raw in sessions:
        share = named(compute(spoken_dialogue(raw), SETTINGS), "talk_share_session", T)
        if isinstance(share.value, Missing):
            continue
        parts.append(Ratio(share.numerator, share.denominator))
        own, everyone = own + share.numerator, everyone + share.denominator
        assert share.value == pytest.approx(share.numerator / share.denominator, abs=1e-6)
    if parts:
        summed = sum(parts[1:], start=parts[0])
        assert summed.value("no session") == pytest.approx(own / everyone)
        assert min(p.value("") for p in parts) - 1e-9 <= summed.value("") <= max(p.value("") for p in parts) + 1e-9


def test_a_role_without_speech_is_not_there():
    found = replace(dialogue(LINES[:1]), roles={
        T: RoleAssignment(Role.THERAPIST, 1, RoleSource.HUMAN), C: RoleAssignment(Role.CLIENT, 1, RoleSource.HUMAN)
    })  # fmt: skip
    assert value(found, "talk_time", C).value == Missing("nobody in this session has the role client")
