"""A stage beside another, and work on several cores: what is told, in what order, and what happens after an error."""

from __future__ import annotations

import threading

import pytest

from toolkit.backends.beside import in_order
from toolkit.stages.side import beside

WAIT = 30  # s: longer than any machine needs, so that a deadlock fails instead of hanging


def test_only_one_stage_is_told_about_at_a_time() -> None:
    told: list[tuple[str, float]] = []
    half, words_over = threading.Event(), threading.Event()

    def speakers(report) -> str:
        report("speakers", 1.0, 2.0)
        half.set()
        assert words_over.wait(WAIT)
        report("speakers", 2.0, 2.0)
        return "who"

    def report(stage: str, done: float, total: float) -> None:
        told.append((stage, done))
        if stage == "speakers":
            words_over.set()

    with beside(speakers, report) as found:
        assert half.wait(WAIT)
        report("words", 2.0, 2.0)
        assert found() == "who"
    assert told == [("words", 2.0), ("speakers", 1.0), ("speakers", 2.0)]


def test_the_error_of_the_stage_beside_comes_when_its_result_is_asked_for() -> None:
    told: list[str] = []

    def speakers(report) -> None:
        report("speakers", 0.0, 1.0)
        raise ValueError("no diarizer")

    def session() -> None:
        with beside(speakers, lambda stage, *_: told.append(stage)) as found:
            told.append("words")
            found()

    with pytest.raises(ValueError, match="no diarizer"):
        session()
    assert told == ["words", "speakers"]  # so that the failure is named after the right stage


def test_an_error_ends_the_stage_beside_at_its_next_report() -> None:
    began, failed, ended = threading.Event(), threading.Event(), threading.Event()

    def speakers(report) -> None:
        try:
            began.set()
            assert failed.wait(WAIT)
            for _ in range(10_000_000):
                report("speakers", 0.0, 1.0)
            pytest.fail("nobody ended it")
        finally:
            ended.set()

    def session() -> None:
        with beside(speakers, lambda *_: None):
            assert began.wait(WAIT)
            failed.set()
            raise ValueError("no words")

    with pytest.raises(ValueError, match="no words"):
        session()
    assert ended.is_set()


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    later = threading.Event()

    def do(item: int) -> int:
        if item == 0 and workers > 1:  # the first is done last
            assert later.wait(WAIT)
        if item == 1:
            later.set()
        return item * item

    assert list(in_order(do, range(6), workers=workers)) == [0, 1, 4, 9, 16, 25]


def test_after_an_error_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def do(item: int) -> int:
        begun.append(item)
        if item == 1:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match="1"):
        list(in_order(do, range(1000), workers=1))
    assert begun[:2] == [0, 1]
    assert len(begun) <= 4  # those that may be ahead
