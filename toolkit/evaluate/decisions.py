"""What is compared when a coder's labels stand beside those of people: decisions, numbers of dialogues, events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from toolkit.types import Missing, Ratio

__all__ = ["EVENTS", "QUANTITIES", "TASKS", "Event", "Quantity", "Tally", "Task"]

Tally = Mapping[str, Counter[str]]
"""Label column to how often each label was given, on one side of one dialogue."""


@dataclass(frozen=True, slots=True)
class Task:
    """One decision about an utterance.

    Attributes
    ----------
    title, denominator
        In words; the denominator says which utterances count.
    column
        The label column that holds it.
    labels
        Label of the column to label of the task; an utterance whose label is not here on either side does not count.
    ceiling
        Key of `AGREEMENT`, empty where nobody measured how well humans agree.
    ceiling_label
        The label that the humans' F1 is for; empty where theirs is a macro-F1, too.
    """

    title: str
    column: str
    labels: Mapping[str, str]
    denominator: str
    ceiling: str = ""
    ceiling_label: str = ""


def same(*labels: str) -> dict[str, str]:
    """Labels that stay as they are."""
    return {label: label for label in labels}


THERAPIST = "therapist utterances with a reference"
TASKS: Mapping[str, Task] = {
    "main": Task(
        "main behaviour", "main", same("reflection", "question", "therapist_input", "other"), THERAPIST, "behaviour"
    ),
    "reflection_exists": Task(
        "reflection or not",
        "reflection",
        {"simple": "reflection", "complex": "reflection", "none": "none"},
        THERAPIST,
        "reflection",
        "reflection",
    ),
    "reflection": Task("reflection, three ways", "reflection", same("none", "simple", "complex"), THERAPIST),
    "reflection_depth": Task(
        "simple or complex",
        "reflection",
        same("simple", "complex"),
        "therapist utterances that both the reference and the coder call a reflection",
        "reflection_depth",
    ),
    "question_exists": Task(
        "question or not",
        "question",
        {"open": "question", "closed": "question", "none": "none"},
        THERAPIST,
        "question",
        "question",
    ),
    "question_openness": Task(
        "open or closed",
        "question",
        same("open", "closed"),
        "therapist utterances that both the reference and the coder call a question",
        "question_openness",
    ),
    "client_talk": Task(
        "client talk",
        "client_talk",
        same("change", "sustain", "neutral"),
        "client utterances with a reference",
        "client_talk",
    ),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a dialogue, from the labels of one side; `columns` must all have a reference there."""

    title: str
    columns: tuple[str, ...]
    of: Callable[[Tally], float | Missing]


def reflections(tally: Tally) -> int:
    """Utterances that reflect."""
    return tally["reflection"]["simple"] + tally["reflection"]["complex"]


def questions(tally: Tally) -> int:
    """Utterances that ask."""
    return tally["question"]["open"] + tally["question"]["closed"]


QUANTITIES: Mapping[str, Quantity] = {
    "reflections": Quantity("reflections", ("reflection",), reflections),
    "questions": Quantity("questions", ("question",), questions),
    "open_questions": Quantity("open questions", ("question",), lambda tally: tally["question"]["open"]),
    "change_talk": Quantity("change talk", ("client_talk",), lambda tally: tally["client_talk"]["change"]),
    "reflections_per_question": Quantity(
        "R:Q",
        ("reflection", "question"),
        lambda tally: Ratio(reflections(tally), questions(tally)).value("no question was coded"),
    ),
    "complex_share": Quantity(
        "% complex",
        ("reflection",),
        lambda tally: Ratio(tally["reflection"]["complex"], reflections(tally)).value("no reflection was coded"),
    ),
}


@dataclass(frozen=True, slots=True)
class Event:
    """What a probability is of: label of `column` to whether it happened; other labels do not count."""

    column: str
    labels: Mapping[str, bool]


def one_of(column: str, labels: Iterable[str], *happened: str) -> Event:
    """An event that happened with some labels and not with the others."""
    return Event(column, {label: label in happened for label in labels})


EVENTS: Mapping[str, Event] = {
    "p_reflection": one_of("reflection", ("none", "simple", "complex"), "simple", "complex"),
    "p_complex": one_of("reflection", ("simple", "complex"), "complex"),
    "p_question": one_of("question", ("none", "open", "closed"), "open", "closed"),
    "p_open": one_of("question", ("open", "closed"), "open"),
    "p_change": one_of("client_talk", TASKS["client_talk"].labels, "change"),
    "p_sustain": one_of("client_talk", TASKS["client_talk"].labels, "sustain"),
    "p_main_reflection": one_of("main", TASKS["main"].labels, "reflection"),
    "p_main_question": one_of("main", TASKS["main"].labels, "question"),
    "p_main_input": one_of("main", TASKS["main"].labels, "therapist_input"),
    "p_main_other": one_of("main", TASKS["main"].labels, "other"),
}
"""No column says whether an utterance gives input beside something else, so ``p_input`` has nothing to compare with."""
