"""The service manager's side of sd_notify: a real datagram socket, named and abstract."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.upkeep import notify


@pytest.fixture(params=["named", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket on which a service manager listens, announced in the environment as systemd does."""
    name = f"@dermakiosk-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield listener


def test_every_message_reaches_the_manager_as_a_datagram_of_its_own(manager: socket.socket) -> None:
    notify.ready()
    notify.watchdog()
    notify.stopping()
    assert [manager.recv(1024) for _ in range(3)] == [
        b"READY=1",
        b"WATCHDOG=1",
        b"STOPPING=1",
    ]


def test_without_a_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify.ready()


def test_a_manager_that_went_away_does_not_take_the_kiosk_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify.watchdog()


@pytest.mark.parametrize(
    ("usec", "pid", "interval_s"),
    [
        ("20000000", "", 10.0),
        ("20000000", str(os.getpid()), 10.0),
        ("20000000", "1", None),  # the parent is watched, not this process
        ("0", "", None),
        ("soon", "", None),
        ("", "", None),
    ],
)
def test_watchdog_interval(usec: str, pid: str, interval_s: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert notify.watchdog_interval_s() == interval_s
