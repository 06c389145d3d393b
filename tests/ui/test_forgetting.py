"""After Done: a planted code and planted pictures are looked for in the server's memory, and are not there any more."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import WebSocket

from tests.ui.memory import copies
from tests.ui.stage import CAPTURE_MARK, PREVIEW_MARK, marked

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, StartStage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it reads another process's memory"),
]

CODE = "ZQXJK7731VKWUD"
JPEG = b"\xff\xd8\xff"


def listen(screen: Screen) -> list[bytes]:
    """All that the page is sent from now on."""
    received: list[bytes] = []

    def keep(payload: str | bytes) -> None:
        received.append(payload.encode() if isinstance(payload, str) else payload)

    def on_socket(socket: WebSocket) -> None:
        socket.on("framereceived", keep)

    screen.page.on("websocket", on_socket)
    screen.page.reload()
    screen.see(".start")
    return received


def test_nothing_of_a_patient_stays_in_the_servers_memory(start_stage: StartStage, open_screen: OpenScreen) -> None:
    live = {"live picture": marked(PREVIEW_MARK)[10].tobytes()}
    kept = {"code": CODE.encode(), "captured picture": marked(CAPTURE_MARK)[10].tobytes()}
    with start_stage("marked") as stage:
        assert stage.server.process is not None
        pid = stage.server.process.pid
        screen = open_screen(stage.server)
        received = listen(screen)
        screen.enter_code(CODE)
        screen.tap(".continue")
        screen.picture()
        assert all(copies(pid, live).values()), "this test would find it"
        screen.to_result()
        assert all(copies(pid, kept).values()), "this test would find them"
        (shown,) = (message for message in received if CODE.encode() in message and JPEG in message)
        middle = (shown.index(JPEG) + len(shown)) // 2
        screen.page.reload()  # a session that is gone has copies of its own
        screen.see(".result .dock .done")
        screen.done()
        markers = live | kept | {"picture on the screen": shown[middle : middle + 32]}
        give_up_s = time.monotonic() + 30
        while any((left := copies(pid, markers)).values()):
            assert time.monotonic() < give_up_s, left
            time.sleep(0.5)
