"""Work on several cores whose results do not depend on how many there are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

__all__ = ["in_order"]

A = TypeVar("A")
B = TypeVar("B")


def in_order(do: Callable[[A], B], items: Iterable[A], *, workers: int) -> Iterator[B]:
    """Give `do(item)` of every item, in their order, several at work at the same time.

    After an error, and when the caller stops asking, what has not begun is not done.

    Examples
    --------
    >>> list(in_order(abs, [-1, 2, -3], workers=2))
    [1, 2, 3]
    """
    pool = ThreadPoolExecutor(max_workers=workers)
    left = iter(items)
    # twice as many as can be at work, so that one that takes long leaves nobody idle and few results wait
    ahead = deque(pool.submit(do, item) for item in islice(left, 2 * workers))
    try:
        while ahead:
            result = ahead.popleft().result()
            ahead.extend(pool.submit(do, item) for item in islice(left, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
