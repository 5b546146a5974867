"""Findings put as questions: a difference says nothing about whether it was meant, or good."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.measures import MEASURES

__all__ = ["QUESTIONS", "question"]

QUESTIONS: Mapping[str, tuple[str, str]] = {  # what it is when higher, and when lower
    "talk_share_speech": (
        "You spoke more of the time than is your usual",
        "You spoke less of the time than is your usual",
    ),
    "turn_duration_mean": ("Longer turns than your usual", "Shorter turns than your usual"),
    "longest_turn": ("Longer monologues than your usual", "Shorter longest turns than your usual"),
    "patience": (
        "You waited longer after your client stopped than is your usual",
        "You came in sooner after your client stopped than is your usual",
    ),
    "wait_time_after_open_question": (
        "More time after your open questions than is your usual",
        "Less time after your open questions than is your usual",
    ),
    "reflection_to_question_ratio": (
        "More reflections for each question than is your usual",
        "Fewer reflections for each question than is your usual",
    ),
    "complex_reflection_share": (
        "More of your reflections added meaning than is your usual",
        "More of your reflections stayed close to the client's words than is your usual",
    ),
    "open_question_share": (
        "More of your questions were open than is your usual",
        "More closed questions than is your usual",
    ),
    "reflected_opportunity_share": (
        "You reflected feeling or change talk more often than is your usual",
        "You let feeling or change talk stand without a reflection more often than is your usual",
    ),
    "interruption_count": ("You cut in more often than is your usual", "You cut in less often than is your usual"),
    "silence_share": ("More silence than is your usual", "Less silence than is your usual"),
    "change_talk_share": (
        "Your clients spoke more for change than is usual with you",
        "Your clients spoke more against change than is usual with you",
    ),
}


def question(measure: str, *, higher: bool) -> str:
    """What a reliable change asks of the one whose sessions they are.

    Examples
    --------
    >>> question("longest_turn", higher=True)
    'Longer monologues than your usual: was that meant?'
    >>> question("speech_rate", higher=False)
    'Words per minute: lower than your usual. Was that meant?'
    """
    if measure in QUESTIONS:
        asked = "what was different?" if measure == "change_talk_share" else "was that meant?"
        return f"{QUESTIONS[measure][0 if higher else 1]}: {asked}"
    return f"{MEASURES[measure].title}: {'higher' if higher else 'lower'} than your usual. Was that meant?"
