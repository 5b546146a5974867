"""The data dictionary: what every column of every table means, in which unit, and what may stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.coding.book import BOOK
from toolkit.measures import MEASURES
from toolkit.tables.schemas import MACHINE, SCHEMAS
from toolkit.wording import CATEGORIES

__all__ = ["COLUMNS", "columns", "rows"]

COLUMNS = ("kind", "table", "name", "type", "unit", "definition")
TYPES: Mapping[type, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}

COMMON: Mapping[str, tuple[str, str]] = {
    "session_id": ("", "Pseudonymous id of the session."),
    "role": ("", "Role of the speaker: therapist, client, co_therapist, interpreter, other, unknown; or session."),
    "speaker": ("", "Label of the speaker, a pseudonym within the session."),
    "start": ("s", "Start, from the beginning of the recording."),
    "end": ("s", "End, from the beginning of the recording."),
    "duration": ("s", "End minus start."),
    "measure": ("", "Name of the measure; the rows of kind measure define each."),
    "value": ("as the column unit", "The value; empty where it is missing."),
    "unit": ("", "Unit of the value."),
    "n": ("", "How many things were counted or averaged."),
    "numerator": ("", "What was divided."),
    "denominator": ("", "What it was divided by."),
    "low": ("as the column unit", "Lower end of the interval of the value."),
    "high": ("as the column unit", "Upper end of the interval of the value."),
    "confirmed": ("", "How much of it a human set or confirmed: a share, or true or false for a turn."),
    "scheme": ("", "Coding scheme that the measure belongs to."),
    "window_start": ("s", "Start of the stretch that the value describes."),
    "window_end": ("s", "End of the stretch that the value describes."),
    "missing_reason": ("", "Why there is no value; empty where there is one."),
    "turn": ("", "Number of the turn, from 0."),
    "speech_time": ("s", "The speaker's speech in the turn, without pauses."),
    "kind": ("", "Of an event: backchannel, interruption, failed_interruption; of a silence: pause, gap, lapse."),
    "other": ("", "The speaker who was interrupted."),
    "heard": ("", "Whether the recogniser found words in a backchannel."),
    "silence": ("", "Number of the silence, from 0."),
    "before": ("", "Speaker who held the floor before it."),
    "before_role": ("", "Role of that speaker."),
    "after": ("", "Speaker who broke it."),
    "after_role": ("", "Role of that speaker."),
    "evidence": ("", "silent, or why it is doubtful and not counted: words, noise, excluded."),
    "category": ("", "A human's category of the silence (PICS)."),
    "utterance": ("", "Number of the utterance, from 0."),
    "word_count": ("words", "Words of the utterance."),
    "syllable_count": ("syllables", "Syllables of the utterance."),
    **{
        name: ("words", f"Words that are {name.replace('_', ' ')}; empty where the language has no lists.")
        for name in CATEGORIES
    },
    "first_singular": ("words", "Pronouns of the first person singular; empty where the language has no lists."),
    "first_plural": ("words", "Pronouns of the first person plural; empty where the language has no lists."),
    "second_person": ("words", "Pronouns of the second person; empty where the language has no lists."),
    "filled_pauses": ("words", "Filled pauses (um, uh); empty where the language has no lists."),
    "repetitions": ("", "Words said again at once, or cut off; empty where the language has no lists."),
    "window_words": ("words", "Words in the speaker's moving windows that end here, summed over the windows."),
    "window_types": ("words", "Different words of each of these windows, summed."),
    "code": ("", "Behaviour code; the rows of kind code define each."),
    "coder": ("", "What gave the code: a coder of the toolkit, or human."),
    "rule": ("", "The rule that gave it."),
    "first_word": ("", "First word of the utterance that it was found in, from 0."),
    "last_word": ("", "Last word that it was found in; before the first for a human's code."),
    "answers": ("", "Number of the utterance that a reflection hands back, -1 for none."),
    "probability": ("", "Calibrated probability that a trained human would give the code; of a word the recogniser's."),
    "volley": ("", "Number of the therapist's turn that MITI counts in."),
    "code_start": ("s", "Start of the utterance that the code counts for."),
    "code_end": ("s", "End of that utterance."),
    "counting_rule": ("", "The rule of MITI by which it counts."),
    "word": ("", "Number of the word, from 0."),
    "text": ("", "What was said."),
}


def columns(table: str) -> dict[str, tuple[str, str, str]]:
    """Column to its type, unit and definition, in the order of the table."""
    found = {}
    for name, kind in SCHEMAS[table].items():
        unit, meaning = COMMON.get(name) or ("", f"Chance, by the coder: {name.removeprefix('p_').replace('_', ' ')}.")
        found[name] = (TYPES[kind], unit, meaning)
    return found


def rows(table: str = "") -> Iterator[tuple[str, str, str, str, str, str]]:
    """The dictionary as rows of `COLUMNS`: of one table, or of all but those under ``machine/``; measures, codes."""
    for name in [table] if table else [name for name in SCHEMAS if name not in MACHINE]:
        for column, (kind, unit, meaning) in columns(name).items():
            yield "column", name, column, kind, unit, meaning
    for measure in MEASURES.values():
        yield "measure", "measures", measure.name, "number", measure.unit, measure.definition
    for entry in BOOK.values():
        yield "code", "codes", str(entry.code), "", "", entry.definition
