"""When the screen was touched last, and what follows: a patient's details are covered, then the case ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from kiosk.capture.station import Station


class Attention:
    """Counts the time without a touch. All methods may be called from any thread.

    Attributes:
        turn: how often everything was ended because nobody touched the screen.
    """

    def __init__(
        self, station: Station, cover_after_s: float, end_after_s: float, clock: Callable[[], float] = monotonic
    ) -> None:
        """The screen counts as touched now.

        Args:
            station: its case is ended.
            cover_after_s: without a touch for so long, a patient's details are covered; 0: never.
            end_after_s: without a touch for so long, the case ends; 0: never.
            clock: in seconds, and never set back.
        """
        self.turn = 0
        self._station = station
        self._cover_after_s = cover_after_s
        self._end_after_s = end_after_s
        self._clock = clock
        self._lock = threading.Lock()  # guards everything below, and `turn`
        self._touched_s = clock()
        self._ended = False  # since the last touch

    def touched(self) -> None:
        """Somebody touched the screen, or a key."""
        with self._lock:
            self._touched_s = self._clock()
            self._ended = False

    def covered(self) -> bool:
        """Whether a patient's details are to be covered now."""
        with self._lock:
            return 0 < self._cover_after_s <= self._clock() - self._touched_s

    def sweep(self) -> None:
        """End the case, and whatever was entered, where nobody has touched the screen for too long."""
        with self._lock:
            due = 0 < self._end_after_s <= self._clock() - self._touched_s
            if not due or self._ended:
                return
            self._ended = True
            self.turn += 1
        self._station.abandon()
