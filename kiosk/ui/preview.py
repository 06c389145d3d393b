"""The live picture's WebSocket: one picture for every acknowledgement, so that a slow browser never falls behind."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from kiosk.capture.live_camera import Preview
from kiosk.capture.station import Station
from kiosk.ui.packing import pack
from kiosk.ui.tokens import Tokens

PROTOCOL = "dermakiosk.preview"
"""The subprotocol; the page offers it and, as a second one, its token, which so stays out of addresses and logs."""
WAIT_S = 1.0
POLICY_VIOLATION = 1008


class PreviewSocket:
    """Serves the live picture; `serve` is the endpoint of a `starlette.routing.WebSocketRoute`."""

    def __init__(self, station: Station, tokens: Tokens) -> None:
        self._station = station
        self._tokens = tokens

    async def serve(self, socket: WebSocket) -> None:
        """Serve one viewer until it leaves. Origin and Host were checked by the guard."""
        offered = socket.scope.get("subprotocols", [])
        if len(offered) != 2 or offered[0] != PROTOCOL or not self._tokens.valid(offered[1]):
            await socket.close(POLICY_VIOLATION)
            return
        await socket.accept(PROTOCOL)
        try:
            number = 0
            while True:
                preview = await self._next(number)
                if preview is not None:
                    number = preview.number
                    await socket.send_bytes(pack(words(preview), preview.jpeg))
                else:
                    await socket.send_bytes(pack({}, b""))  # nothing new; the answer tells whether anybody is there
                await socket.receive_text()
        except WebSocketDisconnect:
            return

    async def _next(self, number: int) -> Preview | None:
        try:
            async with asyncio.timeout(WAIT_S):
                return await asyncio.wrap_future(self._station.preview_after(number))
        except TimeoutError:
            return None


def words(preview: Preview) -> dict[str, object]:
    """What goes with a picture: `fault` (its code; empty: none), `simulated`, `reasons` (None: not judged yet)."""
    quality = preview.quality
    return {
        "number": preview.number,
        "fault": preview.fault_code,
        "simulated": preview.simulated,
        "reasons": None if quality is None else [str(reason) for reason in quality.reasons],
    }
