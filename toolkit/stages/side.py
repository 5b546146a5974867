"""A stage beside another: it runs in a thread of its own, and is not told about until the other is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["beside"]

T = TypeVar("T")
Report = Callable[[str, float, float], None]


class Abandoned(Exception):  # noqa: N818 - no error: nobody waits for the stage any more
    """Ends a stage whose result nobody waits for."""


class Quiet:
    """Keeps what a stage reports until somebody listens: only one stage is shown at a time."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.last: tuple[str, float, float] | None = None
        self.loud = self.over = False

    def __call__(self, stage: str, done: float, total: float) -> None:
        """Take note, and pass it on once somebody listens; end the stage when nobody will."""
        if self.over:
            raise Abandoned
        self.last = (stage, done, total)
        if self.loud:
            self.report(stage, done, total)

    def speak(self) -> None:
        """Tell the last report and all that come."""
        if self.last is not None:
            self.report(*self.last)
        self.loud = True


@contextmanager
def beside(stage: Callable[[Report], T], report: Report) -> Iterator[Callable[[], T]]:
    """Run a stage beside the body of a ``with``, which gets a function that waits for its result.

    Parameters
    ----------
    stage
        Given a report of its own.
    report
        Told nothing of the stage before its result is asked for.

    Examples
    --------
    >>> with beside(lambda report: report("speakers", 1.0, 2.0) or 6, print) as six:
    ...     print("words")
    ...     six()
    words
    speakers 1.0 2.0
    6
    """
    told = Quiet(report)
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(stage, told)

        def result() -> T:
            told.speak()
            return future.result()

        try:
            yield result
        finally:
            told.over = not future.done()
