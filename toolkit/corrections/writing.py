"""Corrections are written: checked against the session first, then appended, then all measures are computed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from toolkit import overlay, store
from toolkit.consent import audit
from toolkit.corrections.resolving import resolved
from toolkit.errors import ConsentError, InputError
from toolkit.overlay import Correction, Laid, Line, What
from toolkit.result import SessionResult
from toolkit.session import measured
from toolkit.settings import Settings
from toolkit.study import Study
from toolkit.types import Purpose

__all__ = ["correct", "require"]

SPEAKERS = (What.TURN, What.WORD)
MOST_TOLD = 5  # wrong lines named in one message


def correct(study: Study, session_id: str, lines: Iterable[Correction], *, by: str) -> SessionResult:
    """Lay corrections over a session and compute its measures again; no model and no audio is needed.

    Parameters
    ----------
    study, session_id
        Which session; it must have results.
    lines
        What is right: kind, target and value as in `toolkit.overlay.values`. Beside what stands there a code may be
        ``ok`` (as it is), ``add affirm`` or ``without other``, and a turn may be one of the session as it is shown.
        An empty value takes back what this coder said.
    by
        Who says so: a pseudonymous id, may be empty.

    Returns
    -------
    SessionResult
        The session as it now is, and as it is published.

    Raises
    ------
    InputError
        When a correction is not possible or finds nothing to correct; nothing is written then.
    ConsentError
        When consent does not cover the session today.
    StoreError
        When the results are damaged, somebody else is writing, or something cannot be written.
    """
    study.recording(session_id)
    overlay.coder_id(by)
    require(study, session_id, Purpose.MEASURE)
    with store.writing(study):
        store.sweep(study)
        store.go_on(study)
        result, settings = store.load(study, session_id), study.settings()
        path = study.overlay(session_id)
        known = overlay.lines(path)
        said = tuple(resolved(result, settings, known, lines, by=by))
        today = date.today()  # noqa: DTZ011 - the date of the place
        told = [*known, *(Line(today.isoformat(), by, c) for c in said)]
        laid = check(result, settings, known, told[len(known) :])
        counted = overlay.counted_coder(told)
        corrections = overlay.counting(told, by=counted)
        changed = result
        if corrections.digest != result.overlay:
            if counted:
                laid = overlay.lay(result.heard, corrections, settings.dialogue, language=result.language)
            changed = measured(result, settings, laid, overlaid=corrections.digest)
        overlay.add(path, said, by=by, today=today)
        if changed is not result:
            store.publish(study, changed)
        note(study, session_id, said)
    return changed


def require(study: Study, session_id: str, purpose: Purpose) -> None:
    """Refuse what consent does not cover today.

    Raises
    ------
    ConsentError
        When it does not.
    """
    if purpose not in store.covered(study.ledger(), session_id):
        raise ConsentError(
            f"session {session_id}: consent does not cover the purpose {purpose} today.",
            hint=f"See it with: toolkit consent check {study.name}",
        )


def note(study: Study, session_id: str, said: Sequence[Correction]) -> None:
    """One line in the audit log: how many corrections of which kinds, and nothing of what they say."""
    kinds = sorted({str(c.what) for c in said})
    audit.append(study.audit_file, "correct", session_id=session_id, count=len(said), kinds=kinds)


def check(result: SessionResult, settings: Settings, known: Sequence[Line], new: Sequence[Line]) -> Laid:
    """Everybody's corrections laid over the session, whoever's count; refuses new ones that find nothing to correct."""
    everybodys = overlay.counting([*known, *new])
    named = {*result.heard.dialogue.roles, *everybodys.of(What.ROLE)}
    for number, line in enumerate(new, start=1):
        said, where = line.correction, f"session {result.dialogue.session_id}, correction {number}"
        if said.what is What.NOTE and float(said.target.partition("/")[0]) > result.dialogue.duration:
            raise InputError(f"{where}: the time is after the end of the recording.")
        if said.what in SPEAKERS and said.value and said.value not in named:
            raise InputError(
                f"{where}: there is no speaker of that label.",
                hint=f"There are: {', '.join(sorted(named))}; for another one give a role to the label as well.",
            )
    laid = overlay.lay(result.heard, everybodys, settings.dialogue, language=result.language)
    lost = [f"{n} ({c.what} {c.target})" for n, c in enumerate((x.correction for x in new), start=1) if c in laid.lost]
    if lost:
        more = f" and {len(lost) - MOST_TOLD} more" if len(lost) > MOST_TOLD else ""
        raise InputError(
            f"session {result.dialogue.session_id}: nothing to correct was found for correction "
            f"{', '.join(lost[:MOST_TOLD])}{more}; nothing was written.",
            hint="Targets are starts in seconds as the results have them; where two start at once add /SPEAKER.",
        )
    return laid
