"""Turns and words given to another speaker: what was heard is dealt out again, and the rest follows from it.

The rule
--------
A *turn* that is given to somebody takes along all the speech in it and all the words of its speaker that lie there. A
*word* takes along its part of the speech around it: each inter-pausal unit is divided among its words half-way between
them, the first and the last reaching to its edges. A word of nobody's takes no speech along. A word's own correction
goes before its turn's, whichever was made first. When somebody speaks and where nobody does stays as the machine heard
it; so the silences stay where they are, and only who is before and after them may change.

From there the session is built as the machine builds it: with words, utterances and turns are made anew (`carry` says
what becomes of the codes), and so they are where the session has no words at all. Where the words were not kept, as
consent did not allow it, that cannot be done, since utterances and backchannels were found in them. Then only the
turns that were given move, whole utterances with them: see `counts`. Single words cannot be given there.

A turn of which all speech was given, were it to the speaker it had, is one that a human confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolkit import silences, turns, utterances
from toolkit.intervals import milliseconds
from toolkit.overlay import carry, counts
from toolkit.overlay.counting import Corrections
from toolkit.overlay.hands import Hands, owners_of_words, turn_owners
from toolkit.overlay.values import Correction, What
from toolkit.settings import DialogueSettings
from toolkit.types import (
    Account,
    AttributedWord,
    Dialogue,
    Missing,
    Need,
    Role,
    RoleAssignment,
    RoleSource,
    Silence,
    SpeakerInterval,
    SpokenUtterance,
)

__all__ = ["Given", "give"]

UNNAMED = RoleAssignment(Role.UNKNOWN, 0.0, RoleSource.NONE)


@dataclass(frozen=True, slots=True)
class Given:
    """A session whose turns and words were given to speakers.

    Attributes
    ----------
    account
        The session as it is then.
    lost
        Corrections whose turn or word is not there.
    unread
        How many utterances are made of other words than the coder read.
    """

    account: Account
    lost: tuple[Correction, ...] = ()
    unread: int = 0


def give(account: Account, corrections: Corrections, settings: DialogueSettings, *, language: str) -> Given:
    """Lay the corrections of turns and words over a session; as it is when there are none.

    Parameters
    ----------
    account
        The machine's.
    corrections
        What counts.
    settings
        Those with which turns, utterances and silences are made.
    language
        Code such as ``en``.
    """
    if not corrections.of(What.TURN) and not corrections.of(What.WORD):
        return Given(account)
    account = in_whole_milliseconds(account)
    dialogue = account.dialogue
    owners, lost_turns = turn_owners(dialogue.turns, corrections.of(What.TURN))
    said = () if isinstance(account.words, Missing) else account.words
    word_owners, lost_words = owners_of_words(said, corrections.of(What.WORD))
    hands = Hands.of(dialogue, said, owners, word_owners, settings)
    lost = (*lost_turns, *lost_words)
    heard = replace(dialogue, activity=hands.activity(dialogue.activity), confirmed=hands.confirmed())
    if not hands.changed(said):
        return Given(replace(account, dialogue=replace(dialogue, confirmed=heard.confirmed)), lost)
    unread = 0
    if isinstance(dialogue.utterances, Missing) or not isinstance(account.words, Missing):
        built, unread = rebuilt(account, heard, hands.words, settings, language=language)
    else:
        built = replace(account, dialogue=counts.moved(dialogue, heard, owners))
    dialogue = with_silences(built.dialogue, dialogue.silences, settings)
    return Given(replace(built, dialogue=with_speakers(dialogue, account.dialogue)), lost, unread)


def in_whole_milliseconds(account: Account) -> Account:
    """The session as the tables hold it, so that it comes to the same whether it was stored in between or not."""

    def word(w: AttributedWord) -> AttributedWord:
        start, end = round(w.start, 3), round(w.end, 3)
        return w if (start, end) == (w.start, w.end) else replace(w, start=start, end=end)

    dialogue = account.dialogue
    said, words = account.utterances, account.words
    if not isinstance(said, Missing):
        said = tuple(
            replace(u, start=round(u.start, 3), end=round(u.end, 3), words=tuple(word(w) for w in u.words))
            for u in said
        )
    plain = dialogue.utterances
    if not isinstance(plain, Missing):
        plain = tuple(replace(u, start=round(u.start, 3), end=round(u.end, 3)) for u in plain)
    heard = (SpeakerInterval(round(i.start, 3), round(i.end, 3), i.speaker) for i in dialogue.activity)
    return Account(
        replace(dialogue, utterances=plain, activity=tuple(sorted(heard, key=lambda i: (i.start, i.end, i.speaker)))),
        said,
        words if isinstance(words, Missing) else tuple(word(w) for w in words),
    )


def rebuilt(
    account: Account,
    heard: Dialogue,
    words: Sequence[AttributedWord],
    settings: DialogueSettings,
    *,
    language: str,
) -> tuple[Account, int]:
    """Utterances and turns made of the words as they now are, and how many utterances the coder did not read so."""
    said: tuple[SpokenUtterance, ...] | Missing = account.utterances
    unread = 0
    if not isinstance(said, Missing) and not isinstance(account.words, Missing):
        before, said = said, utterances.split(words, settings, language=language)
        moved = carry.Moved.of(before, account.words, said, words)
        codes = heard.codes if isinstance(heard.codes, Missing) else carry.carried(heard.codes, moved)
        unread = moved.unread
        nobodys = sum(w.speaker is None for w in words)
        heard = replace(heard, codes=codes, words_without_speaker=nobodys)
    floor = turns.build(heard.activity, said, settings, language=language, excluded=heard.excluded)
    dialogue = replace(
        heard,
        utterances=said if isinstance(said, Missing) else tuple(u.counts for u in said),
        turns=floor.turns,
        backchannels=floor.backchannels,
        interruptions=() if Need.TURN_TAKING in heard.untold else floor.interruptions,
    )
    kept = account.words if isinstance(account.words, Missing) else tuple(words)
    return Account(dialogue, said, kept), unread


def with_silences(dialogue: Dialogue, machine: Sequence[Silence], settings: DialogueSettings) -> Dialogue:
    """Who is before and after each silence; what the machine found in it stays."""
    if Need.SILENCES in dialogue.untold:
        return dialogue
    evidence = {(milliseconds(q.start), milliseconds(q.end)): q.evidence for q in machine}
    quiet = silences.find(dialogue.activity, dialogue.turns, dialogue.excluded, settings)
    return replace(
        dialogue,
        silences=tuple(
            replace(q, evidence=evidence.get((milliseconds(q.start), milliseconds(q.end)), q.evidence)) for q in quiet
        ),
    )


def with_speakers(dialogue: Dialogue, machine: Dialogue) -> Dialogue:
    """Roles of everybody who is left or came in; one whose every word went to others is gone."""
    before = {i.speaker for i in machine.activity}
    there = {i.speaker for i in dialogue.activity}
    if not isinstance(dialogue.utterances, Missing):
        there |= {u.speaker for u in dialogue.utterances}
    names = [name for name in machine.roles if name in there or name not in before]
    return replace(dialogue, roles={name: machine.roles.get(name, UNNAMED) for name in sorted({*names, *there})})
