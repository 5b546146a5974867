"""Voices: describing, telling apart, and naming speakers by enrolled voices; the network only where it is marked."""

from __future__ import annotations

from pathlib import Path

import builders  # noqa: F401 - sets hypothesis up
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.audio import Waveform
from toolkit.consent.records import Party
from toolkit.intervals import Span, total
from toolkit.settings import RoleSettings, Settings
from toolkit.types import Role, RoleAssignment, RoleSource, SpeakerInterval
from toolkit.voices import NOBODY, decide
from toolkit.voices.describing import PIECE, SHORTEST, longest, mean, spread, two_halves
from toolkit.voices.enrolling import main_voice
from toolkit.voices.recognising import MOST_SURE, describe_speakers, likelihood

ROLES = RoleSettings()
T, T2, C = Party(Role.THERAPIST, "T01"), Party(Role.THERAPIST, "T02"), Party(Role.CLIENT, "C01")


def unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, dtype=float)
    return vector / np.linalg.norm(vector)


# --- pieces of speech

SPANS = st.lists(
    st.tuples(st.integers(0, 600_000), st.integers(1, 60_000)).map(lambda p: Span(p[0] / 1000, (p[0] + p[1]) / 1000)),
    max_size=12,
)


@given(SPANS, st.integers(5, 120), st.booleans())
def test_pieces_lie_in_the_speech_are_apart_and_no_more_than_asked(spans, most, whole) -> None:
    choose = spread if whole else longest
    found = choose(spans, most=most)
    assert list(found) == sorted(found)
    assert total(found) == pytest.approx(sum(s.duration for s in found))  # apart
    assert total([*found, *spans]) == pytest.approx(total(spans))  # inside
    assert all(SHORTEST - 1e-9 <= s.duration <= PIECE + 1e-9 for s in found)
    assert total(found) <= most + (PIECE if choose is longest else max(PIECE, most))


def test_the_longest_stretches_come_first() -> None:
    assert longest([Span(0, 2), Span(10, 16), Span(20, 23)], most=9) == (Span(10, 16), Span(20, 23))
    assert longest([Span(0, 0.9), Span(2, 2.5)], most=60) == ()


def test_pieces_of_the_whole_hold_somebody_who_speaks_only_at_the_end() -> None:
    found = spread([Span(0, 300), Span(400, 430)], most=60, piece=3)
    assert 55 <= total(found) <= 66
    assert 4 <= total(s for s in found if s.start >= 400) <= 8  # a tenth of the speech


def test_the_mean_weighs_by_length_and_passes_over_what_says_nothing() -> None:
    vectors = np.stack([unit(1, 0), unit(0, 1), np.full(2, np.nan)])
    found = mean(vectors, [Span(0, 3), Span(4, 5), Span(6, 9)])
    assert found == pytest.approx(unit(3, 1))
    assert np.isnan(mean(vectors[2:], [Span(6, 9)])).all()


# --- one voice or two


@given(st.integers(2, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_two_voices_are_split_whatever_their_share(many, few, seed) -> None:
    rng = np.random.default_rng(seed)
    noise = 0.02 * rng.standard_normal((many + few, 64))
    own = np.repeat([0, 1], [many, few])
    rows = np.eye(64)[own] + noise
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    order = rng.permutation(many + few)
    larger, alike = two_halves(rows[order], [Span(3 * i, 3 * i + 3) for i in range(many + few)])
    assert alike < 0.3
    main = 0 if many >= few else 1
    if many != few:
        assert (larger == (own[order] == main)).all()


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_one_voice_is_kept_whole(count, seed) -> None:
    rows = np.eye(64)[np.zeros(count, dtype=int)] + 0.05 * np.random.default_rng(seed).standard_normal((count, 64))
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    spans = tuple(Span(3 * i, 3 * i + 3) for i in range(count))
    vector, seconds, share = main_voice(rows, spans, 0.6)
    assert (seconds, share) == (3 * count, 1.0)
    assert vector == pytest.approx(mean(rows, spans))


def test_a_greeting_by_somebody_else_is_left_out_of_the_voice() -> None:
    rows = np.stack([*[unit(1, 0.01 * i) for i in range(19)], unit(0, 1)])
    vector, seconds, share = main_voice(rows, tuple(Span(3 * i, 3 * i + 3) for i in range(20)), 0.6)
    assert seconds == 57
    assert share == pytest.approx(0.95)
    assert vector[1] < 0.2


# --- who is who


def test_the_likeliest_speaker_is_the_enrolled_person() -> None:
    found = decide({T: {"A": 0.2, "B": 0.9}}, ROLES)
    assert set(found.roles) == {"B"}
    assert found.roles["B"].role is Role.THERAPIST
    assert found.roles["B"].source is RoleSource.VOICE
    assert found.roles["B"].confidence >= 0.98
    assert not found.missing
    assert not found.notes


def test_a_voice_that_nobody_has_is_said_to_be_unknown() -> None:
    found = decide({T: {"A": 0.55, "B": 0.1}, C: {"A": 0.0, "B": 0.9}}, ROLES)
    assert found.roles == {"B": RoleAssignment(Role.CLIENT, MOST_SURE, RoleSource.VOICE)}
    assert found.missing == {Role.THERAPIST}
    assert found.notes[0].startswith("The enrolled voice of the therapist was not heard")
    assert len(found.notes) == 1


def test_nobody_was_heard_long_enough() -> None:
    found = decide({T: {}}, ROLES)
    assert found.missing == {Role.THERAPIST}
    assert not found.roles


def test_two_speakers_of_one_voice_name_nobody() -> None:
    found = decide({T: {"A": 0.72, "B": 0.70}}, ROLES)
    assert not found.roles
    assert not found.missing  # it was heard, only not where
    assert "not surely enough to name one" in found.notes[0]


def test_one_speaker_is_not_two_people() -> None:
    found = decide({T: {"A": 0.7, "B": 0.1}, T2: {"A": 0.9, "B": 0.2}}, ROLES)
    assert found.roles["A"].role is Role.THERAPIST
    assert set(found.roles) == {"A"}
    assert found.missing == {Role.THERAPIST}


COSINES = st.floats(-1, 1)
ALIKE = st.dictionaries(
    st.sampled_from([T, T2, C]), st.fixed_dictionaries({"A": COSINES, "B": COSINES, "C": COSINES}), max_size=3
)


@given(ALIKE)
def test_each_person_is_one_speaker_at_most_and_only_above_the_threshold(alike) -> None:
    found = decide(alike, ROLES)
    held = [a.role for a in found.roles.values()]
    assert len(held) <= len(alike)
    assert held.count(Role.CLIENT) <= 1
    for speaker, assignment in found.roles.items():
        assert ROLES.min_confidence <= assignment.confidence <= MOST_SURE
        own = [row[speaker] for party, row in alike.items() if party.role is assignment.role]
        assert max(own) >= ROLES.voice_threshold
    assert len(found.notes) + len(found.roles) == len(alike)


@given(st.floats(0.6, 1), st.floats(-1, 1), st.floats(0, 0.5))
def test_the_more_alike_another_speaker_is_the_less_sure(best, other, more) -> None:
    nearer = decide({T: {"A": best, "B": min(best, other + more)}}, RoleSettings(min_confidence=0.5)).roles
    further = decide({T: {"A": best, "B": min(best, other)}}, RoleSettings(min_confidence=0.5)).roles
    if "A" in nearer and "A" in further:
        assert nearer["A"].confidence <= further["A"].confidence


def test_the_likelihood_is_even_at_the_centre_and_rises() -> None:
    from toolkit.voices.recognising import CENTRE

    assert likelihood(CENTRE) == 1
    assert likelihood(0.2) < 0.05
    assert likelihood(0.7) > 15


def test_nobody_is_what_comparing_nothing_gives() -> None:
    assert decide({}, ROLES) == NOBODY


def test_only_what_a_speaker_says_alone_is_described(monkeypatch) -> None:
    asked: list[Span] = []

    def note(sound: Waveform, spans, *, device: str) -> np.ndarray:
        asked.extend(spans)
        return np.tile(unit(1, 1), (len(spans), 1))

    monkeypatch.setattr("toolkit.backends.voiceprint.embeddings", note)
    activity = [SpeakerInterval(0, 20, "A"), SpeakerInterval(8, 12, "B"), SpeakerInterval(18, 21, "C")]
    found = describe_speakers(Waveform(np.zeros(1, np.float32), 16_000), activity, Settings())
    assert set(found) == {"A"}  # B speaks over A, and C says too little
    assert total(asked) == 14
    assert total([*asked, Span(8, 12), Span(18, 20)]) == 20


# --- with the network


@pytest.mark.models
def test_real_voices_of_the_sample_sessions_are_told_apart(model_store: dict[str, Path]) -> None:
    import av

    from toolkit.formats import rttm

    root = Path(__file__).resolve().parent.parent / "sample_data"
    described = {}
    for name in ("reflective", "hurried"):
        with av.open(str(root / "recordings" / f"{name}.flac")) as container:
            blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        sound = Waveform(np.concatenate(blocks).astype(np.float32) / 32768, 16_000)
        truth = [i for talk in rttm.read(root / "truth" / f"{name}.rttm").values() for i in talk]
        half = sound.duration / 2
        halves = [
            SpeakerInterval(i.start, i.end, f"{name} {i.speaker} {'first' if i.end < half else 'second'}")
            for i in truth
            if not any(o.speaker != i.speaker and o.start < i.end and i.start < o.end for o in truth)
        ]
        settings = Settings(roles=RoleSettings(voice_speech=10.0))
        described |= describe_speakers(sound, halves, settings)
    assert len(described) == 8
    for one, mine in described.items():
        for two, other in described.items():
            same = one.rsplit(" ", 1)[0] == two.rsplit(" ", 1)[0]
            assert (float(mine @ other) >= ROLES.voice_threshold) == same, (one, two)
