"""Each browser speaks its own language, and keeps it; `test_layout.py` walks through every one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kiosk.text.catalogue import catalogue
from tests.ui import states

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Stage, StartStage

pytestmark = pytest.mark.browser


def speak(screen: Screen, language: str) -> None:
    states.speak(screen, catalogue(language))


def test_what_was_typed_stays_and_a_reload_keeps_the_language(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start")
    screen.tap('.key[aria-label="7"]')
    speak(screen, "de")
    assert screen.see(".entry-value").inner_text() == "7"
    assert screen.page.locator("html").get_attribute("lang") == "de"
    screen.page.reload()
    screen.see(f'.field:has-text("{catalogue("de").text("start.age")}")')
    assert screen.page.locator("html").get_attribute("lang") == "de"


def test_two_browsers_speak_two_languages(stage: Stage, open_screen: OpenScreen) -> None:
    here = open_screen(stage.server)
    speak(here, "fr")
    there = open_screen(stage.server, drawn=False)
    there.see(".taken")
    there.tap(".take")
    there.see(".start")
    speak(there, "es")
    there.tap('.field[data-field="sex"]')
    there.see(f'.key[aria-label="{catalogue("es").text("sex.female")}"]')
    here.see(f'.taken:has-text("{catalogue("fr").text("window.moved")}")')
    here.tap(".take")
    here.see(".start")
    here.tap(".skip")
    here.picture()
    assert catalogue("fr").text("capture.button") in here.see(".shutter").inner_text()


def test_the_restart_is_told_in_the_chosen_language(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("urgent") as stage:
        screen = open_screen(stage.server)
        speak(screen, "es")
        stage.server.kill()
        overlay = screen.see('#kiosk-overlay[data-state="restarting"]')
        assert catalogue("es").text("shell.restarting_detail") in overlay.inner_text()
        overlay.evaluate("e => { e.dataset.patienceMs = 1 }")  # instead of a minute
        screen.see("#kiosk-overlay[data-late]")
        assert overlay.inner_text().split("\n")[-1] == catalogue("es").fault("K1")
        screen.keep("restarting_late")
        stage.server.start()
        screen.see(f'.field:has-text("{catalogue("es").text("start.age")}")')
