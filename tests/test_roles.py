"""Roles: named from channels or from what is said, never silently guessed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import builders  # noqa: F401 - sets hypothesis up
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import roles
from toolkit.errors import InputError
from toolkit.settings import RoleSettings
from toolkit.types import AttributedWord, Recording, Role, RoleAssignment, RoleSource, SpokenUtterance
from toolkit.voices import Heard

RECORDING = Recording("s1", Path("s1.wav"), "t1", "c1", "", "en", 2, 2, ())
LISTENER = [
    "Thanks for making the time today. What would you like to talk about?",
    "So you've been going to bed later and later, and it worries you.",
    "How do you feel when you wake up on those days?",
    "It sounds like you want your mornings back. What else have you tried?",
]
TELLER = [
    "Well, I don't know, I just can't get to sleep, I think it started when I changed jobs.",
    "Yeah, because I was always on my phone, and my wife told me I was like a zombie.",
    "I feel awful, really, I have a coffee and then I need another one, and I guess I'm just cranky.",
    "I tried reading but I don't like it, I got bored, and then I was on the phone again.",
]


def said(index, speaker, text):
    words = tuple(AttributedWord(index, index + 0.5, w, 0.9, speaker) for w in text.split())
    return SpokenUtterance(index, float(index), index + 0.5, speaker, len(words), len(words), words)


def talk(first="A", second="B"):
    lines = [(s, t) for pair in zip(LISTENER, TELLER, strict=True) for s, t in zip((first, second), pair, strict=True)]
    return [said(i, s, t) for i, (s, t) in enumerate(lines)]


def test_a_pair_is_named_from_what_is_said():
    named = roles.name(talk(), ["A", "B"], RECORDING, RoleSettings())
    assert (named["A"].role, named["B"].role) == (Role.THERAPIST, Role.CLIENT)
    assert named["A"].confidence == named["B"].confidence >= 0.8
    assert {a.source for a in named.values()} == {RoleSource.LEXICAL}


def test_asr_text_without_marks_and_case_is_enough():
    bare = [said(u.index, u.speaker, u.text.lower().replace("?", "").replace(",", "").replace(".", "")) for u in talk()]
    assert roles.name(bare, ["A", "B"], RECORDING, RoleSettings())["A"].role is Role.THERAPIST


def test_channels_are_taken_at_their_word_against_the_words():
    recording = replace(RECORDING, channels=("client", "therapist"))
    named = roles.name(talk("client", "therapist"), ["client", "therapist"], recording, RoleSettings())
    assert named["client"] == RoleAssignment(Role.CLIENT, 1.0, RoleSource.CHANNELS)
    assert named["therapist"] == RoleAssignment(Role.THERAPIST, 1.0, RoleSource.CHANNELS)


def test_channel_labels_that_are_no_roles_are_named_by_words():
    recording = replace(RECORDING, channels=("left", "right"))
    named = roles.name(talk("left", "right"), ["left", "right"], recording, RoleSettings())
    assert named["left"].role is Role.THERAPIST
    assert named["left"].source is RoleSource.LEXICAL


@pytest.mark.parametrize(
    ("utterances", "recording", "settings"),
    [
        ([], RECORDING, RoleSettings()),
        (talk()[:1], RECORDING, RoleSettings()),
        ([said(0, "A", "okay"), *talk()[1::2]], RECORDING, RoleSettings()),
        (talk(), replace(RECORDING, language="nl"), RoleSettings()),
        (talk(), RECORDING, RoleSettings(backend="none")),
        (talk(), RECORDING, RoleSettings(min_confidence=1.0)),
    ],
    ids=["no words", "one talks", "other has one word", "Dutch", "switched off", "asks for certainty"],
)
def test_what_cannot_be_known_stays_unknown(utterances, recording, settings):
    named = roles.name(utterances, ["A", "B"], recording, settings)
    assert set(named.values()) == {RoleAssignment(Role.UNKNOWN, 0.0, RoleSource.NONE)}


def test_two_who_talk_alike_stay_unknown():
    text = "I think you know what I mean about the garden and the dog over there"
    same = [said(i, s, text) for i, s in enumerate("ABAB")]
    assert {a.role for a in roles.name(same, ["A", "B"], RECORDING, RoleSettings()).values()} == {Role.UNKNOWN}


def test_a_language_nobody_named_is_looked_at():
    finnish = [
        "en tiedä enää mitä tehdä ja se on minusta hyvin vaikeaa",
        "mitä haluaisit itse tehdä asialle",
    ] * 4
    foreign = [said(i, "AB"[i % 2], t) for i, t in enumerate(finnish)]
    named = roles.name(foreign, ["A", "B"], replace(RECORDING, language=""), RoleSettings())
    assert {a.role for a in named.values()} == {Role.UNKNOWN}
    assert roles.name(talk(), ["A", "B"], replace(RECORDING, language=""), RoleSettings())["A"].role is Role.THERAPIST


def test_a_crumb_of_a_third_speaker_does_not_hide_the_pair():
    named = roles.name([*talk(), said(9, "C", "mhm")], ["A", "B", "C"], RECORDING, RoleSettings())
    assert [named[s].role for s in "ABC"] == [Role.THERAPIST, Role.CLIENT, Role.UNKNOWN]


def test_of_three_talkers_only_the_therapist_is_named():
    third = [said(20 + i, "C", t.replace("wife", "partner")) for i, t in enumerate(TELLER)]
    named = roles.name([*talk(), *third], ["A", "B", "C"], RECORDING, RoleSettings())
    assert [named[s].role for s in "ABC"] == [Role.THERAPIST, Role.UNKNOWN, Role.UNKNOWN]


def test_a_couple_are_both_clients_when_the_manifest_says_so():
    third = [said(20 + i, "C", t.replace("wife", "partner")) for i, t in enumerate(TELLER)]
    couple = replace(RECORDING, client="c1;c2", max_speakers=3)
    named = roles.name([*talk(), *third], ["A", "B", "C"], couple, RoleSettings())
    assert [named[s].role for s in "ABC"] == [Role.THERAPIST, Role.CLIENT, Role.CLIENT]
    assert {a.source for a in named.values()} == {RoleSource.LEXICAL}
    two_therapists = replace(couple, therapist="t1;t2", client="c1")
    named = roles.name([*talk(), *third], ["A", "B", "C"], two_therapists, RoleSettings())
    assert [named[s].role for s in "ABC"] == [Role.THERAPIST, Role.UNKNOWN, Role.UNKNOWN]


# --- the order of the sources

VOICE = RoleAssignment(Role.THERAPIST, 0.97, RoleSource.VOICE)


def test_a_channel_of_a_second_client_is_a_client():
    recording = replace(RECORDING, channels=("therapist", "client_1", "client_2"))
    named = roles.name([], list(recording.channels), recording, RoleSettings())
    assert [a.role for a in named.values()] == [Role.THERAPIST, Role.CLIENT, Role.CLIENT]
    assert {a.source for a in named.values()} == {RoleSource.CHANNELS}


def test_an_id_of_the_manifest_names_its_speaker_against_voice_and_words():
    recording = replace(RECORDING, channels=("c1", "t1"))
    heard = Heard({"c1": VOICE})
    for backend in ("lexical", "none"):
        named = roles.name(talk("c1", "t1"), ["c1", "t1"], recording, RoleSettings(backend=backend), heard)
        assert named["c1"] == RoleAssignment(Role.CLIENT, 1.0, RoleSource.MANIFEST)
        assert named["t1"] == RoleAssignment(Role.THERAPIST, 1.0, RoleSource.MANIFEST)


def test_the_diarizers_own_labels_are_no_ids():
    recording = replace(RECORDING, therapist="SPEAKER_01", client="SPEAKER_00")
    named = roles.name(talk("SPEAKER_00", "SPEAKER_01"), ["SPEAKER_00", "SPEAKER_01"], recording, RoleSettings())
    assert named["SPEAKER_00"].role is Role.THERAPIST
    assert named["SPEAKER_00"].source is RoleSource.LEXICAL


def test_an_enrolled_voice_names_its_speaker_against_the_words_and_so_the_other():
    named = roles.name(talk(), ["A", "B"], RECORDING, RoleSettings(), Heard({"B": VOICE}))
    assert named == {"A": replace(VOICE, role=Role.CLIENT), "B": VOICE}


def test_a_voice_needs_no_words_and_no_english():
    for utterances, recording in (([], RECORDING), (talk(), replace(RECORDING, language="nl"))):
        named = roles.name(utterances, ["A", "B"], recording, RoleSettings(), Heard({"B": VOICE}))
        assert [named[s].role for s in "AB"] == [Role.CLIENT, Role.THERAPIST]


def test_a_stranger_is_no_therapist_because_the_client_was_recognised():
    client = RoleAssignment(Role.CLIENT, 0.97, RoleSource.VOICE)
    stranger = Heard({"B": client}, frozenset({Role.THERAPIST}))
    assert roles.name([], ["A", "B"], RECORDING, RoleSettings(), stranger)["A"].role is Role.UNKNOWN
    named = roles.name(talk(), ["A", "B"], RECORDING, RoleSettings(), stranger)
    assert named["B"] == client
    assert named["A"].role is Role.THERAPIST  # by the words, and it says so
    assert named["A"].source is RoleSource.LEXICAL


def test_words_that_contradict_a_voice_name_nobody_else():
    stranger = Heard({"A": RoleAssignment(Role.CLIENT, 0.97, RoleSource.VOICE)}, frozenset({Role.THERAPIST}))
    named = roles.name(talk(), ["A", "B"], RECORDING, RoleSettings(), stranger)
    assert [named[s].role for s in "AB"] == [Role.CLIENT, Role.UNKNOWN]


def test_a_voice_that_was_not_heard_leaves_the_words():
    missing = Heard({}, frozenset({Role.THERAPIST}))
    named = roles.name(talk(), ["A", "B"], RECORDING, RoleSettings(), missing)
    assert named == roles.name(talk(), ["A", "B"], RECORDING, RoleSettings())
    assert named["A"].role is Role.THERAPIST


def test_of_three_talkers_a_voice_names_its_own_only():
    third = [said(20 + i, "C", t) for i, t in enumerate(TELLER)]
    named = roles.name([*talk(), *third], ["A", "B", "C"], RECORDING, RoleSettings(), Heard({"C": VOICE}))
    assert [named[s].role for s in "ABC"] == [Role.UNKNOWN, Role.UNKNOWN, Role.THERAPIST]


def test_switched_off_means_voices_too():
    named = roles.name(talk(), ["A", "B"], RECORDING, RoleSettings(backend="none"), Heard({"A": VOICE}))
    assert {a.role for a in named.values()} == {Role.UNKNOWN}


@pytest.mark.data
def test_doctors_and_patients_are_told_apart_though_nothing_was_fitted_on_them(data, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "pipelines"))
    from measure_rules import read_primock

    talks = read_primock(data / "primock57")
    assert len(talks) == 10
    for consultation in talks:
        early = [u for u in consultation if u.start < 180]
        named = roles.name(early, ["client", "therapist"], RECORDING, RoleSettings())
        assert {s: a.role for s, a in named.items()} == {"client": Role.CLIENT, "therapist": Role.THERAPIST}
        assert {a.source for a in named.values()} == {RoleSource.LEXICAL}


def test_fewer_words_give_less_confidence():
    odds = [
        roles.log_odds([u for u in talk()[:n] if u.speaker == "A"], [u for u in talk()[:n] if u.speaker == "B"])
        for n in (0, 2, 4, 8)
    ]
    assert odds[0] == 0 < odds[1] < odds[2] < odds[3]


WORDS = st.lists(
    st.sampled_from(
        ["you", "i", "your", "my", "what", "do", "because", "so", "like", "sounds", "yeah", "the", "\0", "🙂"]
    ),
    max_size=40,
)


@given(WORDS, WORDS, st.booleans())
def test_the_order_of_speakers_does_not_matter(first, second, turned):
    utterances = [said(0, "A", " ".join(first)), said(1, "B", " ".join(second))]
    settings = RoleSettings(min_confidence=0.5)
    one = roles.name(utterances, ["A", "B"], RECORDING, settings)
    other = roles.name(utterances[::-1] if turned else utterances, ["B", "A"], RECORDING, settings)
    assert one == other


@given(WORDS, WORDS)
def test_log_odds_change_sign_when_the_two_change_places(first, second):
    a, b = [said(0, "A", " ".join(first))], [said(1, "B", " ".join(second))]
    assert roles.log_odds(a, b) == pytest.approx(-roles.log_odds(b, a))


ASSIGNED = st.dictionaries(
    st.text(min_size=1, max_size=3),
    st.builds(RoleAssignment, st.sampled_from(Role), st.floats(0, 1), st.sampled_from(RoleSource)),
    max_size=5,
)


@given(ASSIGNED)
def test_swapping_twice_gives_the_same_roles(named):
    if not {Role.THERAPIST, Role.CLIENT} <= {a.role for a in named.values()}:
        with pytest.raises(InputError, match="roles set"):
            roles.swap(named)
        return
    once = roles.swap(named)
    assert {s: a.role for s, a in roles.swap(once).items()} == {s: a.role for s, a in named.items()}
    for speaker, assignment in once.items():
        if named[speaker].role in {Role.THERAPIST, Role.CLIENT}:
            assert assignment.role is not named[speaker].role
            assert (assignment.confidence, assignment.source) == (1.0, RoleSource.HUMAN)
        else:
            assert assignment == named[speaker]


def test_a_person_names_a_speaker():
    unknown = RoleAssignment(Role.UNKNOWN, 0.0, RoleSource.NONE)
    named = roles.assign({"A": unknown, "B": unknown}, {"B": Role.THERAPIST})
    assert named == {"A": unknown, "B": RoleAssignment(Role.THERAPIST, 1.0, RoleSource.HUMAN)}
    with pytest.raises(InputError, match="Speakers: A, B"):
        roles.assign({"A": unknown, "B": unknown}, {"C": Role.CLIENT})
