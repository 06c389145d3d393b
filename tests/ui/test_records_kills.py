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
LONGEST_S = 6.0
"""From the log-in: an examination takes less."""


def saved(screen: Screen) -> bool:
    """Whether the screen says of a painted result that it is saved."""
    return screen.page.locator('.result:visible .kept[data-state="saved"]').count() > 0


def examine_until_killed(screen: Screen, killer: threading.Timer) -> int:
    """Examine lesion after lesion; how many results the screen called saved before the kiosk was gone."""
    count = 0
    killer.start()
    while killer.is_alive():
        try:
            screen.page.locator(".start .skip").tap(timeout=1500)
            screen.page.locator(".shutter:enabled").tap(timeout=3000)
            screen.page.locator(".result .dock .done").wait_for(timeout=3000)
            count += saved(screen)
            screen.page.locator(".result .dock .retake").tap(timeout=1500)
        except Error:  # it was killed, or is slow: look whether it is still there
            time.sleep(0.05)
            if saved(screen):
                continue
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
    acknowledged = kept = 0
    with opened(start_server, tmp_path, shared_tiny_bundle) as clinic:
        screen = open_screen(clinic.server)
        for _ in range(KILLS):
            log_in(screen, CLARA)
            screen.see(".start:not([inert])")
            killer = threading.Timer(chance.uniform(0.2, LONGEST_S), clinic.server.kill)
            acknowledged += examine_until_killed(screen, killer)
            kept = check_store(clinic, acknowledged)
            clinic.server.start()
            screen.see(".unlock:not([inert])")
    assert kept > 0, "nothing was ever saved: nothing was tried"
    print(f"\n{KILLS} kills, seed {SEED}: {acknowledged} called saved, {kept} in the store")  # noqa: T201 - a long run's finding
