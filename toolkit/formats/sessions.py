"""``sessions.csv``: one row a recording.

Columns: ``session_id, recording, therapist, client, recorded_on`` and optional ``language, speakers, channels,
transcript, transcript_speakers``, in any order. UTF-8, with or without a byte-order mark; commas, or the semicolons or
tabs of a spreadsheet.

- ``session_id``: a folder name everywhere: letters, digits, ``. _ -``, up to 64, starting with a letter or digit.
- ``recording``: relative to the study's folder, or absolute. Quoted when it holds commas, quotes or line breaks.
  Empty for a session that has a transcript only.
- ``therapist, client``: pseudonymous ids; several clients are separated by ``;``.
- ``recorded_on``: ``2026-11-23``, or empty when it is not known or shall not be kept.
- ``language``: a code such as ``en``; empty means that it is detected.
- ``speakers``: ``2``, or ``2-4`` for a minimum and maximum; empty means 2, or one a channel.
- ``channels``: whose voice is on each channel, in order: ``therapist;client`` (or, in quotes, ``"therapist,client"``).
- ``transcript``: a transcript made elsewhere, as ``recording``; ``toolkit import`` writes it.
- ``transcript_speakers``: what its speakers are called here, in the order in which they first speak: roles
  (``therapist;client;client_2``) or ``SPEAKER_00``. Names that stand in the transcript stand nowhere else.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from toolkit import atomic
from toolkit.errors import InputError
from toolkit.formats import by_hand
from toolkit.types import Recording, Role, TranscriptFile

__all__ = [
    "COLUMNS",
    "REQUIRED",
    "amend",
    "append",
    "check_channels",
    "check_date",
    "check_language",
    "check_party",
    "check_session_id",
    "check_speakers",
    "check_transcript_speakers",
    "parse",
    "read",
]

REQUIRED = ("session_id", "recording", "therapist", "client", "recorded_on")
COLUMNS = (*REQUIRED, "language", "speakers", "channels", "transcript", "transcript_speakers")
FILES = ("recording", "transcript")
MAX_SPEAKERS = 20
MAX_CHANNELS = 8

_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PARTY = re.compile(r"\w[\w.-]{0,63}")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class _Table:
    """A CSV file as it stands: delimiter, header, and rows with the line each begins on."""

    delimiter: str
    bom: bool
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(path: Path, *, root: Path) -> dict[str, Recording]:
    """Read the sessions of a study, in the order of the file.

    Parameters
    ----------
    path
        A ``sessions.csv``.
    root
        The folder that relative recordings are relative to.

    Raises
    ------
    InputError
        With the line and, where one is near, the right name: the file is not there or no UTF-8, a column is unknown,
        missing or there twice, a row has too few or too many values, a value is not allowed, or an id is there twice.
    """
    return dict(_recordings(path.name, _decode(path), root))


@lru_cache(maxsize=1)
def _recordings(name: str, text: str, root: Path) -> Mapping[str, Recording]:
    """The sessions of a text; the same text is not taken apart again, which for 100,000 rows takes seconds."""
    table = _taken_apart(name, text)
    found: dict[str, Recording] = {}
    lines: dict[str, int] = {}
    for line, values in table.rows:
        where = f"{name}, line {line}"
        if len(values) != len(table.header):
            raise InputError(
                f"{where}: {len(values)} values, but {len(table.header)} columns.",
                hint="Put a value with a comma in double quotes; leave unused columns empty.",
            )
        recording = parse(dict(zip(table.header, values, strict=True)), root=root, where=where)
        folded = recording.session_id.casefold()  # S1 and s1 are one folder on macOS and Windows
        if folded in lines:
            raise InputError(
                f"{where}: session_id {recording.session_id} is there already, on line {lines[folded]}.",
                hint="Every session needs an id of its own; small and capital letters do not count.",
            )
        lines[folded] = line
        found[recording.session_id] = recording
    return found


def append(path: Path, values: Mapping[str, str]) -> None:
    """Add one row, whole or not at all; columns the file does not have yet are added when they have a value.

    Parameters
    ----------
    path
        A ``sessions.csv`` that `read` accepts.
    values
        Column to text; columns left out are empty.

    Raises
    ------
    InputError
        When the file cannot be read.
    StoreError
        When it cannot be written; it is then unchanged.
    """
    table = _load(path)
    header = (*table.header, *(c for c in COLUMNS if values.get(c) and c not in table.header))
    rows = [(*row, *("" for _ in header[len(row) :])) for _, row in table.rows]
    _write(path, table, [header, *rows, tuple(values.get(c, "") for c in header)])


def amend(path: Path, session_id: str, values: Mapping[str, str]) -> None:
    """Change columns of one row, whole or not at all; columns the file does not have yet are added.

    Parameters
    ----------
    path
        A ``sessions.csv`` that `read` accepts.
    session_id
        Of the row.
    values
        Column to text; other columns stay.

    Raises
    ------
    InputError
        When the file cannot be read.
    StoreError
        When it cannot be written; it is then unchanged.
    """
    table = _load(path)
    header = (*table.header, *(c for c in COLUMNS if values.get(c) and c not in table.header))
    place = table.header.index("session_id")
    rows = [(*row, *("" for _ in header[len(row) :])) for _, row in table.rows]
    changed = [
        row
        if row[place].strip() != session_id
        else tuple(values.get(c, old) for c, old in zip(header, row, strict=True))
        for row in rows
    ]
    _write(path, table, [header, *changed])


def _write(path: Path, table: _Table, rows: Iterable[Iterable[str]]) -> None:
    """Write rows as the file had them: delimiter, byte-order mark."""
    lines = (table.delimiter.join(_cell(v, table.delimiter) for v in row) for row in rows)
    atomic.write_text(path, (_BOM if table.bom else "") + "\n".join(lines) + "\n")


def _cell(text: str, delimiter: str) -> str:
    """Quote a value that needs it: `csv.writer` leaves a lone carriage return bare, and so breaks the row."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in (delimiter, '"', "\r", "\n")) else text


def _load(path: Path) -> _Table:
    """Read the file as text and take it apart; check the header."""
    return _taken_apart(path.name, _decode(path))


def _taken_apart(name: str, text: str) -> _Table:
    """Delimiter, header and rows of a text."""
    bom, text = text.startswith(_BOM), text.removeprefix(_BOM)
    first = text.split("\n", 1)[0]
    delimiter = "," if "," in first else next((d for d in (";", "\t") if d in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    line = 1
    try:
        for values in reader:
            if any(v.strip() for v in values):
                rows.append((line, tuple(values)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{name}, line {line}: not a valid CSV row ({error}).", hint="Is a double quote missing or left over?"
        ) from None
    if not rows:
        raise InputError(f"{name} is empty.", hint=f"Its first line must be: {','.join(COLUMNS)}")
    header = tuple(column.strip() for column in rows[0][1])
    _check_header(header, f"{name}, line {rows[0][0]}")
    return _Table(delimiter, bom, header, tuple(rows[1:]))


def _decode(path: Path) -> str:
    """Read UTF-8 text, or say what the file is instead."""
    try:
        data = by_hand.read(path, most=by_hand.TABLE)
    except FileNotFoundError:
        raise InputError(f"no {path.name} here.", hint="Make the study with: toolkit init STUDY") from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{path.name} is UTF-16 text.", hint="Save it as 'CSV UTF-8'.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path.name}, line {line}: not UTF-8 text.", hint="Save it as 'CSV UTF-8'.") from None


def _check_header(header: tuple[str, ...], where: str) -> None:
    for number, name in enumerate(header, start=1):
        if not name:
            raise InputError(f"{where}: column {number} has no name.", hint=f"Known: {', '.join(COLUMNS)}.")
        if name not in COLUMNS:
            raise InputError(f"{where}: unknown column {name}.", hint=_nearest(name, COLUMNS))
        if name in header[: number - 1]:
            raise InputError(f"{where}: column {name} is there twice.")
    for name in REQUIRED:
        if name not in header:
            raise InputError(f"{where}: column {name} is missing.", hint=f"Needed: {', '.join(REQUIRED)}.")


def parse(row: Mapping[str, str], *, root: Path, where: str) -> Recording:
    """Check one row: column to text.

    Raises
    ------
    InputError
        For the first value that is not allowed; the message begins with `where`.
    """
    value = {name: text if name in FILES else text.strip() for name, text in row.items()}
    brought = value.get("transcript", "")
    if not (value["recording"].strip() or brought.strip()) or "\0" in value["recording"] + brought:
        raise InputError(f"{where}: recording is empty.", hint="Give the path of the audio file.")
    transcript = TranscriptFile(
        root / brought, check_transcript_speakers(value.get("transcript_speakers", ""), where=where)
    )
    channels = check_channels(value.get("channels", ""), where=where)
    low, high = check_speakers(value.get("speakers", ""), where=where, channels=channels)
    therapist, client = (check_party(value[name], where=where, column=name) for name in ("therapist", "client"))
    if set(therapist.split(";")) & set(client.split(";")):
        raise InputError(f"{where}: therapist and client are the same person.", hint="Give each an id of their own.")
    return Recording(
        session_id=check_session_id(value["session_id"], where=where),
        path=root / value["recording"] if value["recording"].strip() else transcript.path,
        therapist=therapist,
        client=client,
        recorded_on=check_date(value["recorded_on"], where=where, column="recorded_on"),
        language=check_language(value.get("language", ""), where=where),
        min_speakers=low,
        max_speakers=high,
        channels=channels,
        transcript=transcript if brought.strip() else None,
    )


def check_session_id(text: str, *, where: str) -> str:
    """Refuse an id that is no safe folder name on every system.

    Raises
    ------
    InputError
        Starting with `where`.
    """
    safe = _SESSION_ID.fullmatch(text) and ".." not in text and not text.endswith(".")
    if not safe or text.split(".", maxsplit=1)[0].casefold() in _DEVICES:
        raise InputError(
            f"{where}: session_id {text[:80]!r} cannot be a folder name.",
            hint="Use up to 64 letters, digits and . _ - beginning with a letter or digit, such as s01.",
        )
    return text


def check_party(text: str, *, where: str, column: str) -> str:
    """Refuse an id that is empty or looks like a name; several are separated by ``;`` and come back without spaces."""
    ids = [part.strip() for part in text.split(";")]
    if not all(_PARTY.fullmatch(part) for part in ids):
        raise InputError(
            f"{where}: {column} needs a pseudonymous id without spaces.",
            hint="Such as T01 or C01; several are separated by a semicolon.",
        )
    if len(set(ids)) != len(ids):
        raise InputError(f"{where}: {column} names the same id twice.")
    return ";".join(ids)


def check_date(text: str, *, where: str, column: str) -> str:
    """Refuse what is no day such as 2026-11-23; empty stays empty."""
    try:
        if text and (len(text) != 10 or date.fromisoformat(text).isoformat() != text):
            raise ValueError  # noqa: TRY301 - a week date or 20261123 is a date to Python, not to a reader
    except ValueError:
        raise InputError(f"{where}: {column} {text[:40]!r} is no date.", hint="Write it as 2026-11-23.") from None
    return text


def check_language(text: str, *, where: str) -> str:
    """Refuse what is no language code; empty stays empty."""
    if text and not re.fullmatch(r"[a-z]{2,3}", text.lower()):
        raise InputError(f"{where}: language {text[:40]!r} is no language code.", hint="Write en, de, yue …")
    return text.lower()


def check_channels(text: str, *, where: str) -> tuple[str, ...]:
    """Take a channel map apart; a label that is almost a role is refused, as it would lose its role silently."""
    if not text:
        return ()
    labels = tuple(part.strip() for part in re.split(r"[;,]", text))
    roles = [str(r) for r in Role]
    for label in labels:
        near = difflib.get_close_matches(label, roles, n=1, cutoff=0.75)
        if not _PARTY.fullmatch(label):
            raise InputError(f"{where}: channel label {label[:40]!r} is empty or odd.", hint="Write therapist;client.")
        if near and label not in roles and label.rstrip("_0123456789") not in roles:
            raise InputError(f"{where}: unknown channel label {label}.", hint=f"Did you mean {near[0]}?")
    if len(set(labels)) != len(labels):
        raise InputError(f"{where}: a channel label is there twice.", hint="Each channel needs its own, as client_2.")
    if not 2 <= len(labels) <= MAX_CHANNELS:
        raise InputError(f"{where}: {len(labels)} channels.", hint=f"A channel map names 2 to {MAX_CHANNELS} channels.")
    return labels


def check_transcript_speakers(text: str, *, where: str) -> tuple[str, ...]:
    """Take the speakers of a transcript apart: roles, numbered where several have one, or ``SPEAKER_00``."""
    labels = tuple(part.strip() for part in re.split(r"[;,]", text) if part.strip())
    for label in labels:
        if label.rstrip("0123456789").removesuffix("_") not in {*Role, "SPEAKER"}:
            told = f"{where}: transcript_speakers holds {label[:40]!r}, which is no role."
            raise InputError(told, hint="Write therapist;client.")
    if len(set(labels)) != len(labels) or len(labels) > MAX_SPEAKERS:
        raise InputError(f"{where}: transcript_speakers has a label twice, or too many.")
    return labels


def check_speakers(text: str, *, where: str, channels: Iterable[str] = ()) -> tuple[int, int]:
    """Read ``2`` or ``2-4``; empty is one speaker a channel, or 2."""
    labels = tuple(channels)
    if not text:
        return (len(labels) or 2,) * 2
    match = re.fullmatch(r"(\d{1,3})(?:\s*[-\u2013]\s*(\d{1,3}))?", text)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high <= MAX_SPEAKERS:
        raise InputError(
            f"{where}: speakers {text[:40]!r} is no number of speakers.",
            hint=f"Write 2, or 2-4, up to {MAX_SPEAKERS}. (Spreadsheets like to turn 2-4 into a date.)",
        )
    if labels and not low <= len(labels) <= high:
        raise InputError(
            f"{where}: {len(labels)} channels, but {text} speakers.", hint="With a channel map, leave speakers empty."
        )
    return low, high


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    match = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return f"Did you mean {match[0]}?" if match else f"Known: {', '.join(names)}."
