"""The preview socket's rule: the next picture is asked for when the one before was drawn, and not earlier."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from starlette.websockets import WebSocket

from kiosk.capture.live_camera import Preview
from kiosk.clinical.quality_report import QualityReport, Reason
from kiosk.ui.preview import PROTOCOL, PreviewSocket
from kiosk.ui.tokens import Tokens


class OneAfterAnother:
    """A station whose pictures come as fast as they are asked for."""

    def __init__(self) -> None:
        self.asked_after: list[int] = []

    def preview_after(self, number: int) -> Future[Preview | None]:
        self.asked_after.append(number)
        future: Future[Preview | None] = Future()
        if number < 3:
            report = QualityReport((Reason.GLARE,), {})
            future.set_result(Preview(number + 1, b"jpeg", report if number else None))
        return future


def run(watch: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to the end in a thread of its own: Playwright keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, watch()).result()


class Viewer:
    """The browser's end of an ASGI WebSocket."""

    def __init__(self, station: OneAfterAnother, subprotocols: list[str], tokens: Tokens) -> None:
        self.to_server: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self.from_server: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self.to_server.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/preview", "headers": [], "subprotocols": subprotocols}
        socket = WebSocket(scope, self.to_server.get, self.from_server.put)
        self.serving = asyncio.create_task(PreviewSocket(station, tokens).serve(socket))  # type: ignore[arg-type]  # all it uses

    async def receive(self) -> MutableMapping[str, Any]:
        return await asyncio.wait_for(self.from_server.get(), 30)

    async def picture(self) -> tuple[dict[str, Any], bytes]:
        message = (await self.receive())["bytes"]
        length = int.from_bytes(message[:4], "big")
        return json.loads(message[4 : 4 + length]), message[4 + length :]

    async def leave(self) -> None:
        self.to_server.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.serving, 30)


@pytest.fixture
def station() -> OneAfterAnother:
    return OneAfterAnother()


def test_one_picture_for_every_acknowledgement(station: OneAfterAnother) -> None:
    async def watch() -> None:
        tokens = Tokens()
        viewer = Viewer(station, [PROTOCOL, tokens.issue()], tokens)
        assert (await viewer.receive())["subprotocol"] == PROTOCOL
        words, jpeg = await viewer.picture()
        assert (words["number"], words["reasons"], jpeg) == (1, None, b"jpeg")
        await asyncio.sleep(0)
        assert station.asked_after == [0], "the first picture is not drawn yet"
        viewer.to_server.put_nowait({"type": "websocket.receive", "text": "drawn"})
        words, _ = await viewer.picture()
        assert (words["number"], words["reasons"]) == (2, ["glare"])
        assert station.asked_after == [0, 1]
        await viewer.leave()

    run(watch)


def test_nothing_new_is_said_too_so_that_a_viewer_who_left_is_noticed(station: OneAfterAnother) -> None:
    async def watch() -> None:
        tokens = Tokens()
        viewer = Viewer(station, [PROTOCOL, tokens.issue()], tokens)
        await viewer.receive()
        for number in (1, 2, 3, None):
            words, jpeg = await viewer.picture()
            assert words.get("number") == number
            assert bool(jpeg) == (number is not None)
            if number is not None:
                viewer.to_server.put_nowait({"type": "websocket.receive", "text": "drawn"})
        await viewer.leave()

    run(watch)


def test_without_a_token_no_camera_is_asked(station: OneAfterAnother) -> None:
    async def watch() -> None:
        viewer = Viewer(station, [PROTOCOL, Tokens().issue()], Tokens())
        assert (await viewer.receive())["type"] == "websocket.close"
        await asyncio.wait_for(viewer.serving, 30)
        assert station.asked_after == []

    run(watch)
