"""Several coders side by side: how well people agree with each other, and each of them with the machine.

Every decision has its coefficients (`toolkit.evaluate.reliability`) over utterances, every count its ICC(2,1) over
sessions. A session's counts are taken from the utterances that all compared coders coded, so that nobody counts more
for having coded more. What trained people reached on a decision (the code book's `AGREEMENT`) stands beside it. The
coefficients describe a coding, never a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

from toolkit.coding.book import AGREEMENT, BOOK
from toolkit.errors import InputError
from toolkit.evaluate import codings as reading
from toolkit.evaluate import overlaid, packs
from toolkit.evaluate.agreement import LEVEL, RESAMPLES, Estimate
from toolkit.evaluate.codings import NO, PRESENCE, YES, Coding
from toolkit.evaluate.decisions import QUANTITIES, TASKS, Quantity, Tally, Task
from toolkit.evaluate.icc import icc
from toolkit.evaluate.reliability import COEFFICIENTS, Coefficient, Ratings, coefficient
from toolkit.study import Study
from toolkit.types import Code, Missing

__all__ = ["COUNTS", "DECISIONS", "ICC", "INTERVAL", "Comparison", "Found", "compare", "gather", "published"]

ICC = (
    "two-way random effects, absolute agreement, a single coder (Shrout & Fleiss 1979; McGraw & Wong's ICC(A,1)), of "
    "how often something was coded in a session: a coder that finds twice as much of everything agrees badly; its "
    "interval is McGraw & Wong's, from the F distribution"
)
INTERVAL = (
    f"{LEVEL:.0%} bootstrap, expanded percentiles of {RESAMPLES} seeded resamples of sessions; of utterances where "
    "there are fewer than five sessions, and then rather too narrow"
)


def presence(code: Code) -> Task:
    """Whether a code of MITI is there, as a decision of its own."""
    title = BOOK[code].title.lower()
    return Task(f"{title} or not", str(code), {YES: YES, NO: NO}, "therapist utterances that were coded")


DECISIONS: Mapping[str, Task] = {**TASKS, **{str(code): presence(code) for code in PRESENCE}}
"""What is compared utterance by utterance."""


def counted(code: Code) -> Callable[[Tally], float]:
    """How often a code is there."""
    return lambda tally: tally[str(code)][YES]


COUNTS: Mapping[str, Quantity] = {
    **QUANTITIES,
    **{str(code): Quantity(BOOK[code].title.lower(), (str(code),), counted(code)) for code in PRESENCE},
}
"""What is compared session by session."""


@dataclass(frozen=True, slots=True)
class Found:
    """How some coders agree.

    Attributes
    ----------
    coders
        Their names, in the order of the columns.
    decisions
        Decision to coefficient to its value.
    pairs
        Decision to Cohen's kappa of each pair of coders.
    given
        Decision to how often each coder gave each label, of the utterances that at least two coded.
    counts
        Count to its ICC(2,1) over sessions.
    """

    coders: tuple[str, ...]
    decisions: Mapping[str, Mapping[str, Coefficient]]
    pairs: Mapping[str, Mapping[tuple[str, str], Coefficient]]
    given: Mapping[str, Mapping[str, Counter[str]]]
    counts: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was compared.

    Attributes
    ----------
    codings
        Of the people.
    people
        With each other; missing for a single coder.
    machine
        The machine with each person, by name; missing without a study.
    left_out
        Session to why it was not compared, or not with the machine.
    """

    codings: tuple[Coding, ...]
    people: Found | Missing
    machine: Mapping[str, Found] | Missing
    left_out: Mapping[str, str] = field(default_factory=dict)


def gather(
    paths: Sequence[Path], *, study: Study | None = None, keys: Iterable[Path] = (), empty_is_none: bool = False
) -> Comparison:
    """Read the codings of several people, and compare them.

    Parameters
    ----------
    paths
        Filled sheets, packs or coded CSVs, one for each person. None: those who corrected codes in the study.
    study
        Where given, the machine's codes of these sessions are compared too, and sessions that consent does not cover
        today are left out of everything.
    keys
        Of the packs.
    empty_is_none
        See `toolkit.evaluate.codings.read`.

    Raises
    ------
    InputError
        When there is nothing to compare, a file cannot be read, or two hold different utterances under the same ids.
    ConsentError
        When consent covers none of the sessions.
    """
    if not paths and study is None:
        raise InputError("no coding is given.", hint="Give filled sheets, or --study for corrections made in it.")
    if len(paths) == 1 and study is None:
        raise InputError(
            "one coding has nothing to be compared with.", hint="Give another one, or --study for the machine's codes."
        )
    key = joined(keys)
    names = reading.named(paths)
    read = [reading.read(path, key=key, empty_is_none=empty_is_none) for path in paths]
    codings = tuple(replace(found, name=name) for name, found in zip(names, read, strict=True))
    if study is None:
        return compare(codings)
    kept, gone = reading.covered(study, codings) if codings else (overlaid.coders(study), {})
    return with_machine(study, kept, gone)


def with_machine(study: Study, codings: Sequence[Coding], gone: Mapping[str, str]) -> Comparison:
    """Compare people with each other and the machine; `gone` says why sessions were left out already."""
    results = {session: overlaid.beneath(study, session) for session in {s for c in codings for s in c.sessions}}
    there = {session: results[session] for session in sorted(results)}
    left_out = {session: found.reason for session, found in there.items() if isinstance(found, Missing)}
    dialogues = {session: found for session, found in there.items() if not isinstance(found, Missing)}
    return compare(codings, reading.machine(dialogues, codings), left_out={**gone, **left_out})


def joined(keys: Iterable[Path]) -> dict[str, str]:
    """Item to session, of all keys together."""
    found: dict[str, str] = {}
    for path in keys:
        for name, session_id in packs.read_key(path).items():
            if found.setdefault(name, session_id) != session_id:
                raise InputError(
                    f"{path.name}: item {name[:64]} is another session in another key.",
                    hint="Compare packs that were made from one plan.",
                )
    return found


def compare(
    codings: Sequence[Coding], machine: Coding | Missing | None = None, *, left_out: Mapping[str, str] | None = None
) -> Comparison:
    """Compare people with each other and, where its coding is given, each of them with the machine."""
    for one, other in combinations(codings, 2):
        reading.check_same(one, other)
    few = "only one person coded" if codings else "nobody coded anything yet"
    people = found_among(codings) if len(codings) > 1 else Missing(few)
    beside: Mapping[str, Found] | Missing = Missing("no study was given")
    if isinstance(machine, Coding):
        beside = {coding.name: found_among((coding, machine)) for coding in codings}
    return Comparison(tuple(codings), people, beside, left_out or {})


def found_among(codings: Sequence[Coding]) -> Found:
    """How these coders agree, in everything."""
    keys = sorted({key for coding in codings for key in coding.units}, key=in_order)
    names = tuple(coding.name for coding in codings)
    tables = {name: ratings(task, codings, keys) for name, task in DECISIONS.items()}
    return Found(
        names,
        {name: {kind: coefficient(table, kind) for kind in COEFFICIENTS} for name, table in tables.items()},
        {name: of_pairs(names, table) for name, table in tables.items()},
        {name: of_labels(names, table) for name, table in tables.items()},
        {name: over_sessions(quantity, codings, keys) for name, quantity in COUNTS.items()},
    )


def in_order(key: reading.Key) -> tuple[str, int, str]:
    """Sessions by id, utterances by number."""
    return key[0], int(key[1]) if key[1].isdecimal() else -1, key[1]


def ratings(task: Task, codings: Sequence[Coding], keys: Sequence[reading.Key]) -> Ratings:
    """What each coder called each utterance that at least one labelled."""
    rows, sessions = [], []
    for key in keys:
        row = tuple(task.labels.get(labels_of(coding, key).get(task.column, "")) for coding in codings)
        if any(label is not None for label in row):
            rows.append(row)
            sessions.append(key[0])
    return Ratings(tuple(dict.fromkeys(task.labels.values())), tuple(rows), tuple(sessions))


def labels_of(coding: Coding, key: reading.Key) -> Mapping[str, str]:
    """A coder's labels of one utterance, none where they did not code it."""
    return coding.units[key].labels if key in coding.units else {}


def of_pairs(names: Sequence[str], table: Ratings) -> dict[tuple[str, str], Coefficient]:
    """Cohen's kappa of each pair."""
    found = {}
    for (a, one), (b, other) in combinations(enumerate(names), 2):
        pair = Ratings(table.labels, tuple((row[a], row[b]) for row in table.given), table.sessions)
        found[one, other] = coefficient(pair, "cohen")
    return found


def of_labels(names: Sequence[str], table: Ratings) -> dict[str, Counter[str]]:
    """How often each coder gave each label, where at least two coded."""
    shared = [row for row in table.given if sum(label is not None for label in row) > 1]
    return {name: Counter(label for row in shared if (label := row[i]) is not None) for i, name in enumerate(names)}


def over_sessions(quantity: Quantity, codings: Sequence[Coding], keys: Sequence[reading.Key]) -> Estimate:
    """ICC(2,1) of a session's number over the coders, from utterances that all of them labelled."""
    tallies: dict[str, list[dict[str, Counter[str]]]] = {}
    for key in keys:
        for column in quantity.columns:
            given = [labels_of(coding, key).get(column) for coding in codings]
            if any(label is None for label in given):
                continue
            own = tallies.setdefault(key[0], [{} for _ in codings])
            for tally, label in zip(own, given, strict=True):
                tally.setdefault(column, Counter())[str(label)] += 1
    rows = []
    for own in tallies.values():
        if set(quantity.columns) <= own[0].keys():
            values = [quantity.of(tally) for tally in own]
            known = [value for value in values if not isinstance(value, Missing)]
            if len(known) == len(values):
                rows.append(known)
    return icc(rows)


def published(name: str) -> str:
    """What trained people reached on a decision, as far as somebody published it.

    Examples
    --------
    >>> published("reflection_depth"), published("affirm")
    ('0.17-0.20', '')
    """
    found = AGREEMENT.get(DECISIONS[name].ceiling)
    if found is None:
        return ""
    low, high = f"{found.kappa_low:.2f}", f"{found.kappa_high:.2f}"
    return low if low == high else f"{low}-{high}"
