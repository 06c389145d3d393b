"""All cores for one picture: the thread that asks works too, so that nothing waits to be woken."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_HELPERS = max(1, len(os.sched_getaffinity(0)) - 1)
# its threads start when they are first needed, and wait between assessments
_POOL = ThreadPoolExecutor(_HELPERS, "picture")


def beside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Begin `function` on another core."""
    return _POOL.submit(function, *args, **kwargs)


def spread(function: Callable[[int], object], parts: Iterable[int]) -> Iterable[object]:
    """Call `function` for every part, on all cores that are free (`edge_models.preprocess.Spread`).

    Returns when all is done; the results are not kept.

    Raises:
        The first error of `function`; nothing of it still runs then.
    """
    waiting = deque(parts)

    def take() -> None:
        while True:
            try:
                part = waiting.popleft()
            except IndexError:
                return
            function(part)

    helpers = [_POOL.submit(take) for _ in range(min(_HELPERS, len(waiting) - 1))]
    try:
        take()
    finally:
        waiting.clear()
        # one that something else kept from beginning is not waited for
        begun = [helper for helper in helpers if not helper.cancel()]
        errors = [helper.exception() for helper in begun]
    for error in filter(None, errors):
        raise error
    return ()
