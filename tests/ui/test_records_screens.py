"""Records in a real browser: the first set-up, log-in, a saved result, the archive, roles, and what a cut leaves."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pypdf
import pytest

from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.examination import Consent, Phase
from kiosk.clinical.lesion import BodyView
from kiosk.records.backup import last_backup
from kiosk.records.search import Filter
from kiosk.text.catalogue import catalogue
from tests.ui.clinic import ANNA, BEN, CLARA, PINS, Clinic, enter, go, log_in, opened
from tests.ui.records_states import point

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, StartServer

EN = catalogue("en")
text = EN.text
pytestmark = pytest.mark.browser
KEY_PX = 72.7
"""14 mm on a 7-inch panel: its 800 pixels are 154 mm wide."""


@pytest.fixture
def clinic(start_server: StartServer, tmp_path: Path, shared_tiny_bundle: Path) -> Iterator[Clinic]:
    with opened(start_server, tmp_path, shared_tiny_bundle) as made:
        yield made


@pytest.fixture
def stick() -> Iterator[Path]:
    """A folder on another disk than any store: one in memory, which every Linux has."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def examine(screen: Screen) -> None:
    """From Start to a result that is kept."""
    screen.see(".start:not([inert])")
    screen.to_capture()
    screen.to_result()


def narrow(screen: Screen, **choices: str) -> None:
    """Narrow the archive's list by values of its choices."""
    screen.tap(".archive .narrow")
    for name, value in choices.items():
        screen.tap(f'.pills[data-name="{name}"] .pill[data-value="{value}"]')
    screen.tap(".narrowing .show")


def test_the_first_set_up_by_touch(
    start_server: StartServer, open_screen: OpenScreen, tmp_path: Path, stick: Path
) -> None:
    config = tmp_path / "kiosk.toml"
    records = f'folder = "{tmp_path / "records"}"\nsheet = "{stick}"'
    config.write_text(f'[camera]\nsource = "phantom"\n[records]\n{records}\n', encoding="utf-8")
    command = [sys.executable, "-m", "kiosk", "run", "--config", str(config), "--port"]
    with start_server(lambda port: [*command, str(port)]) as server:
        screen = open_screen(server)
        screen.see(".setup:not([inert])")
        screen.tap(".setup .back")
        screen.see(".start:not([inert])")
        assert screen.see(".bar .records").get_attribute("data-state") == "none"
        screen.tap(".bar .records")
        screen.see(".setup:not([inert])")
        screen.tap(".setup .next")
        for letter in "ANNA":
            screen.tap(f'.letters .key[aria-label="{letter}"]')
        screen.tap(".setup .next")
        enter(screen, "27182818")
        enter(screen, "27182819")
        assert screen.see(".setup .told").inner_text() == text("setup.pins_differ")
        enter(screen, "123456")
        enter(screen, "123456")
        screen.see(f'.setup .told:has-text("{EN.fault("A1")}")')
        enter(screen, "27182818")
        enter(screen, "27182818")
        words = screen.see(".words li").all_inner_texts()
        assert len(words) == 24
        screen.tap(".setup .sheet")
        screen.see(f'.setup .told.well:has-text("{text("setup.sheet_saved")}")')
        (sheet,) = stick.iterdir()
        assert all(word in pypdf.PdfReader(sheet).pages[0].extract_text().split() for word in words)
        screen.tap(".setup .next")
        for _ in range(3):
            place = int("".join(filter(str.isdigit, screen.see(".setup-title").inner_text())))
            screen.page.locator(".choices .word").get_by_text(words[place - 1], exact=True).first.tap()
        screen.see(".office:not([inert])")
        screen.tap(".office .add")
        for letter in "BEN":
            screen.tap(f'.work .key[aria-label="{letter}"]')
        screen.tap(".work .next")
        screen.tap('.choice[data-value="clinician"]')
        enter(screen, "31415926")
        enter(screen, "31415926")
        screen.see('.operator:has-text("Ben")')
        screen.tap(".office > .dock .back")
        screen.tap(".desk .lock")
        screen.see(".unlock:not([inert])")
        screen.tap('.person:has-text("Ben")')
        enter(screen, "31415926")
        screen.see(".start:not([inert])")


def test_a_result_is_saved_before_it_is_painted_and_found_again(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    log_in(screen, CLARA)
    examine(screen)
    assert screen.see(".kept").get_attribute("data-state") == "saved"
    screen.keep("result_saved")
    screen.done()
    go(screen, "archive")
    screen.see(".archive .row canvas")
    screen.tap(".archive .code")
    screen.tap(".typing .close")
    screen.page.keyboard.type("no-such-1\n")  # as a scanner does
    screen.see(f'.archive .none:has-text("{text("archive.none")}")')
    screen.tap(".archive .code")
    screen.tap(".typing .search")
    screen.tap(".archive .row")
    screen.see(".kept.screen:not([inert])")
    screen.tap(".kept .judge")
    screen.tap('.choice[data-value="referral"]')
    screen.tap('.choice[data-value="mel"]')
    screen.see(f'.judged li:has-text("{text("lesion.mel")}")')
    screen.tap(".kept .back")
    narrow(screen, show="referrals", verdict="referral", examined="1")
    screen.see(f'.archive .narrow:has-text("{text("desk.referrals")}")')
    screen.see(f'.archive .row:has-text("{text("archive.open")}")')
    narrow(screen, verdict="routine")
    screen.see(f'.archive .none:has-text("{text("archive.none")}")')
    screen.tap(".archive .narrow")
    screen.tap(".narrowing .everything")
    screen.see(f'.archive .narrow:has-text("{text("archive.narrow")}")')
    screen.see(".archive .row")
    screen.tap(".archive > .dock .back")
    screen.tap(".desk .pin")
    screen.tap(".own-pin .back")
    screen.tap(".desk .lock")
    screen.see(".unlock:not([inert])")
    with clinic.store() as store:
        assert store.capacity().kept == 1
        assert store.verify_audit().count > 3


def test_a_lesion_is_followed_from_one_visit_to_the_next(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    log_in(screen, CLARA)
    for again in (False, True):
        screen.see(".start:not([inert])")
        screen.enter_code("77")
        screen.tap(".continue")
        screen.picture()
        screen.tap(".which")
        screen.see(".lesion:not([inert])")
        if again:
            screen.tap(f'.lesions .pill:has-text("{text("follow.known", number=1)}")')
        else:
            point(screen, "back", 0.2, 0.35)
            chosen = screen.page.locator('.consents .pill[data-value="care_and_research"]')
            chosen.focus()
            screen.page.keyboard.press("Enter")
            screen.see('.consents .pill[data-value="care_and_research"][aria-pressed="true"]:focus')
        screen.tap(".lesion .use")
        screen.picture()
        assert text("side.left") in screen.see(".capture .summary").inner_text()
        screen.to_result()
        screen.done()
    screen.enter_code("77")
    screen.tap(".continue")
    screen.picture()
    screen.to_result()
    screen.done()
    go(screen, "archive")
    screen.tap(".archive .code")
    screen.tap('.typing .key[aria-label="7"]')
    screen.tap(".typing .search")
    screen.see('.archive .code:has-text("77")')
    assert screen.see(".archive .row").count() == 3
    screen.tap(".archive .narrow")
    screen.tap('.pills[data-name="lesion"] .pill >> nth=1')
    screen.tap(".narrowing .show")
    screen.see(f'.archive .narrow:has-text("{text("follow.known", number=1)}")')
    assert screen.see(".archive .row").count() == 2
    screen.tap(".archive .row >> nth=1")
    meta = screen.see(".kept.screen:not([inert]) .meta").inner_text()
    assert text("follow.known", number=1) in meta
    assert text("consent.care_and_research") in meta
    clinic.server.stop()
    with clinic.store() as store:
        (lesion,) = store.lesions("77")
        assert (lesion.site, lesion.side) == (BodySite.ARM, Side.LEFT)
        assert lesion.point is not None
        assert lesion.point.view is BodyView.BACK
        consents = [store.examination(row.id, "test").consent for row in store.find(Filter(code="77"), "test")]
        assert consents == [Consent.CARE, Consent.CARE, Consent.CARE_AND_RESEARCH]


def test_a_clinician_may_be_asked_before_anything_of_the_model_s_is_shown(
    start_server: StartServer, open_screen: OpenScreen, tmp_path: Path, shared_tiny_bundle: Path
) -> None:
    with opened(start_server, tmp_path, shared_tiny_bundle, "own_verdict_first = true\n") as clinic:
        screen = open_screen(clinic.server)
        log_in(screen, CLARA)
        screen.see(".start:not([inert])")
        screen.to_capture()
        screen.tap(".shutter")
        screen.see(".verdict:not([inert])")
        assert screen.page.locator(".result").count() == 0
        screen.tap('.verdict .level[data-level="routine"]')
        screen.see(".result .dock .done")
        clinic.server.stop()
        with clinic.store() as store:
            (row,) = store.find(Filter(), "test")
            assert [verdict.phase for verdict in store.examination(row.id, "test").verdicts] == [Phase.BEFORE]


def test_wrong_pins_then_a_wait_that_a_right_pin_does_not_end(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    for _ in range(4):
        log_in(screen, BEN, "99999998")
        screen.see(f'.told:has-text("{EN.fault("A2")}")')
    log_in(screen, BEN, "99999998")
    screen.see('.told:has-text("0:5")')
    assert screen.page.locator(".pad .key:enabled").count() == 0
    clinic.server.kill()
    clinic.server.start()
    screen.see(".unlock:not([inert])")
    log_in(screen, BEN)
    screen.see('.told:has-text("0:")')
    log_in(screen, CLARA)
    screen.see(".start:not([inert])")


@pytest.mark.parametrize(("size", "least_px"), [("800x480", KEY_PX), ("1024x600", 48), ("480x800", 48)])
def test_every_key_for_a_pin_is_in_view(clinic: Clinic, open_screen: OpenScreen, size: str, least_px: float) -> None:
    """Nobody scrolls for a digit: not at the log-in, and not where a message takes a line."""
    screen = open_screen(clinic.server, size)
    screen.see(".unlock:not([inert])")
    screen.tap(f'.person:has-text("{CLARA.name}")')
    assert smallest_key_px(screen) >= least_px
    enter(screen, "99999998")
    screen.see(f'.told:has-text("{EN.fault("A2")}")')
    assert smallest_key_px(screen) >= least_px


def smallest_key_px(screen: Screen) -> float:
    """Of the pad whose twelve keys all lie inside their screen's middle; 0 where one does not."""
    middle = screen.see(".unlock .middle").bounding_box()
    keys = [key.bounding_box() for key in screen.see(".unlock .pad .key").all()]
    assert middle is not None
    assert len(keys) == 12
    sides = []
    for key in keys:
        assert key is not None
        inside = middle["y"] <= key["y"] and key["y"] + key["height"] <= middle["y"] + middle["height"] + 0.5
        sides += [min(key["width"], key["height"]) if inside else 0.0]
    return min(sides)


def test_while_locked_nothing_is_kept_and_the_screen_says_so(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    screen.see(".unlock:not([inert])")
    screen.tap(".unlock .without")
    examine(screen)
    assert screen.see(".kept").inner_text() == text("kept.not_meant")
    assert screen.see(".bar .records").get_attribute("data-state") == "without"
    screen.done()
    clinic.server.kill()
    with clinic.store() as store:
        assert store.capacity().kept == 0
    clinic.server.start()


def test_a_setting_lets_nobody_on_without_a_pin(
    start_server: StartServer, open_screen: OpenScreen, tmp_path: Path, shared_tiny_bundle: Path
) -> None:
    with opened(start_server, tmp_path, shared_tiny_bundle, 'while_locked = "nothing"\n') as clinic:
        screen = open_screen(clinic.server)
        screen.see(".unlock:not([inert])")
        assert screen.page.locator(".unlock .without:visible").count() == 0
        assert screen.page.locator(".start").count() == 0


def test_a_power_cut_locks_and_what_was_acknowledged_is_there(clinic: Clinic, open_screen: OpenScreen) -> None:
    screen = open_screen(clinic.server)
    log_in(screen, CLARA)
    examine(screen)
    clinic.server.kill()
    with clinic.store() as store:
        (row,) = store.find(Filter(), "test")
        assert store.picture(row.id)[:2] == b"\xff\xd8"
    clinic.server.start()
    screen.see(".unlock:not([inert])")
    assert screen.page.locator(".result").count() == 0
    log_in(screen, CLARA)
    screen.see(".start:not([inert])")


def test_a_hand_over_keeps_the_case_and_an_idle_screen_is_cleared(
    start_server: StartServer, open_screen: OpenScreen, tmp_path: Path, shared_tiny_bundle: Path
) -> None:
    config = "idle_after_s = 20\n[screen]\ncover_after_s = 10\n"
    with opened(start_server, tmp_path, shared_tiny_bundle, config) as clinic:
        screen = open_screen(clinic.server)
        log_in(screen, BEN)
        examine(screen)
        go(screen, "hand_over")
        log_in(screen, CLARA)
        screen.see(".result .dock .done")
        assert CLARA.name in screen.see(".bar .records").inner_text()
        screen.see('#kiosk-overlay[data-state="covered"]')  # first the cover, which needs no PIN
        deadline = time.monotonic() + 60
        while screen.page.locator(".unlock").count() == 0:
            assert time.monotonic() < deadline, "an idle screen stays as it is"
            time.sleep(0.5)
        assert screen.page.locator(".result").count() == 0
        screen.see('#kiosk-overlay[data-state="none"]', "attached")  # nothing is left to be covered
        log_in(screen, CLARA)
        screen.see(".start:not([inert])")


def test_a_backup_by_touch_is_told_when_it_is_whole(
    start_server: StartServer, open_screen: OpenScreen, tmp_path: Path, shared_tiny_bundle: Path, stick: Path
) -> None:
    with opened(start_server, tmp_path, shared_tiny_bundle, f'backup = "{stick}"\n') as clinic:
        screen = open_screen(clinic.server)
        log_in(screen, CLARA)
        examine(screen)
        screen.done()
        screen.tap(".bar .records")
        screen.see(".desk:not([inert])")
        assert screen.page.locator(".desk .backup").count() == 0, "a clinician makes none"
        screen.tap(".desk .hand_over")
        log_in(screen, ANNA)
        screen.see(".desk:not([inert])")
        screen.tap(".desk .backup")
        screen.see(f'.desk .notice:has-text("{EN.count("desk.backed_up", 1, count=1)}")')
        screen.keep("desk_backed_up")
        made = last_backup(clinic.folder)
        assert made is not None
        assert made[0].parent == stick


def test_an_administrator_sees_no_way_to_examine_and_a_screener_none_to_administrate(
    clinic: Clinic, open_screen: OpenScreen
) -> None:
    screen = open_screen(clinic.server)
    log_in(screen, BEN)
    screen.see(".start:not([inert])")
    screen.tap(".bar .records")
    screen.see(".desk:not([inert])")
    assert screen.page.locator(".desk .office").count() == 0
    screen.tap(".desk .hand_over")
    log_in(screen, ANNA)
    screen.see(".desk:not([inert])")
    assert screen.page.locator(".desk .examine").count() == 0
    screen.tap(".desk .office")
    screen.see('.operator:has-text("Clara")')
    assert PINS[CLARA.id] not in screen.page.content()
