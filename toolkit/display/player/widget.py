"""The widgets: they answer what the page asks, and keep nothing of the session in their state.

The page sends ``{ask, id, ...}`` and gets ``{answer, id, ...}`` back under the same id; a session and a piece of sound
travel as bytes beside the answer. Jupyter saves a widget's state when it is told to, but no messages.

=========== ============================== ===================================================
ask         with                           answer
=========== ============================== ===================================================
session                                    the session as JSON, see `payload`
sound       start, end (s)                 that stretch as a WAV file
change      what, target, value            the session as it is now; the other widgets of the
                                           session are told ``{answer: "changed", by: id}``
=========== ============================== ===================================================

A change has the form of `toolkit.overlay.values`; beside its kinds there is ``utterance_speaker``, whose target is the
index of an utterance. What cannot be answered comes back as ``{answer: "problem", text}``, one line for the reader.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakSet

import anywidget

from toolkit import corrections, store
from toolkit.display.allowed import access
from toolkit.display.player import payload, sound
from toolkit.errors import InputError, ToolkitError
from toolkit.intervals import Span
from toolkit.overlay import Correction, What
from toolkit.study import Study

__all__ = ["Player", "SessionWidget", "Workbench"]

HERE = Path(__file__).parent
CHANGES = (What.CODE, What.TURN, What.WORD, What.SILENCE, What.NOTE, What.ROLE, What.RATING)
UTTERANCE = "utterance_speaker"
OPEN: WeakSet[SessionWidget] = WeakSet()
Answer = tuple[dict[str, Any], list[bytes]]


@cache
def page(*names: str) -> str:
    """Some of the page's files as one module: plain functions, the last of them with the default export."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


class SessionWidget(anywidget.AnyWidget):
    """One session on a page.

    Parameters
    ----------
    study, session_id
        Which session.
    by
        Who corrects.
    """

    _css = page("player.css")

    def __init__(self, study: Study, session_id: str, *, by: str) -> None:
        super().__init__()
        self.study = study
        self.session_id = session_id
        self.by = by
        self.noted: set[str] = set()  # what was opened with this widget, each noted once in the audit log
        # one thread: pieces come in the order they were asked for, and the kernel is free while a recording is read
        self.reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sound")
        self.on_msg(self.hear)
        OPEN.add(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__} of session {self.session_id}: run the cell to see it"

    def hear(self, _widget: object, asked: Any, _buffers: object) -> None:
        """Take a message of the page and send the answer."""
        if not isinstance(asked, dict):
            return
        if asked.get("ask") == "sound":
            self.reader.submit(self.reply, asked)
            return
        self.reply(asked)
        if asked.get("ask") == "session":
            self.reader.submit(self.warm_up)

    def reply(self, asked: Mapping[str, Any]) -> None:
        """Answer on the same channel."""
        content, buffers = self.answer(asked)
        self.send({**content, "id": asked.get("id")}, buffers)
        if (asked.get("ask"), content["answer"]) == ("change", "session"):
            for other in [w for w in OPEN if w.shows(self.study, self.session_id)]:
                other.send({"answer": "changed", "by": asked.get("id")}, [])

    def shows(self, study: Study, session_id: str) -> bool:
        """Whether this is a widget of that session."""
        return (self.study.root.resolve(), self.session_id) == (study.root.resolve(), session_id)

    def answer(self, asked: Mapping[str, Any]) -> Answer:
        """What the page is told: content and bytes."""
        try:
            match asked:
                case {"ask": "session"}:
                    return self.session()
                case {"ask": "sound", "start": int() | float() as start, "end": int() | float() as end} if start <= end:
                    piece = sound.shared(self.study, self.session_id).piece(Span(float(start), float(end)))
                    self.note("sound")
                    return {"answer": "sound", "start": start}, [piece]
                case {"ask": "change", "what": str() as what, "target": str() as target, "value": str() as value}:
                    self._apply({"what": what, "target": target, "value": value})
                    return self.session()
                case _:
                    raise InputError("the player does not understand what its page asked.", hint="Run the cell again.")
        except ToolkitError as error:
            return {"answer": "problem", "text": str(error)}, []

    def session(self) -> Answer:
        """The session as it is now."""
        shown = {**payload.session(self.study, self.session_id), "by": self.by}
        if not shown["no_words"]:
            self.note("words")
        return {"answer": "session"}, [json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()]

    def note(self, what: str) -> None:
        """One line in the audit log for the first time that words or sound leave the study for this page."""
        if what not in self.noted:
            store.note_opened(self.study, self.session_id, what=what, where=type(self).__name__.lower())
            self.noted.add(what)

    def warm_up(self) -> None:
        """Read the recording before the first click, where it may be heard; a problem is said at that click."""
        try:
            recording = self.study.recording(self.session_id)
            if not access(self.study, recording).sound:
                sound.shared(self.study, self.session_id).ready()
        except ToolkitError:
            return

    def close(self) -> None:
        """Take the widget off the page."""
        self.reader.shutdown(wait=False, cancel_futures=True)
        OPEN.discard(self)
        super().close()

    def _apply(self, change: Mapping[str, str]) -> None:
        """Lay one correction over the session."""
        what, target, value = change["what"], change["target"], change["value"]
        said: tuple[Correction, ...]
        if what == UTTERANCE and target.isdecimal():
            said = corrections.of_utterance(store.load(self.study, self.session_id), int(target), value)
        elif what in CHANGES:
            said = (Correction(What(what), target, value),)
        else:
            raise InputError("the player corrects codes, speakers, roles, silences, notes and ratings.")
        corrections.correct(self.study, self.session_id, said, by=self.by)


class Player(SessionWidget):
    """See `toolkit.display.player`."""

    _esm = page(
        "page.js", "sound.js", "looks.js", "lanes.js", "transcript.js", "corrections.js", "whole.js", "player.js"
    )


class Workbench(SessionWidget):
    """The silence workbench; see `toolkit.display.silences`."""

    _esm = page("page.js", "sound.js", "workbench.js")
