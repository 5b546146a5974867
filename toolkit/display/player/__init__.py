"""A session to look at, to click on and to hear: the player and the silence workbench, for notebooks.

Both are widgets. What they show and play is read from the study when the page asks for it and goes over the kernel's
channel as messages; a widget's own state, which a notebook may save, holds the program and no session. Sound needs
the purpose *supervision* of everybody, words need *transcript*; both are asked of the ledger each time.

`payload` says what is shown, `sound` what is heard, `widget` talks to the page, and the ``.js`` and ``.css`` files
are the page. `anywidget` is imported when a widget is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, overload

from toolkit import extras
from toolkit.display import review
from toolkit.display.html import Page
from toolkit.display.reading import Review
from toolkit.errors import InputError
from toolkit.study import Study

if TYPE_CHECKING:
    from toolkit.display.player.widget import Player, Workbench

__all__ = ["player", "silences"]


def player(study: str | Path, session_id: str, *, by: str = "") -> Player:
    """A player of one session: lanes, silences, codes and transcript in step with the sound.

    Parameters
    ----------
    study
        The study's folder.
    session_id
        Which session; it must have results.
    by
        Who corrects, as the overlay names them; may be empty.

    Raises
    ------
    InputError
        When there is no such study or session, or it has no results yet.
    ConsentError
        When consent does not cover the session today.
    """
    extras.need("anywidget", what="the session player")
    from toolkit.display.player.widget import Player

    return Player(showable(study, session_id), session_id, by=by)


@overload
def silences(shown: Review) -> Page: ...


@overload
def silences(shown: str | Path, session_id: str, *, by: str = "") -> Workbench: ...


def silences(shown: Review | str | Path, session_id: str = "", *, by: str = "") -> Page | Workbench:
    """Each silence of 3 s or more: of a `Review` as a table, of a study and session as a workbench.

    The workbench has what lies around each silence, its sound, and a place for the category that a human gives it.

    Parameters
    ----------
    shown
        What `scan` read, or the study's folder.
    session_id
        Which session of the folder.
    by
        Who gives the categories, as the overlay names them; may be empty.

    Raises
    ------
    InputError
        When there is no such study or session, or it has no results yet.
    ConsentError
        When consent does not cover the session today.
    """
    if isinstance(shown, Review):
        return review.silences(shown)
    if not session_id:
        raise InputError("silences of which session?", hint="Give the study and the session's id.")
    extras.need("anywidget", what="the silence workbench")
    from toolkit.display.player.widget import Workbench

    return Workbench(showable(shown, session_id), session_id, by=by)


def showable(study: str | Path, session_id: str) -> Study:
    """The study, when the session can be shown: what stands against it is said here and not on an empty page."""
    from toolkit.display.player import payload

    opened = Study.open(Path(study))
    payload.session(opened, session_id)
    return opened
