"""Floods of connections that ask for nothing, of messages, of windows: the kiosk lives on."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from kiosk.ui.connections import MAX_CONNECTIONS
from kiosk.ui.limits import LIMITS, Limits
from kiosk.upkeep.log import MAX_CHARACTERS, SAME_LINES, WINDOW_S, RepeatFilter

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Stage, StartStage

LOG_BYTES = 100_000
RERUN = BackMsg(rerun_script=ClientState(query_string="")).SerializeToString()


@pytest.fixture
def flooded(start_stage: StartStage) -> Iterator[Stage]:
    """A kiosk of this test alone; afterwards it must be well, and its log short."""
    with start_stage("urgent") as stage:
        yield stage
        until_healthy(stage)
        assert len(stage.server.log()) < LOG_BYTES


def until_healthy(stage: Stage) -> None:
    give_up_s = time.monotonic() + 60.0
    while True:
        try:
            status, health = stage.server.health()
        except OSError:
            status, health = 0, {}
        if status == 200:
            assert health["status"] == "ok"
            return
        assert time.monotonic() < give_up_s, f"not healthy again: {stage.server.log()}"
        time.sleep(0.1)


def opens(stage: Stage) -> bool:
    """Whether a further window may open."""
    try:
        with stream(stage):
            return True
    except InvalidStatus:
        return False


def stream(stage: Stage) -> ClientConnection:
    port = stage.server.port
    return connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=Origin(f"http://127.0.0.1:{port}"), proxy=None)


def flood(channel: ClientConnection, messages: Sequence[str | bytes]) -> None:
    """Send until the other side has had enough; it must have."""

    def send_all() -> None:
        for message in messages:
            channel.send(message)
        while True:
            channel.recv(timeout=60)

    with pytest.raises(ConnectionClosed):
        send_all()


def test_connections_that_ask_for_nothing_are_bounded(flooded: Stage) -> None:
    with ExitStack() as open_connections:
        for _ in range(4 * MAX_CONNECTIONS):
            channel = open_connections.enter_context(socket.create_connection(("127.0.0.1", flooded.server.port), 10))
            channel.settimeout(30)
        # the last of them was cut at once; the first is cut when it has asked for nothing for long enough
        assert channel.recv(1) == b""
    until_healthy(flooded)


def test_a_connection_that_asks_for_nothing_is_cut(flooded: Stage) -> None:
    with socket.create_connection(("127.0.0.1", flooded.server.port), 10) as channel:
        channel.settimeout(30)
        channel.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert channel.recv(1) == b""


@pytest.mark.browser
def test_a_socket_that_floods_is_closed_and_the_case_is_kept(flooded: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(flooded.server)
    screen.to_capture()
    screen.to_result()
    shown = screen.see(".result .panel").inner_text()
    with stream(flooded) as channel:
        flood(channel, [b"\x5a\x00"] * 20_000)
    until_healthy(flooded)
    screen.page.reload()
    screen.see(".result .bars li")
    assert screen.see(".result .panel").inner_text() == shown


def test_windows_are_bounded(flooded: Stage) -> None:
    allowed = LIMITS["/_stcore/stream"].sockets
    with ExitStack() as windows:
        for _ in range(allowed):
            windows.enter_context(stream(flooded))
        for _ in range(3):
            with pytest.raises(InvalidStatus) as refused, stream(flooded):
                pass
            assert refused.value.response.status_code == 503
    until_healthy(flooded)
    # the places are free again
    give_up_s = time.monotonic() + 60.0
    while not opens(flooded):
        assert time.monotonic() < give_up_s
        time.sleep(0.1)


def test_a_message_that_is_too_large_is_refused(flooded: Stage) -> None:
    with stream(flooded) as channel:
        flood(channel, ["A" * 5_000_000])


@pytest.mark.parametrize(
    "message",
    [
        "text",
        b"",
        b"\xff",
        BackMsg(clear_cache=True).SerializeToString(),
        BackMsg(rerun_script=ClientState(fragment_id="x")).SerializeToString(),
    ],
    ids=["text", "nothing", "no protocol", "another kind", "a part of the script"],
)
def test_what_no_page_says_ends_the_socket(stage: Stage, message: str | bytes) -> None:
    with stream(stage) as channel:
        flood(channel, [message])
    assert "Traceback" not in stage.server.log()


@pytest.mark.parametrize("path", sorted(LIMITS))
def test_what_a_person_does_is_within_the_limits(path: str) -> None:
    now_s = 0.0
    limit = LIMITS[path]
    sent: list[str] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        nonlocal now_s
        for _ in range(int(10 * limit.per_s)):
            now_s += 1.0 / limit.per_s
            sent.append((await receive())["type"])

    async def receive() -> Message:
        return {"type": "websocket.receive", "bytes": RERUN}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    coroutine = Limits(app, clock=lambda: now_s)({"type": "websocket", "path": path}, receive, send)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert set(sent) == {"websocket.receive"}


def test_repeated_lines_are_counted_not_written() -> None:
    now_s = 0.0
    repeats = RepeatFilter(clock=lambda: now_s)

    def record(words: str, *args: object) -> logging.LogRecord:
        return logging.LogRecord("kiosk", logging.WARNING, __file__, 1, words, args, None)

    passed = [repeats.filter(record("bad message %d", number)) for number in range(100)]
    assert passed == [True] * SAME_LINES + [False] * (100 - SAME_LINES)
    assert repeats.filter(record("something else"))
    now_s = WINDOW_S
    late = record("bad message %d", 7)
    assert repeats.filter(late)
    assert late.getMessage() == f"bad message 7 (and {100 - SAME_LINES} more like this)"
    long = record("code %s", "A" * 5_000_000)
    assert repeats.filter(long)
    assert len(long.getMessage()) == MAX_CHARACTERS
