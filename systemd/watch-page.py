"""Tells the service manager that the page lives; the browser of one that hangs is started again.

The kiosk's program says at /health how long ago a page asked it (`page_s`). While it cannot be reached the browser is
not to blame, and for a while after its start no page is expected yet. Started by browser.sh, in the screen's unit.
usage: watch-page PORT
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time

INTERVAL_S = 5.0
START_S = 90.0
"""A slow board loads its first page in 25 s."""
SILENT_S = 30.0
"""A page asks every 2 s."""


def page_s(port: int) -> float:
    """Seconds since a page asked the kiosk's program; 0 where that cannot be reached."""
    request = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=4) as channel:
            channel.sendall(request.encode())
            answer = b"".join(iter(lambda: channel.recv(65536), b""))
        return float(json.loads(answer.partition(b"\r\n\r\n")[2])["page_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def lives(port: int, running_s: float) -> bool:
    """Whether the page lives, or cannot be expected yet `running_s` after the browser's start."""
    return running_s < START_S or page_s(port) < SILENT_S


def main() -> None:
    """Feed the unit's watchdog for as long as the page lives."""
    port, place = int(sys.argv[1]), os.environ["NOTIFY_SOCKET"]
    address = "\0" + place[1:] if place.startswith("@") else place
    started_s = time.monotonic()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        while True:
            if lives(port, time.monotonic() - started_s):
                manager.sendto(b"WATCHDOG=1", address)
            time.sleep(INTERVAL_S)


if __name__ == "__main__":
    main()
