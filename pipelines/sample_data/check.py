"""Check the sample data against itself: no speech synthesis, only the files."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import measure
import numpy as np
from files import format_coded, format_rttm, format_stm
from measure import FRAME_SECONDS, Record
from numpy.typing import NDArray
from script import ROLES, Script, other

SMALLEST_STEP = 0.011
BACKCHANNEL_SECONDS = (0.3, 0.8)
BACKCHANNEL_WORDS = 3
SILENCE_BELOW_DBFS = -55.0
SPEECH_ABOVE_DBFS = -45.0
PEAK_DBFS = -1.0
CHANNEL_LEAD_DB = 20.0
SIZE_LIMIT = 18_000_000


def find_problems(folder: Path, scripts: list[Script]) -> list[str]:
    """Return one line for every broken invariant of the sample data."""
    problems = []
    truths = []
    for script in scripts:
        truth = json.loads((folder / "truth" / f"{script.session}.json").read_text(encoding="utf-8"))
        truths.append(truth)
        checks = (_derived(truth), _utterances(truth), _words(truth), _promises(truth, script))
        found = [line for check in checks for line in check]
        found += [*_other_files(folder, truth), *_recording(folder, truth), *_channels(folder, truth)]
        problems += [f"{script.session}: {line}" for line in found]
    if (folder / "truth" / "coded.csv").read_text(encoding="utf-8") != format_coded(truths):
        problems.append("coded.csv does not follow from the sessions")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > SIZE_LIMIT:
        problems.append(f"the sample data takes {size} bytes, more than {SIZE_LIMIT}")
    return problems


def _derived(truth: Record) -> Iterator[str]:
    """Everything that follows from the speech intervals and the utterances is computed again."""
    talk = measure.talk_seconds(truth["speech"])
    again = {
        "talk_seconds": talk,
        "therapist_talk_share": round(talk["therapist"] / sum(talk.values()), 4),
        "silences": measure.find_silences(truth["speech"]),
        "turns": measure.find_turns(truth["utterances"]),
        "interruptions": measure.find_interruptions(truth["turns"]),
        "backchannels": measure.find_backchannels(truth["utterances"]),
    }
    yield from (f"{key} does not follow from the rest" for key, value in again.items() if truth[key] != value)
    for role in ROLES:
        own = [row for row in truth["speech"] if row["role"] == role]
        if any(row["end"] <= row["start"] for row in own):
            yield f"an empty speech interval of the {role}"
        if any(b["start"] - a["end"] < measure.BRIDGE_SECONDS - 1e-6 for a, b in pairwise(own)):
            yield f"two speech intervals of the {role} are closer than {measure.BRIDGE_SECONDS} s"


def _utterances(truth: Record) -> Iterator[str]:
    rows = truth["utterances"]
    if [row["index"] for row in rows] != list(range(len(rows))) or rows != sorted(rows, key=lambda row: row["start"]):
        yield "utterances are not numbered in order of time"
    for role in ROLES:
        own = [row for row in rows if row["role"] == role]
        yield from (
            f"the {role} overlaps with themself at {b['start']}" for a, b in pairwise(own) if b["start"] < a["end"]
        )
        for row in truth["speech"]:
            inside = any(one["start"] < row["end"] and one["end"] > row["start"] for one in own)
            if row["role"] == role and not inside:
                yield f"speech of the {role} at {row['start']} belongs to no utterance"
    for row in truth["backchannels"]:
        if not BACKCHANNEL_SECONDS[0] <= round(row["end"] - row["start"], 2) <= BACKCHANNEL_SECONDS[1]:
            yield f"the backchannel at {row['start']} lasts {row['end'] - row['start']:.2f} s"
        if len(row["text"].split()) > BACKCHANNEL_WORDS:
            yield f"the backchannel at {row['start']} is too long"
        if not any(one["role"] != row["role"] and _within(row, one) for one in truth["turns"]):
            yield f"the backchannel at {row['start']} is in no turn of the other person"


def _within(inner: Record, outer: Record) -> bool:
    return bool(outer["start"] < inner["start"] and inner["end"] < outer["end"])


def _words(truth: Record) -> Iterator[str]:
    for utterance in truth["utterances"]:
        words = [word for word in truth["words"] if word["utterance"] == utterance["index"]]
        if " ".join(word["text"] for word in words) != utterance["text"]:
            yield f"the words of utterance {utterance['index']} are not its text"
        if any(word["end"] <= word["start"] for word in words):
            yield f"a word of utterance {utterance['index']} has no length"
        if any(b["start"] < a["end"] - SMALLEST_STEP for a, b in pairwise(words)):
            yield f"words of utterance {utterance['index']} overlap"
        outside = words[0]["start"] < utterance["start"] - SMALLEST_STEP
        if outside or words[-1]["end"] > utterance["end"] + SMALLEST_STEP:
            yield f"words of utterance {utterance['index']} leave it"


def _promises(truth: Record, script: Script) -> Iterator[str]:
    """What the script promises about the session as a whole."""
    for name, value in summary(truth).items():
        low, high = script.expect.get(name, (value, value))
        if not low <= value <= high:
            yield f"{name} is {value}, not between {low} and {high}"


def summary(truth: Record) -> dict[str, float]:
    """Count what the table in the README shows."""
    longest = max(row["end"] - row["start"] for row in truth["silences"])
    counts = measure.count_codes(truth["utterances"])
    return {
        "duration": truth["duration"],
        "therapist talk share": truth["therapist_talk_share"],
        "utterances": len(truth["utterances"]),
        "turns": len(truth["turns"]),
        "silences": len(truth["silences"]),
        "longest silence": round(longest, 2),
        "backchannels": len(truth["backchannels"]),
        "interruptions": len(truth["interruptions"]),
        **counts,
        "reflections per question": round(
            (counts["simple reflections"] + counts["complex reflections"])
            / (counts["open questions"] + counts["closed questions"]),
            2,
        ),
    }


def _other_files(folder: Path, truth: Record) -> Iterator[str]:
    for suffix, expected in (("rttm", format_rttm(truth)), ("stm", format_stm(truth))):
        if (folder / "truth" / f"{truth['session']}.{suffix}").read_text(encoding="utf-8") != expected:
            yield f"the {suffix.upper()} file differs from the JSON file"


def read_audio(path: Path) -> tuple[NDArray[np.float32], int]:
    """Decode an audio file into (channels, samples) and its sample rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        frames = [frame for packet in container.decode(stream) for frame in resampler.resample(packet)]
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), stream.rate


def _recording(folder: Path, truth: Record) -> Iterator[str]:
    """The recording has the length, the quiet silences and the audible speech that the truth says."""
    (samples,), rate = read_audio(folder / "recordings" / f"{truth['session']}.flac")
    if rate != truth["sample_rate"] or abs(len(samples) / rate - truth["duration"]) > FRAME_SECONDS:
        yield "the recording's length or sample rate is not the one in the truth"
        return
    if 20 * np.log10(np.abs(samples).max()) > PEAK_DBFS:
        yield "the recording's peak is too high"
    levels = measure.frame_levels(samples, rate)
    for row in truth["silences"]:
        inside = levels[round(row["start"] / FRAME_SECONDS) + 15 : round(row["end"] / FRAME_SECONDS) - 8]
        if inside.max() > SILENCE_BELOW_DBFS:
            yield f"the silence at {row['start']} is not silent"
        if inside.min() < 2 * SILENCE_BELOW_DBFS:
            yield f"the silence at {row['start']} is digital silence"
    for row in truth["speech"]:
        inside = levels[round(row["start"] / FRAME_SECONDS) : round(row["end"] / FRAME_SECONDS)]
        if inside.max() < SPEECH_ABOVE_DBFS:
            yield f"the speech at {row['start']} cannot be heard"


def _channels(folder: Path, truth: Record) -> Iterator[str]:
    """Where there is a recording with one person a channel, the right person is in each channel."""
    path = folder / "recordings" / f"{truth['session']}.channels.opus"
    if not path.exists():
        return
    samples, rate = read_audio(path)
    if abs(samples.shape[1] / rate - truth["duration"]) > FRAME_SECONDS:
        yield "the stereo recording's length is not the one in the truth"
        return
    levels = np.stack([measure.frame_levels(channel, rate) for channel in samples])
    for number, role in enumerate(ROLES):
        own = _frames_of(truth, role, levels.shape[1]) & ~_frames_of(truth, other(role), levels.shape[1])
        lead = np.median(levels[number, own] - levels[1 - number, own])
        if lead < CHANNEL_LEAD_DB:
            yield f"the {role} is only {lead:.0f} dB louder in the own channel"


def _frames_of(truth: Record, role: str, length: int) -> NDArray[np.bool_]:
    speaking = np.zeros(length, np.bool_)
    for row in truth["speech"]:
        if row["role"] == role:
            speaking[round(row["start"] / FRAME_SECONDS) : round(row["end"] / FRAME_SECONDS)] = True
    return speaking
