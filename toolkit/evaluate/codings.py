"""What one coder, a person or the machine, coded: read from filled sheets, packs, coded CSVs, or a study's results.

Conventions
-----------
From the codes of an utterance follow its labels, the same way for people and for the machine: the main behaviour is
the reflection if there is one, else the question, else information or persuading, else other; complex goes before
simple, open before closed, change before sustain. Each of MITI's other codes is a label of its own, there or not. Of
the machine's codes those count that its measures count (`toolkit.coding.settling`).

An utterance that a person left empty, and a label that the machine's coder cannot find, is not there: it is no "no".
A code that is not for the role of its utterance is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit import store
from toolkit.coding.book import BOOK
from toolkit.coding.settling import QUESTIONS, REFLECTIONS, settle
from toolkit.errors import ConsentError, InputError
from toolkit.evaluate import sheets
from toolkit.evaluate.labels import labels_of
from toolkit.evaluate.sheets import SheetRow
from toolkit.formats import coded_csv
from toolkit.formats.coded_csv import labelled
from toolkit.formats.lines import read_text
from toolkit.intervals import Span
from toolkit.study import Study
from toolkit.types import Code, Dialogue, Missing, Purpose, Role

__all__ = ["MACHINE", "NO", "PRESENCE", "YES", "Coding", "Key", "Unit"]
__all__ += ["check_same", "covered", "machine", "named", "read"]

Key = tuple[str, str]
"""Session and utterance."""

MACHINE = "machine"
YES, NO = "yes", "no"
PRESENCE = (
    Code.GIVING_INFORMATION,
    Code.PERSUADE,
    Code.PERSUADE_WITH_PERMISSION,
    Code.AFFIRM,
    Code.SEEK_COLLABORATION,
    Code.EMPHASIZE_AUTONOMY,
    Code.CONFRONT,
)
"""The codes that are compared one by one, beside the decisions about reflections, questions and client talk."""

NEEDS: Mapping[str, frozenset[Code]] = {
    "main": REFLECTIONS | QUESTIONS | {Code.GIVING_INFORMATION},
    "reflection": REFLECTIONS,
    "question": QUESTIONS,
    "client_talk": frozenset({Code.CHANGE_TALK, Code.SUSTAIN_TALK}),
    **{str(code): frozenset({code}) for code in PRESENCE},
}
"""Label to the codes that a coder must be able to find for it."""

NOT_COVERED = "consent does not cover it today"
SAME_TIME = 0.002  # s: sheets hold milliseconds


@dataclass(frozen=True, slots=True)
class Unit:
    """One utterance as one coder coded it: its role, its time where the file has one, and label column to label."""

    role: Role
    time: Span | Missing
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Coding:
    """All that one coder coded.

    Attributes
    ----------
    name
        What the coder is called: the name of the file or folder.
    units
        Coded utterances only.
    listed
        Utterances that were there to be coded.
    misplaced
        Codes left out because they are not for the role of their utterance.
    blind
        Whether the machine's codes were hidden, as far as the file tells.
    """

    name: str
    units: Mapping[Key, Unit]
    listed: int
    misplaced: int
    blind: bool = True

    @property
    def sessions(self) -> tuple[str, ...]:
        """Sessions with a coded utterance, in alphabetical order."""
        return tuple(sorted({session for session, _ in self.units}))


def read(path: Path, *, key: Mapping[str, str] | None = None, empty_is_none: bool = False) -> Coding:
    """The coding of one person.

    Parameters
    ----------
    path
        A coding sheet, a coded CSV (see `toolkit.formats.coded_csv`), or a folder of sheets: a filled pack.
    key
        Item to session, of the packs' keys; an item that is not in it keeps its name.
    empty_is_none
        Take an empty cell for "no code" in every session that the person coded something of.

    Raises
    ------
    InputError
        When nothing can be read, or an utterance is there twice.
    """
    if path.is_dir():
        files = sorted(p for p in path.glob("*.csv") if not p.name.startswith("."))
        if not files:
            raise InputError(f"the folder {path.name} holds no sheet.", hint="A pack has files such as item-001.csv.")
        found = [of_file(file, empty_is_none=empty_is_none) for file in files]
    else:
        found = [of_file(path, empty_is_none=empty_is_none)]
    units: dict[Key, Unit] = {}
    for coding in found:
        for (session, utterance), unit in coding.units.items():
            own = ((key or {}).get(session, session), utterance)
            if own in units:
                raise InputError(f"{path.name}: session {own[0][:64]}, utterance {own[1][:20]} is there twice.")
            units[own] = unit
    name = path.name if path.is_dir() else path.stem
    blind = all(c.blind for c in found)
    return Coding(name, units, sum(c.listed for c in found), sum(c.misplaced for c in found), blind)


def of_file(path: Path, *, empty_is_none: bool) -> Coding:
    """The coding in one file."""
    text = read_text(path)
    if sheets.is_sheet(text):
        return of_sheet(path.stem, sheets.parse(text, path.name), empty_is_none=empty_is_none)
    if "dialogue_id" not in text.split("\n", 1)[0].casefold():
        raise InputError(
            f"{path.name} is no coding sheet and no coded CSV.",
            hint=f"A sheet has the columns {', '.join(sheets.COLUMNS)}; see toolkit agree pack.",
        )
    reference = coded_csv.parse(text, path.name)
    units = {
        (row.dialogue, row.utterance): Unit(row.role, Missing("a coded CSV holds no times"), row.reference)
        for row in reference.rows
        if row.reference
    }
    return Coding(path.stem, units, len(reference.rows), reference.misplaced)


def of_sheet(name: str, rows: Sequence[SheetRow], *, empty_is_none: bool) -> Coding:
    """The coding in the rows of a sheet."""
    begun = {row.session for row in rows if row.coded} if empty_is_none else set()
    units, misplaced = {}, 0
    for row in rows:
        fit = frozenset(code for code in row.codes if fits(code, row.role))
        misplaced += len(row.codes) - len(fit)
        only_misplaced = bool(row.codes) and not fit  # the role may be wrong: that is no "nothing found"
        if (row.coded or row.session in begun) and labelled(row.role) and not only_misplaced:
            time = Span(row.start, max(row.start, row.end))
            units[row.session, row.utterance] = Unit(row.role, time, labels(fit, row.role))
    listed = sum(bool(labelled(row.role)) for row in rows)
    return Coding(name, units, listed, misplaced, all(row.blind for row in rows))


def fits(code: Code, role: Role) -> bool:
    """Whether a code is for a role; a marker is for everyone."""
    if not BOOK[code].decisions:
        return bool(labelled(role))
    return ("client_talk" in labelled(role)) == (BOOK[code].role is Role.CLIENT) and bool(labelled(role))


def labels(codes: frozenset[Code], role: Role, *, coded: Iterable[Code] = Code) -> dict[str, str]:
    """Label column to label, for a role, as far as somebody who can find the codes `coded` can tell.

    Examples
    --------
    >>> labels(frozenset({Code.CHANGE_TALK}), Role.CLIENT)
    {'client_talk': 'change'}
    """
    columns = labelled(role)
    found = {column: label for column, label in labels_of(codes).items() if column in columns}
    if "main" in columns:
        found |= {str(code): YES if code in codes else NO for code in PRESENCE}
    known = frozenset(coded)
    return {column: label for column, label in found.items() if NEEDS[column] <= known}


def machine(dialogues: Mapping[str, Dialogue], codings: Sequence[Coding]) -> Coding:
    """What the machine coded where people did.

    Parameters
    ----------
    dialogues
        Session to its results, with the machine's codes.
    codings
        Those of the people; sessions that are not in `dialogues` are passed over.

    Raises
    ------
    InputError
        When a sheet holds other utterances than the results.
    """
    people: dict[Key, Unit] = {}
    for coding in codings:
        people |= {key: unit for key, unit in coding.units.items() if key not in people}
    units: dict[Key, Unit] = {}
    for session_id, dialogue in dialogues.items():
        units |= of_dialogue(dialogue, {key: u for key, u in people.items() if key[0] == session_id})
    found = Coding(MACHINE, units, len(units), 0)
    for coding in codings:
        there = {key: unit for key, unit in coding.units.items() if key[0] in dialogues}
        check_same(replace(coding, units=there), found, whole=True)
    return found


def of_dialogue(dialogue: Dialogue, people: Mapping[Key, Unit]) -> dict[Key, Unit]:
    """The machine's labels of the utterances that people coded, in the roles that their sheets name."""
    if isinstance(dialogue.codes, Missing) or isinstance(dialogue.utterances, Missing):
        return {}
    coded = {str(c.utterance): c for c in dialogue.codes}
    times = {str(u.index): Span(u.start, u.end) for u in dialogue.utterances}
    units = {}
    for key, unit in people.items():
        if key[1] in coded:
            codes = frozenset(a.code for a in settle(coded[key[1]]).kept)
            units[key] = Unit(unit.role, times[key[1]], labels(codes, unit.role, coded=dialogue.coded))
    return units


def check_same(one: Coding, other: Coding, *, whole: bool = False) -> None:
    """Refuse two codings of different utterances under the same ids.

    Parameters
    ----------
    one, other
        Two codings; those of coded CSVs hold no times, and only their roles are compared.
    whole
        Also refuse when an utterance of `one` is not in `other`.

    Raises
    ------
    InputError
        With session and utterance: roles or times differ.
    """
    for key, unit in one.units.items():
        there = other.units.get(key)
        if there is None and not whole:
            continue
        where = f"session {key[0][:64]}, utterance {key[1][:20]}"
        if there is None or differ(unit.time, there.time):
            raise InputError(
                f"{where}: {one.name} and {other.name} hold another utterance there.",
                hint="Compare sheets made from the same results; were times changed, or the session run again?",
            )
        if unit.role is not there.role:
            raise InputError(f"{where}: {one.name} and {other.name} give it another role.", hint="Correct the sheets.")


def differ(one: Span | Missing, other: Span | Missing) -> bool:
    """Whether two times that are there are not the same to the millisecond."""
    if isinstance(one, Missing) or isinstance(other, Missing):
        return False
    return abs(one.start - other.start) > SAME_TIME or abs(one.end - other.end) > SAME_TIME


def named(paths: Sequence[Path]) -> tuple[str, ...]:
    """A name for each file or folder; where two are alike, with the folder around it or a number.

    Examples
    --------
    >>> named([Path("anna/sheet.csv"), Path("ben/sheet.csv"), Path("ben/other")])
    ('anna/sheet', 'ben/sheet', 'other')
    """
    short = [path.name if path.is_dir() else path.stem for path in paths]
    long = [f"{path.resolve().parent.name}/{name}" for path, name in zip(paths, short, strict=True)]
    names = [wide if short.count(name) > 1 else name for name, wide in zip(short, long, strict=True)]
    return tuple(
        f"{name} ({names[:i].count(name) + 1})" if names.count(name) > 1 else name for i, name in enumerate(names)
    )


def covered(study: Study, codings: Sequence[Coding]) -> tuple[tuple[Coding, ...], dict[str, str]]:
    """The codings without sessions of the study that consent does not cover today, and these sessions."""
    known, ledger = study.recordings(), study.ledger()
    gone = {
        session: NOT_COVERED
        for coding in codings
        for session in coding.sessions
        if session in known and Purpose.MEASURE not in store.covered(ledger, session)
    }
    kept = [replace(c, units={key: u for key, u in c.units.items() if key[0] not in gone}) for c in codings]
    if gone and not any(coding.units for coding in kept):
        raise ConsentError("consent covers none of these sessions today.", hint="See: toolkit consent check STUDY")
    return tuple(kept), gone
