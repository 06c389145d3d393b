"""The running kiosk is killed while somebody examines: what the screen called saved is there, and it starts again.

`DERMAKIOSK_RECORD_KILLS=50 make test ARGS="-s tests/ui/test_records_kills.py"` kills fifty times; the seed says when.
"""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from kiosk.records.search import Filter
from tests.ui.clinic import CLARA, Clinic, log_in, opened

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, StartServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KILLS = int(os.environ.get("DERMAKIOSK_RECORD_KILLS", "3"))
SEED = int(os.environ.get("DERMAKIOSK_SEED", "18"))
PATIENCE_MS = 5000
"""How long a tap waits for its button: after a kill there is none."""
UNHARMED_MS = 30_000


def saved(screen: Screen) -> bool:
    """Whether the screen says of a painted result that it is saved."""
    return screen.page.locator('.result:visible .kept[data-state="saved"]').count() > 0


def examine(screen: Screen, patience_ms: float = PATIENCE_MS) -> bool:
    """Start or Capture → Result → Capture; whether the screen called the result saved.

    Raises:
        Error: the kiosk is gone, or slower than that.
    """
    page = screen.page
    page.locator(".start .skip, .shutter:enabled").first.wait_for(timeout=patience_ms)
    if page.locator(".start .skip").count():
        page.locator(".start:not([inert]) .skip").tap(timeout=patience_ms)
    page.locator(".shutter:enabled").tap(timeout=patience_ms)
    page.locator(".result .panel .dock .retake").wait_for(timeout=3 * patience_ms)
    said = saved(screen)
    page.locator(".result:not([inert]) .panel .dock .retake").tap(timeout=patience_ms)
    return said


def examine_until_killed(screen: Screen, killer: threading.Timer) -> int:
    """Examine lesion after lesion; how many results the screen called saved before the kiosk was gone."""
    count = 0
    killer.start()
    while killer.is_alive():
        try:
            count += examine(screen)
        except Error:  # it was killed, or is slow
            time.sleep(0.05)
    return count


def check_store(clinic: Clinic, acknowledged: int) -> int:
    """Open what the kill left: every examination is whole, every picture opens; how many there are."""
    with clinic.store() as store:
        assert store.database.check() == []
        assert store.sweep()[1] == []
        store.verify_audit()
        rows = store.find(Filter(), "test", limit=10_000)
        for row in rows:
            examination = store.examination(row.id, "test")
            assert examination.assessment.outcome is row.outcome
            if examination.picture is not None:
                assert store.picture(row.id)[:2] == b"\xff\xd8"
    assert len(rows) >= acknowledged, "an examination that the screen called saved is gone"
    return len(rows)


def test_kills_lose_no_saved_examination(
    start_server: StartServer, open_screen: OpenScreen, tmp_path: Path, shared_tiny_bundle: Path
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret
    with opened(start_server, tmp_path, shared_tiny_bundle) as clinic:
        screen = open_screen(clinic.server)
        log_in(screen, CLARA)
        screen.see(".start:not([inert])")
        began = time.monotonic()
        acknowledged = kept = int(examine(screen, UNHARMED_MS))
        longest_s = 2 * (time.monotonic() - began)
        screen.tap(".go-back")
        for number in range(KILLS):
            if number:
                log_in(screen, CLARA)
            screen.see(".start:not([inert])")
            killer = threading.Timer(chance.uniform(0.1, longest_s), clinic.server.kill)
            acknowledged += examine_until_killed(screen, killer)
            kept = check_store(clinic, acknowledged)
            clinic.server.start()
            screen.see(".unlock:not([inert])")
    assert kept > 0, "nothing was ever saved: nothing was tried"
    print(f"\n{KILLS} kills, seed {SEED}: {acknowledged} called saved, {kept} in the store")  # noqa: T201 - a long run's finding
