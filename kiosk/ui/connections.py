"""Connections are bounded, in number and in how long one may ask for nothing; and no answer's headers come alone."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_CONNECTIONS = 64
"""A page has six at most and its two sockets; the rest is for a second window and for `doctor`."""
REQUEST_TIMEOUT_S = 5.0
"""Until the first request's head has come."""


class InOnePiece(asyncio.Transport):
    """A connection for one answer: its headers wait for the beginning of its body, and both are sent at once.

    A program that is killed between the two leaves the browser a page of nothing, which Chromium does not load again,
    whatever the headers say.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._headers: bytes | None = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See `asyncio.WriteTransport`."""
        if self._headers is None:
            self._transport.write(data)
        elif self._headers:
            self._transport.write(self._headers + bytes(data))
            self._headers = None
        else:
            self._headers = bytes(data)

    def close(self) -> None:
        """See `asyncio.BaseTransport`."""
        if self._headers:  # an answer that was given up
            self._transport.write(self._headers)
        self._headers = None
        self._transport.close()

    def is_closing(self) -> bool:
        """See `asyncio.BaseTransport`."""
        return self._transport.is_closing()


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP protocol for one connection; one too many, or one that asks for nothing, is cut."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
            return
        self._deadline = self.loop.call_later(REQUEST_TIMEOUT_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        if self.cycle is not None or self.transport.is_closing() or self.transport.get_protocol() is not self:
            self._forget_deadline()

    def handle_events(self) -> None:
        """See `H11Protocol`: what begins to answer a request."""
        super().handle_events()
        if self.cycle is not None and not isinstance(self.cycle.transport, InOnePiece):
            self.cycle.transport = InOnePiece(self.cycle.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._forget_deadline()
        super().connection_lost(exc)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class BoundedSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol; one that goes on sending after we closed it is cut, lest its flood be read on."""

    def send_receive_event_to_app(self) -> None:
        """See `WebSocketsSansIOProtocol`."""
        if self.close_sent:
            self.transport.abort()
        super().send_receive_event_to_app()
