"""What can go wrong, by the exit code that tells a script which of the five it was.

A message is one line: what, where (the session's id) and what to do. It never carries speech, names of people or
full paths; a file is named by its last part only.
"""

from __future__ import annotations

__all__ = ["BackendError", "ConfigError", "ConsentError", "InputError", "StoreError", "ToolkitError"]


class ToolkitError(Exception):
    """The root of every error the toolkit raises on purpose.

    Parameters
    ----------
    message
        One line: what is wrong and, for a session, its id. Control characters and line breaks are replaced.
    hint
        What to do about it; empty when the message says it already.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = one_line(message)
        self.hint = one_line(hint)
        super().__init__(f"{self.message} {self.hint}".strip())


class InputError(ToolkitError):
    """What the user gave cannot be used: a recording, a table, an argument."""

    exit_code = 2


class ConsentError(ToolkitError):
    """Consent does not cover what was asked; nothing was decoded."""

    exit_code = 3


class ConfigError(ToolkitError):
    """A setting is unknown, of the wrong type or out of range."""

    exit_code = 4


class BackendError(ToolkitError):
    """A model is missing, damaged or failed."""

    exit_code = 5


class StoreError(ToolkitError):
    """Results cannot be written or read back."""

    exit_code = 6


def one_line(text: str) -> str:
    """Replace line breaks, control and direction-changing characters, so that a message stays one honest line."""
    return "".join(c if c.isprintable() else "�" for c in text)
