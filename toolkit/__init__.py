"""Analytics and supervision toolkit for consented recordings of counselling and therapy sessions.

The names below are the public interface: they follow semantic versioning, and docs/api.md says what that promises.
Each is imported when it is first used, so that ``import toolkit`` loads nothing heavy. Everything else is internal.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from toolkit.memory import leave_no_core
from toolkit.offline import quiet

if TYPE_CHECKING:
    from toolkit.api import export_session, load, process, scan
    from toolkit.batch.outcomes import Outcome
    from toolkit.errors import ToolkitError
    from toolkit.measures import MEASURES
    from toolkit.result import SessionResult
    from toolkit.study import Study
    from toolkit.types import Measure, MeasureValue, Missing, Role

    __version__: str

leave_no_core()  # in every process that may come to hold speech: a command, a worker, a notebook
quiet()  # here, because it must come before any dependency is imported

__all__ = [
    "MEASURES",
    "Measure",
    "MeasureValue",
    "Missing",
    "Outcome",
    "Role",
    "SessionResult",
    "Study",
    "ToolkitError",
    "export_session",
    "load",
    "process",
    "scan",
]

HOMES = {
    **dict.fromkeys(("export_session", "load", "process", "scan"), "toolkit.api"),
    **dict.fromkeys(("Measure", "MeasureValue", "Missing", "Role"), "toolkit.types"),
    "MEASURES": "toolkit.measures",
    "Outcome": "toolkit.batch.outcomes",
    "SessionResult": "toolkit.result",
    "Study": "toolkit.study",
    "ToolkitError": "toolkit.errors",
}
"""Where each public name is made."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("counselling-session-toolkit")
    if name not in HOMES:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    found = getattr(import_module(HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
