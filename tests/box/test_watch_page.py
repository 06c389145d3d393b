"""systemd/watch-page.py: fed while the page lives, silent when it hangs, and never about a kiosk that is away."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "systemd" / "watch-page.py"
LONG_S = 30.0


@pytest.fixture(scope="module")
def watch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("watch_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], int]]:
    """`serve(answer)`: the port of a program that answers so at /health."""
    servers: list[HTTPServer] = []

    def start(answer: bytes) -> int:
        class Health(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/health" else 404)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Health)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "running_s", "lives"),
    [
        (json.dumps({"page_s": 2.0}), 1000.0, True),
        (json.dumps({"page_s": 31.0}), 1000.0, False),
        (json.dumps({"page_s": 3100.0}), 80.0, True),  # the browser has just started
        ("no JSON", 1000.0, True),
        ("{}", 1000.0, True),
    ],
)
def test_only_a_page_that_is_silent_is_given_up(
    watch: ModuleType, serve: Callable[[bytes], int], answer: str, running_s: float, lives: bool
) -> None:
    assert watch.lives(serve(answer.encode()), running_s) == lives


def test_a_kiosk_that_is_away_is_not_the_browser_s_fault(watch: ModuleType) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert watch.lives(port, 1000.0)


def test_the_manager_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(LONG_S)
        feeder = subprocess.Popen([sys.executable, "-I", SCRIPT, "1"], env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        try:
            assert manager.recv(100) == b"WATCHDOG=1"
        finally:
            feeder.kill()
            feeder.wait()
