"""A progress bar on a terminal; on anything else only the notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

_BAR_CELLS = 30
_REDRAW_INTERVAL_S = 0.1
_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Counts finished items of a known total."""

    def __init__(self, total: int, stream: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self._total = total
        self._stream = stream
        self._clock = clock
        self._shown = stream.isatty() and total > 1
        self._done = 0
        self._started_s = clock()
        self._drawn_s = float("-inf")

    def advance(self) -> None:
        """One more is finished."""
        self._done += 1
        if self._shown and self._clock() - self._drawn_s >= _REDRAW_INTERVAL_S:
            self._draw()

    def note(self, line: str) -> None:
        """Write a line of text above the bar."""
        with self.hidden():
            self._stream.write(line + "\n")
            self._stream.flush()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the bar away while something else is written to the same terminal."""
        if self._shown:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()
        yield
        if self._shown:
            self._draw()

    def close(self) -> None:
        """Take the bar away for good."""
        if self._shown:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()
        self._shown = False

    def _draw(self) -> None:
        self._drawn_s = self._clock()
        elapsed_s = self._drawn_s - self._started_s
        filled = _BAR_CELLS * self._done // self._total
        rate = self._done / elapsed_s if elapsed_s > 0 else 0.0
        left = f"{(self._total - self._done) / rate:.0f} s left" if rate > 0 else ""
        bar = "█" * filled + "·" * (_BAR_CELLS - filled)
        self._stream.write(f"{_CLEAR_LINE}{bar} {self._done}/{self._total}  {rate:.1f}/s  {left}")
        self._stream.flush()
