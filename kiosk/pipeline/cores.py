"""All cores for one picture: the thread that asks works too, so that nothing waits to be woken."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import cv2

P = ParamSpec("P")
T = TypeVar("T")


class Cores:
    """The cores that this process may use; a context manager. One thread at a time may ask for work."""

    def __init__(self) -> None:
        """Nothing runs and nothing is set before the `with` block is entered."""
        self._helpers = max(1, len(os.sched_getaffinity(0)) - 1)

    def __enter__(self) -> Self:
        # OpenCV's own threads spin while they wait for work: beside ours they cost the assessment a tenth of its time,
        # and the live picture a sixth of what it asks of a core
        self._opencv_threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        # its threads start when they are first needed, and wait between assessments
        self._pool = ThreadPoolExecutor(self._helpers, "picture")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        cv2.setNumThreads(self._opencv_threads)

    def begin(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin `function` on another core."""
        return self._pool.submit(function, *args, **kwargs)

    def spread(self, function: Callable[[int], object], parts: Iterable[int]) -> Iterable[object]:
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

        helpers = [self._pool.submit(take) for _ in range(min(self._helpers, len(waiting) - 1))]
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
