from __future__ import annotations

import threading
from collections.abc import Iterator

import cv2
import pytest

from kiosk.pipeline.cores import Cores


@pytest.fixture
def cores() -> Iterator[Cores]:
    with Cores() as entered:
        yield entered


def test_opencv_starts_no_threads_of_its_own_meanwhile() -> None:
    before = cv2.getNumThreads()
    assert before > 1
    with Cores():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


def test_every_part_is_done_once_when_it_returns(cores: Cores) -> None:
    done: list[int] = []
    cores.spread(done.append, range(100))
    assert sorted(done) == list(range(100))
    cores.spread(done.append, ())
    assert len(done) == 100


def test_two_parts_run_at_the_same_time(cores: Cores) -> None:
    both = threading.Barrier(2, timeout=60)
    cores.spread(lambda part: both.wait(), range(2))


def test_the_asking_thread_does_all_where_the_helpers_are_busy(cores: Cores) -> None:
    held = threading.Event()
    busy = [cores.begin(held.wait, 60) for _ in range(64)]
    try:
        workers: set[int] = set()
        cores.spread(lambda part: workers.add(threading.get_ident()), range(20))
        assert workers == {threading.get_ident()}
    finally:
        held.set()
    assert all(one.result() for one in busy)


@pytest.mark.parametrize("bad", [0, 7, 49])
def test_an_error_comes_out_when_nothing_runs_any_more(cores: Cores, bad: int) -> None:
    running = []

    def work(part: int) -> None:
        running.append(part)
        try:
            if part == bad:
                raise ValueError(f"part {part}")
        finally:
            running.remove(part)

    with pytest.raises(ValueError, match=f"part {bad}"):
        cores.spread(work, range(50))
    assert not running
