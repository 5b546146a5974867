"""Make recordings harder on purpose, with their truth carried along.

    python pipelines/hard_audio.py --data ../shared/data --sample sample_data --output build/hard
    toolkit evaluate report --data build/hard --sample sample_data --output build/hard.md

From each role-play of the data folder and of the sample data, mixed or with a channel a speaker, one file is made for
each variant (``VARIANTS``), and beside them lie copies of the originals. All goes to ``OUTPUT/audio/hard``: sound,
references as JSON, RTTM and STM, and ``variants.json``, which says what was made from what. Everything is computed
from a seed, nobody else's sound is used, and the same command gives the same samples.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hard_sound import effects, truths
from hard_sound.effects import Sound
from hard_sound.files import RATE, decode, write_flac, write_reference

from toolkit.atomic import write_text
from toolkit.errors import InputError, ToolkitError
from toolkit.evaluate.recordings import VARIANTS_FILE, Case, gather
from toolkit.formats.truth import Truth
from toolkit.types import Role, SpeakerInterval

FAR_BELOW_NEAR = 15.0  # dB: a recorder beside the therapist, the client across the room
ROOM_RT60 = 0.5  # s: a furnished room of some size
SPEECH_TO_NOISE = 10.0  # dB
MUSIC_SECONDS = 60.0
MUSIC_BELOW_SPEECH = 6.0  # dB
SILENCE_SECONDS = 600.0
ROOM_TONE = -70.0  # dBFS: a recorder's own noise, as no file is digitally silent for ten minutes
UNEQUAL = 20.0  # dB between two channels
NEARLY_SILENT = 45.0  # dB: a microphone that was hardly switched on
BLEED = -15.0  # dB: clip-on microphones 0.2 m from the own mouth and 1.2 m from the other's
BLEED_DELAY = 0.004  # s: 1.4 m
LONG_SECONDS = 3 * 3600.0


@dataclass(frozen=True, slots=True)
class Source:
    """A recording to start from: the mix, a channel a speaker (empty where there is none), and its truth."""

    mix: Sound
    channels: Sound
    truth: Truth

    def own(self, channel: int) -> list[SpeakerInterval]:
        """When the speaker of a channel speaks; the channels are therapist and client."""
        return [i for i in self.truth.speech if i.speaker == (Role.THERAPIST, Role.CLIENT)[channel]]


@dataclass(frozen=True, slots=True)
class Made:
    """A variant: its sound at its rate, and its truth."""

    sound: Sound
    rate: int
    truth: Truth


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one variant is made: what was changed in words, whether it keeps a channel a speaker, and the making."""

    change: str
    channels: bool
    make: Callable[[Source, np.random.Generator], Made]


def telephone(source: Source, _: np.random.Generator) -> Made:
    """The mix over a telephone line."""
    sound, rate = effects.telephone(source.mix, RATE)
    return Made(sound, rate, source.truth)


def far_and_near(source: Source, _: np.random.Generator) -> Made:
    """Both voices at one level, then the client's lower."""
    levels = [effects.level(source.channels[c : c + 1], [i.span for i in source.own(c)], RATE) for c in range(2)]
    far = effects.gain(source.channels[1:], levels[0] - levels[1])
    return Made(effects.far_and_near(source.channels[:1], far, FAR_BELOW_NEAR), RATE, source.truth)


def echo(source: Source, generator: np.random.Generator) -> Made:
    """The mix in a room."""
    return Made(effects.echo(source.mix, ROOM_RT60, RATE, generator), RATE, source.truth)


def noise(source: Source, generator: np.random.Generator) -> Made:
    """The mix in steady noise."""
    spans = [i.span for i in source.truth.speech]
    return Made(effects.with_noise(source.mix, spans, RATE, generator, snr=SPEECH_TO_NOISE), RATE, source.truth)


def music(source: Source, generator: np.random.Generator) -> Made:
    """A minute of music, then the session."""
    speech = effects.level(source.mix, [i.span for i in source.truth.speech], RATE)
    return led(source, effects.gain(effects.music(MUSIC_SECONDS, RATE, generator), speech - MUSIC_BELOW_SPEECH))


def silence(source: Source, generator: np.random.Generator) -> Made:
    """Ten minutes of nothing but the recorder's own noise, then the session."""
    return led(source, effects.gain(effects.noise(round(SILENCE_SECONDS * RATE), RATE, generator), ROOM_TONE))


def led(source: Source, lead: Sound) -> Made:
    """The mix behind a lead, and its truth that much later."""
    sound = effects.below_peak(effects.after(lead, source.mix))
    return Made(sound, RATE, truths.shifted(source.truth, lead.shape[1] / RATE, sound.shape[1] / RATE))


def long(source: Source, _: np.random.Generator) -> Made:
    """The mix again and again, cut where nobody speaks."""
    times = int(LONG_SECONDS * RATE) // source.mix.shape[1] + 1
    whole = truths.repeated(source.truth, source.mix.shape[1] / RATE, times)
    at = truths.last_quiet(whole, LONG_SECONDS)
    return Made(np.tile(source.mix, times)[:, : round(at * RATE)], RATE, truths.cut(whole, at))


def unequal(source: Source, _: np.random.Generator) -> Made:
    """The client's channel lower than it was."""
    return Made(lower_client(source.channels, UNEQUAL), RATE, source.truth)


def nearly_silent(source: Source, _: np.random.Generator) -> Made:
    """The client's channel hardly audible."""
    return Made(lower_client(source.channels, NEARLY_SILENT), RATE, source.truth)


def lower_client(channels: Sound, db: float) -> Sound:
    """The second channel turned down."""
    return np.concatenate([channels[:1], effects.gain(channels[1:], -db)])


def bleed(source: Source, _: np.random.Generator) -> Made:
    """Each voice in the other's channel."""
    return Made(effects.bleed(source.channels, BLEED, BLEED_DELAY, RATE), RATE, source.truth)


VARIANTS = {
    "telephone": Recipe("8 kHz, 300 to 3400 Hz, mu-law of eight bits", False, telephone),
    "far-near": Recipe(f"the client {FAR_BELOW_NEAR:g} dB below the therapist", False, far_and_near),
    "echo": Recipe(f"a room with a reverberation time (RT60) of {ROOM_RT60:g} s", False, echo),
    "noise": Recipe(f"steady noise {SPEECH_TO_NOISE:g} dB below the speech", False, noise),
    "music": Recipe(f"{MUSIC_SECONDS:g} s of music before the session", False, music),
    "silence": Recipe(f"{SILENCE_SECONDS / 60:g} minutes of silence before the session", False, silence),
    "three-hours": Recipe("the session again and again for three hours", False, long),
    "unequal": Recipe(f"the client's channel turned down by {UNEQUAL:g} dB", True, unequal),
    "nearly-silent": Recipe(f"the client's channel turned down by {NEARLY_SILENT:g} dB", True, nearly_silent),
    "bleed": Recipe(f"each voice {-BLEED:g} dB lower in the other's channel too", True, bleed),
}
LONG = frozenset({"three-hours"})  # of the first recording only: one says how a long file goes


def sources(cases: Sequence[Case]) -> Iterator[tuple[Case, list[Case]]]:
    """Each coded two-person recording, mixed, with the file that has a channel a speaker where there is one."""
    for case in cases:
        if not case.channels and case.speakers == 2 and case.truth.coded and case.truth.roles and not case.variant:
            yield case, [c for c in cases if c.session_id == f"{case.session_id}.channels"]


def read(case: Case, apart: Sequence[Case]) -> Source:
    """Sound of a recording; the channels are cut or filled to the length of the mix, as codecs add some samples."""
    mix = decode(case.recording).mean(axis=0, keepdims=True)
    channels = np.zeros((0, mix.shape[1]), np.float32)
    if apart:
        found = decode(apart[0].recording)[:, : mix.shape[1]]
        channels = np.pad(found, ((0, 0), (0, mix.shape[1] - found.shape[1])))
    return Source(mix, channels, case.truth)


class Folder:
    """The folder of variants: what was made is written down at the end."""

    def __init__(self, output: Path) -> None:
        self.folder = output / "audio" / "hard"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rows: list[dict[str, str]] = []

    def keep(self, case: Case, apart: Sequence[Case]) -> None:
        """Copy an original."""
        shutil.copyfile(case.recording, self.folder / f"{case.session_id}{case.recording.suffix}")
        for one in apart:
            shutil.copyfile(one.recording, self.folder / f"{case.session_id}.stereo{one.recording.suffix}")
        write_reference(self.folder, replace(case.truth, session_id=case.session_id))

    def add(self, original: str, variant: str, made: Made) -> None:
        """Write a variant."""
        apart = VARIANTS[variant].channels
        name, marked = f"{original}.{variant}", ".channels" if apart else ""
        write_flac(self.folder / f"{name}{'.stereo' if apart else ''}.flac", made.sound, made.rate)
        write_reference(self.folder, replace(made.truth, session_id=name))
        self.rows.append(
            {
                "session": f"{name}{marked}",
                "original": f"{original}{marked}",
                "variant": variant,
                "change": VARIANTS[variant].change,
            }
        )

    def finish(self) -> None:
        """Write down what was made; with this file the folder can be read."""
        rows = sorted(self.rows, key=lambda row: list(VARIANTS).index(row["variant"]))
        write_text(self.folder / VARIANTS_FILE, json.dumps({"variants": rows}, indent=1) + "\n")


def make(cases: Sequence[Case], output: Path, variants: Sequence[str], seed: int) -> int:
    """Make the variants of all recordings; return how many."""
    folder = Folder(output)
    left = list(variants)
    for case, apart in sources(cases):
        source = read(case, apart)
        folder.keep(case, apart)
        for variant in left:
            recipe = VARIANTS[variant]
            if (recipe.channels or variant == "far-near") and not apart:
                continue
            # a generator of its own, so that no file depends on which others are made
            generator = np.random.default_rng([seed, zlib.crc32(f"{case.session_id} {variant}".encode())])
            folder.add(case.session_id, variant, recipe.make(source, generator))
            print(f"{case.session_id}: {variant}", flush=True)
        left = [variant for variant in left if variant not in LONG]
    folder.finish()
    return len(folder.rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the variants; return the exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sample", type=Path, required=True, help="the sample data")
    options.add_argument("--data", type=Path, help="development data outside the repository, where there are")
    options.add_argument(
        "--output", type=Path, required=True, help="a data folder of its own; audio/hard is made in it"
    )
    options.add_argument("--variant", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="only these")
    options.add_argument("--recording", nargs="+", default=[], help="only these, by session id; none means all")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    try:
        cases = gather(chosen.sample, chosen.data)
        wanted = [
            c for c in cases if not chosen.recording or c.session_id.removesuffix(".channels") in chosen.recording
        ]
        if not any(True for _ in sources(wanted)):
            raise InputError("no coded two-person recording of that name.", hint="Check --recording.")
        made = make(wanted, chosen.output, chosen.variant, chosen.seed)
    except ToolkitError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{made} variants in {chosen.output.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
