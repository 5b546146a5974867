"""Whether this machine and a study are as they should be, and what to do where they are not.

`machine` looks at versions, models, GPU, network and telemetry; `study` at the disk, encryption, rights, consent, the
audit log and at sessions at risk. Nothing is changed, nothing is decoded and nothing is contacted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from toolkit.doctor import machine, places, sessions
from toolkit.doctor.finding import Finding, State
from toolkit.settings import Settings
from toolkit.study import Study

__all__ = ["Finding", "State", "examine"]


def examine(study: Study | None, *, today: date) -> Iterator[Finding]:
    """Everything that is looked at, in the order in which it is shown; without a study only the machine.

    Raises
    ------
    ToolkitError
        When the study's settings, table or ledger cannot be read.
    """
    settings = study.settings() if study else Settings()
    yield from machine.versions()
    yield from machine.models_of(settings)
    yield machine.gpu()
    yield from machine.network()
    if study is not None:
        yield from places.look(study)
        yield from sessions.look(study, today=today)
