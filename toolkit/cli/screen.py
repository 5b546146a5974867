"""What every command shares: the two consoles, one way to complain, one way to show a table."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from toolkit.errors import ToolkitError

__all__ = ["NO_SESSIONS", "complain", "quiet_crash", "say", "stderr", "stdout", "table"]

NO_SESSIONS = "No sessions yet. Add one: toolkit add STUDY RECORDING --session ID --therapist ID --client ID"

stdout = Console(highlight=False, soft_wrap=False)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Print one line of plain text (no markup) on standard output."""
    stdout.print(Text(message), soft_wrap=True)


def complain(error: ToolkitError) -> None:
    """Print an error as one line on standard error."""
    stderr.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> Table:
    """Build a readable table; `right` names the columns that hold numbers."""
    built = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for name in columns:
        built.add_column(name, justify="right" if name in right else "left")
    for row in rows:
        built.add_row(*(Text(cell) for cell in row))
    return built


def quiet_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report a defect of the toolkit itself without its message, which might hold speech, names or paths."""
    if os.environ.get("TOOLKIT_DEBUG") or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    frames = traceback.extract_tb(trace)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    stderr.print(Text(f"internal error: {kind.__name__} at {where}. Run again with: toolkit --debug …"))
