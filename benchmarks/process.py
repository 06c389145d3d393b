"""The kiosk as its own process, started as a user starts it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import psutil

_READY_TIMEOUT_S = 300.0  # on however busy a machine
_STOP_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class RunningKiosk:
    """A kiosk that answers.

    Attributes:
        ready_s: from the start of the process to a healthy answer.
        log_path: where it prints to.
    """

    process: psutil.Popen
    url: str
    ready_s: float
    log_path: Path

    @property
    def port(self) -> int:
        """Of its page."""
        return int(self.url.rpartition(":")[2])

    def log(self) -> str:
        """What it has printed so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def cpu_s(self) -> float:
        """Processor time of the server and its children so far, seconds of one core."""
        total = 0.0
        for process in (self.process, *self.process.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def resident_mib(self) -> float:
        """Resident memory of the server and its children, MiB."""
        return (
            float(sum(each.memory_info().rss for each in (self.process, *self.process.children(recursive=True))))
            / 2**20
        )


def browser_mib() -> float:
    """Memory of the Chromium that this process drives, MiB; what its processes share is counted once (PSS)."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue  # a process of its own short job
    return total / 2**20


@contextmanager
def running_kiosk(camera: str, options: Sequence[str] = ()) -> Iterator[RunningKiosk]:
    """Start `dermakiosk run` on a free port, wait until `/health` says ok, and stop it afterwards.

    Raises:
        RuntimeError: it ended or was not healthy within five minutes; the message holds what it printed.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "kiosk", "run", "--camera", camera, "--port", str(port), *options]
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", prefix="kiosk-", suffix=".log") as log:
        started = perf_counter()
        process = psutil.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[1])
        try:
            while not healthy(url):
                if process.poll() is not None or perf_counter() - started > _READY_TIMEOUT_S:
                    log.seek(0)
                    raise RuntimeError(f"the kiosk is not healthy:\n{log.read()}")
                sleep(0.02)
            yield RunningKiosk(process, url, perf_counter() - started, Path(log.name))
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            except psutil.TimeoutExpired:
                process.kill()


def healthy(url: str) -> bool:
    """Whether the kiosk at `url` says that all is well."""
    return health(url).get("status") == "ok"


def health(url: str) -> dict[str, Any]:
    """What the kiosk at `url` says of itself; empty where nothing answers."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310 - our own address
            document = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
