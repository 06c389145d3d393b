"""Work over the floor beneath it, measured in turns: a machine that is busy for a while slows both."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

ROUNDS = 60

RecordRatio = Callable[[Callable[[], object], Callable[[], object]], None]
"""The fixture `record_ratio`: measures work and floor in turns and keeps the ratio."""


def over_floor(work: Callable[[], object], floor: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The quickest of `rounds` turns of `work` over the quickest of `floor`, each after one that does not count.

    The quickest turn is the one that nobody interrupted; means and medians would measure the neighbours.
    """
    work()
    floor()
    work_s, floor_s = [], []
    for _ in range(rounds):
        started = perf_counter()
        floor()
        between = perf_counter()
        work()
        work_s.append(perf_counter() - between)
        floor_s.append(between - started)
    return min(work_s) / min(floor_s)
