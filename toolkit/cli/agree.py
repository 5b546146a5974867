"""`toolkit agree`: double coding, and how well coders agree with each other and with the machine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.screen import say, stdout, table
from toolkit.types import Missing

if TYPE_CHECKING:
    from toolkit.evaluate.agreement import Estimate
    from toolkit.evaluate.coders import Comparison, Found
    from toolkit.evaluate.reliability import Coefficient

__all__ = ["register"]

group = typer.Typer(
    no_args_is_help=True, help="Draw sessions for double coding, make blinded packs, compare what coders found."
)


class Period(StrEnum):
    """How sessions are grouped by date, as `toolkit.evaluate.double_coding` has it."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="agree")


@group.command("sample", epilog="Example: toolkit agree sample my-study --share 0.2 --seed 1 -o plan.csv")
def sample(
    study: Path = typer.Argument(help="Folder of the study."),
    *,
    share: str = typer.Option("", "--share", help="At least this share of the sessions: 0.2 is a fifth."),
    number: int = typer.Option(0, "--number", min=0, help="Or this many sessions."),
    seed: int = typer.Option(1, "--seed", help="The same seed draws the same sessions."),
    minutes: float = typer.Option(
        0, "--minutes", min=0, max=600, help="Of each a random stretch this long, as MITI asks for 20; 0: all of it."
    ),
    period: Period = typer.Option(Period.QUARTER, "--period", help="Draw evenly over these."),
    output: Path = typer.Option(..., "--output", "-o", help="The CSV to write: which sessions, and why these."),
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Draw sessions that a second person shall code, by therapist and period.

    Only sessions with results, text and consent for a transcript are drawn.
    """
    from toolkit.evaluate import double_coding
    from toolkit.export import check_output
    from toolkit.study import Study

    opened = Study.open(study)
    check_output(opened, opened.sessions_file, output, force=force)
    there, left_out = double_coding.candidates(opened, period=double_coding.Period(period))
    wanted = double_coding.number_of(len(there), share=share, number=number)
    plan = double_coding.plan(opened, there, wanted, seed=seed, minutes=minutes)
    double_coding.write(output, plan)
    strata = Counter((c.therapist, c.period) for c in there)
    drawn = Counter((c.candidate.therapist, c.candidate.period) for c in plan)
    rows = [(*stratum, str(size), str(drawn[stratum])) for stratum, size in sorted(strata.items())]
    stdout.print(table("", ("therapist", "period", "sessions", "drawn"), rows, right=("sessions", "drawn")))
    tell_reasons(left_out)
    say(f"Wrote {len(plan)} of {len(there)} sessions to {output.name}. It names sessions: coders do not get it.")


@group.command("pack", epilog="Example: toolkit agree pack my-study plan.csv -o pack-A --coder A")
def pack(
    study: Path = typer.Argument(help="Folder of the study."),
    plan: Path = typer.Argument(help="What toolkit agree sample wrote.", metavar="PLAN.csv"),
    *,
    output: Path = typer.Option(..., "--output", "-o", help="The folder to make.", metavar="FOLDER"),
    coder: str = typer.Option(..., "--coder", help="Pseudonymous id of the coder."),
    key: Path | None = typer.Option(None, "--key", help="Where the key goes; beside the folder when left out."),
) -> None:
    """Make a folder of coding sheets without the machine's codes and without sessions' names.

    A sheet holds what was said: a session whose consent does not cover a transcript today is left out.
    """
    from toolkit.evaluate import double_coding, packs
    from toolkit.study import Study

    made = packs.make(Study.open(study), double_coding.read(plan), output, coder=coder, key=key)
    lines = sum(made.items.values())
    tell_reasons(made.left_out)
    say(f"Wrote {len(made.items)} items with {lines} utterances to {output.name}.")
    say(f"Keep {(key or packs.key_beside(output)).name} to yourself: it says which session each item is.")
    say("The folder holds speech, out of the reach of a later withdrawal: have it back and deleted after coding.")


@group.command("compare", epilog="Example: toolkit agree compare pack-A pack-B --study my-study --key pack-A.key.csv")
def compare(
    codings: list[Path] = typer.Argument(
        None,
        help="One for each person: a filled sheet, a filled pack's folder, or a coded CSV. None: the people who "
        "corrected codes in the study.",
        metavar="[A.csv B.csv …]",
    ),
    *,
    study: Path | None = typer.Option(None, "--study", help="Compare with the machine's codes in this study, too."),
    key: list[Path] = typer.Option([], "--key", help="The key of a pack (or its plan); repeatable."),
    empty_is_none: bool = typer.Option(
        False, "--empty-is-none", help="Take empty cells for 'no code' in every session that was begun."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, with counts, pairs and reasons."),
) -> None:
    """Show how well people agree with each other and, with --study, with the machine; no text is shown.

    The numbers describe codings. They are no judgement of a coder, and low agreement is often the code book's.
    """
    from toolkit.evaluate import coders
    from toolkit.evaluate.coders_json import as_json as plain
    from toolkit.study import Study

    opened = Study.open(study) if study else None
    found = coders.gather(codings or [], study=opened, keys=key, empty_is_none=empty_is_none)
    if as_json:
        typer.echo(json.dumps(plain(found), indent=1))
        return
    show(found)


def tell_reasons(left_out: Mapping[str, str]) -> None:
    """Say which sessions were left out and why, those with the same reason in one line."""
    for reason in dict.fromkeys(left_out.values()):
        names = [session for session, why in left_out.items() if why == reason]
        few = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
        say(f"Left out, {reason}: {len(names)} ({few}).")


def show(found: Comparison) -> None:
    """What was coded, people with each other, and the machine with each of them."""
    for coding in found.codings:
        aside = f"; {coding.misplaced} codes were not for the role, and are left out" if coding.misplaced else ""
        say(f"{coding.name}: {len(coding.units)} of {coding.listed} utterances coded{aside}.")
        if not coding.blind:
            say(f"{coding.name} may have seen the machine's codes while coding: agreement with it is then too high.")
    tell_reasons(found.left_out)
    if isinstance(found.people, Missing):
        say(f"People with each other: {found.people.reason}.")
    else:
        show_people(found.people)
    if not isinstance(found.machine, Missing) and found.machine:
        show_machine(found.machine, found.people)
    if not found.codings:
        return
    say(
        "\nn: utterances that two coded; Fleiss' kappa: of those that all coded. alpha: Krippendorff's, nominal. Below "
        "a number its 90 % interval, bootstrap over sessions, or over utterances (*) with fewer than five. published: "
        "Fleiss' kappa of trained people (AnnoMI). ICC(2,1): absolute agreement, single coder. A dash: missing; "
        "--json says why. Definitions: docs/agreement.md."
    )


def show_people(found: Found) -> None:
    """Coefficients of each decision, Cohen's kappa of each pair where there are more, counts of a session."""
    from toolkit.evaluate.coders import COUNTS, DECISIONS, published

    kinds = {"cohen": "Cohen's\nkappa", "fleiss": "Fleiss'\nkappa", "ac1": "Gwet's\nAC1", "alpha": "\nalpha"}
    told = {name: one for name, one in found.decisions.items() if tells(one)}
    heads = ("people with each other", "n", *kinds.values(), "published")
    rows = [
        (DECISIONS[name].title, str(one["alpha"].n), *(bounded(one[kind]) for kind in kinds), published(name) or "-")
        for name, one in told.items()
    ]
    stdout.print("", table("", heads, rows, right=heads[1:]))
    silent = [DECISIONS[name].title for name, one in found.decisions.items() if not tells(one)]
    if silent:
        say(f"Nothing to tell apart, or too little coded: {', '.join(silent)}.")
    if len(found.coders) > 2:
        heads = ("Cohen's kappa of pairs", *(f"{a}, {b}" for a, b in combinations(found.coders, 2)))
        rows = [
            (DECISIONS[name].title, *(number(found.pairs[name][pair].value) for pair in combinations(found.coders, 2)))
            for name in told
        ]
        stdout.print("", table("", heads, rows, right=heads[1:]))
    heads = ("counts of a session", "sessions", "ICC(2,1)")
    rows = [(COUNTS[name].title, str(one.n), of_counts(one)) for name, one in found.counts.items() if there(one)]
    stdout.print("", table("", heads, rows, right=heads[1:]))


def show_machine(found: Mapping[str, Found], people: Found | Missing) -> None:
    """Cohen's kappa and ICC(2,1) of the machine with each person, beside those of people with each other."""
    from toolkit.evaluate.coders import COUNTS, DECISIONS, published

    first = next(iter(found.values()))
    if not any(tells(decision) for one in found.values() for decision in one.decisions.values()):
        say("The machine with people: too few utterances that it and a person coded.")
        return
    heads = ("machine: Cohen's kappa", *(f"with {name} (n)" for name in found), "people", "published")
    rows = []
    for name in first.decisions:
        own = [one.decisions[name]["cohen"] for one in found.values()]
        if any(not isinstance(one.value, Missing) for one in own):
            among = "-" if isinstance(people, Missing) else bounded(people.decisions[name]["cohen"])
            cells = (bounded(one, n=True) for one in own)
            rows.append((DECISIONS[name].title, *cells, among, published(name) or "-"))
    stdout.print("", table("", heads, rows, right=heads[1:]))
    heads = ("machine: ICC(2,1) of counts", *(f"with {name}" for name in found), "people")
    rows = [
        (
            COUNTS[name].title,
            *(of_counts(one.counts[name]) for one in found.values()),
            "-" if isinstance(people, Missing) else of_counts(people.counts[name]),
        )
        for name in first.counts
        if any(there(one.counts[name]) for one in found.values())
    ]
    stdout.print("", table("", heads, rows, right=heads[1:]))


def tells(found: Mapping[str, Coefficient]) -> bool:
    """Whether a decision has a coefficient that takes chance off."""
    return any(not isinstance(one.value, Missing) for name, one in found.items() if name != "agreement")


def there(found: Estimate) -> bool:
    """Whether an ICC has a value."""
    return not isinstance(found.value, Missing)


def number(value: float | Missing) -> str:
    """A number for a table; a dash where it is missing."""
    return "-" if isinstance(value, Missing) else f"{value:z.2f}"


def bounded(found: Coefficient, *, n: bool = False) -> str:
    """A coefficient, its interval on a line of its own, and a star where utterances were drawn."""
    value = f"{number(found.value)} ({found.n})" if n else number(found.value)
    if isinstance(found.interval, Missing):
        return value
    star = "*" if found.drawn == "utterances" else ""
    return f"{value}\n{found.interval.start:z.2f}, {found.interval.end:z.2f}{star}"


def of_counts(found: Estimate) -> str:
    """An ICC and its interval on a line of its own, as far as they are there."""
    if isinstance(found.interval, Missing):
        return number(found.value)
    return f"{number(found.value)}\n{found.interval.start:z.2f}, {found.interval.end:z.2f}"
