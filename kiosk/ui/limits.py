"""Sockets are bounded: how many are open, how fast messages may come on one, and what they may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from time import monotonic
from typing import NamedTuple

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.ui.messages import is_a_page_s

MAX_MESSAGE_BYTES = 256 * 1024
"""Of one message; a tap with all that can be entered has less than 1 kB."""
POLICY_VIOLATION = 1008


class Limit(NamedTuple):
    """What a path's sockets may do.

    Attributes:
        sockets: open at once.
        burst: messages at once.
        per_s: messages a second in the long run.
        allows: whether a message is one that may come there.
    """

    sockets: int
    burst: float
    per_s: float
    allows: Callable[[bytes | None], bool] = lambda _: True


LIMITS: Mapping[str, Limit] = {
    "/_stcore/stream": Limit(8, 12, 4, is_a_page_s),  # taps; every one runs the screen's script
    "/preview": Limit(8, 120, 60),  # one acknowledgement for every live picture
}


class Limits:
    """ASGI middleware: refuses sockets beyond the limit, and ends one that sends faster than its limit."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = monotonic) -> None:
        self._app = app
        self._clock = clock
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        path: str = scope.get("path", "")
        limit = LIMITS.get(path)
        if scope["type"] != "websocket" or limit is None:
            await self._app(scope, receive, send)
            return
        if self._open[path] >= limit.sockets:
            await PlainTextResponse("too many windows", status_code=503)(scope, receive, send)
            return
        self._open[path] += 1
        try:
            await self._app(scope, self._slowed(receive, send, limit), send)
        finally:
            self._open[path] -= 1

    def _slowed(self, receive: Receive, send: Send, limit: Limit) -> Receive:
        """`receive` behind a token bucket: a message costs one token.

        An empty bucket ends the socket, and so does a message that may not come there.
        """
        tokens, filled_s = limit.burst, self._clock()

        async def receive_slowed() -> Message:
            nonlocal tokens, filled_s
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            now_s = self._clock()
            tokens = min(limit.burst, tokens + (now_s - filled_s) * limit.per_s)
            filled_s = now_s
            tokens -= 1
            if tokens < 0 or not limit.allows(message.get("bytes")):
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})
                return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
            return message

        return receive_slowed
