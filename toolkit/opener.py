"""Who opens sessions in this process, as they said themselves; see `toolkit.consent.listeners`."""

from __future__ import annotations

import os

from toolkit.errors import InputError
from toolkit.formats.sessions import check_party

__all__ = ["USER", "opener"]

USER = "TOOLKIT_USER"


def opener() -> str:
    """A pseudonymous id; empty when nobody said.

    Raises
    ------
    InputError
        When it is no pseudonymous id.
    """
    who = os.environ.get(USER, "").strip()
    if ";" in who:
        raise InputError(f"{USER} names one person.", hint="Such as S01.")
    return check_party(who, where=USER, column="the listener") if who else ""
