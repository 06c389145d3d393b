"""What the service manager does for a unit, by the unit's own numbers: watchdog, kill, restart.

A container or a workstation has no service manager to ask; `make test-boot` shows the real one.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

SYSTEMD = Path(__file__).parents[2] / "systemd"
KIOSK_UNIT, SCREEN_UNIT = SYSTEMD / "dermakiosk.service", SYSTEMD / "dermakiosk-screen.service"


def unit_number(unit: Path, key: str) -> float:
    """A number of a unit.

    Raises:
        RuntimeError: the unit has no such key.
    """
    found = re.search(rf"(?m)^{key}=([0-9.]+)$", unit.read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError(f"{unit.name} has no {key}")
    return float(found[1])


class Supervisor:
    """Keeps one process running; a context manager."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, unit: Path = KIOSK_UNIT
    ) -> None:
        """Nothing runs before the `with` block is entered.

        Args:
            command: of the process.
            environment: for it, beside what a service manager sets.
            folder: for the log and the manager's socket.
            unit: says how long the watchdog waits and when to start again.
        """
        self._command = list(command)
        self._log_path = folder / "log"
        self._watchdog_s, self._pause_s = unit_number(unit, "WatchdogSec"), unit_number(unit, "RestartSec")
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(folder / "notify"))
        self._notify.settimeout(0.2)
        manager = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(self._watchdog_s * 1e6))}
        self._environment = {**os.environ, **environment, **manager}
        self._running = True
        self._thread = threading.Thread(target=self._supervise, daemon=True)
        self.pid = 0
        self.restarts = -1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running = False
        self._thread.join()
        self._notify.close()

    def log(self) -> str:
        """What all its processes have printed."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def _supervise(self) -> None:
        while self._running:
            with self._log_path.open("ab") as log:
                process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
            self.pid = process.pid
            self.restarts += 1
            self._watch(process)
            if self._running:
                time.sleep(self._pause_s)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the process has ended, by itself, because it made no progress, or because all is over."""
        fed_s: float | None = None  # the watchdog is armed when the service is ready
        while process.poll() is None:
            with suppress(TimeoutError):
                self._notify.recv(4096)
                fed_s = time.monotonic()
            if not self._running:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(5)
            if not self._running or (fed_s is not None and time.monotonic() - fed_s > self._watchdog_s):
                process.kill()
                process.wait()
