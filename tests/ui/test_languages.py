"""Every language on the smallest screen: nothing is cut off, and each browser speaks its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import catalogue

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Stage, StartStage

pytestmark = pytest.mark.browser


def speak(screen: Screen, language: str) -> None:
    screen.see(".start:not([inert])")
    screen.tap(".language")
    screen.tap(f'.key[aria-label="{LANGUAGES[language]}"]')
    screen.see(f'.field:has-text("{catalogue(language).text("start.age")}")')


def keep(screen: Screen, name: str, language: str) -> None:
    screen.keep(f"{name}_{language}")
    assert screen.faults() == [], f"{name} in {language}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_fits_at_800_by_480(stage: Stage, open_screen: OpenScreen, language: str) -> None:
    words = catalogue(language)
    screen = open_screen(stage.server, "800x480")
    speak(screen, language)
    stage.box("D5", "D7")
    screen.see('.notices [data-code="D5"]')
    keep(screen, "start_notice", language)
    for field in ("age", "sex", "site", "told"):
        screen.tap(f'.field[data-field="{field}"]')
        keep(screen, f"start_{field}", language)
    stage.box()
    screen.see(".notices[hidden]", "attached")
    screen.tap('.field[data-field="site"]')
    screen.tap(f'.key[aria-label="{words.text("site.back_of_hand")}"]')
    keep(screen, "start_side", language)
    screen.tap(f'.key[aria-label="{words.text("side.left")}"]')
    screen.tap(".continue")
    screen.picture()
    screen.see('.hints li[data-state="good"]')
    keep(screen, "capture", language)
    stage.act("no_camera")
    screen.see('.picture[data-state="fault"]')
    assert words.fault("C4") in screen.see(".cover.fault").inner_text()
    keep(screen, "capture_fault", language)
    for act in ("worst", "unsure", "unfamiliar", "dark", "no_engine", "routine"):
        stage.act("routine")
        screen.picture()
        stage.act(act)
        screen.to_result()
        keep(screen, f"result_{act}", language)
        if act != "routine":
            screen.tap(".result .dock .retake")
    screen.tap(".about")
    screen.see(".sheet")
    keep(screen, "about", language)
    assert (words.text("about.in_english") in screen.see(".sheet-rows").inner_text()) == (language != "en")
    screen.tap(".sheet .close")
    screen.done()


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
