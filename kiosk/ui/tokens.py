"""Short-lived tokens: only a page that this process served may open the preview socket."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from time import monotonic

VALID_S = 30.0
"""Time enough to open a socket; a page that needs another asks for it."""


class Tokens:
    """Issues and checks tokens under a key that dies with the process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock

    def issue(self) -> str:
        """A token of letters, digits, - and _, valid for `VALID_S`."""
        claim = f"{int((self._clock() + VALID_S) * 1e3):x}-{secrets.token_hex(8)}"
        return f"{claim}-{self._sign(claim)}"

    def valid(self, token: str) -> bool:
        """Whether this process issued `token` within the last `VALID_S`."""
        claim, _, signature = token.rpartition("-")
        if not hmac.compare_digest(signature.encode(), self._sign(claim).encode()):
            return False
        expires_ms = int(claim.partition("-")[0], 16)  # signed by us, so it is a number
        return self._clock() * 1e3 < expires_ms

    def _sign(self, claim: str) -> str:
        return hmac.new(self._key, claim.encode(), hashlib.sha256).hexdigest()
