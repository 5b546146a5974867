"""Measures against the exact truth of the development role-plays (outside the repository)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import C, Line, T, dialogue, named, words

from toolkit.measures import compute
from toolkit.settings import Settings
from toolkit.types import Code, Dialogue, SpeakerInterval
from toolkit.utterances import split

pytestmark = pytest.mark.data
SESSIONS = ("syn01_high_asthma", "syn02_high_weight")
CODES = {
    ("reflection_subtype", "simple"): Code.SIMPLE_REFLECTION,
    ("reflection_subtype", "complex"): Code.COMPLEX_REFLECTION,
    ("question_subtype", "open"): Code.OPEN_QUESTION,
    ("question_subtype", "closed"): Code.CLOSED_QUESTION,
}


def truth(data: Path, session: str) -> dict:
    return json.loads((data / "audio" / "roleplay" / f"{session}.json").read_text(encoding="utf-8"))


def speech(data: Path, session: str) -> list[SpeakerInterval]:
    lines = (data / "audio" / "roleplay" / f"{session}.rttm").read_text(encoding="utf-8").splitlines()
    fields = [line.split() for line in lines]
    return [SpeakerInterval(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in fields]


def lines(known: dict) -> list[Line]:
    return [
        Line(turn["role"], turn["start"], turn["end"], turn["text"],
             tuple(code for (field, value), code in CODES.items() if turn[field] == value))
        for turn in known["turns"]
    ]  # fmt: skip


def session(data: Path, name: str) -> Dialogue:
    return dialogue(lines(truth(data, name)), speech=speech(data, name))


@pytest.mark.parametrize("name", SESSIONS)
def test_talk_share_and_silences_are_those_of_the_truth(data, name):
    known, found = truth(data, name), compute(session(data, name), Settings())
    assert named(found, "talk_share_speech", T).value == pytest.approx(known["therapist_talk_share"], abs=1e-4)
    for role in (T, C):
        assert named(found, "talk_time", role).value == pytest.approx(known["talk_seconds"][role], abs=0.01)
    assert named(found, "silence_count").value == len(known["silences_ge_3s"])
    together = named(found, "overlap_share").numerator
    assert together == pytest.approx(abs(known["overlap_seconds"]), abs=0.01)


@pytest.mark.parametrize("name", SESSIONS)
def test_silences_of_three_seconds_lie_where_the_truth_has_them(data, name):
    found = [(s.start, s.end) for s in session(data, name).silences if s.duration >= 3]
    known = [(s["start"], s["end"]) for s in truth(data, name)["silences_ge_3s"]]
    assert found == [pytest.approx(k, abs=0.002) for k in known]


@pytest.mark.parametrize("name", SESSIONS)
def test_reflections_and_questions_are_those_of_the_truth(data, name):
    known, found = truth(data, name)["turns"], compute(session(data, name), Settings())
    own = [turn for turn in known if turn["role"] == T]
    assert named(found, "reflection_count", T).value == sum(t["reflection"] == "True" for t in own)
    assert named(found, "question_count", T).value == sum(t["question"] == "True" for t in own)


@pytest.mark.parametrize("name", SESSIONS)
def test_every_finished_sentence_at_the_end_of_a_turn_ends_an_utterance(data, name):
    known = lines(truth(data, name))
    found = split([w for line in known for w in words(line)], Settings().dialogue, language="en")
    finished = [line for line in known if line.text[-1] in ".?!" and len(line.text.split()) > 3]
    ends = {(u.speaker, round(u.end, 3)) for u in found}
    assert len(finished) > 20
    assert [line for line in finished if (line.speaker, round(line.end, 3)) not in ends] == []
