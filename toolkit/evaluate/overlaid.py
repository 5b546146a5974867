"""A session as the machine coded it, and as each person did who corrected codes over it.

Speakers and roles are those that people corrected, whoever did: so all coders are compared over the same utterances. Of
codes only the machine's, or only those of one person. Whether these saw the machine's codes is not known, so they count
as not blind.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolkit import overlay, store
from toolkit.corrections.resolving import uncoded
from toolkit.errors import InputError
from toolkit.evaluate.codings import NOT_COVERED, Coding, Key, Unit, fits, labels
from toolkit.formats.coded_csv import labelled
from toolkit.intervals import Span
from toolkit.overlay.codes import matched
from toolkit.overlay.values import What, codes_after
from toolkit.study import Study
from toolkit.types import Dialogue, Missing, Purpose

__all__ = ["NOBODY", "beneath", "coders"]

NOBODY = "no name"
"""What the codes of a correction without a coder's id are shown under."""


def beneath(study: Study, session_id: str) -> Dialogue | Missing:
    """The session with the machine's codes, speakers and roles as people corrected them; or why it cannot be used."""
    if session_id not in study.recordings():
        return Missing("not in this study; for items of a pack give its key")
    if Purpose.MEASURE not in store.covered(study.ledger(), session_id):
        return Missing(NOT_COVERED)
    try:
        dialogue, manifest = store.load_dialogue(study, session_id)
    except InputError:
        return Missing("no results yet")
    if manifest.overlay:
        result, lines = store.load(study, session_id), overlay.lines(study.overlay(session_id))
        dialogue = uncoded(result, study.settings(), lines).dialogue
    if isinstance(dialogue.codes, Missing):
        return Missing(f"the machine did not code it ({dialogue.codes.reason})")
    return dialogue


def coders(study: Study) -> tuple[Coding, ...]:
    """The coding of each person who corrected codes in a session that consent covers today, by name."""
    units: dict[str, dict[Key, Unit]] = {}
    listed: dict[str, int] = {}
    misplaced: dict[str, int] = {}
    for session_id in store.sessions(study):
        lines = overlay.lines(study.overlay(session_id))
        by = {line.by for line in lines if line.correction.what is What.CODE}
        dialogue = beneath(study, session_id) if by else Missing("nobody corrected codes")
        if isinstance(dialogue, Missing) or isinstance(dialogue.utterances, Missing):
            continue
        there = sum(bool(labelled(dialogue.role_of(u.speaker))) for u in dialogue.utterances)
        for coder in sorted(by):
            own = [line for line in lines if line.by == coder]  # an empty id is a coder of its own here
            name = coder or NOBODY
            found, wrong = of_coder(dialogue, overlay.counting(own).of(What.CODE))
            units.setdefault(name, {}).update(found)
            listed[name] = listed.get(name, 0) + there
            misplaced[name] = misplaced.get(name, 0) + wrong
    return tuple(Coding(name, units[name], listed[name], misplaced[name], blind=False) for name in sorted(units))


def of_coder(dialogue: Dialogue, given: Mapping[str, str]) -> tuple[dict[Key, Unit], int]:
    """One person's codes of a session, and how many were not for the role of their utterance."""
    if isinstance(dialogue.utterances, Missing):
        return {}, 0
    values, _ = matched(dialogue.utterances, given)
    units, misplaced = {}, 0
    for u in dialogue.utterances:
        role = dialogue.role_of(u.speaker)
        if u.index not in values or not labelled(role):
            continue
        codes = frozenset(codes_after(values[u.index], ())[0])
        fit = frozenset(code for code in codes if fits(code, role))
        misplaced += len(codes) - len(fit)
        if fit or not codes:
            key = (dialogue.session_id, str(u.index))
            units[key] = Unit(role, Span(u.start, u.end), labels(fit, role))
    return units, misplaced
