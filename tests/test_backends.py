"""One contract, held against every backend; then the guards of the recogniser and the replay of files."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.audio import Waveform
from toolkit.backends import BACKENDS, create
from toolkit.backends.files import exclusive
from toolkit.backends.loops import collapse, is_loop
from toolkit.backends.pyannote import bounds
from toolkit.backends.whisper import Clip, tidy
from toolkit.errors import BackendError, ConfigError
from toolkit.settings import Settings
from toolkit.types import Code, Diarization, SpeakerInterval, SpokenUtterance, Transcript, Word

RATE = 16_000
KINDS_OF_SOUND = ["none", "short", "silent", "noise"]
MODEL_FREE = ("files",)


def untold(done: float) -> None:
    """Progress for nobody."""


def noise(seconds: float, level: float = 0.01) -> Waveform:
    samples = np.random.default_rng(0).standard_normal(int(seconds * RATE)).astype(np.float32)
    return Waveform(samples * np.float32(level), RATE)


def silence(seconds: float) -> Waveform:
    return Waveform(np.zeros(int(seconds * RATE), dtype=np.float32), RATE)


@pytest.fixture
def replayed(tmp_path) -> Settings:
    (tmp_path / "s.words.json").write_text(
        json.dumps(
            {
                "language": "en",
                "words": [
                    {"start": 0.2, "end": 0.5, "text": " Hello. ", "probability": 0.9},
                    {"start": 1.2, "end": 1.6, "text": "Hi."},
                    {"start": 90.0, "end": 91.0, "text": "late"},
                ],
            }
        )
    )
    (tmp_path / "s.rttm").write_text(
        "SPEAKER s 1 0.1 1.2 <NA> <NA> therapist <NA> <NA>\nSPEAKER s 1 1.0 60 <NA> <NA> client <NA> <NA>\n"
    )
    (tmp_path / "s.codes.json").write_text(
        json.dumps({"codes": [{"utterance": 1, "code": "open_question", "rule": "told"}]})
    )
    default = Settings()
    return replace(
        default,
        words=replace(default.words, backend="files", model=str(tmp_path)),
        speakers=replace(default.speakers, backend="files", pipeline=str(tmp_path)),
        coding=replace(default.coding, coder="files", model=str(tmp_path)),
    )


def utterance(index: int) -> SpokenUtterance:
    return SpokenUtterance(index, index * 1.0, index + 0.5, "A", 0, 0, ())


@cache
def loaded(kind: str, name: str):
    """A backend with its real model, loaded once for all tests."""
    return create(kind, name, Settings())


@pytest.fixture
def backend(request, replayed):
    kind, name = request.param
    if name in MODEL_FREE or (kind, name) == ("diarizer", "channels"):
        return create(kind, name, replayed)
    request.getfixturevalue("model_store")
    return loaded(kind, name)


def of_kind(kind: str, *, leaving: tuple[str, ...] = ()):
    return [
        pytest.param((kind, name), id=name, marks=() if name in (*MODEL_FREE, "channels") else pytest.mark.models)
        for name in BACKENDS[kind]
        if name not in leaving
    ]


EVERY = [p for kind in BACKENDS for p in of_kind(kind)]


@pytest.mark.parametrize("backend", EVERY, indirect=True)
def test_every_backend_says_what_it_is(backend) -> None:
    told = backend.describe()
    assert told["name"]
    assert all(isinstance(k, str) and isinstance(v, str) and "/" not in v for k, v in told.items())
    assert any(k.endswith("sha256") and len(v) == 64 for k, v in told.items())


@pytest.mark.parametrize("backend", of_kind("transcriber"), indirect=True)
@pytest.mark.parametrize("waveform", [silence(0.0), silence(0.01), silence(3.0), noise(2.0)], ids=KINDS_OF_SOUND)
def test_a_transcriber_gives_ordered_words_inside_the_sound(backend, waveform) -> None:
    told: list[float] = []
    found = backend.transcribe(waveform, language="en", progress=told.append)
    assert isinstance(found, Transcript)
    assert [w.start for w in found.words] == sorted(w.start for w in found.words)
    assert all(0 <= w.start < w.end <= waveform.duration + 0.05 and w.text == w.text.strip() for w in found.words)
    assert told == sorted(told)
    assert told[-1] == waveform.duration
    assert found == backend.transcribe(waveform, language="en", progress=told.append)


@pytest.mark.models
@pytest.mark.parametrize("waveform", [silence(3.0), silence(40.0)], ids=["3s", "40s"])
def test_nothing_is_invented_in_digital_silence(model_store, waveform) -> None:
    found = loaded("transcriber", "faster-whisper").transcribe(waveform, language="", progress=untold)
    assert found.words == ()
    assert found.language == ""


@pytest.mark.parametrize("backend", of_kind("diarizer", leaving=("channels",)), indirect=True)
@pytest.mark.parametrize("waveform", [silence(0.0), silence(0.1), silence(12.0), noise(3.0)], ids=KINDS_OF_SOUND)
@pytest.mark.parametrize("speakers", [(0, 0), (2, 2), (1, 3)])
def test_a_diarizer_gives_intervals_inside_the_sound(backend, waveform, speakers) -> None:
    told: list[float] = []
    least, most = speakers
    found = backend.diarize(waveform, min_speakers=least, max_speakers=most, progress=told.append)
    assert isinstance(found, Diarization)
    for intervals in (found.regular, found.exclusive):
        assert list(intervals) == sorted(intervals, key=lambda i: (i.start, i.end, i.speaker))
        assert all(0 <= i.start < i.end <= waveform.duration for i in intervals)
    assert all(a.end <= b.start for a, b in zip(found.exclusive, found.exclusive[1:], strict=False))
    assert told == sorted(told)
    assert told[-1] == waveform.duration


@pytest.mark.models
def test_real_speech_has_words_and_two_speakers(model_store) -> None:
    """The telephone call that pyannote.audio installs: two people, thirty seconds."""
    from importlib.util import find_spec
    from pathlib import Path

    import av

    spec = find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    with av.open(str(Path(spec.origin).parent / "sample" / "sample.wav")) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        parts = [g.to_ndarray()[0] for f in container.decode(audio=0) for g in resampler.resample(f)]
    call = Waveform(np.concatenate(parts), RATE)
    found = loaded("diarizer", "pyannote").diarize(call, min_speakers=2, max_speakers=2, progress=untold)
    assert next(i.speaker for i in found.regular) == "SPEAKER_00"
    assert {i.speaker for i in found.regular} == {"SPEAKER_00", "SPEAKER_01"}
    words = loaded("transcriber", "faster-whisper").transcribe(call, language="", progress=untold)
    assert words.language == "en"
    assert len(words.words) > 40


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ConfigError, match="no diarizer is called"):
        create("diarizer", "nobody", Settings())


def test_a_model_that_is_not_there_is_named() -> None:
    settings = replace(Settings(), words=replace(Settings().words, model="no-such-model"))
    with pytest.raises(BackendError, match="no-such-model"):
        create("transcriber", "faster-whisper", settings)


# files ---------------------------------------------------------------------------------------------------------------


def test_files_are_replayed(replayed) -> None:
    found = create("transcriber", "files", replayed).transcribe(silence(2.0), language="", progress=untold)
    assert [(w.text, w.probability) for w in found.words] == [("Hello.", 0.9), ("Hi.", 1.0)]
    assert (found.language, found.rejected) == ("en", 1)
    talk = create("diarizer", "files", replayed).diarize(silence(2.0), min_speakers=0, max_speakers=0, progress=untold)
    assert talk.regular == (SpeakerInterval(0.1, 1.3, "therapist"), SpeakerInterval(1.0, 2.0, "client"))
    assert talk.exclusive == (SpeakerInterval(0.1, 1.3, "therapist"), SpeakerInterval(1.3, 2.0, "client"))
    none, one = create("coder", "files", replayed).code([utterance(0), utterance(1)], language="en")
    assert none.codes == ()
    assert [(c.code, c.coder, c.rule) for c in one.codes] == [(Code.OPEN_QUESTION, "files", "told")]


def test_codes_of_another_session_are_refused(replayed) -> None:
    with pytest.raises(BackendError, match="codes utterance 1, and the session has 1"):
        create("coder", "files", replayed).code([utterance(0)], language="en")


def test_a_ctm_is_replayed(tmp_path) -> None:
    path = tmp_path / "s.ctm"
    path.write_text(";; comment\ns 1 0.20 0.30 hello 0.8\ns 1 0.60 0.20 you\n")
    settings = replace(Settings(), words=replace(Settings().words, model=str(path)))
    found = create("transcriber", "files", settings).transcribe(silence(1.0), language="de", progress=untold)
    assert [(w.start, w.end, w.text, w.probability) for w in found.words] == [
        (0.2, 0.5, "hello", 0.8),
        (0.6, 0.8, "you", 1.0),
    ]
    assert found.language == "de"


@pytest.mark.parametrize(
    "content", ["", "[]", '{"words": [{"start": "x"}]}', '{"words": [{"start": NaN, "end": 1, "text": "a"}]}']
)
def test_a_damaged_file_is_one_line(tmp_path, content) -> None:
    path = tmp_path / "s.words.json"
    path.write_text(content)
    settings = replace(Settings(), words=replace(Settings().words, model=str(path)))
    with pytest.raises(BackendError, match=r"s\.words\.json is not as it should be"):
        create("transcriber", "files", settings).transcribe(silence(1.0), language="", progress=untold)


def test_a_folder_with_two_such_files_is_refused(tmp_path) -> None:
    for name in ("a.rttm", "b.rttm"):
        (tmp_path / name).write_text("")
    settings = replace(Settings(), speakers=replace(Settings().speakers, pipeline=str(tmp_path)))
    with pytest.raises(BackendError, match="there are 2 files"):
        create("diarizer", "files", settings)


steps = st.integers(0, 40).map(lambda n: n / 4)
lengths = st.integers(1, 12).map(lambda n: n / 4)


@given(st.lists(st.builds(lambda s, d, who: SpeakerInterval(s, s + d, who), steps, lengths, st.sampled_from("AB"))))
def test_exclusive_covers_the_same_time_with_one_speaker(intervals) -> None:
    from toolkit.intervals import total

    alone = exclusive(intervals)
    assert all(a.end <= b.start for a, b in itertools.pairwise(alone))
    assert total(i.span for i in alone) == pytest.approx(total(i.span for i in intervals))


# the recogniser's guards ---------------------------------------------------------------------------------------------


def word(text: str, start: float = 0.0, end: float = 1.0) -> Word:
    return Word(start, end, text, 0.9)


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("no no no", False),
        ("No, no. no NO!", True),
        ("thank you thank you thank you thank you", True),
        ("I see what you mean I see what you mean", False),
        ("a b a b a b c", False),
        ("", False),
    ],
)
def test_a_phrase_said_too_often_in_a_row_is_a_loop(text: str, loop: bool) -> None:
    assert is_loop(text.split(), 3) is loop


def test_a_loop_is_cut_to_what_somebody_might_say() -> None:
    text = "well thank you thank you thank you thank you thank you bye"
    assert " ".join(w.text for w in collapse([word(t) for t in text.split()], 3)) == (
        "well thank you thank you thank you bye"
    )


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(2, 5))
def test_what_is_left_of_a_loop_is_a_part_of_it_and_no_loop_is_no_change(texts, limit) -> None:
    kept = collapse([word(t) for t in texts], limit)
    assert len(kept) <= len(texts)
    if not is_loop(texts, limit):
        assert [w.text for w in kept] == texts
    else:
        assert len(kept) < len(texts)


def test_a_clip_gives_times_back_piece_by_piece() -> None:
    clip = Clip(((RATE, 2 * RATE), (10 * RATE, 12 * RATE)))
    assert clip.restore(0.2, 0.6) == (1.2, 1.6)
    assert clip.restore(0.5, 1.2) == (1.5, 2.0)  # cannot swallow the silence between two pieces
    assert clip.restore(1.5, 2.0) == pytest.approx((10.5, 11.0))
    assert clip.restore(2.9, 9.0) == pytest.approx((11.9, 12.0))


anything = st.floats(-5, 50)


@given(st.lists(st.tuples(anything, anything)), st.floats(0.1, 30))
def test_tidy_words_are_ordered_and_inside(times, duration) -> None:
    found = tidy([word("a", start, end) for start, end in times], duration)
    assert len(found) == len(times)
    assert [w.start for w in found] == sorted(w.start for w in found)
    assert all(0 <= w.start < w.end <= duration for w in found)


def test_bounds_on_speakers() -> None:
    assert bounds(2, 2) == {"num_speakers": 2}
    assert bounds(0, 0) == {}
    assert bounds(2, 4) == {"min_speakers": 2, "max_speakers": 4}
    assert bounds(0, 4) == {"max_speakers": 4}
