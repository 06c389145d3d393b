"""Damaged messages of a real page on the screen's socket: no trace in the log, and the kiosk is well afterwards."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from benchmarks.fuzz.sockets import flood, healthy, listen

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, StartStage

MESSAGES = 60


@pytest.mark.browser
def test_damaged_messages_leave_no_trace(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("urgent") as stage:  # its log is free of traces at the end
        screen = open_screen(stage.server)
        recorded = listen(screen.page)
        screen.page.reload()
        screen.to_capture()
        screen.to_result()
        screen.done()
        screen.page.close()
        assert len(recorded) >= 4
        assert flood(stage.server.port, MESSAGES, recorded, Random(3)) >= MESSAGES  # noqa: S311 - damage, no secrets
        assert healthy(stage.server.port)
