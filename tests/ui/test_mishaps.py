"""Mishaps in mid-capture: a double tap, a reload, a server that dies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from kiosk.text.catalogue import catalogue

EN = catalogue("en")
text = EN.text

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Stage, StartStage

pytestmark = pytest.mark.browser


def captures(stage: Stage) -> int:
    return int(stage.server.log().count("captured"))


def wait_for_a_capture(stage: Stage, screen: Screen, before: int) -> None:
    """Return when the server has one picture more than before, and is at work on it while the act is "slow"."""
    deadline_s = time.monotonic() + 30
    while captures(stage) == before:
        assert time.monotonic() < deadline_s, "no picture was taken"
        screen.page.wait_for_timeout(20)


def test_a_double_tap_takes_one_picture_and_stays_on_its_result(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    before = captures(stage)
    box = screen.see(".shutter:enabled").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen.page.touchscreen.tap(x, y)
    screen.page.touchscreen.tap(x, y)
    screen.see(".result .dock .done")
    screen.page.touchscreen.tap(x, y)  # late, where the new screen has a button: meant for the old one
    time.sleep(0.6)  # nothing may happen, and nothing tells when it does not
    assert screen.page.locator(".result").is_visible()
    assert captures(stage) == before + 1


def test_two_taps_that_both_reach_the_server_take_one_picture(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    stage.act("slow")
    before = captures(stage)
    # past the button that is switched off after the first tap; the last one comes when the server is at work
    screen.page.locator(".shutter").evaluate("e => { e.click(); e.disabled = false; e.click(); }")
    wait_for_a_capture(stage, screen, before)
    screen.page.locator(".shutter").evaluate("e => { e.disabled = false; e.click(); }")
    stage.act("urgent")
    screen.see(".result .dock .done")
    assert captures(stage) == before + 1


def test_a_reload_in_mid_capture_comes_back_to_it(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start")
    screen.tap('.key[aria-label="7"]')
    screen.tap(".continue")
    screen.picture()
    stage.act("slow")
    before = captures(stage)
    screen.tap(".shutter")
    wait_for_a_capture(stage, screen, before)
    screen.page.reload()
    screen.see('.picture[data-state="taking"]')
    stage.act("urgent")
    screen.see(".result .bars li")
    assert screen.see(".result .summary").inner_text().strip() == "7"
    assert captures(stage) == before + 1


def test_a_reload_of_the_result_shows_it_again(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    screen.to_result()
    shown = screen.see(".result .panel").inner_text()
    screen.page.reload()
    screen.see(".result .bars li")
    assert screen.see(".result .panel").inner_text() == shown


@pytest.mark.parametrize("heard", [True, False], ids=["at work on it", "before it heard the tap"])
def test_a_server_that_dies_in_mid_capture_is_waited_for(
    start_stage: StartStage, open_screen: OpenScreen, heard: bool
) -> None:
    with start_stage("slow") as stage:
        screen = open_screen(stage.server)
        screen.tap('.key[aria-label="7"]')
        screen.tap(".continue")
        screen.picture()
        before = captures(stage)
        if not heard:
            stage.server.freeze()
        screen.tap(".shutter")
        screen.see('.picture[data-state="taking"]')
        if heard:
            wait_for_a_capture(stage, screen, before)
        stage.server.kill()
        assert captures(stage) == before + heard
        screen.see('#kiosk-overlay[data-state="restarting"]')
        screen.keep("restarting")
        assert screen.page.locator('[role="dialog"]:visible').count() == 0  # Streamlit's own
        stage.act("urgent")
        stage.server.start()
        screen.see(".start")
        assert screen.page.locator("#kiosk-overlay").is_hidden()
        assert text("start.lost_restart") in screen.see(".notices").inner_text()
        assert screen.see(".entry-value").inner_text() == "7", "what was typed need not be typed again"
        screen.tap(".continue")
        screen.picture()
        screen.to_result()
        screen.done()
        assert screen.page.locator(".notices").is_hidden(), "nothing is lost any more"


def test_a_page_of_another_version_is_loaded_anew(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("urgent") as stage:
        screen = open_screen(stage.server)
        screen.page.locator("#kiosk-overlay").evaluate("e => { e.dataset.page = 'of yesterday' }")
        with screen.page.expect_event("load"):
            screen.see(".start")


def test_a_server_that_restarts_while_nobody_looks(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("urgent") as stage:
        screen = open_screen(stage.server)
        screen.tap('.key[aria-label="7"]')
        before = stage.server.health()[1]["boot"]
        stage.server.kill()
        stage.server.start()
        boot = stage.server.health()[1]["boot"]
        assert boot != before
        screen.see(f'#kiosk-overlay[data-boot="{boot}"][data-state="none"]', "attached")  # it notices by itself
        assert screen.see(".entry-value").inner_text() == "7", "what was typed is still there"
        screen.tap(".continue")
        screen.picture()
        screen.to_result()


def test_a_case_done_in_another_window_ends_here_too(stage: Stage, open_screen: OpenScreen) -> None:
    here = open_screen(stage.server)
    here.to_capture()
    here.to_result()
    health = stage.server.health()[1]
    here.page.route(
        "**/health?page", lambda route: route.fulfill(json=health)
    )  # it does not hear that the case has moved
    there = open_screen(stage.server, drawn=False)
    there.see(".taken")
    there.tap(".take")
    there.see(".result .dock .done")
    there.done()
    there.page.close()
    here.tap(".retake")
    here.see(".start")  # nobody's details stand there


def test_a_script_that_fails_is_said_in_the_kiosks_words(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("bug_everywhere", fails=True) as stage:
        screen = open_screen(stage.server, drawn=False)
        screen.see('#kiosk-overlay[data-state="broken"]')
        screen.keep("broken")
        with screen.page.expect_event("load"):
            screen.tap("#kiosk-overlay")
        screen.see('#kiosk-overlay[data-state="broken"]')


def test_a_result_that_cannot_be_drawn_is_not_lost(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("bug", fails=True) as stage:
        screen = open_screen(stage.server)
        screen.to_capture()
        screen.tap(".shutter")
        screen.see(".result .dock .done")
        assert text("outcome.undrawable") in screen.see(".result .panel").inner_text()
        screen.keep("undrawable")
        screen.page.reload()
        screen.see(".result .dock .done")
        screen.tap(".result .dock .done")
        screen.see(".start")
