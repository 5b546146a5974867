"""What a run shows while it works: bars of one session's stages, or one bar of a whole batch; and its log as JSON.

Neither holds text: session ids, states, stages, classes of errors and numbers.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from toolkit.atomic import store_error
from toolkit.cli.screen import stderr

if TYPE_CHECKING:
    from toolkit.batch import Outcome, Watcher

__all__ = ["Bars", "BatchBar", "JsonLog", "Together", "clock"]


class Bars:
    """Progress bars of sessions in this process: the stage, minutes of audio done in it, time left."""

    def __init__(self) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[session]}", style="bold"),
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[minutes]}"),
            TimeRemainingColumn(compact=True),
            console=stderr,
        )
        self.task: TaskID | None = None
        self.name = ""
        self.session = ""

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def start(self, session_id: str) -> None:
        """Begin the bar of a session."""
        self.session = session_id

    def stage(self, name: str, done: float, total: float) -> None:
        """Move the bar; a new stage starts its own, so that the time left is honest."""
        minutes = f"{done / 60:.1f} of {total / 60:.1f} min" if total else ""
        if self.task is None or name != self.name:
            self.clear()
            self.name = name
            self.task = self.progress.add_task(name, total=total or None, session=self.session, minutes=minutes)
        self.progress.update(self.task, completed=done, total=total or None, minutes=minutes)

    def end(self, outcome: Outcome) -> None:  # noqa: ARG002 - a watcher is told the outcome, the table shows it
        """End the bar of a session."""
        self.clear()

    def clear(self) -> None:
        """Take the current bar away."""
        if self.task is not None:
            self.progress.remove_task(self.task)
        self.task = None


class BatchBar:
    """One bar of a batch: sessions and hours of audio done, how fast, time left, failures.

    Parameters
    ----------
    sizes
        Bytes of each session's recording: how much is left is told by them, as lengths are not known before decoding.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.states: Counter[str] = Counter()
        self.audio = 0.0
        self.began = time.monotonic()
        self.note = ""
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[told]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=stderr,
            speed_estimate_period=3600,
        )
        self.task = self.progress.add_task("", total=max(1, sum(sizes.values())), told=self.told(), speed="")

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def start(self, session_id: str) -> None:
        """A session begins: the bar moves when it ends."""

    def stage(self, name: str, done: float, total: float) -> None:
        """A stage of a session in this process: the bar moves when the session ends."""

    def end(self, outcome: Outcome) -> None:
        """A session has ended."""
        self.states[outcome.state] += 1
        self.audio += outcome.audio_seconds
        passed = time.monotonic() - self.began
        speed = f"{self.audio / passed:.1f} times real time" if passed > 1 and self.audio else ""
        advance = self.sizes.get(outcome.session_id, 0)
        self.progress.update(self.task, advance=advance, told=self.told(), speed=speed)

    def stopping(self) -> None:
        """Ctrl-C was pressed once."""
        self.note = " · stopping after the sessions in work, Ctrl-C again stops at once"
        self.progress.update(self.task, told=self.told())

    def told(self) -> str:
        """Sessions, hours and failures so far."""
        bad = self.states["failed"] + self.states["refused"]
        failures = f" · {bad} failed" if bad else ""
        done = f"{self.states.total()} of {len(self.sizes)} sessions · {self.audio / 3600:.1f} h of audio"
        return f"{done}{failures}{self.note}"


class JsonLog:
    """The log of a run for programs: one JSON object a line, added at the end of a file.

    ``begin`` says what is to be done, ``session`` how one ended, ``end`` what there was in all.

    Raises
    ------
    StoreError
        When the file cannot be written.
    """

    def __init__(self, path: Path, *, sessions: int, workers: int) -> None:
        self.states: Counter[str] = Counter()
        self.began, self.sessions = time.monotonic(), sessions
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise store_error(path, error) from None
        self.file: TextIO = os.fdopen(handle, "a", encoding="utf-8")
        self.say("begin", sessions=sessions, workers=workers)

    def start(self, session_id: str) -> None:
        """Nothing is logged: with several workers it is not known."""

    def stage(self, name: str, done: float, total: float) -> None:
        """Nothing is logged: that would be thousands of lines."""

    def end(self, outcome: Outcome) -> None:
        """Log how a session ended."""
        self.states[outcome.state] += 1
        self.say(
            "session",
            session_id=outcome.session_id,
            state=str(outcome.state),
            stage=outcome.stage,
            error=outcome.error,
            exit_code=outcome.exit_code,
            attempts=outcome.attempts,
            seconds=outcome.seconds,
            audio_seconds=round(outcome.audio_seconds, 3),
            peak_mb=outcome.peak_mb,
        )

    def close(self) -> None:
        """Log what there was in all."""
        seconds = round(time.monotonic() - self.began, 3)
        states = {state: self.states[state] for state in ("done", "current", "refused", "failed")}
        self.say("end", **states, not_run=self.sessions - self.states.total(), seconds=seconds)
        self.file.close()

    def say(self, event: str, **values: str | float) -> None:
        """Write one line, at once."""
        line = {"event": event, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **values}
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()


class Together:
    """Several watchers as one."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self.watchers = watchers

    def start(self, session_id: str) -> None:
        """Tell all."""
        for watcher in self.watchers:
            watcher.start(session_id)

    def stage(self, name: str, done: float, total: float) -> None:
        """Tell all."""
        for watcher in self.watchers:
            watcher.stage(name, done, total)

    def end(self, outcome: Outcome) -> None:
        """Tell all."""
        for watcher in self.watchers:
            watcher.end(outcome)


def clock(seconds: float) -> str:
    """A length of time as hours, minutes and seconds.

    Examples
    --------
    >>> clock(3725)
    '1:02:05'
    """
    whole = round(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
