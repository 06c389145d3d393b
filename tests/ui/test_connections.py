"""An answer's headers never reach a browser alone, and all of it arrives, in order."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from kiosk.ui.connections import BoundedProtocol, InOnePiece

LONG_S = 30.0


class Recorder(asyncio.Transport):
    """What is sent, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def test_headers_wait_for_the_beginning_of_the_body() -> None:
    recorder = Recorder()
    answer = InOnePiece(recorder)
    answer.write(b"headers ")
    assert recorder.sent == []
    answer.write(b"body ")
    answer.write(b"more")
    assert recorder.sent == [b"headers body ", b"more"]
    answer.close()
    assert recorder.closed


def test_headers_of_an_answer_that_is_given_up_are_sent_before_the_end() -> None:
    recorder = Recorder()
    answer = InOnePiece(recorder)
    answer.write(b"headers")
    answer.close()
    answer.close()
    assert recorder.sent == [b"headers"]
    assert answer.is_closing()


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server with real connections, and an answer of each kind."""

    async def whole(_: Request) -> Response:
        return PlainTextResponse("whole" * 9)

    async def nothing(_: Request) -> Response:
        return Response(status_code=204)

    async def parts(_: Request) -> Response:
        return StreamingResponse(iter(["one ", "two ", "three"]))

    async def failing(_: Request) -> Response:
        raise ZeroDivisionError

    routes = [Route(f"/{each.__name__}", each) for each in (whole, nothing, parts, failing)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(Starlette(routes=routes), http=BoundedProtocol, log_config=None, log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(LONG_S)


def asked(channel: socket.socket, path: str, end: bytes) -> bytes:
    channel.sendall(f"GET /{path} HTTP/1.1\r\nHost: kiosk\r\n\r\n".encode())
    answer, deadline = b"", time.monotonic() + LONG_S
    while not answer.endswith(end):
        assert time.monotonic() < deadline
        answer += channel.recv(65536)
    return answer


def test_every_kind_of_answer_arrives_whole_on_one_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), LONG_S) as channel:
        channel.settimeout(LONG_S)
        for _ in range(2):
            assert asked(channel, "whole", b"whole" * 9).startswith(b"HTTP/1.1 200")
            assert asked(channel, "nothing", b"\r\n\r\n").startswith(b"HTTP/1.1 204")
            assert b"three" in asked(channel, "parts", b"0\r\n\r\n")
        assert asked(channel, "failing", b"Internal Server Error").startswith(b"HTTP/1.1 500")
