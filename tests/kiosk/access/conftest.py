"""A store that was set up, and the door before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.access.session import Access
from tests.kiosk.records.conftest import box, tmp_path
from tests.kiosk.records.samples import Box

__all__ = ["box", "tmp_path"]


class Door:
    """An `Access` whose clocks the test sets."""

    def __init__(self, box: Box) -> None:
        box.store.close()
        self.box = box
        self.uptime_s = 1000.0
        self.boot = "first"
        self.access = self.new()

    def new(self) -> Access:
        return Access(self.box.folder, clock=lambda: self.box.now, boottime=lambda: self.uptime_s, this_boot=self.boot)

    def restart(self, *, machine: bool) -> None:
        """Pull the plug of the program, or of the machine."""
        self.access.close()
        if machine:
            self.uptime_s, self.boot = 5.0, f"{self.boot} and next"
        self.access = self.new()


@pytest.fixture
def door(box: Box) -> Iterator[Door]:
    """Before the store of `box`, which nobody has unlocked."""
    made = Door(box)
    yield made
    made.access.close()
