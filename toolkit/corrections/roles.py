"""Who is therapist and who is client, said by a human."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit import roles, store
from toolkit.corrections.writing import correct
from toolkit.errors import InputError
from toolkit.overlay import Correction, What
from toolkit.study import Study
from toolkit.types import Role, RoleAssignment

__all__ = ["parse_roles", "set_roles", "swap_roles"]


def swap_roles(study: Study, session_id: str, *, by: str) -> dict[str, RoleAssignment]:
    """Exchange therapist and client.

    Raises
    ------
    InputError
        When the session has no results, or not both roles.
    """
    study.recording(session_id)
    before = store.load(study, session_id).dialogue.roles
    swapped = roles.swap(before)
    return set_roles(study, session_id, {s: a.role for s, a in swapped.items() if a != before[s]}, by=by)


def set_roles(study: Study, session_id: str, given: Mapping[str, Role], *, by: str) -> dict[str, RoleAssignment]:
    """Give speakers their roles; returns the roles of all speakers.

    Raises
    ------
    InputError
        When the session has no results or no such speaker.
    """
    study.recording(session_id)
    known = store.load(study, session_id).dialogue.roles
    for speaker in given:
        if speaker not in known:
            raise InputError(
                f"session {session_id} has no speaker {speaker}.", hint=f"It has: {', '.join(sorted(known))}."
            )
    said = [Correction(What.ROLE, speaker, str(role)) for speaker, role in sorted(given.items())]
    return dict(correct(study, session_id, said, by=by).dialogue.roles)


def parse_roles(given: Sequence[str]) -> dict[str, Role]:
    """Read ``SPEAKER=ROLE`` arguments.

    Raises
    ------
    InputError
        When one has another form, or names a role that is not known.
    """
    found: dict[str, Role] = {}
    for item in given:
        speaker, equals, role = item.partition("=")
        if not equals or not speaker or role not in set(Role):
            raise InputError(f"{item!r} is not SPEAKER=ROLE.", hint=f"Roles: {', '.join(Role)}.")
        found[speaker] = Role(role)
    return found
