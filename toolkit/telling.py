"""A session as what files hold of it: the one form from which every format is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from toolkit import store
from toolkit.errors import InputError
from toolkit.formats.conversation import Coded, Conversation
from toolkit.formats.names import Labels
from toolkit.formats.segment import Segment
from toolkit.intervals import Span
from toolkit.result import SessionResult
from toolkit.study import Study
from toolkit.types import HUMAN, Dialogue, Missing, Role, SilenceEvidence, SpeakerInterval

__all__ = ["Labels", "activity", "conversation", "speaker_names"]


def conversation(study: Study, session_id: str, labels: Labels) -> Conversation:
    """Utterances, words, turns, codes and silences of a session.

    Raises
    ------
    InputError
        When there are no results, or no text was kept.
    StoreError
        When the results are damaged.
    """
    result = store.load(study, session_id)
    said, words, dialogue = result.utterances, result.words, result.dialogue
    if isinstance(said, Missing):
        raise InputError(
            f"session {session_id}: no text was kept ({said.reason}).",
            hint=f"If consent covers it now: toolkit run {study.name} {session_id}",
        )
    speakers = {u.speaker for u in said} | {i.speaker for i in dialogue.activity}
    names = speaker_names(dialogue, speakers, labels)
    return Conversation(
        segments=tuple(Segment(u.start, u.end, names[u.speaker], u.text) for u in said),
        session_id=session_id,
        words=()
        if isinstance(words, Missing)
        else tuple(replace(w, speaker=names.get(w.speaker)) for w in words if w.speaker is not None),
        turns=tuple(SpeakerInterval(t.start, t.end, names[t.speaker]) for t in dialogue.turns),
        codes=tuple(coded(result, names)),
        silences=tuple(Span(q.start, q.end) for q in dialogue.silences if q.evidence is SilenceEvidence.SILENT),
        language=result.language,
        duration=dialogue.duration,
    )


def coded(result: SessionResult, names: dict[str, str]) -> Iterable[Coded]:
    """The codes of each utterance, those of a human apart from the machine's."""
    codes, said = result.dialogue.codes, result.dialogue.utterances
    if isinstance(codes, Missing) or isinstance(said, Missing):
        return
    by_index = {u.index: u for u in said}
    for entry in codes:
        u = by_index[entry.utterance]
        for human in (False, True):
            own = tuple(dict.fromkeys(str(a.code) for a in entry.codes if (a.coder == HUMAN) is human))
            if own:
                yield Coded(u.start, u.end, names[u.speaker], own, human)


def activity(study: Study, session_id: str, labels: Labels) -> Conversation:
    """Who spoke when, without text."""
    dialogue = store.load_dialogue(study, session_id)[0]
    names = speaker_names(dialogue, {i.speaker for i in dialogue.activity}, labels)
    segments = tuple(Segment(i.start, i.end, names[i.speaker], "") for i in dialogue.activity)
    return Conversation(segments, session_id, duration=dialogue.duration)


def speaker_names(dialogue: Dialogue, speakers: Iterable[str], labels: Labels) -> dict[str, str]:
    """Speaker to name: the role where it is known and one speaker has it, else the speaker's own label."""
    held = Counter(dialogue.role_of(s) for s in dialogue.roles)
    return {
        s: str(dialogue.role_of(s))
        if labels is Labels.ROLE and dialogue.role_of(s) is not Role.UNKNOWN and held[dialogue.role_of(s)] == 1
        else s
        for s in speakers
    }
