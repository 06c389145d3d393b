"""A second window: it sees in words that the case is taken, may take it over, and the first then says so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import catalogue
from kiosk.ui.language import COOKIE
from kiosk.ui.windows import Windows, tag

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Server, Stage

SIZES = ("1280x800", "800x480", "720x1280")


def test_one_window_has_the_screen() -> None:
    open_windows = {"a", "b"}
    windows = Windows(open_windows.__contains__)
    assert windows.holder() == ""
    assert windows.admit("a")
    assert not windows.admit("b")
    assert windows.holder() == tag("a")
    windows.hand_to("b")
    assert not windows.admit("a")
    assert windows.admit("b")
    open_windows.remove("b")
    assert windows.holder() == ""
    assert windows.admit("a"), "a window that is gone has nothing"
    assert "a" not in tag("a" * 40)


def open_second(open_screen: OpenScreen, server: Server, size: str = "1280x800") -> Screen:
    second = open_screen(server, size, drawn=False)
    second.see(".taken")
    return second


@pytest.mark.browser
def test_a_second_window_sees_that_the_case_is_taken(stage: Stage, open_screen: OpenScreen) -> None:
    first = open_screen(stage.server)
    first.tap('.key[aria-label="7"]')
    first.tap(".continue")
    first.picture()
    first.to_result()
    second = open_second(open_screen, stage.server)
    words = catalogue("en")
    said = second.see(".taken").inner_text()
    assert words.text("window.taken") in said
    assert words.text("window.take") in said
    assert second.page.locator(".summary, .result, .start, .capture").count() == 0
    assert first.see(".result .summary span").inner_text().startswith("7")
    second.tap(".take")
    assert second.see(".result .summary span").inner_text().startswith("7")
    # the first says that it moved, without a touch, and shows nothing of the patient
    first.see(f'.taken:has-text("{words.text("window.moved")}")')
    assert first.page.locator(".summary, .result, .start, .capture").count() == 0
    # the case is the second window's to end
    second.done()
    second.page.close()
    first.see(".start")  # without a touch


@pytest.mark.browser
def test_a_tap_of_a_window_that_lost_the_case_does_nothing(stage: Stage, open_screen: OpenScreen) -> None:
    first = open_screen(stage.server)
    first.to_capture()
    first.to_result()
    health = stage.server.health()[1]
    first.page.route("**/health?page", lambda route: route.fulfill(json=health))  # it hears nothing of the move
    second = open_second(open_screen, stage.server)
    second.tap(".take")
    second.see(".result .dock .done")
    first.tap(".result .dock .done")
    first.tap(".ask .yes")
    first.see(f'.taken:has-text("{catalogue("en").text("window.moved")}")')
    assert second.page.locator(".result .dock .done").is_visible()
    first.page.close()  # a window that waits would take over while the other one is being loaded anew
    second.page.reload()
    second.see(".result .dock .done")  # the case is still there


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_windows_say_it_in_every_language(stage: Stage, open_screen: OpenScreen, language: str) -> None:
    words = catalogue(language)
    first = open_screen(stage.server)
    second = open_second(open_screen, stage.server)
    for screen in (first, second):
        screen.page.context.add_cookies([{"name": COOKIE, "value": language, "url": stage.server.url}])
    second.page.reload()
    second.see(f'.taken:has-text("{words.text("window.taken")}")')
    assert words.text("window.taken_detail") in second.see(".taken").inner_text()
    for size in SIZES:
        second.resize(size)
        second.keep(f"taken_{language}")
        assert second.faults() == [], size
    second.tap(".take")
    second.see(".start")
    first.page.reload()
    first.see(f'.taken:has-text("{words.text("window.taken")}")')


@pytest.mark.browser
def test_the_page_tells_that_it_lives(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.page.wait_for_timeout(3000)  # more than a beat
    assert float(stage.server.health()[1]["page_s"]) < 2.5, "asking as anybody does not count, the page does"
    screen.page.close()
    silent_before_s = float(stage.server.health()[1]["page_s"])
    give_up_s = time.monotonic() + 60
    while float(stage.server.health()[1]["page_s"]) < silent_before_s + 3:
        assert time.monotonic() < give_up_s
        time.sleep(0.5)
