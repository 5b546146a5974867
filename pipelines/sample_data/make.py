"""Make the sample data: two role-play sessions with neural voices, and their exact truth.

Make: `python pipelines/sample_data/make.py --models DIR --output sample_data`
Check: `python pipelines/sample_data/make.py --check --output sample_data`
"""

import argparse
import sys
from pathlib import Path

from check import find_problems
from files import format_coded, write_truth
from page import update_readme
from script import Script, read_script

HERE = Path(__file__).parent
SESSIONS = ("reflective", "hurried")
WITH_CHANNELS = frozenset({"reflective"})


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--output", type=Path, default=HERE.parents[1] / "sample_data", help="folder of the sample data"
    )
    parser.add_argument("--models", type=Path, help="folder with the unpacked voice packages, see the README")
    parser.add_argument("--cache", type=Path, default=Path("build") / "sample_data", help="folder for spoken lines")
    parser.add_argument("--threads", type=int, default=2, help="threads for the voices (default: 2)")
    parser.add_argument("--check", action="store_true", help="only check the files, make nothing")
    arguments = parser.parse_args()
    if not arguments.check and arguments.models is None:
        parser.error("--models is needed to make the sample data")
    return arguments


def make(scripts: list[Script], arguments: argparse.Namespace) -> None:
    """Speak, mix and measure every session."""
    # only this path needs the voices; a check runs without them
    from mix import Layout, clean_tracks, write_channels, write_mono
    from speech import Synthesiser
    from truth import session_truth

    recordings, truths = arguments.output / "recordings", arguments.output / "truth"
    for folder in (recordings, truths):
        folder.mkdir(parents=True, exist_ok=True)
    made = []
    synthesiser = Synthesiser(arguments.models, arguments.cache, arguments.threads)
    for script in scripts:
        placed = Layout(script, synthesiser).build()
        tracks = clean_tracks(placed)
        made.append(session_truth(script, placed))
        write_truth(truths, made[-1])
        write_mono(recordings / f"{script.session}.flac", tracks, script.seed)
        if script.session in WITH_CHANNELS:
            write_channels(recordings / f"{script.session}.channels.opus", tracks, script.seed)
    (truths / "coded.csv").write_text(format_coded(made), encoding="utf-8")
    update_readme(arguments.output, scripts)


def main() -> int:
    """Make or check the sample data; return the exit status."""
    arguments = parse_arguments()
    scripts = [read_script(HERE / f"{session}.toml") for session in SESSIONS]
    if not arguments.check:
        make(scripts, arguments)
    problems = find_problems(arguments.output, scripts)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(scripts)} sessions, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
