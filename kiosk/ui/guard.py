"""Who may talk to the kiosk: its own user's programs, pages of this kiosk only, over paths that it uses.

Streamlit checks neither Origin nor Host on an app's own routes, and accepts a socket without an Origin on its own.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.ui.limits import Limits
from kiosk.ui.peer import allowed_uids, peer_uid

HOSTS = ("127.0.0.1", "localhost")

PATHS = ("/", "/health", "/touch", "/preview", "/favicon.png")
PREFIXES = ("/assets/", "/static/", "/_stcore/stream", "/_stcore/health", "/_stcore/host-config")

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' blob:",  # a component's script is a blob made by Streamlit's front end
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' blob: data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def middleware(port: int) -> list[Middleware]:
    """The guards of a kiosk that listens on `port`, outermost first."""
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS)),
        Middleware(Guard, origins=frozenset(f"http://{host}:{port}" for host in HOSTS), uids=allowed_uids()),
        Middleware(Limits),
    ]


class Guard:
    """ASGI middleware: refuses other users, foreign origins, sockets without an origin, and paths that are not used."""

    def __init__(self, app: ASGIApp, origins: frozenset[str], uids: frozenset[int]) -> None:
        self._app = app
        self._origins = origins
        self._uids = uids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or answer it with 403 or 404 and end it there."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if not self._own_user(scope):
            return PlainTextResponse("another user's program", status_code=403)
        origin = Headers(scope=scope).get("origin")
        needs_origin = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if origin not in self._origins and (origin is not None or needs_origin):
            return PlainTextResponse("foreign origin", status_code=403)
        path: str = scope["path"]
        if path not in PATHS and not path.startswith(PREFIXES):
            return PlainTextResponse("not found", status_code=404)
        return None

    def _own_user(self, scope: Scope) -> bool:
        client, server = scope.get("client"), scope.get("server")
        if client is None or server is None:
            return False
        host, port = client
        uid = peer_uid(host, port, server[1])
        return uid is not None and uid in self._uids
