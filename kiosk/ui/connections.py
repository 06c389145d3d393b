"""Connections are bounded: in number, and in how long one may hold a place without asking for anything."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_CONNECTIONS = 64
"""A page has six at most and its two sockets; the rest is for a second window and for `doctor`."""
REQUEST_TIMEOUT_S = 5.0
"""Until the first request's head has come."""


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
