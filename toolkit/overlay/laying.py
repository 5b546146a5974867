"""A human's corrections laid over the machine's account of a session.

In this order, since each step stands on the one before: speakers of turns and words, roles, codes, categories of
silences. A correction that finds nothing to correct is given back, so that it can be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from toolkit.intervals import milliseconds
from toolkit.overlay import codes, speakers
from toolkit.overlay.counting import Corrections
from toolkit.overlay.values import Correction, What
from toolkit.settings import DialogueSettings
from toolkit.types import Account, Dialogue, Role, RoleAssignment, RoleSource, SilenceCategory

__all__ = ["Laid", "lay"]


@dataclass(frozen=True, slots=True)
class Laid:
    """A session as it is with a human's corrections.

    Attributes
    ----------
    account
        The session.
    lost
        Corrections whose speaker, turn, word, utterance or silence is not there (any more).
    unread
        How many utterances are made of other words than the coder read.
    """

    account: Account
    lost: tuple[Correction, ...]
    unread: int


def lay(machine: Account, corrections: Corrections, settings: DialogueSettings, *, language: str) -> Laid:
    """Lay corrections over a session; neither audio nor a model is needed.

    Parameters
    ----------
    machine
        What the machine made of the session.
    corrections
        What counts of what humans said.
    settings
        Those with which turns, utterances and silences are made.
    language
        Code such as ``en``, for the list of backchannels.
    """
    given = speakers.give(machine, corrections, settings, language=language)
    dialogue, no_speaker = with_roles(given.account.dialogue, machine.dialogue, corrections.of(What.ROLE))
    coded = codes.code(dialogue, corrections.of(What.CODE))
    dialogue, no_silence = with_categories(coded.dialogue, corrections.of(What.SILENCE))
    lost = (*given.lost, *no_speaker, *coded.lost, *no_silence)
    return Laid(replace(given.account, dialogue=dialogue), lost, given.unread)


def with_roles(
    dialogue: Dialogue, machine: Dialogue, given: Mapping[str, str]
) -> tuple[Dialogue, tuple[Correction, ...]]:
    """Roles with the human's over the machine's; a speaker whose words all went to others needs none."""
    human = {
        speaker: RoleAssignment(Role(role), 1.0, RoleSource.HUMAN)
        for speaker, role in given.items()
        if speaker in dialogue.roles
    }
    lost = tuple(
        Correction(What.ROLE, speaker, role)
        for speaker, role in given.items()
        if speaker not in dialogue.roles and speaker not in machine.roles
    )
    return (replace(dialogue, roles={**dialogue.roles, **human}) if human else dialogue), lost


def with_categories(dialogue: Dialogue, given: Mapping[str, str]) -> tuple[Dialogue, tuple[Correction, ...]]:
    """Silences with a human's categories."""
    named = {milliseconds(float(target.partition("/")[0])): (target, value) for target, value in given.items()}
    quiet = []
    for silence in dialogue.silences:
        found = named.pop(milliseconds(silence.start), None)
        quiet.append(silence if found is None else replace(silence, category=SilenceCategory(found[1])))
    lost = tuple(Correction(What.SILENCE, target, value) for target, value in named.values())
    return (replace(dialogue, silences=tuple(quiet)) if given else dialogue), lost
