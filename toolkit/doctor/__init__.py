"""Whether this machine and a study are as they should be, and what to do where they are not.

`machine` looks at versions, models, GPU, network and telemetry; `study` at the disk, encryption, rights, consent, the
audit log and at sessions at risk. Nothing is changed, nothing is decoded and nothing is contacted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from toolkit.doctor import machine, places, sessions
from toolkit.doctor.finding import Finding, State, unreadable
from toolkit.errors import ConsentError, ToolkitError
from toolkit.settings import Settings
from toolkit.study import Study

__all__ = ["Finding", "State", "examine"]


def examine(study: Study | None, *, today: date) -> Iterator[Finding]:
    """Everything that is looked at, in the order in which it is shown; without a study only the machine.

    What cannot be read is one of the findings, and keeps nobody from the others.
    """
    settings = Settings()
    try:
        settings = study.settings() if study else settings
    except ToolkitError as error:
        yield unreadable("settings", error)
    yield from machine.versions()
    yield from machine.models_of(settings)
    yield machine.gpu()
    yield from machine.network()
    if study is not None:
        yield from places.look(study)
        try:
            yield from sessions.look(study, today=today)
        except ToolkitError as error:
            yield unreadable("consent" if isinstance(error, ConsentError) else "sessions", error)
