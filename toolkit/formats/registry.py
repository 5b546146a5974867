"""Every format in one table: how it is called, whether it is read and written, what it carries, what checked it.

``docs/formats.md`` is made from it (`markdown`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module

from toolkit.errors import InputError
from toolkit.formats.conversation import Conversation, checked

__all__ = ["FORMS", "Form", "Part", "Times", "dump", "find", "load", "markdown", "readable"]


class Part(StrEnum):
    """What a format may carry of a session."""

    SPEAKERS = "speakers"
    TIMES = "times"
    TEXT = "text"
    WORDS = "word times"
    SURENESS = "word probabilities"
    TURNS = "turns"
    CODES = "codes"
    SILENCES = "silences"
    LANGUAGE = "language"
    MEASURES = "measures"
    CONSENT = "consent"


class Times(StrEnum):
    """What the times of a format come from, as a rule; it decides what can be measured without the sound."""

    SPEECH = "speech"
    """From somebody, or a program, that looked where speech begins and ends."""
    RECOGNISER = "recogniser"
    """From a recogniser, which lets a word's end swallow the silence after it."""


@dataclass(frozen=True, slots=True)
class Form:
    """One format.

    Attributes
    ----------
    title
        What people call it.
    endings
        Of file names, for reading; the first is that of files written.
    module
        Below `toolkit.formats`, with `load` where it is read; empty where `toolkit.export` makes it of tables.
    reads, writes
        Whether it comes in, whether it goes out.
    carries
        What it carries of ours.
    checked
        The program, not ours, that the tests have read what we write, and what it reads.
    """

    title: str
    endings: tuple[str, ...]
    module: str
    reads: bool
    writes: bool
    carries: tuple[Part, ...]
    checked: str
    times: Times = Times.SPEECH


WHO_WHEN = (Part.SPEAKERS, Part.TIMES)
SAID = (*WHO_WHEN, Part.TEXT)
TIERS = (*SAID, Part.WORDS, Part.CODES)

FORMS: Mapping[str, Form] = {
    "whisperx": Form(
        "JSON of whisperX, faster-whisper, Whisper",
        (".json",),
        "whisper_json",
        reads=True,
        writes=True,
        carries=(*SAID, Part.WORDS, Part.SURENESS, Part.LANGUAGE),
        checked="no reader apart from our own",
        times=Times.RECOGNISER,
    ),
    "vtt": Form(
        "WebVTT (Zoom, Teams, noScribe)",
        (".vtt",),
        "vtt",
        reads=True,
        writes=True,
        carries=SAID,
        checked="Chromium, which plays it beside the sound",
        times=Times.RECOGNISER,
    ),
    "srt": Form(
        "SubRip",
        (".srt",),
        "srt",
        reads=True,
        writes=True,
        carries=SAID,
        checked="rustling",
        times=Times.RECOGNISER,
    ),
    "rttm": Form("RTTM", (".rttm",), "rttm", reads=True, writes=True, carries=WHO_WHEN, checked="meeteval"),
    "ctm": Form(
        "CTM",
        (".ctm",),
        "ctm",
        reads=True,
        writes=True,
        carries=(*SAID, Part.WORDS, Part.SURENESS),
        checked="meeteval",
        times=Times.RECOGNISER,
    ),
    "stm": Form("STM", (".stm",), "stm", reads=True, writes=True, carries=SAID, checked="meeteval"),
    "seglst": Form(
        "SegLST", (".seglst.json", ".json"), "seglst", reads=True, writes=True, carries=SAID, checked="meeteval"
    ),
    "textgrid": Form(
        "Praat TextGrid",
        (".textgrid",),
        "textgrid",
        reads=True,
        writes=True,
        carries=(*TIERS, Part.TURNS, Part.SILENCES),
        checked="Praat",
    ),
    "eaf": Form(
        "ELAN EAF 3.0",
        (".eaf",),
        "eaf",
        reads=True,
        writes=True,
        carries=(*TIERS, Part.TURNS, Part.SILENCES, Part.LANGUAGE),
        checked="pympi, with its controlled vocabulary; ELAN's schema (by hand: see below)",
    ),
    "chat": Form(
        "CHAT (CLAN)",
        (".cha",),
        "chat",
        reads=True,
        writes=True,
        carries=(*TIERS, Part.LANGUAGE),
        checked="pylangacq",
    ),
    "transcript-csv": Form(
        "CSV of speaker, start, end, text",
        (".csv", ".tsv"),
        "talk_csv",
        reads=True,
        writes=True,
        carries=SAID,
        checked="pandas",
    ),
    "csv": Form(
        "CSV of a table, with its data dictionary",
        (".csv",),
        "",
        reads=False,
        writes=True,
        carries=(Part.MEASURES, *TIERS, Part.TURNS, Part.SILENCES),
        checked="pandas; every column is in the dictionary",
    ),
    "parquet": Form(
        "Parquet of a table, with its data dictionary",
        (".parquet",),
        "",
        reads=False,
        writes=True,
        carries=(Part.MEASURES, *TIERS, Part.TURNS, Part.SILENCES),
        checked="polars, which wrote it, too; every column is in the dictionary",
    ),
    "json": Form(
        "JSON of all tables and the manifest",
        (".json",),
        "",
        reads=False,
        writes=True,
        carries=(Part.MEASURES, *TIERS, Part.TURNS, Part.SILENCES, Part.LANGUAGE),
        checked="Python's json: that it is JSON; the form is our own",
    ),
    "maxqda": Form(
        "Text with time stamps for MAXQDA",
        (".txt",),
        "qda_text",
        reads=False,
        writes=True,
        carries=SAID,
        checked="nothing free reads it",
    ),
    "atlasti": Form(
        "Text with time stamps for ATLAS.ti",
        (".txt",),
        "qda_text",
        reads=False,
        writes=True,
        carries=SAID,
        checked="nothing free reads it",
    ),
    "nvivo": Form(
        "Table with time spans for NVivo",
        (".txt",),
        "qda_text",
        reads=False,
        writes=True,
        carries=SAID,
        checked="pandas, as a table of tabs; NVivo itself is not free",
    ),
    "qdpx": Form(
        "REFI-QDA project",
        (".qdpx",),
        "qdpx",
        reads=False,
        writes=True,
        carries=(Part.SPEAKERS, Part.TEXT, Part.CODES),
        checked="Python's zip and XML readers, positions against the text; REFI's schema (by hand: see below)",
    ),
    "vcon": Form(
        "vCon (draft-ietf-vcon-vcon-core-04), with the consent attachment (a draft too)",
        (".vcon.json",),
        "vcon",
        reads=False,
        writes=True,
        carries=(*SAID, Part.CONSENT),
        checked="what appendix B of draft-ietf-vcon-vcon-core-04 demands, written down by hand",
    ),
    "bids": Form(
        "Folder named in the manner of BIDS, as a zip archive",
        (".zip",),
        "bids",
        reads=False,
        writes=True,
        carries=(Part.MEASURES, *SAID, Part.CODES, Part.TURNS, Part.SILENCES),
        checked="pandas, as tables of tabs with their JSON; no validator: BIDS has no modality for talk",
    ),
}


def readable() -> tuple[str, ...]:
    """Names of the formats that come in."""
    return tuple(name for name, form in FORMS.items() if form.reads)


def find(name: str, text: str) -> str:
    """The format of a file by the ending of its name and, where two share one, by how it begins.

    Raises
    ------
    InputError
        When no format has that ending.
    """
    lower = name.casefold()
    found = [form for form in readable() if lower.endswith(FORMS[form].endings)]
    if {"whisperx", "seglst"} <= set(found):
        return "seglst" if is_seglst(text) else "whisperx"
    if not found:
        endings = ", ".join(dict.fromkeys(e for form in readable() for e in FORMS[form].endings))
        raise InputError(
            f"{name}: no format has this ending.", hint=f"Known: {endings}. Rename the file by its format."
        )
    return found[0]


def is_seglst(text: str) -> bool:
    """Whether JSON is a list of segments as SegLST has them."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, list) and any(isinstance(entry, dict) and "start_time" in entry for entry in data[:1])


def load(text: str, name: str, form: str) -> Conversation:
    """What a file holds.

    Raises
    ------
    InputError
        When the file is not as its format has it, or holds nothing.
    """
    conversation: Conversation = import_module(f"toolkit.formats.{FORMS[form].module}").load(text, name)
    return checked(conversation, name)


def dump(conversation: Conversation, form: str) -> str:
    """A conversation in a format that is both read and written.

    Raises
    ------
    InputError
        When the format cannot hold a speaker's label or the session's id.
    """
    text: str = import_module(f"toolkit.formats.{FORMS[form].module}").dump(conversation)
    return text


def markdown() -> str:
    """The table of all formats."""
    rows = [
        f"| `{name}` | {form.title} | {mark(form.reads)} | {mark(form.writes)} | {', '.join(form.carries)} "
        f"| {form.checked} |"
        for name, form in FORMS.items()
    ]
    head = ["| name | format | in | out | carries | checked with |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def mark(yes: bool) -> str:  # noqa: FBT001 - one cell
    """A cell that says yes or nothing."""
    return "yes" if yes else ""
