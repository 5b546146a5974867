"""Our chain beside its peers: time, memory and errors on the same recordings, in one go.

    make bench
    python pipelines/benchmark.py --sample sample_data --work build/bench --only ours --files reflective --minutes

The peers, faster-whisper with pyannote's stock pipeline and faster-whisper with senko, are installed into an
environment of their own in the work folder. Every part (a chain on a recording) is a process of its own and is kept
there: after an interruption the same command goes on, and what changed (the toolkit, a pin, a recording) runs again.
``--kept`` writes the page of the parts there are.
``--minutes`` are made of the two sessions with the same voices, played again and again.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench import machine, section
from bench import page as pages
from bench.chains import Chain, Ours, Peer
from bench.environment import LISTED, Environment
from bench.parts import START, Part, Parts
from bench.process import keep_to
from bench.rows import GROWN
from hard_sound import truths
from hard_sound.files import RATE, decode, write_flac, write_reference

from toolkit.errors import InputError, ToolkitError
from toolkit.evaluate.recordings import Case, gather
from toolkit.formats import truth
from toolkit.types import Missing, SpeakerInterval

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
TITLES = {
    "ours": Ours.titles,
    "pyannote": {"": "faster-whisper + pyannote stock"},
    "senko": {"merged": "faster-whisper + senko", "raw": "faster-whisper + senko, raw segments"},
}
MINUTES = (5, 60, 180)
SAME_VOICES = ("reflective", "syn01_high_asthma")  # a therapist and a client whom the same two voices read
START_SECONDS = 3.0


def plain_cases(cases: Sequence[Case]) -> list[Case]:
    """Mixed recordings of two people with known words."""
    return [
        case
        for case in cases
        if case.speakers == 2
        and not case.channels
        and not case.variant
        and not isinstance(case.truth.utterances, Missing)
    ]


def start_case(cases: Sequence[Case], folder: Path) -> Case:
    """The first words of the first recording: so little that what it takes is the start of a chain.

    Raises
    ------
    InputError
        When there is no recording in which anybody speaks.
    """
    spoken = [(case, case.truth.speech[0].start) for case in cases if case.truth.speech]
    if not spoken:
        raise InputError("no recording holds any speech.", hint="Check --sample.")
    case, at = spoken[0]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{START}.flac"
    if not path.exists():
        sound = decode(case.recording).mean(axis=0, keepdims=True)
        write_flac(path, sound[:, round(at * RATE) : round((at + START_SECONDS) * RATE)], RATE)
    first = SpeakerInterval(0.0, START_SECONDS, case.truth.speech[0].speaker)
    return Case(START, START, path, truth.from_speech(START, (first,)))


def grown_case(cases: Sequence[Case], minutes: int, folder: Path) -> Case:
    """A recording of up to so many minutes.

    Raises
    ------
    InputError
        When none of the sessions that it is made of is there.
    """
    used = [case for name in SAME_VOICES for case in cases if case.session_id == name]
    if not used:
        raise InputError(f"--minutes needs {SAME_VOICES[0]}.", hint="Check --sample.")
    place = folder / "+".join(case.session_id for case in used)
    name = f"{GROWN}{minutes}"
    path = place / f"{name}.flac"
    if not path.exists():
        place.mkdir(parents=True, exist_ok=True)
        sounds = [decode(case.recording).mean(axis=0, keepdims=True) for case in used]
        lengths = [sound.shape[1] / RATE for sound in sounds]
        times = int(minutes * 60 // sum(lengths)) + 1
        whole = truths.joined([(c.truth, n) for c, n in zip(used, lengths, strict=True)] * times)
        at = truths.last_quiet(whole, minutes * 60)
        write_reference(place, replace(truths.cut(whole, at), session_id=name))
        write_flac(path, np.concatenate(sounds * times, axis=1)[:, : round(at * RATE)], RATE)
    return Case(name, "grown", path, truth.read(place / f"{name}.json"))


def duration(case: Case) -> float:
    """Seconds of a recording."""
    return decode(case.recording).shape[1] / RATE


def run(chains: Sequence[Chain], cases: Sequence[Case], parts: Parts, runs: int, *, kept: bool) -> list[Part]:
    """Every chain on every recording in turns; only what is there already where `kept`."""
    found = []
    for case in cases:
        length = duration(case)
        for number in range(1, runs + 1):
            for chain in chains:
                if kept and not parts.has(chain, case, number):
                    continue
                part = parts.get(chain, case, length, number)
                ended = (
                    f"exit status {part.use.status}" if part.failed else f"{part.use.wall / length:.3f} of its length"
                )
                print(
                    f"{case.session_id}: {chain.name}, run {number}: {part.use.wall:.1f} s, {ended},"
                    f" {part.use.peak / pages.GIGABYTE:.2f} GB",
                    flush=True,
                )
                found.append(part)
    return found


def versions(environment: Environment, threads: int) -> list[str]:
    """The machine, and what ran on it."""
    names = [name for name in LISTED if not name.startswith(("senko", "numba", "umap"))]
    own = {name: importlib.metadata.version(name) for name in ("counselling-session-toolkit", *names)}
    lines = [*machine.described(threads), f"- this toolkit: {', '.join(f'{n} {v}' for n, v in own.items())}"]
    if environment.ready():
        lines.append(f"- the peers: {', '.join(f'{n} {v}' for n, v in environment.versions().items())}")
    return lines


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sample", type=Path, required=True, help="the sample data")
    options.add_argument("--data", type=Path, help="development data outside the repository, where there are")
    options.add_argument("--work", type=Path, required=True, help="everything is kept here; needs 7 GB")
    options.add_argument("--output", type=Path, help="a page whose section is replaced; it is printed in any case")
    options.add_argument("--only", nargs="+", choices=TITLES, default=list(TITLES), help="only these chains")
    options.add_argument("--files", nargs="*", help="only these recordings; nothing after it means none")
    options.add_argument("--minutes", nargs="*", type=int, default=list(MINUTES), help="lengths of grown recordings")
    options.add_argument("--runs", type=int, default=1, help="how often; the median counts")
    options.add_argument("--kept", action="store_true", help="run nothing: the page of the parts there are")
    options.add_argument("--threads", type=int, default=2)
    return options.parse_args(arguments)


def chosen_cases(options: argparse.Namespace) -> list[Case]:
    """The recordings asked for, the start first."""
    cases = plain_cases(gather(options.sample, options.data))
    names = [case.session_id for case in cases]
    if unknown := [name for name in options.files or () if name not in names]:
        raise InputError(f"no recording is called {unknown[0]}.", hint=f"There are: {', '.join(names)}.")
    wanted = [case for case in cases if options.files is None or case.session_id in options.files]
    sound = options.work / "sound"
    grown = [grown_case(cases, minutes, sound) for minutes in sorted(options.minutes)]
    return [start_case(cases, sound), *wanted, *grown]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return the exit status."""
    options = parse(arguments)
    try:
        cases = chosen_cases(options)
        environment = Environment(options.work, LOCK)
        if set(options.only) - {"ours"} and not environment.ready():
            print("Making the peers' environment (6 GB, some minutes) ...", flush=True)
            environment.make()
        every = {"ours": Ours(options.threads)} | {
            name: Peer(name, TITLES[name], environment, options.threads) for name in ("pyannote", "senko")
        }
        chains = [every[name] for name in TITLES if name in options.only]
        store = Parts(options.work, keep_to(options.threads), options.threads)
        parts = run(chains, cases, store, options.runs, kept=options.kept)
        text = pages.page(parts, {chain.name: chain.titles for chain in chains}, versions(environment, options.threads))
        if options.output:
            section.put(options.output, text)
    except ToolkitError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"\n{text}")
    return 1 if any(part.failed for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
