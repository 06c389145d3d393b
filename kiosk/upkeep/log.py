"""A log that one repeated fault cannot fill."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

SAME_LINES = 5
"""Of one kind within `WINDOW_S`; the rest is counted."""
WINDOW_S = 60.0
MAX_CHARACTERS = 2000
"""Of one line's words: what somebody sent must not fill the log either."""


class RepeatFilter(logging.Filter):
    """Lets `SAME_LINES` records of one kind pass in `WINDOW_S`; the first of the next window says how many did not."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; its message may be changed."""
        kind = (record.name, record.levelno, str(record.msg)[:MAX_CHARACTERS])
        now_s = self._clock()
        began_s, count = self._windows.get(kind, (now_s, 0))
        missed = 0
        if now_s - began_s >= WINDOW_S:
            missed, began_s, count = max(0, count - SAME_LINES), now_s, 0
        if len(self._windows) > 1000:  # kinds are the program's own words: so many are a fault of their own
            self._windows.clear()
        self._windows[kind] = began_s, count + 1
        if count >= SAME_LINES:
            return False
        message = record.getMessage()
        if missed or len(message) > MAX_CHARACTERS:
            end = f" (and {missed} more like this)" if missed else ""
            record.msg, record.args = message[:MAX_CHARACTERS] + end, None
        return True


def configure() -> None:
    """Log to standard error, as the service manager keeps it, through the filter."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
