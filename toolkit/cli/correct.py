"""`toolkit correct`: what a human says over the machine, one thing at a time; no model runs again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.screen import say, stdout, table

if TYPE_CHECKING:
    from toolkit.overlay import What
    from toolkit.types import GlobalRating, Missing

__all__ = ["register"]

group = typer.Typer(
    no_args_is_help=True,
    help="Correct a session: who speaks, codes, silences; note and rate it. Measures follow at once.",
)

STUDY = typer.Argument(help="Folder of the study.")
SESSION = typer.Argument(help="Which session.")
TIME = typer.Argument(help="When it starts: seconds, or minutes and seconds (75.4 or 1:15.4).")
BY = typer.Option("", "--by", help="Who says so (a pseudonymous id).")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="correct")


@group.command("turn", epilog="Example: toolkit correct turn my-study s01 1:15 SPEAKER_01")
def turn(
    study: Path = STUDY,
    session: str = SESSION,
    time: str = TIME,
    speaker: str = typer.Argument(help="Label of the speaker whose turn it is; the one it has confirms it."),
    *,
    by: str = BY,
) -> None:
    """Give a turn to the speaker whose it is."""
    from toolkit.overlay import What

    say(f"The turn at {one(study, session, What.TURN, time, speaker, by)} s is {speaker}'s. The measures follow.")


@group.command("word", epilog="Example: toolkit correct word my-study s01 75.42 SPEAKER_01")
def word(
    study: Path = STUDY,
    session: str = SESSION,
    time: str = TIME,
    speaker: str = typer.Argument(help="Label of the speaker whose word it is."),
    *,
    by: str = BY,
) -> None:
    """Give a word to the speaker whose it is; the speech under it goes along."""
    from toolkit.overlay import What

    say(f"The word at {one(study, session, What.WORD, time, speaker, by)} s is {speaker}'s. The measures follow.")


@group.command("code", epilog="Example: toolkit correct code my-study s01 1:15 CR+AF")
def code(
    study: Path = STUDY,
    session: str = SESSION,
    time: str = TIME,
    codes: str = typer.Argument(help="Codes joined by +, or none; or: ok, 'add AF', 'without other'."),
    *,
    by: str = BY,
) -> None:
    """Say what an utterance is, in place of the machine's codes."""
    from toolkit.overlay import What

    say(f"The utterance at {one(study, session, What.CODE, time, codes, by)} s is coded. The measures follow.")


@group.command("silence", epilog="Example: toolkit correct silence my-study s01 1:15 reflective")
def silence(
    study: Path = STUDY,
    session: str = SESSION,
    time: str = TIME,
    category: str = typer.Argument(
        help="disengaged, emotional, interactional, reflective, expressive, associational or mnemonic (PICS)."
    ),
    *,
    by: str = BY,
) -> None:
    """Say what a silence was."""
    from toolkit.overlay import What

    say(f"The silence at {one(study, session, What.SILENCE, time, category, by)} s is {category}.")


@group.command("note", epilog="Example: toolkit correct note my-study s01 1:15 'Listen here together.'")
def note(
    study: Path = STUDY,
    session: str = SESSION,
    time: str = typer.Argument(help="When: seconds, or minutes and seconds (75.4 or 1:15.4)."),
    text: str = typer.Argument(help="What to note; - reads it from standard input, '' takes the note back."),
    *,
    by: str = BY,
) -> None:
    """Note something at a time. The note stays in the study's overlay; it goes to no result and no log."""
    from toolkit import corrections
    from toolkit.overlay import Correction, What, target
    from toolkit.study import Study

    at = target(corrections.spoken_time(time))
    told = sys.stdin.read() if text == "-" else text
    corrections.correct(Study.open(study), session, [Correction(What.NOTE, at, told)], by=by)
    say(f"Noted at {at} s." if told.strip() else f"The note at {at} s is taken back.")


@group.command("rate", epilog="Example: toolkit correct rate my-study s01 --empathy 4 --partnership 3 --by T2")
def rate(
    study: Path = STUDY,
    session: str = SESSION,
    *,
    cultivating: int | None = typer.Option(None, "--cultivating", help="Cultivating change talk, 1 to 5."),
    softening: int | None = typer.Option(None, "--softening", help="Softening sustain talk, 1 to 5."),
    partnership: int | None = typer.Option(None, "--partnership", help="Partnership, 1 to 5."),
    empathy: int | None = typer.Option(None, "--empathy", help="Empathy, 1 to 5."),
    by: str = BY,
) -> None:
    """Give MITI's global ratings, which only a human can; without a rating, show those that were given."""
    from toolkit import corrections
    from toolkit.overlay import Correction, What
    from toolkit.study import Study
    from toolkit.types import GlobalRating

    opened = Study.open(study)
    given = dict(zip(GlobalRating, (cultivating, softening, partnership, empathy), strict=True))
    said = [Correction(What.RATING, name, str(number)) for name, number in given.items() if number is not None]
    if said:
        corrections.correct(opened, session, said, by=by)
    ratings = corrections.ratings(opened, session)
    if not ratings:
        say("Nobody has rated this session.")
        return
    columns = ("by", *(name.replace("_", " ") for name in GlobalRating), "technical", "relational")
    stdout.print(table("", columns, [rated(coder, own) for coder, own in ratings.items()], right=columns[1:]))
    say("MITI 4.2.1: technical 3 is fair and 4 good, relational 3.5 and 4: expert opinion without norms.")


@group.command("whose", epilog="Example: toolkit correct whose my-study s01 T2")
def whose(
    study: Path = STUDY,
    session: str = SESSION,
    coder: str = typer.Argument("", help="Whose corrections count; left out: everybody's, the latest first."),
    *,
    by: str = BY,
) -> None:
    """Choose whose corrections count for the measures, where several people corrected one session."""
    from toolkit import corrections
    from toolkit.overlay import Correction, What
    from toolkit.study import Study

    corrections.correct(Study.open(study), session, [Correction(What.COUNTED, "", coder)], by=by)
    say(f"The corrections of {coder} count now." if coder else "Everybody's corrections count now, the latest first.")


@group.command("list", epilog="Example: toolkit correct list my-study s01")
def list_(study: Path = STUDY, session: str = SESSION) -> None:
    """Show everything that humans said of a session, notes too, and what became of it."""
    from toolkit import corrections
    from toolkit.study import Study

    found = corrections.statements(Study.open(study), session)
    if not found:
        say("Nobody has corrected this session.")
        return
    rows = [
        (s.line.made_on, s.line.by, s.line.correction.what, s.line.correction.target, s.line.correction.value, s.state)
        for s in found
    ]
    stdout.print(table("", ("made on", "by", "what", "target", "value", ""), rows))


def one(study: Path, session: str, what: What, time: str, value: str, by: str) -> str:
    """Lay one correction over what lies at a time; gives its target back."""
    from toolkit import corrections, store
    from toolkit.overlay import Correction
    from toolkit.study import Study

    opened = Study.open(study)
    opened.recording(session)
    target = corrections.start_of(store.load(opened, session), what, corrections.spoken_time(time))
    corrections.correct(opened, session, [Correction(what, target, value)], by=by)
    return target


def rated(coder: str, own: dict[GlobalRating, int]) -> tuple[str, ...]:
    """One coder's ratings as a row."""
    from toolkit import corrections
    from toolkit.types import GlobalRating

    single = (str(own[name]) if name in own else "—" for name in GlobalRating)
    return (coder or "—", *single, *(written(mean) for mean in corrections.globals_of(own).values()))


def written(mean: float | Missing) -> str:
    """A mean for a cell."""
    return f"{mean:.1f}" if isinstance(mean, float) else "—"
