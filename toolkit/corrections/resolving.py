"""What a human points at and types, as the corrections that are written: they stand on their own, whatever is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from toolkit import overlay
from toolkit.errors import InputError
from toolkit.intervals import milliseconds
from toolkit.overlay import Correction, Corrections, Line, What
from toolkit.overlay.codes import matched
from toolkit.overlay.hands import owners_of_words, turn_owners
from toolkit.overlay.values import codes_after
from toolkit.result import SessionResult
from toolkit.settings import Settings
from toolkit.types import Account, AttributedWord, Missing, Turn

__all__ = ["of_utterance", "resolved", "uncoded"]


def resolved(
    result: SessionResult, settings: Settings, known: Sequence[Line], lines: Iterable[Correction], *, by: str
) -> Iterator[Correction]:
    """Each correction in the form that is written; one of a turn may become several.

    Raises
    ------
    InputError
        When one is not possible, with its number.
    """
    typed = list(lines)
    counted = overlay.counting(known, by=overlay.counted_coder(known))
    if not typed:
        raise InputError(f"session {result.dialogue.session_id}: there is nothing to correct.")
    beneath = uncoded(result, settings, known) if any(c.what == What.CODE for c in typed) else result.heard
    own = overlay.counting(line for line in known if line.by == by).of(What.CODE)
    for number, said in enumerate(typed, start=1):
        try:
            one = overlay.checked(replace(said, value="") if said.what == What.CODE else said)
            if one.what is What.CODE:
                yield replace(one, value=codes(beneath, one.target, own.get(one.target, ""), said.value))
            elif one.what is What.TURN and one.value:
                yield from turns(result, counted, one)
            else:
                yield one
        except InputError as error:
            where = f"session {result.dialogue.session_id}, correction {number}"
            raise InputError(f"{where}: {error.message}", hint=error.hint) from None


def uncoded(result: SessionResult, settings: Settings, known: Sequence[Line]) -> Account:
    """The session with what humans said of speakers and roles, and the machine's codes."""
    said = overlay.counting(known, by=overlay.counted_coder(known)).without(What.CODE)
    return overlay.lay(result.heard, said, settings.dialogue, language=result.language).account


def codes(beneath: Account, target: str, before: str, typed: str) -> str:
    """Codes as they are written, of what was typed beside this coder's own codes, or beside the machine's."""
    if not typed.strip():
        return ""
    said = beneath.dialogue.utterances
    found, _ = matched(() if isinstance(said, Missing) else said, {target: before})
    coded = () if isinstance(beneath.dialogue.codes, Missing) else beneath.dialogue.codes
    machine = [a.code for c in coded if c.utterance in found for a in c.codes]
    named, stay = codes_after(before, machine) if before else (machine, frozenset())
    return overlay.edited(typed, [*named, *stay])


def turns(result: SessionResult, corrections: Corrections, said: Correction) -> Iterator[Correction]:
    """The corrections that give a turn, as it is shown, to a speaker.

    Corrections name turns of the machine. Those that lie in the shown turn are given whole; of the others, and where a
    word has a correction of its own, the words.
    """
    time, slash, speaker = said.target.partition("/")
    start = milliseconds(float(time))
    shown = [t for t in result.dialogue.turns if milliseconds(t.start) == start and (not slash or t.speaker == speaker)]
    if len(shown) != 1 or isinstance(result.machine, Missing):
        yield said
        return
    (turn,) = shown
    machine = result.machine.dialogue.turns
    owners, _ = turn_owners(machine, corrections.of(What.TURN))
    inside = [
        t
        for place, t in enumerate(machine)
        if turn.start <= t.start and t.end <= turn.end and owners.get(place, t.speaker) == turn.speaker
    ]
    for t in inside:
        twin = any(o is not t and milliseconds(o.start) == milliseconds(t.start) for o in machine)
        yield Correction(What.TURN, overlay.target(t.start, t.speaker if twin else ""), said.value)
    yield from words(result, turn, inside, corrections, said.value)


def words(
    result: SessionResult, turn: Turn, inside: Sequence[Turn], corrections: Corrections, speaker: str
) -> Iterator[Correction]:
    """The words of a shown turn that go with none of the machine's turns in it, or have a correction of their own."""
    heard, shown = result.heard.words, result.words
    if isinstance(heard, Missing) or isinstance(shown, Missing):
        return
    spoken_of, _ = owners_of_words(heard, corrections.of(What.WORD))
    for place, (before, word) in enumerate(zip(heard, shown, strict=True)):
        middle = (word.start + word.end) / 2
        if word.speaker == turn.speaker and turn.start <= middle <= turn.end:
            goes = any(t.speaker == before.speaker and t.start <= middle <= t.end for t in inside)
            if not goes or place in spoken_of:
                yield Correction(What.WORD, name(before, heard), speaker)


def name(word: AttributedWord, heard: Iterable[AttributedWord]) -> str:
    """The target of a word, with its speaker where another's word starts at the same time."""
    same = {w.speaker for w in heard if milliseconds(w.start) == milliseconds(word.start)}
    return overlay.target(word.start, (word.speaker or "") if len(same) > 1 else "")


def of_utterance(result: SessionResult, index: int, speaker: str) -> tuple[Correction, ...]:
    """The corrections that give an utterance, as it is shown, to a speaker: those of its words.

    Raises
    ------
    InputError
        When there is no such utterance, or the words were not kept.
    """
    session_id = result.dialogue.session_id
    if isinstance(result.utterances, Missing) or isinstance(result.heard.words, Missing):
        raise InputError(
            f"session {session_id}: the words were not kept, so no single utterance can be given to another.",
            hint="Give the whole turn.",
        )
    said = next((u for u in result.utterances if u.index == index), None)
    if said is None or isinstance(result.words, Missing):
        raise InputError(f"session {session_id} has no utterance {index}.")
    own, heard = set(said.words), result.heard.words
    pairs = zip(heard, result.words, strict=True)
    return tuple(Correction(What.WORD, name(before, heard), speaker) for before, word in pairs if word in own)
