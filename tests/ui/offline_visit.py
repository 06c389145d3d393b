"""A full visit in the shipped kiosk and a real browser; run by `test_no_packets.py` where packets are watched.

Usage: python offline_visit.py FOLDER FLAG…; FLAG are Chromium's, as systemd/browser.sh gives them. With LOOPBACK=1 in
the environment the loopback interface is switched on first: a fresh network namespace has nothing else.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.ui.conftest import CHROMIUM, Screen, running

_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


def main() -> int:
    folder, flags = Path(sys.argv[1]), sys.argv[2:]
    if os.environ.get("LOOPBACK"):
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))
    command = [sys.executable, "-m", "kiosk", "run", "--camera", "phantom", "--port"]
    with (
        running(lambda port: [*command, str(port)], folder / "log") as server,
        sync_playwright() as playwright,
        playwright.chromium.launch_persistent_context(
            folder / "profile", executable_path=CHROMIUM, headless=True, has_touch=True, args=["--no-sandbox", *flags]
        ) as browser,
    ):
        page = browser.pages[0]
        page.goto(server.url)
        screen = Screen(page, "1280x800")
        screen.see(".start")
        screen.tap('.key[aria-label="7"]')
        screen.tap(".continue")
        screen.picture()
        screen.to_result()
        screen.tap(".about")
        screen.see(".sheet")
        screen.tap(".sheet .close")
        screen.done()
    sys.stdout.write("the visit is over\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
