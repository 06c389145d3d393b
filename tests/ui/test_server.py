"""The server as a process: one clear line when it cannot start, and the service manager hears how it is."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiosk.errors import PortInUse
from kiosk.ui import server

if TYPE_CHECKING:
    from tests.ui.conftest import Stage, StartStage

STAGE = str(Path(__file__).with_name("stage.py"))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_one_clear_line(taken_port: int, tmp_path: Path) -> None:
    (tmp_path / "script").touch()
    command = [sys.executable, STAGE, str(taken_port), str(tmp_path / "script")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"Port {taken_port} of 127.0.0.1 is in use" in ended.stderr
    assert "--port" in ended.stderr


def test_a_port_in_use_is_ours_to_raise(taken_port: int) -> None:
    with pytest.raises(PortInUse):
        server.listen(taken_port)


def test_only_this_device_can_reach_it(stage: Stage) -> None:
    listening = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    local = [line.split()[1] for line in listening if line.split()[3] == "0A"]
    assert [address for address in local if address.endswith(f":{stage.server.port:04X}")] == [
        f"0100007F:{stage.server.port:04X}"
    ]


def test_the_service_manager_hears_of_ready_progress_and_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_stage: StartStage
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        with start_stage("urgent") as stage:
            heard = [manager.recv(100).decode() for _ in range(3)]
            assert stage.server.stop() == -signal.SIGTERM, "uvicorn ends by the signal that it was sent"
            while "STOPPING=1" not in heard:
                heard.append(manager.recv(100).decode())
    assert heard[0] == "READY=1"
    assert set(heard[1:-1]) == {"WATCHDOG=1"}


def test_without_a_camera_it_is_up_and_says_so(start_stage: StartStage) -> None:
    with start_stage("no_camera") as stage:
        status, health = stage.server.health()
        assert (status, health["status"]) == (503, "fault")
        assert "Plug its cable in again" in health["camera_fault"]


def test_the_page_is_never_kept_by_a_cache(stage: Stage) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stage.server.port, timeout=10)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert b"kiosk-overlay" in answer.read()
    assert answer.headers["Cache-Control"] == "no-store"
    connection.close()
