"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.errors import ToolkitError

__all__ = ["Finding", "State", "unreadable"]


class State(StrEnum):
    """As it should be, worth knowing, or to be put right."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what was found, and what to do (empty when nothing is)."""

    topic: str
    state: State
    found: str
    todo: str = ""

    def as_dict(self) -> dict[str, str]:
        """For ``--json``."""
        return {"topic": self.topic, "state": str(self.state), "found": self.found, "todo": self.todo}


def unreadable(topic: str, error: ToolkitError) -> Finding:
    """What could not be looked at, and why."""
    return Finding(topic, State.PROBLEM, error.message, error.hint or "Put it right, and look again.")
