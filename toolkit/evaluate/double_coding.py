"""Which sessions a second person should code: a seeded, stratified draw, written down as a plan.

Conventions
-----------
Only sessions that can be put into a pack are drawn from: with results, text, and consent that covers *measure* and
*transcript* today. Places are shared out among therapists in proportion to their sessions, and each therapist's among
periods, by largest remainder; within a stratum every session is equally likely. Remainders that are alike are settled
by the seed. So the same sessions, seed and size give the same plan, whatever the order of ``sessions.csv``.

``of`` and ``drawn`` of a plan say how many sessions its stratum has and how many of them were drawn: drawn / of is the
chance a session had, for whoever wants to weight.

References
----------
Stratified allocation with largest remainders (Hamilton's method): Balinski & Young (2001). Stretches of a session:
MITI 4.2.1, section B.
"""

from __future__ import annotations

import csv
import io
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from toolkit import atomic, store
from toolkit.coding.sampling import sample_span
from toolkit.errors import InputError
from toolkit.evaluate.sheets import time_of
from toolkit.formats.coded_csv import table
from toolkit.formats.lines import mistake, read_text
from toolkit.formats.sessions import check_session_id
from toolkit.intervals import Span
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["COLUMNS", "Candidate", "Choice", "Period", "candidates", "choose", "number_of", "plan", "read", "write"]

COLUMNS = ("item", "session_id", "therapist", "period", "start", "end", "of", "drawn", "seed")
NO_DATE = "no date"
TEXT = "restricted/utterances"


class Period(StrEnum):
    """How sessions are grouped by date."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session that can be put into a pack, and its stratum."""

    session_id: str
    therapist: str
    period: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a plan.

    Attributes
    ----------
    item
        What the session is called in a pack.
    candidate
        The session and its stratum.
    stretch
        What of it is to be coded, seconds.
    of, drawn
        Sessions of its stratum, and how many of them were drawn.
    seed
        Of the draw.
    """

    item: str
    candidate: Candidate
    stretch: Span
    of: int
    drawn: int
    seed: int


def candidates(study: Study, *, period: Period) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    """The sessions that can be put into a pack, and why each of the others cannot."""
    ledger = study.ledger()
    found, left_out = [], {}
    for session_id, recording in study.recordings().items():
        manifest = store.usable(study, session_id, ledger)
        if not {Purpose.MEASURE, Purpose.TRANSCRIPT} <= store.covered(ledger, session_id):
            left_out[session_id] = "consent does not cover a transcript today"
        elif manifest is None:
            left_out[session_id] = "no results"
        elif TEXT not in manifest.tables:
            left_out[session_id] = "no text was kept"
        else:
            found.append(Candidate(session_id, recording.therapist, period_of(recording.recorded_on, period)))
    return tuple(found), left_out


def period_of(day: str, period: Period) -> str:
    """The month, quarter or year of a day.

    Examples
    --------
    >>> period_of("2026-11-23", Period.QUARTER), period_of("", Period.YEAR)
    ('2026-Q4', 'no date')
    """
    if not day:
        return NO_DATE
    year, month = day[:4], day[5:7]
    by = {Period.MONTH: f"{year}-{month}", Period.QUARTER: f"{year}-Q{(int(month) + 2) // 3}", Period.YEAR: year}
    return by[period]


def number_of(there: int, *, share: str = "", number: int = 0) -> int:
    """How many of the sessions that are there: a number, or at least a share of them.

    Raises
    ------
    InputError
        When neither or both are given, or more are wanted than there are.

    Examples
    --------
    >>> number_of(30, share="0.1"), number_of(31, share="0.1")
    (3, 4)
    """
    if bool(share) == bool(number):
        raise InputError("give either --share or --number.", hint="Such as --share 0.2, for a fifth of the sessions.")
    if share:
        try:
            wanted = Decimal(share)
        except ArithmeticError:
            wanted = Decimal(0)
        if not (wanted.is_finite() and 0 < wanted <= 1):
            raise InputError("--share must be above 0 and at most 1.", hint="Such as 0.2, for a fifth of the sessions.")
        number = math.ceil(wanted * there)  # as a decimal: 0.1 of 30 is 3, not 4
    if not 0 < number <= there:
        raise InputError(
            f"{number} sessions are wanted, and there are {there} that can be coded.",
            hint="They need results, text, and consent for a transcript today: see toolkit status STUDY.",
        )
    return number


def choose(there: Iterable[Candidate], number: int, *, seed: int) -> tuple[Candidate, ...]:
    """Draw so many sessions, in proportion to therapists and, for each of them, to periods; in order of their ids."""
    sessions = sorted(there, key=lambda c: c.session_id)
    by_therapist = grouped(sessions, lambda c: c.therapist)
    chosen: list[Candidate] = []
    for therapist, places in shared_out(sizes(by_therapist), number, seed=f"{seed}").items():
        by_period = grouped(by_therapist[therapist], lambda c: c.period)
        for period, few in shared_out(sizes(by_period), places, seed=f"{seed}:{therapist}").items():
            chosen += random.Random(f"{seed}:{therapist}:{period}").sample(by_period[period], few)
    return tuple(sorted(chosen, key=lambda c: c.session_id))


def grouped(sessions: Iterable[Candidate], key: Callable[[Candidate], str]) -> dict[str, list[Candidate]]:
    """Sessions by therapist or by period, groups in alphabetical order."""
    groups: dict[str, list[Candidate]] = {}
    for session in sessions:
        groups.setdefault(key(session), []).append(session)
    return dict(sorted(groups.items()))


def sizes(groups: Mapping[str, Sequence[Candidate]]) -> dict[str, int]:
    """How many sessions each group has."""
    return {name: len(group) for name, group in groups.items()}


def shared_out(there: Mapping[str, int], places: int, *, seed: str) -> dict[str, int]:
    """Places of each group, in proportion to its size: none gets more than one above or below its exact share.

    Examples
    --------
    >>> shared_out({"T1": 6, "T2": 3, "T3": 1}, 5, seed="1")["T1"]
    3
    """
    total = sum(there.values())
    whole = {name: places * size // total for name, size in there.items()}
    names = list(there)
    random.Random(f"{seed}:remainders").shuffle(names)  # equal remainders: the seed decides
    names.sort(key=lambda name: -(places * there[name] % total))
    rest = places - sum(whole.values())
    return {name: whole[name] + (name in names[:rest]) for name in there}


def plan(study: Study, there: Sequence[Candidate], number: int, *, seed: int, minutes: float = 0) -> tuple[Choice, ...]:
    """Draw sessions, and number them in an order that says nothing about them.

    Parameters
    ----------
    study
        Whose sessions.
    there
        Those to draw from, of `candidates`.
    number
        How many.
    seed
        Same seed, same plan.
    minutes
        Of each a random stretch of this length, as MITI asks for 20; 0 for whole sessions.

    Returns
    -------
    tuple of Choice
        In order of their items. A session that is shorter than a stretch is taken whole.
    """
    chosen = list(choose(there, number, seed=seed))
    of = Counter((c.therapist, c.period) for c in there)
    drawn = Counter((c.therapist, c.period) for c in chosen)
    random.Random(f"{seed}:items").shuffle(chosen)
    width = max(3, len(str(len(chosen))))
    return tuple(
        Choice(
            f"item-{place:0{width}d}",
            one,
            stretch_of(study, one.session_id, minutes=minutes, seed=seed),
            of[one.therapist, one.period],
            drawn[one.therapist, one.period],
            seed,
        )
        for place, one in enumerate(chosen, start=1)
    )


def stretch_of(study: Study, session_id: str, *, minutes: float, seed: int) -> Span:
    """The whole recording, or a random stretch of the time from its first to its last speech."""
    dialogue = store.load_dialogue(study, session_id)[0]
    if not minutes or not dialogue.activity:
        return Span(0.0, dialogue.duration)
    speech = Span(min(i.start for i in dialogue.activity), max(i.end for i in dialogue.activity))
    drawn = sample_span(speech, session_id, length=60 * minutes, seed=seed)
    return Span(0.0, dialogue.duration) if drawn == speech else drawn


def write(path: Path, choices: Iterable[Choice]) -> None:
    """Write a plan, whole or not at all.

    Raises
    ------
    StoreError
        When it cannot be written.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for c in choices:
        who = (c.item, c.candidate.session_id, c.candidate.therapist, c.candidate.period)
        writer.writerow((*who, f"{c.stretch.start:.3f}", f"{c.stretch.end:.3f}", c.of, c.drawn, c.seed))
    atomic.write_text(path, out.getvalue())


def read(path: Path) -> tuple[Choice, ...]:
    """Read a plan.

    Raises
    ------
    InputError
        With the line: it is no plan, an item is there twice, or a value is not allowed.
    """
    lines = table(read_text(path), path.name)
    number, first = next(lines, (1, ()))
    header = tuple(cell.strip() for cell in first)
    if set(COLUMNS) - set(header) or len(set(header)) < len(header):
        raise InputError(
            f"{path.name}, line {number}: this is no plan.", hint="Make one with: toolkit agree sample STUDY"
        )
    choices: dict[str, Choice] = {}
    for line, cells in lines:
        if len(cells) != len(header):
            raise mistake(path.name, line, f"{len(cells)} values, but {len(header)} columns.")
        choice = parse_row(dict(zip(header, (c.strip() for c in cells), strict=True)), path.name, line)
        if choice.item in choices or choice.candidate.session_id in {c.candidate.session_id for c in choices.values()}:
            raise mistake(path.name, line, f"item {choice.item} or its session is there already.")
        choices[choice.item] = choice
    if not choices:
        raise InputError(f"{path.name} holds no session.", hint="Draw more: --share or --number.")
    return tuple(choices.values())


def parse_row(cells: Mapping[str, str], name: str, line: int) -> Choice:
    """One line of a plan."""
    session_id = check_session_id(cells["session_id"], where=f"{name}, line {line}")
    item = check_session_id(cells["item"], where=f"{name}, line {line}")  # it names a file
    start, end = (time_of(cells[column], name, line, column) for column in ("start", "end"))
    if end <= start:
        raise mistake(name, line, "the end is not after the start.")
    try:
        of, drawn, seed = (int(cells[column]) for column in ("of", "drawn", "seed"))
    except ValueError:
        raise mistake(name, line, "of, drawn and seed must be whole numbers.") from None
    return Choice(item, Candidate(session_id, cells["therapist"], cells["period"]), Span(start, end), of, drawn, seed)
