"""The supervisor that stands for the service manager in `python -m benchmarks faults`, and the table it writes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from benchmarks.faults import supervisor
from benchmarks.faults.bench import Row
from benchmarks.faults.command import HEAD, markdown
from benchmarks.faults.supervisor import KIOSK_UNIT, SCREEN_UNIT, Supervisor, unit_number

LONG_S = 60.0
ENDS = "print('ended', flush=True)"
HANGS = """
import os, socket, time
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.sendto(b"WATCHDOG=1", os.environ["NOTIFY_SOCKET"])
print("fed once", flush=True)
time.sleep(600)
"""


def test_the_unit_s_own_numbers_are_used() -> None:
    assert unit_number(KIOSK_UNIT, "WatchdogSec") == 20
    assert unit_number(KIOSK_UNIT, "RestartSec") == 2
    assert unit_number(SCREEN_UNIT, "WatchdogSec") == 30
    with pytest.raises(RuntimeError, match="has no Nothing"):
        unit_number(KIOSK_UNIT, "Nothing")


@pytest.mark.parametrize(("program", "said"), [(ENDS, "ended"), (HANGS, "fed once")])
def test_what_ends_or_hangs_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setattr(supervisor, "unit_number", lambda *_: 0.3)
    with Supervisor([sys.executable, "-c", program], {}, tmp_path) as kept:
        give_up_s = time.monotonic() + LONG_S
        while not (tmp_path / "log").exists() or kept.log().count(said) < 3:
            assert time.monotonic() < give_up_s
            time.sleep(0.05)
        assert kept.restarts >= 2


def test_the_table_has_a_row_a_fault() -> None:
    lines = markdown([Row("a | b", 1.23, "said", None, "nothing")]).splitlines()
    assert lines[0] == f"| {' | '.join(HEAD)} |"
    assert lines[2] == "| a / b | 1.2 s | said | – | nothing |"
